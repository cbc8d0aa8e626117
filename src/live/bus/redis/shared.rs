//! State of the bus that its tasks share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use redis::Client;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;
use tracing::warn;

use super::asking::Asking;
use super::available::Available;
use super::channel::Channel;
use super::figures::Figures;
use super::link::Link;
use super::memory::Memory;
use super::outgoing::Outgoing;
use super::place;
use super::present::Present;
use super::topics::Topics;
use crate::live::bus::wire::{self, Told};
use crate::model::{Event, EventSink};

/// Time without hearing itself after which a server considers itself deaf.
pub(super) const SILENCE: Duration = Duration::from_secs(3);

/// State of the bus, shared with its tasks.
pub(super) struct Shared {
    /// Id of this run of this server.
    pub(super) me: u64,
    pub(super) prefix: String,
    pub(super) sink: EventSink,
    pub(super) shards: Vec<Shard>,
    /// Number of the last message published.
    pub(super) count: AtomicU64,
    pub(super) losses: AtomicU64,
    pub(super) stale: AtomicU64,
    pub(super) asking: Asking,
    pub(super) available: Available,
}

/// One instance of Redis.
pub(super) struct Shard {
    /// Hash of its address.
    pub(super) id: u64,
    pub(super) client: Client,
    pub(super) link: Link,
    pub(super) topics: Topics,
    pub(super) outgoing: Sender<Outgoing>,
    pub(super) memory: Mutex<Memory>,
    pub(super) present: Present,
    /// When this server last heard itself.
    pub(super) heard: Mutex<Instant>,
    /// Received messages were dropped.
    pub(super) overflow: AtomicBool,
    pub(super) figures: Figures,
}

impl Shared {
    pub(super) fn shard(&self, channel: Channel) -> &Shard {
        &self.shards[self.at(channel)]
    }

    /// Returns the instance that carries a channel.
    pub(super) fn at(&self, channel: Channel) -> usize {
        let subject = match channel {
            Channel::Room(room) => room.0.cast_unsigned(),
            Channel::User(user) => user.0.cast_unsigned(),
            Channel::Server(_) | Channel::All => return 0,
        };
        let chosen = place::chosen(self.shards.iter().map(|shard| shard.id), subject);
        self.shards.iter().position(|shard| Some(shard.id) == chosen).unwrap_or(0)
    }

    pub(super) fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Events of unknown rooms and users may have been lost.
    pub(super) fn lost(&self) {
        self.available.lost();
        self.losses.fetch_add(1, Ordering::SeqCst);
    }

    /// Presence must be read again.
    pub(super) fn presence_is_stale(&self) {
        self.stale.fetch_add(1, Ordering::SeqCst);
    }

    /// Publishes an event on channels of one instance; what does not fit into the queue is in the
    /// memory, or is a hint.
    pub(super) fn send(&self, channels: Vec<Channel>, event: &Event) {
        let Some(first) = channels.first() else { return };
        let shard = self.shard(*first);
        let outgoing = Outgoing::Event(channels, self.next(), event.clone());
        if let Err(TrySendError::Full(Outgoing::Event(channels, count, event))) =
            shard.outgoing.try_send(outgoing)
        {
            let mut memory = shard.memory();
            memory.failed();
            for to in channels.into_iter().filter(|to| to.is_remembered()) {
                if let Some(bytes) = wire::event(self.me, count, &event) {
                    memory.sent(to, bytes.into());
                }
            }
        }
    }

    /// Sends a message to one server; None: the queue is full.
    pub(super) fn tell(&self, server: u64, message: Vec<u8>) -> Option<()> {
        let to = Channel::Server(server);
        self.shard(to).outgoing.try_send(Outgoing::Bytes(to, Bytes::from(message))).ok()
    }

    /// Tells servers how available users are on this one. What does not fit into the queue is asked
    /// for once its number is missed.
    pub(super) fn say_available(&self, to: Channel, told: &Told) {
        let bytes = Bytes::from(wire::available(self.me, told));
        drop(self.shards[0].outgoing.try_send(Outgoing::Bytes(to, bytes)));
    }

    /// Passes a hint to the dispatcher of this server.
    pub(super) fn offer(&self, event: Event) {
        if let Err(TrySendError::Full(event)) = self.sink.try_send(event) {
            if matches!(event, Event::Lost { .. } | Event::AvailableElsewhere { .. }) {
                let sink = self.sink.clone();
                tokio::spawn(async move { drop(sink.send(event).await) });
            } else {
                warn!("A presence or typing event was dropped: the dispatcher is behind.");
            }
        }
    }
}

impl Shard {
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that this server has heard itself.
    pub(super) fn echo(&self) {
        self.figures.echo();
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(super) fn heard_at(&self) -> Instant {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn overflow(&self) {
        self.overflow.store(true, Ordering::SeqCst);
    }

    pub(super) fn take_overflow(&self) -> bool {
        self.overflow.swap(false, Ordering::SeqCst)
    }
}
