//! API tokens and webhooks: sessions that nobody logs in to, with a name, a scope and an expiry.
//! Their secret is shown once, and only its hash is stored.

use std::time::Duration;

use tracing::info;

use super::{Chat, Operator, access, tokens};
use crate::model::{
    Attribution, Claim, Error, Grant, Result, Scope, Session, SessionId, Timestamp, User, UserId,
    check_line,
};
use crate::store::{Ended, NewSession, grants};

/// Maximum number of characters of a name.
const MAX_NAME: usize = 64;
/// Tokens and webhooks of one user.
const MAX_TOKENS: usize = 100;
/// The longest expiry that can be given, in days.
const MAX_DAYS: u64 = 3650;

/// An API token to be created.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its name: 1–64 characters.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// Time until it ends; None: when it is revoked, or unused for ten years.
    pub life: Option<Duration>,
}

/// A new token and, for this one time, its secret.
pub struct CreatedToken {
    /// The session behind it.
    pub session: Session,
    /// What requests carry. The address of a webhook ends with it.
    pub secret: String,
}

impl Chat {
    /// Creates an API token or webhook of a user. `Forbidden` for the scope `admin` if the user is
    /// no server administrator.
    pub async fn create_token(
        &self,
        operator: &Operator,
        login: &str,
        new: NewToken,
    ) -> Result<CreatedToken> {
        let user = self.account_of(operator, login).await?.user;
        if new.scope == Scope::Admin && !user.admin {
            return Err(Error::Forbidden);
        }
        self.add_token(&user, new, operator.attribution()).await
    }

    async fn add_token(
        &self,
        user: &User,
        new: NewToken,
        to: Option<Attribution>,
    ) -> Result<CreatedToken> {
        let name = check_name(&new.name)?;
        if new.life.is_some_and(|life| life.is_zero() || life > Duration::from_hours(MAX_DAYS * 24))
        {
            return Err(Error::invalid("expires", "must be between now and ten years from now"));
        }
        let others = self.tokens(user.id).await?;
        if others.iter().any(|other| other.grant.as_ref().is_some_and(|grant| grant.name == name)) {
            return Err(Error::Taken(Claim::Token));
        }
        if others.len() >= MAX_TOKENS {
            return Err(Error::invalid("name", "belongs to a user who has 100 tokens"));
        }
        let secret = tokens::new_secret()?;
        let new = NewSession {
            user: user.id,
            token: tokens::hash(&secret)?,
            device: String::new(),
            address: None,
            now: Timestamp::now(),
            life: new.life.unwrap_or(grants::UNUSED),
            grant: Some(Grant { name, scope: new.scope, fixed: new.life.is_some() }),
            vouched: false,
        };
        let session = self.sessions_for(to).start(new).await?;
        info!(user = user.login, "API token created.");
        let secret = tokens::of_secret(&secret);
        Ok(CreatedToken { session, secret })
    }

    /// Returns the API tokens and webhooks of a user, newest first.
    pub async fn tokens_of(&self, operator: &Operator, login: &str) -> Result<Vec<Session>> {
        let user = self.account_of(operator, login).await?.user;
        self.tokens(user.id).await
    }

    async fn tokens(&self, user: UserId) -> Result<Vec<Session>> {
        let mut all = self.sessions().list(user).await?;
        all.retain(is_token);
        Ok(all)
    }

    /// Returns the API tokens of the caller, newest first.
    pub async fn my_tokens(&self, session: &Session) -> Result<Vec<Session>> {
        self.tokens(session.user).await
    }

    /// Creates an API token of the caller. `Forbidden` unless `[auth] personal_tokens` is set.
    pub async fn create_my_token(&self, session: &Session, new: NewToken) -> Result<CreatedToken> {
        access::create_token(session, new.scope, self.config().auth.personal_tokens)?;
        let user = self.me(session).await?;
        self.add_token(&user, new, None).await
    }

