//! Users: their rows, finding and adding them.

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::work::Work;
use super::{audit, identities, media, sql};
use crate::model::{
    Account, Claim, Identity, MediaId, SecondFactor, Status, Timestamp, User, UserId, fold,
};
use crate::store::transfer::FactorRecord;
use crate::store::{MAX_STATUSES, Missing, NewUser, StoreError, audit_notes};

macro_rules! user_sql {
    ($rest:literal) => {
        concat!(
            "SELECT id, login, name, email, birth, media, status_emoji, status_text, status_until, \
             admin, disabled, bot, guest, created, password, md5, sha1, second_factor FROM users \
             WHERE deleted IS NULL AND ",
            $rest
        )
    };
}

const BY_ID: &str = user_sql!("id = ?1");
const BY_FOLDED: &str = user_sql!("folded = ?1");
const BY_EMAIL: &str = user_sql!("email_folded = ?1");
const BY_IDENTITY: &str =
    user_sql!("id = (SELECT user FROM identities WHERE source = ?1 AND subject = ?2)");
const BY_IDS: &str = user_sql!("id IN (SELECT value FROM json_each(?1)) ORDER BY id");
const AFTER: &str = user_sql!("id > ?1 ORDER BY id LIMIT ?2");
const WITH_TEXT: &str = user_sql!(
    "(instr(folded, ?1) > 0 OR (?2 AND instr(name_folded, ?1) > 0)) ORDER BY id LIMIT ?3"
);
macro_rules! near {
    ($user:literal) => {
        concat!(
            "(SELECT q.user FROM participants p JOIN rooms r ON r.id = p.room AND r.deleted IS \
             NULL JOIN participants q ON q.room = p.room WHERE p.user = ",
            $user,
            ")"
        )
    };
}
const NEAR_WITH_TEXT: &str = concat!(
    user_sql!(
        "(instr(folded, ?1) > 0 OR (?2 AND instr(name_folded, ?1) > 0)) AND (id = ?4 OR id IN "
    ),
    near!("?4"),
    ") ORDER BY id LIMIT ?3"
);
const ACQUAINTED: &str =
    concat!("SELECT value FROM json_each(?2) WHERE value = ?1 OR value IN ", near!("?1"));
/// The plus keeps SQLite from looking up each room of the one in those of the other: 1 ms instead of
/// 40 with 1,000 statuses and 200 rooms.
const WITH_STATUS: &str = user_sql!(
    "status_text IS NOT NULL AND disabled = 0 AND (status_until IS NULL OR status_until > ?2) AND (id = ?1 OR \
     EXISTS (SELECT 1 FROM participants q WHERE q.user = users.id AND +q.room IN (SELECT p.room \
     FROM participants p JOIN rooms r ON r.id = p.room AND r.deleted IS NULL WHERE p.user = ?1))) \
     ORDER BY id LIMIT ?3"
);
const ADD: &str = "INSERT INTO users (login, folded, look_alike, name, name_folded, email, \
                   email_folded, birth, password, md5, sha1, admin, created, bot, guest)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
const LOGIN_TAKEN: &str = "SELECT 1 FROM users WHERE folded = ?1 OR look_alike = ?2";
const EMAIL_TAKEN: &str = "SELECT 1 FROM users WHERE email_folded = ?1 AND id IS NOT ?2";
const ADMINISTRATOR: &str = "SELECT 1 FROM users WHERE admin = 1 AND deleted IS NULL LIMIT 1";
const KNOWN: &str = "SELECT 1 FROM users WHERE id = ?1 AND deleted IS NULL";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    BY_ID,
    BY_FOLDED,
    BY_EMAIL,
    BY_IDENTITY,
    BY_IDS,
    AFTER,
    WITH_TEXT,
    NEAR_WITH_TEXT,
    ACQUAINTED,
    WITH_STATUS,
    ADD,
    LOGIN_TAKEN,
    EMAIL_TAKEN,
    ADMINISTRATOR,
    KNOWN,
];

/// Reads a status from the columns of a user.
pub(super) fn status_from_row(row: &sql::Row<'_>) -> Result<Option<Status>> {
    let Some(text) = row.get::<_, Option<String>>("status_text")? else { return Ok(None) };
    Ok(Some(Status { emoji: row.get("status_emoji")?, text, until: row.get("status_until")? }))
}

/// Reads a second factor. One that is not understood is an error: nobody logs in without it then.
pub(super) fn factor_from_row(row: &sql::Row<'_>) -> Result<Option<SecondFactor>> {
    let Some(json) = row.get::<_, Option<String>>("second_factor")? else { return Ok(None) };
    let stored: Result<FactorRecord, _> = serde_json::from_str(&json);
    let factor = stored.ok().and_then(|stored| SecondFactor::try_from(stored).ok());
    factor.map(Some).ok_or(rusqlite::Error::InvalidQuery)
}

fn account_from_row(row: &sql::Row<'_>) -> Result<(Account, Option<MediaId>)> {
    let second_factor = factor_from_row(row)?;
    let user = User {
        id: row.get("id")?,
        login: row.get("login")?,
        name: row.get("name")?,
        email: row.get("email")?,
        birth: row.get("birth")?,
        media: None,
        status: status_from_row(row)?,
        admin: row.get("admin")?,
        disabled: row.get("disabled")?,
        bot: row.get("bot")?,
        guest: row.get("guest")?,
        second_factor: second_factor.as_ref().is_some_and(|factor| factor.confirmed),
        created: row.get("created")?,
    };
    Ok((
        Account {
            user,
            password: row.get("password")?,
            md5: row.get("md5")?,
            sha1: row.get("sha1")?,
            second_factor,
        },
        row.get("media")?,
    ))
}

