//! All open sockets and all rooms with listeners on this server.
//!
//! Lock order: `rooms` → one [`RoomListeners`] → an [`Outbox`]; `devices` → an `Outbox`; `users` is
//! taken alone. The topics of the bus, and who is available elsewhere, are innermost. No lock is
//! held across an await.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::backlog::Backlog;
use super::devices::Devices;
use super::room::RoomListeners;
use super::{Bus, CloseReason, Encoder, Outbox, Socket, Topic};
use crate::config::current::Current;
use crate::model::{
    Error, Event, LiveState, Result, Rev, RoomFacts, RoomId, Seq, Session, SessionId, SocketId,
    Timestamp, UserId,
};

/// Seconds after which a room that nobody has entered is read while nothing is heard.
const QUIET_EVERY: i64 = 15;

/// Sockets and live rooms of this server.
pub struct Hub {
    pub(super) rooms: Mutex<HashMap<RoomId, Arc<RoomEntry>>>,
    users: Mutex<HashMap<UserId, Vec<Arc<Socket>>>>,
    pub(super) devices: Mutex<Devices>,
    next_socket: AtomicU64,
    backlog: Arc<Backlog>,
    pub(super) idle_timeout: Duration,
    pub(super) recent_messages: usize,
    pub(super) presence_up_to: usize,
    pub(super) receipts_up_to: u32,
    /// Is told the first and the last listener of rooms and users.
    pub(super) bus: Arc<dyn Bus>,
    /// The configuration in effect, for the limits of new sockets.
    config: Current,
    /// Weak, for timers, which must not keep the hub alive.
    pub(super) me: Weak<Hub>,
}

/// Entry of a room in the hub.
#[derive(Default)]
pub(super) struct RoomEntry {
    watch: Mutex<RoomListeners>,
    /// Notified when a live room has been created, or is gone.
    pub(super) turned: Notify,
}

impl RoomEntry {
    /// For changes of the listeners and what they receive: gathered frames are written before.
    pub(super) fn lock(&self) -> MutexGuard<'_, RoomListeners> {
        let mut watch = self.peek();
        watch.write_gathered();
        watch
    }

    /// For everything else: gathered frames stay gathered.
    pub(super) fn peek(&self) -> MutexGuard<'_, RoomListeners> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a listener's replay has caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// Live events follow; they are kept back until the answer
    /// ([`Outbox::hold`](super::Outbox::hold)).
    Now,
    /// Later events have been delivered already: continue reading.
    Behind,
    /// It no longer listens: it was removed from the room.
    Gone,
}

impl Hub {
    /// Creates a hub without sockets and rooms.
    pub fn new(current: &Current, bus: Arc<dyn Bus>) -> Arc<Self> {
        let config = current.get();
        let rooms = &config.rooms;
        Arc::new_cyclic(|me| Self {
            rooms: Mutex::default(),
            users: Mutex::default(),
            devices: Mutex::default(),
            // Unique among all servers, as long as a server opens fewer than 2^32.
            next_socket: AtomicU64::new((u64::from(bus.number()) << 32) + 1),
            backlog: Backlog::new(config.limits.backlog_bytes),
            idle_timeout: Duration::from_secs(rooms.idle_timeout_seconds),
            recent_messages: rooms.recent_messages as usize,
            presence_up_to: rooms.presence_up_to as usize,
            receipts_up_to: rooms.receipts_up_to,
            bus,
            config: current.clone(),
            me: Weak::clone(me),
        })
    }

    /// Registers a socket; `RateLimited` if its user has too many.
    pub fn connect(
        &self,
        session: &Session,
        voice: Encoder,
        token_expires: Option<Timestamp>,
    ) -> Result<Arc<Socket>> {
        let config = self.config.get();
        let mut users = self.lock_users();
        let sockets = users.entry(session.user).or_default();
        if sockets.len() >= config.limits.max_sockets_per_user {
            return Err(Error::RateLimited(Duration::from_mins(1)));
        }
        let id = SocketId(self.next_socket.fetch_add(1, Ordering::Relaxed));
        let limits = &config.limits;
        let outbox =
            Outbox::new(limits.socket_queue, limits.socket_queue_bytes, Arc::clone(&self.backlog));
        let socket = Arc::new(Socket::new(
            id,
            session.user,
            session.login.clone(),
            (session.id, session.grant.is_some()),
            voice,
            outbox,
            token_expires,
        ));
        sockets.push(Arc::clone(&socket));
        if sockets.len() == 1 {
            self.bus.listen(Topic::User(session.user), true);
        }
        drop(users);
        self.device_came(&socket);
        Ok(socket)
    }

