//! A flood of log-ins while a chat runs: how much longer its messages take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use super::client::{self, Listener};
use super::dialects::Dialect;
use super::server::Server;

/// Log-ins per second.
const RATE: u32 = 100;
/// Sockets in the room.
const SOCKETS: usize = 100;
/// Interval of the messages.
const EVERY: Duration = Duration::from_millis(20);
/// Runs with and without the flood, in turn.
const RUNS: usize = 3;

/// Delays of all runs of one kind, sorted, in milliseconds.
struct Delays(Vec<f64>);

impl Delays {
    fn percentile(&self, percent: usize) -> f64 {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }
}

/// A flood in progress.
struct Flood {
    over: Arc<AtomicBool>,
    task: JoinHandle<()>,
    /// Numbers of log-ins that were started, succeeded, were put off (429 or 503), and failed.
    counts: Arc<[AtomicU32; 4]>,
}

/// Prints the delays with and without the flood; returns whether everything was delivered and no
/// log-in failed.
pub(super) async fn measure(span: Duration) -> bool {
    let server = Arc::new(Server::start().await);
    let room = server.room().await;
    let mut listeners = Vec::new();
    for _ in 0..SOCKETS {
        listeners.push(Listener::join(&server, Dialect::Chatrooms, &room).await);
    }
    println!(
        "\nlog-ins: {} messages a second to {SOCKETS} sockets; {RATE} log-ins a second, {RUNS} runs \
         in turn",
        1_000 / EVERY.as_millis()
    );
    let (mut quiet, mut flooded) = (Delays(Vec::new()), Delays(Vec::new()));
    let (mut quiet_cpu, mut flooded_cpu) = (Duration::ZERO, Duration::ZERO);
    let counts = Arc::<[AtomicU32; 4]>::default();
    for _ in 0..RUNS {
        let cpu = server.cpu();
        quiet.0.extend(chat(&server, &room, &listeners, span).await);
        quiet_cpu += server.cpu().saturating_sub(cpu);
        let cpu = server.cpu();
        let flood = Flood::start(&server, &counts);
        flooded.0.extend(chat(&server, &room, &listeners, span).await);
        flood.end().await;
        flooded_cpu += server.cpu().saturating_sub(cpu);
    }
    println!("{:>10} {:>9} {:>9} {:>9} {:>9}", "", "p50 ms", "p99 ms", "worst ms", "CPU s");
    for (name, delays, cpu) in
        [("quiet", &mut quiet, quiet_cpu), ("flooded", &mut flooded, flooded_cpu)]
    {
        delays.0.sort_by(f64::total_cmp);
        println!(
            "{name:>10} {:>9.2} {:>9.2} {:>9.2} {:>9.2}",
            delays.percentile(50),
            delays.percentile(99),
            delays.percentile(100),
            cpu.as_secs_f64()
        );
    }
    let [started, succeeded, put_off, failed] =
        [0, 1, 2, 3].map(|at| counts[at].load(Ordering::Relaxed));
    println!(
        "{:>10} {:>9.2} {:>9.2}",
        "ratio",
        flooded.percentile(50) / quiet.percentile(50),
        flooded.percentile(99) / quiet.percentile(99)
    );
    println!(
        "{started} log-ins: {succeeded} succeeded, {put_off} were put off, {failed} failed; server \
         CPU {:.1} ms for each that succeeded",
        flooded_cpu.saturating_sub(quiet_cpu).as_secs_f64() * 1e3 / f64::from(succeeded.max(1))
    );
    failed == 0
}

/// Sends messages and returns the delay of each delivery, in milliseconds.
async fn chat(server: &Server, room: &str, listeners: &[Listener], span: Duration) -> Vec<f64> {
    let before = client::received(listeners);
    client::TIMED.store(true, Ordering::Relaxed);
    let sent = client::send_every(server, room, EVERY, span).await;
    client::wait_for(listeners, before + (sent.len() * listeners.len()) as u64).await;
    client::TIMED.store(false, Ordering::Relaxed);
    client::delays(&sent, listeners)
}

impl Flood {
    fn start(server: &Arc<Server>, counts: &Arc<[AtomicU32; 4]>) -> Self {
        let (server, counted) = (Arc::clone(server), Arc::clone(counts));
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        let task = tokio::spawn(async move {
            let mut ticks = interval(Duration::from_secs(1) / RATE);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut all = JoinSet::new();
            while !ended.load(Ordering::Relaxed) {
                ticks.tick().await;
                let (server, counts) = (Arc::clone(&server), Arc::clone(&counted));
                counts[0].fetch_add(1, Ordering::Relaxed);
                all.spawn(async move {
                    let kind = match server.log_in("ann").await {
                        200 => 1,
                        429 | 503 => 2,
                        _ => 3,
                    };
                    counts[kind].fetch_add(1, Ordering::Relaxed);
                });
            }
            all.join_all().await;
        });
        Self { over, task, counts: Arc::clone(counts) }
    }

    async fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        let [started, rest @ ..] = self.counts.each_ref().map(|n| n.load(Ordering::Relaxed));
        assert_eq!(started, rest.iter().sum::<u32>(), "each log-in is answered");
    }
}
