//! Callers of the chat: users with a session, and the operator of the server.

use super::access::Actor;
use crate::model::{Session, UserId};

/// The operator of the server: the caller of a command on its command line, or an administrator
/// using the administration API. Has access to all rooms, but is not a user and participates in
/// none.
///
/// Functions with an operator need no further permission; only `admin` creates one.
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

    /// Returns the name for the log.
    pub fn name(&self) -> &str {
        &self.0
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
