//! Counts who is present on this server, and queues what other servers must be told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::live::bus::Crossing;
use crate::live::bus::counts::Counts;
use crate::model::{Event, Person, RoomId, SocketId, Timestamp, UserId};

/// Maximum number of crossings that wait.
const QUEUE: usize = 16_384;

/// Users present on this server, in the rooms of one instance of Redis.
pub(super) struct Present {
    counts: Mutex<Counts<Person>>,
    queue: Sender<Crossed>,
    /// A crossing did not fit into the queue.
    pub(super) missed: AtomicBool,
}

/// A user's first socket of this server has entered, or the last one has left.
pub(super) struct Crossed {
    pub(super) room: RoomId,
    pub(super) user: UserId,
    pub(super) here: bool,
    /// Nobody else of this server is present there.
    pub(super) alone: bool,
    pub(super) tell: Event,
}

impl Present {
    pub(super) fn new() -> (Self, Receiver<Crossed>) {
        let (queue, receiver) = channel(QUEUE);
        (Self { counts: Mutex::default(), queue, missed: AtomicBool::new(false) }, receiver)
    }

    /// Counts a socket in or out. Returns `tell` if only this server can be told.
    pub(super) fn count(
        &self,
        room: RoomId,
        user: UserId,
        here: bool,
        tell: Event,
    ) -> Option<Event> {
        let (Event::Entered { person, .. } | Event::Left { person, .. }) = &tell else {
            return None;
        };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.count(room, user, here, person.clone()) == Crossing::None {
            return None;
        }
        let alone = counts.is_empty(room);
        // Queued under the lock, so that entries and leaves keep their order.
        match self.queue.try_send(Crossed { room, user, here, alone, tell }) {
            Ok(()) => None,
            Err(full) => {
                self.missed.store(true, Ordering::SeqCst);
                Some(full.into_inner().tell)
            }
        }
    }

    /// Returns who is present, as events to be told to other servers.
    pub(super) fn all(&self) -> Vec<Crossed> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Timestamp::now();
        counts
            .iter()
            .map(|(room, user, person)| {
                // No socket: those of the user also learn of it on other servers.
                let tell = Event::Entered { room, person: person.clone(), socket: SocketId(0), at };
                Crossed { room, user, here: true, alone: false, tell }
            })
            .collect()
    }

    pub(super) fn has(&self, room: RoomId, user: UserId) -> bool {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).get(room, user).is_some()
    }
}
