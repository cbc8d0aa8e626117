//! Changes and deletion of a user.

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::work::Work;
use super::{
    audit, drafts, identities, job_orders, media, preferences, saved, sessions, sql, threads, users,
};
use crate::model::{Event, FileKind, SecondFactor, Status, User, UserId, fold};
use crate::store::transfer::FactorRecord;
use crate::store::{Digests, Ended, FactorChange, Missing, StoreError, UserChange, audit_notes};

const SET_NAME: &str = "UPDATE users SET name = ?2, name_folded = ?3 WHERE id = ?1";
const SET_EMAIL: &str = "UPDATE users SET email = ?2, email_folded = ?3 WHERE id = ?1";
const SET_BIRTH: &str = "UPDATE users SET birth = ?2 WHERE id = ?1";
const SET_MEDIA: &str = "UPDATE users SET media = ?2 WHERE id = ?1";
const SET_STATUS: &str =
    "UPDATE users SET status_emoji = ?2, status_text = ?3, status_until = ?4 WHERE id = ?1";
const SET_PASSWORD: &str = "UPDATE users SET password = ?2, md5 = ?3, sha1 = ?4 WHERE id = ?1";
const ADD_DIGESTS: &str = "UPDATE users SET md5 = ?3, sha1 = ?4 WHERE id = ?1 AND password = ?2";
const FORGET_DIGESTS: &str =
    "UPDATE users SET md5 = NULL, sha1 = NULL WHERE md5 IS NOT NULL OR sha1 IS NOT NULL";
const SET_FACTOR: &str = "UPDATE users SET second_factor = ?2 WHERE id = ?1";
const SET_DISABLED: &str = "UPDATE users SET disabled = ?2 WHERE id = ?1";
const SET_ADMIN: &str = "UPDATE users SET admin = ?2 WHERE id = ?1";
const SET_BOT: &str = "UPDATE users SET bot = ?2 WHERE id = ?1";
const SET_GUEST: &str = "UPDATE users SET guest = ?2 WHERE id = ?1";
const REMOVE: &str = "UPDATE users SET login = '', folded = NULL, look_alike = NULL, name = \
                      'deleted user', name_folded = '', email = NULL,
    email_folded = NULL, birth = NULL, media = NULL, status_emoji = NULL, status_text = NULL, \
                      status_until = NULL, password = '', md5 = NULL, sha1 = NULL, \
                      second_factor = NULL, admin = 0, disabled = 1, deleted = ?2
    WHERE id = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    SET_NAME,
    SET_EMAIL,
    SET_BIRTH,
    SET_MEDIA,
    SET_STATUS,
    SET_PASSWORD,
    ADD_DIGESTS,
    FORGET_DIGESTS,
    SET_FACTOR,
    SET_DISABLED,
    SET_ADMIN,
    SET_BOT,
    SET_GUEST,
    REMOVE,
];

/// Changes a user, all or nothing.
pub(super) fn change(work: &mut Work<'_>, id: UserId, change: &UserChange) -> Result<User, Fault> {
    let account = users::account(work.conn, &users::Key::Id(id))?;
    let account = account.ok_or(StoreError::NotFound(Missing::User))?;
    if change.second_factor.as_ref().is_some_and(|new| new.before != account.second_factor) {
        return Err(StoreError::Stale.into());
    }
    let before = account.user;
    check(work.conn, id, change)?;
    let linked = identities::of_user(work.conn, id)?;
    write(work.conn, id, change)?;
    // This comes first: rooms receive the flag when the role is gone.
    if change.disabled == Some(true) || change.guest == Some(true) {
        job_orders::order(work, job_orders::SUCCESSION, id.0)?;
    }
    let renamed = change.name.as_ref().is_some_and(|name| *name != before.name);
    let repainted =
        change.media.is_some_and(|picture| picture != before.media.as_ref().map(|media| media.id));
    let marked = change.bot.is_some_and(|bot| bot != before.bot)
        || change.guest.is_some_and(|guest| guest != before.guest);
    if renamed || repainted || marked {
        job_orders::order(work, job_orders::NAME, id.0)?;
    }
    work.emit(Event::UserChanged { user: id });
    let mut ended = 0;
    if let Some(password) = change.password.as_ref() {
        ended += sessions::end(work, id, password.keep.map_or(Ended::All, Ended::AllBut))?;
    }
    if let Some(which) = change.second_factor.as_ref().and_then(FactorChange::ending) {
        ended += sessions::end(work, id, which)?;
    }
    if change.disabled == Some(true) {
        ended += sessions::end(work, id, Ended::All)?;
    }
    let after = users::one(work.conn, id)?.ok_or(StoreError::NotFound(Missing::User))?;
    audit::record(work, || {
        let identities = [linked, identities::of_user(work.conn, id)?];
        let password = change.password.is_some();
        Ok(audit_notes::user_changed([&before, &after], &identities, password, ended))
    })?;
    Ok(after)
}

