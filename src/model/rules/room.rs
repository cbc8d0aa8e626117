//! Changes of a room: planning the steps of a request, and applying them to a room's facts.
//!
//! [`plan`] decides; an engine stores the changes it returns, and live rooms apply the same ones
//! with [`RoomFacts::apply`]. Permission of the caller is not checked here.

use std::collections::HashSet;

use super::settings::RoomSettings;
use super::succession::{self, Candidate, role_on_entry};
use crate::model::{
    Change, Claim, Missing, Participant, Person, Rev, Role, Room, RoomFacts, Seq, SocketId,
    Timestamp, User, UserId, Visibility,
};

/// A requested change of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomChange {
    /// Changes the name; `Taken` for the name of another public room.
    Rename(Option<String>),
    /// Adds a participant; `Taken(Participant)` if already one, `NotFound(User)` for an unknown
    /// user. Their read mark is set to the newest message.
    Add(UserId, Role),
    /// Removes a participant, who may be leaving; `NotFound(Participant)` for others.
    Remove {
        /// The participant to remove.
        user: UserId,
        /// New admin in their place.
        successor: Option<UserId>,
        /// The socket that requests it.
        socket: Option<SocketId>,
    },
    /// Changes the role of a participant.
    Role(UserId, Role),
    /// Changes the name of a participant inside the room; empty: none.
    EditedName(UserId, String),
    /// Changes settings such as topic and visibility.
    Settings(RoomSettings),
    /// Pins (true) or unpins a message; `NotFound` if it is unknown or deleted.
    Pin(Seq, bool),
    /// Lets the messages up to this one expire; nothing if they have already.
    Expire(Seq),
    /// Sets exactly these participants and, if given, the name; remaining ones keep their role.
    Replace {
        /// New name, if it changes.
        name: Option<String>,
        /// All participants afterwards.
        users: Vec<UserId>,
    },
    /// Deletes the room and everything in it.
    Delete,
}

/// Users whose entries [`plan`] needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concerned<'a> {
    /// These users.
    Users(Vec<UserId>),
    /// All participants, and these users.
    Everybody(&'a [UserId]),
}

/// Why a change cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A user or participant named in it does not exist.
    NotFound(Missing),
    /// The user is already a participant.
    Taken(Claim),
}

impl RoomChange {
    /// Returns the users whose entries [`plan`] needs; an engine need not read any others, except
    /// that it must know whether there are any.
    pub fn concerned(&self) -> Concerned<'_> {
        match self {
            Self::Rename(_)
            | Self::Settings(_)
            | Self::Pin(..)
            | Self::Expire(_)
            | Self::Delete => Concerned::Users(Vec::new()),
            Self::Add(user, _) | Self::Role(user, _) | Self::EditedName(user, _) => {
                Concerned::Users(vec![*user])
            }
            Self::Remove { user, successor, .. } => {
                Concerned::Users(std::iter::once(*user).chain(*successor).collect())
            }
            Self::Replace { users, .. } => Concerned::Everybody(users),
        }
    }
}

/// Returns the steps of a change; none if nothing changes. `facts` must have at least the
/// [concerned](RoomChange::concerned) participants and, if there are others, one of them;
/// `newcomers` are the accounts of concerned users who are not participants. All steps share the
/// next `rev`.
///
/// The engine must check that a name is free and that a message exists.
pub fn plan(
    facts: &RoomFacts,
    change: &RoomChange,
    newcomers: &[User],
    at: Timestamp,
) -> Result<Vec<Change>, Refusal> {
    let mut draft = Plan::of(facts, newcomers, at);
    match change {
        RoomChange::Rename(name) => draft.rename(name.clone()),
        RoomChange::Add(user, role) => draft.add(*user, *role)?,
        RoomChange::Remove { user, successor, .. } => draft.remove(*user, *successor)?,
        RoomChange::Role(user, role) => draft.change(*user, |p| p.role = *role)?,
        RoomChange::EditedName(user, name) => {
            draft.change(*user, |p| p.edited_name.clone_from(name))?;
        }
        RoomChange::Settings(settings) => {
            let mut room = draft.room.clone();
            settings.apply(&mut room, at);
            draft.update(room);
        }
        RoomChange::Pin(..) => draft.changes.push(Change::Updated(draft.room.clone())),
        RoomChange::Expire(upto) => {
            let expired = draft.room.expired.max((*upto).min(draft.room.last_seq));
            draft.update(Room { expired, ..draft.room.clone() });
        }
        RoomChange::Replace { name, users } => draft.replace(name.clone(), users)?,
        RoomChange::Delete => draft.changes.push(Change::RoomDeleted),
    }
    Ok(draft.changes)
}

