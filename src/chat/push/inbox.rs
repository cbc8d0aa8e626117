//! New messages of this server on their way to devices, and what became of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::counter;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::model::{Change, Event, MessageId, UserId, Who};

/// Maximum number of messages that wait. While there are more, they notify nobody: a server that is
/// flooded must not wait for push services.
const QUEUE: usize = 4_096;

/// A message that was posted on this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Post {
    pub(super) id: MessageId,
    pub(super) author: UserId,
}

/// Takes note of the messages that this server commits. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct PushInbox(Arc<Inner>);

struct Inner {
    posts: Sender<Post>,
    waiting: Mutex<Receiver<Post>>,
    sent: AtomicU64,
    failed: AtomicU64,
    gone: AtomicU64,
}

/// What became of notifications since the server was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushNumbers {
    /// Accepted by a push service.
    pub sent: u64,
    /// Given up, or dropped since too many waited.
    pub failed: u64,
    /// Subscriptions that push services no longer knew.
    pub gone: u64,
}

/// What became of one notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Sent,
    Failed,
    Gone,
    Dropped,
}

impl Default for PushInbox {
    fn default() -> Self {
        let (posts, waiting) = mpsc::channel(QUEUE);
        let zero = AtomicU64::default;
        let waiting = Mutex::new(waiting);
        Self(Arc::new(Inner { posts, waiting, sent: zero(), failed: zero(), gone: zero() }))
    }
}

impl PushInbox {
    /// Takes note of an event that this server has committed. Never waits.
    pub fn committed(&self, event: &Event) {
        let Event::Room(step) = event else { return };
        for change in &step.changes {
            let Change::Posted(message) = change else { continue };
            let Who::User(author) = &message.author else { continue };
            let post = Post { id: message.id(), author: author.id };
            if self.0.posts.try_send(post).is_err() {
                self.count(Fate::Dropped);
            }
        }
    }

    /// Returns the messages that wait, to one caller at a time.
    pub(super) async fn waiting(&self) -> tokio::sync::MutexGuard<'_, Receiver<Post>> {
        self.0.waiting.lock().await
    }

    pub(super) fn count(&self, fate: Fate) {
        let (label, number) = match fate {
            Fate::Sent => ("sent", &self.0.sent),
            Fate::Failed => ("failed", &self.0.failed),
            Fate::Gone => ("gone", &self.0.gone),
            Fate::Dropped => ("dropped", &self.0.failed),
        };
        counter!("chatctl_push_notifications_total", "result" => label).increment(1);
        number.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns what became of notifications since the server was started.
    pub fn numbers(&self) -> PushNumbers {
        let of = |number: &AtomicU64| number.load(Ordering::Relaxed);
        PushNumbers { sent: of(&self.0.sent), failed: of(&self.0.failed), gone: of(&self.0.gone) }
    }
}
