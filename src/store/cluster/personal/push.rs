//! Devices that receive messages through Web Push. A row counts as long as the session that it
//! belongs to is valid.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::next_version;
use crate::model::{
    MAX_SUBSCRIPTIONS, Missing, NewSubscription, PushSubscription, SessionId, Timestamp, UserId,
};
use crate::store::StoreError;
use crate::store::cluster::encoding::{decode, encode};
use crate::store::cluster::tables::schema::people::{
    PUSH_ENDPOINTS, PUSH_SUBSCRIPTIONS, PUSH_USERS,
};
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
            if !same {
                puts.push(unlisted(&held));
            }
        } else if same || !valid.contains(&theirs) {
            puts.push(removal(user, theirs, Some(held.version)));
            // The row of this session would be written at the same time.
            if !same {
                puts.push(unlisted(&held));
            }
        } else {
            others.push(held);
        }
    }
    if let Some(new) = new {
        others.sort_by_key(|held| (held.subscription.at, held.subscription.session));
        let excess = (others.len() + 1).saturating_sub(MAX_SUBSCRIPTIONS);
        for oldest in others.iter().take(excess) {
            puts.push(removal(user, oldest.subscription.session, Some(oldest.version)));
            puts.push(unlisted(oldest));
        }
        puts.extend(taken_over(at, user, session, &new.endpoint).await?);
        // The user comes first: who is in the list without a device costs one read at most.
        let version = next_version(before);
        let listed = Put::plain(
            &PUSH_USERS,
            version,
            [LIST.into()],
            [user.0.into()],
            [("present", true.into())],
        );
        // So does the address: a browser of which nobody knows could not be taken over.
        let of_endpoint = Put::plain(
            &PUSH_ENDPOINTS,
            version,
            [digest(&new.endpoint).into()],
            [user.0.into(), session.0.into()],
            [("present", true.into())],
        );
        at.tables().write(vec![listed, of_endpoint]).await?;
        puts.push(put(user, session, new, version)?);
    } else if before.is_some() {
        puts.push(removal(user, session, before));
    }
    if puts.is_empty() { Ok(()) } else { Ok(at.tables().write(puts).await?) }
}

/// Returns what removes the subscriptions of others that have this address: the browser belongs to
/// the log-in that subscribes it last.
async fn taken_over(
    at: &Cluster,
    user: UserId,
    session: SessionId,
    endpoint: &str,
) -> Result<Vec<Put>, StoreError> {
    let rows = at.tables().read(Slice::of(&PUSH_ENDPOINTS, [digest(endpoint).into()])).await?;
    let present = rows.iter().filter(|row| row.flag("present") == Some(true));
    let owners = present.filter_map(|row| Some((row.int("user")?, row.int("session")?)));
    let mut puts = Vec::new();
    for (owner, theirs) in owners.map(|(owner, theirs)| (UserId(owner), SessionId(theirs))) {
        if (owner, theirs) == (user, session) {
            continue;
        }
        let row = [owner.0.into(), theirs.0.into()];
        let place = [digest(endpoint).into()];
        puts.push(Put::plain(&PUSH_ENDPOINTS, next_version(None), place, row, []).deleted());
        // Those of the user are known to the caller.
        let all = if owner == user { Vec::new() } else { held(at, owner).await? };
        let same = all.into_iter().find(|held| {
            held.subscription.session == theirs && held.subscription.given.endpoint == endpoint
        });
        puts.extend(same.map(|held| removal(owner, theirs, Some(held.version))));
    }
    Ok(puts)
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
    Ok(at.tables().write(vec![put, unlisted(&same)]).await?)
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
    let removals = |held: &Held| {
        [removal(user, held.subscription.session, Some(held.version)), unlisted(held)]
    };
    let puts: Vec<Put> = gone.flat_map(removals).collect();
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

/// The rows of a user who is deleted, beside the subscriptions, to be removed with this timestamp.
pub(super) async fn user_gone(
    at: &Cluster,
    user: UserId,
    end: i64,
) -> Result<Vec<Put>, StoreError> {
    let mut puts: Vec<Put> = held(at, user).await?.iter().map(unlisted).collect();
    puts.push(Put::plain(&PUSH_USERS, end, [LIST.into()], [user.0.into()], []).deleted());
    Ok(puts)
}

/// What names the address of a browser, which is a secret, in the tables.
fn digest(endpoint: &str) -> String {
    hex::encode(Sha256::digest(endpoint.as_bytes()))
}

/// Removes the row of an address, at the version of its subscription: one that is made again
/// meanwhile stays.
fn unlisted(held: &Held) -> Put {
    let PushSubscription { session, user, given, .. } = &held.subscription;
    let (place, row) = ([digest(&given.endpoint).into()], [user.0.into(), session.0.into()]);
    Put::plain(&PUSH_ENDPOINTS, held.version, place, row, []).deleted()
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
