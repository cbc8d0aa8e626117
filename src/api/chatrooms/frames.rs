//! Every frame that the server sends, exactly (contract, frames). Keys are snake_case; objects in them are the REST ones.

use serde::Serialize;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::wire;
use super::{change_frames, error};
use crate::live::{Audience, Encoded};
use crate::model::{Error, Event, Outcome, ReadMark, RoomId, Timestamp};

/// Participants up to which everybody hears who has read; in larger rooms the author alone (fine print, caps).
const RECEIPTS_UP_TO: u32 = 100;

/// A frame; `type` is its name.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Frame<'a> {
    ConnectionEstablished { message: &'a str, user_id: &'a str, timestamp: String, heartbeat_s: u64, epoch: &'a str },
    Pong { user_id: &'a str, timestamp: String, #[serde(flatten)] answer: Answer<'a> },
    RoomJoined(Joined<'a>),
    RoomLeft { room_id: String, user_id: &'a str, timestamp: String, #[serde(flatten)] answer: Answer<'a> },
    MessageSent(Sent<'a>),
    ReadMarked { room_id: String, message_id: String, user_id: &'a str, last_read_seq: i64, unread_count: u32, timestamp: String, #[serde(flatten)] answer: Answer<'a> },
    MessageRead { room_id: String, message_id: String, user_id: &'a str, last_read_seq: i64, timestamp: String },
    UserJoined { room_id: String, user_id: &'a str, timestamp: String },
    UserLeft { room_id: String, user_id: &'a str, timestamp: String },
    Presence { room_id: String, joined: &'a [String], left: &'a [String], online_count: u32, timestamp: String },
    UserTyping { user_id: &'a str, room_id: String },
    RoomAdded { room: wire::Room, unread_count: u32, timestamp: String },
    Changes { room_id: String, #[serde(flatten)] changes: wire::Changes },
    Subscribed { rooms: Vec<Subscription>, #[serde(flatten)] answer: Answer<'a> },
}

/// What the answer to a frame repeats of it.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Answer<'a> {
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<&'a str>,
}

/// `room_joined`
#[derive(Serialize)]
pub(super) struct Joined<'a> {
    room_id: String,
    user_id: &'a str,
    timestamp: String,
    rev: i64,
    state: &'static str,
    online: &'a [String],
    online_count: u32,
    messages: Vec<wire::Message>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reset: bool,
    #[serde(flatten)]
    answer: Answer<'a>,
}

/// `message_sent`
#[derive(Serialize)]
pub(super) struct Sent<'a> {
    room_id: String,
    message_id: String,
    seq: i64,
    rev: i64,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
}

/// One room of `subscribed`.
#[derive(Serialize)]
pub(super) struct Subscription {
    room_id: String,
    rev: i64,
    last_seq: i64,
    unread_count: u32,
    mention_count: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reset: bool,
}

/// `{"error","message","timestamp","ref"?}`: the only frame without a type.
#[derive(Serialize)]
struct Failure<'a> {
    error: &'static str,
    message: String,
    timestamp: String,
    #[serde(flatten)]
    answer: Answer<'a>,
}

pub(super) fn text(frame: &impl Serialize) -> Option<Utf8Bytes> {
    serde_json::to_string(frame).map(Utf8Bytes::from).ok()
}

/// The answer to a frame. `user` is the login name of the socket's user.
pub(super) fn outcome(user: &str, reference: Option<&str>, outcome: &Outcome) -> Option<Utf8Bytes> {
    let timestamp = Timestamp::now().seconds();
    let answer = Answer { reference };
    let frame = match outcome {
        Outcome::Silent => return None,
        Outcome::Pong => Frame::Pong { user_id: user, timestamp, answer },
        Outcome::Entered(entered) => Frame::RoomJoined(Joined {
            room_id: entered.facts.room.id.key(),
            user_id: user,
            timestamp,
            rev: entered.rev.0,
            state: entered.state.as_str(),
            online: &entered.online,
            online_count: entered.online_count,
            messages: entered.messages.iter().map(wire::Message::from).collect(),
            reset: entered.reset,
            answer,
        }),
        Outcome::Left(room) => Frame::RoomLeft { room_id: room.key(), user_id: user, timestamp, answer },
        Outcome::Stored(stored) => Frame::MessageSent(Sent {
            room_id: stored.message.room.key(),
            message_id: stored.message.key(),
            seq: stored.message.seq.0,
            rev: stored.rev.0,
            timestamp: stored.at.seconds(),
            client_id: stored.client_id.as_deref(),
            reference,
        }),
        Outcome::Marked(marked) => read_marked(&marked.mark, &marked.login, answer),
        Outcome::Changes(changes) => Frame::Changes { room_id: changes.room.key(), changes: wire::Changes::from(&**changes) },
        Outcome::Subscribed(rooms) => {
            let rooms = rooms.iter().map(|s| Subscription {
                room_id: s.room.key(),
                rev: s.rev.0,
                last_seq: s.last_seq.0,
                unread_count: s.unread,
                mention_count: s.mentions,
                reset: s.reset,
            });
            Frame::Subscribed { rooms: rooms.collect(), answer }
        }
    };
    text(&frame)
}

/// The error frame; the code depends on what was asked.
pub(super) fn failure(reference: Option<&str>, verb: &str, error: &Error) -> Option<Utf8Bytes> {
    text(&Failure { error: code(verb, error), message: error::message(error), timestamp: Timestamp::now().seconds(), answer: Answer { reference } })
}

fn code(verb: &str, error: &Error) -> &'static str {
    match error {
        Error::Malformed(_) => "message_parse_error",
        Error::MissingRoom => "missing_room_id",
        Error::UnknownType(_) => "unknown_message_type",
        Error::Empty(_) => "empty_message",
        Error::TooLong(..) | Error::TooLarge => "too_large",
        Error::RoomNotFound | Error::Forbidden | Error::NotInRoom | Error::RoomClosing if verb == "join_room" => "join_failed",
        Error::NotJoined => "leave_failed",
        Error::NotInRoom => "not_in_room",
        Error::Invalid { .. } => "invalid_message_format",
        Error::Unavailable | Error::Internal | Error::RoomClosing => "room_error",
        other => error::describe(other).1,
    }
}

/// What this dialect says of an event.
pub(super) fn encode(event: &Event) -> Vec<Encoded> {
    let to_all = |frame: &Frame<'_>| text(frame).map(Encoded::to_all);
    let encoded = match event {
        Event::Room(event) => return event.changes.iter().filter_map(|change| change_frames::encode(event, change)).collect(),
        Event::Marked { mark, person, author, participants } => return marked(mark, &person.login, *author, *participants),
        Event::RoomAdded { user, facts, at } => {
            let room = wire::Room::whole(facts, crate::model::LiveState::Closed);
            to_all(&Frame::RoomAdded { room, unread_count: 0, timestamp: at.seconds() }).map(|e| e.only_for(Audience::Only(*user)))
        }
        Event::Entered { room, person, socket, at } => {
            let frame = Frame::UserJoined { room_id: room.key(), user_id: &person.login, timestamp: at.seconds() };
            to_all(&frame).map(|e| e.only_for(Audience::AllBut(*socket)))
        }
        Event::Left { room, person, at } => to_all(&Frame::UserLeft { room_id: room.key(), user_id: &person.login, timestamp: at.seconds() })
            .map(|e| e.only_for(Audience::AllButUser(person.id))),
        Event::Presence { room, joined, left, online, at } => {
            to_all(&Frame::Presence { room_id: room.key(), joined, left, online_count: *online, timestamp: at.seconds() })
        }
        Event::Typing { room, person } => {
            to_all(&Frame::UserTyping { user_id: &person.login, room_id: room.key() }).map(|e| e.only_for(Audience::AllButUser(person.id)))
        }
        Event::CaughtUp { changes, .. } => to_all(&Frame::Changes { room_id: changes.room.key(), changes: wire::Changes::from(&**changes) }),
        Event::UserChanged { .. } | Event::SessionEnded { .. } | Event::Lost { .. } => None,
    };
    encoded.into_iter().collect()
}

fn marked(mark: &ReadMark, login: &str, author: crate::model::UserId, participants: u32) -> Vec<Encoded> {
    let own = text(&read_marked(mark, login, Answer::default())).map(|frame| Encoded::to_all(frame).only_for(Audience::Only(mark.user)));
    let others = if participants > RECEIPTS_UP_TO { Audience::Only(author) } else { Audience::AllButUser(mark.user) };
    let read = Frame::MessageRead {
        room_id: mark.room.key(),
        message_id: wire::key(mark.room, mark.seq),
        user_id: login,
        last_read_seq: mark.seq.0,
        timestamp: mark.at.seconds(),
    };
    let read = text(&read).filter(|_| others != Audience::Only(mark.user)).map(|frame| Encoded::to_all(frame).only_for(others));
    own.into_iter().chain(read).collect()
}

fn read_marked<'a>(mark: &ReadMark, login: &'a str, answer: Answer<'a>) -> Frame<'a> {
    let ReadMark { room, seq, at, unread, .. } = mark;
    Frame::ReadMarked {
        room_id: room.key(),
        message_id: wire::key(*room, *seq),
        user_id: login,
        last_read_seq: seq.0,
        unread_count: *unread,
        timestamp: at.seconds(),
        answer,
    }
}

/// A room that cannot be read is one that never exists.
pub(super) fn room(text: &str) -> RoomId {
    RoomId::parse(text).unwrap_or_default()
}
