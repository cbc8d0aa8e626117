//! Who may have a status: a row for each, which expires with the status. The users' own rows say
//! what is true.

use std::time::Duration;

use super::stored::Stored;
use crate::model::{Status, Timestamp, User, UserId};
use crate::store::cluster::tables::schema::people::STATUSES;
use crate::store::cluster::tables::{Put, Slice};
use crate::store::cluster::{Cluster, acquaintance, known_users};
use crate::store::{MAX_STATUSES, StoreError};

/// The partition.
const LIST: &str = "all";
/// How much longer than a status its row lives: clocks differ.
const LONGER: Duration = Duration::from_mins(1);

/// Notes before a version is written that the user may have a status by it, or after it that they
/// have none.
pub(super) async fn mark(
    at: &Cluster,
    id: UserId,
    version: i64,
    stored: &Stored,
) -> Result<(), StoreError> {
    let status = stored.status.clone().map(Status::from);
    let cells = [("present", status.is_some().into())];
    let row = Put::plain(&STATUSES, version, [LIST.into()], [id.0.into()], cells);
    let left = status.and_then(|status| status.until).map(|until| {
        let left = until.0.saturating_sub(Timestamp::now().0);
        Duration::from_millis(u64::try_from(left).unwrap_or_default()) + LONGER
    });
    let row = match left {
        Some(left) => row.living(left),
        None => row,
    };
    Ok(at.tables().write(vec![row]).await?)
}

/// Returns users with a status who share a room with this one, and this one, ascending by id.
pub(in crate::store::cluster) async fn near(
    at: &Cluster,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<User>, StoreError> {
    let rows = at.tables().read(Slice::of(&STATUSES, [LIST.into()])).await?;
    let present = rows.iter().filter(|row| row.flag("present") == Some(true));
    let ids: Vec<UserId> = present.filter_map(|row| row.int("user")).map(UserId).collect();
    let mut ids = acquaintance::among(at, user, &ids).await?;
    ids.truncate(MAX_STATUSES as usize);
    let found = known_users::accounts(at, &ids).await?;
    let mut users: Vec<User> =
        found.into_values().filter(|user| user.status_at(now).is_some()).collect();
    users.sort_unstable_by_key(|user| user.id);
    Ok(users)
}
