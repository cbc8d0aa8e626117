//! Tells who created a webhook that the server has disabled it, in a direct message of a bot.

use tracing::warn;

use crate::chat::messages::posted;
use crate::chat::{Chat, NewBot, Operator};
use crate::model::{Error, OutgoingWebhook, Result, Role, User, Visibility, fold};
use crate::store::{Basis, Draft, NewRoom, UserKey};

/// Login name of the bot.
const NOTICES: &str = "hook-notices";

impl Chat {
    /// Tells the administrator who created the webhook, if that was not at the command line. A
    /// failure is only logged: the list of webhooks says the same.
    pub(super) async fn tell_owner(&self, webhook: &OutgoingWebhook, reason: &str) {
        if let Err(error) = self.try_tell_owner(webhook, reason).await {
            warn!(
                user = webhook.creator,
                "Nobody was told that the outgoing webhook {} was disabled: {error}", webhook.name
            );
        }
    }

    async fn try_tell_owner(&self, webhook: &OutgoingWebhook, reason: &str) -> Result<()> {
        let creator = fold(&webhook.creator);
        let account = self.store().account(UserKey::Folded(&creator)).await?;
        let owner = account.map(|account| account.user).filter(|user| !user.disabled);
        let Some(owner) = owner else { return Ok(()) };
        let bot = self.notices().await?;
        let new = NewRoom {
            name: None,
            visibility: Visibility::Private,
            owner: owner.id,
            participants: vec![(owner.id, Role::Member), (bot.id, Role::Member)],
            reuse: true,
        };
        let room = self.store().add_room(new).await?.value.room;
        let name = &webhook.name;
        let draft = Draft {
            author: bot.id,
            text: format!(
                "The outgoing webhook “{name}” was disabled: {reason}.\nTo send again: *Server → \
                 Integrations*, or `chatctl outgoing-webhook enable '{name}'`."
            ),
            client_id: None,
            reply_to: None,
            media: Vec::new(),
            socket: None,
            mentions: Vec::new(),
        };
        posted(self.store().post(room.id, Basis::Nobody, draft).await).map(drop)
    }

    /// Returns the bot that tells of webhooks; it is created when it is first needed.
    async fn notices(&self) -> Result<User> {
        if let Some(known) = self.store().account(UserKey::Folded(NOTICES)).await? {
            return if known.user.bot { Ok(known.user) } else { Err(Error::UserNotFound) };
        }
        let new =
            NewBot { login: NOTICES.to_owned(), name: Some("Webhooks".to_owned()), guest: true };
        let operator = Operator::server("webhook").doing("bot.create");
        self.create_bot(&operator, new).await
    }
}
