//! A room into which many write through several servers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::services::Services;
use crate::TEXT;
use crate::client::ACKNOWLEDGED;
use crate::server::{Server, Setup};
use crate::socket::Socket;

/// Senders.
const SENDERS: u32 = 20;
/// Servers among which they are divided.
const SERVERS: usize = 3;
/// Messages of one sender that wait for an answer.
const OPEN: usize = 32;
/// Messages a second of all senders.
const RATES: [u32; 3] = [50, 200, 500];

/// Measures it with servers that know of each other, so that one of them writes, and with servers
/// that do not, so that each writes by itself.
pub(super) async fn measure(services: &Services, server: &Server, span: Duration) {
    println!(
        "\nhot room, {SENDERS} senders on {SERVERS} servers, {TEXT}-byte texts; floor: one message \
         for each conditional write"
    );
    println!(
        "{:>16} {:>10} {:>12} {:>9} {:>9} {:>10} {:>13} {:>11}",
        "written by",
        "wanted/s",
        "messages/s",
        "p50 ms",
        "p99 ms",
        "writes lost",
        "messages/write",
        "forwarded"
    );
    for redis in [true, false] {
        let setup = Setup { env: services.env(redis), ..Setup::default() };
        let mut servers = Vec::new();
        for _ in 0..SERVERS {
            servers.push(server.another_as(&setup));
        }
        // Until they know of each other.
        tokio::time::sleep(Duration::from_secs(3)).await;
        for rate in RATES {
            let room = server.room().await;
            // Until it is noticed that several write.
            heat(&servers, &room, rate, Duration::from_secs(2)).await;
            let before = figures(server, &servers).await;
            let mut times = heat(&servers, &room, rate, span).await;
            let after = figures(server, &servers).await;
            times.sort_unstable();
            let at = |percent: usize| {
                let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
                times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3)
            };
            let grown = |n: usize| after[n] - before[n];
            println!(
                "{:>16} {rate:>10} {:>12.0} {:>9.1} {:>9.1} {:>10.0} % {:>13.2} {:>9.0} %",
                if redis { "one of them" } else { "each" },
                times.len() as f64 / span.as_secs_f64(),
                at(50),
                at(99),
                100.0 * grown(1) / grown(0).max(1.0),
                times.len() as f64 / grown(0).max(1.0),
                100.0 * grown(2) / times.len().max(1) as f64,
            );
        }
    }
}

/// Conditional writes, those of them that were lost, and messages that were forwarded, of the servers
/// with senders and of one without, which may be the one that writes.
async fn figures(without: &Server, servers: &[Server]) -> [f64; 3] {
    let mut sums = [0.0; 3];
    let names = [
        "chatctl_room_commits_total{",
        "chatctl_room_commits_total{result=\"lost\"}",
        "chatctl_forwarded_posts_total{result=\"answered\"}",
    ];
    for server in servers.iter().chain([without]) {
        for (sum, name) in sums.iter_mut().zip(names) {
            *sum += server.counted(name).await;
        }
    }
    sums
}

/// Sends at a rate; returns how long each message took, from when it was due.
async fn heat(servers: &[Server], room: &str, rate: u32, span: Duration) -> Vec<Duration> {
    let pace = Duration::from_secs(1) * SENDERS / rate;
    let text =
        format!(r#"{{"type":"chat_message","room_id":"{room}","content":"{}"}}"#, "x".repeat(TEXT));
    let mut senders = Vec::new();
    for (n, server) in (0..SENDERS).zip(servers.iter().cycle()) {
        let mut socket = Socket::open(server, "/chat").await;
        socket.write(&[format!(r#"{{"type":"join_room","room_id":"{room}"}}"#)]).await;
        socket.wait_for(r#"{"type":"room_joined""#).await;
        senders.push(tokio::spawn(sender(socket, text.clone(), pace * n / SENDERS, pace, span)));
    }
    let mut times = Vec::new();
    for sender in senders {
        times.extend(sender.await.unwrap());
    }
    times
}

async fn sender(
    mut socket: Socket,
    text: String,
    first: Duration,
    pace: Duration,
    span: Duration,
) -> Vec<Duration> {
    let (began, mut times) = (Instant::now(), Vec::new());
    let mut next = began + first;
    let mut open: VecDeque<Instant> = VecDeque::new();
    loop {
        let sending = next < began + span;
        if !sending && open.is_empty() {
            return times;
        }
        let may_send = sending && open.len() < OPEN;
        let answered = |frame: &[u8]| {
            assert!(!frame.starts_with(br#"{"error""#), "{}", String::from_utf8_lossy(frame));
            if frame.starts_with(ACKNOWLEDGED)
                && let Some(due) = open.pop_front()
            {
                times.push(due.elapsed());
            }
        };
        if may_send && next <= Instant::now() {
            socket.write(std::slice::from_ref(&text)).await;
            open.push_back(next);
            next += pace;
            continue;
        }
        // Until the next one is due.
        let until = if may_send { next } else { Instant::now() + Duration::from_mins(1) };
        if let Ok(alive) = tokio::time::timeout_at(until.into(), socket.read(answered)).await {
            assert!(alive, "the server has closed");
        }
    }
}
