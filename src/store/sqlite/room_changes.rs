//! Changes of a room: each refuses before it writes, takes one rev and goes out as one event.

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::{Result, params};

use super::error::Fault;
use super::rooms::{self, Step};
use super::work::Work;
use super::{jobs, people, pins, sql, users};
use crate::model::rules::succession::role_on_entry;
use crate::model::{
    Change, Claim, Event, LiveState, Person, Role, Room, RoomFacts, RoomId, Seq, SocketId, UserId,
    Visibility, fold,
};
use crate::store::{Basis, Committed, Missing, RoomChange, RoomSettings, StoreError};

const SET_NAME: &str = "UPDATE rooms SET name = ?2, folded = ?3 WHERE id = ?1";
const SET_SETTINGS: &str = "UPDATE rooms SET topic = ?2, description = ?3, visibility = ?4, \
                            read_only = ?5, archived = ?6 WHERE id = ?1";
const SET_OWNER: &str = "UPDATE rooms SET owner = ?2 WHERE id = ?1";
const MARK_DELETED: &str = "UPDATE rooms SET deleted = ?2, member_key = NULL WHERE id = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[SET_NAME, SET_SETTINGS, SET_OWNER, MARK_DELETED];

/// A change that is being made: the room as it was, the next rev, and what has happened so far.
pub(super) struct Doing<'a, 'w> {
    work: &'a mut Work<'w>,
    /// As it was, with its rev already the next one.
    pub(super) room: Room,
    by: Person,
    socket: Option<SocketId>,
    changes: Vec<Change>,
    added: Vec<UserId>,
}

/// Makes one change of a room.
pub(super) fn change(
    work: &mut Work<'_>,
    id: RoomId,
    basis: Basis,
    by: UserId,
    change: &RoomChange,
) -> Result<Committed, Fault> {
    let room = rooms::on_basis(work.conn, id, basis)?;
    let (rev, at) = (room.rev, work.now);
    let by = people::person(work.conn, id, by)?;
    let mut doing = Doing::begin(work, room, by);
    match change {
        RoomChange::Rename(name) => doing.rename(name.as_deref())?,
        RoomChange::Add(user, role) => doing.add(*user, *role)?,
        RoomChange::Remove { user, successor, socket } => {
            doing.socket = *socket;
            doing.remove(*user, *successor)?;
        }
        RoomChange::Role(user, role) => doing.role(*user, *role)?,
        RoomChange::EditedName(user, name) => doing.edited_name(*user, name)?,
        RoomChange::Settings(settings) => doing.settings(settings)?,
        RoomChange::Pin(seq, true) => doing.pin(*seq)?,
        RoomChange::Pin(seq, false) => doing.unpin(*seq)?,
        RoomChange::Replace { name, users } => doing.replace(name.as_deref(), users)?,
        RoomChange::Delete => doing.delete()?,
    }
    let changed = doing.finish()?;
    Ok(Committed { rev: if changed { rev.next() } else { rev }, at, changed })
}

impl<'a, 'w> Doing<'a, 'w> {
    pub(super) fn begin(work: &'a mut Work<'w>, mut room: Room, by: Person) -> Self {
        room.step(room.rev.next());
        Self { work, room, by, socket: None, changes: Vec::new(), added: Vec::new() }
    }

    /// Writes the rev and lets the events go: to those who were added first. False when nothing has
    /// happened.
    pub(super) fn finish(self) -> Result<bool> {
        let Self { work, room, by, socket, changes, added } = self;
        if changes.is_empty() {
            return Ok(false);
        }
        let place = work.events.len();
        Step { room: room.id, rev: room.rev, by, socket }.facts(work, room.mode_rev, changes)?;
        if !added.is_empty() {
            let Some(facts) = rooms::facts(work.conn, room.id)?.map(Arc::new) else {
                return Ok(true);
            };
            let at = work.now;
            let news = added.into_iter().map(|user| Event::RoomAdded {
                user,
                facts: Arc::clone(&facts),
                state: LiveState::Closed,
                at,
            });
            work.events.splice(place..place, news);
        }
        Ok(true)
    }

