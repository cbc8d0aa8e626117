//! Devices that receive messages through Web Push. A row counts as long as the session that it
//! belongs to is valid.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::next_version;
use crate::model::{
    MAX_SUBSCRIPTIONS, Missing, NewSubscription, PushSubscription, SessionId, Timestamp, UserId,
};
use crate::store::StoreError;
use crate::store::cluster::encoding::{decode, encode};
use crate::store::cluster::tables::schema::people::{PUSH_SUBSCRIPTIONS, PUSH_USERS};
use crate::store::cluster::tables::{Put, Row, Slice};
use crate::store::cluster::{Cluster, sessions};

const VERSION: u8 = 1;
/// The partition of the users.
const LIST: &str = "all";

/// Version 1 of a subscription.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    endpoint: String,
    key: Vec<u8>,
    secret: Vec<u8>,
    all: bool,
    text: bool,
    at: i64,
}

/// A row that has a subscription, valid or not.
struct Held {
    subscription: PushSubscription,
    version: i64,
}

async fn held(at: &Cluster, user: UserId) -> Result<Vec<Held>, StoreError> {
    let rows = at.tables().read(Slice::of(&PUSH_SUBSCRIPTIONS, [user.0.into()])).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.extend(from_row(user, row)?);
    }
    Ok(found)
}

fn from_row(user: UserId, row: &Row) -> Result<Option<Held>, StoreError> {
    let (Some(session), Some(version), Some(body)) =
        (row.int("session"), row.int("version"), row.bytes("body"))
    else {
        return Ok(None);
    };
    if body.is_empty() {
        return Ok(None);
    }
    let Stored { endpoint, key, secret, all, text, at } = decode(VERSION, body)?;
    let given = NewSubscription { endpoint, key, secret, all, text };
    let session = SessionId(session);
    let subscription = PushSubscription { session, user, given, at: Timestamp(at) };
    Ok(Some(Held { subscription, version }))
}

/// Sets, replaces or removes the subscription of a session.
pub(in crate::store::cluster) async fn subscribe(
    at: &Cluster,
    user: UserId,
    session: SessionId,
    new: Option<NewSubscription>,
) -> Result<(), StoreError> {
    let valid = valid_sessions(at, user).await?;
    if new.is_some() && !valid.contains(&session) {
        return Err(StoreError::NotFound(Missing::Session));
    }
    let held = held(at, user).await?;
    let mut puts = Vec::new();
    let mut others = Vec::new();
    let mut before = None;
    for held in held {
        let theirs = held.subscription.session;
        let same = new.as_ref().is_some_and(|new| new.endpoint == held.subscription.given.endpoint);
        if theirs == session {
            before = Some(held.version);
        } else if same || !valid.contains(&theirs) {
            puts.push(removal(user, theirs, Some(held.version)));
        } else {
            others.push(held);
        }
    }
    if let Some(new) = new {
        others.sort_by_key(|held| (held.subscription.at, held.subscription.session));
        let excess = (others.len() + 1).saturating_sub(MAX_SUBSCRIPTIONS);
        let oldest = others.iter().take(excess);
        puts.extend(oldest.map(|h| removal(user, h.subscription.session, Some(h.version))));
        // The user comes first: who is in the list without a device costs one read at most.
        let version = next_version(before);
        let listed = Put::plain(
            &PUSH_USERS,
            version,
            [LIST.into()],
            [user.0.into()],
            [("present", true.into())],
        );
        at.tables().write(vec![listed]).await?;
        puts.push(put(user, session, new, version)?);
    } else if before.is_some() {
        puts.push(removal(user, session, before));
    }
    if puts.is_empty() { Ok(()) } else { Ok(at.tables().write(puts).await?) }
}

