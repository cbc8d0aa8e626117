//! Compares the server with a peer that was written for speed alone ([`Peer`]), and with the floor
//! of each value, in one run: the same load, in turn, the servers on one core and the clients on
//! the other.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::client::{self, Listener};
use super::dialects::Dialect;
use super::floor::{self, Delivery, GATHERED};
use super::history;
use super::server::{Peer, Server};

/// Sockets in the room.
const SOCKETS: usize = 1_000;
/// Idle sockets whose memory is measured.
const IDLE: usize = 10_000;
/// Messages in the room whose history is read.
const HISTORY: usize = 100_000;
/// Runs of each measurement; the median counts.
const RUNS: usize = 3;
/// The core of the servers, and of the floors that do their work.
const SERVERS: u32 = 0;
/// Connections whose floor of memory is measured.
const WAITING: u32 = 5_000;
/// MiB that hashing one password takes.
const HASHING: f64 = 19.0;

/// One measured value of all servers.
struct Row {
    what: &'static str,
    floor: f64,
    /// Our value, then those of the peers.
    values: Vec<f64>,
}

/// A server in a run.
struct Side {
    server: Server,
    room: String,
    listeners: Vec<Listener>,
}

/// Prints the table.
pub(super) async fn compare(span: Duration) {
    let peers = [Peer::Unsynced, Peer::Synced];
    client::stay_on_core(None, 1);
    let waiting = floor::memory_of_waiting(WAITING).await;
    let program = floor::memory_of_a_program();
    let mut servers = vec![Server::start_on_core(SERVERS).await];
    for peer in peers {
        match Server::start_peer(peer, SERVERS).await {
            Some(server) => servers.push(server),
            None => return println!("\nside by side: left out, because bun is not installed"),
        }
    }
    println!(
        "\nside by side: server on one core, clients on the other, {}-byte texts, medians of \
         {RUNS} runs in turn",
        super::TEXT
    );
    println!(
        "{:>44} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8} {:>8}",
        "", "floor", "chatctl", "bun", "bun-full", "x floor", "x bun", "x full"
    );
    let fresh = servers.iter().map(|server| server.fresh as f64 / 1024.0).collect();
    print(&Row { what: "memory of a fresh server, MiB", floor: program, values: fresh });
    let mut sides = Vec::new();
    for server in servers {
        sides.push(Side { room: server.room().await, server, listeners: Vec::new() });
    }
    alone(&sides, span).await;
    writing(&sides, span).await;
    reading(&sides, span).await;
    for side in &mut sides {
        side.fill().await;
    }
    slowly(&sides, span).await;
    saturated(&sides, span).await;
    for side in &mut sides {
        side.listeners.clear();
    }
    idle(peers, &sides, [program + HASHING, waiting]).await;
}

fn print(row: &Row) {
    let [ours, bun, full] = row.values[..] else { return };
    println!(
        "{:>44} {:>10.2} {ours:>10.2} {bun:>10.2} {full:>10.2} {:>8.2} {:>8.2} {:>8.2}",
        row.what,
        row.floor,
        ours / row.floor,
        ours / bun,
        ours / full
    );
}

