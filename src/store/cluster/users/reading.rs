//! Finding users.

use futures_util::future::try_join_all;

use super::rows::{self, Kept};
use super::{directory, names};
use crate::model::{Account, Identity, User, UserId, fold};
use crate::store::cluster::claims::Kind;
use crate::store::cluster::{Cluster, acquaintance};
use crate::store::{StoreError, UserKey, UserQuery};

/// Rows read at the same time.
const AT_ONCE: usize = 64;

/// Returns a user with credentials.
pub(in crate::store::cluster) async fn account(
    at: &Cluster,
    who: UserKey<'_>,
) -> Result<Option<Account>, StoreError> {
    let kept = match who {
        UserKey::Id(id) => rows::read(at, id).await?,
        UserKey::Folded(folded) => names::holder(at, Kind::Login, folded).await?,
        UserKey::Email(email) => names::holder(at, Kind::Email, &email.to_lowercase()).await?,
        UserKey::Identity(identity) => names::holder(at, Kind::Identity, &identity.key()).await?,
    };
    Ok(kept.map(|kept| kept.account()))
}

/// Returns the identities of a user in other systems, in order.
pub(in crate::store::cluster) async fn identities(
    at: &Cluster,
    id: UserId,
) -> Result<Vec<Identity>, StoreError> {
    Ok(rows::read(at, id).await?.map(|kept| kept.stored.identities()).unwrap_or_default())
}

/// Returns whether there is an administrator account.
pub(in crate::store::cluster) async fn has_administrator(at: &Cluster) -> Result<bool, StoreError> {
    for id in directory::administrators(at).await? {
        if rows::read(at, id).await?.is_some_and(|kept| kept.stored.admin) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns users, ascending by id.
pub(in crate::store::cluster) async fn users(
    at: &Cluster,
    which: UserQuery<'_>,
) -> Result<Vec<User>, StoreError> {
    match which {
        UserQuery::Ids(ids) => these(at, ids).await,
        UserQuery::Folded(folded) => {
            let mut found = Vec::with_capacity(folded.len());
            for some in folded.chunks(AT_ONCE) {
                let holders = some.iter().map(|name| names::holder(at, Kind::Login, name));
                found.extend(try_join_all(holders).await?.into_iter().flatten());
            }
            Ok(sorted(&found))
        }
        UserQuery::After(id, limit) => Ok(sorted(&directory::after(at, id, limit as usize).await?)),
    }
}

/// Returns these users with their pictures, ascending by id, except unknown and deleted ones.
pub(in crate::store::cluster) async fn these(
    at: &Cluster,
    ids: &[UserId],
) -> Result<Vec<User>, StoreError> {
    Ok(sorted(&rows::these(at, ids).await?))
}

fn sorted(found: &[Kept]) -> Vec<User> {
    let mut users: Vec<User> = found.iter().map(|kept| kept.stored.user(kept.id)).collect();
    users.sort_by_key(|user| user.id);
    users.dedup_by_key(|user| user.id);
    users
}

/// Finds users by a part of their names.
pub(in crate::store::cluster) async fn find(
    at: &Cluster,
    text: &str,
    names_too: bool,
    near: Option<UserId>,
    limit: u32,
) -> Result<Vec<User>, StoreError> {
    let (text, limit) = (fold(text), limit as usize);
    let entries = directory::all(at).await?;
    let matching = entries
        .iter()
        .filter(|entry| entry.login.contains(&text) || (names_too && entry.name.contains(&text)));
    let mut ids: Vec<UserId> = matching.map(|entry| entry.id).collect();
    if let Some(user) = near {
        ids = acquaintance::among(at, user, &ids).await?;
    }
    let mut found = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        if found.len() >= limit {
            break;
        }
        // The entry may be older than the name.
        found.extend(these(at, some).await?.into_iter().filter(|user| {
            fold(&user.login).contains(&text) || (names_too && fold(&user.name).contains(&text))
        }));
    }
    found.truncate(limit);
    Ok(found)
}