/// Removes a subscription whose address no longer exists; one that was replaced stays.
pub(in crate::store::cluster) async fn unsubscribe(
    at: &Cluster,
    gone: &PushSubscription,
) -> Result<(), StoreError> {
    let held = held(at, gone.user).await?;
    let same = held.into_iter().find(|held| {
        held.subscription.session == gone.session
            && held.subscription.given.endpoint == gone.given.endpoint
    });
    let Some(same) = same else { return Ok(()) };
    // With the version that was read: a subscription that replaces it meanwhile wins.
    let put = removal_at(gone.user, gone.session, same.version);
    Ok(at.tables().write(vec![put]).await?)
}

/// Removes the subscriptions of sessions that have ended. A failure is only logged, since they do
/// not count any more.
pub(in crate::store::cluster) async fn ended(at: &Cluster, user: UserId, sessions: &[SessionId]) {
    let held = match held(at, user).await {
        Ok(held) => held,
        Err(error) => {
            tracing::debug!(%error, "The push subscriptions of ended sessions were not read");
            return;
        }
    };
    let gone = held.iter().filter(|held| sessions.contains(&held.subscription.session));
    let puts: Vec<Put> =
        gone.map(|held| removal(user, held.subscription.session, Some(held.version))).collect();
    if !puts.is_empty()
        && let Err(error) = at.tables().write(puts).await
    {
        tracing::debug!(%error, "The push subscriptions of ended sessions were not removed");
    }
}

/// Returns the subscriptions of the valid sessions of a user, the one that was changed first before
/// the others.
pub(in crate::store::cluster) async fn of_user(
    at: &Cluster,
    user: UserId,
) -> Result<Vec<PushSubscription>, StoreError> {
    let held = held(at, user).await?;
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let valid = valid_sessions(at, user).await?;
    let mut found: Vec<PushSubscription> = held
        .into_iter()
        .map(|held| held.subscription)
        .filter(|found| valid.contains(&found.session))
        .collect();
    found.sort_by_key(|found| (found.at, found.session));
    Ok(found)
}

/// Returns the users who may have a subscription, ascending.
pub(in crate::store::cluster) async fn users(at: &Cluster) -> Result<Vec<UserId>, StoreError> {
    let rows = at.tables().read(Slice::of(&PUSH_USERS, [LIST.into()])).await?;
    let present = rows.iter().filter(|row| row.flag("present") == Some(true));
    Ok(present.filter_map(|row| row.int("user")).map(UserId).collect())
}

/// The row of a user who is deleted, to be removed with this timestamp.
pub(super) fn user_gone(user: UserId, end: i64) -> Put {
    Put::plain(&PUSH_USERS, end, [LIST.into()], [user.0.into()], []).deleted()
}

async fn valid_sessions(at: &Cluster, user: UserId) -> Result<HashSet<SessionId>, StoreError> {
    Ok(sessions::list(at, user).await?.into_iter().map(|session| session.id).collect())
}

fn put(
    user: UserId,
    session: SessionId,
    new: NewSubscription,
    version: i64,
) -> Result<Put, StoreError> {
    let NewSubscription { endpoint, key, secret, all, text } = new;
    let stored = Stored { endpoint, key, secret, all, text, at: Timestamp::now().0 };
    let cells = [("body", encode(VERSION, &stored)?.into()), ("version", version.into())];
    Ok(Put::plain(&PUSH_SUBSCRIPTIONS, version, [user.0.into()], [session.0.into()], cells))
}

fn removal(user: UserId, session: SessionId, before: Option<i64>) -> Put {
    removal_at(user, session, next_version(before))
}

fn removal_at(user: UserId, session: SessionId, version: i64) -> Put {
    Put::plain(&PUSH_SUBSCRIPTIONS, version, [user.0.into()], [session.0.into()], []).deleted()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_subscription_of_version_1_is_read() {
        let stored = Stored {
            endpoint: "https://p.example/1".to_owned(),
            key: vec![4, 5],
            secret: vec![6],
            all: false,
            text: true,
            at: 7,
        };
        let bytes = encode(VERSION, &stored).unwrap();
        assert_eq!(decode::<Stored>(VERSION, &bytes), Ok(stored));
        let endpoint = hex::encode("https://p.example/1");
        assert_eq!(hex::encode(bytes), format!("0113{endpoint}020405010600010e"));
    }
}
