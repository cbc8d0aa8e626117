//! `chatctl room`: rooms, their members and messages.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::Value;

use super::ask::Destructive;
use super::print::{Layout, cell, harmless, note};
use super::units::{count, counted, size};
use super::{Global, execute, file};
use crate::admin::retention::SetRoomRetention;
use crate::admin::room_messages::{RoomExport, RoomMessages, RoomPurge};
use crate::admin::rooms::{
    ChangeRoomSettings, RoomAdd, RoomCreate, RoomDelete, RoomList, RoomMembers, RoomRemove,
    RoomRename, RoomRole, RoomShow,
};
use crate::admin::{Command, Failure};

/// Verbs of `chatctl room`. A room is identified by its key (room007), its number or its unique
/// name.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl room create general --owner ann --public\n  chatctl \
                        room purge general --older-than 365d --dry-run")]
pub(super) enum Verb {
    /// List all rooms
    List {
        /// Add the size of the files and the time of the newest message of each room
        #[arg(long)]
        sizes: bool,
    },
    /// Show a room
    Show {
        /// Room key, number or name
        room: String,
    },
    /// Create a room
    Create {
        /// Name of the room
        name: String,
        /// Login name of the owner
        #[arg(long, value_name = "NAME")]
        owner: String,
        /// Create a public room, which everybody can find and join
        #[arg(long)]
        public: bool,
        /// Login name of a member; may be repeated
        #[arg(long = "member", value_name = "NAME")]
        members: Vec<String>,
        /// Succeed if a room of this name exists, and leave it unchanged
        #[arg(long)]
        if_not_exists: bool,
    },
    /// Rename a room
    Rename {
        /// Room key, number or name
        room: String,
        /// New name
        to: String,
    },
    /// Set the topic of a room; an empty text removes it
    Topic {
        /// Room key, number or name
        room: String,
        /// One line, at most 1,024 characters
        topic: String,
    },
    /// Set the description of a room; an empty text removes it
    Description {
        /// Room key, number or name
        room: String,
        /// At most 1,024 characters
        description: String,
    },
    /// Make a room public or private
    Visibility {
        /// Room key, number or name
        room: String,
        /// public or private
        visibility: String,
    },
    /// Archive a room: participants can read it, nobody can post, join or be added
    Archive {
        /// Room key, number or name
        room: String,
    },
    /// Reopen an archived room
    Unarchive {
        /// Room key, number or name
        room: String,
    },
    /// Let only admins and sub-admins post in a room
    ReadOnly {
        /// Room key, number or name
        room: String,
        /// Let everybody post again
        #[arg(long)]
        off: bool,
    },
    /// Delete a room with its messages and files
    Delete {
        /// Room key, number or name
        room: String,
        /// Succeed if it does not exist
        #[arg(long)]
        if_exists: bool,
        #[command(flatten)]
        destructive: Destructive,
    },
    /// List the members of a room
    Members {
        /// Room key, number or name
        room: String,
    },
    /// Add a member to a room
    Add {
        /// Room key, number or name
        room: String,
        /// Login name
        name: String,
        /// Role: admin, sub-admin or member
        #[arg(long, default_value = "member")]
        role: String,
        /// Succeed if the account is a member already, and keep its role
        #[arg(long)]
        if_not_exists: bool,
    },
    /// Remove a member from a room
    Remove {
        /// Room key, number or name
        room: String,
        /// Login name
        name: String,
        /// Succeed if the account is not in the room
        #[arg(long)]
        if_exists: bool,
        /// Do not ask for confirmation, even if a private room is deleted with its last
        /// participant
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Change the role of a member
    Role {
        /// Room key, number or name
        room: String,
        /// Login name
        name: String,
        /// Role: admin, sub-admin or member
        role: String,
    },
    /// Print the newest messages of a room; the access is logged
    Messages {
        /// Room key, number or name
        room: String,
        /// Number of messages
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Only messages below this message number
        #[arg(long, value_name = "SEQ")]
        before: Option<i64>,
    },
    /// Export a room with its messages as JSON Lines; the access is logged
    Export {
        /// Room key, number or name
        room: String,
        /// Output file; standard output when omitted or -
        file: Option<PathBuf>,
    },
    /// Show or set how long the messages of a room are kept
    Retention {
        /// Room key, number or name
        room: String,
        /// Days such as 90, forever, or default for what `[retention]` says; show it when omitted
        #[arg(value_name = "DAYS|forever|default")]
        retention: Option<String>,
        /// Keep pinned messages until they are unpinned
        #[arg(long)]
        keep_pinned: bool,
        /// Delete pinned messages like others
        #[arg(long, conflicts_with = "keep_pinned")]
        no_keep_pinned: bool,
    },
    /// Delete the content of old messages; they stay in the history as deleted
    Purge {
        /// Room key, number or name
        room: String,
        /// Minimum age in days, such as 365d
        #[arg(long, value_name = "DAYS", value_parser = days)]
        older_than: u32,
        #[command(flatten)]
        destructive: Destructive,
    },
}

fn days(text: &str) -> Result<u32, String> {
    text.trim_end_matches('d')
        .parse()
        .map_err(|_| "must be a number of days, such as 365d".to_owned())
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
/// With the sizes of `room list --sizes`.
const WITH_SIZES: Layout = Layout::List(&[
    ("room", "room"),
    ("name", "name"),
    ("visibility", "visibility"),
    ("mode", "mode"),
    ("owner", "owner"),
    ("members", "members"),
    ("messages", "messages"),
    ("bytes", "bytes"),
    ("last message", "last_message"),
]);
const MEMBERS: Layout = Layout::List(&[
    ("name", "name"),
    ("display name", "display_name"),
    ("role", "role"),
    ("joined", "joined"),
]);

#[expect(clippy::too_many_lines, reason = "one row for each verb")]
pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let (command, layout) = match verb {
        Verb::List { sizes } => {
            let layout = if sizes { WITH_SIZES } else { COLUMNS };
            (Command::RoomList(RoomList { sizes }), layout)
        }
        Verb::Show { room } => (Command::RoomShow(RoomShow { room }), Layout::One),
        Verb::Create { name, owner, public, members, if_not_exists } => (
            Command::RoomCreate(RoomCreate { name, owner, public, members, if_not_exists }),
            Layout::One,
        ),
        Verb::Rename { room, to } => (Command::RoomRename(RoomRename { room, to }), Layout::One),
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
            let command = |dry_run| {
                Command::RoomDelete(RoomDelete { room: room.clone(), dry_run, if_exists })
            };
            return destroy(global, command, &destructive, "Delete the room?", |going| {
                format!(
                    "{} ({}): {}, {}, {} ({}).",
                    cell(&going["room"]),
                    cell(&going["name"]),
                    counted(going, "members", "member"),
                    counted(going, "messages", "message"),
                    counted(going, "files", "file"),
                    size(going, "bytes")
                )
            });
        }
        Verb::Members { room } => (Command::RoomMembers(RoomMembers { room }), MEMBERS),
        Verb::Add { room, name, role, if_not_exists } => {
            (Command::RoomAdd(RoomAdd { room, name, role: Some(role), if_not_exists }), Layout::One)
        }
        Verb::Remove { room, name, if_exists, yes } => {
            if !yes {
                last_participant(global, &room, &name)?;
            }
            (Command::RoomRemove(RoomRemove { room, name, if_exists }), Layout::One)
        }
        Verb::Role { room, name, role } => {
            (Command::RoomRole(RoomRole { room, name, role }), Layout::One)
        }
        Verb::Messages { room, limit, before } => (
            Command::RoomMessages(RoomMessages { room, limit: Some(limit), before }),
            Layout::Lines(message),
        ),
        Verb::Export { room, file } => {
            return file::write_lines(
                global,
                &Command::RoomExport(RoomExport { room }),
                file.as_deref(),
            );
        }
        Verb::Retention { room, retention, keep_pinned, no_keep_pinned } => {
            let keep_pinned = (keep_pinned || no_keep_pinned).then_some(keep_pinned);
            let command = SetRoomRetention { room, retention, keep_pinned };
            (Command::RoomRetention(command), Layout::One)
        }
        Verb::Purge { room, older_than, destructive } => {
            let command = |dry_run| {
                Command::RoomPurge(RoomPurge {
                    room: room.clone(),
                    older_than_days: older_than,
                    dry_run,
                })
            };
            return destroy(global, command, &destructive, "Delete their content?", |going| {
                format!(
                    "{}: {} from before {}, with {} of files.",
                    cell(&going["room"]),
                    counted(going, "messages", "message"),
                    cell(&going["older_than"]),
                    size(going, "media_bytes")
                )
            });
        }
    };
    execute::run(global, &command, layout)
}

