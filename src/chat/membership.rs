//! Rooms as a membership: replacing the complete list of participants, and listing the users of
//! rooms (`chats`).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tracing::info;

use super::access::Actor;
use super::{Chat, LISTED, People, RoomPlan, access, actor};
use crate::model::{
    Error, Result, Room, RoomFacts, RoomId, Session, User, UserId, check_room_name,
    with_single_spaces,
};
use crate::store::{RoomChange, RoomQuery, UserQuery};

/// Minimum number of users of a replaced membership.
const FEWEST: usize = 2;

/// A room and its users, as far as the caller may know them.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The room.
    pub room: Room,
    /// Ascending by id, at most 10,000. E-mail addresses and birth dates that the caller may not
    /// know are left out.
    pub users: Vec<Arc<User>>,
    /// Number of all users in the room.
    pub count: usize,
}

/// Changes of a room; None leaves a field unchanged.
#[derive(Clone, Debug, Default)]
pub struct Replacement {
    /// New name.
    pub name: Option<String>,
    /// All participants afterwards; at least two, otherwise `TooFew`.
    pub users: Option<Vec<UserId>>,
}

/// Parameters of a page of the caller's rooms.
#[derive(Clone, Copy, Debug)]
pub struct RoomPage {
    /// Index of the page.
    pub index: u64,
    /// Rooms per page.
    pub size: u32,
    /// Descending order of ids, otherwise ascending.
    pub descending: bool,
}

impl Chat {
    /// Creates a room, like `create_room`.
    pub async fn create_membership(&self, session: &Session, plan: RoomPlan) -> Result<Membership> {
        let (room, _) = self.create_room(session, plan).await?;
        self.membership(session, RoomFacts::clone(&room.facts)).await
    }

    /// Returns a page of the caller's rooms, in the order of their ids.
    pub async fn my_memberships(
        &self,
        session: &Session,
        page: RoomPage,
    ) -> Result<Vec<Membership>> {
        let _turn = self.turn(session).await?;
        let offset = page.index.saturating_mul(u64::from(page.size));
        let query = RoomQuery::Page {
            user: session.user,
            descending: page.descending,
            offset,
            limit: page.size,
            participants: LISTED,
        };
        let cards = self.store().rooms(query).await?;
        self.introduce(
            session,
            cards.into_iter().map(|card| (card.facts, card.user_count as usize)).collect(),
        )
        .await
    }

    /// Changes name and participants of a room in one step. Non-participants learn that the room
    /// exists (`Forbidden`).
    pub async fn change_membership(
        &self,
        session: &Session,
        room: RoomId,
        mut new: Replacement,
    ) -> Result<Membership> {
        if let Some(name) = &mut new.name {
            check_room_name("name", name)?;
            *name = with_single_spaces(name);
        }
        // Permission is checked before users are looked up, so that a refusal does not reveal who
        // exists.
        let facts = self.facts(room).await?;
        may_replace(&facts, actor(session), &new)?;
        if let Some(users) = &new.users {
            if users.iter().collect::<HashSet<_>>().len() < FEWEST {
                return Err(Error::TooFew("userIds"));
            }
            self.find_people(session, &People::Ids(users.clone())).await?;
        }
        let Some(change) = new.change() else { return self.membership(session, facts).await };
        let changed = self.change_room(session, room, |facts, who| {
            may_replace(facts, who, &new)?;
            Ok(change.clone())
        });
        match changed.await {
            Ok((facts, _)) => {
                info!(user = session.login, room = room.key(), "Chat room changed.");
                self.membership(session, facts).await
            }
            // The caller was removed or the room was deleted in between.
            Err(Error::RoomNotFound) => {
                may_replace(&self.facts(room).await?, actor(session), &new)?;
                Err(Error::RoomNotFound)
            }
            Err(other) => Err(other),
        }
    }

    /// Deletes a room with its content. Non-participants learn that it exists (`Forbidden`).
    pub async fn delete_membership(&self, session: &Session, room: RoomId) -> Result<()> {
        match self.delete_room(session, room).await {
            Err(Error::RoomNotFound) => {
                Err(access::openly(Error::RoomNotFound, self.store().room(room).await?.is_some()))
            }
            other => other,
        }
    }

    async fn membership(&self, session: &Session, mut facts: RoomFacts) -> Result<Membership> {
        let count = facts.participants.len();
        facts.participants.truncate(LISTED as usize);
        self.introduce(session, vec![(facts, count)]).await?.pop().ok_or(Error::Internal)
    }

    /// Looks up the users in these rooms, each once.
    async fn introduce(
        &self,
        session: &Session,
        rooms: Vec<(RoomFacts, usize)>,
    ) -> Result<Vec<Membership>> {
        let mut ids: Vec<UserId> =
            rooms.iter().flat_map(|(facts, _)| facts.participants.iter().map(|p| p.user)).collect();
        ids.sort_unstable();
        ids.dedup();
        let found = self.store().users(UserQuery::Ids(&ids)).await?;
        let known: HashMap<UserId, Arc<User>> = found
            .into_iter()
            .map(|user| (user.id, Arc::new(self.as_known_to(session, user))))
            .collect();
        let memberships = rooms.into_iter().map(|(facts, count)| {
            let mut users: Vec<Arc<User>> =
                facts.participants.iter().filter_map(|p| known.get(&p.user).cloned()).collect();
            users.sort_by_key(|user| user.id);
            // Users whose accounts are being deleted are not counted.
            let gone = facts.participants.len() - users.len();
            Membership { room: facts.room, users, count: count.saturating_sub(gone) }
        });
        Ok(memberships.collect())
    }

    fn as_known_to(&self, session: &Session, user: User) -> User {
        if access::know_contacts(user.id, actor(session), self.config().auth.show_emails) {
            user
        } else {
            User { email: None, birth: None, ..user }
        }
    }
}

impl Replacement {
    fn change(&self) -> Option<RoomChange> {
        match (&self.name, &self.users) {
            (None, None) => None,
            (Some(name), None) => Some(RoomChange::Rename(Some(name.clone()))),
            (name, Some(users)) => {
                Some(RoomChange::Replace { name: name.clone(), users: users.clone() })
            }
        }
    }
}

fn may_replace(facts: &RoomFacts, who: Actor, new: &Replacement) -> Result<()> {
    access::replace(facts, who, new.name.is_some(), new.users.as_deref())
        .map_err(|refused| access::openly(refused, true))
}
