//! Accounts.
use super::{Authenticated, Chat, LoggedIn, Token};
use crate::model::{Client, Credential, MediaId, Result, Session, User};

/// An account to be.
#[derive(Clone, Default)]
pub struct Registration {
    /// Login name.
    pub login: String,
    /// Plain text.
    pub password: String,
    /// Display name; the login name when absent.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// `YYYY-MM-DD`.
    pub birth: Option<String>,
}

/// What a user changes of themselves; None stays, `Some(None)` takes away.
#[derive(Clone, Default)]
pub struct ProfileChange {
    /// Display name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<Option<String>>,
    /// Birth date.
    pub birth: Option<Option<String>>,
    /// Profile picture.
    pub media: Option<Option<MediaId>>,
    /// New password.
    pub password: Option<String>,
    /// Wanted with a new password.
    pub current_password: Option<String>,
}

impl Chat {
    /// Makes an account.
    pub async fn register(&self, new: Registration, client: &Client) -> Result<User> {
        todo!()
    }
    /// Opens a session.
    pub async fn log_in(&self, login: &str, password: &str, client: &Client) -> Result<LoggedIn> {
        todo!()
    }
    /// Ends the session.
    pub async fn log_out(&self, session: &Session) -> Result<()> {
        todo!()
    }
    /// A JSON web token for a session just opened.
    pub fn token(&self, login: &LoggedIn) -> Result<Token> {
        todo!()
    }
    /// Whose credential this is. Logs bad ones.
    pub async fn authenticate(&self, credential: &Credential, client: &Client) -> Result<Authenticated> {
        todo!()
    }
    /// A fresh token; accepts one whose only fault is its expiry. Prolongs the session's open sockets.
    pub async fn refresh(&self, credential: &Credential, client: &Client) -> Result<Token> {
        todo!()
    }
    /// Counts a request of this user against `requests_per_minute_per_user`.
    pub async fn count_request(&self, session: &Session) -> Result<()> {
        todo!()
    }
    /// The caller.
    pub async fn me(&self, session: &Session) -> Result<User> {
        todo!()
    }
    /// Changes the caller.
    pub async fn change_me(&self, session: &Session, change: ProfileChange) -> Result<User> {
        todo!()
    }
    /// Deletes the caller's account.
    pub async fn delete_me(&self, session: &Session) -> Result<()> {
        todo!()
    }
    /// Somebody by login name.
    pub async fn user(&self, session: &Session, login: &str) -> Result<User> {
        todo!()
    }
    /// Login or display names that contain the text; empty text: the first of all.
    pub async fn find_users(&self, session: &Session, text: &str, limit: u32) -> Result<Vec<User>> {
        todo!()
    }
    /// Login names that contain the text, any case, ordered by id, at most 50; empty text: none (`v1`).
    pub async fn find_logins(&self, session: &Session, text: &str) -> Result<Vec<User>> {
        todo!()
    }
    /// The epoch of the database.
    pub fn epoch(&self) -> &str {
        todo!()
    }
    /// The id of this server.
    pub fn server_id(&self) -> &str {
        todo!()
    }
    /// Whether store and bus answer, in this order.
    pub async fn health(&self) -> (bool, bool) {
        todo!()
    }
}
