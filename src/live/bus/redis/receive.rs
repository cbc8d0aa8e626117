//! Passes what a subscription brings to the dispatcher, and reports what was lost.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tracing::{debug, warn};

use super::asking::Asked;
use super::channel::Channel;
use super::listen::Heard;
use super::memory;
use super::outgoing::Outgoing;
use super::shared::Shared;
use crate::live::bus::Topic;
use crate::live::bus::wire::{self, Received, Said, Told};
use crate::model::Event;

/// Numbers remembered of each server, to recognize what it repeats.
const REMEMBERED: usize = 16_384;
/// Maximum number of servers whose numbers are remembered; those of stopped ones make room.
const SERVERS: usize = 1_024;
/// Time that is added to a silence: an event may have been under way before it.
const MARGIN: Duration = Duration::from_secs(5);

/// The dispatcher has ended.
struct Ended;

/// Receives until the bus is closed.
pub(super) async fn receive(shared: Arc<Shared>, at: usize, mut queue: Receiver<Heard>) {
    let mut known = Known::default();
    while let Some(heard) = queue.recv().await {
        let passed = match heard {
            Heard::Message { channel, payload } => {
                message(&shared, &mut known, &channel, &payload).await
            }
            Heard::Lost(span) => lost(&shared, at, span).await,
            Heard::Since(topics) => since(&shared, topics).await,
        };
        if passed.is_err() {
            return;
        }
        if shared.shards[at].take_overflow() {
            warn!("Events of other servers were dropped: the dispatcher is behind.");
            if lost(&shared, at, Duration::ZERO).await.is_err() {
                return;
            }
        }
    }
}

async fn message(
    shared: &Shared,
    known: &mut Known,
    channel: &[u8],
    payload: &[u8],
) -> Result<(), Ended> {
    let Some(Received { server, count, said }) = wire::read(payload) else {
        debug!("A message of an unknown form was received.");
        // A newer server may say something that this one cannot read.
        let room = Channel::room(channel, &shared.prefix);
        return match room {
            Some(room) => pass(shared, Event::Lost { room: Some(room) }).await,
            None => Ok(()),
        };
    };
    if server == shared.me {
        return Ok(());
    }
    match said {
        Said::Event(event) => {
            // Events without a rev: of a user (a mark also goes to the room), and of all servers.
            let personal = matches!(
                event,
                Event::RoomAdded { .. }
                    | Event::Marked { .. }
                    | Event::Personal { .. }
                    | Event::UserChanged { .. }
                    | Event::StatusChanged { .. }
                    | Event::Emoji { .. }
                    | Event::SessionEnded { .. }
                    | Event::LookChanged { .. }
            );
            if personal && !known.is_new(server, count) {
                return Ok(());
            }
            if matches!(event, Event::Lost { .. }) {
                shared.lost();
            }
            pass(shared, event).await
        }
        Said::Repeat(seconds) => {
            answer(shared, server, seconds);
            Ok(())
        }
        Said::Ask(number, request) => {
            shared.asking.asked(Asked { server, number, request });
            Ok(())
        }
        Said::Answer(number, answer) => {
            shared.asking.answered(number, answer);
            Ok(())
        }
        Said::Leaving => {
            shared.asking.left(server);
            Ok(())
        }
        Said::Available(told) => available(shared, server, told).await,
        Said::AskAvailable => {
            shared.say_available(Channel::Server(server), &shared.available.whole());
            Ok(())
        }
        Said::Beat => Ok(()),
    }
}

/// Notes how available users are on another server.
async fn available(shared: &Shared, server: u64, told: Told) -> Result<(), Ended> {
    let users = shared.available.told(server, told);
    if users.is_empty() {
        return Ok(());
    }
    pass(shared, Event::AvailableElsewhere { users }).await
}

/// Sends a server that was deaf the events that have no rev.
fn answer(shared: &Shared, to: u64, seconds: u32) {
    for shard in &shared.shards {
        let events = shard.memory().since(Duration::from_secs(seconds.into()));
        debug!("Sending {} events to a server that was deaf.", events.len());
        for bytes in events {
            if shard.outgoing.try_send(Outgoing::Bytes(Channel::Server(to), bytes)).is_err() {
                return;
            }
        }
    }
}

/// Reports that nothing was heard for a while.
async fn lost(shared: &Shared, at: usize, span: Duration) -> Result<(), Ended> {
    shared.lost();
    shared.shards[at].figures.lost();
    pass(shared, Event::Lost { room: None }).await?;
    let span = span + MARGIN;
    if span > memory::KEPT {
        return pass(shared, Event::LostPersonal { user: None }).await;
    }
    let seconds = u32::try_from(span.as_secs()).unwrap_or(u32::MAX);
    let ask = wire::repeat(shared.me, seconds).into();
    // The queue is full only if publishing fails; then this server will be deaf again.
    drop(shared.shards[at].outgoing.try_send(Outgoing::Bytes(Channel::All, ask)));
    Ok(())
}

/// Reports what may have been missed of topics before they were heard.
async fn since(shared: &Shared, topics: Vec<Topic>) -> Result<(), Ended> {
    for topic in topics {
        let lost = match topic {
            Topic::Room(room) => Event::Lost { room: Some(room) },
            Topic::User(user) => Event::LostPersonal { user: Some(user) },
        };
        pass(shared, lost).await?;
    }
    Ok(())
}

async fn pass(shared: &Shared, event: Event) -> Result<(), Ended> {
    shared.sink.send(event).await.map_err(|_| Ended)
}

/// Numbers of events by server.
#[derive(Default)]
struct Known(HashMap<u64, Numbers>);

#[derive(Default)]
struct Numbers {
    set: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Known {
    /// Notes a number; false if it was known.
    fn is_new(&mut self, server: u64, count: u64) -> bool {
        if self.0.len() >= SERVERS && !self.0.contains_key(&server) {
            self.0.clear();
        }
        let numbers = self.0.entry(server).or_default();
        if !numbers.set.insert(count) {
            return false;
        }
        numbers.order.push_back(count);
        if numbers.order.len() > REMEMBERED
            && let Some(oldest) = numbers.order.pop_front()
        {
            numbers.set.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_number_of_the_same_server_is_known() {
        let mut known = Known::default();
        assert!(known.is_new(1, 5) && known.is_new(2, 5) && known.is_new(1, 4));
        assert!(!known.is_new(1, 5) && !known.is_new(1, 4));
        for count in 10..10 + REMEMBERED as u64 {
            assert!(known.is_new(1, count));
        }
        assert!(known.is_new(1, 5), "too long ago");
    }
}
