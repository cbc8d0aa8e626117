//! Orders to change a room, and what is decided of them.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::figures::Waits;
use super::logged::StoredChange;
use crate::model::{Attribution, AuditNote, Change, Event, Message, Rev, Seq, UserId, Who};
use crate::store::cluster::Cluster;
use crate::store::cluster::claims::{self, Claimed, Kind};
use crate::store::{Basis, Committed, Draft, MessageChange, Posted, RoomChange, StoreError, Whose};

/// A requested change.
pub(super) enum Order {
    Post {
        basis: Basis,
        draft: Draft,
    },
    Message {
        seq: Seq,
        basis: Basis,
        by: Option<UserId>,
        whose: Whose,
        change: MessageChange,
    },
    Room {
        basis: Basis,
        by: Option<UserId>,
        change: RoomChange,
    },
    /// Steps planned for the facts of this rev, when the room had `rev`.
    Planned {
        facts_rev: Rev,
        rev: Rev,
        by: Who,
        changes: Vec<Change>,
    },
}

impl Order {
    /// Returns how much text it has.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Post { draft, .. } => draft.text.len(),
            Self::Message { change: MessageChange::Edit { text, .. }, .. } => text.len(),
            Self::Message { .. } | Self::Room { .. } | Self::Planned { .. } => 0,
        }
    }

    /// Returns whether it changes facts, and so is a commit of its own.
    pub(super) fn is_alone(&self) -> bool {
        matches!(self, Self::Room { .. } | Self::Planned { .. })
    }
}

/// The answer to an order.
pub(super) enum Answer {
    Posted(Box<Posted>),
    Committed(Committed),
}

/// An order with its reply channel.
pub(super) struct Waiting {
    pub(super) order: Order,
    pub(super) attribution: Option<Arc<Attribution>>,
    pub(super) answer: oneshot::Sender<Result<Answer, StoreError>>,
    /// Another server was asked to write it when this was the newest message known here, and may
    /// have done so.
    pub(super) elsewhere: Option<Seq>,
    /// Another server forwarded it, and waits until then.
    pub(super) until: Option<Instant>,
    /// Counts it as waiting.
    pub(super) waits: Waits,
}

impl Waiting {
    /// Returns whether another server may be asked to write it.
    pub(super) fn may_be_forwarded(&self) -> bool {
        let asked = self.elsewhere.is_some() || self.until.is_some();
        !asked && matches!(self.order, Order::Post { .. })
    }

    /// Returns whether nobody waits for it any more: whoever forwarded it writes it.
    pub(super) fn is_given_up(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    /// Sends the answer. What another server may have done, or may still do, is not refused for
    /// good; only a basis that has changed never holds again.
    pub(super) fn answer(self, answer: Result<Answer, StoreError>) {
        let answer = match answer {
            Err(error) if self.elsewhere.is_some() && error != StoreError::Stale => {
                Err(StoreError::Unknown)
            }
            answer => answer,
        };
        // No longer counted when the caller looks.
        drop(self.waits);
        // The caller may have disconnected.
        drop(self.answer.send(answer));
    }
}

/// A decided order; it counts once the changes of its batch are committed.
pub(super) enum Ready {
    Posted(Box<Message>),
    /// The message that has the client id already; not `repeated`: another server has posted it for
    /// this order.
    Known {
        seq: Seq,
        repeated: bool,
    },
    Committed(Committed),
}

/// What is decided of a batch.
#[derive(Default)]
pub(super) struct Decided {
    /// Results of the first orders; those after them must be decided later.
    pub(super) done: Vec<Done>,
    /// Changes with consecutive revs, none: nothing is committed.
    pub(super) changes: Vec<StoredChange>,
    /// Events of the changes, in their order.
    pub(super) events: Vec<Event>,
}

/// What is done with an order once the commit has happened.
pub(super) struct Done {
    pub(super) ready: Result<Ready, StoreError>,
    /// For the audit log.
    pub(super) note: Option<AuditNote>,
    /// Names that the room no longer has.
    pub(super) release: Vec<Release>,
}

impl From<Result<Ready, StoreError>> for Done {
    fn from(ready: Result<Ready, StoreError>) -> Self {
        Self { ready, note: None, release: Vec::new() }
    }
}

/// A name that a room no longer has.
pub(super) struct Release {
    /// Folded name.
    pub(super) key: String,
    /// The claim, which may be made again meanwhile: then the room has the name again.
    pub(super) claimed: Claimed,
}

impl Release {
    /// Releases the name. If that fails, the next one who wants it finds out.
    pub(super) async fn release(self, at: &Cluster) {
        let released = claims::release_as(at, Kind::PublicRoom, &self.key, self.claimed).await;
        if let Err(error) = released {
            tracing::warn!(%error, room = self.claimed.holder, "The old name of a room is still claimed");
        }
    }
}
