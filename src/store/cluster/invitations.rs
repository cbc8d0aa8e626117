//! Rows of invitations: reading them, and writing the next version on condition that it is the next.

use serde::{Deserialize, Serialize};

use super::encoding::{decode, encode};
use super::tables::schema::people::INVITATIONS;
use super::tables::{
    Compare, Condition, Consistency, Outcome, Put, Row, Slice, TableError, Value,
    compare_until_known,
};
use super::{Cluster, audit, ids};
use crate::model::{Hash32, Invitation, InvitationId, RoomId, Timestamp, UserId};
use crate::store::{ENDED_KEPT, Missing, NewInvitation, StoreError, audit_notes};

/// Partition of all invitations: they are few, and listed together.
const LIST: &str = "all";
const VERSION: u8 = 1;
/// The same fields, of an invitation for guests. A server that knows no such invitations refuses it
/// instead of creating members with it.
const GUEST: u8 = 2;
/// Changes that others may make while one is tried.
pub(super) const TRIES: usize = 50;

/// A stored invitation: version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    id: i64,
    by: Option<i64>,
    maker: String,
    rooms: Vec<i64>,
    uses: Option<u32>,
    /// Accounts that were created.
    pub(super) used: u32,
    created: i64,
    expires: i64,
    /// Accounts that are being created, or whose server died while they were: id, and since when.
    pub(super) taking: Vec<(i64, i64)>,
}

/// A row.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Hash of the secret in hexadecimal digits.
    secret: String,
    /// Version of the row, which the next write replaces.
    version: i64,
    pub(super) stored: Stored,
    /// When it was revoked.
    revoked: Option<i64>,
    /// Whether accounts that are created with it are guests: the version of the body.
    guest: bool,
    /// Address that it was meant to be mailed to.
    mailed_to: Option<String>,
}

impl Kept {
    /// Returns the invitation; accounts that are being created count as uses.
    pub(super) fn invitation(&self) -> Invitation {
        Invitation {
            revoked: self.revoked.map(Timestamp),
            guest: self.guest,
            mailed_to: self.mailed_to.clone(),
            ..self.stored.invitation()
        }
    }

    /// The same, unless it was revoked.
    pub(super) fn standing(self) -> Option<Self> {
        Some(self).filter(|kept| kept.revoked.is_none())
    }
}

/// Result of writing a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrote {
    /// It is the version of the row now.
    Done,
    /// The row has another version, or is gone.
    Stale,
}

impl Stored {
    fn new(id: i64, new: &NewInvitation) -> Self {
        Self {
            id,
            by: new.by.map(|user| user.0),
            maker: new.maker.clone(),
            rooms: new.rooms.iter().map(|room| room.0).collect(),
            uses: new.uses,
            used: 0,
            created: new.now.0,
            expires: new.now.plus(new.life).0,
            taking: Vec::new(),
        }
    }

    fn invitation(&self) -> Invitation {
        let taking = u32::try_from(self.taking.len()).unwrap_or(u32::MAX);
        Invitation {
            id: InvitationId(self.id),
            by: self.by.map(UserId),
            maker: self.maker.clone(),
            rooms: self.rooms.iter().copied().map(RoomId).collect(),
            guest: false,
            uses: self.uses,
            used: self.used.saturating_add(taking),
            created: Timestamp(self.created),
            expires: Timestamp(self.expires),
            revoked: None,
            mailed_to: None,
        }
    }
}

/// Adds an invitation, and forgets those that ended long ago.
pub(super) async fn add(at: &Cluster, new: NewInvitation) -> Result<Invitation, StoreError> {
    let old = new.now.minus(ENDED_KEPT);
    let is_over = |kept: &&Kept| kept.revoked.unwrap_or(i64::MAX).min(kept.stored.expires) < old.0;
    for ended in all(at).await?.iter().filter(is_over) {
        remove(at, ended).await?;
    }
    let id = ids::take(at, ids::Kind::Invitation).await?;
    let secret = hex::encode(new.secret.0);
    let stored = Stored::new(id, &new);
    let kept = Kept {
        secret,
        version: 0,
        stored,
        revoked: None,
        guest: new.guest,
        mailed_to: new.mailed_to,
    };
    let added = kept.invitation();
    let entry = audit::begin(at, || audit_notes::invitation_added(&added)).await?;
    let absent = Condition::Absent(vec![kept.secret.as_str().into()]);
    let written = put(at, &kept, absent, 1).await.map(|_| added);
    audit::settle(at, entry, written, |_| true).await
}

/// Revokes an invitation.
pub(super) async fn revoke(at: &Cluster, id: InvitationId) -> Result<Invitation, StoreError> {
    for _ in 0..TRIES {
        let found = all(at).await?.into_iter().find(|kept| kept.stored.id == id.0);
        let found = found.and_then(Kept::standing);
        let found = found.ok_or(StoreError::NotFound(Missing::Invitation))?;
        let gone = found.invitation();
        let entry = audit::begin(at, || audit_notes::invitation_revoked(&gone)).await?;
        let revoked = Kept { revoked: Some(Timestamp::now().0), ..found };
        let wrote = write(at, &revoked).await;
        if audit::settle(at, entry, wrote, |wrote| *wrote == Wrote::Done).await? == Wrote::Done {
            return Ok(gone);
        }
    }
    Err(StoreError::Unavailable)
}

