//! Commands on webhooks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::{Admin, Call, items};
use crate::model::{Error, Session};

/// Create a webhook that posts to a room; the output contains its address, this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookCreate {
    pub room: String,
    /// Name of the webhook, unique in its room, and the display name of its bot.
    pub name: String,
    /// Succeed if it exists, and leave it unchanged; its address is not shown again.
    #[serde(default)]
    pub if_not_exists: bool,
}

impl WebhookCreate {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { room, name, if_not_exists } = self;
        let facts = admin.find_room(operator, &room).await?;
        let id = facts.room.id;
        if if_not_exists {
            let all = admin.chat().webhooks(operator, id).await?;
            let is_it = |hook: &&Session| hook.grant.as_ref().is_some_and(|g| g.name == name);
            if let Some(there) = all.iter().find(is_it) {
                return output.item(items::Token::of(there)).await;
            }
        }
        let made =
            admin.chat().create_webhook(operator, id, &name).await.map_err(
                |error| match error {
                    Error::Taken(_) => Failure::conflict(format!(
                        "{} already has a webhook named {name:?}",
                        id.key()
                    )),
                    other => other.into(),
                },
            )?;
        let url = format!("{}/hooks/{}", admin.base_url(), made.secret);
        let shown = items::Token { url: Some(url), ..items::Token::of(&made.session) };
        output.item(shown).await
    }
}

/// List the webhooks of a room, or all.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookList {
    #[serde(default)]
    pub room: Option<String>,
}

impl WebhookList {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        if let Some(room) = self.room {
            let id = admin.find_room(operator, &room).await?.room.id;
            for hook in &admin.chat().webhooks(operator, id).await? {
                output.item(items::Token::of(hook)).await?;
            }
            return Ok(());
        }
        let tokens = admin.chat().all_tokens(operator).await?;
        let outgoing = admin.chat().outgoing(operator).await?;
        // The bots of outgoing webhooks have no address to which somebody could post.
        let is_other = |token: &Session| {
            outgoing.iter().any(|hook| hook.bot.as_ref().is_some_and(|bot| bot.id == token.user))
        };
        let is_hook = |token: &&Session| {
            token.grant.as_ref().is_some_and(|g| g.scope.room().is_some()) && !is_other(token)
        };
        for hook in tokens.iter().filter(is_hook) {
            output.item(items::Token::of(hook)).await?;
        }
        Ok(())
    }
}

/// Revoke a webhook and disable its bot; its messages stay.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookDelete {
    pub room: String,
    pub name: String,
    /// Succeed if there is no such webhook.
    #[serde(default)]
    pub if_exists: bool,
}

impl WebhookDelete {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { room, name, if_exists } = self;
        let id = admin.find_room(operator, &room).await?.room.id;
        match admin.chat().delete_webhook(operator, id, &name).await {
            Ok(hook) => output.item(items::Token::of(&hook)).await,
            Err(Error::SessionNotFound) if if_exists => Ok(()),
            Err(Error::SessionNotFound) => {
                Err(Failure::not_found(format!("{} has no webhook named {name:?}", id.key())))
            }
            Err(other) => Err(other.into()),
        }
    }
}

impl Admin {
    /// The address at which programs reach the server, as far as it is known, without a trailing
    /// slash.
    pub(super) fn base_url(&self) -> String {
        let addresses = self.running().map_or(&[][..], |running| running.addresses.as_slice());
        self.0.parts.config.get().server.base_url(addresses)
    }
}
