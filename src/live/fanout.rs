//! Delivers events to all listeners. Only the dispatcher calls this, event by event,
//! in commit order.

use std::collections::HashSet;
use std::sync::{Arc, MutexGuard};

use metrics::counter;

use super::hub::{Hub, RoomEntry};
use super::room::{RoomListeners, hears, queue};
use super::{Audience, Encoded, Encoder, Socket};
use crate::model::{
    Change, Event, LiveState, Person, Personal, ReadMark, Rev, RoomEvent, RoomFacts, RoomId,
    Timestamp, UserId,
};

/// Follow-up work of the dispatcher after an event.
#[derive(Debug)]
pub enum Effect {
    /// Events are missing: read the changes after this rev and pass them to [`Hub::catch_up`].
    Missing {
        /// The room with missing events.
        room: RoomId,
        /// Rev delivered so far.
        since: Rev,
        /// A rev that is known to exist: what is missing may only be late. None: read at once.
        upto: Option<Rev>,
    },
    /// Events of this user (None: of any user) are missing: look for rooms they were added to.
    MissingPersonal {
        /// The user.
        user: Option<UserId>,
    },
    /// A removal has taken sockets of this user out of the room: the bus must count them out.
    Gone {
        /// The room they left.
        room: RoomId,
        /// The user, as they were named there.
        person: Person,
        /// Number of sockets.
        sockets: u32,
    },
}

/// Rooms with gathered frames. Their listeners receive them with [`Unwritten::write`], or before
/// anything else happens in the room.
#[derive(Default)]
pub struct Unwritten(Vec<Arc<RoomEntry>>);

impl Unwritten {
    /// Writes all gathered frames.
    pub fn write(&mut self) {
        for slot in self.0.drain(..) {
            drop(slot.lock());
        }
    }

    fn note(&mut self, slot: Arc<RoomEntry>) {
        if !self.0.iter().any(|known| Arc::ptr_eq(known, &slot)) {
            self.0.push(slot);
        }
    }
}

impl Drop for Unwritten {
    fn drop(&mut self) {
        self.write();
    }
}

impl Hub {
    /// Delivers an event to live rooms and sockets. Frames of committed changes may stay
    /// `unwritten`.
    pub fn deliver(&self, event: &Event, unwritten: &mut Unwritten) -> Vec<Effect> {
        match event {
            Event::Room(change) => return self.deliver_change(event, change, unwritten),
            Event::RoomAdded { user, facts, at, .. } => self.deliver_added(*user, facts, *at),
            Event::Marked { mark, author, participants, .. } => self.deliver_mark(
                event,
                mark,
                (*participants > self.receipts_up_to).then_some(*author),
            ),
            Event::Personal { user, change, .. } => {
                let mut sockets = self.sockets(*user);
                if let Personal::Draft(_, Some(by)) = change {
                    sockets.retain(|socket| socket.id != *by);
                }
                tell(&sockets, event, |encoded| encoded.to == Audience::Only(*user));
            }
            Event::LookChanged { .. } => tell(&self.all_sockets(), event, |_| true),
            Event::StatusChanged { person, rooms, .. } => {
                tell(&self.acquainted(person.id, rooms), event, |_| true);
            }
            Event::Emoji { .. } => tell(&self.all_sockets(), event, |_| true),
            Event::SessionEnded { user, sessions } => self.end_sessions(*user, sessions),
            Event::Entered { room, person, at, .. } => {
                self.deliver_presence(event, *room, person, true, *at);
            }
            Event::Left { room, person, at } => {
                self.deliver_presence(event, *room, person, false, *at);
            }
            Event::Presence { room, .. } => self.hint(*room, event),
            Event::Typing { room, .. } => {
                if self.online(*room, 0).1 as usize <= self.presence_up_to {
                    self.hint(*room, event);
                }
            }
            Event::Head { room, rev } => return self.behind(*room, *rev),
            Event::Lost { room } => return self.missing(*room),
            Event::LostPersonal { user } => {
                return vec![Effect::MissingPersonal { user: *user }];
            }
            Event::AvailableElsewhere { users } => self.available_elsewhere(users),
            Event::CaughtUp { .. } | Event::UserChanged { .. } | Event::Availability { .. } => (),
        }
        Vec::new()
    }

