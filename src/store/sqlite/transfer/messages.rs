//! Imports messages, with their reactions, attachments and mentions.

use rusqlite::{Result, params};

use super::import::{Import, RoomNumbers};
use super::table::{BEFORE, MEDIA, MESSAGE, ROOM, SEQ, USER};
use crate::model::{Rev, RoomId, Seq, UserId};
use crate::store::sqlite::{posting, sql, threads};
use crate::store::transfer::{Key, Kind, MessageRecord, Reason};

const STAND: &str =
    "SELECT last_seq, rev, facts_rev, last_time FROM rooms WHERE id = ?1 AND deleted IS NULL";
const WRITE_STAND: &str =
    "UPDATE rooms SET last_seq = ?2, rev = ?3, facts_rev = ?4, last_time = ?5 WHERE id = ?1";
const CLIENT_ID_TAKEN: &str =
    "SELECT 1 FROM messages WHERE room = ?1 AND author = ?2 AND client_id = ?3";
const ADD: &str = "INSERT INTO messages (room, seq, rev, author, text, created, edited, deleted, \
                   reply_to, client_id, media, reacted, thread)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
        (SELECT coalesce(thread, seq) FROM messages WHERE room = ?1 AND seq = ?9))";
const REACT: &str = "INSERT INTO reactions (message, user, reaction, at) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT DO NOTHING";
const ATTACH: &str = "INSERT INTO message_media (message, place, media) VALUES (?1, ?2, ?3)";
const PIN: &str =
    "INSERT INTO pins (room, seq, user, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
// Only participants have mentions.
const MENTION: &str = "INSERT INTO mentions (room, user, seq)
    SELECT room, user, ?3 FROM participants WHERE room = ?1 AND user = ?2 ON CONFLICT DO NOTHING";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[STAND, WRITE_STAND, CLIENT_ID_TAKEN, ADD, REACT, ATTACH, PIN, MENTION];

