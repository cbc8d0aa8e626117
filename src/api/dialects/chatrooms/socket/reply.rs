//! Encodes replies to the sender of a frame.

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::encode::{own_draft, presence_of};
use super::{State, text};
use crate::api::chatrooms::error;
use crate::api::chatrooms::wire::{Answer, Complaint, Frame, Message, SubscribedRoom};
use crate::api::wire::Seconds;
use crate::api::{Greeting, RequestContext};
use crate::model::{
    Entered, Error, Marked, MessageId, Outcome, Result, Stored, Subscription, Timestamp,
};

/// Returns the first frame of the server.
pub(crate) fn greet(state: &State, hello: &Greeting<'_>) -> Utf8Bytes {
    text(&Frame::ConnectionEstablished {
        message: "connected",
        user_id: &state.login,
        timestamp: hello.now.into(),
        heartbeat_s: hello.heartbeat_seconds,
        epoch: hello.epoch,
    })
}

/// Encodes the reply to a frame.
pub(crate) fn reply(
    state: &State,
    asked: &RequestContext,
    outcome: Result<Outcome>,
    now: Timestamp,
) -> Option<Utf8Bytes> {
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => return Some(text(&answer(asked, complaint(asked, &error, now)))),
    };
    let user_id = state.login.as_str();
    let timestamp = now.into();
    let frame = match &outcome {
        Outcome::Silent => return None,
        Outcome::Pong => Frame::Pong { user_id, timestamp },
        Outcome::Entered(entered) => joined(entered, user_id, timestamp),
        Outcome::Left(room) => Frame::RoomLeft { room_id: room.into(), user_id, timestamp },
        Outcome::Stored(stored) => sent(stored),
        Outcome::Marked(marked) => read_marked(marked),
        Outcome::Draft(draft) => own_draft(draft),
        Outcome::Watched(users) => presence_of(users, now),
        Outcome::Changes(page) => {
            Frame::Changes { room_id: page.room.into(), changes: page.as_ref().into() }
        }
        Outcome::Subscribed(rooms) => {
            Frame::Subscribed { rooms: rooms.iter().map(subscribed).collect() }
        }
    };
    // A page of a replay is not the reply itself: that is `subscribed`.
    let reference = asked.reference.as_deref().filter(|_| !matches!(outcome, Outcome::Changes(_)));
    Some(text(&Answer { frame, reference }))
}

fn answer<'a>(asked: &'a RequestContext, frame: Frame<'a>) -> Answer<'a> {
    Answer { frame, reference: asked.reference.as_deref() }
}

fn complaint<'a>(asked: &RequestContext, error: &'a Error, now: Timestamp) -> Frame<'a> {
    let kind = if let Error::UnknownType(kind) = error { Some(kind.as_str()) } else { None };
    Frame::Error(Complaint {
        error: error::socket_code(&asked.verb, error),
        message: error::message(error),
        timestamp: now.into(),
        kind,
    })
}

fn joined<'a>(entered: &'a Entered, user_id: &'a str, timestamp: Seconds) -> Frame<'a> {
    Frame::RoomJoined {
        room_id: entered.facts.room.id.into(),
        user_id,
        timestamp,
        rev: entered.rev.0,
        state: entered.state.as_str(),
        online: &entered.online,
        online_count: entered.online_count,
        messages: entered.messages.iter().map(Message::from).collect(),
        reset: entered.reset.then_some(true),
    }
}

fn sent(stored: &Stored) -> Frame<'_> {
    Frame::MessageSent {
        room_id: stored.message.room.into(),
        message_id: stored.message.into(),
        seq: stored.message.seq.0,
        rev: stored.rev.0,
        timestamp: stored.at.into(),
        client_id: stored.client_id.as_deref(),
    }
}

fn read_marked(marked: &Marked) -> Frame<'_> {
    let mark = &marked.mark;
    Frame::ReadMarked {
        room_id: mark.room.into(),
        message_id: MessageId { room: mark.room, seq: mark.seq }.into(),
        user_id: &marked.login,
        last_read_seq: mark.seq.0,
        unread_count: mark.unread,
        timestamp: mark.at.into(),
    }
}

fn subscribed(room: &Subscription) -> SubscribedRoom {
    SubscribedRoom {
        room_id: room.room.into(),
        rev: room.rev.0,
        last_seq: room.last_seq.0,
        unread_count: room.unread,
        mention_count: room.mentions,
        reset: room.reset.then_some(true),
    }
}
