//! WebSocket `/v1/rooms/{id}/chat`: a socket of one room that sends and receives messages.

use serde::Serialize;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{error, wire};
use crate::api::{RequestContext, SocketRequest};
use crate::live::{Audience, CloseReason, Encoded};
use crate::model::{Change, Command, Error, Event, NewMessage, Outcome, Result};

/// Decodes a frame: `{"text": …}`. All other frames are `invalid_json`, so one error is sufficient.
pub(super) fn decode(frame: &str) -> SocketRequest {
    let object = frame.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{');
    let command = match serde_json::from_str::<wire::Say>(frame) {
        Ok(say) if object => Ok(Command::Post { room: None, message: NewMessage::text(say.text) }),
        Ok(_) => Err(Error::Malformed("must be a JSON object".to_owned())),
        Err(error) => Err(Error::Malformed(error.to_string())),
    };
    SocketRequest { question: RequestContext { reference: None, verb: "text".to_owned() }, command }
}

/// Encodes the reply to a frame. Messages are acknowledged by their broadcast, so that only errors
/// have a reply.
pub(super) fn reply(outcome: Result<Outcome>) -> Option<Utf8Bytes> {
    match outcome {
        Ok(
            Outcome::Silent
            | Outcome::Pong
            | Outcome::Entered(_)
            | Outcome::Left(_)
            | Outcome::Stored(_)
            | Outcome::Marked(_)
            | Outcome::Draft(_)
            | Outcome::Watched(_)
            | Outcome::Changes(_)
            | Outcome::Subscribed(_),
        ) => None,
        Err(error) => Some(text(&wire::Failure::new(error::code(&error)))),
    }
}

/// Encodes an event.
pub(super) fn encode(event: &Event) -> Vec<Encoded> {
    match event {
        Event::Room(event) => event.changes.iter().filter_map(changed).collect(),
        Event::CaughtUp { changes, known } => {
            let new = changes.changes.new_messages(*known).into_iter();
            new.map(|message| Encoded::to_all(text(&wire::Message::from(message)))).collect()
        }
        Event::RoomAdded { .. }
        | Event::Marked { .. }
        | Event::Personal { .. }
        | Event::UserChanged { .. }
        | Event::StatusChanged { .. }
        | Event::Availability { .. }
        | Event::AvailableElsewhere { .. }
        | Event::Emoji { .. }
        | Event::SessionEnded { .. }
        | Event::LookChanged { .. }
        | Event::Entered { .. }
        | Event::Left { .. }
        | Event::Presence { .. }
        | Event::Typing { .. }
        | Event::Head { .. }
        | Event::Lost { .. }
        | Event::LostPersonal { .. } => Vec::new(),
    }
}

fn changed(change: &Change) -> Option<Encoded> {
    match change {
        Change::Posted(message) => Some(Encoded::to_all(text(&wire::Message::from(message)))),
        Change::ParticipantRemoved(person) => Some(goodbye().only_for(Audience::Only(person.id))),
        Change::RoomDeleted => Some(goodbye()),
        Change::Edited(_)
        | Change::Deleted(_)
        | Change::Reacted { .. }
        | Change::Unreacted { .. }
        | Change::Updated(_)
        | Change::ParticipantAdded(_)
        | Change::ParticipantChanged(_) => None,
    }
}

/// Tells a socket that its room no longer exists for it, and closes it.
fn goodbye() -> Encoded {
    Encoded::to_all(text(&wire::Failure::new("room_not_found"))).then_close(CloseReason::Normal)
}

/// Serializes a frame. Frames are plain structs, whose serialization cannot fail.
fn text(frame: &impl Serialize) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::golden::{self, PETR};

    #[track_caller]
    fn says(name: &str, frame: &str) {
        golden::same("v1", name, &golden::frame(frame));
    }

    #[test]
    fn a_text_is_a_post_and_further_keys_are_ignored() {
        let asked = decode(r#" {"text": "hi", "user_id": 3, "ref": 7}"#);
        assert!(matches!(
            asked.command,
            Ok(Command::Post { room: None, message }) if message == NewMessage::text("hi")
        ));
    }

    #[test]
    fn whatever_else_is_invalid_json() {
        for bad in [
            "",
            "hi",
            "[\"hi\"]",
            "{}",
            r#"{"text": 1}"#,
            r#"{"text": null}"#,
            r#"{"text": "\ud800"}"#,
            r#"{"text": "a"} x"#,
            "null",
        ] {
            let error = decode(bad).command.expect_err(bad);
            says("frame.error-invalid_json.json", &reply(Err(error)).unwrap());
        }
        says(
            "frame.error-invalid_json.json",
            &reply(Err(Error::TooLong("content", 4000))).unwrap(),
        );
        says(
            "frame.error-rate_limited.json",
            &reply(Err(Error::RateLimited(Duration::ZERO))).unwrap(),
        );
    }

    #[test]
    fn success_is_answered_by_the_broadcast() {
        assert!(reply(Ok(Outcome::Silent)).is_none());
    }

    #[test]
    fn everybody_hears_a_message() {
        let said = golden::only(encode(&golden::event("Posted")));
        says("frame.message.json", &said.frame);
        assert_eq!((said.to, said.then_close), (Audience::All, None));
    }

    #[test]
    fn who_is_removed_hears_that_and_is_closed() {
        let said = golden::only(encode(&golden::event("ParticipantRemoved")));
        says("frame.error-room_not_found.json", &said.frame);
        assert_eq!((said.to, said.then_close), (Audience::Only(PETR), Some(CloseReason::Normal)));
        let said = golden::only(encode(&golden::event("RoomDeleted")));
        says("frame.error-room_not_found.json", &said.frame);
        assert_eq!((said.to, said.then_close), (Audience::All, Some(CloseReason::Normal)));
    }

    #[test]
    fn nothing_else_is_said() {
        for (name, event) in golden::every_event() {
            let spoken = matches!(name, "Posted" | "ParticipantRemoved" | "RoomDeleted");
            assert_eq!(!encode(&event).is_empty(), spoken, "{name}");
        }
    }
}
