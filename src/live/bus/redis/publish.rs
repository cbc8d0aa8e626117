//! Publishes over one instance of Redis: one task, so that the messages of this server arrive in
//! order, many at a time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::pipe;
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};
use tracing::debug;

use super::channel::Channel;
use super::memory::Repeated;
use super::outgoing::Outgoing;
use super::shared::Shared;
use crate::live::bus::{BusUnavailable, wire};
use crate::model::Event;

/// Maximum number of messages in a pipeline.
const BATCH: usize = 128;

/// Publishes until the bus is closed.
pub(super) async fn publish(shared: Arc<Shared>, at: usize, mut queue: Receiver<Outgoing>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            taken = queue.recv_many(&mut batch, BATCH) => {
                if taken == 0 {
                    return;
                }
                let (messages, flushed) = encode(&shared, at, batch.drain(..));
                send(&shared, at, &messages).await;
                drop(flushed);
            }
            _ = ticks.tick() => {
                let due = shared.shards[at].memory().tick();
                if let Some(due) = due {
                    repeat(&shared, at, due).await;
                }
            }
        }
    }
}

/// Encodes messages, and remembers the events of users and of all servers. Also returns who waits
/// for them to be published.
fn encode(
    shared: &Shared,
    at: usize,
    batch: impl Iterator<Item = Outgoing>,
) -> (Vec<(Channel, Bytes)>, Vec<oneshot::Sender<()>>) {
    let (mut messages, mut flushed) = (Vec::with_capacity(BATCH), Vec::new());
    for outgoing in batch {
        match outgoing {
            Outgoing::Flush(told) => flushed.push(told),
            Outgoing::Bytes(to, bytes) => messages.push((to, bytes)),
            Outgoing::Event(channels, count, event) => {
                let Some(bytes) = wire::event(shared.me, count, &event) else { continue };
                let bytes = Bytes::from(bytes);
                for to in channels {
                    if to.is_remembered() {
                        shared.shards[at].memory().sent(to, bytes.clone());
                    }
                    messages.push((to, bytes.clone()));
                }
            }
        }
    }
    (messages, flushed)
}

/// Publishes messages. What fails is in the memory, or is a hint.
pub(super) async fn send(shared: &Shared, at: usize, messages: &[(Channel, Bytes)]) -> bool {
    let instance = &shared.shards[at];
    for part in messages.chunks(BATCH) {
        let mut pipe = pipe();
        for (to, bytes) in part {
            pipe.publish(to.name(&shared.prefix), &bytes[..]).ignore();
        }
        let sent: Result<(), BusUnavailable> = instance.link.run(&pipe).await;
        let mut memory = instance.memory();
        match sent {
            Ok(()) if memory.is_failing() => memory.returned(),
            Ok(()) => (),
            Err(BusUnavailable) => {
                instance.figures.published(part.len(), false);
                memory.failed();
                return false;
            }
        }
        instance.figures.published(part.len(), true);
    }
    true
}

/// Publishes again what may not have arrived.
async fn repeat(shared: &Shared, at: usize, due: Repeated) {
    debug!("Repeating {} rooms and {} events.", due.heads.len(), due.events.len());
    let mut messages: Vec<(Channel, Bytes)> = Vec::with_capacity(due.events.len());
    if due.lost {
        messages.extend(encoded(shared, Channel::All, &Event::Lost { room: None }));
    }
    for (room, rev) in due.heads {
        messages.extend(encoded(shared, Channel::Room(room), &Event::Head { room, rev }));
    }
    messages.extend(due.events.into_iter().map(|sent| (sent.to, sent.bytes)));
    send(shared, at, &messages).await;
}

/// Encodes a message of this server.
pub(super) fn encoded(shared: &Shared, to: Channel, event: &Event) -> Option<(Channel, Bytes)> {
    Some((to, wire::event(shared.me, shared.next(), event)?.into()))
}
