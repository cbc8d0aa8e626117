//! The frames of a room's own changes: each has its `rev`.

use serde::Serialize;

use super::frames::text;
use super::wire;
use crate::live::Encoded;
use crate::model::{Change, Participant, Room, RoomEvent, Seq};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Frame<'a> {
    ChatMessage {
        room_id: String,
        message_id: String,
        seq: i64,
        rev: i64,
        sender_id: &'a str,
        sender_name: &'a str,
        content: &'a str,
        timestamp: String,
        created_at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        media: Vec<wire::Media>,
    },
    MessageEdited {
        room_id: String,
        message_id: String,
        seq: i64,
        rev: i64,
        sender_id: &'a str,
        content: &'a str,
        edited_at: String,
        timestamp: String,
    },
    MessageDeleted {
        room_id: String,
        message_id: String,
        seq: i64,
        rev: i64,
        user_id: &'a str,
        timestamp: String,
    },
    ReactionAdded(Reaction<'a>),
    ReactionRemoved(Reaction<'a>),
    RoomUpdated {
        room_id: String,
        rev: i64,
        name: Option<&'a str>,
        visibility: &'static str,
        owner_id: &'a str,
        timestamp: String,
    },
    ParticipantAdded(Member<'a>),
    ParticipantChanged(Member<'a>),
    ParticipantRemoved {
        room_id: String,
        rev: i64,
        user_id: &'a str,
        timestamp: String,
    },
    RoomDeleted {
        room_id: String,
        rev: i64,
        timestamp: String,
    },
}

#[derive(Serialize)]
struct Reaction<'a> {
    room_id: String,
    message_id: String,
    seq: i64,
    rev: i64,
    user_id: &'a str,
    reaction_type: &'a str,
    timestamp: String,
}

#[derive(Serialize)]
struct Member<'a> {
    room_id: String,
    rev: i64,
    user_id: &'a str,
    name: &'a str,
    edited_name: &'a str,
    role: &'static str,
    timestamp: String,
}

/// One change of a room, for every listener.
pub(super) fn encode(event: &RoomEvent, change: &Change) -> Option<Encoded> {
    let (room_id, rev, timestamp) = (event.room.key(), event.rev.0, event.at.seconds());
    let message_id = |seq: Seq| wire::key(event.room, seq);
    let by = event.by.login.as_str();
    let frame = match change {
        Change::Posted(m) => Frame::ChatMessage {
            room_id,
            message_id: message_id(m.seq),
            seq: m.seq.0,
            rev,
            sender_id: &m.author.login,
            sender_name: &m.author.name,
            content: &m.text,
            timestamp,
            created_at: m.created.millis(),
            client_id: m.client_id.as_deref(),
            reply_to: m.reply_to.map(message_id),
            media: m.media.iter().map(wire::Media::from).collect(),
        },
        Change::Edited(m) => Frame::MessageEdited {
            room_id,
            message_id: message_id(m.seq),
            seq: m.seq.0,
            rev,
            sender_id: &m.author.login,
            content: &m.text,
            edited_at: m.edited.unwrap_or(event.at).millis(),
            timestamp,
        },
        Change::Deleted(m) => Frame::MessageDeleted { room_id, message_id: message_id(m.seq), seq: m.seq.0, rev, user_id: by, timestamp },
        Change::Reacted { seq, reaction } => {
            Frame::ReactionAdded(Reaction { room_id, message_id: message_id(*seq), seq: seq.0, rev, user_id: by, reaction_type: reaction.as_str(), timestamp })
        }
        Change::Unreacted { seq, reaction } => {
            Frame::ReactionRemoved(Reaction { room_id, message_id: message_id(*seq), seq: seq.0, rev, user_id: by, reaction_type: reaction.as_str(), timestamp })
        }
        Change::Updated(Room { name, visibility, owner_login, .. }) => {
            Frame::RoomUpdated { room_id, rev, name: name.as_deref(), visibility: visibility.as_str(), owner_id: owner_login, timestamp }
        }
        Change::ParticipantAdded(p) => Frame::ParticipantAdded(member(room_id, rev, p, timestamp)),
        Change::ParticipantChanged(p) => Frame::ParticipantChanged(member(room_id, rev, p, timestamp)),
        Change::ParticipantRemoved(person) => Frame::ParticipantRemoved { room_id, rev, user_id: &person.login, timestamp },
        Change::RoomDeleted => Frame::RoomDeleted { room_id, rev, timestamp },
    };
    text(&frame).map(Encoded::to_all)
}

fn member(room_id: String, rev: i64, p: &Participant, timestamp: String) -> Member<'_> {
    Member { room_id, rev, user_id: &p.login, name: &p.name, edited_name: &p.edited_name, role: p.role.as_str(), timestamp }
}