impl Import<'_> {
    /// Returns the counters of a room; None if it was deleted.
    pub(super) fn stand(&mut self, room: i64) -> Result<Option<&mut RoomNumbers>> {
        if !self.stands.contains_key(&room) {
            let found = sql::one(self.conn, STAND, [room], |row| {
                Ok(RoomNumbers {
                    last_seq: row.get("last_seq")?,
                    rev: row.get("rev")?,
                    facts_rev: row.get("facts_rev")?,
                    last_time: row.get("last_time")?,
                    open: false,
                    moved: false,
                })
            })?;
            let Some(mut stand) = found else { return Ok(None) };
            stand.open = self.is_open(room)?;
            self.stands.insert(room, stand);
        }
        Ok(self.stands.get_mut(&room))
    }

    /// Writes changed counters.
    pub(super) fn write_stands(&mut self) -> Result<()> {
        for (room, stand) in std::mem::take(&mut self.stands) {
            if stand.moved {
                sql::run(
                    self.conn,
                    WRITE_STAND,
                    params![room, stand.last_seq, stand.rev, stand.facts_rev, stand.last_time],
                )?;
            }
        }
        for (key, seq) in std::mem::take(&mut self.reached) {
            self.table().put(SEQ, &key, seq)?;
        }
        Ok(())
    }

    /// Returns whether an earlier import, or an earlier line of this one, has added it.
    fn message_is_known(&mut self, new: &MessageRecord, key: &str) -> Result<bool> {
        let (true, Some(seq)) = (self.terms.native, new.seq.number()) else {
            return Ok(self.table().find(MESSAGE, key)?.is_some());
        };
        let room = new.room.to_string();
        let reached = match self.reached.get(&room) {
            Some(reached) => *reached,
            None => self.table().find(SEQ, &room)?.unwrap_or(0),
        };
        Ok(seq <= reached)
    }

    /// Adds a message at the end of its room.
    pub(super) fn message(&mut self, new: &MessageRecord) -> Result<()> {
        let key = format!("{}/{}", new.room, new.seq);
        if self.message_is_known(new, &key)? {
            self.out.report.known(Kind::Messages);
            return Ok(());
        }
        let (Some(room), Some(author)) =
            (self.found(ROOM, &new.room)?, self.found(USER, &new.author)?)
        else {
            self.out.report.note(Reason::Dangling, format!("message {key}"));
            return Ok(());
        };
        let (terms, wanted) = (self.terms, new.seq.number());
        let Some(stand) = self.stand(room)? else {
            self.out.report.note(Reason::RoomGone, format!("message {key}"));
            return Ok(());
        };
        let (open, before) = (stand.open, stand.last_seq);
        let seq = before.next();
        let as_it_was = open && terms.native && wanted == Some(seq.0) && new.rev > 0;
        let rev = if as_it_was { Rev(new.rev) } else { stand.rev.next() };
        let time = new.time.max(stand.last_time);
        (stand.last_seq, stand.rev, stand.last_time, stand.moved) =
            (seq, stand.rev.max(rev), time, true);
        if time != new.time {
            self.out.report.note(Reason::TimeMoved, format!("message {key}"));
        }
        if !open {
            self.table().put_new(BEFORE, &room.to_string(), before.0)?;
        }
        let reply_to = self.answered(new, &key, seq)?;
        let media = self.all(MEDIA, &new.media, &key)?;
        let client_id = match &new.client_id {
            Some(id) if !sql::any(self.conn, CLIENT_ID_TAKEN, params![room, author, id])? => {
                Some(id)
            }
            _ => None,
        };
        let attached = i64::try_from(media.len()).unwrap_or(0);
        let values = params![
            room,
            seq,
            rev,
            author,
            new.text,
            time,
            new.edited,
            new.deleted,
            reply_to,
            client_id,
            attached,
            !new.reactions.is_empty()
        ];
        sql::run(self.conn, ADD, values)?;
        let message = self.conn.last_insert_rowid();
        self.call(new, room, seq, author)?;
        self.surroundings(new, &key, (room, seq, message), media)?;
        self.follow_answered(reply_to, room, seq, author)?;
        self.remember(new, &key, seq)?;
        self.out.report.taken(Kind::Messages);
        Ok(())
    }

    /// Adds that a message mentions all participants.
    fn call(&self, new: &MessageRecord, room: i64, seq: Seq, author: i64) -> Result<()> {
        if new.mentions_all {
            posting::call(self.conn, RoomId(room), seq, UserId(author))?;
        }
        Ok(())
    }

    /// Has those follow the thread of a reply who are concerned by it. Our own exports say who
    /// follows.
    fn follow_answered(
        &self,
        reply_to: Option<Seq>,
        room: i64,
        seq: Seq,
        author: i64,
    ) -> Result<()> {
        let (Some(target), false) = (reply_to, self.terms.native) else { return Ok(()) };
        let (room, reply) = (RoomId(room), (seq, UserId(author)));
        match threads::root_of(self.conn, room, target)? {
            Some(first) => threads::imported(self.conn, room, first, reply),
            None => Ok(()),
        }
    }

    /// Adds what belongs to a message: attachments, mentions, reactions and the pin.
    fn surroundings(
        &mut self,
        new: &MessageRecord,
        key: &str,
        (room, seq, message): (i64, Seq, i64),
        media: Vec<i64>,
    ) -> Result<()> {
        for (place, media) in (0_i64..).zip(media) {
            sql::run(self.conn, ATTACH, params![message, place, media])?;
        }
        for user in self.all(USER, &new.mentions, key)? {
            sql::run(self.conn, MENTION, params![room, user, seq])?;
        }
        for reaction in &new.reactions {
            let Some(user) = self.found(USER, &reaction.user)? else {
                self.out
                    .report
                    .note(Reason::Dangling, format!("reaction at {key}: user {}", reaction.user));
                continue;
            };
            if sql::run(self.conn, REACT, params![message, user, reaction.reaction, reaction.at])?
                > 0
            {
                self.out.report.taken(Kind::Reactions);
            }
        }
        if let Some(pin) = &new.pinned {
            let by = pin.user.as_ref().map(|user| self.found(USER, user)).transpose()?.flatten();
            sql::run(self.conn, PIN, params![room, seq, by, pin.at])?;
        }
        Ok(())
    }

    /// Records the id of an imported message.
    fn remember(&mut self, new: &MessageRecord, key: &str, seq: Seq) -> Result<()> {
        match new.seq.number().filter(|_| self.terms.native) {
            Some(wanted) => {
                self.reached.insert(new.room.to_string(), wanted);
                if wanted == seq.0 { Ok(()) } else { self.table().put(MESSAGE, key, seq.0) }
            }
            None => self.table().put(MESSAGE, key, seq.0),
        }
    }

    /// Returns the message it replies to, which must be earlier than `own`.
    fn answered(&mut self, new: &MessageRecord, key: &str, own: Seq) -> Result<Option<Seq>> {
        let Some(target) = &new.reply_to else { return Ok(None) };
        let found = match self.table().find(MESSAGE, &format!("{}/{target}", new.room))? {
            // For our own exports only messages with a different seq here are recorded.
            None if self.terms.native => target.number(),
            found => found,
        };
        if let Some(seq) = found.filter(|seq| (1..own.0).contains(seq)) {
            return Ok(Some(Seq(seq)));
        }
        self.out.report.note(Reason::AnswerWithoutTarget, format!("message {key}"));
        Ok(None)
    }

    /// Looks up these keys; missing ones are reported.
    fn all(&mut self, kind: &'static str, keys: &[Key], at: &str) -> Result<Vec<i64>> {
        let mut ids = Vec::with_capacity(keys.len());
        for key in keys {
            match self.found(kind, key)? {
                Some(id) => ids.push(id),
                None => {
                    self.out.report.note(Reason::Dangling, format!("message {at}: {kind} {key}"));
                }
            }
        }
        Ok(ids)
    }
}
