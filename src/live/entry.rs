//! The life of a live room: creating → active → idle → closing → closed (contract, live rooms).

use std::collections::hash_map::Entry;
use std::sync::Arc;

use tracing::{debug, info};

use super::Socket;
use super::hub::Hub;
use super::live_room::LiveRoom;
use crate::model::{Error, LiveState, Message, Person, Result, Rev, RoomFacts, RoomId, UserId};

/// Whether a socket can enter a live room.
pub enum Begin<'a> {
    /// The live room exists.
    Ready,
    /// It did not exist: the caller reads the room and passes it to [`Loading::finish`].
    Load(Loading<'a>),
    /// It is closing: nobody can enter.
    Closing,
}

/// The duty to create a live room. Dropped unfinished, it removes the room again, so that the next
/// caller can try.
pub struct Loading<'a> {
    hub: &'a Hub,
    room: RoomId,
    done: bool,
}

/// First socket of a new live room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The socket for which it was created enters immediately.
    Socket,
    /// No socket yet.
    Nobody,
}

/// Consistent state for an entering socket.
pub struct Snapshot {
    /// Room and participants.
    pub facts: Arc<RoomFacts>,
    /// The newest change included.
    pub rev: Rev,
    /// The latest messages, oldest first.
    pub recent: Vec<Message>,
    /// State after the entry, so `active`.
    pub state: LiveState,
    /// Whether the socket had not entered before.
    pub entered: bool,
    /// Whether the user is a bot, of whose presence nobody is told.
    pub bot: bool,
    /// The user as others see them here.
    pub person: Person,
}

impl Hub {
    /// Prepares a live room for entering; waits if another caller is creating it.
    pub async fn begin(&self, room: RoomId) -> Begin<'_> {
        loop {
            let found = self.change(room, |watch| match &watch.live {
                None => {
                    watch.live = Some(LiveRoom::creating());
                    None
                }
                Some(live) => Some(live.state),
            });
            match found {
                None => {
                    debug!(room = room.key(), "Room is creating.");
                    return Begin::Load(Loading { hub: self, room, done: false });
                }
                Some(LiveState::Creating) => self.turned(room, LiveState::Creating).await,
                Some(LiveState::Closing | LiveState::Closed) => return Begin::Closing,
                Some(LiveState::Active | LiveState::Idle) => return Begin::Ready,
            }
        }
    }

    /// Waits until a room is no longer closing.
    pub async fn closed(&self, room: RoomId) {
        self.turned(room, LiveState::Closing).await;
    }

    async fn turned(&self, room: RoomId, from: LiveState) {
        while let Some(slot) = self.slot(room) {
            let turned = slot.turned.notified();
            let mut turned = std::pin::pin!(turned);
            // Registered before the check, so that a change in between is not missed.
            turned.as_mut().enable();
            if self.state(room) != from {
                return;
            }
            turned.await;
        }
    }

    /// Waits until the live room has applied this rev, or is gone. The store sends an event before
    /// it answers, so the event will arrive.
    pub async fn applied(&self, room: RoomId, rev: Rev) {
        while let Some(slot) = self.slot(room) {
            let mut turned = std::pin::pin!(slot.turned.notified());
            turned.as_mut().enable();
            if slot.peek().live.as_ref().is_none_or(|live| live.rev >= rev) {
                return;
            }
            turned.await;
        }
    }

    /// Enters a live room. With `hold` its events wait for [`Hub::make_ready`], otherwise those of
    /// the socket are kept back until the answer ([`Outbox::hold`](super::Outbox::hold)). Only
    /// participants enter; None: the live room is gone, start again.
    pub fn enter(
        &self,
        room: RoomId,
        socket: &Arc<Socket>,
        hold: bool,
    ) -> Result<Option<Snapshot>> {
        self.change(room, |watch| {
            let seen = watch.seen;
            let Some(live) = &mut watch.live else { return Ok(None) };
            let Some(facts) = live.facts.clone() else { return Ok(None) };
            if live.state == LiveState::Closing {
                return Err(Error::RoomClosing);
            }
            let Some(participant) = facts.participant(socket.user) else {
                return Err(Error::NotInRoom);
            };
            let (person, rev) = (participant.person(), live.rev);
            let bot = participant.account.bot;
            let recent = live.recent.iter().cloned().collect();
            let last_seq = live.newest();
            let listener = watch.listener_or_new(socket);
            let entered = !listener.present;
            listener.present = true;
            listener.last_seq = listener.last_seq.max(last_seq);
            if hold {
                listener.ready = false;
            } else {
                listener.ready = true;
                listener.rev = listener.rev.max(rev);
            }
            if seen.is_none() {
                watch.seen = Some(rev);
                watch.last_seq = watch.last_seq.max(last_seq);
            }
            if let (true, Some(live)) = (entered, &mut watch.live) {
                match live.present.entry(socket.user) {
                    Entry::Occupied(mut known) => known.get_mut().1 += 1,
                    Entry::Vacant(free) => {
                        free.insert((person.clone(), 1));
                        if bot {
                            live.bots.insert(socket.user);
                        }
                    }
                }
                live.timer += 1;
                if live.state != LiveState::Active {
                    live.state = LiveState::Active;
                    debug!(room = room.key(), "Room is active.");
                }
            }
            if !hold {
                socket.outbox.hold();
            }
            let state = LiveState::Active;
            Ok(Some(Snapshot { facts, rev, recent, state, entered, bot, person }))
        })
    }

    /// Removes a socket from a live room; returns the user as they were present, None if they were
    /// not.
    pub fn leave(&self, room: RoomId, socket: &Socket) -> Option<Person> {
        self.slot(room)?;
        self.change(room, |watch| {
            let listener = watch.listener(socket.id)?;
            if !listener.present {
                return None;
            }
            listener.present = false;
            watch.sweep();
            let live = watch.live.as_mut()?;
            let person = live.forget(socket.user);
            self.rest(room, live);
            person
        })
    }

    /// Returns login names of users present, at most `limit`, and their number, without bots.
    pub fn online(&self, room: RoomId, limit: usize) -> (Vec<String>, u32) {
        let Some(slot) = self.slot(room) else { return (Vec::new(), 0) };
        let watch = slot.peek();
        let Some(live) = &watch.live else { return (Vec::new(), 0) };
        let people = live.present.iter().filter(|(user, _)| !live.bots.contains(*user));
        let here = people.map(|(_, (person, _))| person);
        let others = live.others.people.values().filter(|p| !live.present.contains_key(&p.id));
        let mut names: Vec<String> =
            here.chain(others).map(|person| person.login.clone()).take(limit).collect();
        names.sort();
        (names, u32::try_from(live.online()).unwrap_or(u32::MAX))
    }

    /// Starts the idle timer of a live room in which nobody is present.
    pub(super) fn rest(&self, room: RoomId, live: &mut LiveRoom) {
        if !live.present.is_empty() || live.state == LiveState::Idle {
            return;
        }
        debug!(room = room.key(), "Room is idle.");
        self.wait_idle(room, live);
    }

    /// Makes the room idle, with the timer running.
    fn wait_idle(&self, room: RoomId, live: &mut LiveRoom) {
        live.state = LiveState::Idle;
        live.timer += 1;
        let (hub, timer, span) = (self.me.clone(), live.timer, self.idle_timeout);
        tokio::spawn(async move {
            tokio::time::sleep(span).await;
            if let Some(hub) = hub.upgrade() {
                hub.close(room, timer).await;
            }
        });
    }

    /// Closes the live room after the idle timer has ended.
    async fn close(&self, room: RoomId, timer: u64) {
        let closing = self.change(room, |watch| match &mut watch.live {
            Some(live) if live.timer == timer && live.state == LiveState::Idle => {
                live.state = LiveState::Closing;
                live.recent.clear();
                true
            }
            _ => false,
        });
        if !closing {
            return;
        }
        debug!(room = room.key(), "Room is closing.");
        // Other tasks run while it is closing, as if a bus were notified.
        tokio::task::yield_now().await;
        let slot = self.slot(room);
        self.change(room, |watch| watch.live = None);
        info!(room = room.key(), "Room closed.");
        if let Some(slot) = slot {
            slot.turned.notify_waiters();
        }
    }
}

