//! One room in memory: its listeners and, once somebody was present, its live room.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use metrics::{counter, histogram};

use super::gathered::Gathered;
use super::{Encoded, Encoder, Frames, Outbox, Socket, encoded::Audience};
use crate::model::{
    Change, Event, LiveState, Message, Person, ReactionCount, Rev, RoomChanges, RoomEvent,
    RoomFacts, Seq, SocketId, UserId,
};

/// A room with listeners. Exists as long as it has a listener or a live room.
#[derive(Default)]
pub(super) struct RoomListeners {
    /// The newest committed event delivered; None before the first, unless a listener named its
    /// rev.
    pub(super) seen: Option<Rev>,
    /// Events may have been lost before `seen` was known: then the store must be asked.
    pub(super) lost: bool,
    /// Events of this server or of others that have arrived too early.
    pub(super) early: BTreeMap<Rev, Arc<RoomEvent>>,
    /// The newest message known.
    pub(super) last_seq: Seq,
    /// Listeners by dialect, so that each event is encoded once per dialect.
    pub(super) groups: Vec<Group>,
    /// The live room.
    pub(super) live: Option<LiveRoom>,
}

/// All listeners of one dialect.
pub(super) struct Group {
    pub(super) voice: Encoder,
    pub(super) listeners: Vec<Listener>,
    /// Frames for all of them that are written together.
    pub(super) gathered: Gathered,
}

/// A socket that receives a room's events.
pub(super) struct Listener {
    pub(super) socket: Arc<Socket>,
    /// That of the socket: writing a chunk to all listeners does not touch the sockets.
    outbox: Arc<Outbox>,
    /// Only events after this rev are sent.
    pub(super) rev: Rev,
    /// A message that existed at that rev: this one and all before it are not new to the client.
    pub(super) last_seq: Seq,
    /// Whether its replay is complete; before that, live events are omitted, because the replay
    /// reads them.
    pub(super) ready: bool,
    /// Whether it has entered.
    pub(super) present: bool,
    /// Whether it listens without having entered.
    pub(super) subscribed: bool,
}

/// The live room.
pub(super) struct LiveRoom {
    pub(super) state: LiveState,
    /// Room and participants as of the newest event applied. Their `rev` and `last_seq` may lag;
    /// [`LiveRoom::rev`] does not. None while it is being created.
    pub(super) facts: Option<Arc<RoomFacts>>,
    pub(super) rev: Rev,
    /// The latest messages, oldest first.
    pub(super) recent: VecDeque<Message>,
    /// Users present, with the number of their sockets.
    pub(super) present: HashMap<UserId, (Person, u32)>,
    /// Those of them that are bots: present, but not counted as online.
    pub(super) bots: HashSet<UserId>,
    /// Users present on other servers, as far as known.
    pub(super) others: Others,
    /// Incremented when the idle timer starts or stops; a timer that finds another number is
    /// cancelled.
    pub(super) timer: u64,
    /// Events received while the facts were being read.
    pub(super) backlog: Vec<Arc<RoomEvent>>,
    /// Entries and leaves to be sent together.
    pub(super) merged: Merged,
}

/// Users present on other servers.
#[derive(Default)]
pub(super) struct Others {
    pub(super) people: HashMap<UserId, Person>,
    /// Number of users who are not named.
    pub(super) more: u32,
    /// Incremented with every entry and leave: what was read before may be out of date.
    pub(super) changes: u64,
    /// They were read.
    pub(super) known: bool,
}

/// Entries and leaves of one second, in rooms with many users present.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) joined: Vec<String>,
    pub(super) left: Vec<String>,
    pub(super) scheduled: bool,
}

impl RoomListeners {
    pub(super) fn has_listener(&self, socket: SocketId) -> bool {
        self.groups.iter().flat_map(|g| &g.listeners).any(|l| l.socket.id == socket)
    }

    pub(super) fn listener(&mut self, socket: SocketId) -> Option<&mut Listener> {
        self.groups.iter_mut().flat_map(|g| &mut g.listeners).find(|l| l.socket.id == socket)
    }

    /// Returns the listener of this socket, created if necessary.
    pub(super) fn listener_or_new(&mut self, socket: &Arc<Socket>) -> &mut Listener {
        let at = self.groups.iter().position(|g| g.voice.name == socket.voice.name).unwrap_or_else(
            || {
                self.groups.push(Group {
                    voice: socket.voice,
                    listeners: Vec::new(),
                    gathered: Gathered::new(Arc::clone(socket.outbox.backlog())),
                });
                self.groups.len() - 1
            },
        );
        let group = &mut self.groups[at];
        let at =
            group.listeners.iter().position(|l| l.socket.id == socket.id).unwrap_or_else(|| {
                let listener = Listener {
                    socket: Arc::clone(socket),
                    outbox: Arc::clone(&socket.outbox),
                    rev: Rev(0),
                    last_seq: Seq(0),
                    ready: false,
                    present: false,
                    subscribed: false,
                };
                group.listeners.push(listener);
                group.listeners.len() - 1
            });
        &mut group.listeners[at]
    }

