//! Who may do what: every permission of the server, for every API, the command line included (contract, rules of management).
//!
//! Pure functions of the room's facts and of who asks. A room that one may not see answers exactly like one that does not exist.

use std::collections::HashSet;

use crate::model::{Error, Message, Participant, Result, Role, RoomFacts, UserId, Visibility};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub user: UserId,
    /// May administer the server.
    pub server_admin: bool,
}

/// What is to be done to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Another name, another visibility.
    Rename,
    /// Add somebody with this role.
    Add(Role),
    /// Remove this participant; oneself: leave.
    Remove(UserId),
    /// Give this participant a role.
    ChangeRole(UserId, Role),
    /// Give this participant a name in the room.
    EditName(UserId),
    /// Delete the room.
    Delete,
}

/// May see name and participants.
pub fn see(facts: &RoomFacts, who: Actor) -> Result<()> {
    let visible = facts.room.visibility == Visibility::Public || facts.participant(who.user).is_some() || who.server_admin;
    if visible { Ok(()) } else { Err(Error::RoomNotFound) }
}

/// May enter: participants, and everybody where it is public.
pub fn enter(facts: &RoomFacts, who: Actor) -> Result<()> {
    if facts.room.visibility == Visibility::Public || facts.participant(who.user).is_some() { Ok(()) } else { Err(Error::RoomNotFound) }
}

/// May read messages, changes, marks, media, and write: participants only, server administrators not excepted.
pub fn take_part(facts: &RoomFacts, who: Actor) -> Result<&Participant> {
    match facts.participant(who.user) {
        Some(participant) => Ok(participant),
        None if facts.room.visibility == Visibility::Public || who.server_admin => Err(Error::Forbidden),
        None => Err(Error::RoomNotFound),
    }
}

/// May administer accounts, sessions and the server itself.
pub fn administer(who: Actor) -> Result<()> {
    if who.server_admin { Ok(()) } else { Err(Error::Forbidden) }
}

/// May read messages of rooms without being in them: who runs the server and no user, administrators included.
pub fn audit(who: Actor) -> Result<()> {
    if who.server_admin && who.user == UserId(0) { Ok(()) } else { Err(Error::Forbidden) }
}

/// How somebody is refused where a dialect's document says that the room is there (`chats`).
pub fn openly(refusal: Error, exists: bool) -> Error {
    if exists && refusal == Error::RoomNotFound { Error::Forbidden } else { refusal }
}

/// May know a user's e-mail address and birth date, where the dialect shows them: the user, and others as `show_emails` says.
pub fn know_contacts(user: UserId, who: Actor, show_emails: bool) -> bool {
    show_emails || user == who.user
}

/// May do this to the room.
pub fn manage(facts: &RoomFacts, who: Actor, act: Act) -> Result<()> {
    have_right(facts, who, act)?;
    let loses_last_admin = match act {
        Act::Remove(user) => is_last_admin(facts, user),
        Act::ChangeRole(user, role) => role != Role::Admin && is_last_admin(facts, user),
        _ => false,
    };
    if loses_last_admin && facts.participants.len() > 1 { Err(Error::Forbidden) } else { Ok(()) }
}

/// May make exactly these users the participants and, with `rename`, give the room another name, in one step:
/// each of it allowed by itself, and a room that has admins keeps one, unless nobody is left.
pub fn replace(facts: &RoomFacts, who: Actor, rename: bool, users: Option<&[UserId]>) -> Result<()> {
    if !who.server_admin {
        take_part(facts, who)?;
    }
    if rename {
        have_right(facts, who, Act::Rename)?;
    }
    let Some(users) = users else { return Ok(()) };
    let before: HashSet<UserId> = facts.participants.iter().map(|p| p.user).collect();
    if users.iter().any(|user| !before.contains(user)) {
        have_right(facts, who, Act::Add(Role::Member))?;
    }
    let after: HashSet<UserId> = users.iter().copied().collect();
    let (staying, going): (Vec<&Participant>, Vec<_>) = facts.participants.iter().partition(|p| after.contains(&p.user));
    for gone in going {
        have_right(facts, who, Act::Remove(gone.user))?;
    }
    let loses_admins = facts.has_admin() && !staying.iter().any(|p| p.role == Role::Admin);
    if loses_admins && !users.is_empty() { Err(Error::Forbidden) } else { Ok(()) }
}

/// Whether the rules of management allow it, what becomes of the last admin left aside.
fn have_right(facts: &RoomFacts, who: Actor, act: Act) -> Result<()> {
    let own = facts.participant(who.user);
    let owner = facts.room.owner == Some(who.user);
    if own.is_none() && !who.server_admin && !(owner && act == Act::Delete) {
        return Err(if facts.room.visibility == Visibility::Public { Error::Forbidden } else { Error::RoomNotFound });
    }
    let target = match act {
        Act::Remove(user) | Act::ChangeRole(user, _) | Act::EditName(user) => Some(facts.participant(user).ok_or(Error::ParticipantNotFound)?),
        Act::Rename | Act::Add(_) | Act::Delete => None,
    };
    // A room without an admin is managed by all its participants alike.
    let rank = if who.server_admin || !facts.has_admin() { Role::Admin } else { own.map_or(Role::Member, |p| p.role) };
    let myself = target.is_some_and(|t| t.user == who.user);
    let allowed = match act {
        Act::Rename => rank >= Role::SubAdmin,
        Act::Add(role) => {
            if role == Role::Member {
                rank >= Role::SubAdmin
            } else {
                rank == Role::Admin
            }
        }
        Act::Remove(_) => myself || rank == Role::Admin || (rank == Role::SubAdmin && target.is_some_and(|t| t.role == Role::Member)),
        Act::ChangeRole(..) => rank == Role::Admin,
        // In a room without admins everybody sets only their own.
        Act::EditName(_) => myself || who.server_admin || own.is_some_and(|p| p.role == Role::Admin),
        Act::Delete => owner || rank == Role::Admin,
    };
    if allowed { Ok(()) } else { Err(Error::Forbidden) }
}

/// May change the text: its author, while a participant.
pub fn edit(facts: &RoomFacts, who: Actor, message: &Message) -> Result<()> {
    take_part(facts, who)?;
    if message.author.id == who.user { Ok(()) } else { Err(Error::Forbidden) }
}

/// May take the content away: its author, an admin or sub-admin of a room that has an admin, a server administrator.
pub fn delete(facts: &RoomFacts, who: Actor, message: &Message) -> Result<()> {
    if who.server_admin {
        return Ok(());
    }
    let own = take_part(facts, who)?;
    let by_role = own.role == Role::Admin || (own.role == Role::SubAdmin && facts.has_admin());
    if message.author.id == who.user || by_role { Ok(()) } else { Err(Error::Forbidden) }
}

/// Who becomes admin when the last one goes without naming another: the longest-standing sub-admin, else participant.
pub fn successor(facts: &RoomFacts, leaving: UserId) -> Option<UserId> {
    if !is_last_admin(facts, leaving) {
        return None;
    }
    let others = || facts.participants.iter().filter(|p| p.user != leaving);
    others().find(|p| p.role == Role::SubAdmin).or_else(|| others().next()).map(|p| p.user)
}

fn is_last_admin(facts: &RoomFacts, user: UserId) -> bool {
    let mut admins = facts.participants.iter().filter(|p| p.role == Role::Admin);
    admins.next().is_some_and(|p| p.user == user) && admins.next().is_none()
}

#[cfg(test)]
mod tests;