/// Asks for confirmation if a private room would be deleted with its last participant.
fn last_participant(global: &Global, room: &str, name: &str) -> Result<(), Failure> {
    let Some(found) =
        execute::ask(global, &Command::RoomShow(RoomShow { room: room.to_owned() }))?.pop()
    else {
        return Ok(());
    };
    if found["visibility"] != "private" || found["members"] != 1 {
        return Ok(());
    }
    let members =
        execute::ask(global, &Command::RoomMembers(RoomMembers { room: room.to_owned() }))?;
    if !members.iter().any(|member| {
        member["name"].as_str().is_some_and(|login| login.to_lowercase() == name.to_lowercase())
    }) {
        return Ok(());
    }
    let warning = format!(
        "{name} is the last participant of {} ({}): the room is deleted with {}.",
        cell(&found["room"]),
        cell(&found["name"]),
        counted(&found, "messages", "message")
    );
    note(&warning);
    Destructive::default().confirm("Remove the participant and delete the room?")
}

/// Settings to change; None keeps the current value.
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
    Command::RoomSettings(ChangeRoomSettings {
        room,
        topic,
        description,
        visibility,
        read_only,
        archived,
    })
}

/// Shows what would be deleted, asks for confirmation, and runs the command.
fn destroy(
    global: &Global,
    command: impl Fn(bool) -> Command,
    destructive: &Destructive,
    question: &str,
    summary: impl Fn(&Value) -> String,
) -> Result<(), Failure> {
    if !destructive.dry_run && !destructive.yes {
        let Some(going) = execute::ask(global, &command(true))?.pop() else { return Ok(()) };
        note(&summary(&going));
        destructive.confirm(question)?;
    }
    execute::run(global, &command(destructive.dry_run), Layout::One)
}

fn message(message: &Value) -> String {
    let text = |key: &str| harmless(message[key].as_str().unwrap_or_default());
    let content =
        if message["deleted"].is_null() { text("content") } else { "(deleted)".to_owned() };
    let files = message["media"].as_array().map_or(0, Vec::len);
    let files = if files > 0 { format!(" [{}]", count(files, "file")) } else { String::new() };
    format!("{} {:>6} {}: {content}{files}", text("time"), message["seq"], text("user"))
}
