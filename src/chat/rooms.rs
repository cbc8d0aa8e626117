//! Rooms: creating, finding, updating and deleting them.

use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, info};

use super::access::{self, Act, Actor};
use super::{Caller, Chat, Operator, actor};
use crate::model::{
    Attribution, Error, LiveState, Result, Rev, Role, RoomCard, RoomFacts, RoomId, RoomState,
    Session, UserId, Visibility, check_description, check_login, check_room_name, check_topic,
    fold, with_single_spaces,
};
use crate::store::{
    Basis, Committed, NewRoom, RoomChange, RoomQuery, RoomSettings, StoreError, UserQuery,
};

/// Maximum number of decisions for one change if its basis keeps changing.
pub(super) const DECISIONS: usize = 16;
/// How long the reply to a change waits for the live room.
const MEMORY_LAG: Duration = Duration::from_millis(200);
/// Maximum number of entries in a list of rooms, or of users in one room.
pub const LISTED: u32 = 10_000;
/// Maximum number of names in `online`.
pub(super) const MAX_ONLINE: usize = 200;

/// The users of a new room, as the dialect names them.
#[derive(Clone, Debug)]
pub enum People {
    /// By login name.
    Logins(Vec<String>),
    /// By id.
    Ids(Vec<UserId>),
}

/// Role of the creator of a private room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreatorRole {
    /// Admin in rooms of three or more participants, otherwise member (`chatrooms`).
    ByCount,
    /// Member (`chats`, `v1`).
    Member,
}

/// Data of a new room. The creator of a public room is its admin.
#[derive(Clone, Debug)]
pub struct RoomPlan {
    /// Name; None: unnamed.
    pub name: Option<String>,
    /// Visibility.
    pub visibility: Visibility,
    /// All participants; the caller is added.
    pub people: People,
    /// Role of the creator in a private room.
    pub creator: CreatorRole,
    /// Return the existing unnamed room of exactly these users, if any.
    pub reuse: bool,
}

impl RoomPlan {
    /// Normalizes and checks the name.
    fn checked(mut self) -> Result<Self> {
        if let Some(name) = &mut self.name {
            check_room_name("name", name)?;
            *name = with_single_spaces(name);
        }
        Ok(self)
    }
}

/// The owner of a new room.
struct Owner<'a> {
    id: UserId,
    login: &'a str,
    guest: bool,
}

impl Chat {
    /// Creates a room, or returns the existing one (true). Unknown users: `UserNotFound`.
    pub async fn create_room(
        &self,
        session: &Session,
        plan: RoomPlan,
    ) -> Result<(RoomState, bool)> {
        let plan = plan.checked()?;
        access::create(actor(session), plan.visibility)?;
        let others = self.find_people(session, &plan.people).await?;
        let owner = Owner { id: session.user, login: &session.login, guest: session.guest };
        self.add_room(owner, others, plan, None).await
    }

    /// Creates a room in the name of a user.
    pub async fn create_room_for(
        &self,
        operator: &Operator,
        login: &str,
        plan: RoomPlan,
    ) -> Result<(RoomState, bool)> {
        let user = self.account_of(operator, login).await?.user;
        let plan = plan.checked()?;
        let others = self.look_up(&plan.people).await?;
        let owner = Owner { id: user.id, login: &user.login, guest: user.guest };
        self.add_room(owner, others, plan, operator.attribution()).await
    }

    async fn add_room(
        &self,
        owner: Owner<'_>,
        others: Vec<UserId>,
        plan: RoomPlan,
        to: Option<Attribution>,
    ) -> Result<(RoomState, bool)> {
        let mut users = vec![owner.id];
        for user in others {
            if !users.contains(&user) {
                users.push(user);
            }
        }
        let creator = match (plan.visibility, plan.creator) {
            _ if owner.guest => Role::Member,
            (Visibility::Public, _) => Role::Admin,
            (Visibility::Private, CreatorRole::ByCount) if users.len() >= 3 => Role::Admin,
            (Visibility::Private, _) => Role::Member,
        };
        let role = |user: &UserId| if *user == owner.id { creator } else { Role::Member };
        let participants = users.iter().map(|user| (*user, role(user))).collect();
        let reuse = plan.reuse && plan.name.is_none() && plan.visibility == Visibility::Private;
        let new = NewRoom {
            name: plan.name,
            visibility: plan.visibility,
            owner: owner.id,
            participants,
            reuse,
        };
        let added = self.store_for(to).add_room(new).await?;
        if !added.existed {
            info!(user = owner.login, room = added.value.room.id.key(), "Chat room created.");
        }
        Ok((self.with_state(added.value), added.existed))
    }

