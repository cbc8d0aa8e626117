//! Webhooks: addresses to which other programs post. Each is an API token of a bot of its own, which
//! is a guest in one room.

use tracing::{field, info};

use super::api_tokens::{CreatedToken, NewToken, check_name};
use super::refusals::{self, Reason};
use super::{AccountChange, Chat, NewBot, Operator, access, tokens};
use crate::model::{
    Claim, Client, Error, NewMessage, Result, Role, RoomFacts, RoomId, Scope, Session, User,
};
use crate::store::Posted;

/// Login names that are tried.
const NAMES: usize = 100;
/// Characters of a webhook's name that are used in the login name of its bot.
const PART: usize = 40;

/// A webhook that exists.
pub struct Webhook {
    session: Session,
    room: RoomId,
}

impl Chat {
    /// Creates a webhook for a room, with its bot. `Taken` if the room has one of this name.
    pub async fn create_webhook(
        &self,
        operator: &Operator,
        room: RoomId,
        name: &str,
    ) -> Result<CreatedToken> {
        let name = check_name(name)?;
        let facts = self.facts(room).await?;
        access::not_archived(&facts)?;
        if self.webhooks_of(&facts).await?.iter().any(|hook| has_name(hook, &name)) {
            return Err(Error::Taken(Claim::Token));
        }
        let bot = self.create_hook_bot(operator, &name).await?;
        let made = async {
            self.add_participant(operator, room, &bot.login, Role::Member).await?;
            let new = NewToken { name, scope: Scope::Hook(room), life: None };
            self.create_token(operator, &bot.login, new).await
        };
        match made.await {
            Ok(made) => Ok(made),
            Err(error) => {
                // Nothing can use the bot, so that a failure here does no harm.
                drop(self.delete_account(operator, &bot.login).await);
                Err(error)
            }
        }
    }

    pub(super) async fn create_hook_bot(&self, operator: &Operator, name: &str) -> Result<User> {
        let base = login_for(name);
        for number in 1..=NAMES {
            let login = if number == 1 { base.clone() } else { format!("{base}-{number}") };
            let new = NewBot { login, name: Some(name.to_owned()), guest: true };
            match self.create_bot(operator, new).await {
                Err(Error::Taken(Claim::Login)) => (),
                other => return other,
            }
        }
        Err(Error::Taken(Claim::Login))
    }

    /// Returns the webhooks of a room.
    pub async fn webhooks(&self, _: &Operator, room: RoomId) -> Result<Vec<Session>> {
        let facts = self.facts(room).await?;
        self.webhooks_of(&facts).await
    }

    async fn webhooks_of(&self, facts: &RoomFacts) -> Result<Vec<Session>> {
        let mut found = Vec::new();
        // They have no address to which somebody could post.
        let others = self.reply_bots().await?;
        let bots = facts.participants.iter().filter(|participant| participant.account.bot);
        for bot in bots.filter(|bot| !others.contains(&bot.user)) {
            let sessions = self.sessions().list(bot.user).await?;
            found.extend(sessions.into_iter().filter(|session| is_hook_of(session, facts.room.id)));
        }
        Ok(found)
    }

    /// Revokes a webhook of a room and disables its bot, whose messages stay.
    pub async fn delete_webhook(
        &self,
        operator: &Operator,
        room: RoomId,
        name: &str,
    ) -> Result<Session> {
        let facts = self.facts(room).await?;
        let hooks = self.webhooks_of(&facts).await?;
        let hook = hooks.into_iter().find(|hook| has_name(hook, name));
        let hook = hook.ok_or(Error::SessionNotFound)?;
        self.revoke_token(operator, &hook.login, &hook.id.0.to_string()).await?;
        // A private room would be deleted with its last participant.
        if facts.participants.len() > 1 {
            match self.remove_participant(operator, room, &hook.login).await {
                Ok(()) | Err(Error::ParticipantNotFound) => (),
                Err(error) => return Err(error),
            }
        }
        let disabled = AccountChange { disabled: Some(true), ..AccountChange::default() };
        self.change_account(operator, &hook.login, disabled).await?;
        Ok(hook)
    }

    /// Finds a webhook, and counts a request of it. `BadSession` if there is no such webhook.
    pub async fn open_webhook(&self, secret: &str, client: &Client) -> Result<Webhook> {
        let Some(hook) = self.webhook(secret).await? else {
            refusals::log(client, None, Reason::Session);
            return Err(Error::BadSession);
        };
        self.count_request(&hook.session).await?;
        Ok(hook)
    }

