//! Loads rooms from an export, with their seqs and revs.
//!
//! Only derived rows are written, with the revs of the export as their timestamps, and at the end
//! the head of the log and the room's state: until then the room does not exist. To load the same
//! again changes nothing.

#![expect(clippy::similar_names, reason = "a room and the root of a thread are called so")]

use std::collections::HashMap;
use std::sync::Arc;

use super::logged::{Step, StoredChange, StoredWho};
use super::mine::Mine;
use super::state::Snapshot;
use super::stored::{
    ALL, Stored as _, StoredLast, StoredMedia, StoredMessage, StoredParticipant, StoredPin,
    StoredRetention, StoredRoom, history_partition, role_to,
};
use super::{log, projector};
use crate::model::{Media, OwnSettings, Rev, Role, RoomId, Seq, Timestamp, UserId, fold};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::claims::{self, Kind};
use crate::store::cluster::tables::Put;
use crate::store::cluster::tables::schema::rooms::{MESSAGES, PINS, REACTIONS};
use crate::store::transfer::{Key, MessageRecord, ParticipantRecord, RoomRecord};

/// A room that is being loaded.
pub(in crate::store::cluster) struct Loading {
    room: Snapshot,
    /// Its rev in the export.
    rev: i64,
    /// Steps and rows of participants, until they are written.
    steps: Vec<Step>,
    rows: Vec<Put>,
    /// Replies so far, with the messages with which their threads begin.
    roots: HashMap<i64, i64>,
}

impl Loading {
    /// Begins to load a room. None without a number as its id.
    pub(in crate::store::cluster) fn new(record: &RoomRecord) -> Option<Self> {
        let id = RoomId(record.id.number()?);
        let mut room = Snapshot::nothing(id);
        room.at = record.created;
        // A room with rev 0 would not exist.
        let facts_rev = record.facts_rev.max(1);
        room.room = StoredRoom {
            name: record.name.clone(),
            topic: record.topic.clone(),
            description: record.description.clone(),
            public: record.visibility == "public",
            archived: record.archived.map(|at| at.0),
            read_only: record.read_only,
            owner: record.owner.as_ref().and_then(Key::number),
            created: record.created.0,
            facts_rev,
            mode_rev: 0,
            users: 0,
        };
        room.kept = StoredRetention {
            days: record.retention_days,
            keep_pinned: record.keep_pinned,
            expired: record.expired,
        };
        let rev = record.rev.max(facts_rev);
        Some(Self { room, rev, steps: Vec::new(), rows: Vec::new(), roots: HashMap::new() })
    }

    /// Returns the room.
    pub(in crate::store::cluster) fn id(&self) -> RoomId {
        self.room.id
    }

    /// Adds a participant with this login name.
    pub(in crate::store::cluster) fn participant(
        &mut self,
        record: &ParticipantRecord,
        user: UserId,
        login: &str,
    ) {
        let room = self.room.id;
        let participant = StoredParticipant {
            login: login.to_owned(),
            role: role_to(Role::parse(&record.role).unwrap_or(Role::Member)),
            edited_name: record.edited_name.clone(),
            since: record.since.min(self.room.room.facts_rev),
            joined: record.joined.0,
        };
        // Later participants follow: their places are multiples of their revs.
        let entered = i64::try_from(self.steps.len()).unwrap_or(i64::MAX);
        self.steps.push(Step::ParticipantAdded { user: user.0, entered, participant });
        if let Some(mark @ 1..) = record.mark {
            self.rows.extend(projector::moved_mark(room, user, Seq(mark), record.mark_at));
        }
        let (own, mark) = (record.own(), Seq(record.mark.unwrap_or_default()));
        if own != OwnSettings::default() || record.unread_from.is_some() {
            let mine = Mine::with_settings(own);
            let unread = record.unread_from.map_or(mark, |from| Seq(from.max(1) - 1));
            self.rows.push(mine.with_own_mark(unread, mark).row(room, user, record.joined.0, 1));
        }
    }