/// Returns all invitations.
pub(super) async fn all(at: &Cluster) -> Result<Vec<Kept>, StoreError> {
    let rows = at.tables().read(Slice::of(&INVITATIONS, [LIST.into()])).await?;
    Ok(rows.iter().map(kept).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Returns the invitation with this secret.
pub(super) async fn by_secret(
    at: &Cluster,
    secret: Hash32,
    consistency: Consistency,
) -> Result<Option<Kept>, StoreError> {
    let slice = Slice::of(&INVITATIONS, [LIST.into()]).under([hex::encode(secret.0).into()]);
    let rows = at.tables().read(slice.at(consistency)).await?;
    rows.first().map_or(Ok(None), kept)
}

/// Writes the next version of a row that was read. `Unknown` if it may have been written.
pub(super) async fn write(at: &Cluster, kept: &Kept) -> Result<Wrote, StoreError> {
    put(at, kept, at_version(kept), kept.version + 1).await
}

async fn put(
    at: &Cluster,
    kept: &Kept,
    condition: Condition,
    version: i64,
) -> Result<Wrote, StoreError> {
    let body = encode(if kept.guest { GUEST } else { VERSION }, &kept.stored)?;
    let mut cells = vec![("version", version.into()), ("body", body.clone().into())];
    cells.extend(kept.revoked.map(|at| ("revoked", at.into())));
    cells.extend(kept.mailed_to.as_deref().map(|address| ("mailed_to", address.into())));
    let put = row_of(kept, cells);
    if settle(at, condition, put).await? {
        return Ok(Wrote::Done);
    }
    let now = row_now(at, kept).await?;
    let is_ours = now.is_some_and(|row| {
        row.int("version") == Some(version)
            && row.bytes("body") == Some(body.as_slice())
            && row.int("revoked") == kept.revoked
    });
    Ok(if is_ours { Wrote::Done } else { Wrote::Stale })
}

async fn remove(at: &Cluster, kept: &Kept) -> Result<Wrote, StoreError> {
    if settle(at, at_version(kept), row_of(kept, Vec::new()).deleted()).await? {
        return Ok(Wrote::Done);
    }
    // Nobody adds it again.
    let is_gone = row_now(at, kept).await?.is_none_or(|row| row.bytes("body").is_none());
    Ok(if is_gone { Wrote::Done } else { Wrote::Stale })
}

fn row_of(kept: &Kept, cells: Vec<(&'static str, Value)>) -> Put {
    Put::conditional(&INVITATIONS, [LIST.into()], [kept.secret.as_str().into()], cells)
}

fn at_version(kept: &Kept) -> Condition {
    Condition::Is(vec![kept.secret.as_str().into()], "version", Some(Value::Int(kept.version)))
}

/// Writes; true if the condition held.
async fn settle(at: &Cluster, condition: Condition, put: Put) -> Result<bool, StoreError> {
    let compare = Compare { conditions: vec![condition], puts: vec![put] };
    match compare_until_known(at.tables(), compare).await {
        Ok(outcome) => Ok(outcome == Outcome::Applied),
        Err(TableError::Unavailable) => Err(StoreError::Unavailable),
        Err(TableError::Unknown) => Err(StoreError::Unknown),
    }
}

/// Returns the row as it is, after a write that may have been made by an earlier attempt.
async fn row_now(at: &Cluster, kept: &Kept) -> Result<Option<Row>, StoreError> {
    let slice = Slice::of(&INVITATIONS, [LIST.into()]).under([kept.secret.as_str().into()]);
    let rows = at.tables().read(slice.at(Consistency::Serial)).await;
    Ok(rows.map_err(|_| StoreError::Unknown)?.into_iter().next())
}

fn kept(row: &Row) -> Result<Option<Kept>, StoreError> {
    let (Some(secret), Some(version), Some(body)) =
        (row.text("secret"), row.int("version"), row.bytes("body"))
    else {
        return Ok(None);
    };
    let (secret, revoked) = (secret.to_owned(), row.int("revoked"));
    let guest = body.first() == Some(&GUEST);
    let stored = decode(if guest { GUEST } else { VERSION }, body)?;
    let mailed_to = row.text("mailed_to").map(str::to_owned);
    Ok(Some(Kept { secret, version, stored, revoked, guest, mailed_to }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_invitations_of_version_1_are_read() {
        let stored = Stored {
            id: 1,
            by: Some(2),
            maker: "ann".to_owned(),
            rooms: vec![3],
            uses: Some(4),
            used: 1,
            created: 5,
            expires: 6,
            taking: vec![(7, 8)],
        };
        let bytes = encode(VERSION, &stored).unwrap();
        assert_eq!(hex::encode(&bytes), "0102010403616e6e01060104010a0c010e10");
        assert_eq!(decode::<Stored>(VERSION, &bytes), Ok(stored.clone()));
        assert_eq!(stored.invitation().used, 2);
    }
}
