//! Cheap clients: receivers only count frames, senders write prepared ones.

use std::collections::VecDeque;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::TEXT;
use super::dialects::Dialect;
use super::server::Server;
use super::socket::Socket;

/// The start of an acknowledgement.
pub(super) const ACKNOWLEDGED: &[u8] = br#"{"type":"message_sent""#;

/// Whether listeners note when messages arrive.
pub(super) static TIMED: AtomicBool = AtomicBool::new(false);

/// A socket in a room that counts messages.
pub(super) struct Listener {
    count: Arc<AtomicU64>,
    arrivals: Arc<Mutex<Vec<Instant>>>,
    task: JoinHandle<()>,
}

impl Listener {
    pub(super) async fn join(server: &Server, dialect: Dialect, room: &str) -> Self {
        let mut socket = dialect.enter(server, room).await;
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        let arrivals = Arc::<Mutex<Vec<Instant>>>::default();
        let noted = Arc::clone(&arrivals);
        let task = tokio::spawn(async move {
            let count = |frame: &[u8]| {
                if frame.starts_with(dialect.message()) {
                    if TIMED.load(Ordering::Relaxed) {
                        noted.lock().unwrap().push(Instant::now());
                    }
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            };
            while socket.read(count).await {}
        });
        Self { count, arrivals, task }
    }

    /// Returns when messages arrived since the last call, while [`TIMED`] was set.
    pub(super) fn take_arrivals(&self) -> Vec<Instant> {
        std::mem::take(&mut *self.arrivals.lock().unwrap())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Returns how long each message took to each listener, in milliseconds.
pub(super) fn delays(sent: &[Instant], listeners: &[Listener]) -> Vec<f64> {
    let each = |listener: &Listener| {
        let arrived = listener.take_arrivals();
        assert_eq!(arrived.len(), sent.len(), "each message arrives once");
        sent.iter()
            .zip(arrived)
            .map(|(sent, at)| (at - *sent).as_secs_f64() * 1e3)
            .collect::<Vec<_>>()
    };
    listeners.iter().flat_map(each).collect()
}

pub(super) fn received(listeners: &[Listener]) -> u64 {
    listeners.iter().map(|listener| listener.count.load(Ordering::Relaxed)).sum()
}

/// Waits until all messages have arrived, or a listener was closed for being slow.
pub(super) async fn wait_for(listeners: &[Listener], expected: u64) {
    let began = Instant::now();
    while received(listeners) < expected {
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "{} of {expected} arrived",
            received(listeners)
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Returns the number of messages in a room, from the newest one.
pub(super) async fn sent_to(server: &Server, room: &str) -> usize {
    let newest = server.get(&format!("/api/chatrooms/{room}/messages?limit=1")).await;
    newest["messages"][0]["seq"].as_u64().and_then(|seq| usize::try_from(seq).ok()).unwrap_or(0)
}

/// Result of a run of senders.
pub(super) struct Sent {
    /// Time from frame to acknowledgement of each message.
    pub(super) latencies: Vec<Duration>,
    pub(super) began: Instant,
    pub(super) took: Duration,
}

impl Sent {
    /// Returns a percentile in milliseconds; `latencies` must be sorted.
    pub(super) fn percentile(&self, percent: usize) -> f64 {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}

/// Runs this number of senders, each with a number of messages in flight, for a duration; waits for
/// all acknowledgements.
pub(super) async fn send(
    server: &Server,
    room: &str,
    senders: usize,
    in_flight: usize,
    span: Duration,
) -> Sent {
    send_to(server, &[room.to_owned()], senders, in_flight, span).await
}

/// Sends to these rooms in turn, as [`send`] does to one.
pub(super) async fn send_to(
    server: &Server,
    rooms: &[String],
    senders: usize,
    in_flight: usize,
    span: Duration,
) -> Sent {
    let texts: Arc<[String]> = rooms.iter().map(|room| message(room)).collect();
    let mut sockets = Vec::new();
    for _ in 0..senders {
        sockets.push(Socket::open(server, "/chat").await);
    }
    let began = Instant::now();
    let tasks: Vec<_> = sockets
        .into_iter()
        .enumerate()
        .map(|(at, socket)| {
            // Each begins at another room.
            let texts = Arc::clone(&texts);
            tokio::spawn(sender(socket, texts, at, (in_flight, began, span)))
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    Sent { latencies, began, took: began.elapsed() }
}

/// Runs a thread on one core; None: all threads of this process.
pub(super) fn stay_on_core(thread: Option<&str>, core: u32) {
    let process = std::process::id().to_string();
    let mut command = Command::new("taskset");
    if thread.is_none() {
        command.arg("--all-tasks");
    }
    command.args(["--cpu-list", "--pid", &core.to_string(), thread.unwrap_or(&process)]);
    assert!(command.stdout(Stdio::null()).status().unwrap().success(), "taskset failed");
}

fn message(room: &str) -> String {
    format!(r#"{{"type":"chat_message","room_id":"{room}","content":"{}"}}"#, "x".repeat(TEXT))
}

/// Sends this number of messages, as fast as one sender can.
pub(super) async fn send_number(server: &Server, room: &str, number: usize) {
    const AT_ONCE: usize = 64;
    let mut socket = Socket::open(server, "/chat").await;
    let (mut sent, mut answered) = (0, 0);
    while answered < number {
        let more = (number - sent).min(AT_ONCE - (sent - answered));
        socket.write(&vec![message(room); more]).await;
        sent += more;
        let count = |frame: &[u8]| answered += usize::from(frame.starts_with(ACKNOWLEDGED));
        assert!(socket.read(count).await, "the server has closed");
    }
}

/// Sends a message at each interval; returns when each was sent.
pub(super) async fn send_every(
    server: &Server,
    room: &str,
    every: Duration,
    span: Duration,
) -> Vec<Instant> {
    let mut socket = Socket::open(server, "/chat").await;
    let (mut sent, mut ticks) = (Vec::new(), tokio::time::interval(every));
    let began = Instant::now();
    while began.elapsed() < span {
        ticks.tick().await;
        sent.push(Instant::now());
        socket.write(&[message(room)]).await;
        socket.wait_for(std::str::from_utf8(ACKNOWLEDGED).unwrap()).await;
    }
    sent
}

async fn sender(
    mut socket: Socket,
    texts: Arc<[String]>,
    first: usize,
    (in_flight, began, span): (usize, Instant, Duration),
) -> Vec<Duration> {
    let mut texts = texts.iter().cycle().skip(first);
    let (mut waiting, mut latencies) = (VecDeque::new(), Vec::new());
    loop {
        if began.elapsed() < span {
            let more: Vec<_> = texts.by_ref().take(in_flight - waiting.len()).cloned().collect();
            waiting.extend(more.iter().map(|_| Instant::now()));
            if !more.is_empty() {
                socket.write(&more).await;
            }
        } else if waiting.is_empty() {
            return latencies;
        }
        let answered = |frame: &[u8]| {
            assert!(!frame.starts_with(br#"{"error""#), "{}", String::from_utf8_lossy(frame));
            if frame.starts_with(ACKNOWLEDGED)
                && let Some(sent) = waiting.pop_front()
            {
                latencies.push(sent.elapsed());
            }
        };
        assert!(socket.read(answered).await, "the server has closed");
    }
}
