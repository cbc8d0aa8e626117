//! Posts on their way to another server, and its answers: the form in which the bus carries them.
//!
//! A server only asks those that say that they know this form; a changed one is a new type with the
//! next version, and enums grow at their end only.

use serde::{Deserialize, Serialize};

use super::client_ids;
use super::orders::Order;
use super::stored::{Stored, StoredMedia};
use crate::model::{
    Media, MediaId, Message, Person, Rev, RoomId, Seq, SocketId, Timestamp, UserId, Who,
};
use crate::store::{Basis, Draft, Missing, Posted, StoreError};

/// Posts into one room, to be stored in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ForwardedPosts {
    pub(super) room: i64,
    pub(super) posts: Vec<ForwardedPost>,
}

impl Stored for ForwardedPosts {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ForwardedPost {
    basis: ForwardedBasis,
    author: i64,
    text: String,
    client_id: Option<String>,
    reply_to: Option<i64>,
    media: Vec<i64>,
    socket: Option<u64>,
    mentions: Vec<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ForwardedBasis {
    Member { user: i64, since: i64 },
    Facts(i64),
    Nobody,
}

/// What became of each post, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ForwardedAnswers {
    pub(super) answers: Vec<ForwardedAnswer>,
}

impl Stored for ForwardedAnswers {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ForwardedAnswer {
    /// It is stored.
    Posted(ForwardedMessage),
    /// Its client id had been used for this message.
    Repeated {
        seq: i64,
    },
    /// It was decided on something that has changed.
    Stale,
    NoParticipant,
    NoMessage,
    NoMedia,
    /// It is not stored, or that is not known.
    Open,
}

/// What whoever forwarded a post does not know of its message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ForwardedMessage {
    seq: i64,
    rev: i64,
    created: i64,
    login: String,
    name: String,
    media: Vec<StoredMedia>,
}

impl ForwardedPost {
    /// Returns the form of a post.
    pub(super) fn of(basis: Basis, draft: &Draft) -> Self {
        Self {
            basis: match basis {
                Basis::Member { user, since } => {
                    ForwardedBasis::Member { user: user.0, since: since.0 }
                }
                Basis::Facts(rev) => ForwardedBasis::Facts(rev.0),
                Basis::Nobody => ForwardedBasis::Nobody,
            },
            author: draft.author.0,
            text: draft.text.clone(),
            client_id: draft.client_id.clone(),
            reply_to: draft.reply_to.map(|seq| seq.0),
            media: draft.media.iter().map(|media| media.0).collect(),
            socket: draft.socket.map(|socket| socket.0),
            mentions: draft.mentions.clone(),
        }
    }

    /// Returns the order to store it.
    pub(super) fn order(self) -> Order {
        let basis = match self.basis {
            ForwardedBasis::Member { user, since } => {
                Basis::Member { user: UserId(user), since: Rev(since) }
            }
            ForwardedBasis::Facts(rev) => Basis::Facts(Rev(rev)),
            ForwardedBasis::Nobody => Basis::Nobody,
        };
        let draft = Draft {
            author: UserId(self.author),
            text: self.text,
            client_id: self.client_id,
            reply_to: self.reply_to.map(Seq),
            media: self.media.into_iter().map(MediaId).collect(),
            socket: self.socket.map(SocketId),
            mentions: self.mentions,
        };
        Order::Post { basis, draft }
    }
}

impl ForwardedAnswer {
    /// Returns the form of an answer.
    pub(super) fn of(answer: Result<Posted, StoreError>) -> Self {
        match answer {
            Ok(Posted { message, repeated: true }) => Self::Repeated { seq: message.seq.0 },
            Ok(Posted { message, repeated: false }) => Self::posted(message),
            Err(StoreError::Stale) => Self::Stale,
            Err(StoreError::NotFound(Missing::Participant)) => Self::NoParticipant,
            Err(StoreError::NotFound(Missing::Message)) => Self::NoMessage,
            Err(StoreError::NotFound(Missing::Media)) => Self::NoMedia,
            Err(_) => Self::Open,
        }
    }

    fn posted(message: Message) -> Self {
        let (seq, rev, created) = (message.seq.0, message.rev.0, message.created.0);
        match message.author {
            Who::User(Person { login, name, .. }) => {
                let media = message.media.into_iter().map(StoredMedia::from).collect();
                Self::Posted(ForwardedMessage { seq, rev, created, login, name, media })
            }
            // Its author was deleted meanwhile: whoever wants to know reads it.
            Who::Deleted | Who::Server => Self::Repeated { seq },
        }
    }
}

impl ForwardedMessage {
    /// Returns the rev with which it was posted.
    pub(super) fn rev(&self) -> Rev {
        Rev(self.rev)
    }

    /// Returns the message that was stored of this draft.
    pub(super) fn message(self, room: RoomId, draft: &Draft) -> Message {
        Message {
            room,
            seq: Seq(self.seq),
            rev: Rev(self.rev),
            author: Who::User(Person { id: draft.author, login: self.login, name: self.name }),
            text: draft.text.clone(),
            created: Timestamp(self.created),
            edited: None,
            deleted: None,
            reply_to: draft.reply_to,
            thread: None,
            client_id: client_ids::shown(draft.client_id.clone()),
            reactions: Vec::new(),
            media: self.media.into_iter().map(Media::from).collect(),
        }
    }
}
