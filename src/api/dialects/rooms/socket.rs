//! WebSocket `/rooms/{room_id}`: a socket of one room that sends and receives messages, and
//! receives participants joining and leaving.

use serde::Serialize;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::error;
use super::wire::{Frame, Named, Step};
use crate::api::{RequestContext, SocketRequest};
use crate::live::{Audience, CloseReason, Encoded};
use crate::model::{
    Change, Command, Entered, Error, Event, NewMessage, Outcome, Person, Result, RoomEvent, UserId,
};

/// Maximum number of users in `enter`.
const MAX_USERS: usize = 1000;

/// Decodes a frame: `{"action": "message", "message": …}` or `{"action": "leave"}`.
pub(super) fn decode(frame: &str) -> SocketRequest {
    let value =
        serde_json::from_str::<Value>(frame).map_err(|error| Error::Malformed(error.to_string()));
    let verb = value
        .as_ref()
        .ok()
        .and_then(|value| value["action"].as_str())
        .unwrap_or_default()
        .to_owned();
    let command = value.and_then(|value| command(&value));
    SocketRequest { question: RequestContext { reference: None, verb }, command }
}

fn command(frame: &Value) -> Result<Command> {
    let text = |key: &'static str| {
        frame[key].as_str().ok_or_else(|| Error::invalid(key, "must be a text"))
    };
    match text("action")? {
        "message" => Ok(Command::Post { room: None, message: NewMessage::text(text("message")?) }),
        "leave" => Ok(Command::Quit),
        other => Err(Error::UnknownType(other.to_owned())),
    }
}

/// Encodes the reply to a frame. Messages and leaving are acknowledged by their events, so that
/// only entries and errors have a reply.
pub(super) fn reply(user: UserId, outcome: Result<Outcome>) -> Option<Utf8Bytes> {
    match outcome {
        Ok(Outcome::Entered(entered)) => entrance(user, &entered),
        Ok(
            Outcome::Silent
            | Outcome::Pong
            | Outcome::Left(_)
            | Outcome::Stored(_)
            | Outcome::Marked(_)
            | Outcome::Draft(_)
            | Outcome::Watched(_)
            | Outcome::Changes(_)
            | Outcome::Subscribed(_),
        ) => None,
        Err(error) => Some(text(&Frame::Error(error::failure(&error)))),
    }
}

fn entrance(user: UserId, entered: &Entered) -> Option<Utf8Bytes> {
    let facts = &entered.facts;
    let own = facts.participant(user)?;
    let users = facts.participants.iter().take(MAX_USERS).map(Named::from).collect();
    Some(text(&Frame::Enter {
        room_id: facts.room.id.into(),
        user_id: &own.login,
        name: own.shown_name(),
        first: entered.first,
        users,
    }))
}

