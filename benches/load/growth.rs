//! How costs grow with the number of sockets, rooms and messages, each beside its floor. Writes the
//! tables to files that `benches/plot` draws.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::client::{self, Listener};
use super::dialects::Dialect;
use super::fill::fill;
use super::floor::{self, Delivery, GATHERED};
use super::history;
use super::server::{Server, Stop};
use super::texts::{COMMON, RARE};

const SOCKETS: [usize; 5] = [100, 300, 1_000, 3_000, 10_000];
const ROOMS: [usize; 5] = [10, 30, 100, 300, 1_000];
const MESSAGES: [usize; 6] = [10_000, 100_000, 300_000, 1_000_000, 2_500_000, 5_000_000];
/// Deliveries per second to the sockets of a room that is not saturated.
const STEADY: u32 = 10_000;
/// Sockets in each room where rooms grow.
const MEMBERS: usize = 10;
/// Rooms that share the messages.
const SHARED: usize = 100;
/// Starts on the same messages; the median counts.
const STARTS: usize = 5;
/// Connections of a floor: each needs two files in this process.
const MOST: usize = 4_000;
const SERVER: u32 = 0;
const CLIENTS: u32 = 1;

/// A table that is printed and written to a file.
struct Table {
    name: &'static str,
    text: String,
}

impl Table {
    fn new(name: &'static str, columns: &[&str]) -> Self {
        println!("\ngrowth of {name}");
        let mut table = Self { name, text: String::new() };
        table.row(columns);
        table
    }

    fn add(&mut self, values: &[f64]) {
        let values: Vec<String> = values
            .iter()
            .map(|value| {
                let decimals = if value.fract() == 0.0 || *value >= 1_000.0 { 0 } else { 3 };
                format!("{value:.decimals$}")
            })
            .collect();
        self.row(&values.iter().map(String::as_str).collect::<Vec<_>>());
    }

    fn row(&mut self, cells: &[&str]) {
        let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>16}")).collect();
        let line = cells.join(" ");
        println!("{line}");
        writeln!(self.text, "{line}").unwrap();
        let directory = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/growth"));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(format!("{}.txt", self.name)), &self.text).unwrap();
    }
}

/// Prints the tables, with at most this number of messages. The server runs on one core and the
/// clients on the other.
pub(super) async fn measure(span: Duration, messages: u64) {
    client::stay_on_core(None, CLIENTS);
    sockets(span).await;
    rooms(span).await;
    self::messages(span, usize::try_from(messages).unwrap()).await;
}

/// One room with more and more sockets.
async fn sockets(span: Duration) {
    let mut table = Table::new(
        "sockets",
        &[
            "sockets",
            "KiB/socket",
            "p50-ms",
            "p99-ms",
            "us/delivery",
            "floor-us",
            "full/s",
            "full-us",
            "full-floor-us",
        ],
    );
    for count in SOCKETS {
        let receivers = count.min(MOST);
        let core = Some(SERVER);
        let every = Duration::from_secs(1) * u32::try_from(count).unwrap() / STEADY;
        let single =
            Delivery { receivers, gathered: 1, every: Some(every), core }.measure(span).await;
        let full = Delivery { receivers, gathered: GATHERED, every: None, core };
        let full = full.measure(span).await;
        let server = Server::start_on_core(SERVER).await;
        let room = server.room().await;
        let before = server.memory();
        let listeners = fill_room(&server, &room, count).await;
        let memory = server.memory().saturating_sub(before) as f64 / count as f64;

        let (known, cpu) = (client::received(&listeners), server.cpu());
        client::TIMED.store(true, Ordering::Relaxed);
        let sent = client::send_every(&server, &room, every, span).await;
        let delivered = (sent.len() * count) as u64;
        client::wait_for(&listeners, known + delivered).await;
        client::TIMED.store(false, Ordering::Relaxed);
        let steady = per(&server, cpu, delivered);
        let mut delays = client::delays(&sent, &listeners);
        delays.sort_by(f64::total_cmp);

        let (known, cpu) = (client::received(&listeners), server.cpu());
        let sent = client::send(&server, &room, 10, 32, span).await;
        let delivered = (sent.latencies.len() * count) as u64;
        client::wait_for(&listeners, known + delivered).await;
        let took = sent.began.elapsed().as_secs_f64();
        table.add(&[
            count as f64,
            memory,
            delays[delays.len() / 2],
            delays[delays.len() * 99 / 100],
            steady,
            single.cpu,
            delivered as f64 / took,
            per(&server, cpu, delivered),
            full.cpu,
        ]);
    }
}

