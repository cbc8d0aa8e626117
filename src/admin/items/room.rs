//! Rooms, their members and their messages.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model;

/// A room: `room.list`, `room.show`, `room.create`, `room.rename`, `room.settings`,
/// `room.retention`.
#[derive(Serialize, ToSchema)]
pub struct Card {
    pub(in crate::admin) room: String,
    pub(in crate::admin) id: i64,
    pub(in crate::admin) name: Option<String>,
    /// Display names of the first ten participants of a room without a name; otherwise empty.
    pub(in crate::admin) people: Vec<String>,
    pub(in crate::admin) topic: Option<String>,
    pub(in crate::admin) description: Option<String>,
    pub(in crate::admin) visibility: &'static str,
    /// `open`, `read-only` or `archived`.
    pub(in crate::admin) mode: &'static str,
    /// Time at which it was archived.
    pub(in crate::admin) archived: Option<String>,
    pub(in crate::admin) read_only: bool,
    pub(in crate::admin) owner: Option<String>,
    pub(in crate::admin) members: u32,
    /// Number of messages ever sent, including deleted ones.
    pub(in crate::admin) messages: i64,
    pub(in crate::admin) created: String,
    /// Time of the newest message; only in the output of `room.list` with `sizes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) last_message: Option<String>,
    /// Size of the files attached to its messages; only in the output of `room.list` with `sizes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) bytes: Option<u64>,
    /// Days for which its messages are kept, 0: for ever; null: as `[retention]` says.
    pub(in crate::admin) retention_days: Option<u32>,
    /// Whether pinned messages are kept until they are unpinned; null: as `[retention]` says.
    pub(in crate::admin) keep_pinned: Option<bool>,
    /// What is in force: `for ever`, or a number of days; only in the output of `room.show` and
    /// `room.retention`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) messages_kept: Option<String>,
}

impl Card {
    /// Adds what is in force.
    pub(in crate::admin) fn kept(self, retention: model::Retention) -> Self {
        let text = match (retention.days, retention.keep_pinned) {
            (0, _) => "for ever".to_owned(),
            (1, true) => "1 day, pinned messages for longer".to_owned(),
            (1, false) => "1 day".to_owned(),
            (days, true) => format!("{days} days, pinned messages for longer"),
            (days, false) => format!("{days} days"),
        };
        Self { messages_kept: Some(text), ..self }
    }

    /// `facts` may have the first participants only.
    pub(in crate::admin) fn new(facts: &model::RoomFacts, members: u32) -> Self {
        let model::RoomFacts { room, participants } = facts;
        let people = participants.iter().take(10).map(|person| person.name.clone());
        Self {
            room: room.id.key(),
            id: room.id.0,
            name: room.name.clone(),
            people: people.filter(|_| room.name.is_none()).collect(),
            topic: room.topic.clone(),
            description: room.description.clone(),
            visibility: room.visibility.as_str(),
            mode: match (room.archived, room.read_only) {
                (Some(_), _) => "archived",
                (None, true) => "read-only",
                (None, false) => "open",
            },
            archived: room.archived.map(model::Timestamp::seconds),
            read_only: room.read_only,
            owner: Some(room.owner_login.clone()).filter(|_| room.owner.is_some()),
            members,
            messages: room.last_seq.0,
            created: room.created.seconds(),
            last_message: None,
            bytes: None,
            retention_days: room.retention.days,
            keep_pinned: room.retention.keep_pinned,
            messages_kept: None,
        }
    }

    pub(in crate::admin) fn of(facts: &model::RoomFacts) -> Self {
        Self::new(facts, u32::try_from(facts.participants.len()).unwrap_or(u32::MAX))
    }
}

/// What the deletion of a room removes: `room.delete`.
#[derive(Serialize, ToSchema)]
pub struct Deleted {
    pub(in crate::admin) room: String,
    pub(in crate::admin) name: Option<String>,
    pub(in crate::admin) members: usize,
    pub(in crate::admin) messages: i64,
    /// Number of files attached to its messages.
    pub(in crate::admin) files: u64,
    /// Size of these files.
    pub(in crate::admin) bytes: u64,
    /// False for a dry run.
    pub(in crate::admin) done: bool,
}

/// A room member: `room.members`, `room.add`, `room.role`.
#[derive(Serialize, ToSchema)]
pub struct Member {
    pub(in crate::admin) name: String,
    pub(in crate::admin) display_name: String,
    pub(in crate::admin) role: &'static str,
    pub(in crate::admin) joined: String,
}

impl From<&model::Participant> for Member {
    fn from(participant: &model::Participant) -> Self {
        Self {
            name: participant.login.clone(),
            display_name: participant.shown_name().to_owned(),
            role: participant.role.as_str(),
            joined: participant.joined.seconds(),
        }
    }
}

/// A removed member: `room.remove`.
#[derive(Serialize, ToSchema)]
pub struct Removed {
    pub(in crate::admin) room: String,
    pub(in crate::admin) name: String,
}

/// The deleted content of old messages: `room.purge`.
#[derive(Serialize, ToSchema)]
pub struct Purged {
    pub(in crate::admin) room: String,
    pub(in crate::admin) older_than: String,
    pub(in crate::admin) messages: u64,
    pub(in crate::admin) media_bytes: u64,
    /// False for a dry run.
    pub(in crate::admin) done: bool,
}

/// Deleted messages of a room that had expired: `retention.run`.
#[derive(Serialize, ToSchema)]
pub struct ExpiredRoom {
    pub(in crate::admin) room: String,
    pub(in crate::admin) name: Option<String>,
    /// Days for which its messages are kept.
    pub(in crate::admin) days: u32,
    /// Whether pinned messages are kept until they are unpinned.
    pub(in crate::admin) keep_pinned: bool,
    pub(in crate::admin) messages: u64,
    /// Files moved to the trash; in a dry run those that are attached to the messages and that
    /// nothing else uses.
    pub(in crate::admin) files: u64,
    /// Size of these files; null unless it is a dry run.
    pub(in crate::admin) bytes: Option<u64>,
    /// False for a dry run.
    pub(in crate::admin) done: bool,
}