impl LiveRoom {
    /// Removes one socket of this user; returns the user, or None if they were not present.
    pub(super) fn forget(&mut self, user: UserId) -> Option<Person> {
        let (person, sockets) = self.present.get_mut(&user)?;
        let person = person.clone();
        *sockets -= 1;
        if *sockets == 0 {
            self.present.remove(&user);
            self.bots.remove(&user);
        }
        Some(person)
    }
}

impl Loading<'_> {
    /// Opens the live room with the facts read. Without a socket it is idle, with the timer
    /// running; the timer also runs if the first socket is expected, in case it never enters.
    pub fn finish(mut self, facts: RoomFacts, recent: Vec<Message>, first: First) {
        let Hub { recent_messages, .. } = *self.hub;
        self.done = true;
        info!(room = self.room.key(), "Room created successfully.");
        self.hub.change(self.room, |watch| {
            if let Some(live) = &mut watch.live {
                live.rev = facts.room.rev;
                live.facts = Some(Arc::new(facts));
                live.recent = recent.into();
                for event in std::mem::take(&mut live.backlog) {
                    if event.rev == live.rev.next() {
                        live.apply(&event, recent_messages);
                    }
                }
                match first {
                    First::Socket => self.hub.wait_idle(self.room, live),
                    First::Nobody => self.hub.rest(self.room, live),
                }
                let (rev, newest) = (live.rev, live.newest());
                if let Some(seen) = watch.seen {
                    // Events that were lost while the room was read.
                    watch.lost |= seen > rev;
                } else {
                    watch.seen = Some(rev);
                    watch.last_seq = watch.last_seq.max(newest);
                }
            }
        });
        self.wake();
    }

    fn wake(&self) {
        if let Some(slot) = self.hub.slot(self.room) {
            slot.turned.notify_waiters();
        }
    }
}

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        if !self.done {
            let slot = self.hub.slot(self.room);
            self.hub.change(self.room, |watch| watch.live = None);
            if let Some(slot) = slot {
                slot.turned.notify_waiters();
            }
        }
    }
}
