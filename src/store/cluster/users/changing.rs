//! Changes of a user.
//!
//! The next version of the row is the commit: a conditional write, which also ends the sessions
//! that end with it, since they are of an earlier generation then. An e-mail address or an identity
//! is claimed before, and the old one released after. What rooms must hear is ordered before as well, so that
//! it is not lost; see [`jobs`].

use super::rows::{self, Kept, Wrote};
use super::stored::Stored;
use super::{directory, names, statuses};
use crate::model::{Event, FileKind, Media, Missing, User, UserId};
use crate::store::cluster::claims::{self, Claimed, Kind};
use crate::store::cluster::{Cluster, audit, jobs, media, sessions, settings};
use crate::store::{Ended, FactorChange, StoreError, UserChange, audit_notes};

/// Attempts, each of which another change of the same user may overtake.
const TRIES: usize = 20;

/// Changes a user, all or nothing.
pub(in crate::store::cluster) async fn change(
    at: &Cluster,
    id: UserId,
    change: UserChange,
) -> Result<User, StoreError> {
    for _ in 0..TRIES {
        let before = rows::read(at, id).await?.ok_or(StoreError::NotFound(Missing::User))?;
        if change.second_factor.as_ref().is_some_and(|new| new.before != before.stored.factor()) {
            return Err(StoreError::Stale);
        }
        let picture = picture(at, id, &change).await?;
        let write = u64::from_le_bytes(settings::random()?);
        let after = before.stored.changed(&change, picture.as_ref(), write);
        let had = before.stored.names();
        for (kind, key) in after.names().iter().filter(|name| !had.contains(name)) {
            names::claim(at, id, *kind, key).await?;
        }
        // After a failure the names stay claimed, since the same change may just be made through
        // another server; others can take them over after some seconds.
        if let Some(user) = commit(at, &before, &after, &change).await? {
            return Ok(user);
        }
    }
    Err(StoreError::Unavailable)
}

/// Returns the new profile picture. `NotFound` unless it is a picture of this user.
async fn picture(
    at: &Cluster,
    id: UserId,
    change: &UserChange,
) -> Result<Option<Media>, StoreError> {
    let Some(Some(picture)) = change.media else { return Ok(None) };
    let mut found = media::attachable(at, id, &[picture], None).await?;
    let portrait =
        found.pop().filter(|file| file.is_image && FileKind::of(&file.kind).is_portrait());
    portrait.map(Some).ok_or(StoreError::NotFound(Missing::Media))
}

/// Writes the next version, and does what follows from it. None: another change came first.
async fn commit(
    at: &Cluster,
    before: &Kept,
    after: &Stored,
    change: &UserChange,
) -> Result<Option<User>, StoreError> {
    let (id, version) = (before.id, before.version + 1);
    let (old, new) = (before.stored.user(id), after.user(id));
    let ending = match (&change.password, change.disabled) {
        (_, Some(true)) => Some(Ended::All),
        (Some(password), _) => Some(password.keep.map_or(Ended::All, Ended::AllBut)),
        (None, _) => change.second_factor.as_ref().and_then(FactorChange::ending),
    };
    // Read before, so that their sockets are closed even if they cannot be read after it.
    let mut ended = match ending {
        Some(which) => sessions::live(at, before, which).await?,
        None => Vec::new(),
    };
    if after.admin {
        directory::mark_administrator(at, id, version, true).await?;
    }
    if change.status.is_some() && after.status.is_some() {
        statuses::mark(at, id, version, after).await?;
    }
    let works = orders(before, after, change);
    jobs::order(at, id, version, &works).await?;
    let noted = |ended: usize| {
        audit_notes::user_changed(
            [&old, &new],
            &[before.stored.identities(), after.identities()],
            change.password.is_some(),
            u32::try_from(ended).unwrap_or(u32::MAX),
        )
    };
    let left = left_claims(at, before, after).await?;
    let entry = audit::begin(at, || noted(ended.len())).await?;
    let wrote = rows::write(at, id, before.version, after).await;
    let wrote = audit::settle(at, entry, wrote, |wrote| *wrote == Wrote::Done).await?;
    if wrote == Wrote::Stale {
        return Ok(None);
    }
    jobs::wake(at, id);
    at.emit(Event::UserChanged { user: id }).await;
    if let Some(which) = ending {
        ended = sessions::end_all(at, before, which, ended).await;
    }
    follow(at, before, after, version, left).await;
    if !ended.is_empty() {
        at.emit(Event::SessionEnded { user: id, sessions: ended }).await;
    }
    Ok(Some(new))
}

/// What rooms must be told. Succession comes first: rooms receive the flag when the role is gone.
fn orders(before: &Kept, after: &Stored, change: &UserChange) -> Vec<jobs::Work> {
    let (old, mut works) = (&before.stored, Vec::new());
    if change.disabled == Some(true) || change.guest == Some(true) {
        works.push(jobs::Work::Succession);
    }
    if (&old.name, old.picture(), old.bot, old.guest)
        != (&after.name, after.picture(), after.bot, after.guest)
    {
        works.push(jobs::Work::Name);
    }
    works
}

/// Returns the claims of names that the user no longer has after the change, as they are before it:
/// if they take a name again meanwhile, it stays theirs.
async fn left_claims(
    at: &Cluster,
    before: &Kept,
    after: &Stored,
) -> Result<Vec<(Kind, String, Claimed)>, StoreError> {
    let (mut left, keeps) = (Vec::new(), after.names());
    for (kind, key) in before.stored.names().into_iter().filter(|name| !keeps.contains(name)) {
        let claimed = claims::holder_of(at, kind, &key).await?;
        let own = claimed.filter(|claimed| claimed.holder == before.id.0);
        left.extend(own.map(|claimed| (kind, key, claimed)));
    }
    Ok(left)
}

/// What others find by: a failure is only logged, since the user's row is what counts.
async fn follow(
    at: &Cluster,
    before: &Kept,
    after: &Stored,
    version: i64,
    left: Vec<(Kind, String, Claimed)>,
) {
    let id = before.id;
    for (kind, key, claimed) in left {
        if let Err(error) = claims::release_as(at, kind, &key, claimed).await {
            tracing::debug!(%error, "A name was not released");
        }
    }
    let listed = async {
        if before.stored.name != after.name {
            directory::write(at, id, version, after).await?;
        }
        if before.stored.admin && !after.admin {
            directory::mark_administrator(at, id, version, false).await?;
        }
        if before.stored.status.is_some() && after.status.is_none() {
            statuses::mark(at, id, version, after).await?;
        }
        Ok::<_, StoreError>(())
    };
    if let Err(error) = listed.await {
        tracing::warn!(%error, user.id = %id, "The directory was not updated");
    }
}
