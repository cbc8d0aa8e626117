//! Every permission of the server, for every API and the command line (contract, rules of
//! management).
//!
//! Pure functions of the room's facts and the caller. A room that the caller may not see is
//! answered exactly like a room that does not exist. Operations of the operator only (on accounts
//! and sessions of others, reading rooms without participating) take an
//! [`Operator`](super::Operator) instead of a session: having one is the permission.

use std::collections::HashSet;

use crate::config::{EmojiAdders, Registration, SecondFactors};
use crate::model::rules::succession;
use crate::model::{
    AccountFlags, Error, Participant, Result, Role, RoomFacts, Scope, Session, User, UserId,
    Visibility,
};
use crate::store::{RoomSettings, Whose};

/// The caller of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Id of the caller; None: the operator of the server.
    pub user: Option<UserId>,
    /// Server administrator.
    pub server_admin: bool,
    /// Is limited to the rooms they participate in, and administers nothing.
    pub guest: bool,
}

impl Actor {
    /// Returns the caller as a participant of the room.
    fn place(self, facts: &RoomFacts) -> Option<&Participant> {
        self.user.and_then(|user| facts.participant(user))
    }

    /// Returns whether the caller owns the room.
    fn owns(self, facts: &RoomFacts) -> bool {
        self.user.is_some() && facts.room.owner == self.user
    }
}

/// What a session is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Only reading.
    Read,
    /// Anything else.
    Write,
}

/// May use the session so: API tokens can be limited to reading.
pub fn use_session(session: &Session, for_what: Use) -> Result<()> {
    match session.grant.as_ref().map(|grant| grant.scope) {
        None | Some(Scope::Write | Scope::Admin) => Ok(()),
        Some(Scope::Read) if for_what == Use::Read => Ok(()),
        Some(Scope::Read | Scope::Hook(_) | Scope::Reset) => Err(Error::Forbidden),
    }
}

/// May end sessions, change password and e-mail address, and delete the account: only users who
/// logged in, not API tokens.
pub fn manage_account(session: &Session) -> Result<()> {
    if session.grant.is_none() { Ok(()) } else { Err(Error::Forbidden) }
}

/// May create an API token of their own: users who logged in, if the server permits it (`[auth]
/// personal_tokens`). One that administers the server is reserved for its administrators.
pub fn create_token(session: &Session, scope: Scope, permitted: bool) -> Result<()> {
    manage_account(session)?;
    let may = permitted && (scope != Scope::Admin || session.admin);
    if may { Ok(()) } else { Err(Error::Forbidden) }
}

/// May create an account: anyone if registration is open, and anyone with an invitation unless it is
/// closed.
pub fn register(registration: Registration, invited: bool) -> Result<()> {
    match registration {
        Registration::Open => Ok(()),
        Registration::Invite if invited => Ok(()),
        Registration::Invite => Err(Error::InvitationNeeded),
        Registration::Closed => Err(Error::RegistrationClosed),
    }
}

/// May invite people into this room, and they may join it: unless it is archived.
pub fn join_invited(facts: &RoomFacts) -> Result<()> {
    not_archived(facts)
}

/// Returns whether invitations of this user are valid: as long as they administer the server.
pub fn may_invite(maker: &User) -> bool {
    maker.admin && !maker.disabled
}

/// May log in with a password, or set one of this server: anyone, unless `[auth] local_login` is
/// off and, for a log-in, no directory checks passwords.
pub fn use_password(permitted: bool) -> Result<()> {
    if permitted { Ok(()) } else { Err(Error::LocalLoginOff) }
}

/// May set up a second factor of their own: users who logged in, if the server permits it (`[auth]
/// second_factor`).
pub fn set_up_second_factor(session: &Session, permitted: bool) -> Result<()> {
    manage_account(session)?;
    if permitted { Ok(()) } else { Err(Error::SecondFactorOff) }
}

/// May use a session that was opened with a password: also people without a second factor, unless
/// `[auth] second_factor` requires one.
pub fn is_proven(session: &Session, rule: SecondFactors) -> bool {
    !(session.unproven && rule.requires(session.admin))
}

