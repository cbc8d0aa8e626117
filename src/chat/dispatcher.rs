//! The single dispatcher: takes events from the store and the bus in order, updates caches, and
//! passes them to live rooms. If the bus has lost events, it reads the missing changes and passes
//! them on (`live` never reads the store).

use std::collections::VecDeque;

use metrics::{counter, gauge};
use tokio::sync::mpsc::Receiver;
use tracing::{debug, error, info};

use super::Chat;
use crate::live::{Effect, Unwritten};
use crate::model::{Change, Event, Person, Rev, RoomChanges, RoomEvent, RoomId, Timestamp, Who};
use crate::store::{Missing, StoreError};

/// Maximum number of queued events; beyond it the writer waits for the dispatcher.
pub const QUEUE: usize = 16_384;
/// Messages per page of a recovery.
const PAGE: u32 = 200;

/// Receives events until all senders are dropped.
pub struct Dispatcher {
    chat: Chat,
    events: Receiver<Event>,
}

impl Dispatcher {
    /// Creates a dispatcher for the events of this channel.
    pub fn new(chat: Chat, events: Receiver<Event>) -> Self {
        Self { chat, events }
    }

    /// Runs until all senders are dropped and all events are delivered.
    pub async fn run(mut self) {
        let mut batch = Vec::new();
        let mut unwritten = Unwritten::default();
        let (waiting, stored) = (gauge!("chatctl_event_queue"), counter!("chatctl_messages_total"));
        while self.events.recv_many(&mut batch, 256).await > 0 {
            for event in batch.drain(..) {
                if let Event::Room(step) = &event {
                    let posted = step
                        .changes
                        .iter()
                        .filter(|change| matches!(change, Change::Posted(_)))
                        .count();
                    stored.increment(posted as u64);
                }
                self.chat.deliver(&event, &mut unwritten).await;
            }
            unwritten.write();
            #[expect(clippy::cast_precision_loss, reason = "the queue is bounded")]
            waiting.set(self.events.len() as f64);
        }
    }
}

impl Chat {
    /// Delivers one event and applies its effects.
    pub(super) async fn deliver(&self, event: &Event, unwritten: &mut Unwritten) {
        match event {
            Event::SessionEnded { sessions, .. } => self.0.cache.forget(sessions),
            Event::UserChanged { user } => self.0.cache.forget_user(*user),
            _ => (),
        }
        let mut effects = VecDeque::from(self.0.hub.deliver(event, unwritten));
        if !effects.is_empty() {
            // No room waits for what the effects read.
            unwritten.write();
        }
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Gone { room, person, sockets } => {
                    self.count_out(room, &person, sockets).await;
                }
                Effect::Missing { room, since } => effects.extend(self.recover(room, since).await),
            }
        }
    }

    async fn count_out(&self, room: RoomId, person: &Person, sockets: u32) {
        info!(user = person.login, room = room.key(), "User left the room.");
        for _ in 0..sockets {
            self.leave_bus(room, person.clone()).await;
        }
    }

    /// Tells the bus that one socket of this user is no longer present.
    pub(super) async fn leave_bus(&self, room: RoomId, person: Person) {
        let user = person.id;
        let left = Event::Left { room, person, at: Timestamp::now() };
        if self.0.bus.present(room, user, false, left).await.is_err() {
            error!(room = room.key(), "presence could not be sent to the other servers");
        }
    }

    /// Reads missed changes of a room and delivers them page by page.
    async fn recover(&self, room: RoomId, mut since: Rev) -> Vec<Effect> {
        let mut effects = Vec::new();
        debug!(room = room.key(), "Events were lost; reading what changed since {since}.");
        loop {
            let (facts, changes) = match (
                self.store().room(room).await,
                self.store().changes(room, since, None, PAGE).await,
            ) {
                (Ok(Some(facts)), Ok(changes)) => (facts, changes),
                (Ok(None), _) | (_, Err(StoreError::NotFound(Missing::Room))) => {
                    let gone = RoomEvent {
                        room,
                        rev: since.next(),
                        at: Timestamp::now(),
                        by: Who::Server,
                        socket: None,
                        changes: vec![Change::RoomDeleted],
                    };
                    effects.extend(self.0.hub.deliver_now(&Event::Room(gone.into())));
                    return effects;
                }
                _ => {
                    // Not delivered: the next event of the room finds the same gap and tries again.
                    error!(room = room.key(), "lost changes of the room could not be read");
                    return effects;
                }
            };
            let (more, rev) = (changes.more && !changes.reset && changes.rev > since, changes.rev);
            let state = self.0.hub.state(room);
            effects.extend(self.0.hub.catch_up(RoomChanges { room, changes, state }, &facts));
            if !more {
                return effects;
            }
            since = rev;
        }
    }
}

#[cfg(test)]
mod tests;
