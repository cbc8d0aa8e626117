//! Rows of sessions.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Grant, Hash32, Session, SessionId, Timestamp, UserId};
use crate::store::cluster::encoding::{decode, encode};
use crate::store::cluster::tables::schema::people::{SESSIONS, SESSIONS_BY_USER};
use crate::store::cluster::tables::{Put, Row, Slice, Value};
use crate::store::cluster::{Cluster, users};
use crate::store::{Device, NewSession, StoreError, grants};

const VERSION: u8 = 2;
/// Timestamp of an end, larger than that of any use.
const END: i64 = 1 << 52;
/// How long rows stay after the expiry that they say.
const KEPT_AFTER: Duration = Duration::from_hours(24);
/// How long the end of a session stays beyond its expiry: longer than any use of it that a server
/// may still be writing.
const END_KEPT_AFTER: Duration = Duration::from_hours(31 * 24);

/// What never changes of a session: version 2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    id: i64,
    user: i64,
    token: [u8; 32],
    device: String,
    address: Option<String>,
    created: i64,
    generation: u32,
    /// JSON of [`grants`].
    granted: Option<String>,
}

/// Version 1: before there were API tokens.
#[derive(Debug, Serialize, Deserialize)]
struct Stored1 {
    id: i64,
    user: i64,
    token: [u8; 32],
    device: String,
    address: Option<String>,
    created: i64,
    generation: u32,
}

impl From<Stored1> for Stored {
    fn from(old: Stored1) -> Self {
        let Stored1 { id, user, token, device, address, created, generation } = old;
        Self { id, user, token, device, address, created, generation, granted: None }
    }
}

/// A session that has not ended.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) stored: Stored,
    pub(super) seen: Timestamp,
    pub(super) expires: Timestamp,
    /// Another system has proven the log-in.
    pub(super) vouched: bool,
}

impl Stored {
    pub(super) fn new(id: SessionId, new: &NewSession, generation: u32) -> Self {
        Self {
            id: id.0,
            user: new.user.0,
            token: new.token.0,
            device: new.device.clone(),
            address: new.address.map(|address| address.to_string()),
            created: new.now.0,
            generation,
            granted: new.grant.as_ref().map(grants::to_stored),
        }
    }

    /// Returns what it may do, if it is an API token or a webhook.
    pub(super) fn grant(&self) -> Result<Option<Grant>, StoreError> {
        let granted = self.granted.as_deref().map(grants::from_stored).transpose();
        granted.map_err(|error| {
            tracing::error!(%error, session = self.id, "What an API token may do cannot be read");
            StoreError::Unavailable
        })
    }

    pub(super) fn created(&self) -> Timestamp {
        Timestamp(self.created)
    }

    pub(super) fn id(&self) -> SessionId {
        SessionId(self.id)
    }

    /// Returns whether the user has not ended it with a new password or been disabled since.
    pub(super) fn is_of(&self, owner: &users::Kept) -> bool {
        owner.stored.admits(self.generation, self.id())
    }
}

impl Kept {
    /// Returns the user, unless the session has ended with its generation or its user.
    pub(super) async fn owner(&self, at: &Cluster) -> Result<Option<users::Kept>, StoreError> {
        let owner = users::read(at, UserId(self.stored.user)).await?;
        Ok(owner.filter(|owner| self.stored.is_of(owner)))
    }

    pub(super) fn session(&self, owner: &users::Kept) -> Result<Session, StoreError> {
        let user = owner.stored.user(owner.id);
        let grant = self.stored.grant()?;
        let unproven = grant.is_none() && !self.vouched && !user.bot && !user.second_factor;
        Ok(Session {
            id: self.stored.id(),
            user: user.id,
            login: user.login,
            name: user.name,
            admin: user.admin && grants::administers(grant.as_ref()),
            guest: user.guest,
            token: Hash32(self.stored.token),
            device: self.stored.device.clone(),
            address: self.stored.address.as_ref().and_then(|text| text.parse().ok()),
            peer: None,
            created: self.stored.created(),
            seen: self.seen,
            expires: self.expires,
            grant,
            unproven,
        })
    }

    /// Time until the expiry, counted from the last use: rows expire by themselves.
    pub(super) fn life(&self) -> Duration {
        let millis = self.expires.0.saturating_sub(self.seen.0);
        Duration::from_millis(millis.max(0).unsigned_abs())
    }
}

/// Returns the session of a secret, unless it has ended.
pub(super) async fn by_token(at: &Cluster, token: Hash32) -> Result<Option<Kept>, StoreError> {
    let slice = Slice::of(&SESSIONS, [token.0.to_vec().into()]);
    first(&at.tables().read(slice).await?)
}

/// Returns a session of a user, unless it has ended.
pub(super) async fn by_id(
    at: &Cluster,
    user: UserId,
    id: SessionId,
) -> Result<Option<Kept>, StoreError> {
    let slice = Slice::of(&SESSIONS_BY_USER, [user.0.into()]).under([id.0.into()]);
    first(&at.tables().read(slice).await?)
}

/// Returns the sessions of a user that have not ended, newest first; some may have expired.
pub(super) async fn of_user(at: &Cluster, user: UserId) -> Result<Vec<Kept>, StoreError> {
    let rows = at.tables().read(Slice::of(&SESSIONS_BY_USER, [user.0.into()])).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows.iter().rev() {
        found.extend(kept(row)?);
    }
    Ok(found)
}

fn first(rows: &[Row]) -> Result<Option<Kept>, StoreError> {
    rows.first().map_or(Ok(None), kept)
}

fn stored(body: &[u8]) -> Result<Stored, StoreError> {
    Ok(match body.first() {
        Some(1) => decode::<Stored1>(1, body)?.into(),
        _ => decode(VERSION, body)?,
    })
}