/// Returns the steps for a room whose participant or owner is deleted. `person` is the deleted
/// user, `owned` whether they owned the room; `facts` are complete.
pub fn plan_departure(facts: &RoomFacts, person: &Person, owned: bool) -> Vec<Change> {
    let mut draft = Plan::of(facts, &[], Timestamp(0));
    let heir = succession::heir(facts.candidates().filter(|other| other.user != person.id));
    let successor = succession::successor(facts.candidates(), person.id);
    if facts.participant(person.id).is_some() {
        draft.take_out(person.clone());
    }
    if let Some(successor) = successor {
        draft.give_role(successor, Role::Admin);
    }
    if owned {
        draft.give_to(heir);
    }
    draft.end_if_empty();
    draft.changes
}

/// Returns the steps for a room when the account of this participant is disabled or becomes a
/// guest; none if it is usable. `facts` are complete.
pub fn plan_handover(facts: &RoomFacts, user: UserId) -> Vec<Change> {
    let mut draft = Plan::of(facts, &[], Timestamp(0));
    let Some(leaving) = facts.participant(user).filter(|p| !p.account.is_usable()) else {
        return Vec::new();
    };
    if let Some(successor) = succession::successor(facts.candidates(), user) {
        draft.give_role(successor, Role::Admin);
    }
    if leaving.account.guest {
        draft.give_role(user, Role::Member);
    }
    draft.changes
}

/// Returns the steps for a changed display name or picture of a participant. `facts` have at least
/// this participant.
pub fn plan_rename(facts: &RoomFacts, user: UserId) -> Vec<Change> {
    let mut draft = Plan::of(facts, &[], Timestamp(0));
    if let Some(participant) = facts.participant(user) {
        draft.tell(participant.clone());
    }
    draft.changes
}

/// A plan under construction.
struct Plan<'a> {
    before: &'a RoomFacts,
    newcomers: &'a [User],
    at: Timestamp,
    /// The room after the steps so far.
    room: Room,
    participants: Vec<Participant>,
    changes: Vec<Change>,
}

impl<'a> Plan<'a> {
    fn of(before: &'a RoomFacts, newcomers: &'a [User], at: Timestamp) -> Self {
        let mut room = before.room.clone();
        room.step(room.rev.next());
        let participants = before.participants.clone();
        Self { before, newcomers, at, room, participants, changes: Vec::new() }
    }

    fn update(&mut self, room: Room) {
        if room != self.room {
            self.changes.push(Change::Updated(room.clone()));
            self.room = room;
        }
    }

    fn rename(&mut self, name: Option<String>) {
        self.update(Room { name, ..self.room.clone() });
    }

    fn add(&mut self, user: UserId, role: Role) -> Result<(), Refusal> {
        if self.participants.iter().any(|p| p.user == user) {
            return Err(Refusal::Taken(Claim::Participant));
        }
        let account = self
            .newcomers
            .iter()
            .find(|newcomer| newcomer.id == user)
            .ok_or(Refusal::NotFound(Missing::User))?;
        let first = self.participants.is_empty();
        let role = role_on_entry(self.room.visibility, first, account.flags(), role);
        let participant = Participant {
            user,
            login: account.login.clone(),
            name: account.name.clone(),
            media: account.media.clone(),
            edited_name: String::new(),
            role,
            since: self.room.rev,
            joined: self.at,
            account: account.flags(),
        };
        self.participants.push(participant.clone());
        self.changes.push(Change::ParticipantAdded(participant));
        let vacant = self.room.visibility == Visibility::Public && self.room.owner.is_none();
        if first && vacant && role == Role::Admin {
            self.give_to(Some(user));
        }
        Ok(())
    }

