//! Read-only connections; each query is one transaction on a blocking thread.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use super::error::{Cause, Fault, OpenError, unreadable};
use super::health::Health;
use super::sql;
use crate::store::StoreError;

/// Maximum processor time of a read. Not wall time, so that a busy machine refuses nothing that an
/// idle one would answer.
const MAX_READ: Duration = Duration::from_secs(2);
/// Maximum duration of a read, including waits: while it runs, the write-ahead log cannot be
/// restarted.
const MAX_READ_LASTS: Duration = Duration::from_secs(10);
/// Maximum time to wait for a connection.
const MAX_WAIT: Duration = Duration::from_secs(10);
/// Number of SQLite steps between checks of the time.
const STEPS_PER_LOOK: i32 = 20_000;

/// A query, which passes on its result itself.
type Ask = Box<dyn FnOnce(&Connection) -> Result<(), Fault> + Send>;

/// A pool with as many permits as connections, so that nothing waits inside the pool.
#[derive(Clone)]
pub(super) struct Readers {
    pool: r2d2::Pool<SqliteConnectionManager>,
    permits: Arc<Semaphore>,
    /// One permit fewer: expensive reads never take the last connection.
    expensive: Arc<Semaphore>,
    size: u32,
    /// Receives the results of reads; None if they are unrelated to messages.
    health: Option<Arc<Health>>,
}

impl Readers {
    /// Opens `size` connections; default: one per core, at least two, at most eight.
    pub(super) fn open(path: &Path, size: Option<u32>) -> Result<Self, OpenError> {
        let cores =
            std::thread::available_parallelism().map_or(2, |n| u32::try_from(n.get()).unwrap_or(8));
        let size = size.unwrap_or(cores.clamp(2, 8)).max(1);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let manager = SqliteConnectionManager::file(path).with_flags(flags).with_init(|conn| {
            conn.set_prepared_statement_cache_capacity(128);
            sql::keep_plans(conn)?;
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
        let expensive = Arc::new(Semaphore::new(size.saturating_sub(1).max(1) as usize));
        Ok(Self {
            pool,
            permits: Arc::new(Semaphore::new(size as usize)),
            expensive,
            size,
            health: None,
        })
    }

    /// Reports the results of reads.
    pub(super) fn reporting(self, health: Arc<Health>) -> Self {
        Self { health: Some(health), ..self }
    }

    /// Runs a query in one transaction with a consistent state.
    pub(super) async fn read<T, F>(&self, ask: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (found, finding) = oneshot::channel();
        self.run(Box::new(move |conn| {
            // The caller may have disconnected, so that nobody needs the result.
            drop(found.send(ask(conn)?));
            Ok(())
        }))
        .await?;
        finding.await.map_err(|_| StoreError::Unavailable)
    }

    /// [`read`](Self::read) without types, so that it is compiled once and not for each query.
    async fn run(&self, ask: Ask) -> Result<(), StoreError> {
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
            tracing::error!(store.error = %error, "A read failed");
            Err(StoreError::Unavailable)
        })
    }

    /// Runs a query that may take long: one connection is reserved for short ones.
    pub(super) async fn read_expensive<T, F>(&self, ask: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let place = permit(&self.expensive).await?;
        let answer = self.read(move |conn| {
            // Released with the connection, even if the caller has disconnected.
            let _place = place;
            ask(conn)
        });
        answer.await
    }

    /// Waits for running reads and refuses new ones.
    pub(super) async fn close(&self) {
        // Already closed: nothing is running.
        drop(self.permits.acquire_many(self.size).await);
        self.permits.close();
    }
}

/// Waits for a place among the running reads.
async fn permit(of: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, StoreError> {
    let permit = timeout(MAX_WAIT, Arc::clone(of).acquire_owned());
    let permit = permit.await.map_err(|_| Cause::Busy.count())?;
    permit.map_err(|_| StoreError::Unavailable)
}

/// The caller waiting for a result; records its drop.
#[derive(Default)]
struct Caller(Arc<AtomicBool>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Remaining time of a read on the current thread.
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

/// Returns the processor time used by this thread.
fn computed() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).unwrap_or_default()
}

fn blocking(
    pool: &r2d2::Pool<SqliteConnectionManager>,
    health: Option<&Health>,
    gone: &Arc<AtomicBool>,
    ask: Ask,
) -> Result<(), StoreError> {
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
        ask(&tx)?;
        tx.commit()?;
        Ok(())
    })();
    answer.inspect(|()| report(health, None)).map_err(|fault| match fault {
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

    use rusqlite::StatementStatus;

    use super::*;

    #[tokio::test]
    async fn statements_are_compiled_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        let readers = Readers::open(&path, Some(1)).unwrap();
        let compiled = readers.read(|conn| {
            let mut statement = conn.prepare("SELECT a FROM t ORDER BY a LIMIT ?1")?;
            for limit in 1..5 {
                assert!(!statement.exists([limit])?);
            }
            Ok(statement.get_status(StatementStatus::RePrepare))
        });
        assert_eq!(compiled.await, Ok(0));
    }

    #[tokio::test]
    async fn expensive_reads_leave_a_connection_to_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        drop(Connection::open(&path).unwrap());
        let readers = Readers::open(&path, Some(2)).unwrap();
        let (began, begins) = mpsc::channel();
        let mut held = Vec::new();
        let mut expensive = Vec::new();
        for _ in 0..3 {
            let (let_go, waiting) = mpsc::channel::<()>();
            held.push(let_go);
            let (readers, began) = (readers.clone(), began.clone());
            expensive.push(tokio::spawn(async move {
                let read = readers.read_expensive(move |_| {
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
        assert!(begins.try_recv().is_err(), "the second expensive read waits for the first");
        drop(held);
        for read in expensive {
            assert_eq!(read.await.unwrap(), Ok(()));
        }
    }
}
