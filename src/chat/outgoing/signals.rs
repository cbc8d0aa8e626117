//! Tells the tasks of outgoing webhooks that something was committed in their rooms.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::model::{Change, Event, RoomId};

/// The rooms of the webhooks that this server sends, and whom to wake for each.
#[derive(Default)]
pub(in crate::chat) struct Signals {
    /// Webhooks were added, changed or removed.
    pub(super) changed: Notify,
    wakers: Mutex<HashMap<RoomId, Vec<Arc<Waker>>>>,
}

/// Wakes the task of a webhook.
#[derive(Default)]
pub(super) struct Waker {
    rooms: Mutex<BTreeSet<RoomId>>,
    notify: Notify,
}

impl Signals {
    /// Takes note of a committed event. Cheap where no webhook sends the room.
    pub(in crate::chat) fn noticed(&self, event: &Event) {
        let Event::Room(step) = event else { return };
        if !step.changes.iter().any(is_sent) {
            return;
        }
        let wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        for waker in wakers.get(&step.room).into_iter().flatten() {
            waker.wake(step.room);
        }
    }

    /// Wakes these tasks from now on, and no others.
    pub(super) fn listen(&self, all: impl Iterator<Item = (RoomId, Arc<Waker>)>) {
        let mut wakers: HashMap<RoomId, Vec<Arc<Waker>>> = HashMap::new();
        for (room, waker) in all {
            wakers.entry(room).or_default().push(waker);
        }
        *self.wakers.lock().unwrap_or_else(PoisonError::into_inner) = wakers;
    }
}

/// Returns whether a change is of a kind that webhooks send, or the end of the room.
fn is_sent(change: &Change) -> bool {
    match change {
        Change::Posted(_) | Change::Edited(_) | Change::Deleted(_) | Change::RoomDeleted => true,
        Change::Reacted { .. }
        | Change::Unreacted { .. }
        | Change::Updated(_)
        | Change::ParticipantAdded(_)
        | Change::ParticipantChanged(_)
        | Change::ParticipantRemoved(_) => false,
    }
}

impl Waker {
    fn wake(&self, room: RoomId) {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).insert(room);
        self.notify.notify_one();
    }

    /// Returns the rooms for which it was woken since the last call.
    pub(super) fn take(&self) -> BTreeSet<RoomId> {
        std::mem::take(&mut *self.rooms.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until it is woken.
    pub(super) async fn woken(&self) {
        self.notify.notified().await;
    }
}