/// May add custom emoji: server administrators, and everybody but guests if the server permits it
/// (`[rooms] custom_emoji`).
pub fn add_emoji(who: Actor, permitted: EmojiAdders) -> Result<()> {
    let may = who.server_admin || (permitted == EmojiAdders::Everyone && !who.guest);
    if may { Ok(()) } else { Err(Error::Forbidden) }
}

/// May delete a custom emoji that this user has added: server administrators, and that user as long
/// as they may add emoji.
pub fn remove_emoji(who: Actor, owner: UserId, permitted: EmojiAdders) -> Result<()> {
    add_emoji(who, permitted)?;
    if who.server_admin || who.user == Some(owner) { Ok(()) } else { Err(Error::Forbidden) }
}

/// May see who has added a custom emoji: server administrators, and the user who has. Others may
/// share no room with that user.
pub fn see_emoji_owner(who: Actor, owner: UserId) -> bool {
    who.server_admin || who.user == Some(owner)
}

/// An action on a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Change name, topic or description.
    Rename,
    /// Change visibility, read-only or archived.
    Configure,
    /// Pin or unpin a message.
    Pin,
    /// Add a participant with this role.
    Add(Role),
    /// Remove this participant; removing oneself is leaving.
    Remove(UserId),
    /// Change the role of this participant.
    ChangeRole(UserId, Role),
    /// Change the name of this participant in the room.
    EditName(UserId),
    /// Delete the room.
    Delete,
}

/// May see name and participants.
pub fn see(facts: &RoomFacts, who: Actor) -> Result<()> {
    let visible = is_open_to(facts, who) || who.place(facts).is_some() || who.server_admin;
    if visible { Ok(()) } else { Err(Error::RoomNotFound) }
}

/// May enter: participants; anybody but guests if the room is public and not archived.
pub fn enter(facts: &RoomFacts, who: Actor) -> Result<()> {
    match who.place(facts) {
        Some(_) => Ok(()),
        None if !is_open_to(facts, who) => Err(Error::RoomNotFound),
        None => not_archived(facts),
    }
}

/// Returns whether the room is listed for everybody. Guests see no listed rooms.
fn is_open_to(facts: &RoomFacts, who: Actor) -> bool {
    facts.room.visibility == Visibility::Public && !who.guest
}

/// May list public rooms and users; guests only see users of their rooms.
pub fn browse(who: Actor) -> Result<()> {
    if who.guest { Err(Error::Forbidden) } else { Ok(()) }
}

/// May create such a room: guests may not create public rooms or become admin.
pub fn create(who: Actor, visibility: Visibility) -> Result<()> {
    if who.guest && visibility == Visibility::Public { Err(Error::Forbidden) } else { Ok(()) }
}

/// May have this role in a room: guests are always members.
pub fn bear(account: AccountFlags, role: Role) -> Result<()> {
    if account.guest && role != Role::Member { Err(Error::Forbidden) } else { Ok(()) }
}

/// May read messages, threads, changes, marks, media and previews of links, follow threads and mark
/// them as read: participants only, in archived and read-only rooms too; being a server
/// administrator is not sufficient.
pub fn take_part(facts: &RoomFacts, who: Actor) -> Result<&Participant> {
    match who.place(facts) {
        Some(participant) => Ok(participant),
        None if is_open_to(facts, who) || who.server_admin => Err(Error::Forbidden),
        None => Err(Error::RoomNotFound),
    }
}

/// May post, and edit their own messages: participants; only admins and sub-admins if the room is
/// read-only; nobody if it is archived.
pub fn post(facts: &RoomFacts, who: Actor) -> Result<&Participant> {
    let own = take_part(facts, who)?;
    not_archived(facts)?;
    if facts.room.read_only && rank(facts, who) < Role::SubAdmin {
        Err(Error::ReadOnly)
    } else {
        Ok(own)
    }
}

/// May send slash commands, and has their answers posted: those who may post.
pub fn command(facts: &RoomFacts, who: Actor) -> Result<&Participant> {
    post(facts, who)
}

/// May add and remove reactions: participants, in a read-only room too; nobody if the room is
/// archived.
pub fn react(facts: &RoomFacts, who: Actor) -> Result<&Participant> {
    let own = take_part(facts, who)?;
    not_archived(facts).map(|()| own)
}

