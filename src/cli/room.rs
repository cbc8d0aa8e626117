//! `chatctl room`: rooms, who is in them, and what was said.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::Value;

use super::ask::Destructive;
use super::print::{Layout, cell, harmless, note};
use super::{Global, execute, file};
use crate::admin::{Command, Failure};

/// What to do with rooms. A room is named by its key (room007), its number, or its name where only
/// one has it.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl room create general --owner ann --public\n  chatctl \
                        room purge general --older-than 365d --dry-run")]
pub(super) enum Verb {
    /// List all rooms
    List,
    /// Show one room
    Show {
        /// Key, number or name
        room: String,
    },
    /// Make a room
    Create {
        /// Its name
        name: String,
        /// Login name of its owner, who is in it
        #[arg(long, value_name = "NAME")]
        owner: String,
        /// Everybody may find and enter it
        #[arg(long)]
        public: bool,
        /// Login name of somebody who is in it; may be repeated
        #[arg(long = "member", value_name = "NAME")]
        members: Vec<String>,
        /// A room of that name is left as it is
        #[arg(long)]
        if_not_exists: bool,
    },
    /// Give another name
    Rename {
        /// Key, number or name
        room: String,
        /// The name
        to: String,
    },
    /// Set the topic of a room; an empty text removes it
    Topic {
        /// Key, number or name
        room: String,
        /// One line, at most 1,024 characters
        topic: String,
    },
    /// Set the description of a room; an empty text removes it
    Description {
        /// Key, number or name
        room: String,
        /// At most 1,024 characters
        description: String,
    },
    /// Make a room public or private
    Visibility {
        /// Key, number or name
        room: String,
        /// public or private
        visibility: String,
    },
    /// Archive a room: its participants can read it, nobody can post, join or be added
    Archive {
        /// Key, number or name
        room: String,
    },
    /// Reopen an archived room
    Unarchive {
        /// Key, number or name
        room: String,
    },
    /// Let only admins and sub-admins post in a room
    ReadOnly {
        /// Key, number or name
        room: String,
        /// Let everybody post again
        #[arg(long)]
        off: bool,
    },
    /// Delete a room and all that was said in it
    Delete {
        /// Key, number or name
        room: String,
        /// One that is not there is no failure
        #[arg(long)]
        if_exists: bool,
        #[command(flatten)]
        destructive: Destructive,
    },
    /// List who is in a room
    Members {
        /// Key, number or name
        room: String,
    },
    /// Add somebody
    Add {
        /// Key, number or name
        room: String,
        /// Login name
        name: String,
        /// admin, sub-admin or member
        #[arg(long, default_value = "member")]
        role: String,
        /// Somebody who is in already is left as they are
        #[arg(long)]
        if_not_exists: bool,
    },
    /// Remove somebody
    Remove {
        /// Key, number or name
        room: String,
        /// Login name
        name: String,
        /// Succeed if they are not in the room
        #[arg(long)]
        if_exists: bool,
        /// Do not ask, even if a private room is deleted with its last participant
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Give somebody a role
    Role {
        /// Key, number or name
        room: String,
        /// Login name
        name: String,
        /// admin, sub-admin or member
        role: String,
    },
    /// Show the newest messages; the log tells who has looked
    Messages {
        /// Key, number or name
        room: String,
        /// So many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Below this message number in the room
        #[arg(long, value_name = "SEQ")]
        before: Option<i64>,
    },
    /// Write a room with all its messages as JSON Lines; the log tells who has
    Export {
        /// Key, number or name
        room: String,
        /// Output file; standard output when omitted or -
        file: Option<PathBuf>,
    },
    /// Take the content of old messages away; they stay as deleted
    Purge {
        /// Key, number or name
        room: String,
        /// Age in days: 365d
        #[arg(long, value_name = "DAYS", value_parser = days)]
        older_than: u32,
        #[command(flatten)]
        destructive: Destructive,
    },
}

fn days(text: &str) -> Result<u32, String> {
    text.trim_end_matches('d').parse().map_err(|_| "must be a number of days, like 365d".to_owned())
}

const COLUMNS: Layout = Layout::List(&[
    ("room", "room"),
    ("name", "name"),
    ("visibility", "visibility"),
    ("mode", "mode"),
    ("owner", "owner"),
    ("members", "members"),
    ("messages", "messages"),
    ("created", "created"),
]);
const MEMBERS: Layout = Layout::List(&[
    ("name", "name"),
    ("display name", "display_name"),
    ("role", "role"),
    ("joined", "joined"),
]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let (command, layout) = match verb {
        Verb::List => (Command::RoomList {}, COLUMNS),
        Verb::Show { room } => (Command::RoomShow { room }, Layout::One),
        Verb::Create { name, owner, public, members, if_not_exists } => {
            (Command::RoomCreate { name, owner, public, members, if_not_exists }, Layout::One)
        }
        Verb::Rename { room, to } => (Command::RoomRename { room, to }, Layout::One),
        Verb::Topic { room, topic } => (settings(room, |new| new.topic = Some(topic)), Layout::One),
        Verb::Description { room, description } => {
            (settings(room, |new| new.description = Some(description)), Layout::One)
        }
        Verb::Visibility { room, visibility } => {
            (settings(room, |new| new.visibility = Some(visibility)), Layout::One)
        }
        Verb::Archive { room } => (settings(room, |new| new.archived = Some(true)), Layout::One),
        Verb::Unarchive { room } => (settings(room, |new| new.archived = Some(false)), Layout::One),
        Verb::ReadOnly { room, off } => {
            (settings(room, |new| new.read_only = Some(!off)), Layout::One)
        }
        Verb::Delete { room, if_exists, destructive } => {
            let command = |dry_run| Command::RoomDelete { room: room.clone(), dry_run, if_exists };
            return take_away(global, command, &destructive, "Delete the room?", |going| {
                let of = |key: &str| cell(&going[key]);
                let (room, name, members, messages) =
                    (of("room"), of("name"), of("members"), of("messages"));
                format!(
                    "{room} ({name}): {members} members, {messages} messages, {} files of {} \
                     bytes.",
                    of("files"),
                    of("bytes")
                )
            });
        }
        Verb::Members { room } => (Command::RoomMembers { room }, MEMBERS),
        Verb::Add { room, name, role, if_not_exists } => {
            (Command::RoomAdd { room, name, role: Some(role), if_not_exists }, Layout::One)
        }
        Verb::Remove { room, name, if_exists, yes } => {
            if !yes {
                last_participant(global, &room, &name)?;
            }
            (Command::RoomRemove { room, name, if_exists }, Layout::One)
        }
        Verb::Role { room, name, role } => (Command::RoomRole { room, name, role }, Layout::One),
        Verb::Messages { room, limit, before } => {
            (Command::RoomMessages { room, limit: Some(limit), before }, Layout::Lines(message))
        }
        Verb::Export { room, file } => {
            return file::write_lines(global, &Command::RoomExport { room }, file.as_deref());
        }
        Verb::Purge { room, older_than, destructive } => {
            let command = |dry_run| Command::RoomPurge {
                room: room.clone(),
                older_than_days: older_than,
                dry_run,
            };
            return take_away(global, command, &destructive, "Take their content away?", |going| {
                let of = |key: &str| cell(&going[key]);
                format!(
                    "{}: {} messages from before {}, with {} bytes of files.",
                    of("room"),
                    of("messages"),
                    of("older_than"),
                    of("media_bytes")
                )
            });
        }
    };
    execute::run(global, &command, layout)
}

/// A private room is deleted with its last participant: asks before.
fn last_participant(global: &Global, room: &str, name: &str) -> Result<(), Failure> {
    let Some(found) = execute::ask(global, &Command::RoomShow { room: room.to_owned() })?.pop()
    else {
        return Ok(());
    };
    if found["visibility"] != "private" || found["members"] != 1 {
        return Ok(());
    }
    let members = execute::ask(global, &Command::RoomMembers { room: room.to_owned() })?;
    if !members.iter().any(|member| {
        member["name"].as_str().is_some_and(|login| login.to_lowercase() == name.to_lowercase())
    }) {
        return Ok(());
    }
    let (key, messages) = (cell(&found["room"]), cell(&found["messages"]));
    let words = format!(
        "{name} is the last participant of {key} ({}): the room is deleted with {messages} \
         messages.",
        cell(&found["name"])
    );
    note(&words);
    Destructive::default().confirm("Remove them, and delete the room?")
}

/// What changes; None stays.
#[derive(Default)]
struct Settings {
    topic: Option<String>,
    description: Option<String>,
    visibility: Option<String>,
    read_only: Option<bool>,
    archived: Option<bool>,
}

fn settings(room: String, change: impl FnOnce(&mut Settings)) -> Command {
    let mut new = Settings::default();
    change(&mut new);
    let Settings { topic, description, visibility, read_only, archived } = new;
    Command::RoomSettings { room, topic, description, visibility, read_only, archived }
}

/// Says what would go, asks, and does it.
fn take_away(
    global: &Global,
    command: impl Fn(bool) -> Command,
    destructive: &Destructive,
    question: &str,
    words: impl Fn(&Value) -> String,
) -> Result<(), Failure> {
    if !destructive.dry_run && !destructive.yes {
        let Some(going) = execute::ask(global, &command(true))?.pop() else { return Ok(()) };
        note(&words(&going));
        destructive.confirm(question)?;
    }
    execute::run(global, &command(destructive.dry_run), Layout::One)
}

fn message(message: &Value) -> String {
    let text = |key: &str| harmless(message[key].as_str().unwrap_or_default());
    let content =
        if message["deleted"].is_null() { text("content") } else { "(deleted)".to_owned() };
    let files = message["media"].as_array().map_or(0, Vec::len);
    let files = if files > 0 { format!(" [{files} files]") } else { String::new() };
    format!("{} {:>6} {}: {content}{files}", text("time"), message["seq"], text("user"))
}
