//! Short lists that are the rows of one partition, whose static `version` guards every change.

use super::Cluster;
use super::tables::{Compare, Condition, Outcome, Put, Table, Value, compare_until_known};
use crate::store::StoreError;

/// The partition of all entries.
pub(super) const LIST: &str = "all";

/// The version after this one.
pub(super) fn next(before: Option<i64>) -> i64 {
    before.unwrap_or_default() + 1
}

/// Writes or removes rows of a list if its partition still has the version that was read. A write
/// that is refused may have been made by an earlier attempt: the caller has to look for it.
pub(super) async fn write(
    at: &Cluster,
    table: &'static Table,
    before: Option<i64>,
    mut puts: Vec<Put>,
) -> Result<bool, StoreError> {
    let version = [("version", Value::Int(next(before)))];
    puts.insert(0, Put::conditional(table, [LIST.into()], [], version));
    let compare = Compare {
        conditions: vec![Condition::Is(Vec::new(), "version", before.map(Value::Int))],
        puts,
    };
    Ok(compare_until_known(at.tables(), compare).await? == Outcome::Applied)
}
