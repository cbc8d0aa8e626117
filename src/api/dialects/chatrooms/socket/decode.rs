//! Decodes client frames.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;

use crate::api::chatrooms::wire::{
    Envelope, Erase, Incoming, Join, ReactTo, ReadUpTo, Rewrite, RoomOnly, Say, Since,
};
use crate::api::{RequestContext, SocketRequest};
use crate::model::{Command, Error, Result};

/// Number of characters of an unknown type that are repeated to its sender.
const MAX_TYPE: usize = 64;

/// Decodes a frame; distinguishes invalid JSON, other values than objects, a missing type, an
/// unknown type and an invalid field.
pub(crate) fn decode(frame: &str) -> SocketRequest {
    let envelope = match read::<Envelope>(frame) {
        Ok(envelope) => envelope,
        Err(error) => {
            return SocketRequest { question: RequestContext::default(), command: Err(error) };
        }
    };
    let command = command(envelope.verb(), frame);
    let verb = envelope.verb().chars().take(MAX_TYPE).collect();
    SocketRequest { question: RequestContext { reference: envelope.reference, verb }, command }
}

fn command(verb: &str, frame: &str) -> Result<Command> {
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
        "subscribe" => read::<Since>(frame)?.command(),
        unknown => Err(Error::UnknownType(unknown.chars().take(MAX_TYPE).collect())),
    }
}

fn react(frame: &str, give: bool) -> Result<Command> {
    let (message, reaction) = read::<ReactTo>(frame)?.reaction()?;
    Ok(Command::React { message, reaction, give })
}

/// Parses an object. serde would also accept an array for a struct, and stops at the first mistyped
/// value, before it knows whether the rest is JSON.
fn read<'de, T: Deserialize<'de>>(frame: &'de str) -> Result<T> {
    let object = frame.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{');
    let why = match serde_json::from_str(frame) {
        Ok(value) if object => return Ok(value),
        Ok(_) => "must be a JSON object".to_owned(),
        Err(error) if error.classify() == Category::Data => error.to_string(),
        Err(error) => return Err(Error::Malformed(error.to_string())),
    };
    serde_json::from_str::<IgnoredAny>(frame)
        .map_err(|error| Error::Malformed(error.to_string()))?;
    Err(Error::invalid("frame", why))
}
