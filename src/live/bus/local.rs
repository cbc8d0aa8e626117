//! The bus of a single server.

use std::future::ready;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tracing::warn;

use super::counts::Counts;
use super::{Bus, BusReply, BusUnavailable, Crossing, Elsewhere, Hearing, Topic};
use crate::model::{Availability, Event, EventSink, RoomId, UserId};

/// The bus of a single server: events go directly to the dispatcher, presence is counted in memory.
pub struct LocalBus {
    sink: EventSink,
    present: Mutex<Counts<()>>,
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
}

impl Bus for LocalBus {
    fn number(&self) -> u32 {
        0
    }

    fn publish(&self, event: Event) {
        self.offer(event);
    }

    fn committed(&self, _event: &Event) {}

    fn listen(&self, _topic: Topic, _on: bool) {}

    fn present(&self, room: RoomId, user: UserId, here: bool, tell: Event) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        // Published under the lock, so that entries and leaves arrive in the order in which they
        // were counted.
        if present.count(room, user, here, ()) != Crossing::None {
            self.offer(tell);
        }
    }

    fn elsewhere(&self, _room: RoomId) -> BusReply<'_, Elsewhere> {
        Box::pin(ready(Ok(Elsewhere::default())))
    }

    fn tell_available(&self, _users: &[(UserId, Availability)]) {}

    fn available(&self, users: &[UserId]) -> Vec<Availability> {
        vec![Availability::Offline; users.len()]
    }

    fn attempt<'a>(
        &'a self,
        _key: &'a str,
        _limit: u32,
        _window: Duration,
    ) -> BusReply<'a, Result<(), Duration>> {
        Box::pin(ready(Err(BusUnavailable)))
    }

    fn give_back<'a>(&'a self, _key: &'a str) -> BusReply<'a, ()> {
        Box::pin(ready(Err(BusUnavailable)))
    }

    fn hearing(&self) -> Hearing {
        Hearing::default()
    }

    fn ping(&self) -> BusReply<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}
