//! How often programs have answered slash commands later: a row for each command that was answered,
//! which disappears when its address expires.

use std::time::Duration;

use super::Cluster;
use super::tables::schema::people::LATE_ANSWERS;
use super::tables::{
    Compare, Condition, Consistency, Outcome, Put, Slice, Value, compare_until_known,
};
use crate::model::Timestamp;
use crate::store::StoreError;

/// Attempts, each of which another answer may overtake.
const TRIES: usize = 20;
/// A row stays this long at least.
const SHORTEST: Duration = Duration::from_secs(1);

/// Counts an answer; false if there were `limit`. After a write of unknown outcome one may count
/// twice.
pub(super) async fn count(
    at: &Cluster,
    nonce: &str,
    limit: u32,
    expires: Timestamp,
) -> Result<bool, StoreError> {
    change(at, nonce, expires, |answers| (answers < limit.into()).then_some(answers + 1)).await
}

/// Takes one back that was not accepted.
pub(super) async fn uncount(
    at: &Cluster,
    nonce: &str,
    expires: Timestamp,
) -> Result<(), StoreError> {
    change(at, nonce, expires, |answers| (answers > 0).then_some(answers - 1)).await.map(drop)
}

async fn change(
    at: &Cluster,
    nonce: &str,
    expires: Timestamp,
    next: impl Fn(i64) -> Option<i64>,
) -> Result<bool, StoreError> {
    let left = u64::try_from(expires.0 - Timestamp::now().0).unwrap_or_default();
    let life = Duration::from_millis(left).max(SHORTEST);
    for _ in 0..TRIES {
        let slice = Slice::of(&LATE_ANSWERS, [nonce.into()]).at(Consistency::Serial);
        let rows = at.tables().read(slice).await.map_err(|_| StoreError::Unavailable)?;
        let known = rows.first().and_then(|row| row.int("answers"));
        let Some(answers) = next(known.unwrap_or_default()) else { return Ok(false) };
        let cells = [("answers", answers.into())];
        let put = Put::conditional(&LATE_ANSWERS, [nonce.into()], [], cells).living(life);
        let condition = match known {
            Some(known) => Condition::Is(Vec::new(), "answers", Some(Value::Int(known))),
            None => Condition::Absent(Vec::new()),
        };
        let compare = Compare { conditions: vec![condition], puts: vec![put] };
        if compare_until_known(at.tables(), compare).await? == Outcome::Applied {
            return Ok(true);
        }
    }
    Err(StoreError::Unavailable)
}
