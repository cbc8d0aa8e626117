//! Users in exports and imports.

use futures_util::future::try_join_all;

use super::rows::{self, Wrote};
use super::stored::{Stored, StoredFactor, StoredIdentity};
use super::{directory, names, statuses};
use crate::model::{Media, SecondFactor, Status, UserId, fold, skeleton};
use crate::store::StoreError;
use crate::store::cluster::claims::{self, Kind};
use crate::store::cluster::{Cluster, buckets};
use crate::store::transfer::{IdentityRecord, Key, UserRecord};

/// Users read at the same time.
const AT_ONCE: usize = 32;

/// Adds a user of an export with their id. Their picture comes later.
pub(in crate::store::cluster) async fn load(
    at: &Cluster,
    id: UserId,
    record: &UserRecord,
) -> Result<(), StoreError> {
    if let Some(deleted) = record.deleted {
        let gone = Stored { created: record.created.0, ..Stored::default() }.buried(deleted);
        rows::load(at, id, &gone).await?;
        directory::write(at, id, 1, &gone).await?;
        return directory::remove(at, id, 1 + 1).await;
    }
    let folded = fold(&record.login);
    let like = skeleton(&folded);
    let is_like = claims::claim(at, Kind::LookAlike, &like, id.0).await?.is_none();
    // Both were allowed in the same instance; the second is only found by its exact name.
    let look_alike = if is_like { like } else { folded.clone() };
    // What is not understood was left out when the records were read.
    let factor =
        record.second_factor.clone().and_then(|factor| SecondFactor::try_from(factor).ok());
    let identities: Vec<_> =
        record.identities.iter().filter_map(IdentityRecord::identity).collect();
    let stored = Stored {
        login: record.login.clone(),
        folded,
        look_alike,
        name: record.name.clone(),
        email: record.email.clone(),
        birth: record.birth.clone(),
        password: record.password.clone(),
        md5: record.md5.clone(),
        sha1: record.sha1.clone(),
        admin: record.admin,
        disabled: record.disabled,
        bot: record.bot,
        guest: record.guest,
        created: record.created.0,
        status: record.status.clone().map(|status| Status::from(status).into()),
        second_factor: factor.as_ref().map(|factor| StoredFactor::new(factor, 0)),
        identities: identities.iter().map(|one| StoredIdentity::new(one, 0)).collect(),
        ..Stored::default()
    };
    names::claim_all(at, id, &stored.names()).await?;
    directory::write(at, id, 1, &stored).await?;
    if stored.admin {
        directory::mark_administrator(at, id, 1, true).await?;
    }
    if stored.status.is_some() {
        statuses::mark(at, id, 1, &stored).await?;
    }
    rows::load(at, id, &stored).await
}

/// Sets the profile picture of a user who was loaded.
pub(in crate::store::cluster) async fn set_picture(
    at: &Cluster,
    id: UserId,
    picture: &Media,
) -> Result<(), StoreError> {
    let Some(kept) = rows::read(at, id).await? else { return Ok(()) };
    if kept.stored.media.is_some() {
        return Ok(());
    }
    let stored = Stored { media: Some(picture.into()), ..kept.stored };
    match rows::write(at, id, kept.version, &stored).await? {
        Wrote::Done => Ok(()),
        Wrote::Stale => Err(StoreError::Unavailable),
    }
}

/// Returns the users of one partition of ids, also deleted ones.
async fn of_bucket(at: &Cluster, bucket: i64) -> Result<Vec<UserRecord>, StoreError> {
    let mut records = Vec::new();
    for some in directory::ids_in(at, bucket).await?.chunks(AT_ONCE) {
        let found = try_join_all(some.iter().map(|id| rows::any(at, *id))).await?;
        for (id, stored) in some.iter().zip(found) {
            records.extend(stored.map(|stored| record(*id, stored)));
        }
    }
    Ok(records)
}

/// Returns all users, also deleted ones, page by page, until `page` returns false.
pub(in crate::store::cluster) async fn export<F: Future<Output = bool>>(
    at: &Cluster,
    mut page: impl FnMut(Vec<UserRecord>) -> F,
) -> Result<bool, StoreError> {
    for bucket in buckets::all(at, buckets::USERS).await? {
        if !page(of_bucket(at, bucket).await?).await {
            return Ok(false);
        }
    }
    Ok(true)
}

fn record(id: UserId, stored: Stored) -> UserRecord {
    let media = stored.picture().map(|id| Key::Number(id.0));
    let is_deleted = stored.deleted.is_some();
    let second_factor = stored.factor().as_ref().map(Into::into);
    let identities = stored.identities().iter().map(Into::into).collect();
    UserRecord {
        id: Key::Number(id.0),
        login: stored.login,
        name: if is_deleted { "deleted user".to_owned() } else { stored.name },
        email: stored.email,
        birth: stored.birth,
        media,
        status: stored.status.map(|status| Status::from(status).into()),
        password: stored.password,
        md5: stored.md5,
        sha1: stored.sha1,
        second_factor,
        identities,
        admin: stored.admin,
        disabled: stored.disabled || is_deleted,
        bot: stored.bot,
        guest: stored.guest,
        deleted: stored.deleted.map(crate::model::Timestamp),
        created: crate::model::Timestamp(stored.created),
        no_password: false,
        stranger: false,
    }
}
