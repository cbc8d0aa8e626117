//! Counts the sockets of users in rooms.

use std::collections::HashMap;

use super::Crossing;
use crate::model::{RoomId, UserId};

/// Sockets of each user present in a room, with a value for each.
#[derive(Debug)]
pub(super) struct Counts<V>(HashMap<RoomId, HashMap<UserId, (u32, V)>>);

impl<V> Default for Counts<V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<V> Counts<V> {
    /// Counts one socket in or out.
    pub(super) fn count(&mut self, room: RoomId, user: UserId, here: bool, value: V) -> Crossing {
        if here {
            let users = self.0.entry(room).or_default();
            let sockets = &mut users.entry(user).or_insert((0, value)).0;
            *sockets += 1;
            return if *sockets == 1 { Crossing::First } else { Crossing::None };
        }
        let Some(users) = self.0.get_mut(&room) else { return Crossing::None };
        let Some((sockets, _)) = users.get_mut(&user) else { return Crossing::None };
        *sockets -= 1;
        if *sockets > 0 {
            return Crossing::None;
        }
        users.remove(&user);
        if users.is_empty() {
            self.0.remove(&room);
        }
        Crossing::Last
    }

    /// Returns whether nobody is present in the room.
    pub(super) fn is_empty(&self, room: RoomId) -> bool {
        !self.0.contains_key(&room)
    }

    /// Returns the value of a user who is present.
    pub(super) fn get(&self, room: RoomId, user: UserId) -> Option<&V> {
        self.0.get(&room)?.get(&user).map(|(_, value)| value)
    }

    /// Returns everybody who is present.
    pub(super) fn iter(&self) -> impl Iterator<Item = (RoomId, UserId, &V)> {
        self.0.iter().flat_map(|(room, users)| {
            users.iter().map(move |(user, (_, value))| (*room, *user, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_and_the_last_socket_of_a_user_cross() {
        let mut counts = Counts::default();
        let steps = [
            (false, Crossing::None),
            (true, Crossing::First),
            (true, Crossing::None),
            (false, Crossing::None),
            (false, Crossing::Last),
            (false, Crossing::None),
        ];
        for (here, crossing) in steps {
            assert_eq!(counts.count(RoomId(1), UserId(1), here, ()), crossing);
        }
        assert!(counts.is_empty(RoomId(1)) && counts.iter().next().is_none());
    }
}
