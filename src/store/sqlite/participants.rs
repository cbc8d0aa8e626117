//! Rows of participants, and their names in a room.

use rusqlite::{Connection, Result, params};

use super::sql;
use crate::model::rules::shown_name;
use crate::model::{
    AccountFlags, Media, Participant, Person, Rev, Role, RoomId, Seq, Timestamp, UserId, Who,
};

macro_rules! participant_sql {
    ($rest:literal) => {
        concat!(
            "SELECT p.user, p.role, p.edited_name, p.since, p.joined, u.bot, u.guest, \
             u.disabled OR u.deleted IS NOT NULL AS disabled, \
             u.login, u.name, u.media AS picture,
                f.name AS picture_name, f.kind AS picture_kind, f.size AS picture_size, \
             f.width, f.height, f.file_name, f.created AS uploaded
             FROM participants p JOIN users u ON u.id = p.user LEFT JOIN media f ON f.id = \
             u.media WHERE p.room = ?1 ",
            $rest
        )
    };
}

const FIRST: &str = participant_sql!("ORDER BY p.id LIMIT ?2");
const ONE: &str = participant_sql!("AND p.user = ?2");
const ANOTHER: &str =
    participant_sql!("AND p.user NOT IN (SELECT value FROM json_each(?2)) ORDER BY p.id LIMIT 1");
const ADD: &str = "INSERT INTO participants (room, user, role, since, joined, mark, mark_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?5)";
const REMOVE: &str = "DELETE FROM participants WHERE room = ?1 AND user = ?2";
const UPDATE: &str = "UPDATE participants SET role = ?3, edited_name = ?4, since = ?5 WHERE room = \
                      ?1 AND user = ?2";
const FORGET_MENTIONS: &str = "DELETE FROM mentions WHERE room = ?1 AND user = ?2";
const USER_IDS: &str = "SELECT user FROM participants WHERE room = ?1 ORDER BY user";
const PERSON: &str = "SELECT u.login, u.name, u.deleted, p.edited_name FROM users u
    LEFT JOIN participants p ON p.room = ?1 AND p.user = u.id WHERE u.id = ?2";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[FIRST, ONE, ANOTHER, ADD, REMOVE, UPDATE, FORGET_MENTIONS, USER_IDS, PERSON];

fn participant_from_row(row: &sql::Row<'_>) -> Result<Participant> {
    Ok(Participant {
        user: row.get("user")?,
        login: row.get("login")?,
        name: row.get("name")?,
        media: picture_from_row(row)?,
        edited_name: row.get("edited_name")?,
        role: row.get("role")?,
        since: row.get("since")?,
        joined: row.get("joined")?,
        account: account_from_row(row)?,
    })
}

fn account_from_row(row: &sql::Row<'_>) -> Result<AccountFlags> {
    Ok(AccountFlags {
        bot: row.get("bot")?,
        guest: row.get("guest")?,
        disabled: row.get("disabled")?,
    })
}

fn picture_from_row(row: &sql::Row<'_>) -> Result<Option<Media>> {
    let Some(name) = row.get("picture_name")? else { return Ok(None) };
    Ok(Some(Media {
        id: row.get("picture")?,
        name,
        kind: row.get("picture_kind")?,
        owner: row.get("user")?,
        is_image: true,
        size: row.get::<_, i64>("picture_size")?.unsigned_abs(),
        width: row.get("width")?,
        height: row.get("height")?,
        file_name: row.get("file_name")?,
        created: row.get("uploaded")?,
    }))
}

/// Returns the first participants, in the order of joining.
pub(super) fn first(conn: &Connection, room: RoomId, limit: u32) -> Result<Vec<Participant>> {
    sql::all(conn, FIRST, params![room, limit], participant_from_row)
}

/// Returns one participant.
pub(super) fn one(conn: &Connection, room: RoomId, user: UserId) -> Result<Option<Participant>> {
    sql::one(conn, ONE, params![room, user], participant_from_row)
}

/// Returns those of these users who are participants.
pub(super) fn these(conn: &Connection, room: RoomId, users: &[UserId]) -> Result<Vec<Participant>> {
    let mut found = Vec::with_capacity(users.len());
    for user in users {
        found.extend(one(conn, room, *user)?);
    }
    Ok(found)
}

/// Returns the first participant who is none of these.
pub(super) fn another(
    conn: &Connection,
    room: RoomId,
    but: &[UserId],
) -> Result<Option<Participant>> {
    let but = sql::list(but.iter().map(|user| user.0));
    sql::one(conn, ANOTHER, params![room, but], participant_from_row)
}

/// Adds a participant.
pub(super) fn add(
    conn: &Connection,
    room: RoomId,
    user: UserId,
    role: Role,
    since: Rev,
    at: Timestamp,
    mark: Seq,
) -> Result<()> {
    sql::run(conn, ADD, params![room, user, role, since, at, mark]).map(drop)
}

/// Removes a participant, with their mentions in the room.
pub(super) fn remove(conn: &Connection, room: RoomId, user: UserId) -> Result<()> {
    sql::run(conn, REMOVE, params![room, user])?;
    sql::run(conn, FORGET_MENTIONS, params![room, user]).map(drop)
}

/// Updates role, name in the room and rev of the last change.
pub(super) fn update(conn: &Connection, room: RoomId, changed: &Participant) -> Result<()> {
    let Participant { user, role, edited_name, since, .. } = changed;
    sql::run(conn, UPDATE, params![room, user, role, edited_name, since]).map(drop)
}

/// Returns all participants, ascending by id.
pub(super) fn user_ids(conn: &Connection, room: RoomId) -> Result<Vec<UserId>> {
    sql::all(conn, USER_IDS, [room], |row| row.get(0))
}

/// Returns the author of a change in a room; None: the server or its operator.
pub(super) fn by(conn: &Connection, room: RoomId, user: Option<UserId>) -> Result<Who> {
    user.map_or(Ok(Who::Server), |user| who(conn, room, user))
}

/// Returns the author of a change, as named in the room.
pub(super) fn who(conn: &Connection, room: RoomId, user: UserId) -> Result<Who> {
    let found = sql::one(conn, PERSON, params![room, user], |row| {
        if row.get::<_, Option<Timestamp>>("deleted")?.is_some() {
            return Ok(Who::Deleted);
        }
        let edited: Option<String> = row.get("edited_name")?;
        let name: String = row.get("name")?;
        Ok(Who::User(Person {
            id: user,
            login: row.get("login")?,
            name: shown_name(&edited.unwrap_or_default(), &name).to_owned(),
        }))
    })?;
    Ok(found.unwrap_or(Who::Deleted))
}
