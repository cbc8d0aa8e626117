//! The one thread that writes: it takes all that waits, commits once, hands on the events, and only then answers.

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
use super::error::{commit_failed, unavailable};
use super::marks::{MarkOrder, Marks};
use super::search::Waker;
use super::work::{Task, Touch, Work};
use super::{jobs, wal};
use crate::model::{Event, EventSink, Timestamp};
use crate::store::StoreError;

/// More in one commit gains nothing and makes the first wait.
const MAX_BATCH: usize = 1_000;
/// A job moves on at latest after so many commits, however busy the writer is.
const COMMITS_PER_STEP: u32 = 16;
/// How long jobs rest after one has failed.
const JOB_REST: Duration = Duration::from_secs(5);

/// What is sent to the writer. The permit is the place in the queue.
pub(super) enum Order {
    /// Do this.
    Task(Box<dyn Task>, OwnedSemaphorePermit),
    /// Move a read mark, with the next commit or a little later.
    Mark(MarkOrder, OwnedSemaphorePermit),
    /// Finish what was ordered before, and end.
    Close(oneshot::Sender<()>),
}

/// The writer's own things.
pub(super) struct Writer {
    conn: Connection,
    path: PathBuf,
    sink: EventSink,
    search: Option<Waker>,
    measured: Measured,
    counters: Counters,
    marks: Marks,
    commits: u32,
    jobs_from: Option<Instant>,
    prune_at: Instant,
}

/// What is counted of the writer's work.
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

    #[expect(clippy::cast_precision_loss, reason = "queues are short")]
    fn batch(&self, operations: usize) {
        self.operations.record(operations as f64);
        self.waiting.set(super::QUEUE.saturating_sub(self.places.available_permits()) as f64);
    }
}

/// Why a batch did not come through.
enum Failed {
    /// Before the commit; it may be tried in smaller parts.
    Body(rusqlite::Error),
    /// An operation panicked.
    Panic,
    /// At the commit.
    Commit(rusqlite::Error),
}

impl Writer {
    pub(super) fn new(conn: Connection, path: PathBuf, sink: EventSink, search: Option<Waker>, places: Arc<Semaphore>) -> Self {
        let now = Instant::now();
        Self {
            conn,
            path,
            sink,
            search,
            measured: Measured::new(places),
            counters: Counters::default(),
            marks: Marks::default(),
            commits: 0,
            jobs_from: Some(now),
            prune_at: now,
        }
    }

