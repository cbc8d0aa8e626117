//! What a program has answered: posted by the bot of the command, or told to the sender.

use std::sync::Arc;

use tracing::info;

use super::invocation::{AnswerPlace, Invocation};
use super::{LATE_ANSWERS, MAX_LATE_ANSWERS};
use crate::chat::Chat;
use crate::chat::access::{self, Actor};
use crate::chat::messages::posted;
use crate::chat::rooms::DECISIONS;
use crate::model::{
    CommandAnswer, Error, Event, Personal, ProgramAnswer, Result, RoomFacts, RoomId, SlashCommand,
    Timestamp, User,
};
use crate::store::{Basis, Draft, Posted, StoreError, UserKey};

/// A command to which a program answers later.
pub struct LateAnswer {
    sent: Invocation,
    command: SlashCommand,
    sender: User,
}

impl Chat {
    /// Posts an answer for everybody in the room, as the bot of the command, which need not be a
    /// participant. It rests on the permission of the sender, as it is now.
    pub(super) async fn post_answer(
        &self,
        command: &SlashCommand,
        place: AnswerPlace,
        sender: Actor,
        text: String,
    ) -> Result<Posted> {
        let AnswerPlace { room, reply_to } = place;
        for attempt in 0..DECISIONS {
            let facts = self.known_facts(room, attempt == 0).await?;
            let own = match access::command(&facts, sender) {
                // Memory may lag behind: a refusal must rest on the stored facts.
                Err(_) if attempt == 0 => continue,
                decided => decided?,
            };
            let basis = Basis::Member { user: own.user, since: facts.basis_of(own) };
            let draft = Draft { reply_to, ..self.answer_draft(command, &facts, text.clone()) };
            match self.store().post(room, basis, draft).await {
                Err(StoreError::Stale) => (),
                answer => return posted(answer),
            }
        }
        Err(Error::Unavailable)
    }

    fn answer_draft(&self, command: &SlashCommand, facts: &Arc<RoomFacts>, text: String) -> Draft {
        // It may mention people; all of them only where it participates.
        let bot = Actor { user: Some(command.bot.id), server_admin: false, guest: true };
        Draft {
            author: command.bot.id,
            mentions: self.mentions(facts, bot, &text),
            text,
            client_id: None,
            reply_to: None,
            media: Vec::new(),
            socket: None,
        }
    }

    /// Opens the address of a late answer. `BadSession` if it is unknown or has expired, the command
    /// was deleted, or its sender may not log in.
    pub async fn open_answer(&self, token: &str) -> Result<LateAnswer> {
        let sent = Invocation::opened(token, self.0.keys.answers(), Timestamp::now())?;
        let all = self.store().slash_commands().await?;
        let command = all.into_iter().find(|command| command.id == sent.command);
        let command = command.ok_or(Error::BadSession)?;
        let account = self.store().account(UserKey::Id(sent.user)).await?;
        let sender = account.map(|account| account.user).filter(|user| !user.disabled);
        Ok(LateAnswer { sent, command, sender: sender.ok_or(Error::BadSession)? })
    }

    /// Shows or posts a late answer. `BadSession` after the last one that is accepted, `Empty` if it
    /// has no text.
    pub async fn answer_later(&self, to: &LateAnswer, answer: ProgramAnswer) -> Result<()> {
        let text = answer.text.ok_or(Error::Empty("text"))?;
        let LateAnswer { sent, command, sender } = to;
        let room = sent.place.room;
        let who = Actor {
            user: Some(sender.id),
            server_admin: sender.admin,
            guest: sender.guest && !sender.admin,
        };
        let key = format!("answers:{}", hex::encode(sent.nonce));
        let counted = self.attempt(&key, MAX_LATE_ANSWERS, LATE_ANSWERS).await;
        counted.map_err(|_| Error::BadSession)?;
        let done = if answer.in_channel {
            self.post_answer(command, sent.place, who, text).await.map(drop)
        } else {
            self.tell_answer(command, room, who, text).await
        };
        if let Err(error) = done {
            // One that was not accepted may come again.
            drop(self.give_back(&key).await);
            return Err(error);
        }
        info!(
            user = sender.login,
            room = room.key(),
            "The slash command /{} was answered later.",
            command.name
        );
        Ok(())
    }

    /// Tells the sender, on whichever server they are. It is not stored.
    async fn tell_answer(
        &self,
        command: &SlashCommand,
        room: RoomId,
        sender: Actor,
        text: String,
    ) -> Result<()> {
        let facts = self.known_facts(room, false).await?;
        let own = access::take_part(&facts, sender)?;
        let answer = CommandAnswer { room, command: command.name.clone(), text };
        self.0.bus.publish(Event::Personal {
            user: own.user,
            change: Personal::Answer(answer),
            at: Timestamp::now(),
        });
        Ok(())
    }
}