/// Encodes an event.
pub(super) fn encode(event: &Event) -> Vec<Encoded> {
    match event {
        Event::Room(event) => {
            event.changes.iter().flat_map(|change| changed(event, change)).collect()
        }
        Event::CaughtUp { changes, known } => {
            let new = changes.changes.new_messages(*known).into_iter();
            new.map(|message| Encoded::to_all(text(&Frame::from(message)))).collect()
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

fn changed(event: &RoomEvent, change: &Change) -> Vec<Encoded> {
    match change {
        Change::Posted(message) => vec![Encoded::to_all(text(&Frame::from(message)))],
        Change::ParticipantAdded(new) => {
            let person = new.person();
            let frame = text(&Frame::Join(Step::new(event.room, &person, event.at)));
            vec![Encoded::to_all(frame).only_for(Audience::AllButUser(new.user))]
        }
        Change::ParticipantRemoved(gone) => removed(event, gone).into(),
        Change::RoomDeleted => {
            let frame = Frame::Deleted { room_id: event.room.into(), time: event.at.into() };
            vec![Encoded::to_all(text(&frame)).then_close(CloseReason::Normal)]
        }
        Change::Edited(_)
        | Change::Deleted(_)
        | Change::Reacted { .. }
        | Change::Unreacted { .. }
        | Change::Updated(_)
        | Change::ParticipantChanged(_) => Vec::new(),
    }
}

/// Sent to all sockets except the one that sent `leave`; then all sockets of the removed user are
/// closed.
fn removed(event: &RoomEvent, gone: &Person) -> [Encoded; 2] {
    let frame = text(&Frame::Leave(Step::new(event.room, gone, event.at)));
    let told =
        Encoded::to_all(frame).only_for(event.socket.map_or(Audience::All, Audience::AllBut));
    [told, Encoded::end(CloseReason::Normal).only_for(Audience::Only(gone.id))]
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
    use crate::api::golden::{self, ANN, PETR};
    use crate::model::{LiveState, Message, Participant, Rev, RoomFacts, SocketId, UserId, Who};

    #[track_caller]
    fn says(name: &str, frame: &str) {
        golden::same("rooms", name, &golden::frame(frame));
    }

    fn entered(facts: RoomFacts, first: bool) -> Outcome {
        let facts = Arc::new(facts);
        let (messages, online) = (vec![golden::plain()], Vec::new());
        Outcome::Entered(Box::new(Entered {
            facts,
            state: LiveState::Active,
            rev: Rev(15),
            online,
            online_count: 0,
            messages,
            reset: false,
            first,
        }))
    }

    fn by(event: Event, person: Person, socket: Option<SocketId>) -> Event {
        let Event::Room(event) = event else { panic!("of a room") };
        Event::Room(Arc::new(RoomEvent { by: person.into(), socket, ..(*event).clone() }))
    }

    #[test]
    fn frames_say_something_or_leave_and_further_keys_are_ignored() {
        let asked = decode(r#" {"message": "hi", "action": "message", "room_id": 3}"#);
        assert!(matches!(
            asked.command,
            Ok(Command::Post { room: None, message }) if message == NewMessage::text("hi")
        ));
        assert!(matches!(
            decode(r#"{"action": "leave", "message": 7}"#).command,
            Ok(Command::Quit)
        ));
    }

    #[test]
    fn bad_frames_are_answered_with_their_fault() {
        let answer =
            |frame: &str| reply(ANN, Err(decode(frame).command.expect_err(frame))).unwrap();
        says("frame.error-unknown_action.json", &answer(r#"{"action": "shout"}"#));
        says("frame.error-no_message.json", &answer(r#"{"action": "message", "message": 7}"#));
        for bad in [
            "7",
            "null",
            "[]",
            r#"["message"]"#,
            "{}",
            r#"{"action": 7}"#,
            r#"{"action": null}"#,
            r#"{"Action": "leave"}"#,
        ] {
            says("frame.error-no_action.json", &answer(bad));
        }
        for bad in [
            "",
            "hi",
            "{",
            r#"{"action": "message", "message": "\ud800"}"#,
            r#"{"action": "leave"} x"#,
        ] {
            let failed = golden::frame(&answer(bad));
            assert_eq!(
                (&failed["action"], &failed["error"]),
                (&"error".into(), &"InvalidParameter".into()),
                "{bad}"
            );
        }
        says(
            "frame.error-too_long.json",
            &reply(ANN, Err(Error::TooLong("content", 4000))).unwrap(),
        );
        says(
            "frame.error-rate.json",
            &reply(ANN, Err(Error::RateLimited(Duration::ZERO))).unwrap(),
        );
    }

    #[test]
    fn an_entry_tells_whether_it_was_the_first_and_who_is_there() {
        says("frame.enter.json", &reply(ANN, Ok(entered(golden::facts(), false))).unwrap());
        says("frame.enter-first.json", &reply(PETR, Ok(entered(golden::facts(), true))).unwrap());
        let mut many = golden::facts();
        many.participants
            .extend((3..1200).map(|id| Participant { user: UserId(id), ..golden::petr_there() }));
        let frame = golden::frame(&reply(ANN, Ok(entered(many, false))).unwrap());
        assert_eq!(frame["users"].as_array().map(Vec::len), Some(1000));
    }

    #[test]
    fn other_success_is_answered_by_what_follows_from_it() {
        assert!(reply(ANN, Ok(Outcome::Silent)).is_none());
        assert!(reply(ANN, Ok(Outcome::Left(golden::ROOM))).is_none());
    }

    #[test]
    fn everybody_hears_a_message() {
        let said = golden::only(encode(&golden::event("Posted")));
        says("frame.message.json", &said.frame);
        assert_eq!((said.to, said.then_close), (Audience::All, None));
        let orphan =
            golden::step(vec![Change::Posted(Message { author: Who::Deleted, ..golden::plain() })]);
        says("frame.message-deleted_user.json", &golden::only(encode(&orphan)).frame);
    }

    #[test]
    fn the_others_hear_who_is_new() {
        let said = golden::only(encode(&golden::event("ParticipantAdded")));
        says("frame.join.json", &said.frame);
        assert_eq!((said.to, said.then_close), (Audience::AllButUser(PETR), None));
    }

    #[test]
    fn who_is_removed_hears_that_like_everybody_and_is_closed() {
        let removed = by(golden::event("ParticipantRemoved"), golden::ann_there().person(), None);
        let [told, end] = <[Encoded; 2]>::try_from(encode(&removed)).unwrap();
        says("frame.leave.json", &told.frame);
        assert_eq!((told.to, told.then_close), (Audience::All, None));
        assert_eq!(
            (end.frame.as_str(), end.to, end.then_close),
            ("", Audience::Only(PETR), Some(CloseReason::Normal))
        );
    }

    #[test]
    fn the_socket_that_leaves_is_only_closed() {
        let left = by(
            golden::event("ParticipantRemoved"),
            golden::petr_there().person(),
            Some(SocketId(5)),
        );
        let [told, end] = <[Encoded; 2]>::try_from(encode(&left)).unwrap();
        says("frame.leave.json", &told.frame);
        assert_eq!((told.to, told.then_close), (Audience::AllBut(SocketId(5)), None));
        assert_eq!((end.to, end.then_close), (Audience::Only(PETR), Some(CloseReason::Normal)));
    }

    #[test]
    fn a_deleted_room_ends_every_socket() {
        let said = golden::only(encode(&golden::event("RoomDeleted")));
        says("frame.deleted.json", &said.frame);
        assert_eq!((said.to, said.then_close), (Audience::All, Some(CloseReason::Normal)));
    }

    #[test]
    fn nothing_else_is_said() {
        for (name, event) in golden::every_event() {
            let spoken = matches!(
                name,
                "Posted" | "ParticipantAdded" | "ParticipantRemoved" | "RoomDeleted"
            );
            assert_eq!(!encode(&event).is_empty(), spoken, "{name}");
        }
    }
}
