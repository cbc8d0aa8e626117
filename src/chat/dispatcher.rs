//! The single dispatcher: takes events from the store and the bus in order, updates caches, and
//! passes them to live rooms. If events are missing, it has the changes read and passes them on
//! (`live` never reads the store).

mod recovery;
mod watch;

use std::sync::Arc;

use metrics::{counter, gauge};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tracing::info;

use self::recovery::{Recovery, Step};
use super::Chat;
use crate::live::{Effect, Unwritten};
use crate::model::{Change, Event, Person, RoomId, Timestamp};

/// Maximum number of queued events; beyond it the writer waits for the dispatcher.
pub const QUEUE: usize = 16_384;

/// Receives events until all senders are dropped.
pub struct Dispatcher {
    deliveries: Deliveries,
    events: Receiver<Event>,
}

/// Delivers events, and what had to be read instead of them.
pub(super) struct Deliveries {
    chat: Chat,
    unwritten: Unwritten,
    recovery: Recovery,
}

impl Dispatcher {
    /// Creates a dispatcher for the events of this channel.
    pub fn new(chat: Chat, events: Receiver<Event>) -> Self {
        Self { deliveries: Deliveries::new(chat), events }
    }

    /// Runs until all senders are dropped and all events are delivered.
    pub async fn run(mut self) {
        // Ends with the dispatcher.
        let mut watching = JoinSet::new();
        let chat = self.deliveries.chat.clone();
        if chat.0.bus.number() != 0 {
            watching.spawn(watch::watch(chat));
        }
        let mut batch = Vec::new();
        let (waiting, stored) = (gauge!("chatctl_event_queue"), counter!("chatctl_messages_total"));
        // Otherwise the events of other servers are among them; the bus counts those of this one.
        let is_alone = self.deliveries.chat.0.bus.number() == 0;
        loop {
            tokio::select! {
                biased;
                () = self.deliveries.recover() => (),
                taken = self.events.recv_many(&mut batch, 256) => {
                    if taken == 0 {
                        return;
                    }
                    for event in batch.drain(..) {
                        if is_alone {
                            self.deliveries.chat.0.push.inbox.committed(&event);
                            stored.increment(event.posted());
                        }
                        self.deliveries.deliver(&event);
                    }
                    self.deliveries.unwritten.write();
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "the queue is bounded")]
            waiting.set(self.events.len() as f64);
        }
    }
}

impl Deliveries {
    pub(super) fn new(chat: Chat) -> Self {
        Self { chat, unwritten: Unwritten::default(), recovery: Recovery::default() }
    }

    /// Delivers one event and applies its effects.
    pub(super) fn deliver(&mut self, event: &Event) {
        self.chat.store().noticed(event);
        self.chat.0.outgoing.noticed(event);
        let cache = &self.chat.0.cache;
        match event {
            Event::SessionEnded { sessions, .. } => cache.forget(sessions),
            Event::UserChanged { user } => {
                cache.forget_user(*user);
                // They may be a guest now.
                self.chat.plan_watching_again(*user, false);
            }
            Event::Room(committed) => {
                for change in &committed.changes {
                    if let Change::ParticipantRemoved(person) = change {
                        self.chat.plan_watching_again(person.id, true);
                    }
                }
            }
            Event::LookChanged { .. } => self.chat.0.looks.forget(),
            Event::Lost { room: None } => {
                cache.clear();
                self.chat.0.looks.forget();
            }
            _ => (),
        }
        let shown = self.shown(event);
        let event = shown.as_ref().unwrap_or(event);
        let effects = self.chat.0.hub.deliver(event, &mut self.unwritten);
        self.apply(effects);
    }

    /// Returns the event to deliver instead of one that depends on the configuration.
    fn shown(&self, event: &Event) -> Option<Event> {
        let Event::LookChanged { look, at } = event else { return None };
        let look = Arc::new(self.chat.in_force(look));
        Some(Event::LookChanged { look, at: *at })
    }

    fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Gone { room, person, sockets } => {
                    info!(user = person.login, room = room.key(), "User left the room.");
                    for _ in 0..sockets {
                        self.chat.leave_bus(room, person.clone());
                    }
                }
                Effect::Missing { room, upto, .. } => self.recovery.room(room, upto),
                Effect::MissingPersonal { user } => self.recovery.user(user),
            }
        }
        self.recovery.start(&self.chat);
    }

    /// Waits for something that a recovery has read, and delivers it.
    pub(super) async fn recover(&mut self) {
        let step = self.recovery.next().await;
        let hub = &self.chat.0.hub;
        let effects = match step {
            Step::Changes(changes, facts) => hub.catch_up(&changes, &facts),
            Step::Event(event) => hub.deliver_now(&event),
            Step::Done(need, outcome) => {
                self.recovery.done(need, outcome, hub);
                Vec::new()
            }
        };
        self.apply(effects);
    }

    /// Waits until nothing is missing any more.
    #[cfg(test)]
    pub(super) async fn settle(&mut self) {
        while !self.recovery.is_idle() {
            self.recover().await;
        }
    }

    /// Delivers one event and writes its frames.
    #[cfg(test)]
    pub(super) fn deliver_now(&mut self, event: &Event) {
        self.deliver(event);
        self.unwritten.write();
    }
}

impl Chat {
    /// Tells the bus that one socket of this user is no longer present.
    pub(super) fn leave_bus(&self, room: RoomId, person: Person) {
        let user = person.id;
        let left = Event::Left { room, person, at: Timestamp::now() };
        self.0.bus.present(room, user, false, left);
    }
}

#[cfg(test)]
mod tests;