    fn rename(&mut self, name: Option<&str>) -> Result<(), Fault> {
        if self.room.name.as_deref() == name {
            return Ok(());
        }
        rooms::check_name(self.work.conn, self.room.id, name, self.room.visibility)?;
        self.write_name(name)?;
        rooms::refresh_key(self.work.conn, &self.room)?;
        Ok(())
    }

    fn write_name(&mut self, name: Option<&str>) -> Result<()> {
        sql::run(self.work.conn, SET_NAME, params![self.room.id, name, name.map(fold)])?;
        self.room.name = name.map(str::to_owned);
        self.changes.push(Change::Updated(self.room.clone()));
        Ok(())
    }

    fn settings(&mut self, new: &RoomSettings) -> Result<(), Fault> {
        let before = self.room.clone();
        new.apply(&mut self.room, self.work.now);
        if self.room == before {
            return Ok(());
        }
        let (conn, room) = (self.work.conn, &self.room);
        if room.visibility != before.visibility {
            rooms::check_name(conn, room.id, room.name.as_deref(), room.visibility)?;
        }
        sql::run(
            conn,
            SET_SETTINGS,
            params![
                room.id,
                room.topic,
                room.description,
                room.visibility,
                room.read_only,
                room.archived
            ],
        )?;
        rooms::refresh_key(conn, room)?;
        self.changes.push(Change::Updated(room.clone()));
        Ok(())
    }

    fn pin(&mut self, seq: Seq) -> Result<(), Fault> {
        let by = Some(self.by.id).filter(|user| *user != UserId(0));
        if pins::pin(self.work.conn, self.room.id, seq, by, self.work.now)?
            .ok_or(StoreError::NotFound(Missing::Message))?
        {
            self.changes.push(Change::Updated(self.room.clone()));
        }
        Ok(())
    }

    fn unpin(&mut self, seq: Seq) -> Result<(), Fault> {
        if !pins::unpin(self.work.conn, self.room.id, seq)? {
            return Err(StoreError::NotFound(Missing::Message).into());
        }
        self.changes.push(Change::Updated(self.room.clone()));
        Ok(())
    }

    fn add(&mut self, user: UserId, role: Role) -> Result<(), Fault> {
        let conn = self.work.conn;
        let account = users::one(conn, user)?.ok_or(StoreError::NotFound(Missing::User))?.flags();
        if people::one(conn, self.room.id, user)?.is_some() {
            return Err(StoreError::Taken(Claim::Participant).into());
        }
        let first = people::first(conn, self.room.id, 1)?.is_empty();
        let role = role_on_entry(self.room.visibility, first, account, role);
        self.put_in(user, role)?;
        if first
            && self.room.visibility == Visibility::Public
            && role == Role::Admin
            && self.room.owner.is_none()
        {
            self.set_owner(Some(user))?;
        }
        rooms::refresh_key(conn, &self.room)?;
        Ok(())
    }

    fn put_in(&mut self, user: UserId, role: Role) -> Result<()> {
        let (conn, room) = (self.work.conn, &self.room);
        people::add(conn, room.id, user, role, room.rev, self.work.now, room.last_seq)?;
        self.changes.extend(people::one(conn, room.id, user)?.map(Change::ParticipantAdded));
        self.added.push(user);
        Ok(())
    }

    fn remove(&mut self, user: UserId, successor: Option<UserId>) -> Result<(), Fault> {
        let conn = self.work.conn;
        let Some(leaving) = people::one(conn, self.room.id, user)? else {
            return Err(StoreError::NotFound(Missing::Participant).into());
        };
        if let Some(heir) = successor
            && (heir == user || people::one(conn, self.room.id, heir)?.is_none())
        {
            return Err(StoreError::NotFound(Missing::Participant).into());
        }
        self.take_out(user, leaving.person())?;
        if let Some(heir) = successor {
            self.give_role(heir, Role::Admin)?;
        }
        self.settle()?;
        Ok(())
    }

