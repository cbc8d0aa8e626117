//! Names of users as they are now, read once for all messages of a page.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::each::each;
use super::participants;
use super::state::{Accounts, Snapshot};
use crate::model::rules::shown_name;
use crate::model::{Person, RoomId, User, UserId, Who};
use crate::store::StoreError;
use crate::store::cluster::{Cluster, known_users};

/// Users, and the names that they have in rooms.
#[derive(Default)]
pub(super) struct Names {
    users: HashMap<UserId, User>,
    edited: HashMap<(RoomId, UserId), String>,
}

/// Whose names are needed.
#[derive(Default)]
pub(super) struct Needed {
    users: BTreeSet<UserId>,
    shown: HashSet<(RoomId, UserId)>,
    known: HashMap<(RoomId, UserId), String>,
}

impl Needed {
    /// The account of this user.
    pub(super) fn account(&mut self, user: UserId) {
        self.users.insert(user);
    }

    /// The account of this user, and their name in this room.
    pub(super) fn shown(&mut self, room: RoomId, user: UserId) {
        self.users.insert(user);
        self.shown.insert((room, user));
    }

    /// The name that a user has in a room is known; empty: none.
    pub(super) fn known(&mut self, room: RoomId, user: UserId, edited_name: &str) {
        self.known.insert((room, user), edited_name.to_owned());
    }

    /// The names in this room are known.
    pub(super) fn known_in(&mut self, room: &Snapshot) {
        let shown: Vec<_> = self.shown.iter().filter(|(id, _)| *id == room.id).copied().collect();
        for (id, user) in shown {
            let member = room.member(user);
            self.known(id, user, member.map_or("", |member| &member.body.edited_name));
        }
    }
}

impl Names {
    /// These accounts as named in this room.
    pub(super) fn within(room: &Snapshot, accounts: &Accounts) -> Self {
        let members = accounts.keys().filter_map(|user| room.member(*user));
        let edited = members
            .filter(|member| !member.body.edited_name.is_empty())
            .map(|member| ((room.id, member.user), member.body.edited_name.clone()));
        Self { users: accounts.clone(), edited: edited.collect() }
    }

    /// Reads the names that are needed.
    pub(super) async fn read(at: &Cluster, needed: Needed) -> Result<Self, StoreError> {
        let ids: Vec<UserId> = needed.users.into_iter().collect();
        let users = known_users::accounts(at, &ids);
        let mut known = needed.known;
        let unknown = needed.shown.into_iter().filter(|key| !known.contains_key(key));
        let edited = each(unknown.collect::<Vec<_>>(), |(room, user)| {
            Box::pin(async move {
                let found = participants::one(at, room, user).await?;
                Ok(((room, user), found.map(|found| found.edited_name).unwrap_or_default()))
            })
        });
        let (users, edited) = futures_util::try_join!(users, edited)?;
        known.extend(edited);
        Ok(Self { users, edited: known })
    }

    /// Returns a user, unless deleted.
    pub(super) fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// Returns a user as named in a room.
    pub(super) fn person(&self, room: RoomId, id: UserId) -> Option<Person> {
        let user = self.users.get(&id)?;
        let edited = self.edited.get(&(room, id)).map_or("", String::as_str);
        let name = shown_name(edited, &user.name).to_owned();
        Some(Person { id, login: user.login.clone(), name })
    }

    /// Returns a user as named in a room, or a deleted one.
    pub(super) fn who(&self, room: RoomId, id: UserId) -> Who {
        self.person(room, id).map_or(Who::Deleted, Who::User)
    }
}
