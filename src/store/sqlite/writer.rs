//! The writer thread: it takes everything queued, commits once, emits the events, and only then
//! replies.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use metrics::{Gauge, Histogram, gauge, histogram};
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::counters::Counters;
use super::counters::Touch;
use super::error::{Cause, commit_failed, unchanged};
use super::health::Health;
use super::marks::{MarkOrder, Marks};
use super::search::Waker;
use super::versions::{Touched, Versions};
use super::work::{Task, Work};
use super::{job_orders, jobs, wal};
use crate::model::{Event, EventSink, Timestamp};
use crate::store::StoreError;
use crate::store::seldom::Seldom;

/// Maximum number of operations per commit; more would only delay the first.
const MAX_BATCH: usize = 1_000;
/// Maximum number of commits between steps of a job, however busy the writer is.
const COMMITS_PER_STEP: u32 = 16;
/// Time to rest after a failed job.
const JOB_REST: Duration = Duration::from_secs(5);
/// Interval of test commits while commits fail.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// Always writes a page: SQLite does not write a value that is unchanged.
pub(super) const PROBE: &str = "INSERT INTO settings (key, value) VALUES ('probed', \
                                randomblob(8)) ON CONFLICT (key) DO UPDATE SET value = \
                                excluded.value";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[PROBE];

/// A place in the queue of the writer, kept until the task has been answered.
type Place = OwnedSemaphorePermit;

/// An order for the writer.
pub(super) enum Order {
    /// Executes a task.
    Task(Box<dyn Task>, Place),
    /// Moves a read mark, with the next commit or a little later.
    Mark(MarkOrder, Place),
    /// Finishes earlier orders and ends.
    Close(oneshot::Sender<()>),
}

/// State of the writer.
pub(super) struct Writer {
    conn: Connection,
    path: PathBuf,
    sink: EventSink,
    search: Option<Waker>,
    measured: Measured,
    counters: Counters,
    versions: Arc<Versions>,
    marks: Marks,
    commits: u32,
    /// Places of the tasks in hand.
    held: Vec<Place>,
    health: Arc<Health>,
    probe_at: Instant,
    jobs_from: Option<Instant>,
    /// When to remove old entries; None: never, since the process only wants to read.
    prune_at: Option<Instant>,
    audit_for: Option<Duration>,
}

/// Metrics of the writer.
struct Measured {
    operations: Histogram,
    seconds: Histogram,
    waiting: Gauge,
    places: Arc<Semaphore>,
}

impl Measured {
    fn new(places: Arc<Semaphore>) -> Self {
        Self {
            operations: histogram!("chatctl_commit_operations"),
            seconds: histogram!("chatctl_commit_seconds"),
            waiting: gauge!("chatctl_store_queue"),
            places,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "batches are small")]
    fn batch(&self, operations: usize) {
        self.operations.record(operations as f64);
    }

    #[expect(clippy::cast_precision_loss, reason = "queues are short")]
    fn queue(&self) {
        self.waiting.set(super::QUEUE.saturating_sub(self.places.available_permits()) as f64);
    }
}

/// Why a batch failed.
enum Failed {
    /// Before any operation: the database is locked by another program, or cannot be read.
    Begin(rusqlite::Error),
    /// In an operation; the others can be retried without it.
    Body(rusqlite::Error),
    /// An operation panicked.
    Panic,
    /// During the commit.
    Commit(rusqlite::Error),
}

/// Dependencies of a writer.
pub(super) struct Tools {
    /// Its connection.
    pub(super) conn: Connection,
    /// Path of the file.
    pub(super) path: PathBuf,
    /// Receives committed events.
    pub(super) sink: EventSink,
    /// Notified of commits.
    pub(super) search: Option<Waker>,
    /// Places in its queue.
    pub(super) places: Arc<Semaphore>,
    /// Receives the results of commits.
    pub(super) health: Arc<Health>,
    /// Receives the rooms that commits change.
    pub(super) versions: Arc<Versions>,
    /// Whether to execute jobs.
    pub(super) jobs: bool,
    /// How long entries of the audit log are kept; None: for ever.
    pub(super) audit_for: Option<Duration>,
}

