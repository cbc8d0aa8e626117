//! Claims: each name that must be unique is a row with its holder, written by a conditional write.
//!
//! A claim is made before its holder exists, and counts for good once the holder does. A holder
//! that was never completed, since its server died, keeps its claims: whoever wants such a name
//! first makes sure that the old holder can never be completed, and then takes it over with
//! [`replace`]. The age of a claim ([`Claimed::at`]) only decides when to try.
//!
//! A holder that claims again what it has renews the claim, so that a take-over that began before
//! fails.
//!
//! A node may go on trying to write a claim after its server has given up, and so leave a claim that
//! nobody uses. It is like one of a server that died: a claim only counts while its holder has the
//! name.

use super::Cluster;
use super::tables::schema::people::CLAIMS;
use super::tables::{Compare, Condition, Consistency, Outcome, Put, Slice, TableError, Value};
use crate::model::Timestamp;
use crate::store::StoreError;

/// Attempts to claim what others claim and release at the same time.
const TRIES: usize = 5;

/// What must be unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Folded login names.
    Login,
    /// Skeletons of login names.
    LookAlike,
    /// E-mail addresses in lower case.
    Email,
    /// Folded names of public rooms.
    PublicRoom,
    /// Sets of people of unnamed rooms.
    People,
    /// Bytes, owner and file name of uploaded files.
    File,
    /// Identities of users in other systems.
    Identity,
}

impl Kind {
    fn key(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::LookAlike => "look_alike",
            Self::Email => "email",
            Self::PublicRoom => "public_room",
            Self::People => "people",
            Self::File => "file",
            Self::Identity => "identity",
        }
    }
}

/// A claim that somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claimed {
    /// Id of the holder.
    pub(super) holder: i64,
    /// When it was claimed, by the clock of the server that did.
    pub(super) at: Timestamp,
}

/// Claims `key` for `holder`. Returns the claim of another holder, if it has one; None: it is
/// `holder`'s now, or was already.
pub(super) async fn claim(
    at: &Cluster,
    kind: Kind,
    key: &str,
    holder: i64,
) -> Result<Option<Claimed>, StoreError> {
    for _ in 0..TRIES {
        if settle(at, vec![Condition::Absent(Vec::new())], put(kind, key, holder)).await? {
            return Ok(None);
        }
        match read(at, kind, key, Consistency::Serial).await? {
            Some(other) if other.holder != holder => return Ok(Some(other)),
            // Later than before, so that nobody releases it who knows the earlier claim.
            Some(own)
                if settle(at, unchanged(own), put_after(kind, key, holder, own.at)).await? =>
            {
                return Ok(None);
            }
            // It was released or taken over in between, or the write is known not to have happened.
            Some(_) | None => {}
        }
    }
    Err(StoreError::Unavailable)
}

/// Passes a claim to another holder; false if it is no longer as it was.
pub(super) async fn replace(
    at: &Cluster,
    kind: Kind,
    key: &str,
    old: Claimed,
    new: i64,
) -> Result<bool, StoreError> {
    if settle(at, unchanged(old), put_after(kind, key, new, old.at)).await? {
        return Ok(true);
    }
    let now = read(at, kind, key, Consistency::Serial).await?;
    Ok(now.is_some_and(|claimed| claimed.holder == new))
}

/// Releases a claim if `holder` has it, and does not claim it again.
pub(super) async fn release(
    at: &Cluster,
    kind: Kind,
    key: &str,
    holder: i64,
) -> Result<(), StoreError> {
    let claimed = read(at, kind, key, Consistency::Serial).await?;
    match claimed.filter(|claimed| claimed.holder == holder) {
        Some(own) => release_as(at, kind, key, own).await,
        None => Ok(()),
    }
}

/// Releases a claim if it is still as it was, and was not claimed again.
pub(super) async fn release_as(
    at: &Cluster,
    kind: Kind,
    key: &str,
    known: Claimed,
) -> Result<(), StoreError> {
    let gone = Put::conditional(&CLAIMS, [kind.key().into(), key.into()], [], []).deleted();
    settle(at, unchanged(known), gone).await.map(drop)
}

/// Returns who has a claim.
pub(super) async fn holder_of(
    at: &Cluster,
    kind: Kind,
    key: &str,
) -> Result<Option<Claimed>, StoreError> {
    read(at, kind, key, Consistency::Quorum).await
}

fn unchanged(known: Claimed) -> Vec<Condition> {
    [("holder", known.holder), ("at", known.at.0)]
        .map(|(name, value)| Condition::Is(Vec::new(), name, Some(Value::Int(value))))
        .to_vec()
}

fn put(kind: Kind, key: &str, holder: i64) -> Put {
    put_after(kind, key, holder, Timestamp(0))
}

fn put_after(kind: Kind, key: &str, holder: i64, before: Timestamp) -> Put {
    let now = Timestamp::now().0.max(before.0 + 1);
    let cells = [("holder", holder.into()), ("at", now.into())];
    Put::conditional(&CLAIMS, [kind.key().into(), key.into()], [], cells)
}

/// Writes; true if the condition held. After an unknown outcome the write is finished or dropped by
/// the serial read of the caller; false then as well.
async fn settle(at: &Cluster, conditions: Vec<Condition>, put: Put) -> Result<bool, StoreError> {
    let compare = Compare { conditions, puts: vec![put] };
    match at.tables().compare(compare).await {
        Ok(outcome) => Ok(outcome == Outcome::Applied),
        Err(TableError::Unknown) => Ok(false),
        Err(TableError::Unavailable) => Err(StoreError::Unavailable),
    }
}

async fn read(
    at: &Cluster,
    kind: Kind,
    key: &str,
    consistency: Consistency,
) -> Result<Option<Claimed>, StoreError> {
    let slice = Slice::of(&CLAIMS, [kind.key().into(), key.into()]).at(consistency);
    // A failed read after a write of unknown outcome leaves it unknown; the holder is not complete
    // by then, so that nothing has happened for the caller.
    let rows = at.tables().read(slice).await.map_err(|_| StoreError::Unavailable)?;
    let claimed = rows.first().and_then(|row| {
        let (holder, at) = (row.int("holder")?, row.int("at").unwrap_or_default());
        Some(Claimed { holder, at: Timestamp(at) })
    });
    Ok(claimed)
}
