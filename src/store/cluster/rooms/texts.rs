//! What is said in rooms, for an index that follows them.

use super::each::each;
use super::heads::{self, Head};
use super::logged::{Step, StoredChange};
use super::stored::StoredMessage;
use super::{changes, messages, pins};
use crate::model::{Rev, RoomId, Seq};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::ROOM_STATE;
use crate::store::sqlite::search::places::{Heard, Progress, Said, Walk};

/// Messages of a walk that are read together.
const PART: i64 = 500;

/// The next texts of a room.
pub(in crate::store::cluster) struct Texts {
    pub(in crate::store::cluster) heard: Heard,
    /// Whether the room has more.
    pub(in crate::store::cluster) more: bool,
}

/// Returns the next texts of rooms after this progress; None: there is nothing new.
pub(in crate::store::cluster) async fn texts(
    at: &Cluster,
    rooms: Vec<(RoomId, Progress)>,
) -> Vec<(RoomId, Result<Option<Texts>, StoreError>)> {
    let read = each(rooms, |(room, known)| {
        Box::pin(async move { Ok((room, of_room(at, room, known).await)) })
    });
    // None fails as a whole.
    read.await.unwrap_or_default()
}

/// Reads the log or, if that no longer has the changes, walks over all messages.
async fn of_room(at: &Cluster, room: RoomId, known: Progress) -> Result<Option<Texts>, StoreError> {
    let Some(head) = heads::head(at, room).await? else {
        let heard = Heard { room, said: Vec::new(), progress: None };
        return Ok(Some(Texts { heard, more: false }));
    };
    if let Some(walk) = known.walk {
        return walk_on(at, room, walk, head).await.map(Some);
    }
    if head.rev <= known.rev {
        return Ok(None);
    }
    let Some(found) = changes::next(at, room, known.rev, head.rev).await? else {
        return walk_on(at, room, Walk { upto: Seq(0), aim: head.rev }, head).await.map(Some);
    };
    let rev = found.last().map_or(known.rev, StoredChange::rev);
    let steps = || found.iter().flat_map(|change| &change.steps);
    let expires = |step: &Step| matches!(step, Step::Retained { after, retention } if *after < retention.expired);
    let pinned = if steps().any(expires) { pins::pinned(at, room).await? } else { Vec::new() };
    let texts = found
        .into_iter()
        .flat_map(|change| change.steps)
        .flat_map(|step| said_in(step, &pinned))
        .collect();
    let progress = Some(Progress { rev, walk: None });
    Ok(Some(Texts { heard: Heard { room, said: texts, progress }, more: rev < head.rev }))
}

async fn walk_on(at: &Cluster, room: RoomId, walk: Walk, head: Head) -> Result<Texts, StoreError> {
    let upto = head.seq.min(Seq(walk.upto.0 + PART));
    let found = messages::bodies(at, room, walk.upto.next(), upto).await?;
    let texts = found.into_iter().map(|(seq, message)| said(seq, message)).collect();
    let ended = upto == head.seq;
    let progress = if ended {
        Progress { rev: walk.aim, walk: None }
    } else {
        Progress { rev: Rev(0), walk: Some(Walk { upto, ..walk }) }
    };
    let more = !ended || walk.aim < head.rev;
    Ok(Texts { heard: Heard { room, said: texts, progress: Some(progress) }, more })
}

fn said(seq: Seq, message: StoredMessage) -> Said {
    let content = message.deleted.is_none().then(|| message.searchable());
    Said { seq, content }
}

/// `pinned` messages stay when others expire.
fn said_in(step: Step, pinned: &[Seq]) -> Vec<Said> {
    match step {
        Step::Posted { seq, message }
        | Step::Edited { seq, message }
        | Step::Deleted { seq, message, .. } => vec![said(Seq(seq), message)],
        Step::Retained { after, retention } => (after + 1..=retention.expired)
            .map(Seq)
            .filter(|seq| !pinned.contains(seq))
            .map(|seq| Said { seq, content: None })
            .collect(),
        Step::Reacted { .. }
        | Step::Unreacted { .. }
        | Step::Updated { .. }
        | Step::Pinned { .. }
        | Step::Unpinned { .. }
        | Step::ParticipantAdded { .. }
        | Step::ParticipantChanged { .. }
        | Step::ParticipantRemoved { .. }
        | Step::RoomDeleted
        | Step::Threaded { .. }
        | Step::Followed { .. } => Vec::new(),
    }
}

/// A page of all rooms.
pub(in crate::store::cluster) struct Revs {
    /// The rooms with the rev of each; None: the room is gone.
    pub(in crate::store::cluster) rooms: Vec<(RoomId, Option<Rev>)>,
    /// Where the next page begins; None: this was the last one.
    pub(in crate::store::cluster) next: Option<Vec<u8>>,
}

/// Returns a page of all rooms, in no particular order.
pub(in crate::store::cluster) async fn all_revs(
    at: &Cluster,
    from: Option<&[u8]>,
    limit: u32,
) -> Result<Revs, StoreError> {
    let page = at.tables().scan(&ROOM_STATE, from, limit).await?;
    let rooms = page.rows.iter().filter_map(|row| {
        let room = RoomId(row.int("room")?);
        Some((room, heads::head_of(row).map(|head| head.rev)))
    });
    Ok(Revs { rooms: rooms.collect(), next: page.next })
}
