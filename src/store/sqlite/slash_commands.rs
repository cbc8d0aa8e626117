//! Slash commands.

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::work::Work;
use super::{audit, sql};
use crate::model::{
    Claim, NewSlashCommand, RoomId, SlashCommand, SlashCommandId, WebhookBot, WebhookSecret,
};
use crate::store::{StoreError, audit_notes};

macro_rules! commands_sql {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, url, secret, description, hint, rooms, creator, created, bot, \
             bot_login FROM slash_commands ",
            $rest
        )
    };
}

const ALL: &str = commands_sql!("ORDER BY id");
const ONE: &str = commands_sql!("WHERE id = ?1");
const NAMED: &str = "SELECT 1 FROM slash_commands WHERE name = ?1";
const ADD: &str = "INSERT INTO slash_commands (name, url, secret, description, hint, rooms, creator, created, \
     bot, bot_login) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const REMOVE: &str = "DELETE FROM slash_commands WHERE id = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[ALL, ONE, NAMED, ADD, REMOVE];

fn from_row(row: &sql::Row<'_>) -> Result<SlashCommand> {
    let rooms: String = row.get("rooms")?;
    Ok(SlashCommand {
        id: SlashCommandId(row.get("id")?),
        name: row.get("name")?,
        url: row.get("url")?,
        secret: WebhookSecret(row.get("secret")?),
        description: row.get("description")?,
        hint: row.get("hint")?,
        rooms: rooms.split(',').filter_map(|id| id.parse().ok().map(RoomId)).collect(),
        creator: row.get("creator")?,
        created: row.get("created")?,
        bot: WebhookBot { id: row.get("bot")?, login: row.get("bot_login")? },
    })
}

/// Returns all commands.
pub(super) fn all(conn: &Connection) -> Result<Vec<SlashCommand>> {
    sql::all(conn, ALL, (), from_row)
}

/// Returns whether there is a command of this name.
pub(super) fn is_named(conn: &Connection, name: &str) -> Result<bool> {
    sql::any(conn, NAMED, [name])
}

/// Stores a command, without an entry in the audit log.
pub(super) fn insert(
    conn: &Connection,
    new: &NewSlashCommand,
    created: crate::model::Timestamp,
) -> Result<SlashCommandId> {
    let NewSlashCommand { name, url, secret, description, hint, rooms, creator, bot } = new;
    let rooms = rooms.iter().map(|room| room.0.to_string()).collect::<Vec<_>>().join(",");
    let secret = secret.0.as_slice();
    let values =
        params![name, url, secret, description, hint, rooms, creator, created, bot.id, bot.login];
    sql::run(conn, ADD, values)?;
    Ok(SlashCommandId(conn.last_insert_rowid()))
}

/// Adds a command.
pub(super) fn add(work: &mut Work<'_>, new: &NewSlashCommand) -> Result<SlashCommand, Fault> {
    if is_named(work.conn, &new.name)? {
        return Err(StoreError::Taken(Claim::Token).into());
    }
    let id = insert(work.conn, new, work.now)?;
    let added = new.clone().added(id, work.now);
    audit::record(work, || Ok(audit_notes::command_added(&added)))?;
    Ok(added)
}

/// Removes a command.
pub(super) fn remove(
    work: &mut Work<'_>,
    id: SlashCommandId,
) -> Result<Option<SlashCommand>, Fault> {
    let Some(gone) = sql::one(work.conn, ONE, [id.0], from_row)? else { return Ok(None) };
    sql::run(work.conn, REMOVE, [id.0])?;
    audit::record(work, || Ok(audit_notes::command_removed(&gone)))?;
    Ok(Some(gone))
}
