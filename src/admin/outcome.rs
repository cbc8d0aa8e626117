//! What a command says while it runs, and how it ends.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::model::Error;
use crate::store::StoreError;

/// Replies that may wait for whoever reads them.
const QUEUE: usize = 64;

/// What is said on the way.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// One thing of a list, or the one thing that was asked for.
    Item(Value),
    /// How far long work has come.
    Progress {
        /// So much is done …
        done: u64,
        /// … of so much; 0: not known.
        total: u64,
    },
    /// A part of a file.
    Bytes(Bytes),
}

/// Where a command says it. When nobody reads any more, the command ends.
#[derive(Clone)]
pub struct Output(mpsc::Sender<Reply>);

impl Output {
    /// An output and what comes out of it.
    pub fn new() -> (Self, mpsc::Receiver<Reply>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), receiver)
    }

    /// One thing.
    pub async fn item(&self, value: impl Serialize) -> Result<(), Failure> {
        let value =
            serde_json::to_value(value).map_err(|error| Failure::failed(error.to_string()))?;
        self.say(Reply::Item(value)).await
    }

    /// How far it is.
    pub async fn progress(&self, done: u64, total: u64) -> Result<(), Failure> {
        self.say(Reply::Progress { done, total }).await
    }

    /// A part of a file.
    pub async fn bytes(&self, bytes: Bytes) -> Result<(), Failure> {
        self.say(Reply::Bytes(bytes)).await
    }

    /// Ends when nobody reads any more.
    pub async fn closed(&self) {
        self.0.closed().await;
    }

    async fn say(&self, reply: Reply) -> Result<(), Failure> {
        self.0.send(reply).await.map_err(|_| Failure::new(Kind::Interrupted, "interrupted"))
    }
}

/// The kinds of failures, which are the exit codes of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It could not be done.
    Failed,
    /// It was asked for wrongly.
    Usage,
    /// What it is about is not there.
    NotFound,
    /// Something is in the way.
    Conflict,
    /// The server does not answer.
    Unreachable,
    /// A check has found something.
    Problems,
    /// Not allowed.
    NotPermitted,
    /// By whoever asked.
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

/// Why a command did not do it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind.
    #[serde(rename = "error")]
    pub kind: Kind,
    /// For people.
    pub message: String,
}

impl Failure {
    /// A failure of a kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// It could not be done.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// It was asked for wrongly.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// What it is about is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }
}

impl Failure {
    /// Something is in the way.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// The system's word on something that was tried.
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
            | Error::NotFound => Kind::NotFound,
            Error::Taken(_) => Kind::Conflict,
            Error::Malformed(_) | Error::Invalid { .. } | Error::Empty(_) | Error::TooLong(..) => {
                Kind::Usage
            }
            Error::Forbidden | Error::Archived | Error::ReadOnly => Kind::NotPermitted,
            _ => Kind::Failed,
        };
        let message = match error {
            Error::Archived => "not possible: the room is archived; bring it back first (chatctl \
                                room unarchive ROOM)"
                .to_owned(),
            // Who may do everything is refused only by what must not be.
            Error::Forbidden => "not possible: a room keeps its last admin; give somebody else \
                                 the role first (chatctl room role ROOM NAME admin)"
                .to_owned(),
            other => other.to_string(),
        };
        Self { kind, message }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}