    /// Looks up all users; `UserNotFound` if one is unknown or the caller may not know them.
    pub(super) async fn find_people(
        &self,
        session: &Session,
        people: &People,
    ) -> Result<Vec<UserId>> {
        let found = self.look_up(people).await?;
        if self.knows_all(session, &found).await? { Ok(found) } else { Err(Error::UserNotFound) }
    }

    async fn look_up(&self, people: &People) -> Result<Vec<UserId>> {
        match people {
            People::Ids(ids) => {
                let mut wanted = ids.clone();
                wanted.sort();
                wanted.dedup();
                let found = self.store().users(UserQuery::Ids(&wanted)).await?;
                if found.len() == wanted.len() { Ok(ids.clone()) } else { Err(Error::UserNotFound) }
            }
            People::Logins(logins) => {
                if logins.iter().any(|login| check_login("targetUserIds", login).is_err()) {
                    return Err(Error::UserNotFound);
                }
                let folded: Vec<String> = logins.iter().map(|login| fold(login)).collect();
                let found = self.store().users(UserQuery::Folded(&folded)).await?;
                let find = |name: &String| {
                    found.iter().find(|user| fold(&user.login) == *name).map(|user| user.id)
                };
                folded.iter().map(find).collect::<Option<Vec<_>>>().ok_or(Error::UserNotFound)
            }
        }
    }

    /// Returns a room that the caller may see: one of their own, or a public one.
    pub async fn room(&self, caller: impl Into<Caller<'_>>, room: RoomId) -> Result<RoomState> {
        let caller = caller.into();
        let facts = self.facts(room).await?;
        access::see(&facts, caller.actor())?;
        Ok(self.with_state(facts))
    }

    /// Returns a room in which the caller is a participant (otherwise `RoomNotFound`).
    pub async fn my_room(&self, session: &Session, room: RoomId) -> Result<RoomState> {
        let facts = self.facts(room).await?;
        access::take_part(&facts, actor(session)).map_err(|_| Error::RoomNotFound)?;
        Ok(self.with_state(facts))
    }

    /// Returns the caller's rooms, most recently active first and at most [`LISTED`], each with the
    /// state of its live room; at most `participants` participants per card.
    pub async fn my_rooms(
        &self,
        session: &Session,
        participants: u32,
    ) -> Result<Vec<(RoomCard, LiveState)>> {
        let _turn = self.turn(session).await?;
        let mut cards =
            self.store().rooms(RoomQuery::Of { user: session.user, participants }).await?;
        cards.truncate(LISTED as usize);
        Ok(self.with_states(cards))
    }

    /// Returns public rooms, oldest first, at most [`LISTED`]. Guests see none; archived rooms are
    /// only visible to participants.
    pub async fn directory(&self, session: &Session) -> Result<Vec<(RoomCard, LiveState)>> {
        if access::browse(actor(session)).is_err() {
            return Ok(Vec::new());
        }
        let _turn = self.turn(session).await?;
        let cards = self
            .store()
            .rooms(RoomQuery::Public { user: session.user, after: None, limit: LISTED })
            .await?;
        Ok(self.with_states(cards))
    }

    /// Returns public rooms and the caller's, the newest [`LISTED`] of them, ascending by id,
    /// without participants.
    pub async fn visible_rooms(&self, session: &Session) -> Result<Vec<RoomCard>> {
        if access::browse(actor(session)).is_err() {
            let mut mine =
                self.store().rooms(RoomQuery::Of { user: session.user, participants: 0 }).await?;
            mine.sort_by_key(|card| card.facts.room.id);
            return Ok(mine.split_off(mine.len().saturating_sub(LISTED as usize)));
        }
        let _turn = self.turn(session).await?;
        Ok(self.store().rooms(RoomQuery::Visible { user: session.user, limit: LISTED }).await?)
    }

    fn with_states(&self, cards: Vec<RoomCard>) -> Vec<(RoomCard, LiveState)> {
        cards
            .into_iter()
            .map(|card| (self.0.hub.state(card.facts.room.id), card))
            .map(|(state, card)| (card, state))
            .collect()
    }

    /// Renames a room (None: removes the name).
    pub async fn rename_room(
        &self,
        caller: impl Into<Caller<'_>>,
        room: RoomId,
        mut name: Option<String>,
    ) -> Result<RoomState> {
        let caller = caller.into();
        if let Some(name) = &mut name {
            check_room_name("name", name)?;
            *name = with_single_spaces(name);
        }
        let renamed = self.change_room(caller, room, |facts, who| {
            access::manage(facts, who, Act::Rename)?;
            Ok(RoomChange::Rename(name.clone()))
        });
        let (facts, _) = renamed.await?;
        debug!(room = room.key(), "Room renamed.");
        Ok(self.with_state(facts))
    }

