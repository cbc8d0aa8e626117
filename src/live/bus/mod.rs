//! Carries events between servers and knows who is present on which. [`LocalBus`] is the bus of a
//! single server, [`RedisBus`] that of several.
//!
//! A bus delivers at most once and promises nothing else than to report losses: rooms catch up by
//! `rev`, and what has no `rev` is sent again.

mod counts;
mod local;
mod redis;
mod wire;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;

use crate::model::{Availability, Event, EventSink, Person, RoomId, UserId};

pub use local::LocalBus;
pub use redis::{Asked, InvalidAddress, RedisBus, RedisOptions, redis_client};

/// Reply of a bus; Err: it cannot be reached.
pub type BusReply<'a, T> = Pin<Box<dyn Future<Output = Result<T, BusUnavailable>> + Send + 'a>>;

/// The bus cannot be reached; until it can, presence may be out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bus is unavailable")]
pub struct BusUnavailable;

/// Subject of the events to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Events of a room.
    Room(RoomId),
    /// Events of a user.
    User(UserId),
}

/// Whether a presence count changed between zero and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crossing {
    /// The user's first socket in the room has entered.
    First,
    /// The user's last socket in the room has left.
    Last,
    /// Neither.
    None,
}

/// Users present in a room on other servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// The users, at most a thousand, in no order.
    pub people: Vec<Person>,
    /// Number of further users.
    pub more: u32,
}

/// What a bus currently hears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hearing {
    /// Nothing is heard from other servers: the store must be asked for changes.
    pub deaf: bool,
    /// Number of times that events of unknown rooms and users may have been lost.
    pub losses: u64,
    /// Number of times that presence may have become out of date.
    pub presence: u64,
}

/// Moves events between servers.
pub trait Bus: Send + Sync {
    /// Returns the number of this server, different from those of the others; 0: there are no
    /// others.
    fn number(&self) -> u32;
    /// Publishes a transient event (typing, a status). Never waits. Committed events are passed on by
    /// [`forward`], in rev order. `Event::Lost` and events of the live layer stay on this server.
    fn publish(&self, event: Event);
    /// Passes a committed event of this server to the others. Never waits.
    fn committed(&self, event: &Event);
    /// Starts or stops receiving events of this room or user on the queue given at assembly. Never
    /// waits: once events of a room are received, `Event::Lost` reports what may have been missed
    /// until then. Losses are reported, never silent; events may be repeated.
    fn listen(&self, topic: Topic, on: bool);
    /// Counts one socket of the user in or out, and publishes `tell` if it is the user's first or
    /// last in the room on any server, in the order of the crossings. Never waits.
    fn present(&self, room: RoomId, user: UserId, here: bool, tell: Event);
    /// Returns the users present in the room on other servers.
    fn elsewhere(&self, room: RoomId) -> BusReply<'_, Elsewhere>;
    /// Tells other servers how available these users are on this one. Never waits.
    fn tell_available(&self, users: &[(UserId, Availability)]);
    /// Returns how available these users are on other servers, in their order. What a server has
    /// told counts until it has stopped; while nothing is heard, it is what was told last.
    fn available(&self, users: &[UserId]) -> Vec<Availability>;
    /// Counts an attempt among all servers. The inner Err, without counting: the key has had
    /// `limit` attempts within `window`; the time until the next one. The outer Err: this bus does
    /// not count, or cannot now; attempts are then counted by each server.
    fn attempt<'a>(
        &'a self,
        key: &'a str,
        limit: u32,
        window: Duration,
    ) -> BusReply<'a, Result<(), Duration>>;
    /// Removes the newest attempt of this key.
    fn give_back<'a>(&'a self, key: &'a str) -> BusReply<'a, ()>;
    /// Returns what is heard now.
    fn hearing(&self) -> Hearing;
    /// Returns whether the bus responds; for `/health`.
    fn ping(&self) -> BusReply<'_, ()>;
}

/// Passes the committed events of this server to the other servers and to its own dispatcher, in
/// the order of the store, until the store is closed or `stop` is sent or dropped: then those that
/// wait are still passed. `committed` is called with each.
pub async fn forward(
    bus: Arc<dyn Bus>,
    mut store: Receiver<Event>,
    dispatcher: EventSink,
    mut stop: oneshot::Receiver<()>,
    committed: impl Fn(&Event),
) {
    let mut batch = Vec::new();
    let stored = counter!("chatctl_messages_total");
    loop {
        tokio::select! {
            biased;
            taken = store.recv_many(&mut batch, 256) => if taken == 0 {
                return;
            },
            _ = &mut stop => return,
        }
        for event in batch.drain(..) {
            stored.increment(event.posted());
            bus.committed(&event);
            committed(&event);
            if dispatcher.send(event).await.is_err() {
                return;
            }
        }
    }
}
