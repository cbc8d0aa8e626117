//! Several servers on one node of Cassandra and one Redis, all on this machine: what a message
//! costs, beside what Cassandra and Redis take alone for the same.

mod floors;
mod hot;
mod services;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use self::floors::{Commits, Publishing};
use self::services::Services;
use super::TEXT;
use super::client::{self, Listener};
use super::dialects::Dialect;
use super::server::{Server, Setup};
use super::socket::Socket;

/// Rooms among which senders are divided.
const ROOMS: usize = 16;
/// Sockets in one room.
const SOCKETS: usize = 200;
/// Time between two messages of a sender that does not send as many as it can.
const PACE: Duration = Duration::from_millis(50);
/// Rooms to which one server is subscribed.
const SUBSCRIBED: usize = 2_000;

/// Measures everything.
pub(super) async fn measure(span: Duration) {
    let services = Services::start();
    let server = Server::start_as(Setup { env: services.env(true), ..Setup::default() }).await;
    sending(&services, &server, span).await;
    delivering(&services, &server, span).await;
    hot::measure(&services, &server, span).await;
    subscriptions(&services, &server).await;
}

async fn sending(services: &Services, server: &Server, span: Duration) {
    println!(
        "sending through one node of Cassandra, {TEXT}-byte texts; floor: as many conditional \
         writes of a log at once as rooms"
    );
    println!(
        "{:>6} {:>8} {:>9} {:>12} {:>9} {:>9} {:>12} {:>12} {:>8}",
        "rooms",
        "senders",
        "in flight",
        "messages/s",
        "p50 ms",
        "p99 ms",
        "floor/s",
        "floor p50",
        "x floor"
    );
    let commits = Commits::connect(&services.cassandra).await;
    let mut rooms = Vec::new();
    for _ in 0..ROOMS {
        rooms.push(server.room().await);
    }
    // One user is present in each, as in a room in use.
    let mut present = Vec::new();
    for room in &rooms {
        present.push(Listener::join(server, Dialect::Chatrooms, room).await);
    }
    for (count, senders, in_flight) in
        [(1, 1, 1), (1, 10, 32), (ROOMS, ROOMS, 1), (ROOMS, ROOMS, 32)]
    {
        let floor = commits.measure(count, span).await;
        let mut sent = client::send_to(server, &rooms[..count], senders, in_flight, span).await;
        sent.latencies.sort_unstable();
        let rate = sent.latencies.len() as f64 / sent.took.as_secs_f64();
        println!(
            "{count:>6} {senders:>8} {in_flight:>9} {rate:>12.0} {:>9.1} {:>9.1} {:>12.0} {:>12.1} {:>8.2}",
            sent.percentile(50),
            sent.percentile(99),
            floor.per_second,
            floor.median,
            rate / floor.per_second
        );
    }
}

async fn delivering(services: &Services, server: &Server, span: Duration) {
    let floor = Publishing::measure(&services.redis, span).await;
    println!(
        "\ndelivering to {SOCKETS} sockets in one room; floor: PUBLISH of 500 bytes to one \
         subscriber, p50 {:.2} ms one at a time, {:.0}/s with 64 at once",
        floor.median, floor.per_second
    );
    println!(
        "{:>8} {:>16} {:>12} {:>14} {:>9} {:>9} {:>14}",
        "servers",
        "senders x flight",
        "messages/s",
        "deliveries/s",
        "p50 ms",
        "p99 ms",
        "CPU us/delivery"
    );
    let other = server.another();
    for servers in [1, 2] {
        let room = server.room().await;
        let mut listeners = Vec::new();
        for n in 0..SOCKETS {
            let at = if servers == 2 && n % 2 == 1 { &other } else { server };
            listeners.push(Listener::join(at, Dialect::Chatrooms, &room).await);
        }
        for (senders, in_flight) in [(1, 1), (10, 32)] {
            let cpu = server.cpu() + other.cpu();
            let (sent, mut delays) =
                send(server, &room, (senders, in_flight), &listeners, span).await;
            delays.sort_by(f64::total_cmp);
            let used = (server.cpu() + other.cpu()).saturating_sub(cpu);
            let delivered = (sent * SOCKETS) as f64;
            let at = |percent: usize| delays[(delays.len() * percent / 100).min(delays.len() - 1)];
            let way = if senders == 1 {
                "20 a second".to_owned()
            } else {
                format!("{senders} x {in_flight}")
            };
            println!(
                "{servers:>8} {way:>16} {:>12.0} {:>14.0} {:>9.1} {:>9.1} {:>14.1}",
                sent as f64 / span.as_secs_f64(),
                delivered / span.as_secs_f64(),
                at(50),
                at(99),
                used.as_secs_f64() * 1e6 / delivered
            );
        }
    }
}

/// Sends, with one sender at a steady pace, and waits until everything has arrived; returns the
/// number of messages, and the milliseconds to each listener, or to the acknowledgement if there
/// are several senders.
async fn send(
    server: &Server,
    room: &str,
    (senders, in_flight): (usize, usize),
    listeners: &[Listener],
    span: Duration,
) -> (usize, Vec<f64>) {
    let before = client::received(listeners);
    let all = |count: usize| before + (count * SOCKETS) as u64;
    if senders > 1 {
        let sent = client::send(server, room, senders, in_flight, span).await;
        client::wait_for(listeners, all(sent.latencies.len())).await;
        let times = sent.latencies.iter().map(|time| time.as_secs_f64() * 1e3);
        return (sent.latencies.len(), times.collect());
    }
    client::TIMED.store(true, Ordering::Relaxed);
    let sent = client::send_every(server, room, PACE, span).await;
    client::wait_for(listeners, all(sent.len())).await;
    client::TIMED.store(false, Ordering::Relaxed);
    (sent.len(), client::delays(&sent, listeners))
}

/// What a room costs in Redis and in the server, which has one socket that listens to all rooms.
async fn subscriptions(services: &Services, server: &Server) {
    let mut rooms = JoinSet::new();
    let created = Arc::new(AtomicUsize::new(0));
    for _ in 0..ROOMS {
        let (maker, created) = (server.maker(), Arc::clone(&created));
        rooms.spawn(async move {
            while created.fetch_add(1, Ordering::SeqCst) < SUBSCRIBED {
                maker.room().await;
            }
        });
    }
    while let Some(done) = rooms.join_next().await {
        done.unwrap();
    }
    // Another server, which has heard of none of them.
    let fresh = server.another();
    fresh.at_rest().await;
    let (redis, own) = (services.redis.memory(), fresh.memory());
    let mut socket = Socket::open(&fresh, "/chat").await;
    socket.write(&[r#"{"type":"subscribe"}"#.to_owned()]).await;
    socket.wait_for(r#"{"type":"subscribed""#).await;
    let channels = services.redis.until_subscribed(SUBSCRIBED).await;
    let in_redis = services.redis.memory().saturating_sub(redis) as f64 / channels as f64;
    let in_server = fresh.memory().saturating_sub(own) as f64 * 1024.0 / channels as f64;
    let floor = services.redis.subscription_bytes(SUBSCRIBED);
    println!(
        "\nsubscriptions of one server to {channels} rooms: {in_redis:.0} bytes each in Redis \
         (floor, the same channels by a plain client: {floor:.0}, x {:.2}), {in_server:.0} bytes \
         each in the server, with the socket's own list",
        in_redis / floor
    );
}
