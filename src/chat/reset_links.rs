//! Links with which users set a new password: an administrator creates one, or the server mails one
//! (`reset_mail`), and it works once.
//!
//! Such a link is a session of its user that opens nothing else. A new password, a disabled account
//! and a sign-out everywhere therefore end it as they end log-ins.

use std::time::Duration;

use tracing::{field, info};

use super::caller::holder_of_reset_link;
use super::{Chat, Operator, access, tokens};
use crate::model::{
    Attribution, Client, Error, Grant, Result, Scope, Session, Timestamp, User, UserId,
    check_password,
};
use crate::store::{Ended, NewSession, UserChange};

/// Life of a link, unless another is given.
pub const LINK_LIFE: Duration = Duration::from_hours(24);
/// The longest life of a link.
pub const MAX_LINK_LIFE: Duration = Duration::from_hours(7 * 24);

/// Name of the grant of a link that an administrator created.
const BY_ADMINISTRATOR: &str = "reset";
/// Name of the grant of a link that was mailed to its user.
pub(super) const BY_MAIL: &str = "reset by mail";

/// The action of the audit log of a password set by a link.
const USED: &str = "user.reset_password";

/// A new link and, for this one time, its secret.
pub struct ResetLink {
    /// The session behind it.
    pub session: Session,
    /// What the address ends with.
    pub secret: String,
}

impl Chat {
    /// Creates a link with which a user sets a new password, and ends earlier links of the user.
    /// `Invalid` for disabled accounts, for bots, for accounts whose password the LDAP directory
    /// keeps, and for a life of more than [`MAX_LINK_LIFE`].
    pub async fn create_reset_link(
        &self,
        operator: &Operator,
        login: &str,
        life: Duration,
    ) -> Result<ResetLink> {
        access::use_password(self.config().auth.local_login)?;
        let user = self.account_of(operator, login).await?.user;
        if user.disabled {
            return Err(Error::invalid("name", "is disabled; enable the account first"));
        }
        if user.bot {
            return Err(Error::invalid("name", "is a bot, and nobody logs in to bots"));
        }
        if self.has_password_elsewhere(user.id).await? {
            let why = "is linked to the LDAP directory, where its password is changed";
            return Err(Error::invalid("name", why));
        }
        if life.is_zero() || life > MAX_LINK_LIFE {
            return Err(Error::invalid("expires", "must be at most seven days from now"));
        }
        let by = operator.attribution();
        let link = self.issue_reset_link(&user, BY_ADMINISTRATOR, life, by).await?;
        info!(user = user.login, "Link for a new password created.");
        Ok(link)
    }

    /// Creates a link and ends earlier ones: one of an administrator ends all of them, a mailed one
    /// only mailed ones, so that a stranger who asks for it ends no other.
    pub(super) async fn issue_reset_link(
        &self,
        user: &User,
        name: &str,
        life: Duration,
        by: Option<Attribution>,
    ) -> Result<ResetLink> {
        let secret = tokens::new_secret()?;
        let grant = Grant { name: name.to_owned(), scope: Scope::Reset, fixed: true };
        let new = NewSession {
            user: user.id,
            token: tokens::hash(&secret)?,
            device: String::new(),
            address: None,
            now: Timestamp::now(),
            life,
            grant: Some(grant),
            vouched: false,
        };
        let earlier = self.sessions().list(user.id).await?;
        let session = self.sessions_for(by).start(new).await?;
        let replaced = |link: &&Session| {
            let all = name == BY_ADMINISTRATOR;
            is_link(link) && (all || link.grant.as_ref().is_some_and(|grant| grant.name == name))
        };
        for link in earlier.iter().filter(replaced) {
            self.sessions().end(user.id, Ended::One(link.id)).await?;
        }
        Ok(ResetLink { session, secret })
    }

    /// Ends the mailed links of a user, which went to an address that is no longer the account's.
    pub(super) async fn end_mailed_links(&self, user: UserId) -> Result<()> {
        let mailed = |link: &&Session| {
            is_link(link) && link.grant.as_ref().is_some_and(|grant| grant.name == BY_MAIL)
        };
        for link in self.sessions().list(user).await?.iter().filter(mailed) {
            self.sessions().end(user, Ended::One(link.id)).await?;
        }
        Ok(())
    }

    /// Returns whose password this link sets. `Forbidden` if it was used, has expired or never
    /// existed.
    pub async fn check_reset_link(&self, secret: &str) -> Result<User> {
        access::use_password(self.config().auth.local_login)?;
        let link = self.reset_link(secret).await?;
        self.me(&link).await.map_err(|_| Error::Forbidden)
    }