    /// Removes a socket. It must have left every room before (see [`Hub::leave`]); its other
    /// listening ends here.
    pub fn disconnect(&self, socket: &Socket) {
        {
            let mut users = self.lock_users();
            if let Some(sockets) = users.get_mut(&socket.user) {
                sockets.retain(|s| s.id != socket.id);
                if sockets.is_empty() {
                    users.remove(&socket.user);
                    self.bus.listen(Topic::User(socket.user), false);
                }
            }
        }
        self.device_left(socket);
        for room in socket.stop_listening() {
            self.unlisten(room, socket);
        }
    }

    /// Returns the numbers of connected users, without those that only programs with API tokens
    /// act for, of all sockets, and of live rooms.
    pub fn numbers(&self) -> (usize, usize, usize) {
        let (users, sockets) = {
            let users = self.lock_users();
            let people = users.values().filter(|all| all.iter().any(|s| !s.of_token));
            (people.count(), users.values().map(Vec::len).sum())
        };
        let slots: Vec<Arc<RoomEntry>> =
            self.rooms.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let live = slots.iter().filter(|slot| slot.peek().live.is_some()).count();
        (users, sockets, live)
    }

    /// Returns all open sockets of a user.
    pub fn sockets(&self, user: UserId) -> Vec<Arc<Socket>> {
        self.lock_users().get(&user).cloned().unwrap_or_default()
    }

    /// Returns all open sockets.
    pub(super) fn all_sockets(&self) -> Vec<Arc<Socket>> {
        self.lock_users().values().flatten().cloned().collect()
    }

    /// Returns the users with a socket that listens to all their rooms.
    pub fn subscribers(&self) -> Vec<UserId> {
        let users = self.lock_users();
        let subscribed = |sockets: &Vec<Arc<Socket>>| sockets.iter().any(|s| s.is_subscribed());
        users.iter().filter(|(_, sockets)| subscribed(sockets)).map(|(user, _)| *user).collect()
    }

    /// Returns connected users with ids above this one, ascending, at most `most`.
    pub fn users_after(&self, after: UserId, most: usize) -> Vec<UserId> {
        let mut users: Vec<UserId> =
            self.lock_users().keys().copied().filter(|user| *user > after).collect();
        users.sort_unstable();
        users.truncate(most);
        users
    }

    /// Returns whether the user has a socket that listens to all their rooms.
    pub fn is_subscriber(&self, user: UserId) -> bool {
        self.sockets(user).iter().any(|socket| socket.is_subscribed())
    }

    /// Returns those of the rooms to which a socket that listens to all rooms of its user does not
    /// listen.
    pub fn unheard(&self, user: UserId, rooms: &[RoomId]) -> Vec<RoomId> {
        let sockets = self.sockets(user);
        let deaf = |room: &RoomId| {
            sockets.iter().any(|s| s.is_subscribed() && !self.is_listening(*room, s))
        };
        rooms.iter().copied().filter(deaf).collect()
    }

    /// Returns the live rooms.
    pub fn live_rooms(&self) -> Vec<RoomId> {
        let rooms = self.all_rooms();
        rooms.into_iter().filter(|(_, slot)| slot.peek().live.is_some()).map(|(id, _)| id).collect()
    }

    /// Returns rooms whose changes should be read in this second while nothing is heard: all that a
    /// socket has entered, and each of the others every 15 seconds; at most `most`, the entered and
    /// most recently active ones first.
    pub fn heard_rooms(&self, second: i64, most: usize) -> Vec<RoomId> {
        let mut due: Vec<(bool, Timestamp, RoomId)> = Vec::new();
        for (id, slot) in self.all_rooms() {
            let watch = slot.peek();
            let live = watch.live.as_ref().filter(|live| !live.present.is_empty());
            if live.is_none() && id.0 % QUIET_EVERY != second % QUIET_EVERY {
                continue;
            }
            let newest = live.and_then(|live| live.recent.back()).map(|message| message.created);
            due.push((live.is_some(), newest.unwrap_or_default(), id));
        }
        due.sort_unstable_by(|a, b| b.cmp(a));
        due.into_iter().take(most).map(|(_, _, id)| id).collect()
    }

    fn all_rooms(&self) -> Vec<(RoomId, Arc<RoomEntry>)> {
        self.lock_rooms().iter().map(|(id, slot)| (*id, Arc::clone(slot))).collect()
    }

    /// Closes the sockets of these sessions with 4401.
    pub fn end_sessions(&self, user: UserId, sessions: &[SessionId]) {
        for socket in self.sockets(user).iter().filter(|s| sessions.contains(&s.session)) {
            socket.outbox.close(CloseReason::SessionEnded);
        }
    }

