//! The socket of one room: texts in, messages out.

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::super::{Asked, Hello, Question, Speaks};
use super::{V1, error, wire};
use crate::live::{Audience, CloseReason, Encoded};
use crate::model::{Change, Command, Error, Event, Outcome, Result, RoomEvent};

impl Speaks for V1 {
    type State = ();
    const PERSONAL: bool = false;

    fn greet((): &mut (), _hello: &Hello<'_>) -> Option<Utf8Bytes> {
        None
    }

    fn decode((): &mut (), frame: &str) -> Asked {
        let command = match serde_json::from_str::<wire::Say>(frame) {
            Ok(wire::Say { text }) => Ok(Command::Post { room: None, text, client_id: None, reply_to: None, media: Vec::new() }),
            Err(error) => Err(Error::Malformed(error.to_string())),
        };
        Asked { question: Question { reference: None, verb: "text".to_owned() }, command }
    }

    /// The broadcast is the answer to what was said; only errors are answered by themselves.
    fn reply((): &mut (), _question: &Question, outcome: Result<Outcome>) -> Option<Utf8Bytes> {
        outcome.err().and_then(|error| text(&error::body(&error)))
    }

    fn encode(event: &Event) -> Vec<Encoded> {
        match event {
            Event::Room(event) => event.changes.iter().filter_map(|change| encode_change(event, change)).collect(),
            Event::CaughtUp { changes, known } => {
                let new = changes.changes.messages.iter().filter(|m| m.seq > *known && m.deleted.is_none());
                new.filter_map(|message| text(&wire::Message::from(message))).map(Encoded::to_all).collect()
            }
            Event::RoomAdded { .. }
            | Event::Marked { .. }
            | Event::UserChanged { .. }
            | Event::SessionEnded { .. }
            | Event::Entered { .. }
            | Event::Left { .. }
            | Event::Presence { .. }
            | Event::Typing { .. }
            | Event::Lost { .. } => Vec::new(),
        }
    }
}

fn encode_change(_event: &RoomEvent, change: &Change) -> Option<Encoded> {
    let gone = || text(&error::body(&Error::RoomNotFound)).map(|frame| Encoded::to_all(frame).then_close(CloseReason::Normal));
    match change {
        Change::Posted(message) => text(&wire::Message::from(message)).map(Encoded::to_all),
        Change::ParticipantRemoved(person) => gone().map(|encoded| encoded.only_for(Audience::Only(person.id))),
        Change::RoomDeleted => gone(),
        Change::Edited(_)
        | Change::Deleted(_)
        | Change::Reacted { .. }
        | Change::Unreacted { .. }
        | Change::Updated(_)
        | Change::ParticipantAdded(_)
        | Change::ParticipantChanged(_) => None,
    }
}

fn text(value: &impl serde::Serialize) -> Option<Utf8Bytes> {
    serde_json::to_string(value).ok().map(Utf8Bytes::from)
}