    /// Works until it is told to close or nobody can order any more.
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
            // Nobody may be waiting for it.
            closed.send(()).unwrap_or(());
        }
    }

    /// The next order; None when something else is due first.
    fn next(&mut self, orders: &Receiver<Order>) -> Result<Option<Order>, RecvTimeoutError> {
        let wake = [self.marks.deadline(), self.jobs_from, Some(self.prune_at)].into_iter().flatten().min();
        let wait = wake.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()));
        match orders.recv_timeout(wait) {
            Ok(order) => Ok(Some(order)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(gone) => Err(gone),
        }
    }

    fn take(&mut self, order: Order, batch: &mut Vec<Box<dyn Task>>) -> Option<oneshot::Sender<()>> {
        match order {
            Order::Task(task, _place) => batch.push(task),
            Order::Mark(mark, _place) => self.marks.add(mark),
            Order::Close(closed) => return Some(closed),
        }
        None
    }

    /// Commits these tasks and the read marks that wait; a task that fails is set apart from the others.
    fn commit(&mut self, mut batch: Vec<Box<dyn Task>>) {
        batch.extend(self.marks.take().map(|marks| Box::new(marks) as Box<dyn Task>));
        self.measured.batch(batch.len());
        let mut failures = 0_usize;
        let mut parts = VecDeque::from([batch]);
        while let Some(mut part) = parts.pop_front() {
            if part.is_empty() {
                continue;
            }
            let failed = match self.attempt(|work| part.iter_mut().try_for_each(|task| task.run(work))) {
                Ok(()) => None,
                Err(Failed::Commit(error)) => Some(commit_failed(&error)),
                Err(Failed::Body(_) | Failed::Panic) if part.len() > 1 => {
                    parts.extend(part.into_iter().map(|task| vec![task]));
                    continue;
                }
                Err(Failed::Body(error)) => {
                    failures += 1;
                    // On a full disk each of a thousand fails alike: one line, and one with the number.
                    Some(if failures == 1 { unavailable("changing something", &error) } else { StoreError::Unavailable })
                }
                Err(Failed::Panic) => Some(StoreError::Unavailable),
            };
            for task in part {
                task.answer(failed.clone());
            }
        }
        if failures > 1 {
            tracing::error!(store.failed = failures, "Several operations of one batch failed");
        }
        self.commits = self.commits.wrapping_add(1);
        wal::keep_small(&self.conn, &self.path, self.commits);
    }

    /// One transaction: all of it and its events, or nothing.
    fn attempt(&mut self, body: impl FnOnce(&mut Work<'_>) -> rusqlite::Result<()>) -> Result<(), Failed> {
        let mut events: Vec<Event> = Vec::new();
        let (conn, counters) = (&self.conn, &mut self.counters);
        let mut promised = false;
        let began = Instant::now();
        let ran = catch_unwind(AssertUnwindSafe(|| {
            conn.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
            let mut work = Work { conn, counters, now: Timestamp::now(), events: &mut events, promised: false };
            body(&mut work)?;
            promised = work.promised;
            counters.write(conn)
        }));
        let failed = match ran {
            Ok(Ok(())) => match conn.prepare_cached("COMMIT").and_then(|mut commit| commit.execute(())) {
                Ok(_) => {
                    self.measured.seconds.record(began.elapsed());
                    if promised {
                        self.jobs_from = Some(Instant::now());
                    }
                    for event in events {
                        self.sink.put(event);
                    }
                    if let Some(search) = &self.search {
                        search.wake();
                    }
                    return Ok(());
                }
                Err(error) => Failed::Commit(error),
            },
            Ok(Err(error)) => Failed::Body(error),
            Err(_) => {
                tracing::error!("An operation of the store panicked; it was taken back");
                Failed::Panic
            }
        };
        self.counters.forget();
        // Some errors have rolled back already.
        if !self.conn.is_autocommit()
            && let Err(error) = self.conn.execute_batch("ROLLBACK")
        {
            tracing::error!(store.error = %error, "The database could not roll back");
        }
        Err(failed)
    }

    /// Moves a promised job on by one step, when nothing else waits or it has waited long.
    fn work_on(&mut self, idle: bool) {
        let now = Instant::now();
        if now >= self.prune_at {
            self.prune_at = now + jobs::PRUNE_EVERY;
            self.jobs_from = Some(now);
            if self.attempt(|work| jobs::order_prune(work.conn)).is_err() {
                tracing::error!("Old entries are not cleared away");
            }
        }
        if self.jobs_from.is_none_or(|from| from > now) || !(idle || self.commits.is_multiple_of(COMMITS_PER_STEP)) {
            return;
        }
        let mut more = false;
        let step = self.attempt(|work| {
            work.counters.make_way(work.conn, Touch::Much)?;
            more = jobs::step(work)?;
            Ok(())
        });
        self.jobs_from = match step {
            Ok(()) => more.then_some(now),
            Err(failed) => {
                match failed {
                    Failed::Body(error) | Failed::Commit(error) => tracing::error!(store.error = %error, "A job of the store waits, its step failed"),
                    Failed::Panic => {}
                }
                Some(now + JOB_REST)
            }
        };
    }
}

fn refuse(order: Order) {
    match order {
        Order::Task(task, _place) => task.answer(Some(StoreError::Unavailable)),
        Order::Mark(mark, _place) => mark.refuse(),
        // Closed twice: the first has finished everything.
        Order::Close(closed) => closed.send(()).unwrap_or(()),
    }
}
