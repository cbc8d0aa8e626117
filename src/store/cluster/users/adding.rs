//! Adding a user.
//!
//! A row of version 0 comes first, then the names are claimed and a use of the invitation is taken,
//! and version 1 makes it an account: this conditional write is the commit. A server that dies
//! before it leaves nothing but claims, which others take over, and a use, which others give back.

use super::rows::{self, Wrote};
use super::stored::Stored;
use super::{directory, inviting, names};
use crate::model::{AuditNote, Hash32, Invitation, Timestamp, User, UserId};
use crate::store::cluster::{Cluster, audit, ids};
use crate::store::{NewUser, StoreError, audit_notes};

/// Adds a user, or does nothing.
pub(in crate::store::cluster) async fn add(at: &Cluster, new: NewUser) -> Result<User, StoreError> {
    let (id, stored) = begin(at, &new).await?;
    end(at, id, complete(at, id, &stored).await).await
}

/// Adds a user with an invitation, or does nothing.
pub(in crate::store::cluster) async fn add_invited(
    at: &Cluster,
    new: NewUser,
    secret: Hash32,
) -> Result<(User, Invitation), StoreError> {
    let (id, stored) = begin(at, &new).await?;
    end(at, id, complete_invited(at, id, &stored, secret).await).await
}

/// Adds an incomplete user.
async fn begin(at: &Cluster, new: &NewUser) -> Result<(UserId, Stored), StoreError> {
    let id = UserId(ids::take(at, ids::Kind::User).await?);
    let stored = Stored::new(new, Timestamp::now());
    rows::insert(at, id, &stored).await?;
    Ok((id, stored))
}

/// Makes sure that a user who was not completed never is.
async fn end<T>(
    at: &Cluster,
    id: UserId,
    completed: Result<T, StoreError>,
) -> Result<T, StoreError> {
    // It may be an account if the outcome is unknown.
    if let Err(error) = &completed
        && *error != StoreError::Unknown
        && let Err(why) = rows::abandon(at, id).await
    {
        tracing::debug!(%why, "An account that was not completed was left as it is");
    }
    completed
}

async fn complete(at: &Cluster, id: UserId, stored: &Stored) -> Result<User, StoreError> {
    let claimed = stored.names();
    names::claim_all(at, id, &claimed).await?;
    let user = stored.user(id);
    let note = || audit_notes::user_added(&user, &stored.identities());
    match commit(at, id, stored, note).await {
        Ok(()) => Ok(user),
        Err(StoreError::Unknown) => Err(StoreError::Unknown),
        Err(error) => {
            names::release_all(at, id, &claimed).await;
            Err(error)
        }
    }
}

async fn complete_invited(
    at: &Cluster,
    id: UserId,
    stored: &Stored,
    secret: Hash32,
) -> Result<(User, Invitation), StoreError> {
    let claimed = stored.names();
    names::claim_all(at, id, &claimed).await?;
    let invitation = match inviting::take(at, secret, id).await {
        Ok(invitation) => invitation,
        Err(error) => {
            names::release_all(at, id, &claimed).await;
            return Err(error);
        }
    };
    let user = stored.user(id);
    let note = || audit_notes::user_invited(&user, &invitation);
    match commit(at, id, stored, note).await {
        Ok(()) => {
            inviting::finish(at, secret, id, true).await;
            Ok((user, invitation))
        }
        // Whoever reads the invitation later finds out.
        Err(StoreError::Unknown) => Err(StoreError::Unknown),
        Err(error) => {
            // Before the use is given back, so that nobody completes the account.
            let gone = rows::abandon(at, id).await;
            if gone.is_ok() {
                inviting::finish(at, secret, id, false).await;
            }
            names::release_all(at, id, &claimed).await;
            Err(error)
        }
    }
}

/// Makes a user of version 0 an account.
async fn commit(
    at: &Cluster,
    id: UserId,
    stored: &Stored,
    note: impl FnOnce() -> Option<AuditNote>,
) -> Result<(), StoreError> {
    directory::write(at, id, 1, stored).await?;
    if stored.admin {
        directory::mark_administrator(at, id, 1, true).await?;
    }
    let entry = audit::begin(at, note).await?;
    let wrote = rows::write(at, id, 0, stored).await;
    match audit::settle(at, entry, wrote, |wrote| *wrote == Wrote::Done).await? {
        Wrote::Done => Ok(()),
        // Somebody took this account for abandoned.
        Wrote::Stale => Err(StoreError::Unavailable),
    }
}
