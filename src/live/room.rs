//! One room in memory: its listeners and, once somebody was present, its live room.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use metrics::{counter, histogram};

use super::gathered::Gathered;
use super::live_room::LiveRoom;
use super::{Encoded, Encoder, Frames, Outbox, Socket, encoded::Audience};
use crate::model::{Event, Rev, RoomChanges, RoomEvent, Seq, SocketId, UserId};

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
