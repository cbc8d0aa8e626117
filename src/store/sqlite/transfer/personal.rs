//! Imports what only its user sees: preferences and saved messages.

use rusqlite::Result;

use super::import::Import;
use super::table::{MESSAGE, ROOM, USER};
use crate::model::{RoomId, Seq, UserId};
use crate::store::sqlite::{posting, preferences, saved, sql};
use crate::store::transfer::{PreferencesRecord, Reason, SavedRecord};

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
        let seq = match self.table().find(MESSAGE, &key)? {
            // For our own exports only messages with a different seq here are recorded.
            None if self.terms.native => new.seq.number(),
            found => found,
        };
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
}
