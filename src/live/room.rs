//! One room in memory: its listeners and, once somebody was present, its live room.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::{Encoded, Encoder, Socket, encoded::Audience};
use crate::model::{
    Change, Event, LiveState, Message, Person, ReactionCount, Rev, RoomEvent, RoomFacts, Seq,
    SocketId, UserId,
};

/// A room with listeners. Exists as long as it has a listener or a live room.
#[derive(Default)]
pub(super) struct RoomListeners {
    /// The newest committed event delivered; None before the first, unless a listener named its
    /// rev.
    pub(super) seen: Option<Rev>,
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
}

/// A socket that receives a room's events.
pub(super) struct Listener {
    pub(super) socket: Arc<Socket>,
    /// Only events after this rev are sent.
    pub(super) rev: Rev,
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
    /// Incremented when the idle timer starts or stops; a timer that finds another number is
    /// cancelled.
    pub(super) timer: u64,
    /// Events received while the facts were being read.
    pub(super) backlog: Vec<Arc<RoomEvent>>,
    /// Entries and leaves to be sent together.
    pub(super) merged: Merged,
}

/// Entries and leaves of one second, in rooms with many users present.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) joined: Vec<String>,
    pub(super) left: Vec<String>,
    pub(super) scheduled: bool,
}

impl RoomListeners {
    pub(super) fn listener(&mut self, socket: SocketId) -> Option<&mut Listener> {
        self.groups.iter_mut().flat_map(|g| &mut g.listeners).find(|l| l.socket.id == socket)
    }

    /// Returns the listener of this socket, created if necessary.
    pub(super) fn listener_or_new(&mut self, socket: &Arc<Socket>) -> &mut Listener {
        let at = self.groups.iter().position(|g| g.voice.name == socket.voice.name).unwrap_or_else(
            || {
                self.groups.push(Group { voice: socket.voice, listeners: Vec::new() });
                self.groups.len() - 1
            },
        );
        let group = &mut self.groups[at];
        let at =
            group.listeners.iter().position(|l| l.socket.id == socket.id).unwrap_or_else(|| {
                let listener = Listener {
                    socket: Arc::clone(socket),
                    rev: Rev(0),
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

    /// Encodes an event once per dialect and queues it for its audience.
    pub(super) fn send(&self, event: &Event, after: Option<Rev>, hint: bool) {
        self.send_to(event, after, hint, |_| true);
    }

    /// Sends an event to these users only.
    pub(super) fn send_to(
        &self,
        event: &Event,
        after: Option<Rev>,
        hint: bool,
        to: impl Fn(UserId) -> bool,
    ) {
        for group in &self.groups {
            for encoded in group.voice.say(event) {
                for listener in group
                    .listeners
                    .iter()
                    .filter(|l| l.ready && after.is_none_or(|rev| l.rev < rev))
                    .filter(|l| to(l.socket.user))
                {
                    if hears(&encoded, &listener.socket) {
                        queue(&encoded, &listener.socket, hint);
                    }
                }
            }
        }
    }

    /// Marks everything up to this rev as sent.
    pub(super) fn advance(&mut self, rev: Rev) {
        self.seen = Some(self.seen.map_or(rev, |seen| seen.max(rev)));
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

pub(super) fn queue(encoded: &Encoded, socket: &Socket, hint: bool) {
    if encoded.frame.is_empty() {
        // The frame is empty, only the close is sent.
    } else if hint {
        socket.outbox.push_hint(encoded.frame.clone());
    } else {
        socket.outbox.push(encoded.frame.clone());
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
            timer: 0,
            backlog: Vec::new(),
            merged: Merged::default(),
        }
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
