//! What a program has answered: posted by the bot of the command, or told to the sender.

use std::sync::Arc;

use tracing::info;

use super::MAX_LATE_ANSWERS;
use super::invocation::{AnswerPlace, Invocation};
use crate::chat::Chat;
use crate::chat::access::{self, Actor};
use crate::chat::messages::posted;
use crate::chat::rooms::DECISIONS;
use crate::model::{
    CommandAnswer, Error, Event, Personal, ProgramAnswer, Result, RoomFacts, RoomId, Seq,
    SlashCommand, Timestamp, User,
};
use crate::store::{Basis, Draft, Missing, Posted, StoreError, UserKey};

/// Replies of a thread among which one is looked for that was not deleted.
const REPLIES: u32 = 50;

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
        let AnswerPlace { room, mut reply_to } = place;
        self.need_bot(command).await?;
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
                Err(StoreError::NotFound(Missing::Message)) if reply_to.is_some() => {
                    reply_to = self.rest_of_thread(room, reply_to).await?;
                }
                answer => return posted(answer),
            }
        }
        Err(Error::Unavailable)
    }

    /// `BadSession` if the bot of a command was disabled: it posts no more.
    async fn need_bot(&self, command: &SlashCommand) -> Result<()> {
        let bot = self.store().account(UserKey::Id(command.bot.id)).await?;
        let is_enabled = bot.is_some_and(|bot| !bot.user.disabled);
        if is_enabled { Ok(()) } else { Err(Error::BadSession) }
    }

    /// Returns a message to reply to in the thread of one that was deleted, if there is still one.
    async fn rest_of_thread(&self, room: RoomId, deleted: Option<Seq>) -> Result<Option<Seq>> {
        let Some(deleted) = deleted else { return Ok(None) };
        let thread = match self.store().thread(room, deleted, None, REPLIES).await {
            Ok(thread) => thread,
            Err(StoreError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut messages = std::iter::once(&thread.root).chain(thread.messages.iter().rev());
        let found = messages.find(|message| message.deleted.is_none() && message.seq != deleted);
        Ok(found.map(|message| message.seq))
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

    /// Shows or posts a late answer. `BadSession` after the last one that is accepted and while the
    /// bot of the command is disabled, `Empty` if it has no text.
    pub async fn answer_later(&self, to: &LateAnswer, answer: ProgramAnswer) -> Result<()> {
        let text = answer.text.ok_or(Error::Empty("text"))?;
        let LateAnswer { sent, command, sender } = to;
        let room = sent.place.room;
        let who = Actor {
            user: Some(sender.id),
            server_admin: sender.admin,
            guest: sender.guest && !sender.admin,
        };
        self.need_bot(command).await?;
        let (nonce, expires) = (hex::encode(sent.nonce), sent.expires);
        if !self.store().count_answer(&nonce, MAX_LATE_ANSWERS, expires).await? {
            return Err(Error::BadSession);
        }
        let done = if answer.in_channel {
            self.post_answer(command, sent.place, who, text).await.map(drop)
        } else {
            self.tell_answer(command, room, who, text).await
        };
        if let Err(error) = done {
            // One that was not accepted may come again.
            drop(self.store().uncount_answer(&nonce, expires).await);
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