/// Number of participants up to which each of them may mention all of a public room.
pub const CALLED_BY_ALL: usize = 50;

/// May mention all participants with `@all` and `@here`: admins and the owner; everybody in private
/// rooms and in those of at most [`CALLED_BY_ALL`] participants. Elsewhere it is plain text.
pub fn may_call(facts: &RoomFacts, who: Actor) -> bool {
    who.place(facts).is_some()
        && (facts.room.visibility == Visibility::Private
            || facts.participants.len() <= CALLED_BY_ALL
            || who.owns(facts)
            || rank(facts, who) == Role::Admin)
}

/// Not in an archived room.
pub(super) fn not_archived(facts: &RoomFacts) -> Result<()> {
    if facts.room.archived.is_some() { Err(Error::Archived) } else { Ok(()) }
}

/// Returns whether the caller is a guest now: the session and its socket may be older than the
/// guest flag.
fn is_guest(facts: &RoomFacts, who: Actor) -> bool {
    let marked = || who.place(facts).is_some_and(|own| own.account.guest);
    !who.server_admin && (who.guest || marked())
}

/// Returns the caller's effective role. In a room without an admin all participants except guests
/// manage it.
fn rank(facts: &RoomFacts, who: Actor) -> Role {
    match who.place(facts) {
        _ if who.server_admin => Role::Admin,
        _ if is_guest(facts, who) => Role::Member,
        _ if !facts.has_admin() => Role::Admin,
        own => own.map_or(Role::Member, |own| own.role),
    }
}

/// Converts a refusal for dialects whose document reveals that the room exists (`chats`).
pub fn openly(refusal: Error, exists: bool) -> Error {
    if exists && refusal == Error::RoomNotFound { Error::Forbidden } else { refusal }
}

/// May know a user's e-mail address and birth date, if the dialect shows them: the user, and others
/// depending on `show_emails`.
pub fn know_contacts(user: UserId, who: Actor, show_emails: bool) -> bool {
    show_emails || who.user == Some(user)
}

/// May perform this action on the room.
pub fn manage(facts: &RoomFacts, who: Actor, act: Act) -> Result<()> {
    have_right(facts, who, act)?;
    if matches!(act, Act::Rename | Act::Add(_) | Act::EditName(_) | Act::Pin) {
        not_archived(facts)?;
    }
    let loses_last_admin = match act {
        Act::Remove(user) => is_last_admin(facts, user),
        Act::ChangeRole(user, role) => role != Role::Admin && is_last_admin(facts, user),
        _ => false,
    };
    if loses_last_admin && facts.participants.len() > 1 { Err(Error::Forbidden) } else { Ok(()) }
}

/// May change these settings: users who may rename the room change topic and description, admins
/// the rest. An archived room can only be unarchived.
pub fn settings(facts: &RoomFacts, who: Actor, new: &RoomSettings) -> Result<()> {
    let RoomSettings { topic, description, visibility, read_only, archived, retention } = new;
    // Whoever may not delete what others have written must not do so with time.
    if retention.is_some() && !who.server_admin {
        return Err(Error::Forbidden);
    }
    have_right(
        facts,
        who,
        if visibility.is_some() || read_only.is_some() || archived.is_some() {
            Act::Configure
        } else {
            Act::Rename
        },
    )?;
    let others =
        topic.is_some() || description.is_some() || visibility.is_some() || read_only.is_some();
    if others && *archived != Some(false) { not_archived(facts) } else { Ok(()) }
}

