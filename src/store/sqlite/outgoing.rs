//! Outgoing webhooks, and how far they have sent the events of their rooms.

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::work::Work;
use super::{audit, outgoing_rooms, sql};
use crate::model::{
    Claim, NewOutgoingWebhook, OutgoingWebhook, RoomId, WebhookBot, WebhookChange, WebhookEvent,
    WebhookId, WebhookPlace, WebhookProblem, WebhookSecret,
};
use crate::store::{StoreError, audit_notes};

macro_rules! webhooks_sql {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, url, secret, events, creator, created, bot, bot_login, restarts, \
             failing_since, failing_reason, disabled_since, disabled_reason, all_public FROM \
             outgoing_webhooks ",
            $rest
        )
    };
}

const ALL: &str = webhooks_sql!("ORDER BY id");
const ONE: &str = webhooks_sql!("WHERE id = ?1");
const NAMED: &str = "SELECT 1 FROM outgoing_webhooks WHERE name = ?1";
const ADD: &str =
    "INSERT INTO outgoing_webhooks (name, url, secret, events, creator, created, bot, bot_login, all_public)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const SET: &str = "UPDATE outgoing_webhooks SET restarts = ?2, failing_since = ?3, \
                   failing_reason = ?4, disabled_since = ?5, disabled_reason = ?6 WHERE id = ?1";
const REMOVE: &str = "DELETE FROM outgoing_webhooks WHERE id = ?1";
const PLACES: &str =
    "SELECT room, rev, seq, sent FROM outgoing_places WHERE webhook = ?1 ORDER BY room";
const ADD_PLACE: &str =
    "INSERT INTO outgoing_places (webhook, room, rev, seq, sent) VALUES (?1, ?2, ?3, ?4, ?5)";
const MOVE: &str = "UPDATE outgoing_places SET rev = ?3, seq = ?4, sent = coalesce(?5, sent) \
                    WHERE webhook = ?1 AND room = ?2 AND rev + seq <= ?3 + ?4";
const LEAVE: &str = "DELETE FROM outgoing_places WHERE webhook = ?1 AND room = ?2";
const LEAVE_ALL: &str = "DELETE FROM outgoing_places WHERE webhook = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[ALL, ONE, NAMED, ADD, SET, REMOVE, PLACES, ADD_PLACE, MOVE, LEAVE, LEAVE_ALL];

fn from_row(row: &sql::Row<'_>) -> Result<OutgoingWebhook> {
    let events: String = row.get("events")?;
    let problem = |since: Option<_>, reason: Option<String>| {
        Some(WebhookProblem { since: since?, reason: reason.unwrap_or_default() })
    };
    Ok(OutgoingWebhook {
        id: WebhookId(row.get("id")?),
        name: row.get("name")?,
        url: row.get("url")?,
        secret: WebhookSecret(row.get("secret")?),
        events: WebhookEvent::parse_list(&events),
        creator: row.get("creator")?,
        created: row.get("created")?,
        bot: match row.get::<_, Option<_>>("bot")? {
            Some(id) => Some(WebhookBot { id, login: row.get("bot_login")? }),
            None => None,
        },
        restarts: row.get("restarts")?,
        failing: problem(row.get("failing_since")?, row.get("failing_reason")?),
        disabled: problem(row.get("disabled_since")?, row.get("disabled_reason")?),
        all_public: row.get("all_public")?,
        places: Vec::new(),
    })
}

fn places(conn: &Connection, id: WebhookId) -> Result<Vec<WebhookPlace>> {
    sql::all(conn, PLACES, [id.0], |row| {
        Ok(WebhookPlace {
            room: row.get("room")?,
            rev: row.get("rev")?,
            seq: row.get("seq")?,
            sent: row.get("sent")?,
        })
    })
}

/// Returns all webhooks.
pub(super) fn all(conn: &Connection) -> Result<Vec<OutgoingWebhook>> {
    let mut all = sql::all(conn, ALL, (), from_row)?;
    for webhook in &mut all {
        webhook.places = places(conn, webhook.id)?;
    }
    Ok(all)
}

fn one(conn: &Connection, id: WebhookId) -> Result<Option<OutgoingWebhook>> {
    let Some(mut found) = sql::one(conn, ONE, [id.0], from_row)? else { return Ok(None) };
    found.places = places(conn, id)?;
    Ok(Some(found))
}

/// Adds a webhook.
pub(super) fn add(work: &mut Work<'_>, new: &NewOutgoingWebhook) -> Result<OutgoingWebhook, Fault> {
    let conn = work.conn;
    if sql::any(conn, NAMED, [&new.name])? {
        return Err(StoreError::Taken(Claim::Token).into());
    }
    let NewOutgoingWebhook { name, url, secret, events, all_public, creator, bot, places } = new;
    let (events, bot) = (WebhookEvent::list(events), bot.as_ref());
    let values = params![
        name,
        url,
        secret.0.as_slice(),
        events,
        creator,
        work.now,
        bot.map(|bot| bot.id),
        bot.map(|bot| &bot.login),
        all_public,
    ];
    sql::run(conn, ADD, values)?;
    let id = WebhookId(conn.last_insert_rowid());
    for WebhookPlace { room, rev, seq, sent } in places {
        sql::run(conn, ADD_PLACE, params![id.0, room, rev, seq, sent])?;
    }
    let added = one(conn, id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    audit::record(work, || Ok(audit_notes::webhook_added(&added)))?;
    Ok(added)
}

/// Changes a webhook.
pub(super) fn change(
    work: &mut Work<'_>,
    id: WebhookId,
    change: WebhookChange,
) -> Result<Option<OutgoingWebhook>, Fault> {
    let Some(before) = one(work.conn, id)? else { return Ok(None) };
    let after = before.with(change, work.now);
    if after != before {
        let (failing, disabled) = (after.failing.as_ref(), after.disabled.as_ref());
        let values = params![
            id.0,
            after.restarts,
            failing.map(|problem| problem.since),
            failing.map(|problem| &problem.reason),
            disabled.map(|problem| problem.since),
            disabled.map(|problem| &problem.reason),
        ];
        sql::run(work.conn, SET, values)?;
        audit::record(work, || Ok(audit_notes::webhook_changed(&before, &after)))?;
    }
    Ok(Some(after))
}

/// Removes a webhook.
pub(super) fn remove(work: &mut Work<'_>, id: WebhookId) -> Result<Option<OutgoingWebhook>, Fault> {
    let Some(gone) = one(work.conn, id)? else { return Ok(None) };
    sql::run(work.conn, LEAVE_ALL, [id.0])?;
    sql::run(work.conn, REMOVE, [id.0])?;
    if gone.tells_of_people() {
        for place in &gone.places {
            outgoing_rooms::trim(work.conn, place.room)?;
        }
    }
    audit::record(work, || Ok(audit_notes::webhook_removed(&gone)))?;
    Ok(Some(gone))
}

/// Moves a place forward.
pub(super) fn advance(conn: &Connection, id: WebhookId, place: WebhookPlace) -> Result<()> {
    let WebhookPlace { room, rev, seq, sent } = place;
    sql::run(conn, MOVE, params![id.0, room, rev, seq, sent])?;
    outgoing_rooms::trim(conn, room)
}

/// Removes a place.
pub(super) fn leave(conn: &Connection, id: WebhookId, room: RoomId) -> Result<()> {
    sql::run(conn, LEAVE, params![id.0, room])?;
    outgoing_rooms::trim(conn, room)
}