impl Writer {
    pub(super) fn new(tools: Tools) -> Self {
        let now = Instant::now();
        let from = tools.jobs.then_some(now);
        Self {
            conn: tools.conn,
            path: tools.path,
            sink: tools.sink,
            search: tools.search,
            measured: Measured::new(tools.places),
            counters: Counters::default(),
            versions: tools.versions,
            marks: Marks::default(),
            commits: 0,
            held: Vec::new(),
            health: tools.health,
            probe_at: now,
            jobs_from: from,
            prune_at: from,
            audit_for: tools.audit_for,
        }
    }

    /// Runs until it is closed or all senders are dropped.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        let mut closing = None;
        while closing.is_none() {
            let Ok(first) = self.next(orders) else { break };
            let idle = first.is_none();
            let mut batch = Vec::new();
            closing = first.and_then(|order| self.take(order, &mut batch));
            while closing.is_none() && batch.len() < MAX_BATCH {
                match orders.try_recv() {
                    Ok(order) => closing = self.take(order, &mut batch),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            }
            if !batch.is_empty() || self.marks.due() {
                self.commit(batch);
            }
            if closing.is_none() {
                self.work_on(idle);
            }
        }
        self.commit(Vec::new());
        for late in orders.try_iter() {
            refuse(late);
        }
        wal::finish(&self.conn);
        drop(self.conn);
        if let Some(closed) = closing {
            // The caller may not be waiting.
            closed.send(()).unwrap_or(());
        }
    }

