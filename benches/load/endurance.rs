//! Endurance: many sockets that send and receive in many rooms, for a long time. Nothing may be
//! lost, nobody closed, and memory must not grow.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::time::interval_at;

use super::client::ACKNOWLEDGED;
use super::crowd::{Check, ROOMS, Room, SOCKETS, Tally};
use super::server::{Server, cpu_of};
use super::socket::Socket;

/// Messages per second in each room that are tried first; then half of them, and so on.
const RATES: [u32; 7] = [100, 50, 25, 12, 6, 3, 1];
/// Maximum delay of 99 % of the deliveries, in milliseconds.
const MAX_P99: f64 = 250.0;
/// Maximum growth of the memory between the first and the last fifth of a run, in MiB: the caches of
/// the database fill up to 64 (writer), 32 (index) and 16 (each of two readers).
const MAX_GROWTH: f64 = 128.0;
/// Maximum time for what was sent to arrive.
const DRAIN: Duration = Duration::from_secs(30);
/// Interval between looks whether everything has arrived.
const LOOK: Duration = Duration::from_millis(100);

/// Result of a run.
struct Run {
    holds: bool,
    clean: bool,
}

/// Finds the highest rate that holds for `span`, and then holds it for `long`; returns whether it
/// did.
pub(super) async fn measure(span: Duration, long: Duration) -> bool {
    let rates = match std::env::var("BENCH_RATE").ok().and_then(|rate| rate.parse().ok()) {
        Some(rate) => vec![rate],
        None => RATES.to_vec(),
    };
    println!(
        "\nendurance: {ROOMS} rooms of {SOCKETS} sockets, all send and receive; p99 at most \
         {MAX_P99} ms, nothing lost, nobody closed"
    );
    println!(
        "{:>8} {:>8} {:>12} {:>12} {:>8} {:>8} {:>9} {:>9} {:>11} {:>11}",
        "seconds",
        "each",
        "messages/s",
        "deliveries/s",
        "p50 ms",
        "p99 ms",
        "CPU",
        "clients",
        "MiB first",
        "MiB last"
    );
    for rate in rates {
        if run(rate, span).await.holds {
            let last = run(rate, long).await;
            return last.holds && last.clean;
        }
    }
    println!("no rate holds");
    false
}

/// Runs the crowd at this number of messages per second and room.
async fn run(rate: u32, span: Duration) -> Run {
    let server = Server::start().await;
    let rooms = Room::several(&server).await;
    let tally = Arc::<Tally>::default();
    let mut sockets = Vec::new();
    for room in &rooms {
        for number in 0..SOCKETS {
            let mut socket =
                Socket::connect(&server.address, room.token(number), "/chat").await.unwrap();
            socket.write(&[format!(r#"{{"type":"join_room","room_id":"{}"}}"#, room.key)]).await;
            socket.wait_for(r#"{"type":"room_joined""#).await;
            sockets.push((socket, number, Arc::clone(room)));
        }
    }
    let own = std::process::id();
    let (cpu, own_cpu) = (server.cpu(), cpu_of(own));
    let origin = Instant::now();
    let until = origin + span;
    let period = Duration::from_secs(SOCKETS as u64) / rate;
    let tasks: Vec<_> = sockets
        .into_iter()
        .map(|(socket, number, room)| {
            let check = Check::new(&room, &tally, origin);
            let first = period * u32::try_from(number).unwrap() / u32::try_from(SOCKETS).unwrap();
            tokio::spawn(take_part(socket, number, check, (origin, first, period, until)))
        })
        .collect();
    let memory = watch_memory(&server, until).await;
    for task in tasks {
        task.await.unwrap();
    }
    let (used, own) = (server.cpu().saturating_sub(cpu), cpu_of(own).saturating_sub(own_cpu));
    // What is still on its way at the end counts too.
    let took = origin.elapsed().as_secs_f64();
    let sent: u64 = rooms.iter().map(|room| room.sent.load(Ordering::Relaxed)).sum();
    let received = tally.received.load(Ordering::Relaxed);
    let p99 = tally.delays.percentile(99);
    println!(
        "{took:>8.1} {rate:>8} {:>12.0} {:>12.0} {:>8.1} {p99:>8.1} {:>8.0}% {:>8.0}% {:>11.1} {:>11.1}",
        sent as f64 / took,
        received as f64 / took,
        tally.delays.percentile(50),
        used.as_secs_f64() / took * 100.0,
        own.as_secs_f64() / took * 100.0,
        memory.0,
        memory.1
    );
    let clean = tally.is_clean();
    if !clean {
        println!("{:>8} {}", "", tally.faults());
    }
    Run { holds: clean && p99 <= MAX_P99, clean: memory.1 <= memory.0 + MAX_GROWTH }
}

/// One socket: sends at each period, and verifies what it receives, until all has arrived.
async fn take_part(
    mut socket: Socket,
    number: usize,
    mut check: Check,
    (origin, first, period, until): (Instant, Duration, Duration, Instant),
) {
    let room = Arc::clone(&check.room);
    let mut ticks = interval_at((origin + first).into(), period);
    let mut looks = interval_at(until.into(), LOOK);
    let (mut n, mut waiting, mut ended) = (0, 0_u32, false);
    loop {
        tokio::select! {
            open = socket.read(|frame| {
                if frame.starts_with(ACKNOWLEDGED) {
                    waiting -= 1;
                    room.sent.fetch_add(1, Ordering::AcqRel);
                }
                check.take(frame);
            }) => if !open {
                check.tally.closed.fetch_add(1, Ordering::Relaxed);
                break;
            },
            at = ticks.tick(), if Instant::now() < until => {
                n += 1;
                waiting += 1;
                // A message counts from when it should have been sent.
                let at = at.into_std().saturating_duration_since(origin);
                if socket.try_write(&[room.message(number, n, at)]).await.is_err() {
                    check.tally.closed.fetch_add(1, Ordering::Relaxed);
                    break;
                }
            }
            _ = looks.tick() => {
                if waiting == 0 && !ended {
                    ended = true;
                    room.ended.fetch_add(1, Ordering::AcqRel);
                }
                let all = room.ended.load(Ordering::Acquire) == SOCKETS;
                if (all && check.is_complete()) || Instant::now() > until + DRAIN {
                    break;
                }
            }
        }
    }
    if !ended {
        room.ended.fetch_add(1, Ordering::AcqRel);
    }
    check.end();
}

/// Returns the highest memory of the server in the first and in the last fifth, in MiB.
async fn watch_memory(server: &Server, until: Instant) -> (f64, f64) {
    let mut samples = Vec::new();
    while Instant::now() < until {
        samples.push(server.memory() as f64 / 1024.0);
        tokio::time::sleep(LOOK).await;
    }
    let fifth = samples.len().div_ceil(5);
    let highest = |some: &[f64]| some.iter().copied().fold(0.0, f64::max);
    (highest(&samples[..fifth]), highest(&samples[samples.len() - fifth..]))
}
