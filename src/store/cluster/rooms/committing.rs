//! Committing what was decided: the conditional write, deriving all rows, and telling.

use std::sync::Arc;
use std::time::Duration;

use super::erasure::{self, Erased};
use super::logged::{Step, StoredChange, StoredCommit, StoredWho};
#[cfg(test)]
use super::model_tests::{Mutant, answer_early};
use super::open::{catch_up, emit, skip_expired};
use super::orders::Decided;
use super::registry::{OpenRoom, Unsettled, lock};
use super::state::{Snapshot, accounts};
use super::{log, projector};
use crate::model::{Change, Event, Rev, RoomEvent, Timestamp, UserId, Who};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::{Consistency, Outcome, TableError};

/// Serial reads after a write of unknown outcome, before that is the answer.
const SETTLE_TRIES: u32 = 4;

/// What became of a commit.
pub(super) enum Committing {
    /// It is durable, derived, and its events are emitted.
    Happened(Arc<Snapshot>),
    /// Another server was first; its changes are known now.
    Lost,
    /// Nothing happened, or it is not known yet.
    Failed(StoreError),
}

/// Commits what was decided at this state of the room, if that is still the newest one.
pub(super) async fn commit(
    at: &Cluster,
    open: &OpenRoom,
    before: &Snapshot,
    decided: &mut Decided,
) -> Committing {
    let Ok(token) = log::token() else { return Committing::Failed(StoreError::Unavailable) };
    let row = StoredCommit { token, changes: decided.changes.clone() };
    let mut after = before.clone();
    for change in &decided.changes {
        after.apply(change);
    }
    let events = std::mem::take(&mut decided.events);
    let outcome = log::commit(at, before, &after, &row).await;
    #[cfg(test)]
    let token = if at.0.rooms.is(Mutant::NoToken) { 0 } else { token };
    match outcome {
        Ok(Outcome::Applied) => {}
        Ok(Outcome::Refused) => return lost(at, open, before).await,
        Err(TableError::Unavailable) => return Committing::Failed(StoreError::Unavailable),
        Err(TableError::Unknown) => {
            *lock(&open.unsettled) = Some(Unsettled { token, after: before.rev, events });
            return settle(at, open, before, token).await;
        }
    }
    #[cfg(test)]
    if at.0.rooms.is(Mutant::AnswerBeforeProjecting) {
        return answer_early(at, open, before, after, row.changes, events).await;
    }
    let Ok(after) = projector::project(at, before, &row.changes).await else {
        *lock(&open.unsettled) = Some(Unsettled { token, after: before.rev, events });
        return Committing::Failed(StoreError::Unknown);
    };
    let after = open.share(after);
    emit(at, events).await;
    clean_up(at, &after, &row.changes);
    Committing::Happened(after)
}

/// Has removed what deleted rooms and messages leave.
fn clean_up(at: &Cluster, room: &Snapshot, changes: &[StoredChange]) {
    if room.gone {
        at.0.rooms.deleted().notify_one();
        return;
    }
    let erased = changes.iter().flat_map(|change| &change.steps).filter_map(|step| match step {
        Step::Deleted { seq, message, .. } => {
            Some(Erased { seq: *seq, revs: message.logged.clone() })
        }
        _ => None,
    });
    erasure::start(at, room.id, erased.collect());
}

/// Reads what came first.
async fn lost(at: &Cluster, open: &OpenRoom, before: &Snapshot) -> Committing {
    for consistency in [Consistency::Quorum, Consistency::Serial] {
        match catch_up(at, open, consistency).await {
            Ok(now) if now.rev > before.rev => return Committing::Lost,
            Ok(_) => {}
            Err(error) => return Committing::Failed(error),
        }
    }
    match skip_expired(at, open).await {
        Ok(()) => Committing::Lost,
        Err(error) => Committing::Failed(error),
    }
}

/// Finds out whether a commit has happened.
async fn settle(at: &Cluster, open: &OpenRoom, before: &Snapshot, token: u64) -> Committing {
    for n in 0..SETTLE_TRIES {
        let found = log::tail(at, open.id, before.rev, Consistency::Serial).await;
        if let Ok(found) = found
            && let Ok(now) = catch_up(at, open, Consistency::Serial).await
        {
            let happened = found.iter().any(|commit| commit.token == token);
            return if happened { Committing::Happened(now) } else { Committing::Lost };
        }
        tokio::time::sleep(Duration::from_millis(100 << n)).await;
    }
    Committing::Failed(StoreError::Unknown)
}

/// Commits a change that changes nothing, and to a room that was never added that it is deleted:
/// what was decided before can no longer be committed then. False: it was not possible now.
pub(super) async fn supersede(
    at: &Cluster,
    open: &OpenRoom,
    now: &Snapshot,
) -> Result<bool, StoreError> {
    if lock(&open.unsettled).is_some() {
        return Ok(false);
    }
    let (rev, time, added) = (now.rev.next(), Timestamp::now(), now.rev > Rev(0));
    let owner = now.room.owner;
    let step = if added { Step::Updated { owner } } else { Step::RoomDeleted };
    let mut room = now.room.clone();
    room.facts_rev = rev.0;
    if room.read_only {
        room.mode_rev = rev.0;
    }
    let by = StoredWho::Server;
    let change = StoredChange { rev: rev.0, at: time.0, by, steps: vec![step], room: Some(room) };
    let mut decided = Decided { changes: vec![change], ..Decided::default() };
    if added {
        let accounts = accounts(at, owner.map(UserId)).await?;
        let mut after = now.clone();
        after.apply(&decided.changes[0]);
        let changes = vec![Change::Updated(after.room(&accounts))];
        let event =
            RoomEvent { room: now.id, rev, at: time, by: Who::Server, socket: None, changes };
        decided.events.push(Event::Room(Arc::new(event)));
    }
    match commit(at, open, now, &mut decided).await {
        Committing::Happened(_) => Ok(true),
        Committing::Lost => Ok(false),
        Committing::Failed(error) => Err(error),
    }
}