    fn remove(&mut self, user: UserId, successor: Option<UserId>) -> Result<(), Refusal> {
        let missing = Refusal::NotFound(Missing::Participant);
        let leaving = self.before.participant(user).ok_or(missing)?;
        if successor.is_some_and(|heir| heir == user || self.before.participant(heir).is_none()) {
            return Err(missing);
        }
        self.take_out(leaving.person());
        if let Some(heir) = successor {
            self.give_role(heir, Role::Admin);
        }
        self.end_if_empty();
        Ok(())
    }

    fn replace(&mut self, name: Option<String>, users: &[UserId]) -> Result<(), Refusal> {
        if name.is_some() {
            self.rename(name);
        }
        let mut inside: HashSet<UserId> = self.participants.iter().map(|p| p.user).collect();
        for user in users {
            if inside.insert(*user) {
                self.add(*user, Role::Member)?;
            }
        }
        let after: HashSet<UserId> = users.iter().copied().collect();
        for gone in self.before.participants.iter().filter(|p| !after.contains(&p.user)) {
            self.take_out(gone.person());
        }
        self.end_if_empty();
        Ok(())
    }

    fn change(
        &mut self,
        user: UserId,
        change: impl FnOnce(&mut Participant),
    ) -> Result<(), Refusal> {
        let known = self.before.participant(user).ok_or(Refusal::NotFound(Missing::Participant))?;
        let mut changed = known.clone();
        change(&mut changed);
        if changed != *known {
            self.tell(changed);
        }
        Ok(())
    }

    fn give_role(&mut self, user: UserId, role: Role) {
        if let Some(known) = self.participants.iter().find(|p| p.user == user && p.role != role) {
            self.tell(Participant { role, ..known.clone() });
        }
    }

    fn tell(&mut self, mut changed: Participant) {
        changed.since = self.room.rev;
        if let Some(known) = self.participants.iter_mut().find(|p| p.user == changed.user) {
            known.clone_from(&changed);
        }
        self.changes.push(Change::ParticipantChanged(changed));
    }

    fn take_out(&mut self, person: Person) {
        self.participants.retain(|p| p.user != person.id);
        self.changes.push(Change::ParticipantRemoved(person));
    }

    /// Passes the ownership of the room to a participant, or to nobody.
    fn give_to(&mut self, owner: Option<UserId>) {
        let login = owner.and_then(|owner| self.participants.iter().find(|p| p.user == owner));
        self.room.owner_login = login.map(|p| p.login.clone()).unwrap_or_default();
        self.room.owner = owner;
        self.changes.push(Change::Updated(self.room.clone()));
    }

    /// Deletes a private room without participants.
    fn end_if_empty(&mut self) {
        if self.room.visibility == Visibility::Private && self.participants.is_empty() {
            self.changes.push(Change::RoomDeleted);
        }
    }
}

impl RoomFacts {
    /// Returns all participants for the rules of succession, in the order of joining.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate> + Clone {
        self.participants.iter().map(Candidate::from)
    }

    /// Applies one step; `rev` is its rev. Applying it twice changes nothing.
    pub fn apply(&mut self, rev: Rev, change: &Change) {
        match change {
            Change::Posted(message) => {
                self.room.last_seq = self.room.last_seq.max(message.seq);
                self.room.rev = self.room.rev.max(rev);
                return;
            }
            Change::Edited(_)
            | Change::Deleted(_)
            | Change::Reacted { .. }
            | Change::Unreacted { .. } => {
                self.room.rev = self.room.rev.max(rev);
                return;
            }
            Change::Updated(room) => self.room = room.clone(),
            Change::ParticipantAdded(new) | Change::ParticipantChanged(new) => {
                match self.participants.iter_mut().find(|p| p.user == new.user) {
                    Some(known) => known.clone_from(new),
                    None => self.participants.push(new.clone()),
                }
            }
            Change::ParticipantRemoved(person) => {
                self.participants.retain(|p| p.user != person.id);
            }
            Change::RoomDeleted => self.participants.clear(),
        }
        self.room.step(rev);
    }
}

#[cfg(test)]
mod tests;
