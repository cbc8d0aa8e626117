//! Measures the costs of several dialects in one room: only one more encoding per message is
//! expected.

use std::time::Duration;

use super::client::{self, Listener};
use super::dialects::{ALL, Dialect};
use super::server::Server;

/// Number of sockets in a room.
const SOCKETS: usize = 1_000;
/// Number of runs per room, in turn.
const RUNS: usize = 5;

/// A room full of listeners, and the costs of deliveries so far.
struct Room {
    name: String,
    key: String,
    listeners: Vec<Listener>,
    costs: Vec<f64>,
}

impl Room {
    async fn fill(server: &Server, name: &str, speak: impl Fn(usize) -> Dialect) -> Self {
        let key = server.room().await;
        let mut listeners = Vec::new();
        for at in 0..SOCKETS {
            listeners.push(Listener::join(server, speak(at), &key).await);
        }
        Self { name: name.to_owned(), key, listeners, costs: Vec::new() }
    }

    async fn measure(&mut self, server: &Server, span: Duration) {
        let (before, cpu) = (client::received(&self.listeners), server.cpu());
        let sent = client::send(server, &self.key, 10, 32, span).await;
        let delivered = sent.latencies.len() as u64 * SOCKETS as u64;
        client::wait_for(&self.listeners, before + delivered).await;
        self.costs.push(server.cpu().saturating_sub(cpu).as_secs_f64() * 1e6 / delivered as f64);
    }

    fn median(&self) -> f64 {
        let mut costs = self.costs.clone();
        costs.sort_by(f64::total_cmp);
        costs[costs.len() / 2]
    }
}

/// Compares a room with sockets of all dialects to rooms with as many sockets of a single dialect.
pub(super) async fn compare(server: &Server, span: Duration) {
    println!(
        "\ndialects: {SOCKETS} present sockets in a room, 10 senders x 32 in flight; medians of \
         {RUNS} runs in turn"
    );
    let mut rooms = vec![Room::fill(server, "all four", |at| ALL[at % ALL.len()]).await];
    for dialect in ALL {
        rooms.push(Room::fill(server, &format!("{dialect:?}").to_lowercase(), |_| dialect).await);
    }
    for _ in 0..RUNS {
        for room in &mut rooms {
            room.measure(server, span).await;
        }
    }
    println!("{:>12} {:>22} {:>20}", "dialect", "server CPU us/delivery", "all four : this one");
    let mixed = rooms[0].median();
    for room in &rooms {
        println!("{:>12} {:>22.3} {:>20.2}", room.name, room.median(), mixed / room.median());
    }
    let alone = rooms[1..].iter().map(Room::median).sum::<f64>() / ALL.len() as f64;
    println!("{:>12} {alone:>22.3} {:>20.2}", "mean of one", mixed / alone);
}
