//! What the log of a room says to outgoing webhooks: who joined or left, and since when the room is
//! open to everybody.

use super::changes::next;
use super::logged::{Step, StoredChange};
use super::names::{Names, Needed};
use super::open;
use super::state::Snapshot;
use crate::model::{Membership, Person, Rev, RoomId, Seq, Timestamp, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;

/// Where a webhook of all public rooms begins in a room.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store::cluster) enum Opened {
    /// The room is not open, or not there.
    Closed,
    /// It was open all the time since then.
    Before,
    /// It was opened at this rev, when this message was the newest.
    At(Rev, Seq),
}

/// Returns since when a room is open, as far as its log says after `since`.
pub(in crate::store::cluster) async fn opened(
    at: &Cluster,
    room: RoomId,
    since: Rev,
) -> Result<Opened, StoreError> {
    let Some(snapshot) = open::current(at, room).await? else { return Ok(Opened::Closed) };
    if !is_open(&snapshot.room) {
        return Ok(Opened::Closed);
    }
    if snapshot.room.facts_rev <= since.0 {
        return Ok(Opened::Before);
    }
    let (mut reached, mut closed, mut found) = (since, false, None);
    let mut posts = Posts::default();
    while reached < snapshot.rev {
        let Some(changes) = next(at, room, reached, snapshot.rev).await? else {
            // The log no longer says it.
            return Ok(Opened::At(snapshot.rev, snapshot.seq));
        };
        for change in &changes {
            posts.note(change);
            match &change.room {
                Some(room) if !is_open(room) => closed = true,
                Some(_) if closed => {
                    closed = false;
                    found = Some(change.rev());
                }
                _ => {}
            }
        }
        reached = changes.last().map_or(snapshot.rev, StoredChange::rev);
    }
    Ok(found.map_or(Opened::Before, |rev| Opened::At(rev, posts.newest_at(rev, &snapshot))))
}

fn is_open(room: &super::stored::StoredRoom) -> bool {
    room.public && room.archived.is_none()
}

/// The messages that a part of the log has posted.
#[derive(Default)]
struct Posts(Vec<(Rev, Seq)>);

impl Posts {
    fn note(&mut self, change: &StoredChange) {
        let posted = change.steps.iter().find_map(|step| match step {
            Step::Posted { seq, .. } => Some(Seq(*seq)),
            _ => None,
        });
        self.0.extend(posted.map(|seq| (change.rev(), seq)));
    }

    /// Returns the newest message at a rev, if the part of the log reaches to the room's rev, or to
    /// the next message.
    fn newest_at(&self, rev: Rev, snapshot: &Snapshot) -> Seq {
        let next = self.0.iter().find(|(posted, _)| *posted > rev);
        next.map_or(snapshot.seq, |(_, seq)| Seq(seq.0 - 1))
    }
}

/// Somebody whom a step concerns, with the name that it has of them.
struct Concerned {
    rev: Rev,
    user: UserId,
    login: String,
    name: String,
    joined: bool,
}

/// Returns who joined or left a room after `since`, up to and including `upto`; nobody if the log no
/// longer says it.
pub(in crate::store::cluster) async fn people(
    at: &Cluster,
    room: RoomId,
    since: Rev,
    upto: Rev,
) -> Result<Vec<Membership>, StoreError> {
    let Some(snapshot) = open::current(at, room).await? else { return Ok(Vec::new()) };
    let (mut reached, mut posts) = (since, Posts::default());
    let (mut found, mut authors) = (Vec::new(), Vec::new());
    while reached < snapshot.rev {
        let Some(changes) = next(at, room, reached, snapshot.rev).await? else { break };
        for change in &changes {
            posts.note(change);
            if change.rev() <= upto {
                found.extend(change.steps.iter().filter_map(|step| concerned(change.rev(), step)));
                authors.push((change.rev(), change.by.clone(), Timestamp(change.at)));
            }
        }
        reached = changes.last().map_or(snapshot.rev, StoredChange::rev);
        // The message after the last one tells which message was the newest.
        let is_known = posts.0.last().is_some_and(|(posted, _)| *posted > upto);
        if reached >= upto && (found.is_empty() || is_known) {
            break;
        }
    }
    let mut needed = Needed::default();
    for concerned in &found {
        needed.account(concerned.user);
    }
    let names = Names::read(at, needed).await?;
    let told = found.into_iter().filter_map(|concerned| {
        let Concerned { rev, user, login, name, joined } = concerned;
        let (_, by, at) = authors.iter().find(|(authored, ..)| *authored == rev)?;
        let known = names.user(user).map(|user| user.name.clone());
        let name = if name.is_empty() { known.unwrap_or_else(|| login.clone()) } else { name };
        let person = Person { id: user, login, name };
        let seq = posts.newest_at(rev, &snapshot);
        Some(Membership { rev, seq, person, joined, by: by.clone().into(), at: *at })
    });
    Ok(told.collect())
}

fn concerned(rev: Rev, step: &Step) -> Option<Concerned> {
    let (user, login, name, joined) = match step {
        Step::ParticipantAdded { user, participant, .. } => {
            (user, &participant.login, &participant.edited_name, true)
        }
        Step::ParticipantRemoved { user, login, name } => (user, login, name, false),
        _ => return None,
    };
    Some(Concerned { rev, user: UserId(*user), login: login.clone(), name: name.clone(), joined })
}
