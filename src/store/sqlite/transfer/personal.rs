//! Imports what only its user sees: preferences, saved messages and followed threads.

use rusqlite::Result;

use super::import::Import;
use super::table::{MESSAGE, ROOM, USER};
use crate::model::{Follow, MessageId, RoomId, Seq, UserId};
use crate::store::sqlite::{posting, preferences, saved, sql, threads};
use crate::store::transfer::{FollowRecord, Key, PreferencesRecord, Reason, SavedRecord};

const HAS_SOME: &str = "SELECT 1 FROM preferences WHERE user = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[HAS_SOME];

impl Import<'_> {
    /// Adds the preferences of a user who has none here.
    pub(super) fn preferences(&mut self, new: &PreferencesRecord) -> Result<()> {
        let Some(user) = self.found(USER, &new.user)? else {
            self.out.report.note(Reason::Dangling, format!("preferences: user {}", new.user));
            return Ok(());
        };
        if sql::any(self.conn, HAS_SOME, [user])? {
            return Ok(());
        }
        preferences::write(self.conn, UserId(user), &new.preferences())
    }

    /// Adds a saved message; one that the user has saved already stays.
    pub(super) fn saved(&mut self, new: &SavedRecord) -> Result<()> {
        let key = format!("{}/{}", new.room, new.seq);
        let (user, room) = (self.found(USER, &new.user)?, self.found(ROOM, &new.room)?);
        let seq = self.seq_of(&new.room, &new.seq)?;
        let (Some(user), Some(room), Some(seq)) = (user, room, seq) else {
            self.out.report.note(Reason::Dangling, format!("saved message {key}"));
            return Ok(());
        };
        let (user, room, seq) = (UserId(user), RoomId(room), Seq(seq));
        if posting::stands(self.conn, room, seq)? {
            saved::add(self.conn, user, room, seq, new.at)?;
        }
        Ok(())
    }

    /// Adds what a user has chosen of a thread; a choice made here stays.
    pub(super) fn follow(&mut self, new: &FollowRecord) -> Result<()> {
        let (user, room) = (self.found(USER, &new.user)?, self.found(ROOM, &new.room)?);
        let first = self.seq_of(&new.room, &new.root)?;
        let (Some(user), Some(room), Some(first)) = (user, room, first) else {
            let key = format!("{}/{}", new.room, new.root);
            self.out.report.note(Reason::Dangling, format!("followed thread {key}"));
            return Ok(());
        };
        let (room, first) = (RoomId(room), Seq(first));
        // It must be one with which a thread begins.
        if threads::root_of(self.conn, room, first)? != Some(first) {
            return Ok(());
        }
        let read = match &new.read {
            Some(read) => self.seq_of(&new.room, read)?.unwrap_or_default(),
            None => 0,
        };
        let follow = Follow {
            root: MessageId { room, seq: first },
            following: new.following,
            read: Seq(read),
            unread: None,
        };
        threads::take_over(self.conn, UserId(user), &follow)
    }

    /// Returns the seq that a message of the export has here.
    fn seq_of(&mut self, room: &Key, seq: &Key) -> Result<Option<i64>> {
        Ok(match self.table().find(MESSAGE, &format!("{room}/{seq}"))? {
            // For our own exports only messages with a different seq here are recorded.
            None if self.terms.native => seq.number(),
            found => found,
        })
    }
}
