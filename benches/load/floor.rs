//! Measures the limits of the machine: the floors to which results are compared.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};
use tokio::io::AsyncReadExt;

use super::TEXT;
use super::client::stay_on_core;
use super::server::memory_of;

/// Bytes of a message frame of the dialect `chatrooms`.
const FRAME: usize = TEXT + 250;
/// Frames of one write, where several wait: 32 KiB.
pub(super) const GATHERED: usize = 72;

/// Returns how often per second 4 KiB can be appended to a file and synced.
pub(super) fn syncs_per_second(directory: &Path, span: Duration) -> f64 {
    let mut file =
        OpenOptions::new().append(true).create(true).open(directory.join("floor")).unwrap();
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < span {
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

/// What it costs to store messages without a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inserts {
    pub(super) per_second: f64,
    /// Microseconds of a thread per message.
    pub(super) cpu: f64,
}

/// Inserts rows into a table of messages, this number per synced transaction.
pub(super) fn inserts(directory: &Path, at_once: u32, span: Duration) -> Inserts {
    let path = directory.join("floor.db");
    let database = Connection::open(&path).unwrap();
    database
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS \
             message (id INTEGER PRIMARY KEY, room INTEGER, text TEXT, at INTEGER);",
        )
        .unwrap();
    let text = "x".repeat(TEXT);
    let (began, before, mut count) = (Instant::now(), thread_time(), 0_u32);
    while began.elapsed() < span {
        let transaction = database.unchecked_transaction().unwrap();
        let mut insert = transaction
            .prepare_cached("INSERT INTO message (room, text, at) VALUES (1, ?1, ?2)")
            .unwrap();
        for _ in 0..at_once {
            count += 1;
            insert.execute(params![text, count]).unwrap();
        }
        drop(insert);
        transaction.commit().unwrap();
    }
    let spent = thread_time().saturating_sub(before).as_secs_f64();
    Inserts {
        per_second: f64::from(count) / began.elapsed().as_secs_f64(),
        cpu: spent * 1e6 / f64::from(count),
    }
}

/// Returns the microseconds of a thread for reading the rows of a page by key.
pub(super) fn scan_cost(database: &Path, room: i64, span: Duration) -> f64 {
    let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
    let rows = "SELECT seq, rev, author, text, created FROM messages WHERE room = ?1 ORDER BY seq \
                DESC LIMIT 50";
    let (began, mut count, mut bytes) = (Instant::now(), 0_u32, 0);
    let before = thread_time();
    while began.elapsed() < span {
        let mut rows = database.prepare_cached(rows).unwrap();
        let mut rows = rows.query(params![room]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            bytes += row.get_ref(3).unwrap().as_bytes().unwrap().len();
        }
        count += 1;
    }
    assert!(bytes > 0, "the room has messages");
    thread_time().saturating_sub(before).as_secs_f64() * 1e6 / f64::from(count)
}

/// What it costs to deliver prepared frames without a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deliveries {
    pub(super) per_second: f64,
    /// Microseconds of the writing thread per frame.
    pub(super) cpu: f64,
    /// Median of the milliseconds until a frame has arrived, where they are written at intervals.
    pub(super) p50: f64,
}

/// How prepared frames are delivered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivery {
    pub(super) receivers: usize,
    /// Frames of each write.
    pub(super) gathered: usize,
    /// Interval of the rounds; None: as fast as possible.
    pub(super) every: Option<Duration>,
    /// The core of the writing thread; None: any.
    pub(super) core: Option<u32>,
}

impl Delivery {
    /// Writes the frames from one thread to the sockets of tasks that only read.
    pub(super) async fn measure(self, span: Duration) -> Deliveries {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (mut sockets, mut readers) = (Vec::new(), Vec::new());
        for _ in 0..self.receivers {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            sockets.push(listener.accept().unwrap().0);
            readers.push(tokio::spawn(read(stream, self.gathered * FRAME)));
        }
        let began = Instant::now();
        let writer = tokio::task::spawn_blocking(move || self.write(&mut sockets, span));
        let (rounds, spent) = writer.await.unwrap();
        let mut delays = Vec::new();
        for reader in readers {
            let arrived = reader.await.unwrap();
            assert_eq!(arrived.len(), rounds.len());
            delays.extend(rounds.iter().zip(arrived).map(|(sent, at)| (at - *sent).as_secs_f64()));
        }
        delays.sort_by(f64::total_cmp);
        let frames = (delays.len() * self.gathered) as f64;
        Deliveries {
            per_second: frames / began.elapsed().as_secs_f64(),
            cpu: spent.as_secs_f64() * 1e6 / frames,
            p50: delays[delays.len() / 2] * 1e3,
        }
    }

    /// Returns when each round began, and the processor time of all.
    fn write(self, sockets: &mut [TcpStream], span: Duration) -> (Vec<Instant>, Duration) {
        // A thread of its own, which ends: its core stays the one it was given.
        thread::scope(|scope| {
            let written = scope.spawn(|| {
                if let Some(core) = self.core {
                    stay_on_core(Some(&thread_id()), core);
                }
                let bytes = vec![b'x'; self.gathered * FRAME];
                let (before, began, mut rounds) = (thread_time(), Instant::now(), Vec::new());
                while began.elapsed() < span {
                    rounds.push(Instant::now());
                    for socket in &mut *sockets {
                        socket.write_all(&bytes).unwrap();
                    }
                    if let Some(every) = self.every {
                        thread::sleep(every);
                    }
                }
                let spent = thread_time().saturating_sub(before);
                for socket in sockets {
                    socket.shutdown(Shutdown::Write).unwrap();
                }
                (rounds, spent)
            });
            written.join().unwrap()
        })
    }
}

/// Returns when each chunk of this length had arrived.
async fn read(mut stream: tokio::net::TcpStream, chunk: usize) -> Vec<Instant> {
    let (mut arrived, mut bytes) = (Vec::new(), 0);
    let mut buffer = vec![0; 8_192];
    loop {
        match stream.read(&mut buffer).await.unwrap() {
            0 => return arrived,
            read => bytes += read,
        }
        while bytes >= chunk {
            bytes -= chunk;
            arrived.push(Instant::now());
        }
    }
}

/// Returns the KiB of this process for a task that waits for a byte of a connection. Call it first:
/// memory that was freed before hides it.
pub(super) async fn memory_of_waiting(connections: u32) -> f64 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (before, mut peers, mut tasks) = (memory_of(std::process::id()), Vec::new(), Vec::new());
    for _ in 0..connections {
        peers.push(TcpStream::connect(address).unwrap());
        let (stream, _) = listener.accept().await.unwrap();
        tasks.push(tokio::spawn(async move { stream.readable().await }));
    }
    let after = memory_of(std::process::id());
    drop(peers);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    after.saturating_sub(before) as f64 / f64::from(connections)
}

/// Returns the MiB of a program that only waits.
pub(super) fn memory_of_a_program() -> f64 {
    let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(cat.stdin.as_mut().unwrap()).unwrap();
    let mut line = String::new();
    BufReader::new(cat.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let memory = memory_of(cat.id());
    drop(cat.stdin.take());
    cat.wait().unwrap();
    memory as f64 / 1024.0
}

/// Returns the processor time of this thread, from the scheduler.
fn thread_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// Returns the number by which the system knows this thread.
fn thread_id() -> String {
    let link = std::fs::read_link("/proc/thread-self").unwrap();
    link.file_name().unwrap().to_str().unwrap().to_owned()
}