    /// Posts a message through a webhook. `BadSession` if it was deleted since it was found.
    pub async fn post_by_webhook(
        &self,
        hook: &Webhook,
        text: String,
        client: &Client,
    ) -> Result<Posted> {
        let Webhook { session, room } = hook;
        self.check_still_open(session).await?;
        let room = *room;
        let posted = self.post(session, room, NewMessage { text, ..NewMessage::default() }).await?;
        info!(
            user = session.login,
            room = room.key(),
            ip = client.address.map(field::display),
            "A webhook posted a message."
        );
        Ok(posted)
    }

    async fn webhook(&self, secret: &str) -> Result<Option<Webhook>> {
        let secret = secret.strip_prefix(tokens::API_TOKEN).unwrap_or_default();
        let Ok(hash) = tokens::hash(secret) else { return Ok(None) };
        let session = self.session_of(hash).await?;
        Ok(session.and_then(|session| {
            let room = session.grant.as_ref()?.scope.room()?;
            Some(Webhook { session, room })
        }))
    }
}

fn has_name(session: &Session, name: &str) -> bool {
    session.grant.as_ref().is_some_and(|grant| grant.name == name)
}

pub(super) fn is_hook_of(session: &Session, room: RoomId) -> bool {
    session.grant.as_ref().is_some_and(|grant| grant.scope == Scope::Hook(room))
}

/// The login name of a webhook's bot: `hook-grafana` for `Grafana`.
fn login_for(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let part: String = words.join("-").chars().take(PART).collect();
    if part.is_empty() { "hook".to_owned() } else { format!("hook-{}", part.trim_end_matches('-')) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::world::World;
    use crate::config::Config;
    use crate::model::Credential;

    #[test]
    fn the_name_of_a_bot_follows_from_that_of_its_webhook() {
        for (name, login) in [
            ("Grafana", "hook-grafana"),
            ("  CI: main (Linux) ", "hook-ci-main-linux"),
            ("Сборка", "hook"),
            ("…", "hook"),
        ] {
            assert_eq!(login_for(name), login);
        }
        assert_eq!(login_for(&"a".repeat(64)).len(), "hook-".len() + PART);
    }

    #[tokio::test]
    async fn a_webhook_posts_to_its_room_until_it_is_deleted() {
        let world = World::new(&Config::default()).await;
        let ann = world.user("ann").await;
        let (first, second) = (world.room(&ann, &[]).await, world.room(&ann, &[]).await);
        let (chat, operator, client) = (&world.chat, Operator::server("test"), Client::default());
        let made = chat.create_webhook(&operator, first, "CI").await.unwrap();
        let other = chat.create_webhook(&operator, second, "CI").await.unwrap();
        assert_eq!((&*made.session.login, &*other.session.login), ("hook-ci", "hook-ci-2"));
        let again = chat.create_webhook(&operator, first, "CI").await;
        assert_eq!(again.err(), Some(Error::Taken(Claim::Token)));

        let say = async |secret: &str| {
            let hook = chat.open_webhook(secret, &client).await?;
            chat.post_by_webhook(&hook, "hi".to_owned(), &client).await
        };
        let posted = say(&made.secret).await.unwrap().message;
        assert_eq!((posted.room, posted.author.id()), (first, Some(made.session.user)));
        let opened = Credential::Token(made.secret.clone());
        let opened = chat.authenticate(&opened, &client, super::super::Use::Read).await;
        assert_eq!(opened.err(), Some(Error::BadSession));

        let found = chat.open_webhook(&made.secret, &client).await.unwrap();
        chat.delete_webhook(&operator, first, "CI").await.unwrap();
        let late = chat.post_by_webhook(&found, "late".to_owned(), &client).await;
        assert_eq!(late.err(), Some(Error::BadSession));
        assert_eq!(say(&made.secret).await.err(), Some(Error::BadSession));
        assert!(say(&other.secret).await.is_ok());
        assert!(chat.webhooks(&operator, first).await.unwrap().is_empty());
        let bot = chat.account_of(&operator, "hook-ci").await.unwrap().user;
        assert!(bot.disabled && bot.bot && bot.guest);
    }
}
