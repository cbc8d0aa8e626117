//! Imports slash commands.

use rusqlite::{Result, params};

use super::import::Import;
use super::table::{ROOM, USER};
use crate::model::{RoomId, UserId, WebhookBot};
use crate::store::sqlite::{slash_commands, sql};
use crate::store::transfer::{Kind, Reason, SlashCommandRecord};

const THERE: &str = "SELECT url = ?2 AND hex(secret) = upper(?3) AS same FROM slash_commands \
                     WHERE name = ?1";
const LOGIN: &str = "SELECT login FROM users WHERE id = ?1 AND deleted IS NULL";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[THERE, LOGIN];

impl Import<'_> {
    /// Adds a slash command; an existing one of that name stays, which is reported if it is another
    /// one. A command of certain rooms never becomes one of all rooms.
    pub(super) fn command(&mut self, new: &SlashCommandRecord) -> Result<()> {
        let there = sql::one(self.conn, THERE, params![new.name, new.url, new.secret], |row| {
            row.get::<_, bool>("same")
        })?;
        match there {
            Some(true) => {
                self.out.report.known(Kind::SlashCommands);
                return Ok(());
            }
            Some(false) => {
                self.leave_out(new, "there is another one");
                return Ok(());
            }
            None => {}
        }
        let bot = self.found(USER, &new.bot)?;
        let login = match bot {
            Some(bot) => sql::one(self.conn, LOGIN, [bot], |row| row.get::<_, String>("login"))?,
            None => None,
        };
        let mut rooms = Vec::new();
        for room in &new.rooms {
            rooms.extend(self.found(ROOM, room)?.map(RoomId));
        }
        rooms.sort_unstable();
        let (Some(bot), Some(login)) = (bot, login) else {
            self.leave_out(new, "it has no bot");
            return Ok(());
        };
        if rooms.is_empty() && !new.rooms.is_empty() {
            self.leave_out(new, "it has no room");
            return Ok(());
        }
        let bot = WebhookBot { id: UserId(bot), login };
        match new.command(rooms, bot) {
            Ok(command) => {
                slash_commands::insert(self.conn, &command, new.created)?;
                self.out.report.taken(Kind::SlashCommands);
                Ok(())
            }
            Err(why) => {
                self.leave_out(new, why);
                Ok(())
            }
        }
    }

    fn leave_out(&mut self, command: &SlashCommandRecord, why: &str) {
        self.out.report.note(Reason::SlashCommandLeftOut, format!("/{}: {why}", command.name));
    }
}