    /// Extends the sockets of a session to the expiry of its newer token.
    pub fn prolong(&self, session: &Session, expires: Timestamp) {
        for socket in self.sockets(session.user).iter().filter(|s| s.session == session.id) {
            socket.prolong(expires);
        }
    }

    /// Returns the state of the live room.
    pub fn state(&self, room: RoomId) -> LiveState {
        self.slot(room)
            .and_then(|slot| slot.peek().live.as_ref().map(|live| live.state))
            .unwrap_or(LiveState::Closed)
    }

    /// Returns the facts of a live room, from memory.
    pub fn facts(&self, room: RoomId) -> Option<Arc<RoomFacts>> {
        self.slot(room)?.peek().live.as_ref()?.facts.clone()
    }

    /// Returns the facts of a live room with its newest rev and seq.
    pub fn current(&self, room: RoomId) -> Option<RoomFacts> {
        let slot = self.slot(room)?;
        let watch = slot.peek();
        let live = watch.live.as_ref()?;
        let mut facts = RoomFacts::clone(live.facts.as_ref()?);
        facts.room.rev = facts.room.rev.max(live.rev);
        facts.room.last_seq = live.newest();
        Some(facts)
    }

    /// Starts listening without entering. Events are held back until [`Hub::make_ready`]. If the
    /// socket has heard the room so far, returns the rev up to which it has.
    pub fn listen(&self, room: RoomId, socket: &Arc<Socket>) -> Option<Rev> {
        self.change(room, |watch| {
            if !socket.note_listening(room) {
                return None;
            }
            let seen = watch.seen;
            let listener = watch.listener_or_new(socket);
            listener.subscribed = true;
            let heard = std::mem::replace(&mut listener.ready, false);
            heard.then_some(seen.map_or(listener.rev, |seen| seen.max(listener.rev)))
        })
    }

    /// Ends listening started by [`Hub::listen`].
    pub fn unlisten(&self, room: RoomId, socket: &Socket) {
        self.change(room, |watch| {
            if let Some(listener) = watch.listener(socket.id) {
                listener.subscribed = false;
                watch.sweep();
            }
        });
    }

    /// Returns whether the socket listens to the room; a committed removal ends that.
    pub fn is_listening(&self, room: RoomId, socket: &Socket) -> bool {
        self.slot(room).is_some_and(|slot| slot.peek().has_listener(socket.id))
    }

    /// Makes the listener live after it has read everything up to this rev, unless later events
    /// were delivered meanwhile.
    pub fn make_ready(&self, room: RoomId, socket: &Socket, rev: Rev, last_seq: Seq) -> Ready {
        let Some(slot) = self.slot(room) else { return Ready::Gone };
        let mut watch = slot.lock();
        let seen = watch.seen;
        let Some(listener) = watch.listener(socket.id) else { return Ready::Gone };
        if seen.is_some_and(|seen| seen > rev) {
            return Ready::Behind;
        }
        listener.ready = true;
        listener.rev = listener.rev.max(rev);
        listener.last_seq = listener.last_seq.max(last_seq);
        // Other listeners have yet to hear what came after `seen`.
        if seen.is_none() {
            watch.seen = Some(rev);
            watch.last_seq = watch.last_seq.max(last_seq);
        }
        let lost = watch.take_lost();
        socket.outbox.hold();
        drop(watch);
        if lost {
            self.bus.publish(Event::Lost { room: Some(room) });
        }
        Ready::Now
    }

    /// Changes a room's listeners under both locks, so that the room cannot be removed meanwhile;
    /// removes it if it is empty afterwards.
    pub(super) fn change<T>(
        &self,
        room: RoomId,
        change: impl FnOnce(&mut RoomListeners) -> T,
    ) -> T {
        // Nobody waits for the lock of all rooms while gathered frames are written.
        if let Some(slot) = self.slot(room) {
            drop(slot.lock());
        }
        let mut rooms = self.lock_rooms();
        let known = rooms.contains_key(&room);
        let slot = Arc::clone(rooms.entry(room).or_default());
        let mut watch = slot.lock();
        let answer = change(&mut watch);
        let stays = !watch.is_empty();
        if !stays {
            rooms.remove(&room);
        }
        if known != stays {
            self.bus.listen(Topic::Room(room), stays);
        }
        let lost = watch.take_lost();
        drop(watch);
        drop(rooms);
        if lost {
            self.bus.publish(Event::Lost { room: Some(room) });
        }
        answer
    }

    pub(super) fn slot(&self, room: RoomId) -> Option<Arc<RoomEntry>> {
        self.lock_rooms().get(&room).cloned()
    }

    pub(super) fn lock_rooms(&self) -> MutexGuard<'_, HashMap<RoomId, Arc<RoomEntry>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_users(&self) -> MutexGuard<'_, HashMap<UserId, Vec<Arc<Socket>>>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
