//! One open WebSocket as live rooms see it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Encoder, Outbox};
use crate::model::{RoomId, SessionId, SocketId, Timestamp, UserId};

/// An open socket: its user, its dialect and its queue.
#[derive(Debug)]
pub struct Socket {
    /// Id in this process.
    pub id: SocketId,
    /// Its user.
    pub user: UserId,
    /// Login name of the user.
    pub login: String,
    /// The session that opened it.
    pub session: SessionId,
    /// Whether that is an API token, so that a program is connected.
    pub(super) of_token: bool,
    /// Encoder of its dialect.
    pub voice: Encoder,
    /// Queue of frames to be sent.
    pub outbox: Arc<Outbox>,
    /// Whether it receives the events of all rooms of its user, including future ones.
    pub(super) subscribed: AtomicBool,
    /// Whether the rooms of its user are being read, so that it does not listen to all yet.
    subscribing: AtomicBool,
    /// Whether it was removed from the only room it can have.
    shut_out: AtomicBool,
    /// Rooms to which it listens, or once listened, without having entered; None: it is
    /// disconnected.
    listens: Mutex<Option<HashSet<RoomId>>>,
    /// Expiry of the session's newest token in milliseconds since the epoch; `i64::MAX`: never.
    token_expires: AtomicI64,
}

impl Socket {
    pub(super) fn new(
        id: SocketId,
        user: UserId,
        login: String,
        (session, of_token): (SessionId, bool),
        voice: Encoder,
        outbox: Outbox,
        token_expires: Option<Timestamp>,
    ) -> Self {
        let expires = token_expires.map_or(i64::MAX, |t| t.0);
        Self {
            id,
            user,
            login,
            session,
            of_token,
            voice,
            outbox: Arc::new(outbox),
            subscribed: AtomicBool::new(false),
            subscribing: AtomicBool::new(false),
            shut_out: AtomicBool::new(false),
            listens: Mutex::new(Some(HashSet::new())),
            token_expires: AtomicI64::new(expires),
        }
    }

    /// Returns the expiry of the session's newest token; None: it was opened without a token.
    pub fn token_expires(&self) -> Option<Timestamp> {
        let at = self.token_expires.load(Ordering::Relaxed);
        (at != i64::MAX).then_some(Timestamp(at))
    }

    /// Extends the expiry to that of a newer token.
    pub fn prolong(&self, expires: Timestamp) {
        if self.token_expires().is_some() {
            self.token_expires.fetch_max(expires.0, Ordering::Relaxed);
        }
    }

    /// Handles a removal from a room; if it is the socket's only room, this is permanent, even if
    /// its user returns.
    pub(super) fn take_out(&self) {
        self.shut_out.store(!self.voice.personal, Ordering::SeqCst);
    }

    /// Returns whether it no longer receives from, and so must not post to, its only room.
    pub fn is_shut_out(&self) -> bool {
        self.shut_out.load(Ordering::SeqCst)
    }

    /// Makes it listen to every room that its user is added to. Until
    /// [`listens_to_all`](Self::listens_to_all), such a room may be one whose changes it still
    /// misses: its events are held back until [`Hub::make_ready`](super::Hub::make_ready).
    pub fn subscribe(&self) {
        self.subscribing.store(true, Ordering::SeqCst);
        self.subscribed.store(true, Ordering::SeqCst);
    }

    /// Records that it listens to every room that its user was in.
    pub fn listens_to_all(&self) {
        self.subscribing.store(false, Ordering::SeqCst);
    }

    pub(super) fn is_subscribing(&self) -> bool {
        self.subscribing.load(Ordering::SeqCst)
    }

    /// Records that it listens to a room; false if it is disconnected and must not.
    pub(super) fn note_listening(&self, room: RoomId) -> bool {
        let mut listens = self.listens.lock().unwrap_or_else(PoisonError::into_inner);
        listens.as_mut().is_some_and(|rooms| {
            rooms.insert(room);
            true
        })
    }

    /// Disconnects it; returns the rooms to which it may still be listening.
    pub(super) fn stop_listening(&self) -> HashSet<RoomId> {
        self.listens.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    pub(super) fn is_subscribed(&self) -> bool {
        self.subscribed.load(Ordering::SeqCst)
    }
}
