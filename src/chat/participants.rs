//! Participants of a room: adding, removing, roles and names.

use tracing::info;

use super::access::{self, Act, Actor};
use super::{Caller, Chat};
use crate::model::{
    Change, Error, Participant, Result, Role, RoomFacts, RoomId, Session, SocketId, User, UserId,
    check_display_name, check_login, fold, with_single_spaces,
};
use crate::store::{Committed, RoomChange, StoreError, UserKey};

impl Chat {
    /// Adds a participant.
    pub async fn add_participant(
        &self,
        caller: impl Into<Caller<'_>>,
        room: RoomId,
        login: &str,
        role: Role,
    ) -> Result<Participant> {
        let caller = caller.into();
        // Permission is checked before the name is looked up, so that a refusal does not reveal who
        // exists.
        access::manage(&self.facts(room).await?, caller.actor(), Act::Add(role))?;
        let account = self.find_login(login).await?.ok_or(Error::UserNotFound)?;
        access::bear(account.flags(), role)?;
        let user = account.id;
        let added = self.change_room(caller, room, |facts, who| {
            access::manage(facts, who, Act::Add(role))?;
            Ok(RoomChange::Add(user, role))
        });
        let (facts, _) = added.await?;
        info!(user = login, room = room.key(), "User was added to the chat room.");
        facts.participant(user).cloned().ok_or(Error::ParticipantNotFound)
    }

    /// Removes a participant; removing oneself is leaving.
    pub async fn remove_participant(
        &self,
        caller: impl Into<Caller<'_>>,
        room: RoomId,
        login: &str,
    ) -> Result<()> {
        let caller = caller.into();
        let removed = self.change_room(caller, room, |facts, who| {
            let user = find(facts, login, caller)?;
            access::manage(facts, who, Act::Remove(user))?;
            Ok(RoomChange::Remove { user, successor: None, socket: None })
        });
        let (_, done) = removed.await?;
        info!(user = login, room = room.key(), "User was removed from the chat room.");
        log_deletion(caller, room, &done);
        Ok(())
    }

    /// Leaves as a participant; the last admin passes on the role.
    pub(super) async fn quit(
        &self,
        session: &Session,
        room: RoomId,
        socket: SocketId,
    ) -> Result<()> {
        let left = self.change_room(session, room, |facts, who| {
            access::take_part(facts, who)?;
            Ok(RoomChange::Remove {
                user: session.user,
                successor: access::successor(facts, session.user),
                socket: Some(socket),
            })
        });
        let (_, done) = left.await?;
        info!(user = session.login, room = room.key(), "User left the chat room for good.");
        log_deletion(session.into(), room, &done);
        Ok(())
    }

    /// Changes the role of a participant.
    pub async fn change_role(
        &self,
        caller: impl Into<Caller<'_>>,
        room: RoomId,
        login: &str,
        role: Role,
    ) -> Result<Participant> {
        let caller = caller.into();
        self.change_participant(caller, room, login, |facts, who, user| {
            access::manage(facts, who, Act::ChangeRole(user, role))?;
            Ok(RoomChange::Role(user, role))
        })
        .await
    }

    /// Changes the name of a participant in the room; empty: use the display name.
    pub async fn change_edited_name(
        &self,
        session: &Session,
        room: RoomId,
        login: &str,
        name: &str,
    ) -> Result<Participant> {
        if !name.is_empty() {
            check_display_name("edited_name", name)?;
        }
        let name = with_single_spaces(name);
        self.change_participant(session, room, login, |facts, who, user| {
            access::manage(facts, who, Act::EditName(user))?;
            Ok(RoomChange::EditedName(user, name.clone()))
        })
        .await
    }

    async fn change_participant(
        &self,
        caller: impl Into<Caller<'_>>,
        room: RoomId,
        login: &str,
        decide: impl Fn(&RoomFacts, Actor, UserId) -> Result<RoomChange>,
    ) -> Result<Participant> {
        let caller = caller.into();
        let changed = self.change_room(caller, room, |facts, who| {
            decide(facts, who, find(facts, login, caller)?)
        });
        let (facts, _) = changed.await?;
        let user = find(&facts, login, caller)?;
        facts.participant(user).cloned().ok_or(Error::ParticipantNotFound)
    }

    async fn find_login(&self, login: &str) -> Result<Option<User>> {
        if check_login("userId", login).is_err() {
            return Ok(None);
        }
        let account = self
            .store()
            .account(UserKey::Folded(&fold(login)))
            .await
            .map_err(|error: StoreError| Error::from(error))?;
        Ok(account.map(|account| account.user))
    }
}

/// Logs the deletion of a private room with its last participant.
fn log_deletion(caller: Caller<'_>, room: RoomId, done: &Committed) {
    if done.changes.iter().any(|change| matches!(change, Change::RoomDeleted)) {
        info!(user = caller.name(), room = room.key(), "Chat room deleted.");
    }
}

/// Finds a participant by login name; non-participants learn nothing about who is in the room.
fn find(facts: &RoomFacts, login: &str, caller: Caller<'_>) -> Result<UserId> {
    access::see(facts, caller.actor())?;
    let folded = fold(login);
    let found = facts.participants.iter().find(|p| fold(&p.login) == folded);
    found.map(|p| p.user).ok_or(Error::ParticipantNotFound)
}
