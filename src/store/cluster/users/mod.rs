//! Users: one row each, which counts, and what they are found by.

mod adding;
mod changing;
mod digests;
mod directory;
mod inviting;
#[cfg(test)]
mod inviting_tests;
#[cfg(test)]
mod model_tests;
mod names;
mod reading;
mod removing;
mod rows;
mod statuses;
mod stored;
mod transfer;

pub(super) use adding::{add, add_invited};
pub(super) use changing::change;
pub(super) use digests::{add_digests, forget_digests};
pub(super) use directory::{Directory, count};
pub(super) use inviting::{
    accept as accept_invitation, all as invitations, by_secret as invitation,
};
pub(super) use reading::{account, find, has_administrator, identities, these, users};
pub(super) use removing::{forget, remove};
pub(super) use rows::{Kept, has_reached, prevent, read};
pub(super) use statuses::near as statuses;
pub(super) use transfer::{export, load, set_picture};

use super::{Cluster, acquaintance};
use crate::model::UserId;
use crate::store::StoreError;

/// Returns those of these users who share a room with this one, including that user.
pub(super) async fn acquainted(
    at: &Cluster,
    user: UserId,
    with: &[UserId],
) -> Result<Vec<UserId>, StoreError> {
    acquaintance::among(at, user, with).await
}

/// Writes what a user is found by again, as of the version that was read: the server that wrote it
/// may have died in between.
pub(super) async fn list_again(at: &Cluster, user: &Kept) -> Result<(), StoreError> {
    directory::write(at, user.id, user.version, &user.stored).await
}

/// Removes what a user is found by who was deleted with this version.
pub(super) async fn unlist(at: &Cluster, id: UserId, version: i64) -> Result<(), StoreError> {
    directory::remove(at, id, version).await
}
