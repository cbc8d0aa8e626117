//! Ending sessions.

use std::time::Duration;

use futures_util::future::join_all;

use super::rows::{self, Kept};
use crate::model::{Event, SessionId, UserId};
use crate::store::cluster::personal::push;
use crate::store::cluster::{Cluster, audit, leases, users};
use crate::store::{Ended, StoreError, audit_notes};

/// How long it stays known whose an end is, beyond the expiry of the session.
const CLAIM_KEPT_AFTER: Duration = Duration::from_hours(31 * 24);

/// Ends sessions and emits their event; returns how many ended.
pub(in crate::store::cluster) async fn end(
    at: &Cluster,
    user: UserId,
    which: Ended,
) -> Result<u32, StoreError> {
    let Some(owner) = users::read(at, user).await? else { return Ok(0) };
    let ending = chosen(at, &owner, which).await?;
    let count = u32::try_from(ending.len()).unwrap_or(u32::MAX);
    let one = if let Ended::One(id) = which { Some(id) } else { None };
    let login = owner.stored.user(user).login;
    let entry = audit::begin(at, || audit_notes::sessions_ended(user, &login, one, count)).await?;
    let mut ended = Vec::with_capacity(ending.len());
    for kept in &ending {
        let written = rows::end(at, kept).await;
        if written.is_err() && ended.is_empty() {
            return audit::settle(at, entry, written.map(|()| 0), |_| true).await;
        }
        // Those that ended must be told before the failure is.
        match written {
            Ok(()) => ended.push(kept.stored.id()),
            Err(error) => {
                at.emit(Event::SessionEnded { user, sessions: ended }).await;
                return Err(error);
            }
        }
    }
    if !ended.is_empty() {
        push::ended(at, user, &ended).await;
        at.emit(Event::SessionEnded { user, sessions: ended }).await;
    }
    Ok(count)
}

/// Ends a session for exactly one caller. The end of a session is a plain write, which several
/// servers may make, so a conditional one decides before it whose it is.
pub(in crate::store::cluster) async fn end_once(
    at: &Cluster,
    user: UserId,
    session: SessionId,
) -> Result<bool, StoreError> {
    let Some(owner) = users::read(at, user).await? else { return Ok(false) };
    let Some(kept) = chosen(at, &owner, Ended::One(session)).await?.pop() else {
        return Ok(false);
    };
    let mut mine = [0; 16];
    getrandom::fill(&mut mine).map_err(|_| StoreError::Unavailable)?;
    let name = format!("end of session {}", session.0);
    // The row of a session is gone when its claim is.
    let life = kept.life() + CLAIM_KEPT_AFTER;
    if !leases::take_once(at.tables(), &name, &hex::encode(mine), life).await? {
        return Ok(false);
    }
    end(at, user, Ended::One(session)).await?;
    Ok(true)
}

/// Returns the sessions of a user that `which` would end.
pub(in crate::store::cluster) async fn live(
    at: &Cluster,
    owner: &users::Kept,
    which: Ended,
) -> Result<Vec<SessionId>, StoreError> {
    Ok(chosen(at, owner, which).await?.iter().map(|kept| kept.stored.id()).collect())
}

/// Ends the rows of sessions that a new version of their user has ended; `known` were live before
/// it. Returns all that ended. A failure is only logged, since none of them is valid any more.
pub(in crate::store::cluster) async fn end_all(
    at: &Cluster,
    owner: &users::Kept,
    which: Ended,
    known: Vec<SessionId>,
) -> Vec<SessionId> {
    let ending = match chosen(at, owner, which).await {
        Ok(ending) => ending,
        Err(error) => {
            tracing::warn!(%error, "The rows of ended sessions were not read");
            return known;
        }
    };
    for failed in join_all(ending.iter().map(|kept| rows::end(at, kept))).await {
        if let Err(error) = failed {
            tracing::warn!(%error, "The row of an ended session was not written");
        }
    }
    let mut ended: Vec<SessionId> = ending.iter().map(|kept| kept.stored.id()).collect();
    ended.extend(known);
    ended.sort_unstable();
    ended.dedup();
    push::ended(at, owner.id, &ended).await;
    ended
}

async fn chosen(at: &Cluster, owner: &users::Kept, which: Ended) -> Result<Vec<Kept>, StoreError> {
    let all = rows::of_user(at, owner.id).await?.into_iter();
    let live = all.filter(|kept| kept.stored.is_of(owner));
    Ok(live
        .filter(|kept| match which {
            Ended::One(id) => kept.stored.id() == id,
            Ended::AllBut(id) => kept.stored.id() != id,
            Ended::All => true,
        })
        .collect())
}
