//! Uses of invitations.
//!
//! An account that is being created takes a use of its invitation before it is completed, by a
//! conditional write that names it, and settles it afterwards. A server that dies in between leaves
//! a use that was taken: whoever reads it after some seconds finds out what became of the account,
//! having made sure that it can no longer be completed, and gives the use back or counts it.

use std::time::Duration;

use super::rows::{self, State, Wrote};
use crate::model::{Hash32, Invitation, Missing, Timestamp, UserId};
use crate::store::cluster::invitations::{self, Kept, TRIES};
use crate::store::cluster::tables::Consistency;
use crate::store::cluster::{Cluster, audit};
use crate::store::{StoreError, audit_notes};

/// A creation that takes longer is taken for abandoned. It fails then; it does not break anything.
const ABANDONED: Duration = Duration::from_secs(15);

/// How a test of faults changes what is done here.
#[cfg(test)]
#[derive(Clone, Copy)]
pub(super) struct Altered {
    /// Instead of [`ABANDONED`]. Zero: everybody settles everybody's uses.
    pub(super) abandoned: Duration,
    /// A planted mistake: a use is given back while its account can still be completed.
    pub(super) carelessly: bool,
}

#[cfg(test)]
thread_local! {
    pub(super) static ALTERED: std::cell::Cell<Altered> =
        const { std::cell::Cell::new(Altered { abandoned: ABANDONED, carelessly: false }) };
}

fn abandoned() -> Duration {
    #[cfg(test)]
    return ALTERED.get().abandoned;
    #[cfg(not(test))]
    ABANDONED
}

/// What became of an account that has taken a use.
enum Fate {
    /// It is being created.
    Open,
    /// It was created.
    Made,
    /// It was not, and cannot be any more.
    Failed,
}

/// Takes a use for an account that is being created; `NotFound` if there is none left. Returns the
/// invitation with that use.
pub(super) async fn take(
    at: &Cluster,
    secret: Hash32,
    user: UserId,
) -> Result<Invitation, StoreError> {
    let none = StoreError::NotFound(Missing::Invitation);
    for _ in 0..TRIES {
        let read = invitations::by_secret(at, secret, Consistency::Serial).await;
        let mut kept = read?.and_then(Kept::standing).ok_or(none.clone())?;
        // An earlier attempt was made, and the row was written by others since.
        if kept.stored.taking.iter().any(|(taker, _)| *taker == user.0) {
            return Ok(kept.invitation());
        }
        let now = Timestamp::now();
        settle(at, &mut kept, now).await?;
        if kept.invitation().spent(now).is_some() {
            return Err(none);
        }
        kept.stored.taking.push((user.0, now.0));
        match invitations::write(at, &kept).await {
            Ok(invitations::Wrote::Done) => return Ok(kept.invitation()),
            Ok(invitations::Wrote::Stale) => {}
            // If it is taken nevertheless, it is given back when the account is found abandoned.
            Err(_) => return Err(StoreError::Unavailable),
        }
    }
    Err(StoreError::Unavailable)
}

/// Counts a use by somebody who has an account.
pub(in crate::store::cluster) async fn accept(
    at: &Cluster,
    user: UserId,
    secret: Hash32,
) -> Result<Invitation, StoreError> {
    let found = rows::read(at, user).await?.map(|kept| kept.stored.user(user));
    let account = found.filter(|user| !user.disabled);
    let account = account.ok_or(StoreError::NotFound(Missing::User))?;
    let invitation = take(at, secret, user).await?;
    let entry =
        audit::begin(at, || audit_notes::invitation_accepted(&account, &invitation)).await?;
    audit::settle(at, entry, Ok(()), |()| true).await?;
    finish(at, secret, user, true).await;
    Ok(invitation)
}

/// Ends the creation of an account that has taken a use: counts the use if it was `made`, and gives
/// it back otherwise. A failure is only logged, since others find out later.
pub(super) async fn finish(at: &Cluster, secret: Hash32, user: UserId, made: bool) {
    if let Err(error) = finished(at, secret, user, made).await {
        tracing::debug!(%error, "The use of an invitation was not settled");
    }
}

async fn finished(
    at: &Cluster,
    secret: Hash32,
    user: UserId,
    made: bool,
) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let read = invitations::by_secret(at, secret, Consistency::Serial).await?;
        // It has ended long ago.
        let Some(mut kept) = read else { return Ok(()) };
        let before = kept.stored.taking.len();
        kept.stored.taking.retain(|(taker, _)| *taker != user.0);
        // Somebody else has found out already.
        if kept.stored.taking.len() == before {
            return Ok(());
        }
        if made {
            kept.stored.used = kept.stored.used.saturating_add(1);
        }
        if invitations::write(at, &kept).await? == invitations::Wrote::Done {
            return Ok(());
        }
    }
    Err(StoreError::Unavailable)
}

/// Returns all invitations, newest first.
pub(in crate::store::cluster) async fn all(at: &Cluster) -> Result<Vec<Invitation>, StoreError> {
    let now = Timestamp::now();
    let mut found = Vec::new();
    for mut kept in invitations::all(at).await? {
        settle(at, &mut kept, now).await?;
        found.push(kept.invitation());
    }
    found.sort_by_key(|invitation| std::cmp::Reverse(invitation.id));
    Ok(found)
}

/// Returns the invitation with this secret, unless it was revoked.
pub(in crate::store::cluster) async fn by_secret(
    at: &Cluster,
    secret: Hash32,
) -> Result<Option<Invitation>, StoreError> {
    let read = invitations::by_secret(at, secret, Consistency::Quorum).await?;
    let Some(mut kept) = read.and_then(Kept::standing) else { return Ok(None) };
    settle(at, &mut kept, Timestamp::now()).await?;
    Ok(Some(kept.invitation()))
}

/// Counts or gives back uses that were taken long ago; the row itself is not written.
async fn settle(at: &Cluster, kept: &mut Kept, now: Timestamp) -> Result<(), StoreError> {
    let mut open = Vec::new();
    for (taker, since) in std::mem::take(&mut kept.stored.taking) {
        let fate = if Timestamp(since).plus(abandoned()) <= now {
            fate(at, UserId(taker)).await?
        } else {
            Fate::Open
        };
        match fate {
            Fate::Open => open.push((taker, since)),
            Fate::Made => kept.stored.used = kept.stored.used.saturating_add(1),
            Fate::Failed => {}
        }
    }
    kept.stored.taking = open;
    Ok(())
}

/// Returns what became of an account; one that is not complete yet is abandoned.
async fn fate(at: &Cluster, user: UserId) -> Result<Fate, StoreError> {
    Ok(match rows::state(at, user, Consistency::Serial).await? {
        State::Kept(_) => Fate::Made,
        // Rows come before uses.
        State::Missing => Fate::Open,
        #[cfg(test)]
        State::Incomplete if ALTERED.get().carelessly => Fate::Failed,
        State::Incomplete if rows::abandon(at, user).await? == Wrote::Done => Fate::Failed,
        State::Incomplete => Fate::Open,
        // It may have been created, and deleted since.
        State::Gone if rows::any(at, user).await?.is_some() => Fate::Made,
        State::Gone => Fate::Failed,
    })
}
