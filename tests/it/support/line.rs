//! A line to a server on which everything takes its time, as on a network that is far or slow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// Number of packets on the way in a direction of a connection.
const PACKETS: usize = 4096;

/// Forwards TCP connections to a server, and delays what it forwards: half of the round trip in
/// each direction, and a round trip for opening a connection.
pub(crate) struct Line {
    address: String,
    state: Arc<State>,
    listening: JoinHandle<()>,
}

/// What clients have received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Number of bytes.
    pub(crate) bytes: usize,
    /// Number of round trips: how often something was sent that was an answer to an answer.
    pub(crate) round_trips: usize,
    /// Number of connections.
    pub(crate) connections: usize,
}

struct State {
    half: Duration,
    down: Rate,
    up: Rate,
    bytes: AtomicUsize,
    connections: AtomicUsize,
    /// Number of round trips that led to the last of what clients have received.
    received: AtomicUsize,
}

/// A direction of the line, which all connections share.
struct Rate {
    per_second: Option<u32>,
    /// When everything before has been sent.
    free: Mutex<Instant>,
}

/// What is on the way.
struct Packet {
    bytes: Vec<u8>,
    arrives: Instant,
    /// Number of round trips that led to it.
    depth: usize,
}

impl Line {
    /// A line to this address with this round trip, and a rate in bytes per second if it is not to
    /// be endless.
    pub(crate) async fn to(target: &str, round_trip: Duration, rate: Option<u32>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let rate = || Rate { per_second: rate, free: Mutex::new(Instant::now()) };
        let state = Arc::new(State {
            half: round_trip / 2,
            down: rate(),
            up: rate(),
            bytes: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            received: AtomicUsize::new(0),
        });
        let (target, all) = (target.to_owned(), Arc::clone(&state));
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (target, state) = (target.clone(), Arc::clone(&all));
                tokio::spawn(async move {
                    let server = TcpStream::connect(target).await.unwrap();
                    carry(client, server, state).await;
                });
            }
        });
        Self { address, state, listening }
    }

    /// Returns the address for clients.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Returns what clients have received since the last call.
    pub(crate) fn traffic(&self, since: Traffic) -> Traffic {
        let read = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        Traffic {
            bytes: read(&self.state.bytes) - since.bytes,
            round_trips: read(&self.state.received) - since.round_trips,
            connections: read(&self.state.connections) - since.connections,
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Traffic {
    /// Nothing.
    pub(crate) const NONE: Self = Self { bytes: 0, round_trips: 0, connections: 0 };
}

impl Rate {
    /// Returns when this number of bytes has been sent.
    fn sent(&self, bytes: usize) -> Instant {
        let now = Instant::now();
        let Some(per_second) = self.per_second else { return now };
        let mut free = self.free.lock().unwrap();
        let time = Duration::from_secs(1) * u32::try_from(bytes).unwrap() / per_second;
        *free = (*free).max(now) + time;
        *free
    }
}

async fn carry(client: TcpStream, server: TcpStream, state: Arc<State>) {
    // The handshake of TCP is a round trip.
    let opened = Instant::now() + 2 * state.half;
    let opening = state.received.load(Ordering::SeqCst) + 1;
    state.connections.fetch_add(1, Ordering::SeqCst);
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let (mut from_client, to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    // Number of round trips that led to what the server has received.
    let asked = Arc::new(AtomicUsize::new(0));
    let (up, up_end) = mpsc::channel(PACKETS);
    let (down, down_end) = mpsc::channel(PACKETS);
    let reads = async {
        let depth = || (state.received.load(Ordering::SeqCst) + 1).max(opening + 1);
        take(&mut from_client, &up, (&state.up, state.half), opened, depth).await;
        drop(up);
    };
    let answers = async {
        let depth = || asked.load(Ordering::SeqCst);
        take(&mut from_server, &down, (&state.down, state.half), opened, depth).await;
        drop(down);
    };
    let delivers = give(to_server, up_end, |packet: &Packet| {
        asked.fetch_max(packet.depth, Ordering::SeqCst);
    });
    let returns = give(to_client, down_end, |packet: &Packet| {
        state.received.fetch_max(packet.depth, Ordering::SeqCst);
        state.bytes.fetch_add(packet.bytes.len(), Ordering::SeqCst);
    });
    tokio::join!(reads, answers, delivers, returns);
}

/// Takes what one end sends, until it ends.
async fn take(
    end: &mut OwnedReadHalf,
    way: &mpsc::Sender<Packet>,
    (rate, half): (&Rate, Duration),
    opened: Instant,
    depth: impl Fn() -> usize,
) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = end.read(&mut buffer).await {
        let arrives = rate.sent(read).max(opened) + half;
        let packet = Packet { bytes: buffer[..read].to_vec(), arrives, depth: depth() };
        if way.send(packet).await.is_err() {
            return;
        }
    }
}

/// Gives the other end what arrives, until nothing more does.
async fn give(mut end: OwnedWriteHalf, mut way: mpsc::Receiver<Packet>, note: impl Fn(&Packet)) {
    while let Some(packet) = way.recv().await {
        sleep_until(packet.arrives).await;
        note(&packet);
        if end.write_all(&packet.bytes).await.is_err() {
            return;
        }
    }
    // It may have ended itself.
    drop(end.shutdown().await);
}
