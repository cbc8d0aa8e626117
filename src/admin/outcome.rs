//! Replies of a command while it runs, and its failure.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::model::Error;
use crate::s3;
use crate::store::StoreError;

/// Number of replies queued for the reader.
const QUEUE: usize = 64;

/// A reply of a running command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// An item of a list, or the single result.
    Item(Value),
    /// Progress of long work.
    Progress {
        /// Completed units.
        done: u64,
        /// Total units; 0 if unknown.
        total: u64,
    },
    /// Part of a file.
    Bytes(Bytes),
}

/// Receives the replies of a command. When the reader is gone, sending fails and the command ends.
#[derive(Clone)]
pub struct Output(mpsc::Sender<Reply>);

impl Output {
    /// An output and the receiver of its replies.
    pub fn new() -> (Self, mpsc::Receiver<Reply>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), receiver)
    }

    /// Sends an item.
    pub async fn item(&self, value: impl Serialize) -> Result<(), Failure> {
        let value =
            serde_json::to_value(value).map_err(|error| Failure::failed(error.to_string()))?;
        self.send(Reply::Item(value)).await
    }

    /// Sends progress.
    pub async fn progress(&self, done: u64, total: u64) -> Result<(), Failure> {
        self.send(Reply::Progress { done, total }).await
    }

    /// Sends a part of a file.
    pub async fn bytes(&self, bytes: Bytes) -> Result<(), Failure> {
        self.send(Reply::Bytes(bytes)).await
    }

    /// Whether the reader is gone.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Completes when the reader is gone.
    pub async fn closed(&self) {
        self.0.closed().await;
    }

    async fn send(&self, reply: Reply) -> Result<(), Failure> {
        self.0.send(reply).await.map_err(|_| Failure::new(Kind::Interrupted, "interrupted"))
    }
}

/// Kinds of failures; each has an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The command failed.
    Failed,
    /// Invalid arguments or configuration.
    Usage,
    /// The named object does not exist.
    NotFound,
    /// Existing data or another process is in the way.
    Conflict,
    /// The server does not answer.
    Unreachable,
    /// A check found problems.
    Problems,
    /// Not permitted, by the system or by a rule of the chat.
    NotPermitted,
    /// Interrupted by the caller.
    Interrupted,
}

impl Kind {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Conflict => 4,
            Self::Unreachable => 5,
            Self::Problems => 6,
            Self::NotPermitted => 7,
            Self::Interrupted => 130,
        }
    }
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The kind, which determines the exit code.
    #[serde(rename = "error")]
    pub kind: Kind,
    /// Explanation for people.
    pub message: String,
}

impl Failure {
    /// The failure that an error of a reader or writer carries, or else a failed system call.
    pub fn from_io(what: &str, error: std::io::Error) -> Self {
        error.downcast().unwrap_or_else(|error| Self::io(what, &error))
    }

    /// The same failure, after what was done already.
    #[must_use]
    pub fn after(self, done: &str) -> Self {
        Self { message: format!("{done}: {}", self.message), ..self }
    }

    /// A failure of the given kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// A failure of kind `Failed`.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// A failure of kind `Usage`.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A failure of kind `NotFound`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }
}

impl Failure {
    /// A failure of kind `Conflict`.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// A failed system call; the kind follows from the error.
    pub fn io(what: &str, error: &std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Kind::NotPermitted
            }
            std::io::ErrorKind::NotFound => Kind::NotFound,
            _ => Kind::Failed,
        };
        Self::new(kind, format!("{what}: {error}"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::UserNotFound
            | Error::RoomNotFound
            | Error::MessageNotFound
            | Error::ParticipantNotFound
            | Error::SessionNotFound
            | Error::MediaNotFound
            | Error::EmojiNotFound
            | Error::CommandNotFound
            | Error::NotFound => Kind::NotFound,
            Error::Taken(_) => Kind::Conflict,
            Error::Malformed(_) | Error::Invalid { .. } | Error::Empty(_) | Error::TooLong(..) => {
                Kind::Usage
            }
            Error::Forbidden | Error::Archived | Error::ReadOnly | Error::LocalLoginOff => {
                Kind::NotPermitted
            }
            _ => Kind::Failed,
        };
        let message = match error {
            Error::Archived => "not possible: the room is archived; unarchive it first (chatctl \
                                room unarchive ROOM)"
                .to_owned(),
            // An operator may do everything, so only a rule of the chat can forbid it.
            Error::Forbidden => "not possible: the room would lose its last admin; make another \
                                 member admin first (chatctl room role ROOM NAME admin)"
                .to_owned(),
            other => other.to_string(),
        };
        Self { kind, message }
    }
}

impl From<s3::Fault> for Failure {
    fn from(fault: s3::Fault) -> Self {
        let kind = match fault.kind {
            s3::Kind::Usage => Kind::Usage,
            s3::Kind::NotFound => Kind::NotFound,
            s3::Kind::NotPermitted => Kind::NotPermitted,
            s3::Kind::Conflict => Kind::Conflict,
            s3::Kind::Unreachable => Kind::Unreachable,
            s3::Kind::Failed => Kind::Failed,
        };
        Self::new(kind, fault.message)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}
