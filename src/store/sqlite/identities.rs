//! What users are in other systems, with which they log in.

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::sql;
use crate::model::{Claim, Identity, IdentitySource, UserId};
use crate::store::StoreError;

const OF_USER: &str =
    "SELECT source, subject FROM identities WHERE user = ?1 ORDER BY source DESC, subject";
const TAKEN: &str =
    "SELECT 1 FROM identities WHERE source = ?1 AND subject = ?2 AND user IS NOT ?3";
const LINK: &str = "INSERT INTO identities (source, subject, user) VALUES (?1, ?2, ?3)
    ON CONFLICT (source, subject) DO NOTHING";
const UNLINK: &str = "DELETE FROM identities WHERE source = ?1 AND subject = ?2 AND user = ?3";
const FORGET: &str = "DELETE FROM identities WHERE user = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[OF_USER, TAKEN, LINK, UNLINK, FORGET];

/// Returns the identities of a user.
pub(super) fn of_user(conn: &Connection, user: UserId) -> Result<Vec<Identity>> {
    let found = sql::all(conn, OF_USER, [user], |row| {
        let source = IdentitySource::parse(&row.get::<_, String>("source")?);
        let subject = row.get("subject")?;
        Ok(source.map(|source| Identity { source, subject }))
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// Fails with `Taken` if another user than this one has one of these identities.
pub(super) fn check(
    conn: &Connection,
    user: Option<UserId>,
    identities: &[Identity],
) -> Result<(), Fault> {
    for identity in identities {
        if is_taken(conn, user, identity)? {
            return Err(StoreError::Taken(Claim::Identity).into());
        }
    }
    Ok(())
}

/// Returns whether another user than this one has an identity.
pub(super) fn is_taken(
    conn: &Connection,
    user: Option<UserId>,
    Identity { source, subject }: &Identity,
) -> Result<bool> {
    sql::any(conn, TAKEN, params![source.as_str(), subject, user])
}

/// Links identities that nobody else has.
pub(super) fn link(conn: &Connection, user: UserId, identities: &[Identity]) -> Result<()> {
    for Identity { source, subject } in identities {
        sql::run(conn, LINK, params![source.as_str(), subject, user])?;
    }
    Ok(())
}

/// Unlinks those of the identities that the user has.
pub(super) fn unlink(conn: &Connection, user: UserId, identities: &[Identity]) -> Result<()> {
    for Identity { source, subject } in identities {
        sql::run(conn, UNLINK, params![source.as_str(), subject, user])?;
    }
    Ok(())
}

/// Unlinks all identities of a user.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    sql::run(conn, FORGET, [user]).map(drop)
}
