//! Rows of a room's log. From a row alone everything is derived that depends on it: it has the
//! messages, participants and facts as they are after each change.

use serde::{Deserialize, Serialize};

use super::stored::{
    Stored, StoredMessage, StoredParticipant, StoredPin, StoredRetention, StoredRoom,
};
use crate::model::{Person, Rev, Seq, UserId, Who};

/// `body` of a row: one commit, of one or more changes with consecutive revs. The key of the row is
/// the last of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredCommit {
    /// A random number, by which its server recognises it after an unknown outcome.
    pub(super) token: u64,
    pub(super) changes: Vec<StoredChange>,
}

impl Stored for StoredCommit {}

/// A step of the room's `rev`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredChange {
    pub(super) rev: i64,
    pub(super) at: i64,
    pub(super) by: StoredWho,
    pub(super) steps: Vec<Step>,
    /// The room afterwards, if its facts changed: then `rev` is its `facts_rev`.
    pub(super) room: Option<StoredRoom>,
}

impl StoredChange {
    /// Returns the message that it concerns; None: a change of facts.
    pub(super) fn seq(&self) -> Option<Seq> {
        self.steps.iter().find_map(Step::seq)
    }

    /// Returns its rev.
    pub(super) fn rev(&self) -> Rev {
        Rev(self.rev)
    }
}

/// The author of a change, with the names of that time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum StoredWho {
    User { id: i64, login: String, name: String },
    Deleted,
    Server,
}

impl From<&Who> for StoredWho {
    fn from(who: &Who) -> Self {
        match who {
            Who::User(Person { id, login, name }) => {
                Self::User { id: id.0, login: login.clone(), name: name.clone() }
            }
            Who::Deleted => Self::Deleted,
            Who::Server => Self::Server,
        }
    }
}

impl From<StoredWho> for Who {
    fn from(stored: StoredWho) -> Self {
        match stored {
            StoredWho::User { id, login, name } => {
                Self::User(Person { id: UserId(id), login, name })
            }
            StoredWho::Deleted => Self::Deleted,
            StoredWho::Server => Self::Server,
        }
    }
}

/// A part of a change. Appended to only: the order is part of the encoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step {
    /// A new message.
    Posted { seq: i64, message: StoredMessage },
    /// A new text of a message.
    Edited { seq: i64, message: StoredMessage },
    /// The content of a message was deleted: these files hung on it.
    Deleted { seq: i64, message: StoredMessage, media: Vec<i64>, pinned: bool },
    /// A reaction was added at the time of the change.
    Reacted { seq: i64, user: i64, reaction: String },
    /// A reaction was removed.
    Unreacted { seq: i64, user: i64, reaction: String },
    /// Name, settings or owner changed; the room is that of the change. `owner` is the one before.
    Updated { owner: Option<i64> },
    /// A message was pinned.
    Pinned { seq: i64, pin: StoredPin },
    /// A message was unpinned.
    Unpinned { seq: i64 },
    /// A participant was added, with their place in the order of joining.
    ParticipantAdded { user: i64, entered: i64, participant: StoredParticipant },
    /// A participant changed; an unchanged body only tells that a name or picture did.
    ParticipantChanged { user: i64, participant: StoredParticipant },
    /// A participant was removed or left.
    ParticipantRemoved { user: i64, login: String, name: String },
    /// The room was deleted.
    RoomDeleted,
    /// The message of the change is, from this time on, a reply in the thread that begins with
    /// `root`; or such a reply was deleted (`gone`).
    Threaded { seq: i64, root: i64, at: i64, gone: bool },
    /// From now on these users follow the thread that begins with `root`, unless they have chosen
    /// otherwise, and so does the author of a reply, with its seq.
    Followed { root: i64, users: Vec<i64>, author: Option<(i64, i64)> },
    /// How long messages are kept, or which ones have expired, changed; `after` is the newest one
    /// that had expired before.
    Retained { after: i64, retention: StoredRetention },
}

impl Step {
    /// Returns the message whose row it changes.
    pub(super) fn seq(&self) -> Option<Seq> {
        match self {
            Self::Posted { seq, .. }
            | Self::Edited { seq, .. }
            | Self::Deleted { seq, .. }
            | Self::Reacted { seq, .. }
            | Self::Unreacted { seq, .. } => Some(Seq(*seq)),
            Self::Updated { .. }
            | Self::Pinned { .. }
            | Self::Unpinned { .. }
            | Self::ParticipantAdded { .. }
            | Self::ParticipantChanged { .. }
            | Self::ParticipantRemoved { .. }
            | Self::RoomDeleted
            | Self::Threaded { .. }
            | Self::Followed { .. }
            | Self::Retained { .. } => None,
        }
    }
}
