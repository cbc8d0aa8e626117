//! Callers of the chat: users with a session, and the operator of the server.

use std::net::IpAddr;

use super::access::Actor;
use crate::model::{ActorKind, Attribution, AuditActor, Client, Session, UserId};

/// The operator of the server: the caller of a command on its command line, or an administrator
/// using the administration API. Has access to all rooms, but is not a user and participates in
/// none.
///
/// Functions with an operator need no further permission; only `admin` creates one.
#[derive(Clone, Debug)]
pub struct Operator {
    name: String,
    actor: AuditActor,
    /// The action of the audit log that is carried out; None: changes are not recorded one by one.
    action: Option<String>,
}

impl Operator {
    /// An operating-system user at the command line; `from` is the way the command came.
    pub fn cli(name: &str, from: &str) -> Self {
        Self::new(format!("cli:{name}"), ActorKind::Cli, None, name, from.to_owned())
    }

    /// A server administrator over HTTP.
    pub fn api(session: &Session) -> Self {
        let AuditActor { kind, user, name, from } = administrator(session);
        Self::new(session.login.clone(), kind, user, &name, from)
    }

    /// The server itself.
    pub fn server(from: &str) -> Self {
        Self::new("server".to_owned(), ActorKind::Server, None, "server", from.to_owned())
    }

    fn new(name: String, kind: ActorKind, user: Option<UserId>, actor: &str, from: String) -> Self {
        let actor = AuditActor { kind, user, name: actor.to_owned(), from };
        Self { name, actor, action: Some("command".to_owned()) }
    }

    /// Returns the name for the log.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the operator who carries out this action of the audit log.
    #[must_use]
    pub fn doing(&self, action: &str) -> Self {
        Self { action: Some(action.to_owned()), ..self.clone() }
    }

    /// Returns the operator whose changes are part of one that has been recorded.
    #[must_use]
    pub fn within_recorded(&self) -> Self {
        Self { action: None, ..self.clone() }
    }

    /// Returns who makes an invitation: the administrator, if it is one, and a name.
    pub(super) fn maker(&self) -> (Option<UserId>, String) {
        (self.actor.user, self.actor.name.clone())
    }

    /// To whom changes are attributed.
    pub fn attribution(&self) -> Option<Attribution> {
        let action = self.action.clone()?;
        Some(Attribution { actor: self.actor.clone(), action })
    }
}

/// Where a client is, for the audit log.
fn place(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "unix socket".to_owned(), |address| address.to_string())
}

/// The holder of the link for the first administrator.
pub(super) fn holder_of_link(client: &Client) -> AuditActor {
    let (kind, from) = (ActorKind::Setup, place(client.address));
    AuditActor { kind, user: None, name: "setup".to_owned(), from }
}

/// The holder of a link for a new password: whoever opened it acts as the user.
pub(super) fn holder_of_reset_link(link: &Session, client: &Client) -> AuditActor {
    AuditActor {
        kind: ActorKind::User,
        user: Some(link.user),
        name: link.login.clone(),
        from: place(client.address),
    }
}

/// The holder of an invitation, who creates an account of this name.
pub(super) fn holder_of_invitation(login: &str, client: &Client) -> AuditActor {
    let (kind, from) = (ActorKind::User, place(client.address));
    AuditActor { kind, user: None, name: login.to_owned(), from }
}

/// Another system, which decides at a log-in what an account becomes.
pub(super) fn other_system(name: &str, client: &Client) -> AuditActor {
    let (kind, from) = (ActorKind::Server, place(client.address));
    AuditActor { kind, user: None, name: name.to_owned(), from }
}

/// A server administrator with a session.
fn administrator(session: &Session) -> AuditActor {
    AuditActor {
        kind: ActorKind::User,
        user: Some(session.user),
        name: session.login.clone(),
        from: place(session.peer.or(session.address)),
    }
}

/// The caller of an operation.
#[derive(Clone, Copy, Debug)]
pub enum Caller<'a> {
    /// A logged-in user.
    User(&'a Session),
    /// The operator of the server.
    Operator(&'a Operator),
}

impl<'a> Caller<'a> {
    /// Returns the id of the user; None for the operator.
    pub(super) fn user(self) -> Option<UserId> {
        match self {
            Self::User(session) => Some(session.user),
            Self::Operator(_) => None,
        }
    }

    /// Returns the name for the log.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::User(session) => &session.login,
            Self::Operator(operator) => operator.name(),
        }
    }

    /// To whom a change is attributed in the audit log. A change by a user is only recorded if it
    /// `needs_power`: it would be refused without the administrator role.
    pub(super) fn attribution(
        self,
        action: &str,
        needs_power: impl FnOnce(Actor) -> bool,
    ) -> Option<Attribution> {
        match self {
            Self::Operator(operator) => operator.attribution(),
            Self::User(session) if session.admin => {
                let powerless = Actor { server_admin: false, ..self.actor() };
                needs_power(powerless).then(|| Attribution {
                    actor: administrator(session),
                    action: action.to_owned(),
                })
            }
            Self::User(_) => None,
        }
    }

    /// Returns the caller in the form used by [`access`](super::access).
    pub(super) fn actor(self) -> Actor {
        match self {
            Self::User(session) => Actor {
                user: Some(session.user),
                server_admin: session.admin,
                guest: session.guest && !session.admin,
            },
            Self::Operator(_) => Actor { user: None, server_admin: true, guest: false },
        }
    }
}

impl<'a> From<&'a Session> for Caller<'a> {
    fn from(session: &'a Session) -> Self {
        Self::User(session)
    }
}

impl<'a> From<&'a Operator> for Caller<'a> {
    fn from(operator: &'a Operator) -> Self {
        Self::Operator(operator)
    }
}
