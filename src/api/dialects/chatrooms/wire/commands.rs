//! Slash commands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Message;
use crate::api::openapi::types;
use crate::{chat, model};

/// `GET /api/chatrooms/{roomId}/commands`
#[derive(Serialize, ToSchema)]
pub(crate) struct SlashCommands<'a> {
    commands: Vec<SlashCommand<'a>>,
}

/// A command that I may send in a room.
#[derive(Serialize, ToSchema)]
struct SlashCommand<'a> {
    /// Its name, without the slash.
    name: &'a str,
    /// What it does; may be empty.
    description: &'a str,
    /// What follows the name; may be empty.
    hint: &'a str,
}

impl<'a> From<&'a [model::SlashCommand]> for SlashCommands<'a> {
    fn from(all: &'a [model::SlashCommand]) -> Self {
        let commands = all.iter().map(|command| SlashCommand {
            name: &command.name,
            description: &command.description,
            hint: &command.hint,
        });
        Self { commands: commands.collect() }
    }
}

/// `POST /api/chatrooms/{roomId}/commands`
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunCommand {
    /// Name of the command, with or without the slash.
    pub(crate) command: String,
    /// What follows it.
    #[serde(default)]
    pub(crate) text: Option<String>,
    /// The message to which an answer that everybody sees replies.
    #[serde(default)]
    pub(crate) reply_to: Option<String>,
}

/// What has become of a command.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommandOutcome<'a> {
    /// Its name, without the slash.
    command: &'a str,
    /// `ephemeral`: only I see the answer; `in_channel`: it is a message; `none`: there is nothing to
    /// show; `failed`.
    #[schema(schema_with = types::command_result)]
    result: &'static str,
    /// The answer that only I see.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    content: Option<&'a str>,
    /// The message that was posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<Message<'a>>,
    /// Why it has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = types::command_problem, required = false)]
    problem: Option<&'static str>,
    /// The status with which the program has answered, if that is the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<u16>,
}

impl<'a> From<&'a chat::CommandOutcome> for CommandOutcome<'a> {
    fn from(outcome: &'a chat::CommandOutcome) -> Self {
        use chat::CommandSaid::{Ephemeral, Failed, Nothing, Posted};
        let none = Self {
            command: &outcome.command,
            result: "none",
            content: None,
            message: None,
            problem: None,
            status: None,
        };
        match &outcome.said {
            Nothing => none,
            Ephemeral(text) => Self { result: "ephemeral", content: Some(text), ..none },
            Posted(message) => {
                Self { result: "in_channel", message: Some((&**message).into()), ..none }
            }
            Failed(problem) => {
                let (problem, status) = problem_of(*problem);
                Self { result: "failed", problem: Some(problem), status, ..none }
            }
        }
    }
}

fn problem_of(problem: model::CommandProblem) -> (&'static str, Option<u16>) {
    use model::CommandProblem::{NotPosted, Status, TimedOut, TooLong, Unreachable, Unreadable};
    match problem {
        TimedOut => ("timed_out", None),
        Unreachable => ("unreachable", None),
        Status(status) => ("status", Some(status)),
        TooLong => ("too_long", None),
        Unreadable => ("unreadable", None),
        NotPosted => ("not_posted", None),
    }
}
