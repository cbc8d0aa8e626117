//! Names that a user claims: login name, look-alike, e-mail address, identities in other systems.
//!
//! A claim counts while its holder is an account that has the name. Otherwise it is left over from
//! a server that died or gave up, or belongs to a change in progress. After some seconds it is taken
//! over, once a new version of the holder's row has made sure that the change can no longer be
//! completed.

use std::time::Duration;

use super::rows::{self, State, Wrote};
use crate::model::{Claim, Timestamp, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::claims::{self, Claimed, Kind};
use crate::store::cluster::tables::Consistency;

/// A change that takes longer is taken for abandoned. It fails then; it does not break anything.
const ABANDONED: Duration = Duration::from_secs(15);

/// How a test of faults changes what is written here.
#[cfg(test)]
#[derive(Clone, Copy)]
pub(super) struct Altered {
    /// Instead of [`ABANDONED`]. Zero: everybody takes over from everybody.
    pub(super) abandoned: Duration,
    /// A planted mistake: a claim is taken over while its holder can still complete it.
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

/// Attempts to take over what others take over at the same time.
const TRIES: usize = 5;

/// Claims a name for a user; `Taken` if it is somebody else's.
pub(super) async fn claim(
    at: &Cluster,
    user: UserId,
    kind: Kind,
    key: &str,
) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let Some(claimed) = claims::claim(at, kind, key, user.0).await? else { return Ok(()) };
        if !ousted(at, kind, key, claimed).await? {
            break;
        }
        if claims::replace(at, kind, key, claimed, user.0).await? {
            return Ok(());
        }
    }
    Err(StoreError::Taken(match kind {
        Kind::Email => Claim::Email,
        Kind::Identity => Claim::Identity,
        _ => Claim::Login,
    }))
}

/// Claims all names, or none.
pub(super) async fn claim_all(
    at: &Cluster,
    user: UserId,
    names: &[(Kind, String)],
) -> Result<(), StoreError> {
    for (kind, key) in names {
        if let Err(error) = claim(at, user, *kind, key).await {
            release_all(at, user, names).await;
            return Err(error);
        }
    }
    Ok(())
}

/// Releases those of the names that this user has claimed. A failure is only logged: others can
/// take over the names soon.
pub(super) async fn release_all(at: &Cluster, user: UserId, names: &[(Kind, String)]) {
    for (kind, key) in names {
        if let Err(error) = claims::release(at, *kind, key, user.0).await {
            tracing::debug!(%error, "A name was not released");
        }
    }
}

/// Returns the user who has this name.
pub(super) async fn holder(
    at: &Cluster,
    kind: Kind,
    key: &str,
) -> Result<Option<rows::Kept>, StoreError> {
    let Some(claimed) = claims::holder_of(at, kind, key).await? else { return Ok(None) };
    let found = rows::read(at, UserId(claimed.holder)).await?;
    Ok(found.filter(|kept| has(kept, kind, key)))
}

fn has(kept: &rows::Kept, kind: Kind, key: &str) -> bool {
    kept.stored.names().iter().any(|(of, name)| *of == kind && name == key)
}

/// Returns whether the holder of a claim neither has the name nor can get it any more.
async fn ousted(at: &Cluster, kind: Kind, key: &str, claimed: Claimed) -> Result<bool, StoreError> {
    let holder = UserId(claimed.holder);
    let is_old = claimed.at.plus(abandoned()) <= Timestamp::now();
    let wrote = match rows::state(at, holder, Consistency::Serial).await? {
        State::Gone => return Ok(true),
        State::Kept(kept) if has(&kept, kind, key) => return Ok(false),
        _ if !is_old => return Ok(false),
        #[cfg(test)]
        _ if ALTERED.get().carelessly => return Ok(true),
        // Rows come before claims.
        State::Missing => return Ok(false),
        State::Incomplete => rows::abandon(at, holder).await?,
        State::Kept(kept) => rows::write(at, holder, kept.version, &kept.stored).await?,
    };
    Ok(wrote == Wrote::Done)
}
