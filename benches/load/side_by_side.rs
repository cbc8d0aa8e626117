//! Compares the server with a peer that was written for speed alone ([`Peer`]), in one run: the
//! same load, in turn, the servers on one core and the clients on the other.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::client::{self, Listener};
use super::dialects::Dialect;
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

/// One measured value of all servers.
struct Row {
    what: &'static str,
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
    client::stay_on_core(1);
    let mut servers = vec![Server::start_on_core(0).await];
    for peer in peers {
        match Server::start_peer(peer, 0).await {
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
        "{:>44} {:>10} {:>10} {:>10} {:>8} {:>8}",
        "", "chatctl", "bun", "bun-full", "x bun", "x full"
    );
    let fresh = servers.iter().map(|server| server.fresh as f64 / 1024.0).collect();
    print(&Row { what: "memory of a fresh server, MiB", values: fresh });
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
    idle(peers, &sides).await;
}

fn print(row: &Row) {
    let [ours, bun, full] = row.values[..] else { return };
    println!(
        "{:>44} {ours:>10.2} {bun:>10.2} {full:>10.2} {:>8.2} {:>8.2}",
        row.what,
        ours / bun,
        ours / full
    );
}

/// Measures each side several times, in turn, and prints the medians of each value.
async fn in_turn<const N: usize>(
    sides: &[Side],
    what: [&'static str; N],
    measure: impl AsyncFn(&Side) -> [f64; N],
) {
    let mut results = vec![Vec::new(); sides.len()];
    for _ in 0..RUNS {
        for (side, results) in sides.iter().zip(&mut results) {
            results.push(measure(side).await);
        }
    }
    for (at, what) in what.into_iter().enumerate() {
        let values = results.iter().map(|runs| median(runs.iter().map(|run| run[at]))).collect();
        print(&Row { what, values });
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn alone(sides: &[Side], span: Duration) {
    in_turn(sides, ["one sender, window 1: messages/s"], async |side| {
        let sent = client::send(&side.server, &side.room, 1, 1, span).await;
        [sent.latencies.len() as f64 / sent.took.as_secs_f64()]
    })
    .await;
}

async fn writing(sides: &[Side], span: Duration) {
    in_turn(sides, ["2 members, window 64: messages/s", "server CPU us/message"], async |side| {
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
    in_turn(sides, ["history, newest 50: requests/s", "server CPU us/request"], async |side| {
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
    in_turn(
        sides,
        ["20 messages/s: p50 of delivery, ms", "server CPU us/delivery"],
        async |side| {
            let (before, cpu) = (client::received(&side.listeners), side.server.cpu());
            client::TIMED.store(true, Ordering::Relaxed);
            let sent = client::send_every(&side.server, &side.room, EVERY, span).await;
            let delivered = sent.len() * SOCKETS;
            client::wait_for(&side.listeners, before + delivered as u64).await;
            client::TIMED.store(false, Ordering::Relaxed);
            let used = side.server.cpu().saturating_sub(cpu).as_secs_f64();
            let delays = side.listeners.iter().flat_map(|listener| {
                let arrived = listener.take_arrivals();
                sent.iter()
                    .zip(arrived)
                    .map(|(sent, at)| (at - *sent).as_secs_f64())
                    .collect::<Vec<_>>()
            });
            let p50 = median(delays);
            [p50 * 1e3, used * 1e6 / delivered as f64]
        },
    )
    .await;
}

async fn saturated(sides: &[Side], span: Duration) {
    in_turn(
        sides,
        ["10 senders x 32 in flight: deliveries/s", "server CPU us/delivery"],
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
async fn idle(peers: [Peer; 2], sides: &[Side]) {
    let mut values = Vec::new();
    let mut after_log_in = Vec::new();
    for at in 0..sides.len() {
        let server = match at.checked_sub(1) {
            None => Server::start_on_core(0).await,
            Some(peer) => match Server::start_peer(peers[peer], 0).await {
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
    print(&Row { what: "memory after one log-in, MiB", values: after_log_in });
    print(&Row { what: "memory per idle joined socket, KiB", values });
}