    /// Returns the next order; None if something else is due first.
    fn next(&mut self, orders: &Receiver<Order>) -> Result<Option<Order>, RecvTimeoutError> {
        let probe = self.health.commits_fail().then_some(self.probe_at);
        let wake = [self.marks.deadline(), self.jobs_from, self.prune_at, probe]
            .into_iter()
            .flatten()
            .min();
        let wait = wake.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()));
        match orders.recv_timeout(wait) {
            Ok(order) => Ok(Some(order)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(gone) => Err(gone),
        }
    }

    fn take(
        &mut self,
        order: Order,
        batch: &mut Vec<Box<dyn Task>>,
    ) -> Option<oneshot::Sender<()>> {
        match order {
            Order::Task(task, place) => {
                batch.push(task);
                self.held.push(place);
            }
            Order::Mark(mark, _place) => self.marks.add(mark),
            Order::Close(closed) => return Some(closed),
        }
        None
    }

    /// Commits these tasks and the waiting read marks; a failing task is separated from the others.
    fn commit(&mut self, mut batch: Vec<Box<dyn Task>>) {
        batch.extend(self.marks.take().map(|marks| Box::new(marks) as Box<dyn Task>));
        self.measured.batch(batch.len());
        self.measured.queue();
        self.commit_parts(batch);
        self.held.clear();
        self.measured.queue();
    }

    fn commit_parts(&mut self, batch: Vec<Box<dyn Task>>) {
        if !batch.is_empty() && !self.health.in_place() {
            self.refuse_all(batch);
            return;
        }
        let mut parts = VecDeque::from([batch]);
        while let Some(mut part) = parts.pop_front() {
            if part.is_empty() {
                continue;
            }
            let failed =
                match self.attempt(|work| part.iter_mut().try_for_each(|task| task.run(work))) {
                    Ok(()) => None,
                    Err(Failed::Commit(error)) => Some(commit_failed(&error)),
                    Err(Failed::Body(_) | Failed::Panic) if part.len() > 1 => {
                        parts.extend(part.into_iter().map(|task| vec![task]));
                        continue;
                    }
                    // Each part would wait for the lock again.
                    Err(Failed::Begin(error) | Failed::Body(error)) => Some(unchanged(&error)),
                    Err(Failed::Panic) => Some(StoreError::Unavailable),
                };
            for task in part {
                task.answer(failed.clone());
            }
        }
        self.commits = self.commits.wrapping_add(1);
        wal::keep_small(&self.conn, &self.path, self.commits);
    }

    /// Refuses a batch whose changes would be lost with the process.
    fn refuse_all(&self, batch: Vec<Box<dyn Task>>) {
        static SAID: Seldom = Seldom::new();
        if let Some(before) = SAID.now() {
            tracing::error!(
                store.before = before,
                "{} or its write-ahead log was removed or replaced while the server runs: \
                 nothing is stored until the original file is back",
                self.path.display()
            );
        }
        for task in batch {
            task.answer(Some(Cause::Replaced.count()));
        }
    }

    /// Executes one transaction: all of it and its events, or nothing.
    fn attempt(
        &mut self,
        body: impl FnOnce(&mut Work<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), Failed> {
        let mut events: Vec<Event> = Vec::new();
        let (conn, counters) = (&self.conn, &mut self.counters);
        let audit_for = self.audit_for;
        let mut touched = Touched::default();
        let mut promised = false;
        let began = Instant::now();
        let before = conn.total_changes();
        let mut in_transaction = false;
        let ran = catch_unwind(AssertUnwindSafe(|| {
            conn.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
            in_transaction = true;
            let mut work = Work {
                conn,
                counters,
                touched: &mut touched,
                now: Timestamp::now(),
                events: &mut events,
                promised: false,
                attribution: None,
                audit_for,
            };
            body(&mut work)?;
            promised = work.promised;
            counters.write(conn)
        }));
        let failed = match ran {
            Ok(Ok(())) => match commit(conn, &self.versions, &touched) {
                Ok(()) => {
                    self.measured.seconds.record(began.elapsed());
                    if self.conn.total_changes() != before && self.health.wrote() {
                        tracing::info!("The database can be written again.");
                    }
                    if promised && self.prune_at.is_some() {
                        self.jobs_from = Some(Instant::now());
                    }
                    self.publish(events);
                    return Ok(());
                }
                Err(error) => Failed::Commit(error),
            },
            Ok(Err(error)) if !in_transaction => Failed::Begin(error),
            Ok(Err(error)) => Failed::Body(error),
            Err(_) => {
                tracing::error!("An operation of the store panicked and was rolled back");
                Failed::Panic
            }
        };
        if let Failed::Begin(error) | Failed::Body(error) | Failed::Commit(error) = &failed {
            self.health.failed(error);
            self.probe_at = Instant::now() + PROBE_EVERY;
        }
        self.counters.forget();
        // Some errors have already rolled back.
        if !self.conn.is_autocommit()
            && let Err(error) = self.conn.execute_batch("ROLLBACK")
        {
            tracing::error!(store.error = %error, "The database could not roll back");
        }
        Err(failed)
    }

    /// Hands on the events of a commit.
    fn publish(&self, events: Vec<Event>) {
        for event in events {
            // Waits while the dispatcher lags behind.
            drop(self.sink.blocking_send(event));
        }
        if let Some(search) = &self.search {
            search.wake();
        }
    }

    /// Executes one step of a job, if nothing else waits or the job has waited long.
    fn work_on(&mut self, idle: bool) {
        let now = Instant::now();
        if self.health.commits_fail() && now >= self.probe_at {
            // The result is recorded for those who ask.
            drop(self.attempt(|work| work.conn.prepare_cached(PROBE)?.execute(()).map(drop)));
        }
        if self.prune_at.is_some_and(|at| now >= at) {
            self.prune_at = Some(now + jobs::PRUNE_EVERY);
            self.jobs_from = Some(now);
            if self.attempt(|work| job_orders::order_prune(work.conn)).is_err() {
                tracing::error!("Old entries cannot be removed");
            }
        }
        if self.jobs_from.is_none_or(|from| from > now)
            || !(idle || self.commits.is_multiple_of(COMMITS_PER_STEP))
        {
            return;
        }
        let mut more = false;
        let step = self.attempt(|work| {
            work.touch(Touch::Much)?;
            more = jobs::step(work)?;
            Ok(())
        });
        self.health.stepped(step.is_ok());
        self.jobs_from = match step {
            Ok(()) => more.then_some(now),
            Err(failed) => {
                static SAID: Seldom = Seldom::new();
                if let Failed::Begin(error) | Failed::Body(error) | Failed::Commit(error) = failed
                    && let Some(before) = SAID.now()
                {
                    tracing::error!(store.error = %error, store.before = before, "A job of the \
                                                                                  store waits, its \
                                                                                  step failed");
                }
                Some(now + JOB_REST)
            }
        };
    }
}

/// Commits the open transaction; with it, the rooms it changed have new versions.
fn commit(conn: &Connection, versions: &Versions, touched: &Touched) -> rusqlite::Result<()> {
    let _changing = versions.change(touched);
    conn.prepare_cached("COMMIT")?.execute(()).map(drop)
}

fn refuse(order: Order) {
    match order {
        Order::Task(task, _place) => task.answer(Some(StoreError::Unavailable)),
        Order::Mark(mark, _place) => mark.refuse(),
        // Closed twice: the first close has finished everything.
        Order::Close(closed) => closed.send(()).unwrap_or(()),
    }
}