    /// Sets the password of the user of this link, and ends all their sessions and the link.
    /// `Forbidden` as in [`Chat::check_reset_link`]; with an invalid password, the link can be used
    /// again.
    pub async fn reset_password(
        &self,
        secret: &str,
        password: &str,
        client: &Client,
    ) -> Result<User> {
        access::use_password(self.config().auth.local_login)?;
        let link = self.reset_link(secret).await?;
        self.check_password_is_here(link.user).await?;
        check_password("password", password, self.config().auth.password_min_length)?;
        let password = self.hash_password(password, None).await?;
        // Of two concurrent callers, on this server or on two, only one ends it.
        if !self.sessions().end_once(link.user, link.id).await? {
            return Err(Error::Forbidden);
        }
        let actor = holder_of_reset_link(&link, client);
        let store = self.store_for(Some(Attribution { actor, action: USED.to_owned() }));
        let change = UserChange { password: Some(password), ..UserChange::default() };
        let user = store.change_user(link.user, change).await?;
        self.0.cache.forget_user(user.id);
        info!(
            user = user.login,
            ip = client.address.map(field::display),
            "Password set through a link."
        );
        Ok(user)
    }

    /// Returns the session of a link, not from the cache: it works once.
    async fn reset_link(&self, secret: &str) -> Result<Session> {
        let hash = tokens::hash(secret).map_err(|_| Error::Forbidden)?;
        let life = self.config().auth.session_life();
        let found = self.sessions().find(hash, Timestamp::now(), life).await?;
        found.filter(is_link).ok_or(Error::Forbidden)
    }
}

fn is_link(session: &Session) -> bool {
    session.grant.as_ref().is_some_and(|grant| grant.scope == Scope::Reset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Use;
    use crate::chat::world::World;
    use crate::config::Config;
    use crate::model::Credential;

    #[tokio::test]
    async fn a_link_sets_one_password_and_opens_nothing_else() {
        let world = World::new(&Config::default()).await;
        world.user("ann").await;
        let (chat, operator, client) = (&world.chat, Operator::server("test"), Client::default());
        let first = chat.create_reset_link(&operator, "ann", LINK_LIFE).await.unwrap();
        let link = chat.create_reset_link(&operator, "ann", LINK_LIFE).await.unwrap();
        assert!(chat.tokens_of(&operator, "ann").await.unwrap().is_empty());
        for credential in [
            Credential::Opaque(link.secret.clone()),
            Credential::Token(tokens::of_secret(&link.secret)),
        ] {
            let opened = chat.authenticate(&credential, &client, Use::Read).await;
            assert_eq!(opened.map(drop).err(), Some(Error::BadSession));
        }
        let replaced = chat.check_reset_link(&first.secret).await;
        assert_eq!(replaced.err(), Some(Error::Forbidden), "a newer link ends it");

        let set = async |secret: &str, password: &str| {
            chat.reset_password(secret, password, &client).await.map(|user| user.login)
        };
        assert!(matches!(set(&link.secret, "short").await, Err(Error::Invalid { .. })));
        assert_eq!(chat.check_reset_link(&link.secret).await.unwrap().login, "ann");
        let (one, two) =
            tokio::join!(set(&link.secret, "a new password"), set(&link.secret, "another one"));
        let done: Vec<bool> = [&one, &two].map(Result::is_ok).into();
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "{one:?} {two:?}");
        assert_eq!(set(&link.secret, "a new password").await, Err(Error::Forbidden));
        let password = if one.is_ok() { "a new password" } else { "another one" };
        assert!(chat.log_in("ann", password, None, &client).await.is_ok());
    }

    #[tokio::test]
    async fn no_link_outlives_its_account_or_its_time() {
        let world = World::new(&Config::default()).await;
        world.user("ann").await;
        let (chat, operator) = (&world.chat, Operator::server("test"));
        let link = async |life| chat.create_reset_link(&operator, "ann", life).await;
        assert!(link(MAX_LINK_LIFE).await.is_ok());
        for wrong in [Duration::ZERO, MAX_LINK_LIFE + Duration::from_secs(1)] {
            assert!(matches!(link(wrong).await, Err(Error::Invalid { .. })));
        }
        let made = link(LINK_LIFE).await.unwrap();
        let disabled = |to| super::super::AccountChange {
            disabled: Some(to),
            ..super::super::AccountChange::default()
        };
        chat.change_account(&operator, "ann", disabled(true)).await.unwrap();
        assert!(matches!(link(LINK_LIFE).await, Err(Error::Invalid { .. })));
        chat.change_account(&operator, "ann", disabled(false)).await.unwrap();
        assert_eq!(chat.check_reset_link(&made.secret).await.err(), Some(Error::Forbidden));
        let unknown = chat.check_reset_link("nonsense").await;
        assert_eq!(unknown.err(), Some(Error::Forbidden));
    }
}
