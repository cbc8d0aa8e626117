//! Log-out, and authentication of credentials.

use std::time::Duration;

use tracing::info;

use super::refusals::{self, Reason};
use super::tokens::{self, Opened};
use super::{Authenticated, Chat, LoggedIn, Token, Use, access};
use crate::model::{
    Client, Credential, Error, Hash32, Result, Scope, Session, SessionId, Timestamp,
};
use crate::store::Ended;

impl Chat {
    /// Ends the session; its sockets close within a second.
    pub async fn log_out(&self, session: &Session) -> Result<()> {
        access::manage_account(session)?;
        self.sessions().end(session.user, Ended::One(session.id)).await.map_err(Error::from)?;
        self.0.cache.forget(&[session.id]);
        info!(user = session.login, "User logged out.");
        Ok(())
    }

    /// Returns the log-ins of the caller, newest first, and which of them have a subscription to
    /// push notifications.
    pub async fn my_sessions(&self, session: &Session) -> Result<(Vec<Session>, Vec<SessionId>)> {
        let mut all = self.sessions().list(session.user).await.map_err(Error::from)?;
        all.retain(|session| session.grant.is_none());
        let push = self.push_sessions(session.user).await?;
        Ok((all, push))
    }

    /// Ends one of the caller's sessions; its sockets close within a second. Other users' sessions:
    /// `SessionNotFound`.
    pub async fn end_session(&self, session: &Session, id: SessionId) -> Result<()> {
        access::manage_account(session)?;
        if self.sessions().end(session.user, Ended::One(id)).await.map_err(Error::from)? == 0 {
            return Err(Error::SessionNotFound);
        }
        self.0.cache.forget(&[id]);
        info!(user = session.login, "User ended a session.");
        Ok(())
    }

    /// Creates a JSON web token for a session just opened.
    pub fn token(&self, login: &LoggedIn) -> Result<Token> {
        self.sign(&login.session, &login.secret)
    }

    fn sign(&self, session: &Session, secret: &str) -> Result<Token> {
        let now = Timestamp::now();
        let expires = now.plus(self.config().auth.token_life());
        let text = self.0.keys.sign(&session.login, secret, now, expires)?;
        Ok(Token { text, expires, session_expires: session.expires, login: session.login.clone() })
    }

    /// Authenticates a credential for this use. Refused ones are logged, with their user if known.
    pub async fn authenticate(
        &self,
        credential: &Credential,
        client: &Client,
        for_what: Use,
    ) -> Result<Authenticated> {
        let found = match self.0.keys.open(credential, false) {
            Ok(opened) => self.find_session(&opened).await?.map(|session| Authenticated {
                session: Session { peer: client.address, ..session },
                token_expires: opened.expires,
            }),
            Err(_) => None,
        };
        let who = found.ok_or_else(|| self.refuse(credential, client))?;
        access::use_session(&who.session, for_what)?;
        Ok(who)
    }

    /// Returns whether a credential may be valid without asking the store: it has our signature, or
    /// a recently checked session.
    pub fn vouches(&self, credential: &Credential) -> bool {
        let age = Duration::from_secs(self.config().auth.token_recheck_seconds);
        self.0.keys.open(credential, true).is_ok_and(|opened| {
            opened.expires.is_some() || self.0.cache.get(&opened.hash, age).is_some()
        })
    }

    /// Creates a fresh token; accepts an expired one if it is valid otherwise. Extends the
    /// session's open sockets. An API token stays the same.
    pub async fn refresh(&self, credential: &Credential, client: &Client) -> Result<Token> {
        let Ok(opened) = self.0.keys.open(credential, true) else {
            return Err(self.refuse(credential, client));
        };
        let Some(session) = self.find_session(&opened).await? else {
            return Err(self.refuse(credential, client));
        };
        if opened.granted {
            let (expires, login) = (session.expires, session.login);
            let text = tokens::of_secret(&opened.secret);
            return Ok(Token { text, expires, session_expires: expires, login });
        }
        let token = self.sign(&session, &opened.secret)?;
        self.0.hub.prolong(&session, token.expires);
        Ok(token)
    }

    /// Returns the session as stored; None: it has ended.
    pub(super) async fn as_stored(&self, session: &Session) -> Result<Option<Session>> {
        let life = self.config().auth.session_life();
        let found = self.sessions().find(session.token, Timestamp::now(), life).await?;
        Ok(found.filter(|session| self.is_proven(session)))
    }

    /// Refuses a request whose session has ended while it waited for its body or its turn.
    pub async fn check_still_open(&self, session: &Session) -> Result<()> {
        self.session_of(session.token).await?.map(drop).ok_or(Error::BadSession)
    }

    async fn find_session(&self, opened: &Opened) -> Result<Option<Session>> {
        let found = self.session_of(opened.hash).await?;
        // The address of a webhook and the link for a new password open nothing else.
        Ok(found.filter(|session| match &session.grant {
            Some(grant) => opened.granted && !matches!(grant.scope, Scope::Hook(_) | Scope::Reset),
            None => !opened.granted,
        }))
    }

    /// Returns whether `[auth] second_factor` lets a session stand.
    pub(super) fn is_proven(&self, session: &Session) -> bool {
        access::is_proven(session, self.config().auth.second_factor)
    }

    pub(super) async fn session_of(&self, token: Hash32) -> Result<Option<Session>> {
        Ok(self.known_session(token).await?.filter(|session| self.is_proven(session)))
    }

    async fn known_session(&self, token: Hash32) -> Result<Option<Session>> {
        let age = Duration::from_secs(self.config().auth.token_recheck_seconds);
        if let Some(session) = self.0.cache.get(&token, age) {
            let ended = session.fixed_expiry().is_some_and(|expiry| expiry <= Timestamp::now());
            return Ok((!ended).then_some(session));
        }
        let generation = self.0.cache.generation();
        let found = self
            .sessions()
            .find(token, Timestamp::now(), self.config().auth.session_life())
            .await
            .map_err(Error::from)?;
        if let Some(session) = &found {
            self.0.cache.put(session, generation);
        }
        Ok(found)
    }

    fn refuse(&self, credential: &Credential, client: &Client) -> Error {
        refusals::log(client, self.0.keys.named(credential).as_deref(), Reason::Session);
        Error::BadSession
    }

    /// Counts a request of this user against `requests_per_minute_per_user`.
    pub async fn count_request(&self, session: &Session) -> Result<()> {
        if self.config().limits.enabled {
            let key = format!("requests:{}", session.user);
            self.sessions()
                .attempt(
                    &key,
                    self.config().limits.requests_per_minute_per_user,
                    Duration::from_mins(1),
                )
                .await
                .map_err(|wait| Error::RateLimited(wait.0))?;
        }
        Ok(())
    }
}
