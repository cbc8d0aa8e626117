//! Who asks the chat to do something: a user with a session, or the operator of the server.

use super::access::Actor;
use crate::model::{Session, UserId};

/// The operator of the server: whoever gives a command at its command line, or an administrator
/// through the API of administration. Above all rooms, and no user: it takes part in none of them.
///
/// What takes an operator needs no further permission; only `admin` makes one.
#[derive(Clone, Debug)]
pub struct Operator(String);

impl Operator {
    /// An operating-system user at the command line.
    pub fn cli(name: &str) -> Self {
        Self(format!("cli:{name}"))
    }

    /// A server administrator over HTTP.
    pub fn api(login: &str) -> Self {
        Self(login.to_owned())
    }

    /// The name for the log.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Caller<'a> {
    /// A signed-in user.
    User(&'a Session),
    /// The operator of the server.
    Operator(&'a Operator),
}

impl<'a> Caller<'a> {
    /// The user, if it is one.
    pub(super) fn user(self) -> Option<UserId> {
        match self {
            Self::User(session) => Some(session.user),
            Self::Operator(_) => None,
        }
    }

    /// The name for the log.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::User(session) => &session.login,
            Self::Operator(operator) => operator.name(),
        }
    }

    /// What the permissions are decided on.
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
