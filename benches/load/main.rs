//! The load generator: send rate, fan-out and memory of the real server, each compared to a floor
//! measured in the same run, and the costs of several dialects in one room.
//!
//! `cargo bench --bench load`; `BENCH_SECONDS` (3) is the duration of each measurement, and
//! `BENCH_ONLY` one of `send`, `fan-out`, `dialects`, `memory`, `writing`, `history`, `logins`,
//! `storm`, `endurance`, `growth`, `side-by-side`, the comparison with a peer, which needs `bun`
//! in the path or in `BENCH_BUN`, and `cluster`, which is measured only if it is named and needs
//! Cassandra and Redis. benches/README.md describes them. Uses loopback only, ends by
//! itself, and fails if something is lost, doubled or closed.
#![expect(clippy::print_stdout, reason = "prints its results")]
#![expect(clippy::unwrap_used, reason = "a failed measurement stops")]
#![expect(clippy::cast_precision_loss, reason = "results are rounded anyway")]

mod client;
mod cluster;
mod crowd;
mod dialects;
mod endurance;
#[path = "../search/fill.rs"]
mod fill;
mod floor;
mod growth;
mod history;
mod logins;
mod mixed;
mod server;
mod side_by_side;
mod socket;
mod storm;
#[path = "../search/texts.rs"]
mod texts;

use std::process::ExitCode;
use std::time::Duration;

use dialects::Dialect;
use floor::Delivery;
use server::Server;

/// Bytes per message.
const TEXT: usize = 200;

fn main() -> ExitCode {
    let span = Duration::from_secs(number("BENCH_SECONDS", 3));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut sound = true;
        if wanted("send") {
            send_rate(&Server::start().await, span).await;
        }
        if wanted("fan-out") {
            fan_out(&Server::start().await, span).await;
        }
        if wanted("dialects") {
            mixed::compare(&Server::start().await, span).await;
        }
        // A fresh server: memory grown under load would hide the memory of sockets.
        if wanted("memory") {
            memory(&Server::start().await).await;
        }
        if wanted("writing") {
            writing(&Server::start().await, span).await;
        }
        if wanted("history") {
            history::measure(&Server::start().await, span).await;
        }
        if wanted("logins") {
            sound &= logins::measure(span).await;
        }
        if wanted("storm") {
            sound &= storm::measure(span).await;
        }
        if wanted("endurance") {
            let long = Duration::from_secs(number("BENCH_ENDURANCE", 10));
            sound &= endurance::measure(span, long).await;
        }
        // Needs Cassandra and Redis.
        if std::env::var("BENCH_ONLY").is_ok_and(|only| only == "cluster") {
            cluster::measure(span).await;
        }
        // Last: afterwards all threads stay on one core.
        if wanted("growth") {
            growth::measure(span, number("BENCH_MESSAGES", 1_000_000)).await;
        }
        if wanted("side-by-side") {
            side_by_side::compare(span).await;
        }
        if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    })
}

/// Returns the number in a variable of the environment.
fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn wanted(part: &str) -> bool {
    std::env::var("BENCH_ONLY").map_or(true, |only| only == part)
}

async fn send_rate(server: &Server, span: Duration) {
    let floor = floor::syncs_per_second(server.directory(), Duration::from_secs(1));
    println!(
        "send rate, {TEXT}-byte texts; floor: 4 KiB appended and synced {floor:.0} times a second"
    );
    println!(
        "{:>8} {:>9} {:>12} {:>10} {:>9} {:>9}",
        "senders", "in flight", "messages/s", "x floor", "p50 ms", "p99 ms"
    );
    let room = server.room().await;
    // One user is present, as in a room in use.
    let _present = client::Listener::join(server, Dialect::Chatrooms, &room).await;
    for (senders, in_flight) in [(1, 1), (10, 1), (10, 32), (100, 32)] {
        let mut sent = client::send(server, &room, senders, in_flight, span).await;
        sent.latencies.sort_unstable();
        let rate = sent.latencies.len() as f64 / sent.took.as_secs_f64();
        println!(
            "{senders:>8} {in_flight:>9} {rate:>12.0} {:>10.2} {:>9.2} {:>9.2}",
            rate / floor,
            sent.percentile(50),
            sent.percentile(99)
        );
    }
}

async fn fan_out(server: &Server, span: Duration) {
    println!(
        "\nfan-out to N present sockets, {TEXT}-byte texts; floor: one write(2) a receiver, one \
         thread"
    );
    println!(
        "{:>6} {:>18} {:>14} {:>22} {:>17} {:>8}",
        "N",
        "senders x flight",
        "deliveries/s",
        "server CPU us/delivery",
        "floor us/delivery",
        "x floor"
    );
    for receivers in [100, 1_000] {
        let floor = Delivery { receivers, gathered: 1, every: None, core: None };
        let floor = floor.measure(Duration::from_secs(1)).await.cpu;
        for (senders, in_flight) in [(1, 1), (10, 32)] {
            let room = server.room().await;
            let mut listeners = Vec::new();
            for _ in 0..receivers {
                listeners.push(client::Listener::join(server, Dialect::Chatrooms, &room).await);
            }
            let before = client::received(&listeners);
            let cpu = server.cpu();
            let sent = client::send(server, &room, senders, in_flight, span).await;
            let expected = before + sent.latencies.len() as u64 * receivers as u64;
            client::wait_for(&listeners, expected).await;
            let (took, used) = (sent.began.elapsed(), server.cpu().saturating_sub(cpu));
            let delivered = (expected - before) as f64;
            let cost = used.as_secs_f64() * 1e6 / delivered;
            let way = format!("{senders} x {in_flight}");
            println!(
                "{receivers:>6} {way:>18} {:>14.0} {cost:>22.2} {:>17.2} {:>8.2}",
                delivered / took.as_secs_f64(),
                floor,
                cost / floor
            );
        }
    }
}

async fn memory(server: &Server) {
    const SOCKETS: u64 = 1_000;
    let before = server.memory();
    let room = server.room().await;
    let mut listeners = Vec::new();
    for _ in 0..SOCKETS {
        listeners.push(client::Listener::join(server, Dialect::Chatrooms, &room).await);
    }
    let each = server.memory().saturating_sub(before) as f64 / SOCKETS as f64;
    println!(
        "\nidle: {SOCKETS} more sockets present in a room take {each:.1} KiB each of the server's \
         memory"
    );
}

/// The costs of storing a message, without many receivers.
async fn writing(server: &Server, span: Duration) {
    const IN_FLIGHT: usize = 64;
    let room = server.room().await;
    let _present = client::Listener::join(server, Dialect::Chatrooms, &room).await;
    let cpu = server.cpu();
    let sent = client::send(server, &room, 1, IN_FLIGHT, span).await;
    let sending = server.cpu().saturating_sub(cpu);
    let count = sent.latencies.len() as f64;
    // The search index follows.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let all = server.cpu().saturating_sub(cpu);
    println!(
        "\nwriting, 2 sockets, {IN_FLIGHT} in flight: {:.0} messages/s, server CPU {:.1} us a \
         message, {:.1} until it is in the search index",
        count / sent.took.as_secs_f64(),
        sending.as_secs_f64() * 1e6 / count,
        all.as_secs_f64() * 1e6 / count
    );
}