/// More and more rooms of a few sockets, in which ten senders send in turn.
async fn rooms(span: Duration) {
    let mut table =
        Table::new("rooms", &["rooms", "messages/s", "p50-ms", "p99-ms", "us/message", "floor-us"]);
    for count in ROOMS {
        let server = Server::start_on_core(SERVER).await;
        let stored = floor::inserts(server.directory(), 64, span).cpu;
        let delivery =
            Delivery { receivers: MEMBERS, gathered: 1, every: None, core: Some(SERVER) };
        let delivered = delivery.measure(span).await.cpu * MEMBERS as f64;
        let (mut rooms, mut listeners) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let room = server.room().await;
            listeners.extend(fill_room(&server, &room, MEMBERS).await);
            rooms.push(room);
        }
        let (known, cpu) = (client::received(&listeners), server.cpu());
        let mut sent = client::send_to(&server, &rooms, 10, 32, span).await;
        let number = sent.latencies.len() as u64;
        client::wait_for(&listeners, known + number * MEMBERS as u64).await;
        sent.latencies.sort_unstable();
        table.add(&[
            count as f64,
            number as f64 / sent.took.as_secs_f64(),
            sent.percentile(50),
            sent.percentile(99),
            per(&server, cpu, number),
            stored + delivered,
        ]);
    }
}

/// A server with more and more messages: start, history, search and sending.
async fn messages(span: Duration, most: usize) {
    let mut table = Table::new(
        "messages",
        &[
            "messages",
            "start-ms",
            "page-us",
            "floor-us",
            "rare-p95-ms",
            "rare-room-p95-ms",
            "often-p95-ms",
            "often-room-p95-ms",
            "messages/s",
            "us/message",
            "store-floor-us",
        ],
    );
    let mut server = Server::start_on_core(SERVER).await;
    let mut rooms = Vec::new();
    for _ in 0..SHARED {
        rooms.push(server.room().await);
    }
    let numbers: Vec<i64> = rooms.iter().map(|room| number(room)).collect();
    let database = server.directory().join("chat.db");
    let mut known = 0;
    for count in MESSAGES.into_iter().filter(|count| *count <= most) {
        server.stop(Stop::Term);
        fill(&database, 1, &numbers, known..count);
        known = count;
        server.start_again();
        wait_for_index(&server).await;
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            server.stop(Stop::Term);
            starts.push(server.start_again().as_secs_f64() * 1e3);
            wait_for_index(&server).await;
        }
        starts.sort_by(f64::total_cmp);
        // What was written without syncs would delay those of the messages.
        assert!(Command::new("sync").status().unwrap().success());
        server.at_rest().await;
        let mut row = vec![count as f64, starts[STARTS / 2]];

        let path = format!("/api/chatrooms/{}/messages?limit=50", rooms[0]);
        let cpu = server.cpu();
        let pages = history::repeat(&server, &path, span).await;
        row.push(per(&server, cpu, u64::from(pages.count)));
        row.push(floor::scan_cost(&database, numbers[0], span));
        row.extend(searches(&server, &rooms[0], span).await);
        row.extend(sending(&server, &rooms, span).await);
        row.push(floor::inserts(server.directory(), 64, span).cpu);
        table.add(&row);
    }
}

/// Returns the 95th percentile, in milliseconds, of searches for a rare and a common word of two
/// characters, each everywhere and in one room.
async fn searches(server: &Server, room: &str, span: Duration) -> Vec<f64> {
    let mut p95 = Vec::new();
    for word in [RARE[1], COMMON[1]] {
        for place in [String::new(), format!("&roomId={room}")] {
            let path = format!("/api/search?limit=50&q={}{place}", encoded(word));
            let found = history::repeat_on(1, server, &path, span).await;
            p95.push(found.each[found.each.len() * 95 / 100].as_secs_f64() * 1e3);
        }
    }
    p95
}

/// Returns messages per second, and the microseconds of the server for each until it is in the
/// index.
async fn sending(server: &Server, rooms: &[String], span: Duration) -> [f64; 2] {
    // Rooms in use: otherwise what is known of a room is read again for each message.
    let mut present = Vec::new();
    for room in rooms {
        present.extend(fill_room(server, room, 1).await);
    }
    let cpu = server.cpu();
    let sent = client::send_to(server, rooms, 1, 64, span).await;
    server.at_rest().await;
    let count = sent.latencies.len() as u64;
    [count as f64 / sent.took.as_secs_f64(), per(server, cpu, count)]
}

async fn fill_room(server: &Server, room: &str, sockets: usize) -> Vec<Listener> {
    let mut listeners = Vec::new();
    for _ in 0..sockets {
        listeners.push(Listener::join(server, Dialect::Chatrooms, room).await);
    }
    listeners
}

/// Returns the microseconds of the server since then, for each of these.
fn per(server: &Server, since: Duration, count: u64) -> f64 {
    server.cpu().saturating_sub(since).as_secs_f64() * 1e6 / count as f64
}

/// Waits until all messages are in the search index.
async fn wait_for_index(server: &Server) {
    let path = format!("/api/search?limit=1&q={}", encoded(COMMON[1]));
    // 503 until the index is open.
    while server.try_get(&path).await.is_none_or(|found| found["indexing"] == true) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Returns the number in the key of a room.
fn number(room: &str) -> i64 {
    room.trim_start_matches("room").trim_start_matches('0').parse().unwrap()
}

/// Encodes a word for a URL.
fn encoded(word: &str) -> String {
    word.bytes().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02X}").unwrap();
        text
    })
}
