//! Rows of users: reading them, and writing the next version on condition that it is the next.

use futures_util::future::try_join_all;

use crate::model::{Account, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::encoding::encode;
use crate::store::cluster::tables::schema::people::USERS;
use crate::store::cluster::tables::{
    Compare, Condition, Consistency, Outcome, Put, Slice, TableError, Value, compare_until_known,
};

use super::stored::{self, Stored, VERSION};

/// Rows read at the same time.
const AT_ONCE: usize = 64;

/// A user whose account is complete and not deleted.
#[derive(Clone, Debug)]
pub(in crate::store::cluster) struct Kept {
    pub(in crate::store::cluster) id: UserId,
    /// Version of the row, which the next write replaces.
    pub(in crate::store::cluster) version: i64,
    pub(in crate::store::cluster) stored: Stored,
}

impl Kept {
    /// Returns the user with credentials.
    pub(in crate::store::cluster) fn account(&self) -> Account {
        self.stored.account(self.id)
    }
}

/// What a row says.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// There is no row.
    Missing,
    /// The account is being created, or its server died while it was.
    Incomplete,
    /// Deleted, or never completed.
    Gone,
    /// An account.
    Kept(Box<Kept>),
}

/// Result of writing a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrote {
    /// It is the user's version now.
    Done,
    /// The row has another version.
    Stale,
}

/// Returns a user, except deleted ones.
pub(in crate::store::cluster) async fn read(
    at: &Cluster,
    id: UserId,
) -> Result<Option<Kept>, StoreError> {
    match state(at, id, Consistency::Quorum).await? {
        State::Kept(kept) => Ok(Some(*kept)),
        State::Missing | State::Incomplete | State::Gone => Ok(None),
    }
}

/// Returns the rows of these users, in this order, except unknown and deleted ones.
pub(super) async fn these(at: &Cluster, ids: &[UserId]) -> Result<Vec<Kept>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let rows = some.iter().map(|id| read(at, *id));
        found.extend(try_join_all(rows).await?.into_iter().flatten());
    }
    Ok(found)
}

/// Returns what the row of a user says.
pub(super) async fn state(
    at: &Cluster,
    id: UserId,
    consistency: Consistency,
) -> Result<State, StoreError> {
    let rows = at.tables().read(Slice::of(&USERS, [id.0.into()]).at(consistency)).await?;
    let Some(row) = rows.first() else { return Ok(State::Missing) };
    let (Some(version), Some(bytes)) = (row.int("version"), row.bytes("body")) else {
        return Ok(State::Missing);
    };
    match (row.flag("gone"), version) {
        (Some(true), _) => Ok(State::Gone),
        (_, 0) => Ok(State::Incomplete),
        _ => {
            let stored = stored::read(bytes)?;
            Ok(State::Kept(Box::new(Kept { id, version, stored })))
        }
    }
}

/// Adds an incomplete user: version 0.
pub(super) async fn insert(at: &Cluster, id: UserId, stored: &Stored) -> Result<(), StoreError> {
    let new = vec![Condition::Absent(Vec::new())];
    match put(at, id, new, 0, false, encode(VERSION, stored)?).await {
        Ok(Wrote::Done) => Ok(()),
        // Ids are given out once, and an incomplete user is none.
        Ok(Wrote::Stale) | Err(_) => Err(StoreError::Unavailable),
    }
}

/// Writes version `before + 1`. `Unknown` if it may have been written and overwritten since.
pub(super) async fn write(
    at: &Cluster,
    id: UserId,
    before: i64,
    stored: &Stored,
) -> Result<Wrote, StoreError> {
    put(at, id, at_version(before), before + 1, false, encode(VERSION, stored)?).await
}

/// Writes version `before + 1` of a user who is deleted; `stored` is what is kept of them.
pub(super) async fn bury(
    at: &Cluster,
    id: UserId,
    before: i64,
    stored: &Stored,
) -> Result<Wrote, StoreError> {
    put(at, id, at_version(before), before + 1, true, encode(VERSION, stored)?).await
}

/// Ensures that a user of version 0 is never completed.
pub(super) async fn abandon(at: &Cluster, id: UserId) -> Result<Wrote, StoreError> {
    bury(at, id, 0, &Stored::default()).await
}

/// Adds a user who was exported elsewhere, deleted or not; one that was added before stays.
pub(super) async fn load(at: &Cluster, id: UserId, stored: &Stored) -> Result<(), StoreError> {
    let absent = vec![Condition::Absent(Vec::new())];
    let gone = stored.deleted.is_some();
    put(at, id, absent, 1, gone, encode(VERSION, stored)?).await.map(drop)
}

/// Returns the row of a user, deleted or not, but completed.
pub(super) async fn any(at: &Cluster, id: UserId) -> Result<Option<Stored>, StoreError> {
    let rows = at.tables().read(Slice::of(&USERS, [id.0.into()])).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (Some(1..), Some(body)) = (row.int("version"), row.bytes("body")) else { return Ok(None) };
    let stored = stored::read(body)?;
    let completed = row.flag("gone") != Some(true) || stored.deleted.is_some();
    Ok(completed.then_some(stored))
}

fn at_version(version: i64) -> Vec<Condition> {
    vec![Condition::Is(Vec::new(), "version", Some(Value::Int(version)))]
}

async fn put(
    at: &Cluster,
    id: UserId,
    conditions: Vec<Condition>,
    version: i64,
    gone: bool,
    body: Vec<u8>,
) -> Result<Wrote, StoreError> {
    let cells = [("version", version.into()), ("gone", gone.into()), ("body", body.clone().into())];
    let puts = vec![Put::conditional(&USERS, [id.0.into()], [], cells)];
    match compare_until_known(at.tables(), Compare { conditions, puts }).await {
        Ok(Outcome::Applied) => return Ok(Wrote::Done),
        Err(TableError::Unavailable) => return Err(StoreError::Unavailable),
        Err(TableError::Unknown) => return Err(StoreError::Unknown),
        // By another server, or since an earlier attempt was made.
        Ok(Outcome::Refused) => {}
    }
    let slice = Slice::of(&USERS, [id.0.into()]).at(Consistency::Serial);
    let rows = at.tables().read(slice).await.map_err(|_| StoreError::Unknown)?;
    let now = rows.first().and_then(|row| {
        Some((row.int("version")?, row.flag("gone")?, row.bytes("body")?.to_vec()))
    });
    match now {
        Some(now) if now == (version, gone, body) => Ok(Wrote::Done),
        _ => Ok(Wrote::Stale),
    }
}

/// Returns whether a user has this version or a later one.
pub(in crate::store::cluster) async fn has_reached(
    at: &Cluster,
    id: UserId,
    version: i64,
) -> Result<bool, StoreError> {
    Ok(version_of(at, id).await? >= version)
}

/// Ensures that nobody who has read the user before `version` can write that version; false if it
/// was written in between.
pub(in crate::store::cluster) async fn prevent(
    at: &Cluster,
    id: UserId,
    version: i64,
) -> Result<bool, StoreError> {
    match state(at, id, Consistency::Serial).await? {
        State::Kept(kept) if kept.version < version => {
            Ok(write(at, id, kept.version, &kept.stored).await? == Wrote::Done)
        }
        State::Kept(_) | State::Gone => Ok(false),
        State::Missing | State::Incomplete => Ok(true),
    }
}

async fn version_of(at: &Cluster, id: UserId) -> Result<i64, StoreError> {
    let rows = at.tables().read(Slice::of(&USERS, [id.0.into()])).await?;
    Ok(rows.first().and_then(|row| row.int("version")).unwrap_or_default())
}