/// Returns when a user last used a session without a grant, ended or not.
pub(super) async fn last_seen(at: &Cluster, user: UserId) -> Result<Option<Timestamp>, StoreError> {
    let rows = at.tables().read(Slice::of(&SESSIONS_BY_USER, [user.0.into()])).await?;
    let mut last = None;
    for row in &rows {
        if let (Some(body), Some(seen)) = (row.bytes("body"), row.int("seen"))
            && stored(body)?.granted.is_none()
        {
            last = last.max(Some(Timestamp(seen)));
        }
    }
    Ok(last)
}

/// Returns the devices with which a user has logged in, as far as their rows are there.
pub(in crate::store::cluster) async fn devices(
    at: &Cluster,
    user: UserId,
) -> Result<Vec<Device>, StoreError> {
    let rows = at.tables().read(Slice::of(&SESSIONS_BY_USER, [user.0.into()])).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(body) = row.bytes("body") else { continue };
        let stored = stored(body)?;
        if stored.granted.is_none() {
            let session = stored.id();
            let address = stored.address.as_deref().and_then(|text| text.parse().ok());
            found.push(Device { session, name: stored.device, address });
        }
    }
    Ok(found)
}

fn kept(row: &Row) -> Result<Option<Kept>, StoreError> {
    // The end of a session may outlive the rest of its row.
    let (None | Some(false), Some(body)) = (row.flag("ended"), row.bytes("body")) else {
        return Ok(None);
    };
    let stored = stored(body)?;
    let time = |name| Timestamp(row.int(name).unwrap_or_default());
    let vouched = row.flag("vouched") == Some(true);
    Ok(Some(Kept { stored, seen: time("seen"), expires: time("expires"), vouched }))
}

/// Writes the rows of a session as of its last use. That by user comes first: what is found by its
/// secret is found by its user too, who can end it.
pub(super) async fn write(at: &Cluster, kept: &Kept) -> Result<(), StoreError> {
    let mut cells: Vec<(&'static str, Value)> = vec![
        ("body", encode(VERSION, &kept.stored)?.into()),
        ("seen", kept.seen.0.into()),
        ("expires", kept.expires.0.into()),
    ];
    if kept.vouched {
        cells.push(("vouched", true.into()));
    }
    let used = kept.seen.0.saturating_sub(kept.stored.created).clamp(0, END - 2) + 1;
    let [by_token, by_user] = puts(&kept.stored, used, &cells, kept.life() + KEPT_AFTER);
    at.tables().write(vec![by_user]).await?;
    Ok(at.tables().write(vec![by_token]).await?)
}

/// Ends a session for good. The row by its secret comes first: if this fails, the session is still
/// found by its user, and ended when it is repeated.
pub(super) async fn end(at: &Cluster, kept: &Kept) -> Result<(), StoreError> {
    let cells = [("ended", true.into())];
    let [by_token, by_user] = puts(&kept.stored, END, &cells, kept.life() + END_KEPT_AFTER);
    at.tables().write(vec![by_token]).await?;
    Ok(at.tables().write(vec![by_user]).await?)
}

/// Removes the rows of sessions of a user that have ended.
pub(in crate::store::cluster) async fn forget(
    at: &Cluster,
    user: UserId,
) -> Result<(), StoreError> {
    let owner = users::read(at, user).await?;
    let rows = at.tables().read(Slice::of(&SESSIONS_BY_USER, [user.0.into()])).await?;
    let mut puts = Vec::with_capacity(2 * rows.len());
    for row in &rows {
        let Some(body) = row.bytes("body") else { continue };
        let stored = stored(body)?;
        let is_valid = owner.as_ref().is_some_and(|owner| stored.is_of(owner));
        if row.flag("ended") == Some(true) || !is_valid {
            puts.extend(puts_of(&stored, END + 1, &[]).map(Put::deleted));
        }
    }
    if puts.is_empty() { Ok(()) } else { Ok(at.tables().write(puts).await?) }
}

fn puts(
    stored: &Stored,
    timestamp: i64,
    cells: &[(&'static str, Value)],
    life: Duration,
) -> [Put; 2] {
    puts_of(stored, timestamp, cells).map(|put| put.living(life))
}

/// The rows of a session by the hash of its secret and by user.
fn puts_of(stored: &Stored, timestamp: i64, cells: &[(&'static str, Value)]) -> [Put; 2] {
    let (token, user): ([Value; 1], [Value; 1]) =
        ([stored.token.to_vec().into()], [stored.user.into()]);
    let by_token = Put::plain(&SESSIONS, timestamp, token, [], cells);
    let by_user = Put::plain(&SESSIONS_BY_USER, timestamp, user, [stored.id.into()], cells);
    [by_token, by_user]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_sessions_are_read() {
        let mut stored = Stored {
            id: 1,
            user: 2,
            token: [3; 32],
            device: "x".to_owned(),
            address: Some("::1".to_owned()),
            created: 4,
            generation: 5,
            granted: None,
        };
        let first = format!("0204{}017801033a3a310805", "03".repeat(32));
        let old = hex::decode(format!("01{first}")).unwrap();
        assert_eq!(decode::<Stored1>(1, &old).map(Stored::from), Ok(stored.clone()));
        for (granted, rest) in [(None, "00"), (Some("{}"), "01027b7d")] {
            stored.granted = granted.map(str::to_owned);
            let bytes = encode(VERSION, &stored).unwrap();
            assert_eq!(hex::encode(&bytes), format!("02{first}{rest}"));
            assert_eq!(decode::<Stored>(VERSION, &bytes), Ok(stored.clone()));
        }
    }
}
