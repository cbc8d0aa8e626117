//! WebSocket `/`: a socket of one room that sends and receives messages and presence.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::wire;
use crate::api::{RequestContext, SocketRequest};
use crate::live::{Audience, Encoded};
use crate::model::{Change, Command, Error, Event, NewMessage, Outcome, Result, RoomEvent};

/// Decodes the first frame: `{"token": …}`.
pub(super) fn token(frame: &str) -> Result<String> {
    read::<wire::Ticket>(frame).map(|ticket| ticket.token)
}

/// Decodes any other frame: `{"msg": …}`.
pub(super) fn decode(frame: &str) -> SocketRequest {
    let post = |say: wire::Say| Command::Post { room: None, message: NewMessage::text(say.msg) };
    SocketRequest {
        question: RequestContext { reference: None, verb: "msg".to_owned() },
        command: read(frame).map(post),
    }
}

/// Parses a frame. It must be completely valid, and an object; serde would also accept a list for a
/// struct.
fn read<T: DeserializeOwned>(frame: &str) -> Result<T> {
    if !frame.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{') {
        return Err(Error::Malformed("must be a JSON object".to_owned()));
    }
    serde_json::from_str(frame).map_err(|error| Error::Malformed(error.to_string()))
}

/// Encodes the reply to a frame: whether it succeeded.
pub(super) fn reply(outcome: &Result<Outcome>) -> Utf8Bytes {
    text(&wire::Status { status: outcome.is_ok() })
}

/// Encodes an event.
pub(super) fn encode(event: &Event) -> Vec<Encoded> {
    match event {
        Event::Room(event) => {
            event.changes.iter().filter_map(|change| changed(event, change)).collect()
        }
        Event::CaughtUp { changes, known } => {
            let new = changes.changes.new_messages(*known).into_iter();
            new.map(|message| Encoded::to_all(text(&wire::Message::from(message)))).collect()
        }
        // Not sent to other sockets of the same user, which may be in the room already: it is no
        // news to them.
        Event::Entered { person, at, .. } => {
            vec![
                Encoded::to_all(text(&wire::Presence::new(person, true, *at)))
                    .only_for(Audience::AllButUser(person.id)),
            ]
        }
        Event::Left { person, at, .. } => {
            vec![
                Encoded::to_all(text(&wire::Presence::new(person, false, *at)))
                    .only_for(Audience::AllButUser(person.id)),
            ]
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
        | Event::Presence { .. }
        | Event::Typing { .. }
        | Event::Head { .. }
        | Event::Lost { .. }
        | Event::LostPersonal { .. } => Vec::new(),
    }
}

fn changed(event: &RoomEvent, change: &Change) -> Option<Encoded> {
    match change {
        Change::Posted(message) => {
            let said = Encoded::to_all(text(&wire::Message::from(message)));
            Some(said.only_for(event.socket.map_or(Audience::All, Audience::AllBut)))
        }
        // A removed user learns it from the reply to their next message.
        Change::ParticipantRemoved(_)
        | Change::RoomDeleted
        | Change::Edited(_)
        | Change::Deleted(_)
        | Change::Reacted { .. }
        | Change::Unreacted { .. }
        | Change::Updated(_)
        | Change::ParticipantAdded(_)
        | Change::ParticipantChanged(_) => None,
    }
}

/// Serializes a frame. Frames are plain structs, whose serialization cannot fail.
fn text(frame: &impl Serialize) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::api::golden::{self, PETR};
    use crate::model::SocketId;

    #[track_caller]
    fn says(name: &str, frame: &str) {
        golden::same("realtime", name, &golden::frame(frame));
    }

    /// Frames that are neither a token nor a message.
    const BAD: [&str; 8] = [
        "",
        "hi",
        "{}",
        "null",
        "[\"hi\"]",
        r#"{"msg": 1, "token": 1}"#,
        r#"{"msg": "\ud800", "token": "\ud800"}"#,
        "{\"msg\"",
    ];

    #[test]
    fn a_message_is_a_post_and_further_keys_are_ignored() {
        let asked = decode(r#" {"msg": "hi", "username": "x", "ref": 7}"#);
        assert!(matches!(
            asked.command,
            Ok(Command::Post { room: None, message }) if message == NewMessage::text("hi")
        ));
        assert_eq!(token(r#"{"token": "abc", "room": 3}"#).as_deref(), Ok("abc"));
    }

    #[test]
    fn whatever_else_has_failed() {
        for bad in BAD {
            let error = decode(bad).command.expect_err(bad);
            says("status-false.json", &reply(&Err(error)));
            assert!(token(bad).is_err(), "{bad}");
        }
        for (_, error) in golden::every_error() {
            says("status-false.json", &reply(&Err(error)));
        }
        says("status-false.json", &reply(&Err(Error::RateLimited(Duration::ZERO))));
        says("status-true.json", &reply(&Ok(Outcome::Silent)));
    }

    #[test]
    fn others_hear_a_message_and_the_sending_socket_does_not() {
        let Event::Room(event) = golden::event("Posted") else { panic!("a change of a room") };
        let by = |socket| {
            golden::only(encode(&Event::Room(Arc::new(RoomEvent { socket, ..(*event).clone() }))))
        };
        for (socket, to) in
            [(None, Audience::All), (Some(SocketId(5)), Audience::AllBut(SocketId(5)))]
        {
            let said = by(socket);
            says("frame.message.json", &said.frame);
            assert_eq!((said.to, said.then_close), (to, None));
        }
    }

    #[test]
    fn others_hear_who_enters_and_leaves() {
        for (event, sample) in [("Entered", "frame.entered.json"), ("Left", "frame.left.json")] {
            let said = golden::only(encode(&golden::event(event)));
            says(sample, &said.frame);
            assert_eq!((said.to, said.then_close), (Audience::AllButUser(PETR), None));
        }
    }

    #[test]
    fn nothing_else_is_said() {
        for (name, event) in golden::every_event() {
            let spoken = matches!(name, "Posted" | "Entered" | "Left");
            assert_eq!(!encode(&event).is_empty(), spoken, "{name}");
        }
    }
}
