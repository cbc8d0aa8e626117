//! Adding a user.
//!
//! A row of version 0 comes first, then the names are claimed, and version 1 makes it an account:
//! this conditional write is the commit. A server that dies before it leaves nothing but claims,
//! which others take over.

use super::rows::{self, Wrote};
use super::stored::Stored;
use super::{directory, names};
use crate::model::{Timestamp, User, UserId};
use crate::store::cluster::{Cluster, audit, ids};
use crate::store::{NewUser, StoreError, audit_notes};

/// Adds a user, or does nothing.
pub(in crate::store::cluster) async fn add(at: &Cluster, new: NewUser) -> Result<User, StoreError> {
    let id = UserId(ids::take(at, ids::Kind::User).await?);
    let stored = Stored::new(&new, Timestamp::now());
    rows::insert(at, id, &stored).await?;
    match complete(at, id, &stored).await {
        Ok(user) => Ok(user),
        // It may be an account.
        Err(StoreError::Unknown) => Err(StoreError::Unknown),
        Err(error) => {
            if let Err(why) = rows::abandon(at, id).await {
                tracing::debug!(%why, "An account that was not completed was left as it is");
            }
            Err(error)
        }
    }
}

async fn complete(at: &Cluster, id: UserId, stored: &Stored) -> Result<User, StoreError> {
    let claimed = stored.names();
    names::claim_all(at, id, &claimed).await?;
    let user = stored.user(id);
    let committed = async {
        directory::write(at, id, 1, stored).await?;
        if stored.admin {
            directory::mark_administrator(at, id, 1, true).await?;
        }
        let entry = audit::begin(at, || audit_notes::user_added(&user)).await?;
        let wrote = rows::write(at, id, 0, stored).await;
        audit::settle(at, entry, wrote, |wrote| *wrote == Wrote::Done).await
    };
    match committed.await {
        Ok(Wrote::Done) => Ok(user),
        Err(StoreError::Unknown) => Err(StoreError::Unknown),
        // Somebody took this account for abandoned.
        Ok(Wrote::Stale) => {
            names::release_all(at, id, &claimed).await;
            Err(StoreError::Unavailable)
        }
        Err(error) => {
            names::release_all(at, id, &claimed).await;
            Err(error)
        }
    }
}
