//! The embedded store: SQLite in WAL mode, with one writer thread and a pool of readers.
//!
//! `writer` takes all waiting operations and commits once; `work` is the context of an operation
//! inside that transaction. Each subject has a file with its statements, as constants, beside the
//! function that reads its rows. All SQL is in this module. It decides no permissions and knows no
//! HTTP.

mod accounts;
mod audit;
mod beside;
mod cards;
mod counters;
mod drafts;
mod emoji;
mod error;
mod fresh;
mod functions;
mod health;
mod identities;
mod invitations;
mod job_orders;
mod jobs;
mod late_answers;
mod log_end;
mod look;
mod marks;
mod media;
mod message_changes;
mod messages;
mod outgoing;
mod outgoing_rooms;
mod participants;
mod pins;
mod posting;
mod preferences;
mod push;
mod readers;
mod retention;
mod room_changes;
mod rooms;
mod saved;
mod schema;
pub(in crate::store) mod search;
mod session_verbs;
mod sessions;
mod slash_commands;
mod sql;
#[cfg(test)]
mod tests;
mod threads;
mod traces;
mod transfer;
pub mod upkeep;
mod users;
mod verbs;
mod versions;
mod wal;
mod work;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::unconstrained;

use self::counters::Touch;
use self::error::{Cause, Fault};
use self::health::Health;
use self::marks::MarkOrder;
use self::readers::Readers;
use self::search::Search;
use self::versions::Versions;
use self::work::{Operation, Work};
use self::writer::{Order, Tools, Writer};
use super::memory::{Attempts, Tickets};
use super::{Settings, StoreError};
use crate::model::{Attribution, EventSink, ReadMark, RoomId, Seq, UserId};

pub use self::error::OpenError;

/// Version of the embedded SQLite.
pub fn engine() -> &'static str {
    rusqlite::version()
}

/// Maximum number of orders queued for the writer; beyond it callers wait.
const QUEUE: usize = 8_192;
/// Maximum duration of a write before the database counts as failing.
const PROBE_TAKES: Duration = Duration::from_secs(5);
/// Reads a row of data.
const GLANCE: &str = "SELECT count(*) FROM (SELECT id FROM messages ORDER BY id DESC LIMIT 1) \
                      WHERE (SELECT count(*) FROM settings) > 0";
/// Polling interval of [`Sqlite::settle`].
const SETTLING: Duration = Duration::from_millis(5);

/// Options for opening the database.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Number of read connections; default: one per core, at least two, at most eight.
    pub readers: Option<u32>,
    /// Leaves jobs to the next process, and writes nothing that was not requested.
    pub quiet: bool,
    /// How long entries of the audit log are kept; default: for ever.
    pub audit_for: Option<Duration>,
}

/// The store in one file. Clones share it. Changes through a handle with an attribution are
/// recorded in the audit log.
///
/// MUST be opened once per file and process, since it is the only writer; `close` MUST be awaited
/// to store queued operations.
#[derive(Clone)]
pub struct Sqlite(Arc<Inner>, Option<Arc<Attribution>>);

struct Inner {
    path: PathBuf,
    orders: Sender<Order>,
    places: Arc<Semaphore>,
    readers: Readers,
    search: Search,
    settings: Settings,
    server_id: String,
    tickets: Tickets,
    attempts: Attempts,
    health: Arc<Health>,
    versions: Arc<Versions>,
    quiet: bool,
    closed: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Returns the id of this server in logs, metrics and `/health`. It belongs to the machine, not
    /// to data shared by several servers.
    pub fn server_id(&self) -> &str {
        &self.0.server_id
    }

    /// Creates an empty database, or migrates the existing one. Blocks.
    pub fn create(path: &Path) -> Result<(), OpenError> {
        if fresh::create(path)? { Ok(()) } else { schema::open(path).map(drop) }
    }

    /// Opens the file, creating or migrating it, and starts the writer; committed events are passed
    /// to `sink`. Blocks. Jobs left by a crash are resumed.
    pub fn open(path: &Path, options: &Options, sink: EventSink) -> Result<Self, OpenError> {
        match log_end::lost(path) {
            Ok(0) | Err(_) => (),
            Ok(count) => tracing::error!(
                "The write-ahead log of {} is damaged in the middle: {count} transactions after \
                 the damage are lost. Check the disk; a backup may contain them.",
                path.display()
            ),
        }
        Self::start(schema::open(path)?, path, options, sink)
    }

