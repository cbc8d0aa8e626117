//! Committing what was decided: the conditional write, deriving all rows, and telling.

use std::sync::Arc;
use std::time::Duration;

use super::erasure;
use super::figures::Settled;
use super::logged::{Step, StoredChange, StoredCommit, StoredWho};
#[cfg(test)]
use super::model_tests::{Mutant, answer_early};
use super::open::{catch_up, emit, skip_expired};
use super::orders::Decided;
use super::registry::{Mark, OpenRoom, Unsettled, lock};
use super::state::{Snapshot, accounts};
use super::{figures, follows, log, projector};
use crate::model::{Change, Event, Rev, RoomEvent, Timestamp, UserId, Who};
use crate::store::StoreError;
use crate::store::cluster::tables::{Consistency, Outcome, TableError};
use crate::store::cluster::{Cluster, audit};

/// Serial reads after a write of unknown outcome, before that is the answer.
const SETTLE_TRIES: u32 = 4;

/// What became of a commit.
pub(super) enum Committing {
    /// It is durable, derived, and its events are emitted.
    Happened(Arc<Snapshot>),
    /// Another server was first; its changes are known now. The write may have been made
    /// nevertheless ([`made`]).
    Lost(Mark),
    /// Nothing happened, or it is not known yet.
    Failed(StoreError),
}

/// Commits what was decided at this state of the room, if that is still the newest one.
pub(super) async fn commit(
    at: &Cluster,
    open: &OpenRoom,
    before: &Snapshot,
    decided: &Decided,
) -> Committing {
    let Ok(token) = log::token() else { return Committing::Failed(StoreError::Unavailable) };
    let row = StoredCommit { token, changes: decided.changes.clone() };
    let mut after = before.clone();
    for change in &decided.changes {
        after.apply(change);
    }
    let events = decided.events.clone();
    let outcome = log::commit(at, before, &after, &row).await;
    figures::committed(outcome);
    #[cfg(test)]
    let token = if at.0.rooms.is(Mutant::NoToken) { 0 } else { token };
    let mark = Mark::new(token);
    match outcome {
        Ok(Outcome::Applied) => {}
        Ok(Outcome::Refused) => return lost(at, open, before, mark).await,
        Err(TableError::Unavailable) => return Committing::Failed(StoreError::Unavailable),
        Err(TableError::Unknown) => {
            let waiting = Unsettled { mark: mark.clone(), after: before.rev, events };
            *lock(&open.unsettled) = Some(waiting);
            let settled = settle(at, open, before, mark).await;
            at.0.rooms.figures.settled(match &settled {
                Committing::Happened(_) => Settled::Made,
                Committing::Lost(_) => Settled::Lost,
                Committing::Failed(_) => Settled::Unsettled,
            });
            if let Committing::Happened(after) = &settled {
                clean_up(at, after, &row.changes);
            }
            return settled;
        }
    }
    #[cfg(test)]
    if at.0.rooms.is(Mutant::AnswerBeforeProjecting) {
        return answer_early(at, open, before, after, row.changes, events).await;
    }
    let Ok(after) = projector::project(at, before, &row.changes).await else {
        *lock(&open.unsettled) = Some(Unsettled { mark, after: before.rev, events });
        return Committing::Failed(StoreError::Unknown);
    };
    let after = open.share(after);
    emit(at, events).await;
    follows::tell(at, &after, &row.changes);
    clean_up(at, &after, &row.changes);
    Committing::Happened(after)
}

/// Has removed what deleted rooms and messages leave.
fn clean_up(at: &Cluster, room: &Snapshot, changes: &[StoredChange]) {
    if room.gone {
        at.0.rooms.deleted().notify_one();
        return;
    }
    let mut steps = changes.iter().flat_map(|change| &change.steps);
    if steps.any(|step| matches!(step, Step::Deleted { .. })) {
        erasure::start(at, room.id);
    }
}

/// An attempt that looked lost.
pub(super) struct Attempt {
    mark: Mark,
    /// The rev that it follows.
    after: Rev,
    decided: Decided,
    /// What was written to the audit log for it.
    entries: Vec<audit::Begun>,
}

impl Attempt {
    /// An attempt at this state of the room.
    pub(super) fn new(
        mark: Mark,
        before: &Snapshot,
        decided: Decided,
        entries: Vec<audit::Begun>,
    ) -> Self {
        Self { mark, after: before.rev, decided, entries }
    }

    /// Withdraws what was written to the audit log for it.
    pub(super) async fn withdraw(self, at: &Cluster) {
        audit::withdraw_all(at, self.entries).await;
    }
}

impl From<Attempt> for Unsettled {
    fn from(attempt: Attempt) -> Self {
        let Attempt { mark, after, decided, .. } = attempt;
        Self { mark, after, events: decided.events }
    }
}

/// Finds the attempt whose write was made although it looked lost: a node that tries a write again
/// by itself answers that it was refused if its first try was made, and goes on trying when nobody
/// waits any more. At most one of several attempts at the same orders is made, since each moves the
/// head that the others expect. Emits its events; the others are withdrawn.
pub(super) async fn made(
    at: &Cluster,
    open: &OpenRoom,
    attempts: &mut Vec<Attempt>,
) -> Result<Option<(Arc<Snapshot>, Decided)>, StoreError> {
    let Some(from) = attempts.iter().map(|attempt| attempt.after).min() else { return Ok(None) };
    let tail = log::tail(at, open.id, from, Consistency::Serial).await?;
    let is_made = |attempt: &Attempt| tail.iter().any(|commit| commit.token == attempt.mark.token);
    let Some(place) = attempts.iter().position(is_made) else { return Ok(None) };
    let found = attempts.swap_remove(place);
    let now = catch_up(at, open, Consistency::Serial).await?;
    if found.mark.is_first() {
        emit(at, found.decided.events.clone()).await;
    }
    clean_up(at, &now, &found.decided.changes);
    for other in attempts.drain(..) {
        other.withdraw(at).await;
    }
    Ok(Some((now, found.decided)))
}

/// Reads what came first.
async fn lost(at: &Cluster, open: &OpenRoom, before: &Snapshot, mark: Mark) -> Committing {
    for consistency in [Consistency::Quorum, Consistency::Serial] {
        match catch_up(at, open, consistency).await {
            Ok(now) if now.rev > before.rev => return Committing::Lost(mark),
            Ok(_) => {}
            Err(error) => return Committing::Failed(error),
        }
    }
    match skip_expired(at, open).await {
        Ok(()) => Committing::Lost(mark),
        Err(error) => Committing::Failed(error),
    }
}

/// Finds out whether a commit has happened.
async fn settle(at: &Cluster, open: &OpenRoom, before: &Snapshot, mark: Mark) -> Committing {
    for n in 0..SETTLE_TRIES {
        let found = log::tail(at, open.id, before.rev, Consistency::Serial).await;
        if let Ok(found) = found
            && let Ok(now) = catch_up(at, open, Consistency::Serial).await
        {
            let happened = found.iter().any(|commit| commit.token == mark.token);
            return if happened { Committing::Happened(now) } else { Committing::Lost(mark) };
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
    match commit(at, open, now, &decided).await {
        Committing::Happened(_) => Ok(true),
        Committing::Lost(_) => Ok(false),
        Committing::Failed(error) => Err(error),
    }
}