    /// Delivers an event and writes its frames.
    pub fn deliver_now(&self, event: &Event) -> Vec<Effect> {
        self.deliver(event, &mut Unwritten::default())
    }

    fn deliver_change(
        &self,
        event: &Event,
        change: &Arc<RoomEvent>,
        unwritten: &mut Unwritten,
    ) -> Vec<Effect> {
        let Some(slot) = self.slot(change.room) else { return Vec::new() };
        let mut watch = slot.peek();
        match watch.seen {
            Some(seen) if change.rev <= seen => return Vec::new(),
            Some(since) if change.rev > since.next() => {
                watch.keep_early(change);
                let upto = Some(change.rev);
                return vec![Effect::Missing { room: change.room, since, upto }];
            }
            _ => (),
        }
        let mut effects = Vec::new();
        let early = self.step(&slot, watch, event, change, &mut effects);
        unwritten.note(Arc::clone(&slot));
        if early {
            self.deliver_early(&slot, &mut effects);
        }
        effects
    }

    /// Delivers the events that have arrived early and are next now.
    pub(super) fn deliver_early(&self, slot: &RoomEntry, effects: &mut Vec<Effect>) {
        loop {
            let mut watch = slot.peek();
            let Some(next) = watch.next_early() else { return };
            self.step(slot, watch, &Event::Room(Arc::clone(&next)), &next, effects);
        }
    }

    /// Delivers the next event of a room; returns whether there are events that arrived early.
    fn step(
        &self,
        slot: &RoomEntry,
        mut watch: MutexGuard<'_, RoomListeners>,
        event: &Event,
        change: &Arc<RoomEvent>,
        effects: &mut Vec<Effect>,
    ) -> bool {
        watch.advance(change.rev);
        for what in &change.changes {
            if let Change::Posted(message) = what {
                watch.last_seq = watch.last_seq.max(message.seq);
            }
        }
        if let Some(live) = &mut watch.live {
            if live.state == LiveState::Creating {
                live.backlog.push(Arc::clone(change));
            } else if live.rev.next() >= change.rev {
                live.apply(change, self.recent_messages);
            } else {
                // Its listeners are ahead of it: it missed events while it was created.
                let (room, since) = (change.room, live.rev);
                effects.push(Effect::Missing { room, since, upto: None });
            }
        }
        send_step(&mut watch, event, change);
        let early = !watch.early.is_empty();
        drop(watch);
        slot.turned.notify_waiters();
        for what in &change.changes {
            match what {
                Change::ParticipantRemoved(person) => {
                    effects.extend(self.take_out(change.room, Some(person.id)));
                }
                Change::RoomDeleted => effects.extend(self.take_out(change.room, None)),
                _ => (),
            }
        }
        early
    }

    /// Removes the sockets of a user (or of everybody) from a room: later events do not reach them.
    pub(super) fn take_out(&self, room: RoomId, user: Option<UserId>) -> Vec<Effect> {
        self.change(room, |watch| {
            for listener in watch
                .groups
                .iter_mut()
                .flat_map(|g| &mut g.listeners)
                .filter(|l| user.is_none_or(|user| l.socket.user == user))
            {
                listener.present = false;
                listener.subscribed = false;
                listener.socket.take_out();
            }
            watch.sweep();
            let Some(live) = &mut watch.live else { return Vec::new() };
            let gone: Vec<UserId> = live
                .present
                .keys()
                .copied()
                .filter(|id| user.is_none_or(|user| *id == user))
                .collect();
            for id in &gone {
                live.bots.remove(id);
            }
            let effects = gone
                .iter()
                .filter_map(|id| live.present.remove(id))
                .map(|(person, sockets)| Effect::Gone { room, person, sockets })
                .collect();
            if live.state == LiveState::Active {
                self.rest(room, live);
            }
            effects
        })
    }

