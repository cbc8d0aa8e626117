//! The devices of users on this server, and which sockets watch whom.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Socket;
use crate::model::{Availability, SocketId, UserId};

/// Devices and watchers of this server.
#[derive(Default)]
pub(super) struct Devices {
    users: HashMap<UserId, Counts>,
    sockets: HashMap<SocketId, Known>,
    watched: HashMap<UserId, Watched>,
    /// Users who may have changed since they were told last.
    pub(super) changed: HashSet<UserId>,
    /// Changes will be told.
    pub(super) due: bool,
}

/// Connected devices of a user.
#[derive(Default)]
struct Counts {
    active: u32,
    idle: u32,
}

/// An open socket.
struct Known {
    socket: Arc<Socket>,
    /// Whether nobody uses it now; None: it is that of a program.
    idle: Option<bool>,
    watches: Vec<UserId>,
}

/// A user who is watched.
struct Watched {
    login: String,
    /// What was told last.
    told: Availability,
    by: HashSet<SocketId>,
}

/// A socket, and the users of whom it must be told.
pub(super) type News = (Arc<Socket>, Vec<(String, Availability)>);

impl Devices {
    /// Notes a new socket; `device`: somebody sits at it. Returns whether that may change something.
    pub(super) fn came(&mut self, socket: &Arc<Socket>, device: bool) -> bool {
        let idle = device.then_some(false);
        let known = Known { socket: Arc::clone(socket), idle, watches: Vec::new() };
        self.sockets.insert(socket.id, known);
        if device {
            self.count(socket.user, false, true);
        }
        device
    }

    /// Forgets a socket. Returns whether that may change something.
    pub(super) fn left(&mut self, socket: &Socket) -> bool {
        self.unwatch(socket.id, &HashSet::new());
        let idle = self.sockets.remove(&socket.id).and_then(|known| known.idle);
        if let Some(idle) = idle {
            self.count(socket.user, idle, false);
        }
        idle.is_some()
    }

    /// Notes whether somebody uses a device. Returns whether that may change something.
    pub(super) fn set_idle(&mut self, socket: &Socket, idle: bool) -> bool {
        let known = self.sockets.get_mut(&socket.id).and_then(|known| known.idle.as_mut());
        let Some(known) = known.filter(|known| **known != idle) else { return false };
        *known = idle;
        self.count(socket.user, idle, true);
        self.count(socket.user, !idle, false);
        true
    }

    fn count(&mut self, user: UserId, idle: bool, here: bool) {
        let counts = self.users.entry(user).or_default();
        let number = if idle { &mut counts.idle } else { &mut counts.active };
        *number = if here { *number + 1 } else { number.saturating_sub(1) };
        if counts.active == 0 && counts.idle == 0 {
            self.users.remove(&user);
        }
        self.changed.insert(user);
    }

    /// Returns how available a user is on this server.
    pub(super) fn of(&self, user: UserId) -> Availability {
        match self.users.get(&user) {
            None => Availability::Offline,
            Some(counts) if counts.active > 0 => Availability::Online,
            Some(_) => Availability::Away,
        }
    }

    /// Makes a socket watch these users, with how available each is elsewhere, and nobody else.
    /// Returns how available they are; None: the socket is closed.
    pub(super) fn watch(
        &mut self,
        socket: &Socket,
        users: Vec<(UserId, String, Availability)>,
    ) -> Option<Vec<(String, Availability)>> {
        let ids: Vec<UserId> = users.iter().map(|(user, ..)| *user).collect();
        self.unwatch(socket.id, &HashSet::new());
        self.sockets.get_mut(&socket.id)?.watches = ids;
        let mut answer = Vec::with_capacity(users.len());
        for (user, login, elsewhere) in users {
            let now = self.of(user).max(elsewhere);
            let new = || Watched { login: login.clone(), told: now, by: HashSet::new() };
            self.watched.entry(user).or_insert_with(new).by.insert(socket.id);
            answer.push((login, now));
        }
        Some(answer)
    }

    /// Makes a socket no longer watch others than these users.
    pub(super) fn unwatch(&mut self, id: SocketId, except: &HashSet<UserId>) {
        let Some(known) = self.sockets.get_mut(&id) else { return };
        for user in known.watches.extract_if(.., |user| !except.contains(user)) {
            if let Some(watched) = self.watched.get_mut(&user) {
                watched.by.remove(&id);
                if watched.by.is_empty() {
                    self.watched.remove(&user);
                }
            }
        }
    }

    /// Returns the users that a socket watches.
    pub(super) fn watches(&self, id: SocketId) -> Vec<UserId> {
        self.sockets.get(&id).map(|known| known.watches.clone()).unwrap_or_default()
    }

    /// Returns the sockets of a user that watch somebody, and whom; with `watchers`, also the sockets
    /// that watch the user.
    pub(super) fn concerned(
        &self,
        user: UserId,
        watchers: bool,
    ) -> Vec<(Arc<Socket>, Vec<UserId>)> {
        let by = self.watched.get(&user).filter(|_| watchers).map(|watched| &watched.by);
        let is_watcher = |id: &SocketId| by.is_some_and(|by| by.contains(id));
        let all = self.sockets.iter().filter(|(id, known)| {
            !known.watches.is_empty() && (known.socket.user == user || is_watcher(id))
        });
        all.map(|(_, known)| (Arc::clone(&known.socket), known.watches.clone())).collect()
    }

    /// Makes a socket no longer watch these users.
    pub(super) fn forget(&mut self, id: SocketId, gone: &HashSet<UserId>) {
        let watches = self.watches(id).into_iter();
        let others: HashSet<UserId> = watches.filter(|user| !gone.contains(user)).collect();
        self.unwatch(id, &others);
    }

    /// Returns whether somebody watches the user.
    pub(super) fn is_watched(&self, user: UserId) -> bool {
        self.watched.contains_key(&user)
    }

    /// Returns what each socket must be told of these users, with how available each is elsewhere.
    pub(super) fn news(
        &mut self,
        users: impl Iterator<Item = (UserId, Availability)>,
    ) -> Vec<News> {
        let mut news: HashMap<SocketId, Vec<(String, Availability)>> = HashMap::new();
        for (user, elsewhere) in users {
            let now = self.of(user).max(elsewhere);
            let Some(watched) = self.watched.get_mut(&user) else { continue };
            if std::mem::replace(&mut watched.told, now) == now {
                continue;
            }
            for id in &watched.by {
                news.entry(*id).or_default().push((watched.login.clone(), now));
            }
        }
        let to = |(id, users)| Some((Arc::clone(&self.sockets.get(&id)?.socket), users));
        news.into_iter().filter_map(to).collect()
    }
}