    fn start(
        conn: Connection,
        path: &Path,
        options: &Options,
        sink: EventSink,
    ) -> Result<Self, OpenError> {
        let (settings, server_id) = schema::settings(&conn)?;
        let health = Arc::new(Health::of(path));
        Cause::begin();
        let readers = Readers::open(path, options.readers)?.reporting(Arc::clone(&health));
        let io = |why: io::Error| OpenError::Io { path: path.to_owned(), why };
        let places = Arc::new(Semaphore::new(QUEUE));
        let queue = Arc::clone(&places);
        let writer_is_busy = Box::new(move || queue.available_permits() < QUEUE);
        let search = Search::of_database(path, &settings.epoch, writer_is_busy).map_err(io)?;
        let (orders, ordered) = channel();
        let versions = Arc::new(Versions::default());
        let writer = Writer::new(Tools {
            conn,
            path: path.to_owned(),
            sink,
            search: search.waker(),
            places: Arc::clone(&places),
            health: Arc::clone(&health),
            versions: Arc::clone(&versions),
            jobs: !options.quiet,
            audit_for: options.audit_for,
        });
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&ordered));
        let thread = thread.map_err(io)?;
        Ok(Self(
            Arc::new(Inner {
                path: path.to_owned(),
                orders,
                places,
                readers,
                search,
                settings,
                server_id,
                tickets: Tickets::default(),
                attempts: Attempts::default(),
                health,
                versions,
                quiet: options.quiet,
                closed: AtomicBool::new(false),
                thread: Mutex::new(Some(thread)),
            }),
            None,
        ))
    }

    /// Stores queued operations, checkpoints the write-ahead log and ends the writer. Later
    /// requests are `Unavailable`.
    pub async fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        let (done, closed) = oneshot::channel();
        if self.0.orders.send(Order::Close(done)).is_ok() {
            // An error means that the writer has already ended.
            drop(closed.await);
        }
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("The writer thread of the store failed");
            }
        }
        let inner = Arc::clone(&self.0);
        // A panic of that thread has been logged already.
        drop(tokio::task::spawn_blocking(move || inner.search.close()).await);
        self.0.readers.close().await;
    }

    /// Waits until jobs (deletion of rooms and accounts) are done, a step of them fails, or the
    /// store does not respond.
    pub async fn settle(&self) {
        while !self.0.quiet
            && !self.0.health.jobs_fail()
            && let Ok(true) = self.read(|conn| Ok(jobs::waiting(conn)?)).await
        {
            tokio::time::sleep(SETTLING).await;
        }
    }

    /// Returns whether the path still names the open files; otherwise acknowledged data would be
    /// lost with the process.
    pub fn is_in_place(&self) -> bool {
        self.0.health.in_place()
    }

    /// Records that a check of the complete database found no problems, which clears earlier
    /// damage.
    fn found_whole(&self) {
        self.0.health.whole();
    }

    /// Checks that it can be read and written; writes something if nothing was written for a while.
    async fn sound(&self) -> Result<(), StoreError> {
        let health = &self.0.health;
        if !health.in_place() {
            return Err(StoreError::Unavailable);
        }
        let read = self.read(|conn| Ok(conn.query_row(GLANCE, (), |_| Ok(()))?)).await;
        if !self.0.quiet && health.is_unsure() {
            let written = self.write_apart(|work| {
                Ok(work.conn.prepare_cached(writer::PROBE)?.execute(()).map(drop)?)
            });
            tokio::time::timeout(PROBE_TAKES, written)
                .await
                .unwrap_or(Err(StoreError::Unavailable))?;
        }
        if health.fails() { Err(StoreError::Unavailable) } else { read }
    }

    /// Runs a query on a reader.
    async fn read<T, F>(&self, ask: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        if self.0.closed.load(Ordering::Acquire) {
            return Err(StoreError::Unavailable);
        }
        self.0.readers.read(ask).await
    }

    /// Runs a query that may take long on a reader.
    async fn read_expensive<T, F>(&self, ask: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        if self.0.closed.load(Ordering::Acquire) {
            return Err(StoreError::Unavailable);
        }
        self.0.readers.read_expensive(ask).await
    }

    /// Runs an operation that may change anything on the writer. It may run more than once, and
    /// must refuse before it writes.
    async fn write<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Work<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.operate(Touch::Much, act).await
    }

    /// [`write`](Self::write) for an operation that changes one room.
    async fn write_room<T, F>(&self, room: RoomId, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Work<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.operate(Touch::Room(room), act).await
    }

    /// [`write_room`](Self::write_room) for an operation that changes the room's numbers only
    /// through [`Work::counters`].
    async fn write_counted<T, F>(&self, room: RoomId, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Work<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.operate(Touch::Counters(room), act).await
    }

    /// [`write`](Self::write) for an operation that changes no user's name, and nothing that is read
    /// of an existing room.
    async fn write_apart<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Work<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.operate(Touch::Nothing, act).await
    }

    async fn operate<T, F>(&self, touch: Touch, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Work<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let place = self.place().await?;
        let (operation, answered) = Operation::new(touch, self.1.clone(), act);
        self.order(Order::Task(Box::new(operation), place))?;
        answered.await.unwrap_or(Err(StoreError::Unknown))
    }

    async fn mark(&self, room: RoomId, user: UserId, upto: Seq) -> Result<ReadMark, StoreError> {
        let place = self.place().await?;
        let (answer, answered) = oneshot::channel();
        self.order(Order::Mark(MarkOrder { room, user, upto, answer }, place))?;
        answered.await.unwrap_or(Err(StoreError::Unknown))
    }

    /// [`write`](Self::write) for an operation that only moves read marks.
    async fn write_marks<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Work<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.operate(Touch::Marks, act).await
    }

    /// Waits for a place in the queue, in the order of the first polls. The runtime has a task that
    /// did much at once pause instead of waiting in line, and what it asks for next would be first.
    async fn place(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        let place = Arc::clone(&self.0.places).acquire_owned();
        unconstrained(place).await.map_err(|_| StoreError::Unavailable)
    }

    fn order(&self, order: Order) -> Result<(), StoreError> {
        if self.0.closed.load(Ordering::Acquire) {
            return Err(StoreError::Unavailable);
        }
        self.0.orders.send(order).map_err(|_| StoreError::Unavailable)
    }
}
