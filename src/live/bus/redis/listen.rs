//! The subscription to one instance of Redis.
//!
//! A connection of its own: on a connection with subscriptions Redis counts the replies to commands
//! against the limit of subscribers. The client library reads its socket into a queue without a
//! limit, so every message moves at once into a bounded queue; what does not fit is reported as
//! lost. A connection that is silent, although this server sends itself a message every second, is
//! replaced.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, PushInfo, PushKind, Value};
use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tracing::{debug, info, warn};

use super::channel::Channel;
use super::outgoing::Outgoing;
use super::place::random;
use super::shared::{SILENCE, Shard, Shared};
use crate::live::bus::{Topic, wire};

/// Maximum number of channels in a command.
const BATCH: usize = 512;
/// Time for connecting, and for a command.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time after which other servers have announced again who is present, after a return.
const ANNOUNCED: Duration = Duration::from_secs(3);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What a subscription brings, in order.
pub(super) enum Heard {
    /// A message.
    Message { channel: Vec<u8>, payload: Vec<u8> },
    /// From here on everything is heard again; nothing was for this time.
    Lost(Duration),
    /// From here on these rooms and users are heard.
    Since(Vec<Topic>),
}

/// The connection is lost.
struct Broken;

impl From<redis::RedisError> for Broken {
    fn from(error: redis::RedisError) -> Self {
        debug!("Redis: {error}");
        Self
    }
}

