//! Carries out a command that somebody has sent.

use std::time::Duration;

use metrics::counter;
use tracing::{info, warn};

use super::invocation::{AnswerPlace, Invocation};
use super::{LATE_ANSWERS, request};
use crate::chat::rooms::DECISIONS;
use crate::chat::{Chat, access, actor};
use crate::egress::{self, Egress};
use crate::model::{
    CommandProblem, Error, Message, MessageRef, Result, RoomFacts, RoomId, Seq, Session,
    SlashCommand, Timestamp, Visibility, check_command_name,
};

const MINUTE: Duration = Duration::from_mins(1);

/// A command as somebody has sent it.
#[derive(Clone, Debug)]
pub struct SentCommand {
    /// Its name, with or without the slash.
    pub name: String,
    /// What follows it.
    pub text: String,
    /// The message to which an answer that everybody sees replies.
    pub reply_to: Option<MessageRef>,
}

/// What has become of a command.
#[derive(Clone, Debug)]
pub struct CommandOutcome {
    /// Its name, without the slash.
    pub command: String,
    /// The answer.
    pub said: CommandSaid,
}

/// What the program has answered.
#[derive(Clone, Debug)]
pub enum CommandSaid {
    /// Nothing that is shown; it may answer later.
    Nothing,
    /// A text that only the sender sees, and that is not stored.
    Ephemeral(String),
    /// A message that was posted for everybody in the room.
    Posted(Box<Message>),
    /// There is no answer that could be shown.
    Failed(CommandProblem),
}

impl Chat {
    /// Sends a slash command to its program, and returns what it answers. `CommandNotFound` if there
    /// is none of this name in the room.
    pub async fn run_command(
        &self,
        session: &Session,
        room: RoomId,
        sent: SentCommand,
    ) -> Result<CommandOutcome> {
        let SentCommand { name, text, reply_to } = sent;
        let facts = self.commander(session, room).await?;
        let max = self.0.rooms.max_message_chars;
        let text = text.trim();
        if text.chars().count() > max {
            return Err(Error::TooLong("text", max));
        }
        let reply_to = match reply_to {
            None => None,
            Some(message) => Some(self.existing(session, room, message).await?),
        };
        let name = check_command_name("command", &name.to_lowercase())
            .map_err(|_| Error::CommandNotFound)?;
        let all = self.store().slash_commands().await?;
        let found = all.into_iter().find(|command| command.name == name && command.works_in(room));
        let command = found.ok_or(Error::CommandNotFound)?;
        self.count_command(session).await?;
        // It goes on if the sender does not wait: everybody may see the answer.
        let (chat, session, text) = (self.clone(), session.clone(), text.to_owned());
        let running = tokio::spawn(async move {
            let said = chat.ask_program(&session, &facts, &command, (&text, reply_to)).await?;
            Ok::<_, Error>(CommandOutcome { command: command.name, said })
        });
        running.await.map_err(|_| Error::Internal)?
    }

    /// Returns the room if the caller may send commands in it. Memory may lag behind: a refusal rests
    /// on the stored facts.
    async fn commander(
        &self,
        session: &Session,
        room: RoomId,
    ) -> Result<std::sync::Arc<RoomFacts>> {
        let mut refused = Error::Unavailable;
        for attempt in 0..DECISIONS.min(2) {
            let facts = self.known_facts(room, attempt == 0).await?;
            match access::command(&facts, actor(session)) {
                Ok(_) => return Ok(facts),
                Err(refusal) => refused = refusal,
            }
        }
        Err(refused)
    }

    async fn count_command(&self, session: &Session) -> Result<()> {
        let limits = &self.config().limits;
        if !limits.enabled {
            return Ok(());
        }
        let key = format!("commands:{}", session.user);
        let counted = self.attempt(&key, limits.commands_per_minute_per_user, MINUTE).await;
        counted.map_err(|wait| Error::RateLimited(wait.0))
    }

    async fn ask_program(
        &self,
        session: &Session,
        facts: &RoomFacts,
        command: &SlashCommand,
        (text, reply_to): (&str, Option<Seq>),
    ) -> Result<CommandSaid> {
        let room = facts.room.id;
        let fields = self.fields(session, facts, command, (text, reply_to))?;
        let egress = Egress::of(&self.config().egress);
        let max = self.0.rooms.max_message_chars;
        let sent = request::send(egress, command, &fields, max).await;
        let result = if sent.is_ok() { "answered" } else { "failed" };
        counter!("chatctl_slash_command_requests_total", "result" => result).increment(1);
        let (user, name) = (&session.login, &command.name);
        let answer = match sent {
            Ok(answer) => answer,
            Err((problem, why)) => {
                warn!(user, room = room.key(), "The slash command /{name} failed: {why}.");
                return Ok(CommandSaid::Failed(problem));
            }
        };
        info!(user, room = room.key(), "Slash command /{name} carried out.");
        let Some(text) = answer.text else { return Ok(CommandSaid::Nothing) };
        if !answer.in_channel {
            return Ok(CommandSaid::Ephemeral(text));
        }
        match self.post_answer(command, AnswerPlace { room, reply_to }, actor(session), text).await
        {
            Ok(posted) => Ok(CommandSaid::Posted(Box::new(posted.message))),
            Err(error) => {
                warn!(user, room = room.key(), "The answer to /{name} is not posted: {error}");
                Ok(CommandSaid::Failed(CommandProblem::NotPosted))
            }
        }
    }

    /// The fields of the request, as programs made for Slack and Mattermost read them.
    fn fields(
        &self,
        session: &Session,
        facts: &RoomFacts,
        command: &SlashCommand,
        (text, reply_to): (&str, Option<Seq>),
    ) -> Result<Vec<(&'static str, String)>> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|_| Error::Internal)?;
        let life = i64::try_from(LATE_ANSWERS.as_millis()).unwrap_or_default();
        let sent = Invocation {
            command: command.id,
            place: AnswerPlace { room: facts.room.id, reply_to },
            user: session.user,
            expires: Timestamp(Timestamp::now().0 + life),
            nonce,
        };
        let config = self.config();
        let base = config.server.base_url(self.0.addresses.get().map_or(&[][..], Vec::as_slice));
        let token = sent.sealed(self.0.keys.answers());
        let room = match (&facts.room.name, facts.room.visibility) {
            (Some(name), _) => name.clone(),
            (None, Visibility::Public) => facts.room.id.key(),
            // As Slack calls them.
            (None, Visibility::Private) if facts.participants.len() <= 2 => {
                "directmessage".to_owned()
            }
            (None, Visibility::Private) => "privategroup".to_owned(),
        };
        Ok(vec![
            ("command", format!("/{}", command.name)),
            ("text", text.to_owned()),
            ("user_id", session.user.to_string()),
            ("user_name", session.login.clone()),
            ("channel_id", facts.room.id.key()),
            ("channel_name", room),
            ("team_domain", egress::own_name(&config)),
            ("response_url", format!("{base}/hooks/commands/{token}")),
        ])
    }
}