    /// Writes the facts, after the last participant and before the first message.
    pub(in crate::store::cluster) async fn facts(
        &mut self,
        at: &Cluster,
    ) -> Result<(), StoreError> {
        let Some(users) = (self.room.rev == Rev(0)).then_some(self.steps.len()) else {
            return Ok(());
        };
        let mut facts = self.room.room.clone();
        facts.users = u32::try_from(users).unwrap_or(u32::MAX);
        let change = StoredChange {
            rev: facts.facts_rev,
            at: self.room.at.0,
            by: StoredWho::Server,
            steps: std::mem::take(&mut self.steps)
                .into_iter()
                .chain([Step::Retained { after: 0, retention: self.room.kept }])
                .collect(),
            room: Some(facts),
        };
        let before = Snapshot::nothing(self.room.id);
        self.room = before.clone();
        self.room.apply(&change);
        self.rows.extend(projector::rows(&before, &self.room, &change)?);
        projector::write_all(at, &std::mem::take(&mut self.rows)).await?;
        if let Some(name) = self.room.room.name.as_deref().filter(|_| self.room.room.public) {
            // In an export the names of public rooms are unique.
            claims::claim(at, Kind::PublicRoom, &fold(name), self.room.id.0).await?;
        }
        Ok(())
    }

    /// Adds a message with its attachments, after the facts.
    #[expect(clippy::too_many_lines, reason = "the rows of each case are listed in one place")]
    pub(in crate::store::cluster) async fn message(
        &mut self,
        at: &Cluster,
        record: &MessageRecord,
        media: Vec<Media>,
    ) -> Result<(), StoreError> {
        let (Some(seq), Some(author)) = (record.seq.number(), record.author.number()) else {
            return Ok(());
        };
        let (room, rev) = (self.room.id, record.rev.max(1));
        let is_deleted = record.deleted.is_some();
        let message = StoredMessage {
            author,
            text: record.text.clone(),
            created: record.time.0,
            edited: record.edited.map(|at| at.0),
            deleted: record.deleted.map(|at| at.0),
            reply_to: record.reply_to.as_ref().and_then(Key::number),
            client_id: record.client_id.clone(),
            media: media.into_iter().map(StoredMedia::from).collect(),
            mentions: if record.mentions_all {
                vec![ALL.0]
            } else {
                record.mentions.iter().filter_map(Key::number).collect()
            },
            logged: Vec::new(),
        };
        let mut rows = projector::attached(room, rev, seq, &message);
        let partition = history_partition(room, Seq(seq));
        let cells = [
            ("rev", rev.into()),
            ("author", author.into()),
            ("gone", is_deleted.into()),
            ("mentions", message.mentions_column().into()),
            ("body", message.encode()?.into()),
        ];
        rows.push(Put::plain(&MESSAGES, rev, partition.clone(), [seq.into()], cells));
        if let Some(target) = message.reply_to {
            let root = self.roots.get(&target).copied().unwrap_or(target);
            self.roots.insert(seq, root);
            rows.extend(projector::threaded(
                room,
                rev,
                (root, seq),
                (message.created, Some(author)),
                is_deleted,
            ));
        }
        for (place, given) in (0..).zip(&record.reactions) {
            let Some(user) = given.user.number() else { continue };
            let key = [seq.into(), given.reaction.as_str().into(), user.into()];
            // They are shown in the order of their revs.
            let cells: [_; 3] = [
                ("present", true.into()),
                ("at", given.at.0.into()),
                ("rev", (rev - i64::try_from(record.reactions.len()).unwrap_or(0) + place).into()),
            ];
            rows.push(Put::plain(&REACTIONS, rev, partition.clone(), key, cells));
        }
        if let Some(pin) = &record.pinned {
            let by = pin.user.as_ref().and_then(Key::number);
            let body = StoredPin { by, at: pin.at.0 }.encode()?;
            let cells = [("present", true.into()), ("rev", rev.into()), ("body", body.into())];
            rows.push(Put::plain(&PINS, rev, [room.0.into()], [seq.into()], cells));
        }
        projector::write_all(at, &rows).await?;
        if Seq(seq) > self.room.seq {
            (self.room.seq, self.room.at) =
                (Seq(seq), self.room.at.max(Timestamp(message.created)));
            self.room.last = Some(Arc::new(StoredLast { seq, rev, message }));
        }
        self.rev = self.rev.max(rev);
        Ok(())
    }

    /// Completes the room: from now on it exists.
    pub(in crate::store::cluster) async fn finish(
        mut self,
        at: &Cluster,
    ) -> Result<(), StoreError> {
        self.facts(at).await?;
        self.room.rev = Rev(self.rev);
        log::plant(at, &self.room).await?;
        projector::write_all(at, &[projector::state_row(&self.room, true)?]).await
    }
}