    /// Removes listeners that are neither present nor subscribed.
    pub(super) fn sweep(&mut self) {
        for group in &mut self.groups {
            group.listeners.retain(|l| l.present || l.subscribed);
        }
        self.groups.retain(|g| !g.listeners.is_empty());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.live.is_none() && self.groups.is_empty()
    }

    /// Encodes a committed event once per dialect. Frames for every listener are gathered until
    /// [`RoomListeners::write_gathered`].
    pub(super) fn gather(&mut self, event: &Event, rev: Rev) {
        for group in &mut self.groups {
            for encoded in group.voice.say(event) {
                if encoded.to == Audience::All && encoded.then_close.is_none() {
                    if group.gathered.add(&encoded.frame, rev) {
                        group.write_gathered();
                    }
                } else {
                    group.write_gathered();
                    group.send(&encoded, Some(rev), false, |_| true);
                }
            }
        }
    }

    /// Writes gathered frames: one chunk for all listeners of a dialect.
    pub(super) fn write_gathered(&mut self) {
        for group in &mut self.groups {
            group.write_gathered();
        }
    }

    /// Encodes a transient event once per dialect and sends it to its audience.
    pub(super) fn hint(&mut self, event: &Event) {
        for group in &mut self.groups {
            group.write_gathered();
            for encoded in group.voice.say(event) {
                group.send(&encoded, None, true, |_| true);
            }
        }
    }

    /// Sends a committed event to these users only.
    pub(super) fn send_to(&mut self, event: &Event, rev: Rev, to: impl Fn(UserId) -> bool) {
        for group in &mut self.groups {
            group.write_gathered();
            for encoded in group.voice.say(event) {
                group.send(&encoded, Some(rev), false, &to);
            }
        }
    }

    /// Sends changes after `seen`, which is the rev of most listeners: to those who have begun with
    /// a later one, without what they know already. `known` is the newest message at `seen`.
    pub(super) fn send_changes(&mut self, page: &RoomChanges, known: Seq, seen: Rev) {
        let upto = page.changes.rev;
        for group in &mut self.groups {
            group.write_gathered();
            let behind = group.listeners.iter().filter(|listener| listener.rev < upto);
            let begin = |listener: &Listener| {
                if listener.rev > seen {
                    (listener.rev, listener.last_seq.max(known))
                } else {
                    (seen, known)
                }
            };
            let begins: BTreeSet<(Rev, Seq)> = behind.map(begin).collect();
            for (from, known) in begins {
                let mut page = page.clone();
                page.changes.messages.retain(|message| message.rev > from);
                let event = Event::CaughtUp { changes: Arc::new(page), known };
                for encoded in group.voice.say(&event) {
                    let begins_here = |listener: &Listener| begin(listener) == (from, known);
                    group.send_if(&encoded, Some(upto), false, begins_here);
                }
            }
        }
    }

    /// Marks everything up to this rev as sent.
    pub(super) fn advance(&mut self, rev: Rev) {
        self.seen = Some(self.seen.map_or(rev, |seen| seen.max(rev)));
    }
}

impl Group {
    fn write_gathered(&mut self) {
        let Some(chunk) = self.gathered.take() else { return };
        let mut written = 0;
        for listener in self.listeners.iter().filter(|listener| listener.ready) {
            let frames = chunk.after(listener.rev);
            if !frames.is_empty() {
                written += frames.count;
                listener.outbox.push(&frames);
            }
        }
        histogram!("chatctl_flush_frames", "dialect" => self.voice.name).record(chunk.len());
        self.count(written);
    }

    /// Sends a frame to those of its audience who have not seen this rev.
    pub(super) fn send(
        &self,
        encoded: &Encoded,
        rev: Option<Rev>,
        hint: bool,
        to: impl Fn(UserId) -> bool,
    ) {
        self.send_if(encoded, rev, hint, |listener| to(listener.socket.user));
    }

    /// Sends a frame like [`send`](Self::send), to these listeners only.
    fn send_if(
        &self,
        encoded: &Encoded,
        rev: Option<Rev>,
        hint: bool,
        to: impl Fn(&Listener) -> bool,
    ) {
        let frames = self.gathered.apart(encoded.frames());
        let mut written = 0;
        for listener in self
            .listeners
            .iter()
            .filter(|l| l.ready && rev.is_none_or(|rev| l.rev < rev))
            .filter(|l| to(l) && hears(encoded, &l.socket))
        {
            written += frames.count;
            queue(encoded, &frames, &listener.socket, hint);
        }
        self.count(written);
    }

