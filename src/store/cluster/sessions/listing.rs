//! Sessions of many users, for lists of administrators. Sessions are stored by user, so that each
//! user is read, many at the same time.

use futures_util::future::try_join_all;

use super::rows;
use crate::model::{Session, Timestamp, UserId};
use crate::store::cluster::{Cluster, users};
use crate::store::{StoreError, UserQuery};

/// Users read at the same time.
const AT_ONCE: usize = 64;

/// Returns the sessions with a grant of all users, ascending by user, newest first.
pub(in crate::store::cluster) async fn granted(at: &Cluster) -> Result<Vec<Session>, StoreError> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let limit = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
        let page = users::users(at, UserQuery::After(after, limit)).await?;
        let lists = page.iter().map(|user| super::list(at, user.id));
        for sessions in try_join_all(lists).await? {
            found.extend(sessions.into_iter().filter(|session| session.grant.is_some()));
        }
        match page.last() {
            Some(last) if page.len() == AT_ONCE => after = Some(last.id),
            _ => return Ok(found),
        }
    }
}

/// Returns when each of these users last used a session, ended or not.
pub(in crate::store::cluster) async fn last_seen(
    at: &Cluster,
    users: &[UserId],
) -> Result<Vec<Option<Timestamp>>, StoreError> {
    let mut seen = Vec::with_capacity(users.len());
    for some in users.chunks(AT_ONCE) {
        seen.extend(try_join_all(some.iter().map(|user| rows::last_seen(at, *user))).await?);
    }
    Ok(seen)
}
