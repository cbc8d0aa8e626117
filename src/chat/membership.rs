//! Rooms as one membership: a whole list of people put in place of another, and who the people in a
//! room are (`chats`).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tracing::info;

use super::{Chat, LISTED, People, RoomPlan, access, actor};
use crate::model::{
    Error, Result, Room, RoomFacts, RoomId, Session, User, UserId, check_room_name,
    with_single_spaces,
};
use crate::store::{RoomChange, RoomQuery, UserQuery};

/// Fewest people that a membership is replaced by.
const FEWEST: usize = 2;

/// A room and the people in it, as the caller may know them.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The room.
    pub room: Room,
    /// Ascending by id, at most 10,000. E-mail addresses and birth dates that the caller may not
    /// know are left out.
    pub users: Vec<Arc<User>>,
    /// How many there are.
    pub count: usize,
}

/// What becomes of a room; None stays.
#[derive(Clone, Debug, Default)]
pub struct Replacement {
    /// Another name.
    pub name: Option<String>,
    /// Everybody who is in afterwards; at least two, else `TooFew`.
    pub users: Option<Vec<UserId>>,
}

/// A page of the caller's rooms.
#[derive(Clone, Copy, Debug)]
pub struct RoomPage {
    /// Counts pages.
    pub index: u64,
    /// Rooms on a page.
    pub size: u32,
    /// The highest id first, else the lowest.
    pub descending: bool,
}

impl Chat {
    /// Creates a room, like `create_room`.
    pub async fn create_membership(&self, session: &Session, plan: RoomPlan) -> Result<Membership> {
        let (room, _) = self.create_room(session, plan).await?;
        self.membership(session, RoomFacts::clone(&room.facts)).await
    }

    /// A page of the caller's rooms, in the order of their ids.
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

    /// Changes name and people of a room in one step. Strangers are told that the room exists
    /// (`Forbidden`).
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
        // Whether the caller may is decided before the people are looked up: refusals tell nothing
        // about who exists.
        let facts = self.facts(room).await?;
        may_replace(&facts, session, &new)?;
        if let Some(users) = &new.users {
            if users.iter().collect::<HashSet<_>>().len() < FEWEST {
                return Err(Error::TooFew("userIds"));
            }
            self.find_people(session, &People::Ids(users.clone())).await?;
        }
        let Some(change) = new.change() else { return self.membership(session, facts).await };
        let changed = self.change_room(session, room, |facts| {
            may_replace(facts, session, &new)?;
            Ok(change.clone())
        });
        match changed.await {
            Ok((facts, _)) => {
                info!(user = session.login, room = room.key(), "Chat room changed.");
                self.membership(session, facts).await
            }
            // In between the caller was removed, or the whole room went.
            Err(Error::RoomNotFound) => {
                may_replace(&self.facts(room).await?, session, &new)?;
                Err(Error::RoomNotFound)
            }
            Err(other) => Err(other),
        }
    }

    /// Deletes a room and all in it. Strangers are told that the room exists (`Forbidden`).
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

    /// Looks up who the people in these rooms are, each once.
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
            // Those whose accounts are just going are not counted either.
            let gone = facts.participants.len() - users.len();
            Membership { room: facts.room, users, count: count.saturating_sub(gone) }
        });
        Ok(memberships.collect())
    }

    fn as_known_to(&self, session: &Session, user: User) -> User {
        if access::know_contacts(user.id, actor(session), self.0.auth.show_emails) {
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

fn may_replace(facts: &RoomFacts, session: &Session, new: &Replacement) -> Result<()> {
    access::replace(facts, actor(session), new.name.is_some(), new.users.as_deref())
        .map_err(|refused| access::openly(refused, true))
}
