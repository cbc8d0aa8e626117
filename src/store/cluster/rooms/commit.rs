//! The verbs that change a room.

use super::open;
use super::orders::{Answer, Order};
use super::sequencer::submit;
use crate::model::{Change, Rev, RoomFacts, RoomId, Seq, Timestamp, UserId, Who};
use crate::store::cluster::Cluster;
use crate::store::{Basis, Committed, Draft, MessageChange, Posted, RoomChange, StoreError, Whose};

/// Returns the room with all changes acknowledged before the call.
pub(in crate::store::cluster) async fn facts(
    at: &Cluster,
    id: RoomId,
) -> Result<Option<RoomFacts>, StoreError> {
    let Some(room) = open::current(at, id).await? else { return Ok(None) };
    Ok(Some(room.facts(at).await?))
}

/// Makes one change of a room.
pub(in crate::store::cluster) async fn change(
    at: &Cluster,
    id: RoomId,
    basis: Basis,
    by: Option<UserId>,
    change: RoomChange,
) -> Result<Committed, StoreError> {
    committed(submit(at, id, Order::Room { basis, by, change }).await)
}

/// Posts a message. It is in the room's queue once the reply is first polled.
pub(in crate::store::cluster) async fn post(
    at: &Cluster,
    room: RoomId,
    basis: Basis,
    draft: Draft,
) -> Result<Posted, StoreError> {
    match submit(at, room, Order::Post { basis, draft }).await? {
        Answer::Posted(posted) => Ok(*posted),
        Answer::Committed(_) => Err(StoreError::Unavailable),
    }
}

/// Makes one change of a message.
pub(in crate::store::cluster) async fn change_message(
    at: &Cluster,
    room: RoomId,
    seq: Seq,
    basis: Basis,
    by: Option<UserId>,
    whose: Whose,
    change: MessageChange,
) -> Result<Committed, StoreError> {
    committed(submit(at, room, Order::Message { seq, basis, by, whose, change }).await)
}

fn committed(answer: Result<Answer, StoreError>) -> Result<Committed, StoreError> {
    match answer? {
        Answer::Committed(committed) => Ok(committed),
        Answer::Posted(_) => Err(StoreError::Unavailable),
    }
}

/// Plans the steps of a change, and names their author, from the facts of a room and its owner,
/// whom the facts do not name once they are deleted.
pub(in crate::store::cluster) type Plan<'a> =
    &'a (dyn Fn(&RoomFacts, Option<UserId>) -> (Who, Vec<Change>) + Send + Sync);

/// Commits the steps that `plan` returns, with one rev and no basis; called again if another change
/// comes first. Nothing happens for no steps, or for a room that is gone (`rev` 0). For work of many
/// steps, such as leaving the rooms of a deleted user.
pub(in crate::store::cluster) async fn commit_planned(
    at: &Cluster,
    id: RoomId,
    plan: Plan<'_>,
) -> Result<Committed, StoreError> {
    loop {
        let nothing =
            |rev, last_seq| Committed { rev, last_seq, at: Timestamp::now(), changes: Vec::new() };
        let Some(room) = open::current(at, id).await? else { return Ok(nothing(Rev(0), Seq(0))) };
        let (by, changes) = plan(&room.exact_facts(at).await?, room.room.owner.map(UserId));
        let (facts_rev, rev) = (Rev(room.room.facts_rev), room.rev);
        if changes.is_empty() {
            return Ok(nothing(rev, room.seq));
        }
        match committed(submit(at, id, Order::Planned { facts_rev, rev, by, changes }).await) {
            Err(StoreError::Stale) => {}
            answer => return answer,
        }
    }
}