/// Keeps the subscription until the bus is closed.
pub(super) async fn listen(shared: Arc<Shared>, at: usize, queue: Sender<Heard>) {
    let instance = &shared.shards[at];
    let (mut pause, mut told) = (SHORTEST_PAUSE, false);
    let began = Instant::now();
    let mut deaf_since = began;
    loop {
        let lost = Arc::new(Notify::new());
        let trying = subscribe(&shared, at, &queue, &lost);
        if let Ok(connection) = telling(instance, began, &mut told, trying).await {
            instance.echo();
            if std::mem::take(&mut told) {
                info!("Redis is back: events of other servers are received again.");
            }
            if queue.send(Heard::Lost(deaf_since.elapsed())).await.is_err() {
                return;
            }
            instance.memory().returned();
            instance.figures.connected(true);
            drop(keep(&shared, at, connection, &queue, &lost).await);
            instance.figures.connected(false);
            deaf_since = instance.heard_at();
            pause = SHORTEST_PAUSE;
        }
        // Servers that lost the same Redis do not return in the same moment.
        let percent = u32::try_from(random() % 100).unwrap_or_default();
        let waiting = sleep(pause / 2 + pause / 100 * percent);
        telling(instance, began, &mut told, waiting).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits for something, and says meanwhile that nothing is heard, once that is so for long enough
/// since the bus has begun.
async fn telling<T>(
    instance: &Shard,
    began: Instant,
    told: &mut bool,
    what: impl Future<Output = T>,
) -> T {
    let mut what = pin!(what);
    tokio::select! {
        biased;
        done = &mut what => return done,
        () = sleep_until(instance.heard_at().max(began) + SILENCE), if !*told => (),
    }
    *told = true;
    warn!(
        "Redis does not respond: changes by other servers are read from the database every second, \
         and presence is that of this server."
    );
    what.await
}

/// Connects and subscribes to everything that is wanted.
async fn subscribe(
    shared: &Arc<Shared>,
    at: usize,
    queue: &Sender<Heard>,
    lost: &Arc<Notify>,
) -> Result<MultiplexedConnection, Broken> {
    let instance = &shared.shards[at];
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_push_sender(receiver(Arc::clone(shared), at, queue.clone(), Arc::clone(lost)));
    let connecting = instance.client.get_multiplexed_async_connection_with_config(&config);
    let mut connection = timeout(PATIENCE, connecting).await.map_err(|_| Broken)??;
    let mut topics = instance.topics.all();
    let own = [Channel::Server(shared.me), Channel::All].map(|c| c.name(&shared.prefix));
    timeout(PATIENCE, connection.subscribe(&own)).await.map_err(|_| Broken)??;
    loop {
        for part in topics.chunks(BATCH) {
            let names: Vec<_> = part.iter().map(|topic| name(shared, *topic)).collect();
            timeout(PATIENCE, connection.subscribe(&names)).await.map_err(|_| Broken)??;
            instance.topics.heard(part);
        }
        topics = instance.topics.take_new();
        if topics.is_empty() {
            return Ok(connection);
        }
    }
}

/// Moves what the library has read into a queue of ours.
fn receiver(
    shared: Arc<Shared>,
    at: usize,
    queue: Sender<Heard>,
    lost: Arc<Notify>,
) -> impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static {
    let own = Channel::Server(shared.me).name(&shared.prefix).into_bytes();
    let beat = wire::beat(shared.me);
    move |push| {
        match push.kind {
            PushKind::Message => {
                let mut data = push.data.into_iter();
                if let (Some(Value::BulkString(channel)), Some(Value::BulkString(payload))) =
                    (data.next(), data.next())
                {
                    if channel == own && payload == beat {
                        shared.shards[at].echo();
                        return Ok(());
                    }
                    shared.shards[at].figures.received();
                    if queue.try_send(Heard::Message { channel, payload }).is_err() {
                        shared.shards[at].overflow();
                    }
                }
            }
            PushKind::Disconnection => lost.notify_one(),
            _ => (),
        }
        Ok(())
    }
}

/// Keeps a subscription until it is lost.
async fn keep(
    shared: &Shared,
    at: usize,
    mut connection: MultiplexedConnection,
    queue: &Sender<Heard>,
    lost: &Notify,
) -> Result<(), Broken> {
    let instance = &shared.shards[at];
    let beat = Bytes::from(wire::beat(shared.me));
    let mut presence = Some(Instant::now() + ANNOUNCED);
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut second = 0_u64;
    instance.figures.forget();
    loop {
        tokio::select! {
            biased;
            () = lost.notified() => return Err(Broken),
            _ = seconds.tick() => {
                if instance.heard_at().elapsed() > SILENCE {
                    debug!("Redis is connected, but nothing arrives.");
                    return Err(Broken);
                }
                instance.figures.beat();
                instance.figures.subscribed(instance.topics.count());
                // If the queue is full, this server does not hear itself, which is noticed.
                drop(instance.outgoing.try_send(Outgoing::Bytes(
                    Channel::Server(shared.me),
                    beat.clone(),
                )));
                if presence.is_some_and(|due| due <= Instant::now()) {
                    presence = None;
                    shared.presence_is_stale();
                }
                let gone: Vec<_> =
                    instance.topics.unwanted().into_iter().map(|topic| name(shared, topic)).collect();
                for part in gone.chunks(BATCH) {
                    timeout(PATIENCE, connection.unsubscribe(part)).await.map_err(|_| Broken)??;
                }
                second += 1;
                if second.is_multiple_of(2) {
                    let ping = redis::cmd("PING");
                    let ping = ping.exec_async(&mut connection);
                    timeout(PATIENCE, ping).await.map_err(|_| Broken)??;
                }
            }
            () = instance.topics.wanted.notified() => {
                let new = instance.topics.take_new();
                for part in new.chunks(BATCH) {
                    let names: Vec<_> = part.iter().map(|topic| name(shared, *topic)).collect();
                    timeout(PATIENCE, connection.subscribe(&names)).await.map_err(|_| Broken)??;
                    instance.topics.heard(part);
                    if queue.send(Heard::Since(part.to_vec())).await.is_err() {
                        return Err(Broken);
                    }
                }
            }
        }
    }
}

fn name(shared: &Shared, topic: Topic) -> String {
    Channel::from(topic).name(&shared.prefix)
}