fn check(conn: &Connection, id: UserId, change: &UserChange) -> Result<(), Fault> {
    if let Some(Some(email)) = &change.email {
        users::check_email(conn, Some(id), email)?;
    }
    identities::check(conn, Some(id), &change.link)?;
    if let Some(Some(picture)) = change.media {
        media::owned(conn, picture, id)?
            .filter(|file| file.is_image && FileKind::of(&file.kind).is_portrait())
            .ok_or(StoreError::NotFound(Missing::Media))?;
    }
    Ok(())
}

fn write(conn: &Connection, id: UserId, change: &UserChange) -> Result<()> {
    if let Some(name) = &change.name {
        sql::run(conn, SET_NAME, params![id, name, fold(name)])?;
    }
    if let Some(email) = &change.email {
        sql::run(
            conn,
            SET_EMAIL,
            params![id, email, email.as_ref().map(|email| email.to_lowercase())],
        )?;
    }
    if let Some(birth) = &change.birth {
        sql::run(conn, SET_BIRTH, params![id, birth])?;
    }
    if let Some(picture) = change.media {
        sql::run(conn, SET_MEDIA, params![id, picture])?;
    }
    if let Some(status) = &change.status {
        set_status(conn, id, status.as_ref())?;
    }
    if let Some(new) = &change.password {
        sql::run(conn, SET_PASSWORD, params![id, new.password, new.md5, new.sha1])?;
    }
    if let Some(new) = &change.second_factor {
        set_factor(conn, id, new.after.as_ref())?;
    }
    if let Some(disabled) = change.disabled {
        sql::run(conn, SET_DISABLED, params![id, disabled])?;
    }
    if let Some(admin) = change.admin {
        sql::run(conn, SET_ADMIN, params![id, admin])?;
    }
    if let Some(bot) = change.bot {
        sql::run(conn, SET_BOT, params![id, bot])?;
    }
    if let Some(guest) = change.guest {
        sql::run(conn, SET_GUEST, params![id, guest])?;
    }
    identities::unlink(conn, id, &change.unlink)?;
    identities::link(conn, id, &change.link)
}

/// Replaces or removes the status of a user.
pub(super) fn set_status(conn: &Connection, id: UserId, status: Option<&Status>) -> Result<()> {
    let emoji = status.and_then(|status| status.emoji.as_ref());
    let text = status.map(|status| &status.text);
    let until = status.and_then(|status| status.until);
    sql::run(conn, SET_STATUS, params![id, emoji, text, until]).map(drop)
}

/// Replaces or removes what the codes of a second factor are checked with.
pub(super) fn set_factor(
    conn: &Connection,
    id: UserId,
    factor: Option<&SecondFactor>,
) -> Result<()> {
    let json = factor.map(|factor| serde_json::to_string(&FactorRecord::from(factor)));
    let json =
        json.transpose().map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    sql::run(conn, SET_FACTOR, params![id, json]).map(drop)
}

/// Adds digests to the password they belong to.
pub(super) fn add_digests(work: &Work<'_>, id: UserId, digests: &Digests) -> Result<(), Fault> {
    sql::run(work.conn, ADD_DIGESTS, params![id, digests.of, digests.md5, digests.sha1])?;
    Ok(())
}

/// Removes the digests of all accounts; returns how many accounts had some.
pub(super) fn forget_digests(work: &Work<'_>) -> Result<usize, Fault> {
    Ok(sql::run(work.conn, FORGET_DIGESTS, [])?)
}

/// Ends a user's log-in, releases the name, and schedules leaving their rooms.
pub(super) fn remove(work: &mut Work<'_>, id: UserId) -> Result<(), Fault> {
    let user = users::one(work.conn, id)?.ok_or(StoreError::NotFound(Missing::User))?;
    // The rooms will need the names of the user, which the row no longer has.
    job_orders::order_farewell(work, &user)?;
    sql::run(work.conn, REMOVE, params![id, work.now])?;
    work.emit(Event::UserChanged { user: id });
    preferences::forget(work.conn, id)?;
    saved::forget(work.conn, id)?;
    threads::forget(work.conn, id)?;
    drafts::forget(work.conn, id)?;
    identities::forget(work.conn, id)?;
    let ended = sessions::end(work, id, Ended::All)?;
    audit::record(work, || Ok(audit_notes::user_removed(&user, ended)))?;
    Ok(())
}
