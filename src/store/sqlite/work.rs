//! The context of an operation inside the writer's transaction, and its place in the queue.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::counters::{Counters, Touch};
use super::error::Fault;
use super::versions::Touched;
use crate::model::{Attribution, Event, Timestamp};
use crate::store::StoreError;

/// An open transaction of the writer.
pub(super) struct Work<'w> {
    /// Connection of the writer.
    pub(super) conn: &'w Connection,
    /// Counters of posting; for other operations the rows are up to date.
    pub(super) counters: &'w mut Counters,
    /// The rooms whose versions change with the commit.
    pub(super) touched: &'w mut Touched,
    /// Time of the operation.
    pub(super) now: Timestamp,
    /// Events emitted once the transaction is durable.
    pub(super) events: &'w mut Vec<Event>,
    /// Whether a job was added.
    pub(super) promised: bool,
    /// To whom the operation is attributed in the audit log.
    pub(super) attribution: Option<Arc<Attribution>>,
    /// How long entries of the audit log are kept; None: for ever.
    pub(super) audit_for: Option<Duration>,
}

impl Work<'_> {
    /// Prepares for an operation that changes this.
    pub(super) fn touch(&mut self, touch: Touch) -> rusqlite::Result<()> {
        self.touched.add(touch);
        self.counters.make_way(self.conn, touch)
    }

    /// Adds an event to be emitted with the commit.
    pub(super) fn emit(&mut self, event: Event) {
        self.events.push(event);
    }
}

/// Work queued for the writer.
pub(super) trait Task: Send {
    /// Executes it; may be called again after a rollback. Err: something was written and must be
    /// rolled back.
    fn run(&mut self, work: &mut Work<'_>) -> rusqlite::Result<()>;
    /// Sends the result, or the failure.
    fn answer(self: Box<Self>, failed: Option<StoreError>);
}

/// An operation with its reply channel.
pub(super) struct Operation<F, T> {
    act: F,
    touch: Touch,
    attribution: Option<Arc<Attribution>>,
    outcome: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Operation<F, T>
where
    F: FnMut(&mut Work<'_>) -> Result<T, Fault> + Send,
    T: Send,
{
    pub(super) fn new(
        touch: Touch,
        attribution: Option<Arc<Attribution>>,
        act: F,
    ) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (answer, answered) = oneshot::channel();
        (Self { act, touch, attribution, outcome: None, answer }, answered)
    }
}

impl<F, T> Task for Operation<F, T>
where
    F: FnMut(&mut Work<'_>) -> Result<T, Fault> + Send,
    T: Send,
{
    fn run(&mut self, work: &mut Work<'_>) -> rusqlite::Result<()> {
        work.touch(self.touch)?;
        let said = work.events.len();
        work.attribution.clone_from(&self.attribution);
        let done = (self.act)(work);
        work.attribution = None;
        match done {
            Ok(value) => self.outcome = Some(Ok(value)),
            Err(Fault::Refused(why)) => {
                work.events.truncate(said);
                self.outcome = Some(Err(why));
            }
            Err(Fault::Sql(error)) => return Err(error),
        }
        #[cfg(debug_assertions)]
        work.counters.check(work.conn)?;
        Ok(())
    }

    fn answer(self: Box<Self>, failed: Option<StoreError>) {
        // In this case a refusal does not count either: it may depend on writes of the same batch.
        let outcome = match failed {
            Some(why) => Err(why),
            None => self.outcome.unwrap_or(Err(StoreError::Unavailable)),
        };
        // The caller may have disconnected, so that nobody needs the result.
        drop(self.answer.send(outcome));
    }
}
