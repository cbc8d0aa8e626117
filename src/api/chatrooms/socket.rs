//! What a client says on `/chat`.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::super::{Asked, Hello, Question, Speaks};
use super::{Chatrooms, frames};
use crate::live::Encoded;
use crate::model::{Command, Error, Event, MediaId, MessageId, Outcome, Reaction, Result, Rev};

/// What is remembered of a socket: the login name that answers repeat.
#[derive(Default)]
pub struct State {
    user: String,
}

#[derive(Deserialize)]
struct InRoom {
    room_id: Option<String>,
}

#[derive(Deserialize)]
struct Join {
    room_id: Option<String>,
    since_rev: Option<i64>,
    epoch: Option<String>,
}

#[derive(Deserialize)]
struct Say {
    room_id: Option<String>,
    content: String,
    client_id: Option<String>,
    reply_to: Option<String>,
    media_ids: Option<Vec<i64>>,
}

#[derive(Deserialize)]
struct Edit {
    message_id: String,
    content: String,
}

#[derive(Deserialize)]
struct OfMessage {
    message_id: String,
}

#[derive(Deserialize)]
struct React {
    message_id: String,
    reaction_type: String,
}

#[derive(Deserialize)]
struct MarkRead {
    room_id: Option<String>,
    message_id: String,
}

#[derive(Deserialize)]
struct Subscribe {
    since: Option<HashMap<String, i64>>,
    epoch: Option<String>,
}

impl Speaks for Chatrooms {
    type State = State;
    const PERSONAL: bool = true;

    fn greet(state: &mut State, hello: &Hello<'_>) -> Option<Utf8Bytes> {
        state.user.clone_from(&hello.session.login);
        frames::text(&frames::Frame::ConnectionEstablished {
            message: "WebSocket connection established",
            user_id: &hello.session.login,
            timestamp: hello.now.seconds(),
            heartbeat_s: hello.heartbeat_seconds,
            epoch: hello.epoch,
        })
    }

    fn decode(_state: &mut State, frame: &str) -> Asked {
        let value: Value = match serde_json::from_str(frame) {
            Ok(value) => value,
            Err(error) => return Asked { question: Question::default(), command: Err(Error::Malformed(error.to_string())) },
        };
        let word = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let question = Question { reference: word("ref"), verb: word("type").unwrap_or_default() };
        let command = command(&question.verb, value);
        Asked { question, command }
    }

    fn reply(state: &mut State, question: &Question, outcome: Result<Outcome>) -> Option<Utf8Bytes> {
        let reference = question.reference.as_deref();
        match outcome {
            // All sockets of the user hear of the mark; the one that asked hears it as its answer.
            Ok(outcome) => frames::outcome(&state.user, reference, &outcome),
            Err(error) => frames::failure(reference, &question.verb, &error),
        }
    }

    fn encode(event: &Event) -> Vec<Encoded> {
        frames::encode(event)
    }
}

fn command(verb: &str, value: Value) -> Result<Command> {
    let room = |text: Option<String>| text.map(|text| frames::room(&text));
    Ok(match verb {
        "" => return Err(Error::invalid("type", "is missing")),
        "ping" => Command::Ping,
        "join_room" => {
            let Join { room_id, since_rev, epoch } = read(value)?;
            Command::Enter { room: room(room_id), since: since_rev.map(Rev), epoch }
        }
        "leave_room" => Command::Leave { room: room(read::<InRoom>(value)?.room_id) },
        "chat_message" => {
            let Say { room_id, content, client_id, reply_to, media_ids } = read(value)?;
            let media = media_ids.unwrap_or_default().into_iter().map(MediaId).collect();
            Command::Post { room: room(room_id), text: content, client_id, reply_to: reply_to.map(|key| MessageId::parse(&key)), media }
        }
        "edit_message" => {
            let Edit { message_id, content } = read(value)?;
            Command::Edit { message: MessageId::parse(&message_id), text: content }
        }
        "delete_message" => Command::Delete { message: MessageId::parse(&read::<OfMessage>(value)?.message_id) },
        "add_reaction" | "remove_reaction" => {
            let React { message_id, reaction_type } = read(value)?;
            Command::React { message: MessageId::parse(&message_id), reaction: Reaction::parse(&reaction_type)?, give: verb == "add_reaction" }
        }
        "mark_read" => {
            let MarkRead { room_id, message_id } = read(value)?;
            Command::MarkRead { room: room(room_id), message: MessageId::parse(&message_id) }
        }
        "typing" => Command::Typing { room: room(read::<InRoom>(value)?.room_id) },
        "subscribe" => {
            let Subscribe { since, epoch } = read(value)?;
            let since = since.unwrap_or_default().into_iter().map(|(key, rev)| (frames::room(&key), Rev(rev))).collect();
            Command::Subscribe { since, epoch }
        }
        other => return Err(Error::UnknownType(other.chars().take(64).collect())),
    })
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Error::invalid("frame", error.to_string()))
}
