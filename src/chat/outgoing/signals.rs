//! Tells the tasks of outgoing webhooks that something was committed in their rooms.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::model::{Change, Event, RoomId};

/// The rooms of the webhooks that this server sends, and whom to wake for each.
#[derive(Default)]
pub(in crate::chat) struct Signals {
    /// Webhooks were added, changed or removed.
    pub(super) changed: Notify,
    wakers: Mutex<Wakers>,
}

#[derive(Default)]
struct Wakers {
    of_rooms: HashMap<RoomId, Vec<Arc<Waker>>>,
    /// Of webhooks that send all public rooms.
    of_all: Vec<Arc<Waker>>,
}

/// Wakes the task of a webhook.
#[derive(Default)]
pub(super) struct Waker {
    /// The rooms, and whether their facts have changed.
    rooms: Mutex<BTreeMap<RoomId, bool>>,
    notify: Notify,
}

impl Signals {
    /// Takes note of a committed event. Cheap where no webhook sends the room.
    pub(in crate::chat) fn noticed(&self, event: &Event) {
        let Event::Room(step) = event else { return };
        let is_sent = step.changes.iter().any(is_sent);
        let is_updated = step.changes.iter().any(|change| matches!(change, Change::Updated(_)));
        if !is_sent && !is_updated {
            return;
        }
        let wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if is_sent {
            for waker in wakers.of_rooms.get(&step.room).into_iter().flatten() {
                waker.wake(step.room, is_updated);
            }
        }
        for waker in &wakers.of_all {
            waker.wake(step.room, is_updated);
        }
    }

    /// Wakes these tasks from now on, and no others; None: for all rooms.
    pub(super) fn listen(&self, all: impl Iterator<Item = (Option<RoomId>, Arc<Waker>)>) {
        let mut wakers = Wakers::default();
        for (room, waker) in all {
            match room {
                Some(room) => wakers.of_rooms.entry(room).or_default().push(waker),
                None => wakers.of_all.push(waker),
            }
        }
        *self.wakers.lock().unwrap_or_else(PoisonError::into_inner) = wakers;
    }
}

/// Returns whether a change is of a kind that webhooks send, or the end of the room.
fn is_sent(change: &Change) -> bool {
    match change {
        Change::Posted(_)
        | Change::Edited(_)
        | Change::Deleted(_)
        | Change::ParticipantAdded(_)
        | Change::ParticipantRemoved(_)
        | Change::RoomDeleted => true,
        Change::Reacted { .. }
        | Change::Unreacted { .. }
        | Change::Updated(_)
        | Change::ParticipantChanged(_) => false,
    }
}

impl Waker {
    fn wake(&self, room: RoomId, is_updated: bool) {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        *rooms.entry(room).or_default() |= is_updated;
        drop(rooms);
        self.notify.notify_one();
    }

    /// Returns the rooms for which it was woken since the last call, and whether their facts have
    /// changed.
    pub(super) fn take(&self) -> BTreeMap<RoomId, bool> {
        std::mem::take(&mut *self.rooms.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until it is woken.
    pub(super) async fn woken(&self) {
        self.notify.notified().await;
    }
}
