//! The form of events between servers: one version byte, then the sender and the event as postcard.
//!
//! There is one type per version, and versions are only added, so that servers of two releases can
//! work together. What a server cannot read counts as lost.

mod v1;

use serde::{Deserialize, Serialize};

use self::v1::Body;
use crate::model::{Availability, Event, Person, UserId};

/// The version that is written.
const VERSION: u8 = 1;

/// A message from a server.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// Id of the server that sent it.
    pub(super) server: u64,
    /// Its place among the messages of that server. A repeated message keeps it.
    pub(super) count: u64,
    /// What it says.
    pub(super) said: Said,
}

/// Content of a message.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// An event for the dispatcher.
    Event(Event),
    /// A server hears itself.
    Beat,
    /// A server that heard nothing for so many seconds asks for personal events.
    Repeat(u32),
    /// A server asks this one, and numbers its requests.
    Ask(u64, Vec<u8>),
    /// The answer to the request with this number.
    Answer(u64, Vec<u8>),
    /// A server is being stopped: it should not be asked any more.
    Leaving,
    /// How available users are on a server.
    Available(Told),
    /// A server asks this one for all of its users.
    AskAvailable,
}

/// How available users are on a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Grows by one with each change; a repetition without users keeps it.
    pub(super) version: u64,
    /// These are all users of the server, otherwise those that have changed.
    pub(super) whole: bool,
    /// The users.
    pub(super) users: Vec<(UserId, Availability)>,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    server: u64,
    count: u64,
    body: Body,
}

/// Encodes an event; None for events that stay on their server.
pub(super) fn event(server: u64, count: u64, event: &Event) -> Option<Vec<u8>> {
    let body = match event {
        Event::Lost { room: None } => Body::Lost,
        event => Body::of(event)?,
    };
    Some(encode(server, count, body))
}

/// Encodes a heartbeat.
pub(super) fn beat(server: u64) -> Vec<u8> {
    encode(server, 0, Body::Beat)
}

/// Encodes the request for personal events of the last seconds.
pub(super) fn repeat(server: u64, seconds: u32) -> Vec<u8> {
    encode(server, 0, Body::Repeat { seconds })
}

/// Encodes a request to another server.
pub(super) fn ask(server: u64, number: u64, request: Vec<u8>) -> Vec<u8> {
    encode(server, 0, Body::Ask { number, request })
}

/// Encodes the answer to the request with this number.
pub(super) fn answer(server: u64, number: u64, answer: Vec<u8>) -> Vec<u8> {
    encode(server, 0, Body::Answer { number, answer })
}

/// Encodes that a server is being stopped.
pub(super) fn leaving(server: u64) -> Vec<u8> {
    encode(server, 0, Body::Leaving)
}

/// Encodes how available users are on this server.
pub(super) fn available(server: u64, told: &Told) -> Vec<u8> {
    let users = told.users.iter().map(|(user, now)| (user.0, (*now).into())).collect();
    encode(server, 0, Body::Available { version: told.version, whole: told.whole, users })
}

/// Encodes the request for all users of a server.
pub(super) fn ask_available(server: u64) -> Vec<u8> {
    encode(server, 0, Body::AskAvailable)
}

/// Decodes a message; None: it is of an unknown version, or damaged.
pub(super) fn read(bytes: &[u8]) -> Option<Received> {
    let Envelope { server, count, body } = decode(bytes)?;
    let said = match body {
        Body::Beat => Said::Beat,
        Body::Repeat { seconds } => Said::Repeat(seconds),
        Body::Ask { number, request } => Said::Ask(number, request),
        Body::Answer { number, answer } => Said::Answer(number, answer),
        Body::Leaving => Said::Leaving,
        Body::Available { version, whole, users } => {
            let users = users.into_iter().map(|(user, now)| (UserId(user), now.into())).collect();
            Said::Available(Told { version, whole, users })
        }
        Body::AskAvailable => Said::AskAvailable,
        body => Said::Event(body.event()?),
    };
    Some(Received { server, count, said })
}

/// Encodes a user as the list of users present keeps them.
pub(super) fn person(person: &Person) -> Vec<u8> {
    encode_any(&v1::Person::from(person))
}

/// Decodes a user from the list of users present.
pub(super) fn read_person(bytes: &[u8]) -> Option<Person> {
    decode::<v1::Person>(bytes).map(Into::into)
}

fn encode(server: u64, count: u64, body: Body) -> Vec<u8> {
    encode_any(&Envelope { server, count, body })
}

fn encode_any(what: &impl Serialize) -> Vec<u8> {
    postcard::to_extend(what, vec![VERSION]).expect("memory takes every message")
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let (version, rest) = bytes.split_first()?;
    if *version != VERSION {
        return None;
    }
    match postcard::take_from_bytes(rest) {
        Ok((what, [])) => Some(what),
        Ok(_) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests;
