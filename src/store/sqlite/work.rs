//! What an operation holds in its hands inside the writer's transaction, and how it waits for its
//! turn.

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::counters::{Counters, Touch};
use super::error::Fault;
use crate::model::{Event, Timestamp};
use crate::store::StoreError;

/// An open transaction of the writer.
pub(super) struct Work<'w> {
    /// The writer's connection.
    pub(super) conn: &'w Connection,
    /// What posting remembers of rooms; other operations find the rows up to date.
    pub(super) counters: &'w mut Counters,
    /// When the operation runs.
    pub(super) now: Timestamp,
    /// What goes out when the transaction is durable.
    pub(super) events: &'w mut Vec<Event>,
    /// Whether a job was added.
    pub(super) promised: bool,
}

impl Work<'_> {
    /// Says what has happened, to go out with the commit.
    pub(super) fn emit(&mut self, event: Event) {
        self.events.push(event);
    }
}

/// Something that waits for the writer.
pub(super) trait Task: Send {
    /// Does it; may be called again after a rollback. Err: something was written and must be taken
    /// back.
    fn run(&mut self, work: &mut Work<'_>) -> rusqlite::Result<()>;
    /// Answers: with what came of it, or that it failed.
    fn answer(self: Box<Self>, failed: Option<StoreError>);
}

/// An operation with its answer.
pub(super) struct Operation<F, T> {
    act: F,
    touch: Touch,
    outcome: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Operation<F, T>
where
    F: FnMut(&mut Work<'_>) -> Result<T, Fault> + Send,
    T: Send,
{
    pub(super) fn new(touch: Touch, act: F) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (answer, answered) = oneshot::channel();
        (Self { act, touch, outcome: None, answer }, answered)
    }
}

impl<F, T> Task for Operation<F, T>
where
    F: FnMut(&mut Work<'_>) -> Result<T, Fault> + Send,
    T: Send,
{
    fn run(&mut self, work: &mut Work<'_>) -> rusqlite::Result<()> {
        work.counters.make_way(work.conn, self.touch)?;
        let said = work.events.len();
        match (self.act)(work) {
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
        // A refusal counts no more than a success then: it may rest on what the same batch had
        // written.
        let outcome = match failed {
            Some(why) => Err(why),
            None => self.outcome.unwrap_or(Err(StoreError::Unavailable)),
        };
        // Whoever asked may have gone; then nobody needs the answer.
        drop(self.answer.send(outcome));
    }
}