/// Measures each side several times, in turn, and prints the medians of each value beside its
/// floor.
async fn in_turn<const N: usize>(
    sides: &[Side],
    what: [(&'static str, f64); N],
    measure: impl AsyncFn(&Side) -> [f64; N],
) {
    let mut results = vec![Vec::new(); sides.len()];
    for _ in 0..RUNS {
        for (side, results) in sides.iter().zip(&mut results) {
            results.push(measure(side).await);
        }
    }
    for (at, (what, floor)) in what.into_iter().enumerate() {
        let values = results.iter().map(|runs| median(runs.iter().map(|run| run[at]))).collect();
        print(&Row { what, floor, values });
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn alone(sides: &[Side], span: Duration) {
    let syncs = floor::syncs_per_second(sides[0].server.directory(), span);
    in_turn(sides, [("one sender, window 1: messages/s", syncs)], async |side| {
        let sent = client::send(&side.server, &side.room, 1, 1, span).await;
        [sent.latencies.len() as f64 / sent.took.as_secs_f64()]
    })
    .await;
}

async fn writing(sides: &[Side], span: Duration) {
    let floor = floor::inserts(sides[0].server.directory(), 64, span);
    let what = [
        ("2 members, window 64: messages/s", floor.per_second),
        ("server CPU us/message", floor.cpu),
    ];
    in_turn(sides, what, async |side| {
        let other = Listener::join(&side.server, Dialect::Chatrooms, &side.room).await;
        let cpu = side.server.cpu();
        let sent = client::send(&side.server, &side.room, 1, 64, span).await;
        let count = sent.latencies.len() as f64;
        // Also what the search index does afterwards.
        side.server.at_rest().await;
        drop(other);
        let used = side.server.cpu().saturating_sub(cpu).as_secs_f64();
        [count / sent.took.as_secs_f64(), used * 1e6 / count]
    })
    .await;
}

async fn reading(sides: &[Side], span: Duration) {
    for side in sides {
        let known = side.server.last_seq(&side.room).await;
        client::send_number(&side.server, &side.room, HISTORY.saturating_sub(known)).await;
        side.server.at_rest().await;
    }
    let number = sides[0].room.trim_start_matches("room").trim_start_matches('0').parse().unwrap();
    let page = floor::scan_cost(&sides[0].server.directory().join("chat.db"), number, span);
    let what = [("history, newest 50: requests/s", 1e6 / page), ("server CPU us/request", page)];
    in_turn(sides, what, async |side| {
        let cpu = side.server.cpu();
        let path = format!("/api/chatrooms/{}/messages?limit=50", side.room);
        let read = history::repeat(&side.server, &path, span).await;
        let used = side.server.cpu().saturating_sub(cpu).as_secs_f64();
        let count = f64::from(read.count);
        [count / read.took.as_secs_f64(), used * 1e6 / count]
    })
    .await;
}

impl Side {
    async fn fill(&mut self) {
        self.room = self.server.room().await;
        for _ in 0..SOCKETS {
            let listener = Listener::join(&self.server, Dialect::Chatrooms, &self.room).await;
            self.listeners.push(listener);
        }
    }
}

/// 20 messages a second: latency from the frame to each listener.
async fn slowly(sides: &[Side], span: Duration) {
    const EVERY: Duration = Duration::from_millis(50);
    let floor =
        Delivery { receivers: SOCKETS, gathered: 1, every: Some(EVERY), core: Some(SERVERS) };
    let floor = floor.measure(span).await;
    in_turn(
        sides,
        [("20 messages/s: p50 of delivery, ms", floor.p50), ("server CPU us/delivery", floor.cpu)],
        async |side| {
            let (before, cpu) = (client::received(&side.listeners), side.server.cpu());
            client::TIMED.store(true, Ordering::Relaxed);
            let sent = client::send_every(&side.server, &side.room, EVERY, span).await;
            let delivered = sent.len() * SOCKETS;
            client::wait_for(&side.listeners, before + delivered as u64).await;
            client::TIMED.store(false, Ordering::Relaxed);
            let used = side.server.cpu().saturating_sub(cpu).as_secs_f64();
            let p50 = median(client::delays(&sent, &side.listeners).into_iter());
            [p50, used * 1e6 / delivered as f64]
        },
    )
    .await;
}

async fn saturated(sides: &[Side], span: Duration) {
    let floor =
        Delivery { receivers: SOCKETS, gathered: GATHERED, every: None, core: Some(SERVERS) };
    let floor = floor.measure(span).await;
    in_turn(
        sides,
        [
            ("10 senders x 32 in flight: deliveries/s", floor.per_second),
            ("server CPU us/delivery", floor.cpu),
        ],
        async |side| {
            let (before, cpu) = (client::received(&side.listeners), side.server.cpu());
            let sent = client::send(&side.server, &side.room, 10, 32, span).await;
            let delivered = (sent.latencies.len() * SOCKETS) as u64;
            client::wait_for(&side.listeners, before + delivered).await;
            let (took, used) = (sent.began.elapsed(), side.server.cpu().saturating_sub(cpu));
            [delivered as f64 / took.as_secs_f64(), used.as_secs_f64() * 1e6 / delivered as f64]
        },
    )
    .await;
}

/// Memory of idle sockets, on fresh servers: memory grown under load would hide it.
async fn idle(peers: [Peer; 2], sides: &[Side], floors: [f64; 2]) {
    let mut values = Vec::new();
    let mut after_log_in = Vec::new();
    for at in 0..sides.len() {
        let server = match at.checked_sub(1) {
            None => Server::start_on_core(SERVERS).await,
            Some(peer) => match Server::start_peer(peers[peer], SERVERS).await {
                Some(server) => server,
                None => return,
            },
        };
        after_log_in.push(server.memory() as f64 / 1024.0);
        let (room, mut listeners) = (server.room().await, Vec::new());
        let before = server.memory();
        for _ in 0..IDLE {
            listeners.push(Listener::join(&server, Dialect::Chatrooms, &room).await);
        }
        values.push(server.memory().saturating_sub(before) as f64 / IDLE as f64);
    }
    let [logged_in, waiting] = floors;
    print(&Row { what: "memory after one log-in, MiB", floor: logged_in, values: after_log_in });
    print(&Row { what: "memory per idle joined socket, KiB", floor: waiting, values });
}