    /// Removes a participant.
    pub(super) fn take_out(&mut self, user: UserId, person: Person) -> Result<()> {
        people::remove(self.work.conn, self.room.id, user)?;
        self.changes.push(Change::ParticipantRemoved(person));
        Ok(())
    }

    /// Gives a role.
    pub(super) fn give_role(&mut self, user: UserId, role: Role) -> Result<()> {
        let changed = people::set_role(self.work.conn, self.room.id, user, role, self.room.rev)?;
        self.changes.extend(changed.map(Change::ParticipantChanged));
        Ok(())
    }

    /// After somebody has left: an empty private room goes, and a nameless one is now that of other
    /// people.
    pub(super) fn settle(&mut self) -> Result<()> {
        if self.room.visibility == Visibility::Private
            && people::first(self.work.conn, self.room.id, 1)?.is_empty()
        {
            return self.delete();
        }
        rooms::refresh_key(self.work.conn, &self.room)
    }

    /// Gives the room to somebody, or to nobody.
    pub(super) fn set_owner(&mut self, owner: Option<UserId>) -> Result<()> {
        sql::run(self.work.conn, SET_OWNER, params![self.room.id, owner])?;
        self.room.owner = owner;
        self.room.owner_login = match owner {
            Some(user) => people::person(self.work.conn, self.room.id, user)?.login,
            None => String::new(),
        };
        self.changes.push(Change::Updated(self.room.clone()));
        Ok(())
    }

    /// Tells the room that a participant's display name is another.
    pub(super) fn renamed(&mut self, user: UserId) -> Result<()> {
        let changed = people::set_since(self.work.conn, self.room.id, user, self.room.rev)?;
        self.changes.extend(changed.map(Change::ParticipantChanged));
        Ok(())
    }

    fn role(&mut self, user: UserId, role: Role) -> Result<(), Fault> {
        let Some(participant) = people::one(self.work.conn, self.room.id, user)? else {
            return Err(StoreError::NotFound(Missing::Participant).into());
        };
        if participant.role != role {
            self.give_role(user, role)?;
        }
        Ok(())
    }

    fn edited_name(&mut self, user: UserId, name: &str) -> Result<(), Fault> {
        let Some(participant) = people::one(self.work.conn, self.room.id, user)? else {
            return Err(StoreError::NotFound(Missing::Participant).into());
        };
        if participant.edited_name != name {
            let changed =
                people::set_edited_name(self.work.conn, self.room.id, user, name, self.room.rev)?;
            self.changes.extend(changed.map(Change::ParticipantChanged));
        }
        Ok(())
    }

    fn replace(&mut self, name: Option<&str>, users: &[UserId]) -> Result<(), Fault> {
        let conn = self.work.conn;
        users::check_all(conn, users.iter().copied())?;
        let before = RoomFacts {
            room: self.room.clone(),
            participants: people::first(conn, self.room.id, u32::MAX)?,
        };
        if let Some(name) = name.filter(|name| self.room.name.as_deref() != Some(name)) {
            rooms::check_name(conn, self.room.id, Some(name), self.room.visibility)?;
            self.write_name(Some(name))?;
        }
        let mut inside: HashSet<UserId> = before.participants.iter().map(|p| p.user).collect();
        for user in users {
            if inside.insert(*user) {
                self.put_in(*user, Role::Member)?;
            }
        }
        let after: HashSet<UserId> = users.iter().copied().collect();
        for gone in before.participants.iter().filter(|p| !after.contains(&p.user)) {
            self.take_out(gone.user, gone.person())?;
        }
        self.settle()?;
        Ok(())
    }

    fn delete(&mut self) -> Result<()> {
        sql::run(self.work.conn, MARK_DELETED, params![self.room.id, self.work.now])?;
        jobs::order(self.work, jobs::ROOM, self.room.id.0)?;
        self.changes.push(Change::RoomDeleted);
        Ok(())
    }
}
