//! Events that are missing: what arrived too early waits for them, and what is read from the store
//! stands in for them.

use std::sync::Arc;

use super::Effect;
use super::hub::Hub;
use super::room::RoomListeners;
use crate::model::{
    Change, Event, LiveState, Person, Rev, RoomChanges, RoomEvent, RoomFacts, RoomId, Seq,
    Timestamp,
};

/// Maximum number of events kept because they arrived early; those after them are read from the
/// store.
const MAX_EARLY: usize = 128;

impl Hub {
    /// Returns the revs of all rooms (or this one), so that events lost by a bus can be read again.
    pub(super) fn missing(&self, room: Option<RoomId>) -> Vec<Effect> {
        let slots: Vec<_> = self
            .lock_rooms()
            .iter()
            .filter(|(id, _)| room.is_none_or(|room| room == **id))
            .map(|(id, slot)| (*id, Arc::clone(slot)))
            .collect();
        slots
            .into_iter()
            .filter_map(|(room, slot)| {
                let mut watch = slot.peek();
                let since = watch.reached();
                // Somebody is reading the room, and may have read it too early.
                watch.lost |= since.is_none();
                since.map(|since| Effect::Missing { room, since, upto: None })
            })
            .collect()
    }

    /// Returns the rev of a room that is behind this one.
    pub(super) fn behind(&self, room: RoomId, rev: Rev) -> Vec<Effect> {
        let since = self.reached(room).filter(|since| *since < rev);
        since.map(|since| Effect::Missing { room, since, upto: Some(rev) }).into_iter().collect()
    }

    /// Returns the rev up to which all events of a room have been delivered; None: nobody has read
    /// it yet.
    pub fn reached(&self, room: RoomId) -> Option<Rev> {
        self.slot(room)?.peek().reached()
    }

    /// Returns the newest message of a room that its listeners know.
    pub fn newest(&self, room: RoomId) -> Seq {
        self.slot(room).map_or(Seq(0), |slot| slot.peek().last_seq)
    }

    /// Delivers missing changes as one event: current facts and every changed message.
    pub fn catch_up(&self, changes: &RoomChanges, facts: &RoomFacts) -> Vec<Effect> {
        let room = changes.room;
        let Some(slot) = self.slot(room) else { return Vec::new() };
        let rev = changes.changes.rev;
        let (strangers, known, seen) = {
            let mut watch = slot.lock();
            let seen = watch.seen.unwrap_or_default();
            if watch.reached().is_some_and(|reached| reached >= rev) {
                return Vec::new();
            }
            // A room that is being created reads the store itself.
            if let Some(live) = &mut watch.live
                && live.state != LiveState::Creating
                && live.rev < rev
            {
                live.rev = rev;
                live.facts = Some(Arc::new(facts.clone()));
                for message in &changes.changes.messages {
                    live.apply_now(message, self.recent_messages);
                }
            }
            let known = watch.last_seq;
            watch.last_seq = changes.changes.messages.iter().map(|m| m.seq).fold(known, Seq::max);
            watch.advance(rev);
            let strangers = watch.strangers(facts);
            // Users who are no longer in the room learn that, and then nothing more.
            for person in &strangers {
                let removal = RoomEvent {
                    room,
                    rev,
                    at: Timestamp::now(),
                    by: person.clone().into(),
                    socket: None,
                    changes: vec![Change::ParticipantRemoved(person.clone())],
                };
                watch.send_to(&Event::Room(Arc::new(removal)), rev, |_| true);
            }
            (strangers, known, seen)
        };
        let mut effects: Vec<Effect> =
            strangers.into_iter().flat_map(|person| self.take_out(room, Some(person.id))).collect();
        slot.lock().send_changes(changes, known, seen);
        slot.turned.notify_waiters();
        self.deliver_early(&slot, &mut effects);
        // Writes what was gathered.
        drop(slot.lock());
        effects
    }
}

impl RoomListeners {
    /// Returns listening users who are no longer participants.
    fn strangers(&self, facts: &RoomFacts) -> Vec<Person> {
        let mut strangers: Vec<Person> = Vec::new();
        for socket in self.groups.iter().flat_map(|g| &g.listeners).map(|l| &l.socket) {
            if facts.participant(socket.user).is_none()
                && !strangers.iter().any(|p| p.id == socket.user)
            {
                strangers.push(Person {
                    id: socket.user,
                    login: socket.login.clone(),
                    name: socket.login.clone(),
                });
            }
        }
        strangers
    }

    /// Returns the rev after which changes must be read if some were lost; None: nobody has read
    /// the room yet.
    pub(super) fn reached(&self) -> Option<Rev> {
        let live = self.live.as_ref().filter(|live| live.state != LiveState::Creating);
        match (self.seen, live) {
            (Some(seen), Some(live)) => Some(seen.min(live.rev)),
            (seen, _) => seen,
        }
    }

    /// Takes the note that events may have been lost, once the rev is known from which to read.
    pub(super) fn take_lost(&mut self) -> bool {
        self.seen.is_some() && std::mem::take(&mut self.lost)
    }

    /// Keeps an event until those before it have arrived.
    pub(super) fn keep_early(&mut self, event: &Arc<RoomEvent>) {
        self.early.insert(event.rev, Arc::clone(event));
        if self.early.len() > MAX_EARLY {
            self.early.pop_last();
        }
    }

    /// Takes the event that is next, if it arrived early.
    pub(super) fn next_early(&mut self) -> Option<Arc<RoomEvent>> {
        let seen = self.seen?;
        loop {
            let first = self.early.first_entry()?;
            if *first.key() > seen.next() {
                return None;
            }
            let event = first.remove();
            if event.rev > seen {
                return Some(event);
            }
        }
    }
}
