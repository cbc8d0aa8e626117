//! Sessions and one-time tickets.
//!
//! A session is two rows, by the hash of its secret and by user. A row's timestamp is the time of
//! its last use since its creation, so that the latest use wins, and the end of a session has a
//! timestamp larger than any use: an end always wins, whatever the clocks of the servers say. A new
//! password ends the sessions of its user's earlier [generations](super::users) by the same
//! conditional write that stores it.

mod ending;
mod listing;
#[cfg(test)]
mod model_tests;
mod rows;
mod tickets;

pub(super) use ending::{end, end_all, end_once, live};
pub(super) use listing::{granted, last_seen};
pub(super) use rows::{devices, forget};
pub(super) use tickets::{issue_ticket, take_ticket};

use std::time::Duration;

use self::rows::{Kept, Stored};
use super::{Cluster, audit, ids, users};
use crate::model::{Hash32, Missing, Session, SessionId, Timestamp, UserId};
use crate::store::{NewSession, StoreError, audit_notes, grants};

/// Stores a new session.
pub(super) async fn start(at: &Cluster, new: NewSession) -> Result<Session, StoreError> {
    let unknown = StoreError::NotFound(Missing::User);
    let user = users::read(at, new.user).await?.ok_or(unknown.clone())?;
    let generation = user.stored.generation().ok_or(unknown)?;
    let id = SessionId(ids::take(at, ids::Kind::Session).await?);
    let kept = Kept {
        stored: Stored::new(id, &new, generation),
        seen: new.now,
        expires: new.now.plus(new.life),
        vouched: new.vouched,
    };
    let session = kept.session(&user)?;
    let entry = audit::begin(at, || audit_notes::token_created(&session)).await?;
    let written = rows::write(at, &kept).await;
    audit::settle(at, entry, written.map(|()| session), |_| true).await
}

/// Returns a session that is valid now, and extends its expiry.
pub(super) async fn find(
    at: &Cluster,
    token: Hash32,
    now: Timestamp,
    life: Duration,
) -> Result<Option<Session>, StoreError> {
    let Some(mut kept) = rows::by_token(at, token).await?.filter(|kept| kept.expires > now) else {
        return Ok(None);
    };
    let Some(user) = kept.owner(at).await? else { return Ok(None) };
    let grant = kept.stored.grant()?;
    if grants::is_recorded(grant.as_ref(), kept.stored.created(), kept.seen, now) {
        (kept.seen, kept.expires) = (now, grants::used(grant.as_ref(), kept.expires, now, life));
        if let Err(error) = rows::write(at, &kept).await {
            tracing::debug!(%error, "The use of a session was not recorded");
        }
    }
    kept.session(&user).map(Some)
}

/// Returns the currently valid sessions of a user, newest first.
pub(super) async fn list(at: &Cluster, user: UserId) -> Result<Vec<Session>, StoreError> {
    let Some(owner) = users::read(at, user).await? else { return Ok(Vec::new()) };
    let now = Timestamp::now();
    let valid = rows::of_user(at, user)
        .await?
        .into_iter()
        .filter(|kept| kept.expires > now && kept.stored.is_of(&owner));
    valid.map(|kept| kept.session(&owner)).collect()
}

/// Returns the session with this id if it is valid.
async fn by_id(at: &Cluster, user: UserId, id: SessionId) -> Result<Option<Session>, StoreError> {
    let now = Timestamp::now();
    let Some(kept) = rows::by_id(at, user, id).await?.filter(|kept| kept.expires > now) else {
        return Ok(None);
    };
    kept.owner(at).await?.map(|owner| kept.session(&owner)).transpose()
}
