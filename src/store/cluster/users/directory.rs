//! The directory: folded names of all users, for finding them by a part of a name, and for walking
//! through all users.
//!
//! It is read whole to find a part of a name, and kept in memory for some seconds: good for some
//! 100,000 users. Rows say where to look; the users' own rows say what is true.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use super::rows::Kept;
use super::stored::Stored;
use crate::model::{UserId, fold};
use crate::store::StoreError;
use crate::store::cluster::tables::schema::people::{ADMINISTRATORS, DIRECTORY};
use crate::store::cluster::tables::{Bound, Put, Row, Slice};
use crate::store::cluster::{Cluster, buckets};

/// How long changes of other servers may stay unseen.
const FRESH: Duration = Duration::from_secs(3);
/// Partitions read at the same time.
const AT_ONCE: usize = 16;
/// The partition of administrators.
const ROLE: &str = "admin";

/// The directory as this server last read it.
#[derive(Default)]
pub(in crate::store::cluster) struct Directory(Mutex<Known>);

#[derive(Default)]
struct Known {
    entries: Arc<Vec<Entry>>,
    /// When `entries` began to be read; None: not since the last change of this server.
    read: Option<Instant>,
    /// Changes of this server.
    changes: u64,
}

impl Directory {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self) {
        let mut known = self.known();
        known.read = None;
        known.changes += 1;
    }
}

/// A user in the directory.
pub(super) struct Entry {
    pub(super) id: UserId,
    /// Folded login name.
    pub(super) login: String,
    /// Folded display name.
    pub(super) name: String,
}

/// Writes the entry of a user as of this version. Before the first version, so that no user is
/// without an entry; after later ones.
pub(in crate::store::cluster) async fn write(
    at: &Cluster,
    id: UserId,
    version: i64,
    stored: &Stored,
) -> Result<(), StoreError> {
    let (bucket, mark) = buckets::of(buckets::USERS, id.0);
    let cells = [
        ("present", true.into()),
        ("login", stored.folded.clone().into()),
        ("name", fold(&stored.name).into()),
    ];
    let entry = Put::plain(&DIRECTORY, version, [bucket.into()], [id.0.into()], cells);
    at.tables().write(vec![mark, entry]).await?;
    at.0.directory.forget();
    Ok(())
}

/// Removes the entry of a user who was deleted with this version.
pub(in crate::store::cluster) async fn remove(
    at: &Cluster,
    id: UserId,
    version: i64,
) -> Result<(), StoreError> {
    let (bucket, _) = buckets::of(buckets::USERS, id.0);
    let cells = [("present", false.into()), ("login", "".into()), ("name", "".into())];
    let entry = Put::plain(&DIRECTORY, version, [bucket.into()], [id.0.into()], cells);
    at.tables().write(vec![entry, administrator(id, version, false)]).await?;
    at.0.directory.forget();
    Ok(())
}

/// Notes before a version is written that the user may become an administrator by it, or after it
/// that they are none.
pub(super) async fn mark_administrator(
    at: &Cluster,
    id: UserId,
    version: i64,
    is: bool,
) -> Result<(), StoreError> {
    Ok(at.tables().write(vec![administrator(id, version, is)]).await?)
}

fn administrator(id: UserId, version: i64, is: bool) -> Put {
    Put::plain(&ADMINISTRATORS, version, [ROLE.into()], [id.0.into()], [("present", is.into())])
}

/// Returns users who may be administrators.
pub(super) async fn administrators(at: &Cluster) -> Result<Vec<UserId>, StoreError> {
    let rows = at.tables().read(Slice::of(&ADMINISTRATORS, [ROLE.into()])).await?;
    let present = rows.iter().filter(|row| row.flag("present") == Some(true));
    Ok(present.filter_map(|row| row.int("user")).map(UserId).collect())
}

/// Returns the first users above this id, ascending, at most `limit`.
pub(super) async fn after(
    at: &Cluster,
    id: Option<UserId>,
    limit: usize,
) -> Result<Vec<Kept>, StoreError> {
    let id = id.map_or(0, |id| id.0.max(0));
    let mut found = Vec::new();
    for bucket in buckets::all(at, buckets::USERS).await? {
        if found.len() >= limit {
            break;
        }
        if bucket < buckets::number(id) {
            continue;
        }
        let slice = Slice::of(&DIRECTORY, [bucket.into()])
            .between(Bound::Excluding(id.into()), Bound::Open);
        let ids: Vec<UserId> = entries(&at.tables().read(slice).await?).map(|e| e.id).collect();
        for some in ids.chunks(AT_ONCE) {
            if found.len() < limit {
                found.extend(super::rows::these(at, some).await?);
            }
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// Returns the ids of all users, also of deleted ones, in one partition of ids.
pub(super) async fn ids_in(at: &Cluster, bucket: i64) -> Result<Vec<UserId>, StoreError> {
    let rows = at.tables().read(Slice::of(&DIRECTORY, [bucket.into()])).await?;
    Ok(rows.iter().filter_map(|row| row.int("user")).map(UserId).collect())
}

/// Returns all entries, ascending by id.
pub(super) async fn all(at: &Cluster) -> Result<Arc<Vec<Entry>>, StoreError> {
    let (started, changes) = {
        let known = at.0.directory.known();
        if known.read.is_some_and(|read| read.elapsed() < FRESH) {
            return Ok(Arc::clone(&known.entries));
        }
        (Instant::now(), known.changes)
    };
    let mut found = Vec::new();
    for some in buckets::all(at, buckets::USERS).await?.chunks(AT_ONCE) {
        let slices = some.iter().map(|bucket| Slice::of(&DIRECTORY, [(*bucket).into()]));
        for rows in try_join_all(slices.map(|slice| at.tables().read(slice))).await? {
            found.extend(entries(&rows));
        }
    }
    let entries = Arc::new(found);
    let mut known = at.0.directory.known();
    if known.changes == changes {
        (known.entries, known.read) = (Arc::clone(&entries), Some(started));
    }
    Ok(entries)
}

/// Returns the number of users. Those whose creation was never completed count, too.
pub(in crate::store::cluster) async fn count(at: &Cluster) -> Result<u64, StoreError> {
    let mut count = 0;
    for bucket in buckets::all(at, buckets::USERS).await? {
        let slice = Slice::of(&DIRECTORY, [bucket.into()]).only(&["present"]);
        let rows = at.tables().read(slice).await?;
        count += rows.iter().filter(|row| row.flag("present") == Some(true)).count() as u64;
    }
    Ok(count)
}

fn entries(rows: &[Row]) -> impl Iterator<Item = Entry> {
    let present = rows.iter().filter(|row| row.flag("present") == Some(true));
    present.filter_map(|row| {
        Some(Entry {
            id: UserId(row.int("user")?),
            login: row.text("login")?.to_owned(),
            name: row.text("name")?.to_owned(),
        })
    })
}