    /// Changes the settings of a room, such as topic, description and visibility.
    pub async fn change_settings(
        &self,
        caller: impl Into<Caller<'_>>,
        room: RoomId,
        new: RoomSettings,
    ) -> Result<RoomState> {
        let caller = caller.into();
        if let Some(Some(topic)) = &new.topic {
            check_topic("topic", topic)?;
        }
        if let Some(Some(description)) = &new.description {
            check_description("description", description)?;
        }
        let done = self.change_room(caller, room, |facts, who| {
            access::settings(facts, who, &new)?;
            Ok(RoomChange::Settings(new.clone()))
        });
        let (facts, done) = done.await?;
        if done.changed() {
            match new.archived {
                Some(true) => info!(user = caller.name(), room = room.key(), "Chat room archived."),
                Some(false) => {
                    info!(user = caller.name(), room = room.key(), "Chat room reopened.");
                }
                None => debug!(user = caller.name(), room = room.key(), "Room settings changed."),
            }
        }
        Ok(self.with_state(facts))
    }

    /// Deletes a room with its content.
    pub async fn delete_room(&self, caller: impl Into<Caller<'_>>, room: RoomId) -> Result<()> {
        let caller = caller.into();
        self.change_room(caller, room, |facts, who| {
            access::manage(facts, who, Act::Delete)?;
            Ok(RoomChange::Delete)
        })
        .await?;
        info!(user = caller.name(), room = room.key(), "Chat room deleted.");
        Ok(())
    }

    /// Makes a change that `decide` allows to the caller; decides again as long as the room changes
    /// in between. Returns the room afterwards, and the changes made. What the caller may only do as
    /// a server administrator is recorded in the audit log.
    pub(super) async fn change_room(
        &self,
        caller: impl Into<Caller<'_>>,
        room: RoomId,
        decide: impl Fn(&RoomFacts, Actor) -> Result<RoomChange>,
    ) -> Result<(RoomFacts, Committed)> {
        let caller = caller.into();
        for _ in 0..DECISIONS {
            let facts = self.facts(room).await?;
            access::see(&facts, caller.actor()).or_else(|refused| {
                if facts.room.owner.is_some() && facts.room.owner == caller.user() {
                    Ok(())
                } else {
                    Err(refused)
                }
            })?;
            let change = decide(&facts, caller.actor())?;
            let to = caller.attribution(action_of(&change), |who| decide(&facts, who).is_err());
            match self
                .store_for(to)
                .change_room(room, Basis::Facts(facts.room.facts_rev), caller.user(), change)
                .await
            {
                Ok(done) => {
                    self.reach_memory(room, done.rev).await;
                    return Ok((done.applied_to(facts), done));
                }
                Err(StoreError::Stale) => (),
                Err(other) => return Err(other.into()),
            }
        }
        Err(Error::Unavailable)
    }

    /// Waits until the live room has applied a change, so that the next request is decided on it. A
    /// long delay of deliveries does not block the caller.
    pub(super) async fn reach_memory(&self, room: RoomId, rev: Rev) {
        let applied = self.0.hub.applied(room, rev);
        if tokio::time::timeout(MEMORY_LAG, applied).await.is_err() {
            debug!(room = room.key(), "the live room lags behind the store");
        }
    }

    /// Returns the stored facts of a room; unknown: `RoomNotFound`.
    pub(super) async fn facts(&self, room: RoomId) -> Result<RoomFacts> {
        self.store().room(room).await?.ok_or(Error::RoomNotFound)
    }

    pub(super) fn with_state(&self, facts: RoomFacts) -> RoomState {
        let state = self.0.hub.state(facts.room.id);
        RoomState { facts: Arc::new(facts), state }
    }
}

/// The action under which a change of a room is recorded in the audit log.
pub(super) fn action_of(change: &RoomChange) -> &'static str {
    match change {
        RoomChange::Rename(_) => "room.rename",
        RoomChange::Add(..) => "room.add",
        RoomChange::Remove { .. } => "room.remove",
        RoomChange::Role(..) => "room.role",
        RoomChange::EditedName(..) => "room.member_name",
        RoomChange::Settings(_) => "room.settings",
        RoomChange::Pin(..) => "room.pin",
        RoomChange::Expire(_) => "room.expire",
        RoomChange::Replace { .. } => "room.members",
        RoomChange::Delete => "room.delete",
    }
}

#[cfg(test)]
mod tests;