    fn deliver_added(&self, user: UserId, facts: &Arc<RoomFacts>, at: Timestamp) {
        let sockets = self.sockets(user);
        let event = Event::RoomAdded {
            user,
            facts: Arc::clone(facts),
            state: self.state(facts.room.id),
            at,
        };
        tell(&sockets, &event, |encoded| {
            encoded.to == Audience::Only(user) || encoded.to == Audience::All
        });
        for socket in sockets.iter().filter(|s| s.is_subscribed()) {
            self.change(facts.room.id, |watch| {
                if !socket.note_listening(facts.room.id) {
                    return;
                }
                let rev = facts.room.rev;
                // One that is held back reads all of its rooms, and becomes live after that.
                let is_held = socket.is_subscribing()
                    || watch.listener(socket.id).is_some_and(|listener| !listener.ready);
                let listener = watch.listener_or_new(socket);
                listener.subscribed = true;
                if !listener.ready && !is_held {
                    listener.ready = true;
                    listener.rev = listener.rev.max(rev);
                    listener.last_seq = listener.last_seq.max(facts.room.last_seq);
                }
                // Without earlier listeners nobody else waits for the room's own event of this rev.
                if watch.seen.is_none() {
                    watch.seen = Some(rev);
                    watch.last_seq = watch.last_seq.max(facts.room.last_seq);
                }
            });
        }
    }

    /// Delivers a mark to all sockets of its user and to the listeners of the room, in large rooms
    /// only to the author's.
    fn deliver_mark(&self, event: &Event, mark: &ReadMark, only_author: Option<UserId>) {
        let own = Audience::Only(mark.user);
        tell(&self.sockets(mark.user), event, |encoded| encoded.to == own);
        let Some(slot) = self.slot(mark.room) else { return };
        let watch = slot.lock();
        for group in &watch.groups {
            for encoded in group.voice.say(event).iter().filter(|encoded| encoded.to != own) {
                group.send(encoded, None, true, |user| {
                    only_author.is_none_or(|author| user == author)
                });
            }
        }
    }

    /// Returns each socket of this user, and each that listens to one of these rooms, once.
    fn acquainted(&self, user: UserId, rooms: &[RoomId]) -> Vec<Arc<Socket>> {
        let mut sockets = self.sockets(user);
        let mut known: HashSet<_> = sockets.iter().map(|socket| socket.id).collect();
        for slot in rooms.iter().filter_map(|room| self.slot(*room)) {
            let watch = slot.peek();
            let listeners = watch.groups.iter().flat_map(|group| &group.listeners);
            let new = listeners.filter(|listener| known.insert(listener.socket.id));
            sockets.extend(new.map(|listener| Arc::clone(&listener.socket)));
        }
        sockets
    }

    pub(super) fn hint(&self, room: RoomId, event: &Event) {
        if let Some(slot) = self.slot(room) {
            slot.lock().hint(event);
        }
    }
}

/// Sends an event to these sockets, encoding it once for each of their dialects.
pub(super) fn tell(sockets: &[Arc<Socket>], event: &Event, which: impl Fn(&Encoded) -> bool) {
    let mut voices: Vec<Encoder> = Vec::new();
    for socket in sockets {
        if socket.voice.personal && !voices.iter().any(|v| v.name == socket.voice.name) {
            voices.push(socket.voice);
        }
    }
    for voice in voices {
        let mut written = 0;
        for encoded in voice.say(event).iter().filter(|encoded| which(encoded)) {
            let frames = encoded.frames();
            for socket in sockets.iter().filter(|s| s.voice.name == voice.name && hears(encoded, s))
            {
                queue(encoded, &frames, socket, false);
                written += frames.count;
            }
        }
        counter!("chatctl_deliveries_total", "dialect" => voice.name).increment(written as u64);
    }
}

/// Sends a step to the listeners. Removed users only receive their removal: the other changes
/// belong to a room without them.
fn send_step(watch: &mut RoomListeners, event: &Event, change: &RoomEvent) {
    let removed: Vec<UserId> = change
        .changes
        .iter()
        .filter_map(|what| match what {
            Change::ParticipantRemoved(person) => Some(person.id),
            _ => None,
        })
        .collect();
    if removed.is_empty() || change.changes.len() == 1 {
        watch.gather(event, change.rev);
        return;
    }
    watch.send_to(event, change.rev, |user| !removed.contains(&user));
    for user in removed {
        let mut own = change.clone();
        own.changes.retain(|what| match what {
            Change::ParticipantRemoved(person) => person.id == user,
            Change::RoomDeleted => true,
            _ => false,
        });
        let own = Event::Room(Arc::new(own));
        watch.send_to(&own, change.rev, |listener| listener == user);
    }
}
