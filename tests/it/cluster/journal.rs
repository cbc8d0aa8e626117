//! What each client has done and seen, in order.
//!
//! Every text is unique: `CLIENT-NUMBER`, and `CLIENT-NUMBER~EDITION` after an edit.

use std::time::Duration;

/// How the messages begin that say that the run is over.
pub(super) const END: &str = "end-";

/// Everything about one client.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    pub(super) client: String,
    pub(super) kind: Kind,
    /// With the time since the run began.
    pub(super) entries: Vec<(Duration, Entry)>,
}

/// What a client's dialect can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Knows the position in each room, resumes there, and repeats a send with the same client id.
    Resumes,
    /// Hears a room from its entry on, its own messages too.
    Hears,
    /// As [`Kind::Hears`], without what was sent on the same socket.
    HearsOthers,
    /// Names rooms of its own, and has no messages.
    Names,
}

/// A message as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    pub(super) seq: i64,
    pub(super) rev: i64,
    pub(super) text: String,
}

/// One line of a journal.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// A text was sent; it is unknown whether it will be stored.
    Sent { room: i64, text: String },
    /// It was acknowledged, with its place if the dialect tells.
    Acknowledged { room: i64, text: String, place: Option<(i64, i64)> },
    /// A connection to a server begins.
    Connected { server: usize },
    /// A message or an edit arrived, from a server that tells no place.
    Heard { room: i64, text: String },
    /// An event arrived; one that is no message has no `seq` and no text.
    Event { room: i64, rev: i64, message: Option<(i64, String)> },
    /// What was missed arrived, up to a `rev`.
    Changes { room: i64, rev: i64, messages: Vec<Seen> },
    /// The server says where the room stands; `reset`: what is known of it does not count.
    Stands { room: i64, rev: i64, reset: bool },
    /// Nothing good: an answer that must not be.
    Strange(String),
}

impl Journal {
    pub(super) fn new(client: &str, kind: Kind) -> Self {
        Self { client: client.to_owned(), kind, entries: Vec::new() }
    }
}

/// A message in the final history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) seq: i64,
    pub(super) rev: i64,
    pub(super) text: String,
    /// Sorts as the time does.
    pub(super) at: String,
}

/// What servers show after the run.
#[derive(Clone, Debug, Default)]
pub(super) struct Finals {
    /// By room: the history in the native dialect, and the texts in another one on another server.
    pub(super) rooms: Vec<(i64, Vec<Stored>, Vec<String>)>,
    /// By room: changes since 0, as a third server tells them.
    pub(super) changes: Vec<(i64, Vec<Seen>)>,
    /// By client without messages: its rooms.
    pub(super) names: Vec<(String, Vec<(i64, String)>)>,
}

/// Returns the part of a text that does not change.
pub(super) fn identity(text: &str) -> &str {
    text.split('~').next().unwrap_or_default()
}
