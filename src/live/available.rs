//! Tells how available users are: to the sockets that watch them, and to other servers.
//!
//! Changes of some seconds are told together: a page that is loaded again changes nothing, and
//! however many people leave at noon, a socket receives one frame.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use super::devices::Devices;
use super::fanout::tell;
use super::{Hub, Socket};
use crate::model::{Availability, Event, Timestamp, UserId};

/// Interval at which changes are told.
const TELL_EVERY: Duration = Duration::from_secs(2);

impl Hub {
    /// Notes a new socket. Programs with API tokens make nobody available.
    pub(super) fn device_came(&self, socket: &Arc<Socket>) {
        let mut devices = self.lock_devices();
        if devices.came(socket, !socket.of_token) {
            self.schedule(&mut devices);
        }
    }

    /// Forgets a socket.
    pub(super) fn device_left(&self, socket: &Socket) {
        let mut devices = self.lock_devices();
        if devices.left(socket) {
            self.schedule(&mut devices);
        }
    }

    /// Notes whether the person at this socket is idle.
    pub fn set_idle(&self, socket: &Socket, idle: bool) {
        let mut devices = self.lock_devices();
        if devices.set_idle(socket, idle) {
            self.schedule(&mut devices);
        }
    }

    /// Makes a socket watch these users, and nobody else, from now on. Returns how available they
    /// are; later changes are kept back until the answer
    /// ([`Outbox::hold`](super::Outbox::hold)).
    pub fn watch(
        &self,
        socket: &Socket,
        users: Vec<(UserId, String)>,
    ) -> Vec<(String, Availability)> {
        let ids: Vec<UserId> = users.iter().map(|(user, _)| *user).collect();
        let mut devices = self.lock_devices();
        let elsewhere = self.bus.available(&ids);
        let users = users.into_iter().zip(elsewhere).map(|((id, login), now)| (id, login, now));
        let answer = devices.watch(socket, users.collect());
        socket.outbox.hold();
        answer.unwrap_or_default()
    }

    /// Returns the users that a socket watches.
    pub fn watches(&self, socket: &Socket) -> Vec<UserId> {
        self.lock_devices().watches(socket.id)
    }

    /// Makes a socket no longer watch others than these users.
    pub fn watch_only(&self, socket: &Socket, allowed: &[UserId]) {
        self.lock_devices().unwatch(socket.id, &allowed.iter().copied().collect());
    }

    /// Returns the sockets of a user that watch somebody, and whom; with `watchers`, also the sockets
    /// that watch the user.
    pub fn concerned(&self, user: UserId, watchers: bool) -> Vec<(Arc<Socket>, Vec<UserId>)> {
        self.lock_devices().concerned(user, watchers)
    }

    /// Makes a socket no longer watch these users.
    pub fn unwatch(&self, socket: &Socket, gone: &[UserId]) {
        self.lock_devices().forget(socket.id, &gone.iter().copied().collect());
    }

    /// Notes that users may have become more or less available on other servers.
    pub(super) fn available_elsewhere(&self, users: &[UserId]) {
        let mut devices = self.lock_devices();
        let new: Vec<_> = users.iter().filter(|user| devices.is_watched(**user)).collect();
        if !new.is_empty() {
            devices.changed.extend(new);
            self.schedule(&mut devices);
        }
    }

    fn schedule(&self, devices: &mut Devices) {
        // Without a runtime the process is ending.
        let Ok(runtime) = Handle::try_current() else { return };
        if std::mem::replace(&mut devices.due, true) {
            return;
        }
        let hub = self.me.clone();
        runtime.spawn(async move {
            tokio::time::sleep(TELL_EVERY).await;
            if let Some(hub) = hub.upgrade() {
                hub.tell_available();
            }
        });
    }

    /// Tells other servers and watching sockets what has changed.
    fn tell_available(&self) {
        let news = {
            let mut devices = self.lock_devices();
            devices.due = false;
            let changed: Vec<UserId> = devices.changed.drain().collect();
            let own: Vec<_> = changed.iter().map(|user| (*user, devices.of(*user))).collect();
            self.bus.tell_available(&own);
            let elsewhere = self.bus.available(&changed);
            devices.news(changed.into_iter().zip(elsewhere))
        };
        let at = Timestamp::now();
        for (socket, users) in news {
            tell(&[socket], &Event::Availability { users, at }, |_| true);
        }
    }

    fn lock_devices(&self) -> MutexGuard<'_, Devices> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
