//! Leases: which server does what only one should do at a time. A lease saves work; nothing relies
//! on it, since a server may be paused for longer than its lease.

use std::time::Duration;

use super::tables::schema::people::LEASES;
use super::tables::{Compare, Condition, Outcome, Put, TableError, Tables, Value};
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