fn complete(
    conn: &Connection,
    (mut account, picture): (Account, Option<MediaId>),
) -> Result<Account> {
    if let Some(picture) = picture {
        account.user.media = media::one(conn, picture)?;
    }
    Ok(account)
}

fn all(conn: &Connection, statement: &str, params: impl rusqlite::Params) -> Result<Vec<User>> {
    let found = sql::all(conn, statement, params, account_from_row)?;
    found.into_iter().map(|account| complete(conn, account).map(|account| account.user)).collect()
}

/// Key by which an account is found; [`crate::store::UserKey`] with an owned text.
pub(super) enum Key {
    Id(UserId),
    Folded(String),
    Email(String),
    Identity(Identity),
}

/// Returns a user with credentials.
pub(super) fn account(conn: &Connection, key: &Key) -> Result<Option<Account>> {
    let found = match key {
        Key::Id(id) => sql::one(conn, BY_ID, [id], account_from_row)?,
        Key::Folded(folded) => sql::one(conn, BY_FOLDED, [folded], account_from_row)?,
        Key::Email(email) => sql::one(conn, BY_EMAIL, [email.to_lowercase()], account_from_row)?,
        Key::Identity(Identity { source, subject }) => {
            sql::one(conn, BY_IDENTITY, params![source.as_str(), subject], account_from_row)?
        }
    };
    found.map(|account| complete(conn, account)).transpose()
}

/// Returns a user.
pub(super) fn one(conn: &Connection, id: UserId) -> Result<Option<User>> {
    Ok(account(conn, &Key::Id(id))?.map(|account| account.user))
}

/// Returns these users, ascending by id.
pub(super) fn by_ids(conn: &Connection, ids: &[UserId]) -> Result<Vec<User>> {
    all(conn, BY_IDS, [sql::list(ids.iter().map(|id| id.0))])
}

/// Returns users with these folded names, ascending by id.
pub(super) fn by_folded(conn: &Connection, names: &[String]) -> Result<Vec<User>> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        found.extend(account(conn, &Key::Folded(name.clone()))?.map(|account| account.user));
    }
    found.sort_by_key(|user| user.id);
    found.dedup_by_key(|user| user.id);
    Ok(found)
}

/// Returns a page of all users.
pub(super) fn after(conn: &Connection, id: Option<UserId>, limit: u32) -> Result<Vec<User>> {
    all(conn, AFTER, params![id.map_or(0, |id| id.0), limit])
}

/// Returns users whose names contain the text.
pub(super) fn with_text(
    conn: &Connection,
    text: &str,
    names_too: bool,
    near: Option<UserId>,
    limit: u32,
) -> Result<Vec<User>> {
    match near {
        None => all(conn, WITH_TEXT, params![fold(text), names_too, limit]),
        Some(user) => all(conn, NEAR_WITH_TEXT, params![fold(text), names_too, limit, user]),
    }
}

/// Returns those of these users who share a room with this one, including that user.
pub(super) fn acquainted(conn: &Connection, user: UserId, with: &[UserId]) -> Result<Vec<UserId>> {
    sql::all(conn, ACQUAINTED, params![user, sql::list(with.iter().map(|id| id.0))], |row| {
        row.get(0)
    })
}

/// Returns users with a status who share a room with this one, and this one.
pub(super) fn with_status(conn: &Connection, near: UserId, now: Timestamp) -> Result<Vec<User>> {
    all(conn, WITH_STATUS, params![near, now, MAX_STATUSES])
}

/// Returns whether there is a server administrator.
pub(super) fn has_administrator(conn: &Connection) -> Result<bool> {
    sql::any(conn, ADMINISTRATOR, [])
}

/// `NotFound` unless all of them exist.
pub(super) fn check_all(
    conn: &Connection,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<(), Fault> {
    for id in ids {
        if !sql::any(conn, KNOWN, [id])? {
            return Err(StoreError::NotFound(Missing::User).into());
        }
    }
    Ok(())
}

/// `Taken` if another user has this address.
pub(super) fn check_email(conn: &Connection, id: Option<UserId>, email: &str) -> Result<(), Fault> {
    let taken = sql::any(conn, EMAIL_TAKEN, params![email.to_lowercase(), id])?;
    if taken { Err(StoreError::Taken(Claim::Email).into()) } else { Ok(()) }
}

/// Adds a user.
pub(super) fn add(work: &Work<'_>, new: &NewUser) -> Result<User, Fault> {
    let user = insert(work, new)?;
    audit::record(work, || Ok(audit_notes::user_added(&user, new.identity.as_slice())))?;
    Ok(user)
}

/// Adds the row of a user, without an entry in the audit log.
pub(super) fn insert(work: &Work<'_>, new: &NewUser) -> Result<User, Fault> {
    let conn = work.conn;
    if sql::any(conn, LOGIN_TAKEN, params![new.folded, new.look_alike])? {
        return Err(StoreError::Taken(Claim::Login).into());
    }
    if let Some(email) = &new.email {
        check_email(conn, None, email)?;
    }
    identities::check(conn, None, new.identity.as_slice())?;
    let folded_email = new.email.as_ref().map(|email| email.to_lowercase());
    let values = params![
        new.login,
        new.folded,
        new.look_alike,
        new.name,
        fold(&new.name),
        new.email,
        folded_email,
        new.birth,
        new.password,
        new.md5,
        new.sha1,
        new.admin,
        work.now,
        new.bot,
        new.guest
    ];
    sql::run(conn, ADD, values)?;
    let id = UserId(conn.last_insert_rowid());
    identities::link(conn, id, new.identity.as_slice())?;
    Ok(one(conn, id)?.ok_or(StoreError::Unavailable)?)
}
