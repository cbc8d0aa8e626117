//! Rows of sessions.

use std::net::IpAddr;

use rusqlite::Error::FromSqlConversionFailure;
use rusqlite::types::Type;
use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::work::Work;
use super::{push, sql, users};
use crate::model::{Event, Grant, Hash32, Session, SessionId, Timestamp, UserId};
use crate::store::{Device, Ended, Missing, NewSession, StoreError, grants};

macro_rules! session_sql {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.user, s.token, s.device, s.address, s.created, s.seen, s.expires, \
             s.granted, s.vouched, u.login, u.name, u.admin, u.guest, u.bot, u.second_factor
             FROM sessions s JOIN users u ON u.id = s.user
             WHERE s.ended IS NULL AND u.deleted IS NULL AND u.disabled = 0 AND ",
            $rest
        )
    };
}

const BY_TOKEN: &str = session_sql!("s.token = ?1 AND s.expires > ?2");
const BY_ID: &str = session_sql!("s.id = ?1 AND s.expires > ?2");
const OF_USER: &str = session_sql!("s.user = ?1 AND s.expires > ?2 ORDER BY s.id DESC");
const GRANTED: &str =
    session_sql!("s.granted IS NOT NULL AND s.expires > ?1 ORDER BY s.user, s.id DESC");
/// API tokens are used by programs, and do not show that a person was there.
const LAST_SEEN: &str =
    "SELECT max(seen) AS seen FROM sessions WHERE user = ?1 AND granted IS NULL";
const DEVICES: &str =
    "SELECT id, device, address FROM sessions WHERE user = ?1 AND granted IS NULL";
const ADD: &str = "INSERT INTO sessions (token, user, device, address, created, seen, expires, \
                   granted, vouched) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8)";
const SLIDE: &str = "UPDATE sessions SET seen = max(seen, ?2), expires = max(expires, ?3) WHERE \
                     id = ?1 AND ended IS NULL";
const END_ONE: &str =
    "UPDATE sessions SET ended = ?3 WHERE user = ?1 AND id = ?2 AND ended IS NULL RETURNING id";
const END_BUT: &str =
    "UPDATE sessions SET ended = ?3 WHERE user = ?1 AND id <> ?2 AND ended IS NULL RETURNING id";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[BY_TOKEN, BY_ID, OF_USER, GRANTED, LAST_SEEN, DEVICES, ADD, SLIDE, END_ONE, END_BUT];

fn session_from_row(row: &sql::Row<'_>) -> Result<Session> {
    let address: Option<String> = row.get("address")?;
    let grant = granted(row.get("granted")?)?;
    let factor = users::factor_from_row(row)?;
    let proven = grant.is_some()
        || row.get("vouched")?
        || row.get("bot")?
        || factor.is_some_and(|factor| factor.confirmed);
    Ok(Session {
        id: row.get("id")?,
        user: row.get("user")?,
        login: row.get("login")?,
        name: row.get("name")?,
        admin: row.get::<_, bool>("admin")? && grants::administers(grant.as_ref()),
        guest: row.get("guest")?,
        token: row.get("token")?,
        device: row.get("device")?,
        address: address.and_then(|text| text.parse().ok()),
        peer: None,
        created: row.get("created")?,
        seen: row.get("seen")?,
        expires: row.get("expires")?,
        grant,
        unproven: !proven,
    })
}

fn granted(text: Option<String>) -> Result<Option<Grant>> {
    text.map(|text| grants::from_stored(&text))
        .transpose()
        .map_err(|error| FromSqlConversionFailure(0, Type::Text, error.into()))
}

/// Returns the session if it is valid now.
pub(super) fn find(conn: &Connection, token: Hash32, now: Timestamp) -> Result<Option<Session>> {
    sql::one(conn, BY_TOKEN, params![token, now], session_from_row)
}

/// Returns the session with this id if it is valid.
pub(super) fn by_id(conn: &Connection, id: SessionId, now: Timestamp) -> Result<Option<Session>> {
    sql::one(conn, BY_ID, params![id, now], session_from_row)
}

/// Returns the currently valid sessions of a user, newest first.
pub(super) fn of_user(conn: &Connection, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
    sql::all(conn, OF_USER, params![user, now], session_from_row)
}

/// Returns the currently valid sessions with a grant.
pub(super) fn granted_now(conn: &Connection, now: Timestamp) -> Result<Vec<Session>> {
    sql::all(conn, GRANTED, params![now], session_from_row)
}

/// Returns when a user last used a session.
pub(super) fn last_seen(conn: &Connection, user: UserId) -> Result<Option<Timestamp>> {
    Ok(sql::one(conn, LAST_SEEN, params![user], |row| row.get("seen"))?.flatten())
}

/// Returns the devices with which a user has logged in.
pub(super) fn devices(conn: &Connection, user: UserId) -> Result<Vec<Device>> {
    sql::all(conn, DEVICES, [user], |row| {
        let address: Option<String> = row.get("address")?;
        let address = address.and_then(|text| text.parse().ok());
        Ok(Device { session: row.get("id")?, name: row.get("device")?, address })
    })
}

/// Returns whether this use is written.
pub(super) fn slides(session: &Session, now: Timestamp) -> bool {
    grants::is_recorded(session.grant.as_ref(), session.created, session.seen, now)
}

/// Writes last use and expiry.
pub(super) fn slide(
    work: &Work<'_>,
    id: SessionId,
    seen: Timestamp,
    expires: Timestamp,
) -> Result<(), Fault> {
    sql::run(work.conn, SLIDE, params![id, seen, expires])?;
    Ok(())
}

/// Adds a session.
pub(super) fn start(work: &Work<'_>, new: &NewSession) -> Result<Session, Fault> {
    let user = users::one(work.conn, new.user)?
        .filter(|user| !user.disabled)
        .ok_or(StoreError::NotFound(Missing::User))?;
    let expires = new.now.plus(new.life);
    sql::run(
        work.conn,
        ADD,
        params![
            new.token,
            new.user,
            new.device,
            new.address.map(|a: IpAddr| a.to_string()),
            new.now,
            expires,
            new.grant.as_ref().map(grants::to_stored),
            new.vouched
        ],
    )?;
    Ok(Session {
        id: SessionId(work.conn.last_insert_rowid()),
        user: user.id,
        login: user.login,
        name: user.name,
        admin: user.admin && grants::administers(new.grant.as_ref()),
        guest: user.guest,
        token: new.token,
        device: new.device.clone(),
        address: new.address,
        peer: None,
        created: new.now,
        seen: new.now,
        expires,
        grant: new.grant.clone(),
        unproven: new.grant.is_none() && !new.vouched && !user.bot && !user.second_factor,
    })
}

/// Ends sessions and emits their event; returns how many ended.
pub(super) fn end(work: &mut Work<'_>, user: UserId, which: Ended) -> Result<u32> {
    let (statement, id) = match which {
        Ended::One(id) => (END_ONE, id),
        Ended::AllBut(id) => (END_BUT, id),
        Ended::All => (END_BUT, SessionId(0)),
    };
    let sessions: Vec<SessionId> =
        sql::all(work.conn, statement, params![user, id, work.now], |row| row.get(0))?;
    for session in &sessions {
        push::end(work.conn, user, *session)?;
    }
    let ended = u32::try_from(sessions.len()).unwrap_or(u32::MAX);
    if ended > 0 {
        work.emit(Event::SessionEnded { user, sessions });
    }
    Ok(ended)
}