/// May replace the participants by exactly these users and, with `rename`, rename the room in one
/// step: every part must be allowed by itself, and a room that has admins keeps one unless nobody
/// is left.
pub fn replace(
    facts: &RoomFacts,
    who: Actor,
    rename: bool,
    users: Option<&[UserId]>,
) -> Result<()> {
    if !who.server_admin {
        take_part(facts, who)?;
    }
    if rename {
        have_right(facts, who, Act::Rename)?;
        not_archived(facts)?;
    }
    let Some(users) = users else { return Ok(()) };
    let before: HashSet<UserId> = facts.participants.iter().map(|p| p.user).collect();
    if users.iter().any(|user| !before.contains(user)) {
        have_right(facts, who, Act::Add(Role::Member))?;
        not_archived(facts)?;
    }
    let after: HashSet<UserId> = users.iter().copied().collect();
    let (staying, going): (Vec<&Participant>, Vec<_>) =
        facts.participants.iter().partition(|p| after.contains(&p.user));
    for gone in going {
        have_right(facts, who, Act::Remove(gone.user))?;
    }
    let is_admin = |p: &Participant| p.role == Role::Admin;
    let is_usable = |p: &Participant| is_admin(p) && p.account.is_usable();
    let loses_admins = (facts.has_admin() && !staying.iter().any(|p| is_admin(p)))
        || (facts.participants.iter().any(is_usable) && !staying.iter().any(|p| is_usable(p)));
    if loses_admins && !users.is_empty() { Err(Error::Forbidden) } else { Ok(()) }
}

/// Checks the rules of management, except those about the last admin.
fn have_right(facts: &RoomFacts, who: Actor, act: Act) -> Result<()> {
    let own = who.place(facts);
    let owner = who.owns(facts) && !is_guest(facts, who);
    if own.is_none() && !who.server_admin && !(owner && act == Act::Delete) {
        return Err(if is_open_to(facts, who) { Error::Forbidden } else { Error::RoomNotFound });
    }
    let target = match act {
        Act::Remove(user) | Act::ChangeRole(user, _) | Act::EditName(user) => {
            Some(facts.participant(user).ok_or(Error::ParticipantNotFound)?)
        }
        Act::Rename | Act::Configure | Act::Pin | Act::Add(_) | Act::Delete => None,
    };
    let rank = rank(facts, who);
    let myself = target.is_some_and(|t| Some(t.user) == who.user);
    let allowed = match act {
        Act::Rename => rank >= Role::SubAdmin,
        Act::Configure => rank == Role::Admin,
        // In a read-only room pins rank with the posts of admins; elsewhere any participant may
        // pin.
        Act::Pin => rank >= Role::SubAdmin || (!facts.room.read_only && own.is_some()),
        Act::Add(role) => {
            if role == Role::Member {
                rank >= Role::SubAdmin
            } else {
                rank == Role::Admin
            }
        }
        Act::Remove(_) => {
            myself
                || rank == Role::Admin
                || (rank == Role::SubAdmin && target.is_some_and(|t| t.role == Role::Member))
        }
        Act::ChangeRole(_, role) => {
            rank == Role::Admin && target.is_some_and(|t| bear(t.account, role).is_ok())
        }
        // In a room without admins participants can only change their own name.
        Act::EditName(_) => {
            myself || who.server_admin || (facts.has_admin() && rank == Role::Admin)
        }
        Act::Delete => owner || rank == Role::Admin,
    };
    if allowed { Ok(()) } else { Err(Error::Forbidden) }
}

/// An action on a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageAct {
    /// Change the text: the author, while they may post.
    Edit,
    /// Delete the content, also in archived and read-only rooms: the author, an admin or sub-admin
    /// of a room that has an admin, a server administrator.
    Delete,
    /// Add or remove a reaction: users who may react.
    React,
}

/// Returns on whose messages the caller may perform this action.
pub fn change_message(facts: &RoomFacts, who: Actor, act: MessageAct) -> Result<Whose> {
    match act {
        MessageAct::Edit => post(facts, who).map(|_| Whose::Own),
        MessageAct::Delete if who.server_admin => Ok(Whose::Any),
        MessageAct::Delete => {
            let own = take_part(facts, who)?;
            let by_role = !is_guest(facts, who)
                && (own.role == Role::Admin || (own.role == Role::SubAdmin && facts.has_admin()));
            Ok(if by_role { Whose::Any } else { Whose::Own })
        }
        MessageAct::React => react(facts, who).map(|_| Whose::Any),
    }
}

/// Returns who becomes admin when the last admin leaves without naming a successor: the
/// longest-standing sub-admin, otherwise the longest-standing participant.
pub fn successor(facts: &RoomFacts, leaving: UserId) -> Option<UserId> {
    succession::successor(facts.candidates(), leaving)
}

fn is_last_admin(facts: &RoomFacts, user: UserId) -> bool {
    succession::is_last_admin(facts.candidates(), user)
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
