//! Carries transient events between servers and counts who is present. [`LocalBus`] is the
//! implementation for a single server.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::error::TrySendError;
use tracing::warn;

use crate::model::{Event, EventSink, RoomId, UserId};

/// Reply of a bus; Err: it cannot be reached.
pub type BusReply<'a, T> = Pin<Box<dyn Future<Output = Result<T, BusUnavailable>> + Send + 'a>>;

/// The bus cannot be reached; until it can, presence may be out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bus is unavailable")]
pub struct BusUnavailable;

/// Subject of the events to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Events of a room.
    Room(RoomId),
    /// Events of a user.
    User(UserId),
}

/// Whether a presence count changed between zero and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// The user's first socket in the room, on any server, has entered.
    First,
    /// The user's last socket in the room has left.
    Last,
    /// Neither.
    None,
}

/// Moves events between servers.
pub trait Bus: Send + Sync {
    /// Publishes a transient event (typing, presence). Never waits. Committed events are passed on
    /// by the store itself, in rev order.
    fn publish(&self, event: Event);
    /// Starts or stops receiving events of this room or user on the receiver given at assembly.
    /// Losses are reported (`Event::Lost`), never silent; events may be repeated.
    fn listen(&self, topic: Topic, on: bool) -> BusReply<'_, ()>;
    /// Counts one socket of the user in or out; publishes `tell` if that is a crossing, in the
    /// order of the crossings.
    fn present(
        &self,
        room: RoomId,
        user: UserId,
        here: bool,
        tell: Event,
    ) -> BusReply<'_, Crossing>;
    /// Returns all users present in the room, on any server.
    fn online(&self, room: RoomId) -> BusReply<'_, Vec<UserId>>;
    /// Returns whether the bus responds; for `/health`.
    fn ping(&self) -> BusReply<'_, ()>;
}

/// The bus of a single server: events go directly to the dispatcher, presence is counted in memory.
pub struct LocalBus {
    sink: EventSink,
    present: Mutex<HashMap<RoomId, HashMap<UserId, u32>>>,
}

impl LocalBus {
    /// Creates a bus that passes published events to `sink`.
    pub fn new(sink: EventSink) -> Self {
        Self { sink, present: Mutex::default() }
    }

    /// Publishes hints (presence, typing), which are dropped while the queue is full.
    fn offer(&self, event: Event) {
        if let Err(TrySendError::Full(_)) = self.sink.try_send(event) {
            warn!("A presence or typing event was dropped: the dispatcher is behind.");
        }
    }

    fn count(&self, room: RoomId, user: UserId, here: bool, tell: Event) -> Crossing {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let users = present.entry(room).or_default();
        let sockets = users.entry(user).or_default();
        let crossing = if here {
            *sockets += 1;
            if *sockets == 1 { Crossing::First } else { Crossing::None }
        } else {
            let was = *sockets;
            *sockets = was.saturating_sub(1);
            if was == 1 { Crossing::Last } else { Crossing::None }
        };
        if *sockets == 0 {
            users.remove(&user);
        }
        if users.is_empty() {
            present.remove(&room);
        }
        // Published under the lock, so that entries and leaves arrive in the order in which they
        // were counted.
        if crossing != Crossing::None {
            self.offer(tell);
        }
        crossing
    }
}

impl Bus for LocalBus {
    fn publish(&self, event: Event) {
        self.offer(event);
    }

    fn listen(&self, _topic: Topic, _on: bool) -> BusReply<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn present(
        &self,
        room: RoomId,
        user: UserId,
        here: bool,
        tell: Event,
    ) -> BusReply<'_, Crossing> {
        Box::pin(std::future::ready(Ok(self.count(room, user, here, tell))))
    }

    fn online(&self, room: RoomId) -> BusReply<'_, Vec<UserId>> {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let users =
            present.get(&room).map(|users| users.keys().copied().collect()).unwrap_or_default();
        Box::pin(std::future::ready(Ok(users)))
    }

    fn ping(&self) -> BusReply<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::channel;

    use super::*;

    #[test]
    fn only_the_first_and_the_last_socket_of_a_user_cross() {
        let bus = LocalBus::new(channel(1).0);
        let tell = || Event::UserChanged { user: UserId(1) };
        let steps = [
            (true, Crossing::First),
            (true, Crossing::None),
            (false, Crossing::None),
            (false, Crossing::Last),
            (false, Crossing::None),
        ];
        for (here, crossing) in steps {
            assert_eq!(bus.count(RoomId(1), UserId(1), here, tell()), crossing);
        }
        assert!(bus.present.lock().unwrap().is_empty());
    }
}
