//! Replies by their threads, and what is shown of threads in the conversation.

#![expect(clippy::similar_names, reason = "a room and the root of a thread are called so")]

use super::names::{Names, Needed};
use super::{heads, open};
use crate::model::{REPLIERS, Rev, RoomId, Seq, ThreadSummary, Timestamp, UserId};
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::THREADS;
use crate::store::cluster::tables::{Bound, Row, Slice};
use crate::store::{Missing, StoreError};

/// A reply of a thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct InThread {
    root: Seq,
    pub(super) seq: Seq,
    pub(super) at: Timestamp,
    pub(super) gone: bool,
    /// None in rows of older releases.
    pub(super) author: Option<UserId>,
}

impl InThread {
    fn of(row: &Row) -> Option<Self> {
        Some(Self {
            root: Seq(row.int("root")?),
            seq: Seq(row.int("seq")?),
            at: Timestamp(row.int("at")?),
            gone: row.flag("gone") == Some(true),
            author: row.int("author").map(UserId),
        })
    }
}

/// Returns all replies of a thread above this one, deleted ones too, ascending.
pub(super) async fn replies(
    at: &Cluster,
    room: RoomId,
    root: Seq,
    above: Seq,
) -> Result<Vec<InThread>, StoreError> {
    let slice = Slice::of(&THREADS, [room.0.into()])
        .under([root.0.into()])
        .between(Bound::Excluding(above.0.into()), Bound::Open);
    Ok(at.tables().read(slice).await?.iter().filter_map(InThread::of).collect())
}

/// Returns what is shown of the threads that begin from `from` to `to`, with the rev of the facts.
pub(in crate::store::cluster) async fn summaries(
    at: &Cluster,
    room: RoomId,
    from: Seq,
    to: Seq,
) -> Result<(Rev, Vec<ThreadSummary>), StoreError> {
    let missing = StoreError::NotFound(Missing::Room);
    let snapshot = open::current(at, room).await?.ok_or_else(|| missing.clone())?;
    let slice = Slice::of(&THREADS, [room.0.into()])
        .between(Bound::Including(from.0.into()), Bound::Including(to.0.into()));
    let rows = at.tables().read(slice).await?;
    let replies: Vec<InThread> =
        rows.iter().filter_map(InThread::of).filter(|reply| !reply.gone).collect();
    let mut needed = Needed::default();
    for author in replies.iter().filter_map(|reply| reply.author) {
        needed.shown(room, author);
    }
    needed.known_in(&snapshot);
    let names = Names::read(at, needed).await?;
    let threads = replies.chunk_by(|one, other| one.root == other.root);
    let found = threads.filter_map(|replies| summary(room, replies, &names)).collect();
    // As for a page of history: who was removed meanwhile must see that from the rev.
    let after = heads::head(at, room).await?.ok_or(missing)?;
    Ok((after.facts_rev, found))
}

/// Returns what is shown of a thread with these replies, which are ascending.
fn summary(room: RoomId, replies: &[InThread], names: &Names) -> Option<ThreadSummary> {
    let last = replies.last()?;
    let mut repliers = Vec::with_capacity(REPLIERS);
    let mut seen: Vec<UserId> = Vec::with_capacity(REPLIERS);
    for author in replies.iter().rev().filter_map(|reply| reply.author) {
        if repliers.len() < REPLIERS && !seen.contains(&author) {
            seen.push(author);
            repliers.extend(names.person(room, author));
        }
    }
    Some(ThreadSummary {
        root: last.root,
        replies: u32::try_from(replies.len()).unwrap_or(u32::MAX),
        last_seq: last.seq,
        last: last.at,
        repliers,
    })
}
