//! One open WebSocket as live rooms see it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Encoder, Outbox};
use crate::model::{RoomId, SessionId, SocketId, Timestamp, UserId};

/// An open socket: whose it is, what it speaks, and its queue.
#[derive(Debug)]
pub struct Socket {
    /// Its number in this process.
    pub id: SocketId,
    /// Whose it is.
    pub user: UserId,
    /// Their login name.
    pub login: String,
    /// The session that opened it.
    pub session: SessionId,
    /// Its dialect's encoder.
    pub voice: Encoder,
    /// What is to be sent.
    pub outbox: Arc<Outbox>,
    /// It wants the events of all rooms of its user, future ones too.
    pub(super) subscribed: AtomicBool,
    /// It has been taken out of the only room that it can have.
    shut_out: AtomicBool,
    /// Rooms to which it listens, or once did, without having entered; None: it has been
    /// disconnected.
    listens: Mutex<Option<HashSet<RoomId>>>,
    /// Milliseconds since the epoch at which the session's newest token expires; `i64::MAX`:
    /// never.
    token_expires: AtomicI64,
}

impl Socket {
    pub(super) fn new(
        id: SocketId,
        user: UserId,
        login: String,
        session: SessionId,
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
            voice,
            outbox: Arc::new(outbox),
            subscribed: AtomicBool::new(false),
            shut_out: AtomicBool::new(false),
            listens: Mutex::new(Some(HashSet::new())),
            token_expires: AtomicI64::new(expires),
        }
    }

    /// When the newest token of its session expires; None: it was opened without one.
    pub fn token_expires(&self) -> Option<Timestamp> {
        let at = self.token_expires.load(Ordering::Relaxed);
        (at != i64::MAX).then_some(Timestamp(at))
    }

    /// A newer token was issued for the session.
    pub fn prolong(&self, expires: Timestamp) {
        if self.token_expires().is_some() {
            self.token_expires.fetch_max(expires.0, Ordering::Relaxed);
        }
    }

    /// A removal has taken it out of a room; where it has only that one, this is for good, even if
    /// its user comes back.
    pub(super) fn take_out(&self) {
        self.shut_out.store(!self.voice.personal, Ordering::SeqCst);
    }

    /// Whether it can no longer hear, and so must not speak, in its only room.
    pub fn is_shut_out(&self) -> bool {
        self.shut_out.load(Ordering::SeqCst)
    }

    /// From now on it listens to every room that its user comes into.
    pub fn subscribe(&self) {
        self.subscribed.store(true, Ordering::SeqCst);
    }

    /// Notes that it listens to a room; false when it is disconnected already and must not.
    pub(super) fn note_listening(&self, room: RoomId) -> bool {
        let mut listens = self.listens.lock().unwrap_or_else(PoisonError::into_inner);
        listens.as_mut().is_some_and(|rooms| {
            rooms.insert(room);
            true
        })
    }

    /// It is disconnected: where it may still be listening.
    pub(super) fn stop_listening(&self) -> HashSet<RoomId> {
        self.listens.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    pub(super) fn is_subscribed(&self) -> bool {
        self.subscribed.load(Ordering::SeqCst)
    }
}
