//! Connections that only read, each question one transaction on a blocking thread.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::error::{Cause, Fault, OpenError, unreadable};
use super::health::Health;
use crate::store::StoreError;

/// A read that computes longer is ended. Processor time, so that a busy machine refuses nothing
/// that an idle one would answer.
const MAX_READ: Duration = Duration::from_secs(2);
/// A read that lasts longer is ended whatever it waits for: while it runs, the write-ahead log
/// cannot be restarted.
const MAX_READ_LASTS: Duration = Duration::from_secs(10);
/// How long a read waits for a connection.
const MAX_WAIT: Duration = Duration::from_secs(10);
/// SQLite's steps between two looks at the clock.
const STEPS_PER_LOOK: i32 = 20_000;

/// The pool, and as many permits as it has connections, so that nobody waits inside it.
#[derive(Clone)]
pub(super) struct Readers {
    pool: r2d2::Pool<SqliteConnectionManager>,
    permits: Arc<Semaphore>,
    /// One fewer: what is dear never takes the last connection.
    dear: Arc<Semaphore>,
    size: u32,
    /// Hears how reads go; None where they say nothing of the messages.
    health: Option<Arc<Health>>,
}

impl Readers {
    /// Opens `size` connections; unset: one a core, at least two, at most eight.
    pub(super) fn open(path: &Path, size: Option<u32>) -> Result<Self, OpenError> {
        let cores =
            std::thread::available_parallelism().map_or(2, |n| u32::try_from(n.get()).unwrap_or(8));
        let size = size.unwrap_or(cores.clamp(2, 8)).max(1);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let manager = SqliteConnectionManager::file(path).with_flags(flags).with_init(|conn| {
            conn.set_prepared_statement_cache_capacity(128);
            conn.execute_batch(
                "PRAGMA query_only = ON; PRAGMA busy_timeout = 1000; PRAGMA cache_size = -16384; \
                 PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;",
            )
        });
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .test_on_check_out(false)
            .max_lifetime(None)
            .idle_timeout(None)
            .connection_timeout(MAX_READ)
            .build(manager)
            .map_err(|error| OpenError::Io {
                path: path.to_owned(),
                why: std::io::Error::other(error),
            })?;
        let dear = Arc::new(Semaphore::new(size.saturating_sub(1).max(1) as usize));
        Ok(Self {
            pool,
            permits: Arc::new(Semaphore::new(size as usize)),
            dear,
            size,
            health: None,
        })
    }

    /// The same, which report how reads go.
    pub(super) fn reporting(self, health: Arc<Health>) -> Self {
        Self { health: Some(health), ..self }
    }

    /// Asks in one transaction of one moment.
    pub(super) async fn read<T, F>(&self, ask: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let permit = permit(&self.permits).await?;
        let (pool, health) = (self.pool.clone(), self.health.clone());
        let caller = Caller::default();
        let gone = Arc::clone(&caller.0);
        let answer = tokio::task::spawn_blocking(move || {
            let answer = if gone.load(Ordering::Relaxed) {
                Err(StoreError::Unavailable)
            } else {
                blocking(&pool, health.as_deref(), &gone, ask)
            };
            drop(permit);
            answer
        });
        answer.await.unwrap_or_else(|error| {
            tracing::error!(store.error = %error, "A read did not end well");
            Err(StoreError::Unavailable)
        })
    }

    /// The same for a question that may take long: a connection is left to those that do not.
    pub(super) async fn read_dear<T, F>(&self, ask: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let place = permit(&self.dear).await?;
        let answer = self.read(move |conn| {
            // Given back when the connection is, also by a caller who has gone.
            let _place = place;
            ask(conn)
        });
        answer.await
    }

    /// Waits for the reads that run and lets no more in.
    pub(super) async fn close(&self) {
        // Closed already: nothing runs any more.
        drop(self.permits.acquire_many(self.size).await);
        self.permits.close();
    }
}

/// Waits for a place among the reads that run.
async fn permit(of: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, StoreError> {
    let permit = timeout(MAX_WAIT, Arc::clone(of).acquire_owned());
    let permit = permit.await.map_err(|_| Cause::Busy.count())?;
    permit.map_err(|_| StoreError::Unavailable)
}

/// Who waits for an answer; gone when it is dropped.
#[derive(Default)]
struct Caller(Arc<AtomicBool>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How long a read may go on; of the thread that it runs on.
struct Budget {
    computed: Duration,
    end: Instant,
}

impl Budget {
    fn new() -> Self {
        Self { computed: computed() + MAX_READ, end: Instant::now() + MAX_READ_LASTS }
    }

    fn is_spent(&self) -> bool {
        computed() > self.computed || Instant::now() > self.end
    }
}

/// Processor time of this thread so far.
fn computed() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).unwrap_or_default()
}

fn blocking<T>(
    pool: &r2d2::Pool<SqliteConnectionManager>,
    health: Option<&Health>,
    gone: &Arc<AtomicBool>,
    ask: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, StoreError> {
    let mut conn = pool.get().map_err(|error| {
        tracing::error!(store.error = %error, "No connection for a read");
        Cause::Read.count()
    })?;
    let budget = Budget::new();
    let answer = (|| {
        let left = Arc::clone(gone);
        conn.progress_handler(
            STEPS_PER_LOOK,
            Some(move || left.load(Ordering::Relaxed) || budget.is_spent()),
        )?;
        let tx = conn.transaction_with_behavior(TransactionBehavior::Deferred)?;
        let answer = ask(&tx)?;
        tx.commit()?;
        Ok(answer)
    })();
    answer.inspect(|_| report(health, None)).map_err(|fault| match fault {
        Fault::Refused(why) => why,
        Fault::Sql(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            if gone.load(Ordering::Relaxed) {
                return StoreError::Unavailable;
            }
            tracing::warn!("A read was ended because it took too long");
            Cause::Slow.count()
        }
        Fault::Sql(error) => {
            report(health, Some(&error));
            unreadable(&error)
        }
    })
}

fn report(health: Option<&Health>, error: Option<&rusqlite::Error>) {
    if let Some(health) = health {
        health.read(error);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn dear_reads_leave_a_connection_to_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        drop(Connection::open(&path).unwrap());
        let readers = Readers::open(&path, Some(2)).unwrap();
        let (began, begins) = mpsc::channel();
        let mut held = Vec::new();
        let mut dear = Vec::new();
        for _ in 0..3 {
            let (let_go, waiting) = mpsc::channel::<()>();
            held.push(let_go);
            let (readers, began) = (readers.clone(), began.clone());
            dear.push(tokio::spawn(async move {
                let read = readers.read_dear(move |_| {
                    began.send(()).unwrap();
                    assert!(waiting.recv().is_err(), "it is let go");
                    Ok(())
                });
                read.await
            }));
        }
        let begins = tokio::task::spawn_blocking(move || {
            begins.recv().unwrap();
            begins
        });
        let begins = begins.await.unwrap();
        assert_eq!(readers.read(|_| Ok(7)).await, Ok(7));
        assert!(begins.try_recv().is_err(), "the second dear one waits for the first");
        drop(held);
        for read in dear {
            assert_eq!(read.await.unwrap(), Ok(()));
        }
    }
}
