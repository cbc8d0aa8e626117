//! Digests of passwords, kept for clients that send a digest.

use super::directory;
use super::rows::{self, Wrote};
use super::stored::Stored;
use crate::model::UserId;
use crate::store::cluster::Cluster;
use crate::store::{Digests, StoreError};

/// Attempts, each of which another change of the same user may overtake.
const TRIES: usize = 20;
/// Users of one page of a walk through all.
const PAGE: usize = 500;

/// Adds digests to the password they belong to.
pub(in crate::store::cluster) async fn add_digests(
    at: &Cluster,
    id: UserId,
    digests: Digests,
) -> Result<(), StoreError> {
    let add = |stored: &Stored| {
        (stored.password == digests.of).then(|| Stored {
            md5: Some(digests.md5.clone()),
            sha1: Some(digests.sha1.clone()),
            ..stored.clone()
        })
    };
    update(at, id, add).await.map(drop)
}

/// Removes the digests of all accounts; returns how many accounts had some.
pub(in crate::store::cluster) async fn forget_digests(at: &Cluster) -> Result<usize, StoreError> {
    let (mut forgotten, mut after) = (0, None);
    loop {
        let page = directory::after(at, after, PAGE).await?;
        for kept in &page {
            let without = |stored: &Stored| {
                let some = stored.md5.is_some() || stored.sha1.is_some();
                some.then(|| Stored { md5: None, sha1: None, ..stored.clone() })
            };
            if without(&kept.stored).is_some() && update(at, kept.id, without).await? {
                forgotten += 1;
            }
        }
        after = page.last().map(|kept| kept.id);
        if after.is_none() {
            return Ok(forgotten);
        }
    }
}

/// Changes what nobody else has to know; false if there was nothing to change.
async fn update(
    at: &Cluster,
    id: UserId,
    change: impl Fn(&Stored) -> Option<Stored>,
) -> Result<bool, StoreError> {
    for _ in 0..TRIES {
        let Some(before) = rows::read(at, id).await? else { return Ok(false) };
        let Some(after) = change(&before.stored) else { return Ok(false) };
        if rows::write(at, id, before.version, &after).await? == Wrote::Done {
            return Ok(true);
        }
    }
    Err(StoreError::Unavailable)
}
