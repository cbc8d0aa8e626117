//! Slash commands: `/deploy now` in a room sends a request to the address of the command.

use super::rules::hidden;
use super::{Error, Result, RoomId, SlashCommandId, Timestamp, WebhookBot, WebhookSecret};

/// Maximum number of characters of the name of a command.
const MAX_COMMAND: usize = 32;
/// Maximum number of characters of a description.
const MAX_DESCRIPTION: usize = 200;
/// Maximum number of characters of a hint.
const MAX_HINT: usize = 100;

/// A slash command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlashCommand {
    /// Never reused.
    pub id: SlashCommandId,
    /// Unique name, without the slash.
    pub name: String,
    /// Address of the program; may contain a secret of it.
    pub url: String,
    /// The key of the signatures.
    pub secret: WebhookSecret,
    /// What it does, for people who choose a command.
    pub description: String,
    /// What follows the name: `[service] [version]`.
    pub hint: String,
    /// Where it works, ascending by id; empty: in all rooms.
    pub rooms: Vec<RoomId>,
    /// Name of the person who created it.
    pub creator: String,
    /// Time of creation.
    pub created: Timestamp,
    /// Who posts the answers that everybody sees.
    pub bot: WebhookBot,
}

impl SlashCommand {
    /// Returns whether it works in this room.
    pub fn works_in(&self, room: RoomId) -> bool {
        self.rooms.is_empty() || self.rooms.contains(&room)
    }
}

/// Data of a new slash command.
#[derive(Clone, Debug)]
pub struct NewSlashCommand {
    /// Unique name, without the slash.
    pub name: String,
    /// Address of the program.
    pub url: String,
    /// The key of the signatures.
    pub secret: WebhookSecret,
    /// What it does.
    pub description: String,
    /// What follows the name.
    pub hint: String,
    /// Where it works, ascending by id, each once; empty: in all rooms.
    pub rooms: Vec<RoomId>,
    /// Name of the person who creates it.
    pub creator: String,
    /// Who posts the answers that everybody sees.
    pub bot: WebhookBot,
}

impl NewSlashCommand {
    /// Returns the command with its id and the time of its creation.
    pub fn added(self, id: SlashCommandId, created: Timestamp) -> SlashCommand {
        let Self { name, url, secret, description, hint, rooms, creator, bot } = self;
        SlashCommand { id, name, url, secret, description, hint, rooms, creator, created, bot }
    }
}

/// A late answer to a slash command, which only its sender sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandAnswer {
    /// Where the command was sent.
    pub room: RoomId,
    /// Name of the command, without the slash.
    pub command: String,
    /// The answer in our formatting.
    pub text: String,
}

/// What an answer of a program says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramAnswer {
    /// Everybody in the room sees it, not only the sender of the command.
    pub in_channel: bool,
    /// The text in our formatting; None: nothing is shown.
    pub text: Option<String>,
}

/// Why a command has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandProblem {
    /// The program did not answer in time.
    TimedOut,
    /// No connection to the program, or one that the server does not open.
    Unreachable,
    /// The program answered with this status.
    Status(u16),
    /// The answer is longer than the server reads.
    TooLong,
    /// The answer broke off, or claims to be JSON and is not.
    Unreadable,
    /// The answer could not be posted in the room.
    NotPosted,
}

/// Checks the name of a command, with or without its slash, and returns it without: 1 to 32 letters,
/// digits, `-` or `_`, in lower case.
pub fn check_command_name(field: &'static str, name: &str) -> Result<String> {
    let name = name.trim();
    let name = name.strip_prefix('/').unwrap_or(name);
    let is_sound = |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || c == '-' || c == '_';
    let length = name.chars().count();
    let begins = name.starts_with(char::is_alphanumeric);
    if begins && length <= MAX_COMMAND && name.chars().all(is_sound) && hidden(name).is_none() {
        return Ok(name.to_owned());
    }
    let why = format!("must be 1 to {MAX_COMMAND} lower-case letters, digits, - or _");
    Err(Error::invalid(field, why))
}

/// Checks description and hint, and returns them without spaces around them.
pub fn check_command_help(description: &str, hint: &str) -> Result<(String, String)> {
    let checked = |field, text: &str, max| {
        let text = text.trim();
        if hidden(text).is_some() {
            let why = "must be one line without control or invisible characters";
            return Err(Error::invalid(field, why));
        }
        if text.chars().count() > max {
            return Err(Error::TooLong(field, max));
        }
        Ok(text.to_owned())
    };
    Ok((checked("description", description, MAX_DESCRIPTION)?, checked("hint", hint, MAX_HINT)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_may_be_given_with_a_slash() {
        for (given, name) in
            [("deploy", "deploy"), ("/deploy", "deploy"), (" /a-b_2 ", "a-b_2"), ("/배포", "배포")]
        {
            assert_eq!(check_command_name("name", given).as_deref(), Ok(name), "{given}");
        }
        let (longest, too_long) = ("x".repeat(32), "x".repeat(33));
        assert!(check_command_name("name", &longest).is_ok());
        for bad in [
            "",
            "/",
            "//a",
            "Deploy",
            "a b",
            "a/b",
            "-a",
            "_a",
            "a\u{7}",
            "a.b",
            "a\u{3164}",
            &too_long,
        ] {
            assert!(check_command_name("name", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn help_is_one_line() {
        let good = check_command_help(" Deploys a service ", " [service] ");
        assert_eq!(good, Ok(("Deploys a service".to_owned(), "[service]".to_owned())));
        assert_eq!(check_command_help("", ""), Ok((String::new(), String::new())));
        assert!(check_command_help("a\nb", "").is_err());
        assert!(check_command_help("", "a\tb").is_err());
        for hidden in ["a\u{200b}b", "a\u{202e}b", "\u{feff}a", "a\u{3164}"] {
            assert!(check_command_help(hidden, "").is_err(), "{hidden:?}");
            assert!(check_command_help("", hidden).is_err(), "{hidden:?}");
        }
        assert!(check_command_help("Deploys 👩‍💻", "").is_ok());
        assert_eq!(
            check_command_help(&"x".repeat(201), ""),
            Err(Error::TooLong("description", 200))
        );
        assert_eq!(check_command_help("", &"x".repeat(101)), Err(Error::TooLong("hint", 100)));
    }
}
