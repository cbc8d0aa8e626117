//! Answers of receivers, which a bot of the webhook posts in the room of the event. In each room it
//! has a session that may only post there, as incoming webhooks have; nobody knows its secret.

use tracing::info;

use crate::chat::webhooks::is_hook_of;
use crate::chat::{AccountChange, Chat, NewToken, Operator};
use crate::model::{Error, NewMessage, OutgoingWebhook, Result, Role, RoomId, Scope, WebhookBot};

impl Chat {
    /// Creates the bot of a webhook of this name, and adds it to its rooms.
    pub(super) async fn create_reply_bot(
        &self,
        operator: &Operator,
        name: &str,
        rooms: &[RoomId],
    ) -> Result<WebhookBot> {
        let bot = self.create_hook_bot(operator, name).await?;
        let bot = WebhookBot { id: bot.id, login: bot.login };
        for room in rooms {
            if let Err(error) = self.admit(operator, &bot, *room).await {
                self.abandon(operator, &bot).await;
                return Err(error);
            }
        }
        Ok(bot)
    }

    async fn admit(&self, operator: &Operator, bot: &WebhookBot, room: RoomId) -> Result<()> {
        self.add_participant(operator, room, &bot.login, Role::Member).await?;
        let name = format!("replies in {}", room.key());
        let new = NewToken { name, scope: Scope::Hook(room), life: None };
        self.create_token(operator, &bot.login, new).await.map(drop)
    }

    /// Deletes a bot that has posted nothing.
    pub(in crate::chat) async fn abandon(&self, operator: &Operator, bot: &WebhookBot) {
        // Nothing can use the bot, so that a failure here does no harm.
        drop(self.delete_account(operator, &bot.login).await);
    }

    /// Disables the bot of a webhook that was removed, and removes it from its rooms; its messages
    /// stay.
    pub(super) async fn retire(
        &self,
        operator: &Operator,
        webhook: &OutgoingWebhook,
    ) -> Result<()> {
        let Some(bot) = &webhook.bot else { return Ok(()) };
        for place in &webhook.places {
            // A private room would be deleted with its last participant.
            let others = self.store().room(place.room).await?.map(|facts| facts.participants.len());
            if others.unwrap_or_default() > 1 {
                match self.remove_participant(operator, place.room, &bot.login).await {
                    Ok(()) | Err(Error::ParticipantNotFound | Error::RoomNotFound) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        let disabled = AccountChange { disabled: Some(true), ..AccountChange::default() };
        match self.change_account(operator, &bot.login, disabled).await {
            Ok(_) | Err(Error::UserNotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Posts an answer to the event of this id, once however often it is repeated. `Unavailable` if
    /// it may be posted later; what cannot be posted at all is only logged.
    pub(super) async fn post_reply(
        &self,
        bot: &WebhookBot,
        room: RoomId,
        text: String,
        event: &str,
    ) -> Result<()> {
        match self.try_post_reply(bot, room, text, event).await {
            Ok(()) => Ok(()),
            Err(Error::Unavailable) => Err(Error::Unavailable),
            Err(error) => {
                info!(
                    user = bot.login,
                    room = room.key(),
                    "The answer of a receiver is not posted: {error}"
                );
                Ok(())
            }
        }
    }

    async fn try_post_reply(
        &self,
        bot: &WebhookBot,
        room: RoomId,
        text: String,
        event: &str,
    ) -> Result<()> {
        let sessions = self.sessions().list(bot.id).await?;
        let session = sessions.into_iter().find(|session| is_hook_of(session, room));
        let session = session.ok_or(Error::BadSession)?;
        self.count_request(&session).await?;
        let new = NewMessage { text, client_id: Some(event.to_owned()), ..NewMessage::default() };
        self.post(&session, room, new).await.map(drop)
    }
}
