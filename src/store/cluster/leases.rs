//! Leases: which server does what only one should do at a time. A lease saves work; nothing relies
//! on it, since a server may be paused for longer than its lease.

use std::time::Duration;

use super::tables::schema::people::LEASES;
use super::tables::{
    Compare, Condition, Consistency, Outcome, Put, Slice, TableError, Tables, Value,
    compare_until_known,
};
use crate::store::StoreError;

/// Takes or renews a lease for `owner`; false if another server has it.
pub(super) async fn take(
    tables: &dyn Tables,
    name: &str,
    owner: &str,
    life: Duration,
) -> Result<bool, StoreError> {
    for condition in [mine(owner), Condition::Absent(Vec::new())] {
        let put = Put::conditional(&LEASES, [name.into()], [], [("owner", owner.into())]);
        let compare = Compare { conditions: vec![condition], puts: vec![put.living(life)] };
        match tables.compare(compare).await {
            Ok(Outcome::Applied) => return Ok(true),
            Ok(Outcome::Refused) => {}
            // If it was taken, the next attempt renews it.
            Err(TableError::Unknown | TableError::Unavailable) => {
                return Err(StoreError::Unavailable);
            }
        }
    }
    Ok(false)
}

/// Takes something for `owner` that nobody gives back; false if another one has it.
pub(super) async fn take_once(
    tables: &dyn Tables,
    name: &str,
    owner: &str,
    life: Duration,
) -> Result<bool, StoreError> {
    let put = Put::conditional(&LEASES, [name.into()], [], [("owner", owner.into())]);
    let conditions = vec![Condition::Absent(Vec::new())];
    let compare = Compare { conditions, puts: vec![put.living(life)] };
    match compare_until_known(tables, compare).await {
        Ok(Outcome::Applied) => return Ok(true),
        // Perhaps by an earlier attempt of this call.
        Ok(Outcome::Refused) => {}
        Err(TableError::Unavailable) => return Err(StoreError::Unavailable),
        Err(TableError::Unknown) => return Err(StoreError::Unknown),
    }
    let slice = Slice::of(&LEASES, [name.into()]).at(Consistency::Serial);
    let rows = tables.read(slice).await.map_err(|_| StoreError::Unknown)?;
    Ok(rows.first().is_some_and(|row| row.text("owner") == Some(owner)))
}

/// Gives a lease back.
pub(super) async fn give_back(
    tables: &dyn Tables,
    name: &str,
    owner: &str,
) -> Result<(), StoreError> {
    let put = Put::conditional(&LEASES, [name.into()], [], []).deleted();
    let compare = Compare { conditions: vec![mine(owner)], puts: vec![put] };
    Ok(tables.compare(compare).await.map(drop)?)
}

fn mine(owner: &str) -> Condition {
    Condition::Is(Vec::new(), "owner", Some(Value::from(owner)))
}
