//! Derives the rows of all other tables from the log.
//!
//! They carry the rev as their timestamp, so that deriving a change again, or late, changes nothing.
//! The room's state is written last: whoever reads a rev there finds everything up to it.

#![expect(clippy::similar_names, reason = "a room and the root of a thread are called so")]

use std::time::Duration;

use super::logged::{Step, StoredChange};
use super::state::{Members, Snapshot, people_key};
use super::stored::{Stored, StoredMessage, StoredParticipant, history_partition, shard_of};
use super::{follow_rows, log};
use crate::model::{MessageId, RoomId, Seq, Timestamp, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::{
    ALL_ROOMS, ERASURE_ROOMS, ERASURES, GONE_ROOMS, MARKS, MARKS_BY_USER, MEDIA_ROOMS, MESSAGES,
    PARTICIPANTS, PINS, PUBLIC_ROOMS, REACTIONS, ROOM_MEDIA, ROOM_STATE, ROOMS_BY_PEOPLE,
    ROOMS_BY_USER, SENT, THREADS,
};
use crate::store::cluster::tables::{Put, Value};

/// How long client ids are remembered (the contract: at least 30 days).
const REMEMBERED: Duration = Duration::from_hours(31 * 24);
/// Rows per write.
const ROWS: usize = 256;
/// Waits before a failed write is repeated.
const PATIENCE: [u64; 3] = [20, 100, 500];

/// Writes the rows derived from the changes after `before`, and returns the room after them.
pub(super) async fn project(
    at: &Cluster,
    before: &Snapshot,
    changes: &[StoredChange],
) -> Result<Snapshot, StoreError> {
    let mut after = before.clone();
    let mut puts = Vec::new();
    let mut facts = false;
    for change in changes {
        let earlier = after.clone();
        after.apply(change);
        facts |= change.room.is_some();
        Rows { before: &earlier, after: &after, change, puts: &mut puts }.add()?;
    }
    let state = state_row(&after, facts)?;
    write_all(at, &puts).await?;
    write(at, &[state]).await?;
    at.point(after.id, after.rev);
    Ok(after)
}

/// Returns the rows derived from one change, without the room's state.
pub(super) fn rows(
    before: &Snapshot,
    after: &Snapshot,
    change: &StoredChange,
) -> Result<Vec<Put>, StoreError> {
    let mut puts = Vec::new();
    Rows { before, after, change, puts: &mut puts }.add()?;
    Ok(puts)
}

/// Returns the rows derived from the client id and the files of a message.
pub(super) fn attached(room: RoomId, rev: i64, seq: i64, message: &StoredMessage) -> Vec<Put> {
    let mut puts = Vec::new();
    if let Some(client_id) = &message.client_id {
        let (partition, key) =
            ([room.0.into(), message.author.into()], [client_id.as_str().into()]);
        let put = Put::plain(&SENT, rev, partition, key, [("seq", seq.into())]);
        puts.push(put.living(REMEMBERED));
    }
    for media in &message.media {
        puts.extend(hanging(room, rev, (media.id().0, seq), Some(media.size())));
    }
    puts
}

/// Returns the rows of a file that is attached to a message with this size, or no longer.
pub(super) fn hanging(
    room: RoomId,
    rev: i64,
    (media, seq): (i64, i64),
    size: Option<u64>,
) -> [Put; 2] {
    let present = [("present", size.is_some().into())];
    let mut cells = present.to_vec();
    cells.extend(size.map(|size| ("size", i64::try_from(size).unwrap_or(i64::MAX).into())));
    [
        Put::plain(&MEDIA_ROOMS, rev, [media.into()], [room.0.into(), seq.into()], present),
        Put::plain(&ROOM_MEDIA, rev, [room.0.into()], [media.into(), seq.into()], cells),
    ]
}

/// Returns the rows of a reply in the thread that begins with `root`, of this time and this author;
/// None: it was posted before.
pub(super) fn threaded(
    room: RoomId,
    rev: i64,
    (root, seq): (i64, i64),
    (at, author): (i64, Option<i64>),
    gone: bool,
) -> [Put; 2] {
    let mut cells: Vec<(&'static str, Value)> = vec![("gone", gone.into()), ("at", at.into())];
    cells.extend(author.map(|author| ("author", author.into())));
    let of = history_partition(room, Seq(seq));
    [
        Put::plain(&THREADS, rev, [room.0.into()], [root.into(), seq.into()], cells),
        Put::plain(&MESSAGES, rev, of, [seq.into()], [("thread", root.into())]),
    ]
}

/// Writes any number of rows.
pub(super) async fn write_all(at: &Cluster, puts: &[Put]) -> Result<(), StoreError> {
    for some in puts.chunks(ROWS) {
        write(at, some).await?;
    }
    Ok(())
}

/// Writes, repeatedly if need be: each row carries its timestamp.
async fn write(at: &Cluster, puts: &[Put]) -> Result<(), StoreError> {
    for wait in PATIENCE {
        if at.tables().write(puts.to_vec()).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    at.tables().write(puts.to_vec()).await.map_err(|_| StoreError::Unavailable)
}

pub(super) fn state_row(after: &Snapshot, facts: bool) -> Result<Put, StoreError> {
    let mut cells: Vec<(&'static str, Value)> =
        vec![("rev", after.rev.0.into()), ("seq", after.seq.0.into()), ("at", after.at.0.into())];
    if facts {
        cells.push(("facts_rev", after.room.facts_rev.into()));
        cells.push(("body", after.room.encode()?.into()));
        cells.push(("retention", after.kept.encode()?.into()));
    }
    if after.gone {
        cells.push(("gone", true.into()));
    } else if let Some(last) = &after.last {
        cells.push(("last", last.encode()?.into()));
    }
    Ok(Put::plain(&ROOM_STATE, after.rev.0, [after.id.0.into()], [], cells))
}

/// Returns the rows of a read mark that moves to `seq`, which is their timestamp: a mark never moves
/// back.
pub(super) fn moved_mark(room: RoomId, user: UserId, seq: Seq, at: Timestamp) -> [Put; 2] {
    let cells = [("seq", seq.0.into()), ("at", at.0.into())];
    let put = |table, partition: i64, clustering: i64| {
        Put::plain(table, seq.0, [partition.into()], [clustering.into()], cells.clone())
    };
    [put(&MARKS, room.0, user.0), put(&MARKS_BY_USER, user.0, room.0)]
}

fn key_of(room: &Snapshot) -> Option<Vec<u8>> {
    let people = |members: &Members| people_key(members.list().iter().map(|member| member.user));
    let unnamed = room.stands() && !room.room.public && room.room.name.is_none();
    unnamed.then(|| people(&room.members))
}

/// Collects the rows derived from one change.
struct Rows<'a> {
    before: &'a Snapshot,
    after: &'a Snapshot,
    change: &'a StoredChange,
    puts: &'a mut Vec<Put>,
}

impl Rows<'_> {
    fn add(&mut self) -> Result<(), StoreError> {
        for step in &self.change.steps {
            self.add_step(step)?;
        }
        if self.change.room.is_some() {
            self.add_lists();
        }
        Ok(())
    }

    fn id(&self) -> RoomId {
        self.after.id
    }

    fn put<const P: usize, const C: usize, const N: usize>(
        &mut self,
        table: &'static crate::store::cluster::tables::Table,
        partition: [Value; P],
        clustering: [Value; C],
        cells: [(&'static str, Value); N],
    ) {
        self.puts.push(Put::plain(table, self.change.rev, partition, clustering, cells));
    }

    #[expect(clippy::too_many_lines, reason = "the rows of each case are listed in one place")]
    fn add_step(&mut self, step: &Step) -> Result<(), StoreError> {
        let (room, rev) = (self.id().0, self.change.rev);
        match step {
            Step::Posted { seq, message } => self.posted(*seq, message),
            Step::Edited { seq, message } => self.text(*seq, message),
            Step::Deleted { seq, message, media, pinned } => {
                for media in media {
                    self.puts.extend(hanging(self.id(), rev, (*media, *seq), None));
                }
                if *pinned {
                    self.unpinned(*seq);
                }
                self.puts.extend(to_erase(self.id(), rev, *seq));
                self.text(*seq, message)
            }
            Step::Reacted { seq, user, reaction } => {
                self.reaction(*seq, *user, reaction, true);
                Ok(())
            }
            Step::Unreacted { seq, user, reaction } => {
                self.reaction(*seq, *user, reaction, false);
                Ok(())
            }
            // In the room's state.
            Step::Retained { .. } => Ok(()),
            Step::Updated { owner } => {
                self.owned(*owner);
                Ok(())
            }
            Step::Pinned { seq, pin } => {
                let cells =
                    [("present", true.into()), ("rev", rev.into()), ("body", pin.encode()?.into())];
                self.put(&PINS, [room.into()], [(*seq).into()], cells);
                Ok(())
            }
            Step::Unpinned { seq } => {
                self.unpinned(*seq);
                Ok(())
            }
            Step::ParticipantAdded { user, entered, participant } => {
                self.entered(*user, *entered, participant)
            }
            Step::ParticipantChanged { user, participant } => {
                let cells = [("body", participant.encode()?.into())];
                self.put(&PARTICIPANTS, [room.into()], [(*user).into()], cells);
                let cells = [
                    ("since", participant.since.into()),
                    ("role", i64::from(participant.role).into()),
                ];
                self.put(&ROOMS_BY_USER, [(*user).into()], [room.into()], cells);
                Ok(())
            }
            Step::ParticipantRemoved { user, login, .. } => self.left(*user, login),
            Step::Threaded { seq, root, at, gone } => {
                let author = self.change.steps.iter().find_map(|step| match step {
                    Step::Posted { message, .. } => Some(message.author),
                    _ => None,
                });
                self.puts.extend(threaded(self.id(), rev, (*root, *seq), (*at, author), *gone));
                Ok(())
            }
            Step::Followed { root, users, author } => {
                let root = MessageId { room: self.id(), seq: Seq(*root) };
                let caused = users.iter().map(|user| follow_rows::caused(*user, root, rev, None));
                self.puts.extend(caused);
                let answers =
                    author.map(|(user, seq)| follow_rows::caused(user, root, rev, Some(seq)));
                self.puts.extend(answers);
                Ok(())
            }
            Step::RoomDeleted => {
                for member in self.before.members.list() {
                    self.absent(member.user.0);
                }
                let present = [("present", true.into())];
                self.put(&GONE_ROOMS, shard_of(self.id()), [room.into()], present);
                Ok(())
            }
        }
    }

    fn posted(&mut self, seq: i64, message: &StoredMessage) -> Result<(), StoreError> {
        let (author, rev) = (message.author, self.change.rev);
        let cells = [
            ("rev", rev.into()),
            ("author", author.into()),
            ("gone", false.into()),
            ("mentions", message.mentions_column().into()),
            ("body", message.encode()?.into()),
        ];
        self.put(&MESSAGES, history_partition(self.id(), Seq(seq)), [seq.into()], cells);
        self.puts.extend(attached(self.id(), rev, seq, message));
        if self.before.member(UserId(author)).is_some() {
            self.mark(author, seq, message.created);
        }
        Ok(())
    }

    fn mark(&mut self, user: i64, seq: i64, at: i64) {
        self.puts.extend(moved_mark(self.id(), UserId(user), Seq(seq), Timestamp(at)));
    }

    fn text(&mut self, seq: i64, message: &StoredMessage) -> Result<(), StoreError> {
        let cells = [
            ("rev", self.change.rev.into()),
            ("gone", message.deleted.is_some().into()),
            ("mentions", message.mentions_column().into()),
            ("body", message.encode()?.into()),
        ];
        self.put(&MESSAGES, history_partition(self.id(), Seq(seq)), [seq.into()], cells);
        Ok(())
    }

    fn reaction(&mut self, seq: i64, user: i64, reaction: &str, present: bool) {
        let (partition, rev) = (history_partition(self.id(), Seq(seq)), self.change.rev);
        let key = [seq.into(), reaction.into(), user.into()];
        let cells =
            [("present", present.into()), ("at", self.change.at.into()), ("rev", rev.into())];
        self.put(&REACTIONS, partition.clone(), key, cells);
        self.put(&MESSAGES, partition, [seq.into()], [("rev", rev.into())]);
    }

    fn unpinned(&mut self, seq: i64) {
        let cells = [("present", false.into()), ("rev", self.change.rev.into())];
        self.put(&PINS, [self.id().0.into()], [seq.into()], cells);
    }

    fn entered(
        &mut self,
        user: i64,
        entered: i64,
        participant: &StoredParticipant,
    ) -> Result<(), StoreError> {
        let room = self.id().0;
        let cells = [
            ("present", true.into()),
            ("entered", entered.into()),
            ("body", participant.encode()?.into()),
        ];
        self.put(&PARTICIPANTS, [room.into()], [user.into()], cells);
        let cells = [
            ("present", true.into()),
            ("since", participant.since.into()),
            ("role", i64::from(participant.role).into()),
        ];
        self.put(&ROOMS_BY_USER, [user.into()], [room.into()], cells);
        self.mark(user, self.before.seq.0, participant.joined);
        Ok(())
    }

    fn left(&mut self, user: i64, login: &str) -> Result<(), StoreError> {
        let known = self.before.member(UserId(user)).map(|member| member.body.clone());
        let body = known.unwrap_or_else(|| StoredParticipant {
            login: login.to_owned(),
            role: 0,
            edited_name: String::new(),
            since: 0,
            joined: self.change.at,
        });
        let body = StoredParticipant { since: self.change.rev, ..body };
        let cells = [("present", false.into()), ("body", body.encode()?.into())];
        self.put(&PARTICIPANTS, [self.id().0.into()], [user.into()], cells);
        self.absent(user);
        Ok(())
    }

    fn absent(&mut self, user: i64) {
        let cells = [("present", false.into()), ("since", self.change.rev.into())];
        self.put(&ROOMS_BY_USER, [user.into()], [self.id().0.into()], cells);
    }

    /// Passes on the ownership from this user.
    fn owned(&mut self, before: Option<i64>) {
        let (room, after) = (self.id().0, self.after.room.owner);
        if before == after {
            return;
        }
        for (user, owned) in [(before, false), (after, true)] {
            let Some(user) = user else { continue };
            self.put(&ROOMS_BY_USER, [user.into()], [room.into()], [("owned", owned.into())]);
        }
    }

    /// Rows of the lists of rooms.
    fn add_lists(&mut self) {
        let (id, room) = (self.id(), &self.after.room);
        let (stands, stood) = (self.after.stands(), self.before.stands());
        if stands != stood {
            self.put(&ALL_ROOMS, shard_of(id), [id.0.into()], [("present", stands.into())]);
        }
        if room.public || (stood && self.before.room.public) {
            let mut cells = vec![("present", (stands && room.public).into())];
            cells.extend(room.name.as_deref().map(|name| ("name", name.into())));
            cells.extend(room.owner.map(|owner| ("owner", owner.into())));
            let put =
                Put::plain(&PUBLIC_ROOMS, self.change.rev, shard_of(id), [id.0.into()], cells);
            self.puts.push(put);
        }
        if !stood {
            self.owned(None);
        }
        if !stands && let Some(owner) = room.owner {
            self.put(&ROOMS_BY_USER, [owner.into()], [id.0.into()], [("owned", false.into())]);
        }
        let (old, new) = (key_of(self.before), key_of(self.after));
        if old != new {
            for (key, present) in [(old, false), (new, true)] {
                let Some(key) = key else { continue };
                self.put(
                    &ROOMS_BY_PEOPLE,
                    [key.into()],
                    [id.0.into()],
                    [("present", present.into())],
                );
            }
        }
    }
}

/// Returns the rows that have a deleted message erased from the log ([`erasure`](super::erasure)).
pub(super) fn to_erase(room: RoomId, rev: i64, seq: i64) -> [Put; 2] {
    let message = [("rev", rev.into())];
    let message = Put::plain(&ERASURES, rev, [room.0.into()], [seq.into()], message);
    let listed = [("present", true.into())];
    let listed = Put::plain(&ERASURE_ROOMS, rev, shard_of(room), [room.0.into()], listed);
    [message, listed].map(|put| put.living(log::LIFE))
}
