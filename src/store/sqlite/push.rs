//! Devices that receive messages through Web Push.

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::sql;
use super::work::Work;
use crate::model::{
    MAX_SUBSCRIPTIONS, NewSubscription, PushSubscription, SessionId, Timestamp, UserId,
};
use crate::store::{Missing, StoreError};

/// Those of log-ins that are valid; more conditions may follow.
macro_rules! subscriptions_sql {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM push_subscriptions p
             JOIN sessions s ON s.id = p.session AND s.ended IS NULL AND s.expires > ?1
             JOIN users u ON u.id = p.user AND u.deleted IS NULL AND u.disabled = 0 ",
            $rest
        )
    };
}

const OF_USER: &str = subscriptions_sql!(
    "p.session, p.user, p.endpoint, p.key, p.secret, p.everything, p.text, p.at",
    "WHERE p.user = ?2 ORDER BY p.at, p.session"
);
const USERS: &str = subscriptions_sql!("DISTINCT p.user", "ORDER BY p.user");
const SET: &str = "INSERT INTO push_subscriptions
    (session, user, endpoint, key, secret, everything, text, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (session) DO UPDATE SET endpoint = excluded.endpoint, key = excluded.key,
    secret = excluded.secret, everything = excluded.everything, text = excluded.text,
    at = excluded.at";
const VALID: &str = "SELECT 1 FROM sessions s JOIN users u ON u.id = s.user
    WHERE s.id = ?1 AND s.user = ?2 AND s.ended IS NULL AND s.expires > ?3
    AND u.deleted IS NULL AND u.disabled = 0";
const REMOVE: &str = "DELETE FROM push_subscriptions WHERE session = ?1 AND user = ?2";
/// Of whatever user: who subscribes last has the browser.
const REMOVE_SAME: &str = "DELETE FROM push_subscriptions WHERE endpoint = ?1 AND session <> ?2";
const REMOVE_IF: &str =
    "DELETE FROM push_subscriptions WHERE session = ?1 AND user = ?2 AND endpoint = ?3";
/// Of sessions that have ended or expired.
const REMOVE_ENDED: &str = "DELETE FROM push_subscriptions WHERE user = ?1 AND session NOT IN (
    SELECT id FROM sessions WHERE user = ?1 AND ended IS NULL AND expires > ?2)";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[OF_USER, USERS, VALID, SET, REMOVE, REMOVE_SAME, REMOVE_IF, REMOVE_ENDED];

fn from_row(row: &sql::Row<'_>) -> Result<PushSubscription> {
    Ok(PushSubscription {
        session: row.get("session")?,
        user: row.get("user")?,
        given: NewSubscription {
            endpoint: row.get("endpoint")?,
            key: row.get("key")?,
            secret: row.get("secret")?,
            all: row.get("everything")?,
            text: row.get("text")?,
        },
        at: row.get("at")?,
    })
}

/// Sets or replaces the subscription of a session, or removes it.
pub(super) fn subscribe(
    work: &Work<'_>,
    user: UserId,
    session: SessionId,
    new: Option<&NewSubscription>,
) -> Result<(), Fault> {
    let conn = work.conn;
    sql::run(conn, REMOVE_ENDED, params![user, work.now])?;
    let Some(new) = new else {
        sql::run(conn, REMOVE, params![session, user])?;
        return Ok(());
    };
    if !sql::any(conn, VALID, params![session, user, work.now])? {
        return Err(StoreError::NotFound(Missing::Session).into());
    }
    sql::run(conn, REMOVE_SAME, params![new.endpoint, session])?;
    let NewSubscription { endpoint, key, secret, all, text } = new;
    sql::run(conn, SET, params![session, user, endpoint, key, secret, all, text, work.now])?;
    let held = of_user(conn, user, work.now)?;
    let excess = held.len().saturating_sub(MAX_SUBSCRIPTIONS);
    let others = held.iter().filter(|held| held.session != session);
    for oldest in others.take(excess) {
        sql::run(conn, REMOVE, params![oldest.session, user])?;
    }
    Ok(())
}

/// Removes the subscription of a session if it still has this address.
pub(super) fn drop_endpoint(
    work: &Work<'_>,
    user: UserId,
    session: SessionId,
    endpoint: &str,
) -> Result<(), Fault> {
    sql::run(work.conn, REMOVE_IF, params![session, user, endpoint])?;
    Ok(())
}

/// Returns the subscriptions of a user, the one that was changed first before the others.
pub(super) fn of_user(
    conn: &Connection,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<PushSubscription>> {
    sql::all(conn, OF_USER, params![now, user], from_row)
}

/// Returns the users with a subscription.
pub(super) fn users(conn: &Connection, now: Timestamp) -> Result<Vec<UserId>> {
    sql::all(conn, USERS, [now], |row| row.get("user"))
}

/// Removes the subscription of a session that has ended.
pub(super) fn end(conn: &Connection, user: UserId, session: SessionId) -> Result<()> {
    sql::run(conn, REMOVE, params![session, user]).map(drop)
}
