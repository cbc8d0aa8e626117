//! Decodes client frames.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api::chatrooms::wire::{
    Erase, Incoming, Join, KeepDraft, ReactTo, ReadUpTo, Rewrite, RoomOnly, Say, SetIdle, Since,
    WatchPresence,
};
use crate::api::{RequestContext, SocketRequest};
use crate::model::{Command, Error, Result};

/// Number of characters of an unknown type that are repeated to its sender.
const MAX_TYPE: usize = 64;

/// Decodes a frame; distinguishes invalid JSON, other values than objects, a missing type, an
/// unknown type and an invalid field.
pub(crate) fn decode(frame: &str) -> SocketRequest {
    let (mut fields, reference) = match object(frame) {
        Ok(read) => read,
        Err(error) => {
            return SocketRequest { question: RequestContext::default(), command: Err(error) };
        }
    };
    let kind = fields.remove("type").unwrap_or_default();
    let kind = kind.as_str().unwrap_or_default();
    let verb = kind.chars().take(MAX_TYPE).collect();
    SocketRequest {
        question: RequestContext { reference, verb },
        command: command(kind, Value::Object(fields)),
    }
}

/// Parses a frame completely, once, and removes its `ref`, which is returned with the reply.
fn object(frame: &str) -> Result<(Map<String, Value>, Option<String>)> {
    let value = serde_json::from_str(frame).map_err(|error| Error::Malformed(error.to_string()))?;
    let Value::Object(mut fields) = value else {
        return Err(Error::invalid("frame", "must be a JSON object"));
    };
    let reference = read(fields.remove("ref").unwrap_or_default())?;
    Ok((fields, reference))
}

fn command(verb: &str, frame: Value) -> Result<Command> {
    match verb {
        "" => Err(Error::invalid("type", "is required")),
        "ping" => Ok(Command::Ping),
        "join_room" => read::<Join>(frame)?.command(),
        "leave_room" => Ok(Command::Leave { room: read::<RoomOnly>(frame)?.room() }),
        "chat_message" => read::<Say>(frame)?.command(),
        "edit_message" => read::<Rewrite>(frame)?.command(),
        "delete_message" => read::<Erase>(frame)?.command(),
        "add_reaction" => react(frame, true),
        "remove_reaction" => react(frame, false),
        "mark_read" => read::<ReadUpTo>(frame)?.command(),
        "typing" => Ok(Command::Typing { room: read::<RoomOnly>(frame)?.room() }),
        "save_draft" => read::<KeepDraft>(frame)?.command(),
        "set_idle" => read::<SetIdle>(frame)?.command(),
        "watch_presence" => read::<WatchPresence>(frame)?.command(),
        "subscribe" => read::<Since>(frame)?.command(),
        unknown => Err(Error::UnknownType(unknown.chars().take(MAX_TYPE).collect())),
    }
}

fn react(frame: Value, give: bool) -> Result<Command> {
    let (message, reaction) = read::<ReactTo>(frame)?.reaction()?;
    Ok(Command::React { message, reaction, give })
}

/// Deserializes a part of a frame, or all fields of its type.
fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Error::invalid("frame", error.to_string()))
}