    fn count(&self, written: usize) {
        counter!("chatctl_deliveries_total", "dialect" => self.voice.name)
            .increment(written as u64);
    }
}

pub(super) fn hears(encoded: &Encoded, socket: &Socket) -> bool {
    match encoded.to {
        Audience::All => true,
        Audience::AllBut(id) => socket.id != id,
        Audience::AllButUser(user) => socket.user != user,
        Audience::Only(user) => socket.user == user,
    }
}

/// Sends the frames of `encoded` to a socket, and closes it if they say so.
pub(super) fn queue(encoded: &Encoded, frames: &Frames, socket: &Socket, hint: bool) {
    if frames.is_empty() {
        // Only the close is sent.
    } else if hint {
        socket.outbox.push_hint(frames);
    } else {
        socket.outbox.push(frames);
    }
    if let Some(reason) = encoded.then_close {
        socket.outbox.close(reason);
    }
}

impl LiveRoom {
    pub(super) fn creating() -> Self {
        Self {
            state: LiveState::Creating,
            rev: Rev(0),
            facts: None,
            recent: VecDeque::new(),
            present: HashMap::new(),
            bots: HashSet::new(),
            others: Others::default(),
            timer: 0,
            backlog: Vec::new(),
            merged: Merged::default(),
        }
    }

    /// Returns the number of users present on all servers, without bots.
    pub(super) fn online(&self) -> usize {
        let elsewhere =
            self.others.people.keys().filter(|user| !self.present.contains_key(user)).count();
        self.present.len() - self.bots.len() + elsewhere + self.others.more as usize
    }

    /// Returns the newest message of the events applied.
    pub(super) fn newest(&self) -> Seq {
        let stored = self.facts.as_ref().map_or(Seq(0), |facts| facts.room.last_seq);
        self.recent.back().map_or(stored, |message| message.seq.max(stored))
    }

    /// Updates facts and latest messages. Applying an event twice changes nothing.
    pub(super) fn apply(&mut self, event: &RoomEvent, keep: usize) {
        if event.rev <= self.rev {
            return;
        }
        self.rev = event.rev;
        for change in &event.changes {
            match change {
                Change::Posted(message) => self.remember(message, keep),
                Change::Edited(message) | Change::Deleted(message) => {
                    if let Some(known) = self.recent.iter_mut().find(|m| m.seq == message.seq) {
                        *known = message.clone();
                    }
                }
                Change::Reacted { seq, reaction } => self.react(*seq, event, |reactions, login| {
                    match reactions.iter_mut().find(|r| r.reaction == *reaction) {
                        Some(known) if !known.users.contains(&login) => known.users.push(login),
                        Some(_) => (),
                        None => reactions
                            .push(ReactionCount { reaction: reaction.clone(), users: vec![login] }),
                    }
                }),
                Change::Unreacted { seq, reaction } => {
                    self.react(*seq, event, |reactions, login| {
                        for known in reactions.iter_mut().filter(|r| r.reaction == *reaction) {
                            known.users.retain(|user| *user != login);
                        }
                        reactions.retain(|r| !r.users.is_empty());
                    });
                }
                Change::Updated(_)
                | Change::ParticipantAdded(_)
                | Change::ParticipantChanged(_)
                | Change::ParticipantRemoved(_)
                | Change::RoomDeleted => {
                    if let Some(facts) = &mut self.facts {
                        Arc::make_mut(facts).apply(event.rev, change);
                    }
                }
            }
        }
    }

    /// Updates a message to its current version.
    pub(super) fn apply_now(&mut self, message: &Message, keep: usize) {
        let known = self.recent.iter().any(|m| m.seq == message.seq);
        let newer = self.recent.back().is_none_or(|m| m.seq < message.seq);
        if known || newer {
            self.remember(message, keep);
        }
    }

    /// Replaces or appends a message, and drops the oldest beyond `keep`.
    fn remember(&mut self, message: &Message, keep: usize) {
        match self.recent.iter_mut().find(|m| m.seq == message.seq) {
            Some(known) => *known = message.clone(),
            None => self.recent.push_back(message.clone()),
        }
        while self.recent.len() > keep {
            self.recent.pop_front();
        }
    }

    fn react(
        &mut self,
        seq: Seq,
        event: &RoomEvent,
        change: impl FnOnce(&mut Vec<ReactionCount>, String),
    ) {
        if let Some(message) = self.recent.iter_mut().find(|m| m.seq == seq) {
            message.rev = event.rev;
            change(&mut message.reactions, event.by.login().to_owned());
        }
    }
}
