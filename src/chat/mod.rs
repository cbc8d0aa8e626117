//! What can be done: one method a use-case, for every dialect and the command line alike.
//!
//! [`Chat`] is the one handle that adapters hold; it is cheap to clone. Permissions stand in [`access`] and nowhere else.
//! No HTTP, no SQL, no dialect's words.

mod accounts;
mod connection;
mod messages;
mod rooms;

use std::sync::Arc;

use crate::model::{Session, Timestamp, User};

pub use accounts::{ProfileChange, Registration};
pub use connection::Connection;
pub use messages::NewMessage;
pub use rooms::{ConnectedRoom, CreatorRole, People, RoomPlan};

/// A session that a credential has opened.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// Whose request this is.
    pub session: Session,
    /// When the token that was shown expires; None for opaque session ids.
    pub token_expires: Option<Timestamp>,
}

/// A log-in that succeeded.
pub struct LoggedIn {
    /// The new session.
    pub session: Session,
    /// Its secret: 40 hexadecimal digits. Shown to the client once, stored only as a hash.
    pub secret: String,
    /// Whose it is.
    pub user: User,
}

/// A JSON web token.
pub struct Token {
    /// The text that travels.
    pub text: String,
    /// When it expires.
    pub expires: Timestamp,
    /// When its session does (the cookie's Max-Age), unless it is used before.
    pub session_expires: Timestamp,
    /// Login name of its user.
    pub login: String,
}

/// The whole chat behind one handle.
#[derive(Clone)]
pub struct Chat(Arc<Inner>);

struct Inner {}
