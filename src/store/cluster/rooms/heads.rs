//! The state of a room as it was last derived from its log: everything that was acknowledged is at
//! or below its `rev`, and every row up to that rev is written.

use super::stored::{Stored as _, StoredLast, StoredRetention, StoredRoom};
use crate::model::{Rev, RoomId, Seq, Timestamp};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::ROOM_STATE;
use crate::store::cluster::tables::{Row, Slice};

/// Where a room is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Rev of the newest change.
    pub(super) rev: Rev,
    /// Seq of the newest message.
    pub(super) seq: Seq,
    /// Rev of the newest change of the facts.
    pub(super) facts_rev: Rev,
}

/// State of a room.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) id: RoomId,
    pub(super) head: Head,
    /// Time of the newest message, or of the creation.
    pub(super) at: Timestamp,
    pub(super) body: StoredRoom,
    pub(super) kept: StoredRetention,
    /// The newest message, deleted or not.
    pub(super) last: Option<StoredLast>,
}

/// Returns where a room is; None: it is gone.
pub(super) fn head_of(row: &Row) -> Option<Head> {
    if row.flag("gone") == Some(true) {
        return None;
    }
    Some(Head {
        rev: Rev(row.int("rev")?),
        seq: Seq(row.int("seq")?),
        facts_rev: Rev(row.int("facts_rev")?),
    })
}

/// Returns how long messages are kept, of a row of the rooms' state.
pub(super) fn kept_in(row: &Row) -> Result<StoredRetention, StoreError> {
    row.bytes("retention").map_or_else(|| Ok(StoredRetention::default()), StoredRetention::decode)
}

impl State {
    /// Returns the newest expired message.
    pub(super) fn expired(&self) -> Seq {
        Seq(self.kept.expired)
    }

    /// Reads a row; None for a room that is gone.
    pub(super) fn of(row: &Row) -> Result<Option<Self>, StoreError> {
        let (Some(id), Some(head), Some(body)) = (row.int("room"), head_of(row), row.bytes("body"))
        else {
            return Ok(None);
        };
        Ok(Some(Self {
            id: RoomId(id),
            head,
            at: Timestamp(row.int("at").unwrap_or_default()),
            body: StoredRoom::decode(body)?,
            kept: kept_in(row)?,
            last: row.bytes("last").map(StoredLast::decode).transpose()?,
        }))
    }
}

/// Returns the state of a room; None: it does not exist.
pub(super) async fn state(at: &Cluster, room: RoomId) -> Result<Option<State>, StoreError> {
    let rows = at.tables().read(Slice::of(&ROOM_STATE, [room.0.into()])).await?;
    rows.first().map_or(Ok(None), State::of)
}

/// Returns the head of a room; None: it does not exist.
pub(super) async fn head(at: &Cluster, room: RoomId) -> Result<Option<Head>, StoreError> {
    let slice = Slice::of(&ROOM_STATE, [room.0.into()]).only(&["rev", "seq", "facts_rev", "gone"]);
    Ok(at.tables().read(slice).await?.first().and_then(head_of))
}
