//! Rows of invitations, and accounts created with them.

use rusqlite::Error::FromSqlConversionFailure;
use rusqlite::types::Type;
use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::work::Work;
use super::{audit, sql, users};
use crate::model::{Hash32, Invitation, InvitationId, RoomId, User, UserId};
use crate::store::{ENDED_KEPT, Missing, NewInvitation, NewUser, StoreError, audit_notes};

macro_rules! invitation_sql {
    ($rest:literal) => {
        concat!(
            "SELECT id, made_by, maker, rooms, guest, uses, used, created, expires, revoked, \
             mailed_to FROM invitations ",
            $rest
        )
    };
}

const ALL: &str = invitation_sql!("ORDER BY id DESC");
const BY_SECRET: &str = invitation_sql!("WHERE secret = ?1 AND revoked IS NULL");
const BY_ID: &str = invitation_sql!("WHERE id = ?1 AND revoked IS NULL");
const ADD: &str =
    "INSERT INTO invitations (secret, made_by, maker, rooms, uses, created, expires, guest, mailed_to)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const USE: &str = "UPDATE invitations SET used = used + 1 WHERE id = ?1";
const REVOKE: &str = "UPDATE invitations SET revoked = ?2 WHERE id = ?1";
const AGE: &str = "DELETE FROM invitations WHERE expires < ?1 OR revoked < ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[ALL, BY_SECRET, BY_ID, ADD, USE, REVOKE, AGE];

fn from_row(row: &sql::Row<'_>) -> Result<Invitation> {
    let rooms: String = row.get("rooms")?;
    let rooms: Vec<i64> = serde_json::from_str(&rooms)
        .map_err(|error| FromSqlConversionFailure(3, Type::Text, error.into()))?;
    Ok(Invitation {
        id: InvitationId(row.get("id")?),
        by: row.get("made_by")?,
        maker: row.get("maker")?,
        rooms: rooms.into_iter().map(RoomId).collect(),
        guest: row.get("guest")?,
        uses: row.get("uses")?,
        used: row.get("used")?,
        created: row.get("created")?,
        expires: row.get("expires")?,
        revoked: row.get("revoked")?,
        mailed_to: row.get("mailed_to")?,
    })
}

/// Returns all invitations, newest first, with those that were revoked.
pub(super) fn all(conn: &Connection) -> Result<Vec<Invitation>> {
    sql::all(conn, ALL, [], from_row)
}

/// Returns the invitation with this secret, unless it was revoked.
pub(super) fn by_secret(conn: &Connection, secret: Hash32) -> Result<Option<Invitation>> {
    sql::one(conn, BY_SECRET, params![secret], from_row)
}

/// One that was not revoked.
fn by_id(conn: &Connection, id: InvitationId) -> Result<Option<Invitation>> {
    sql::one(conn, BY_ID, [id.0], from_row)
}

/// Adds an invitation, and forgets those that ended long ago.
pub(super) fn add(work: &Work<'_>, new: &NewInvitation) -> Result<Invitation, Fault> {
    let conn = work.conn;
    sql::run(conn, AGE, params![new.now.minus(ENDED_KEPT)])?;
    let rooms = sql::list(new.rooms.iter().map(|room| room.0));
    let expires = new.now.plus(new.life);
    let values = params![
        new.secret,
        new.by,
        new.maker,
        rooms,
        new.uses,
        new.now,
        expires,
        new.guest,
        new.mailed_to
    ];
    sql::run(conn, ADD, values)?;
    let id = InvitationId(conn.last_insert_rowid());
    let added = by_id(conn, id)?.ok_or(StoreError::Unavailable)?;
    audit::record(work, || Ok(audit_notes::invitation_added(&added)))?;
    Ok(added)
}

/// Revokes an invitation.
pub(super) fn revoke(work: &Work<'_>, id: InvitationId) -> Result<Invitation, Fault> {
    let gone = by_id(work.conn, id)?.ok_or(StoreError::NotFound(Missing::Invitation))?;
    sql::run(work.conn, REVOKE, params![id.0, work.now])?;
    audit::record(work, || Ok(audit_notes::invitation_revoked(&gone)))?;
    Ok(gone)
}

/// Counts a use of an invitation by somebody who has an account.
pub(super) fn accept(work: &Work<'_>, user: UserId, secret: Hash32) -> Result<Invitation, Fault> {
    let conn = work.conn;
    let invitation = usable(work, secret)?;
    let user = users::one(conn, user)?
        .filter(|user| !user.disabled)
        .ok_or(StoreError::NotFound(Missing::User))?;
    sql::run(conn, USE, [invitation.id.0])?;
    audit::record(work, || Ok(audit_notes::invitation_accepted(&user, &invitation)))?;
    Ok(Invitation { used: invitation.used.saturating_add(1), ..invitation })
}

fn usable(work: &Work<'_>, secret: Hash32) -> Result<Invitation, Fault> {
    let found = by_secret(work.conn, secret)?;
    let usable = found.filter(|invitation| invitation.spent(work.now).is_none());
    Ok(usable.ok_or(StoreError::NotFound(Missing::Invitation))?)
}

/// Adds a user and counts a use of an invitation.
pub(super) fn add_user(
    work: &Work<'_>,
    new: &NewUser,
    secret: Hash32,
) -> Result<(User, Invitation), Fault> {
    let conn = work.conn;
    // Everything is checked before something is written: a refusal undoes nothing.
    let invitation = usable(work, secret)?;
    let user = users::insert(work, new)?;
    sql::run(conn, USE, [invitation.id.0])?;
    audit::record(work, || Ok(audit_notes::user_invited(&user, &invitation)))?;
    Ok((user, Invitation { used: invitation.used.saturating_add(1), ..invitation }))
}