    /// Revokes an API token of the caller. `SessionNotFound` for other sessions.
    pub async fn revoke_my_token(&self, session: &Session, id: SessionId) -> Result<()> {
        access::manage_account(session)?;
        let tokens = self.tokens(session.user).await?;
        let token = tokens.iter().find(|token| token.id == id).ok_or(Error::SessionNotFound)?;
        self.sessions().end(session.user, Ended::One(token.id)).await?;
        self.0.cache.forget(&[token.id]);
        info!(user = session.login, "API token revoked.");
        Ok(())
    }

    /// Returns the API tokens and webhooks of all users, ascending by user, newest first.
    pub async fn all_tokens(&self, _: &Operator) -> Result<Vec<Session>> {
        let mut all = self.sessions().granted().await?;
        all.retain(is_token);
        Ok(all)
    }

    /// Revokes the API token or webhook of a user with this name or id: it opens nothing any more,
    /// and its sockets close within a second.
    pub async fn revoke_token(
        &self,
        operator: &Operator,
        login: &str,
        which: &str,
    ) -> Result<Session> {
        let tokens = self.tokens_of(operator, login).await?;
        let is_named =
            |session: &Session| session.grant.as_ref().is_some_and(|grant| grant.name == which);
        let id = which.parse().ok().map(SessionId);
        let found = tokens.iter().find(|session| is_named(session));
        let token = found
            .or_else(|| tokens.iter().find(|session| Some(session.id) == id))
            .ok_or(Error::SessionNotFound)?;
        let sessions = self.sessions_for(operator.attribution());
        let ended = sessions.end(token.user, Ended::One(token.id)).await?;
        self.0.cache.forget(&[token.id]);
        if ended == 0 {
            return Err(Error::SessionNotFound);
        }
        info!(user = token.login, "API token revoked.");
        Ok(token.clone())
    }
}

/// Returns whether it is an API token or a webhook.
fn is_token(session: &Session) -> bool {
    session.grant.as_ref().is_some_and(|grant| grant.scope != Scope::Reset)
}

pub(super) fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    check_line("name", name, MAX_NAME)?;
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Use;
    use crate::chat::world::World;
    use crate::config::Config;
    use crate::model::{Client, Credential, RoomId};

    #[tokio::test]
    async fn a_token_opens_what_its_scope_says_until_it_is_revoked() {
        let world = World::new(&Config::default()).await;
        world.user("ann").await;
        let (chat, operator, client) = (&world.chat, Operator::server("test"), Client::default());
        let authenticate = async |secret: &str, what| {
            let credential = Credential::Token(secret.to_owned());
            chat.authenticate(&credential, &client, what).await.map(|who| who.session.id)
        };
        for (scope, reads, writes) in [
            (Scope::Read, Ok(()), Err(Error::Forbidden)),
            (Scope::Write, Ok(()), Ok(())),
            (Scope::Hook(RoomId(1)), Err(Error::BadSession), Err(Error::BadSession)),
        ] {
            let new = NewToken { name: scope.as_str().to_owned(), scope, life: None };
            let made = chat.create_token(&operator, "ann", new.clone()).await.unwrap();
            assert_eq!(authenticate(&made.secret, Use::Read).await.map(drop), reads);
            assert_eq!(authenticate(&made.secret, Use::Write).await.map(drop), writes);
            // The secret alone is not that of a log-in.
            let bare = Credential::Opaque(made.secret[tokens::API_TOKEN.len()..].to_owned());
            let bare = chat.authenticate(&bare, &client, Use::Read).await;
            assert_eq!(bare.map(drop).err(), Some(Error::BadSession));
            let again = chat.create_token(&operator, "ann", new).await;
            assert_eq!(again.err(), Some(Error::Taken(Claim::Token)));
            chat.revoke_token(&operator, "ann", scope.as_str()).await.unwrap();
            assert_eq!(authenticate(&made.secret, Use::Read).await, Err(Error::BadSession));
        }
        let admin = NewToken { name: "x".to_owned(), scope: Scope::Admin, life: None };
        let refused = chat.create_token(&operator, "ann", admin).await;
        assert_eq!(refused.err(), Some(Error::Forbidden));
        assert!(chat.tokens_of(&operator, "ann").await.unwrap().is_empty());
    }
}
