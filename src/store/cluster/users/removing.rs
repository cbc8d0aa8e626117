//! Deleting a user: at once the account, then, as a job, room by room.

use super::rows::{self, Kept, Wrote};
use super::{directory, names};
use crate::model::{Event, Missing, Timestamp, UserId};
use crate::store::cluster::{Cluster, audit, jobs, personal, rooms, sessions};
use crate::store::{Ended, StoreError, audit_notes};

/// Attempts, each of which a change of the same user may overtake.
const TRIES: usize = 20;

/// Ends a user's log-in, releases the names, and orders leaving their rooms.
pub(in crate::store::cluster) async fn remove(at: &Cluster, id: UserId) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let before = rows::read(at, id).await?.ok_or(StoreError::NotFound(Missing::User))?;
        if bury(at, &before).await? == Wrote::Done {
            return Ok(());
        }
    }
    Err(StoreError::Unavailable)
}

async fn bury(at: &Cluster, before: &Kept) -> Result<Wrote, StoreError> {
    let (id, version) = (before.id, before.version + 1);
    let user = before.stored.user(id);
    let ended = sessions::live(at, before, Ended::All).await?;
    // The rooms will need the names of the user, which the row no longer has.
    let farewell = jobs::Work::Farewell { login: user.login.clone(), name: user.name.clone() };
    jobs::order(at, id, version, &[farewell]).await?;
    let count = u32::try_from(ended.len()).unwrap_or(u32::MAX);
    let entry = audit::begin(at, || audit_notes::user_removed(&user, count)).await?;
    let buried = before.stored.buried(Timestamp::now());
    let wrote = rows::bury(at, id, before.version, &buried).await;
    let wrote = audit::settle(at, entry, wrote, |wrote| *wrote == Wrote::Done).await?;
    if wrote == Wrote::Stale {
        return Ok(Wrote::Stale);
    }
    jobs::wake(at, id);
    at.emit(Event::UserChanged { user: id }).await;
    let ended = sessions::end_all(at, before, Ended::All, ended).await;
    if !ended.is_empty() {
        at.emit(Event::SessionEnded { user: id, sessions: ended }).await;
    }
    if let Err(error) = personal::forget(at, id).await {
        tracing::warn!(%error, user.id = %id, "The user's preferences were not removed");
    }
    names::release_all(at, id, &before.stored.names()).await;
    if let Err(error) = directory::remove(at, id, version).await {
        tracing::warn!(%error, user.id = %id, "The directory was not updated");
    }
    Ok(Wrote::Done)
}

/// Removes rows that outlive the deletion of a user for some time.
pub(in crate::store::cluster) async fn forget(at: &Cluster, id: UserId) -> Result<(), StoreError> {
    sessions::forget(at, id).await?;
    rooms::forget(at, id).await
}
