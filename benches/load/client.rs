//! Cheap clients: receivers only count frames, senders write prepared ones.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::TEXT;
use super::dialects::Dialect;
use super::server::Server;

/// One socket, read and written byte by byte.
pub(super) struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Socket {
    /// Opens a WebSocket at this path.
    pub(super) async fn open(server: &Server, path: &str) -> Self {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: \
             websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \
             dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {}\r\n\r\n",
            server.address, server.token
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut buffer = Vec::new();
        let end = loop {
            stream.read_buf(&mut buffer).await.unwrap();
            if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
        };
        assert!(buffer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&buffer));
        buffer.drain(..end);
        Self { stream, buffer }
    }

    /// Writes masked text frames; the mask is zero, which leaves the text unchanged.
    pub(super) async fn write(&mut self, texts: &[String]) {
        let mut out = Vec::new();
        for text in texts {
            out.push(0x81);
            let length = u16::try_from(text.len()).unwrap();
            if length < 126 {
                out.push(0x80 | length.to_be_bytes()[1]);
            } else {
                out.push(0x80 | 0x7e);
                out.extend(length.to_be_bytes());
            }
            out.extend([0; 4]);
            out.extend(text.as_bytes());
        }
        self.stream.write_all(&out).await.unwrap();
    }

    /// Reads once and passes every complete text frame to `each`.
    async fn read(&mut self, mut each: impl FnMut(&[u8])) -> bool {
        if self.stream.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
            return false;
        }
        let mut at = 0;
        while let Some((head, length)) = frame(&self.buffer[at..]) {
            let (from, to) = (at + head, at + head + length);
            if self.buffer.len() < to {
                break;
            }
            if self.buffer[at] == 0x81 {
                each(&self.buffer[from..to]);
            }
            at = to;
        }
        self.buffer.drain(..at);
        true
    }

    /// Reads until a frame starts with this text.
    pub(super) async fn wait_for(&mut self, beginning: &str) {
        let mut heard = false;
        while !heard {
            assert!(
                self.read(|frame| heard |= frame.starts_with(beginning.as_bytes())).await,
                "closed before {beginning}"
            );
        }
    }
}

/// Returns the length of a frame's header and of its payload.
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    match *bytes.get(1)? {
        126 => Some((4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])))),
        127 => Some((
            10,
            usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?,
        )),
        short => Some((2, usize::from(short))),
    }
}

/// A socket in a room that counts messages.
pub(super) struct Listener {
    count: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Listener {
    pub(super) async fn join(server: &Server, dialect: Dialect, room: &str) -> Self {
        let mut socket = dialect.enter(server, room).await;
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        let task = tokio::spawn(async move {
            let count = |frame: &[u8]| {
                if frame.starts_with(dialect.message()) {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            };
            while socket.read(count).await {}
        });
        Self { count, task }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
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
    let text =
        format!(r#"{{"type":"chat_message","room_id":"{room}","content":"{}"}}"#, "x".repeat(TEXT));
    let mut sockets = Vec::new();
    for _ in 0..senders {
        sockets.push(Socket::open(server, "/chat").await);
    }
    let began = Instant::now();
    let tasks: Vec<_> = sockets
        .into_iter()
        .map(|socket| tokio::spawn(sender(socket, text.clone(), in_flight, began, span)))
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    Sent { latencies, began, took: began.elapsed() }
}

async fn sender(
    mut socket: Socket,
    text: String,
    in_flight: usize,
    began: Instant,
    span: Duration,
) -> Vec<Duration> {
    let (mut waiting, mut latencies) = (VecDeque::new(), Vec::new());
    loop {
        if began.elapsed() < span {
            let more = vec![text.clone(); in_flight - waiting.len()];
            waiting.extend(more.iter().map(|_| Instant::now()));
            if !more.is_empty() {
                socket.write(&more).await;
            }
        } else if waiting.is_empty() {
            return latencies;
        }
        let answered = |frame: &[u8]| {
            assert!(!frame.starts_with(br#"{"error""#), "{}", String::from_utf8_lossy(frame));
            if frame.starts_with(br#"{"type":"message_sent""#)
                && let Some(sent) = waiting.pop_front()
            {
                latencies.push(sent.elapsed());
            }
        };
        assert!(socket.read(answered).await, "the server has closed");
    }
}
