//! What the servers remember of the removal of expired messages: one text.

use super::Cluster;
use super::tables::schema::people::SETTINGS;
use super::tables::{
    Compare, Condition, Consistency, Outcome, Put, Slice, Value, compare_until_known,
};
use crate::store::StoreError;

/// Key of the row.
const ROW: &str = "retention";
/// Attempts, each of which another server may overtake.
const TRIES: usize = 10;

async fn bytes(at: &Cluster, consistency: Consistency) -> Result<Option<Vec<u8>>, StoreError> {
    let slice = Slice::of(&SETTINGS, [ROW.into()]).at(consistency);
    let rows = at.tables().read(slice).await.map_err(|_| StoreError::Unavailable)?;
    Ok(rows.first().and_then(|row| row.bytes("value")).map(<[u8]>::to_vec))
}

/// Returns the text.
pub(super) async fn read(at: &Cluster) -> Result<Option<String>, StoreError> {
    let found = bytes(at, Consistency::Quorum).await?;
    Ok(found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Writes the text.
pub(super) async fn write(at: &Cluster, memo: String) -> Result<(), StoreError> {
    let value = memo.into_bytes();
    for _ in 0..TRIES {
        let before = bytes(at, Consistency::Serial).await?;
        if before.as_ref() == Some(&value) {
            return Ok(());
        }
        let cells = [("value", Value::Bytes(value.clone()))];
        let compare = Compare {
            conditions: vec![Condition::Is(Vec::new(), "value", before.map(Value::Bytes))],
            puts: vec![Put::conditional(&SETTINGS, [ROW.into()], [], cells)],
        };
        if compare_until_known(at.tables(), compare).await? == Outcome::Applied {
            return Ok(());
        }
    }
    Err(StoreError::Unavailable)
}
