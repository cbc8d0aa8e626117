//! The bus of several servers, over Redis (or Valkey) 6.2 or later, one instance or several
//! independent ones.
//!
//! Nothing here decides what is true: Redis may lose everything at any time. What has a `rev` is
//! read from the store after a loss, other events are repeated by their publisher, and presence is
//! announced again.
//!
//! | channel | carries |
//! |---|---|
//! | `r:ROOM` | events of a room |
//! | `u:USER` | read marks, added rooms |
//! | `s:SERVER` | what a server sends itself, and what others repeat for it |
//! | `all` | ended sessions, changed users |
//!
//! | key | holds |
//! |---|---|
//! | `servers` | ids of servers |
//! | `srv:SERVER` | expires when the server has stopped |
//! | `pres:ROOM` | who is present: `USER@SERVER` |
//! | `rooms:SERVER` | rooms in which a server has somebody present |
//! | `try:KEY` | attempts within a window |

mod attempts;
mod link;
mod listen;
mod memory;
mod place;
mod presence;
mod publish;
mod receive;
mod topics;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::Client;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::warn;

use self::link::Link;
use self::listen::SILENCE;
use self::memory::Memory;
use self::presence::Present;
use self::publish::Outgoing;
use self::topics::Topics;
use super::{Bus, BusReply, BusUnavailable, Elsewhere, Hearing, Topic};
use crate::model::{Event, EventSink, RoomId, UserId};

/// Maximum number of messages that wait to be published, and of received ones.
const QUEUE: usize = 16_384;

/// Time for publishing what waits at a stop.
const FLUSH: Duration = Duration::from_secs(3);

/// How to reach Redis.
#[derive(Clone, Default)]
pub struct RedisOptions {
    /// Addresses of one instance or of several independent ones, such as `redis://127.0.0.1:6379`
    /// or `rediss://redis.example.org:6380`. Every server must have the same, since rooms are
    /// divided among them by their text.
    pub urls: Vec<String>,
    /// User, instead of one in the addresses.
    pub user: Option<String>,
    /// Password, instead of one in the addresses.
    pub password: Option<String>,
    /// Certificates of authorities (PEM) for `rediss`, instead of those of the system.
    pub roots: Option<Vec<u8>>,
    /// Beginning of all keys and channels, so that several clusters can share an instance.
    pub prefix: String,
}

impl std::fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Addresses may contain passwords.
        f.debug_struct("RedisOptions").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// An address of Redis cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("invalid address of Redis: {0}")]
pub struct InvalidAddress(String);

/// The bus of several servers.
pub struct RedisBus {
    shared: Arc<Shared>,
    tasks: Mutex<JoinSet<()>>,
}

/// State of the bus, shared with its tasks.
struct Shared {
    /// Id of this run of this server.
    me: u64,
    prefix: String,
    sink: EventSink,
    shards: Vec<Shard>,
    /// Number of the last message published.
    count: AtomicU64,
    losses: AtomicU64,
    stale: AtomicU64,
}

/// One instance of Redis.
struct Shard {
    /// Hash of its address.
    id: u64,
    client: Client,
    link: Link,
    topics: Topics,
    outgoing: Sender<Outgoing>,
    memory: Mutex<Memory>,
    present: Present,
    /// When this server last heard itself.
    heard: Mutex<Instant>,
    /// Received messages were dropped.
    overflow: AtomicBool,
}

/// Where a message is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    Room(RoomId),
    User(UserId),
    Server(u64),
    All,
}

impl RedisBus {
    /// Creates the bus, which passes events to `sink`. Does not wait for Redis. Must be called
    /// within a tokio runtime.
    pub fn start(options: &RedisOptions, sink: EventSink) -> Result<Self, InvalidAddress> {
        if options.urls.is_empty() {
            return Err(InvalidAddress("none is given".to_owned()));
        }
        let prefix = format!("{}:", options.prefix);
        let mut shards = Vec::new();
        let mut queues = Vec::new();
        for url in &options.urls {
            let client = link::client(url, options)?;
            let (outgoing, to_publish) = channel(QUEUE);
            let (present, crossings) = Present::new();
            shards.push(Shard {
                id: place::hash(url.as_bytes()),
                link: Link::new(client.clone()),
                client,
                topics: Topics::default(),
                outgoing,
                memory: Mutex::default(),
                present,
                // Deaf until the first connection.
                heard: Mutex::new(long_ago()),
                overflow: AtomicBool::new(false),
            });
            queues.push((to_publish, crossings));
        }
        let shared = Arc::new(Shared {
            me: random() | 1 << 32,
            prefix,
            sink,
            shards,
            count: AtomicU64::new(0),
            losses: AtomicU64::new(0),
            stale: AtomicU64::new(0),
        });
        let mut tasks = JoinSet::new();
        for (at, (to_publish, crossings)) in queues.into_iter().enumerate() {
            let (heard, received) = channel(QUEUE);
            tasks.spawn(publish::publish(Arc::clone(&shared), at, to_publish));
            tasks.spawn(listen::listen(Arc::clone(&shared), at, heard));
            tasks.spawn(receive::receive(Arc::clone(&shared), at, received));
            tasks.spawn(presence::keep(Arc::clone(&shared), at, crossings));
        }
        Ok(Self { shared, tasks: Mutex::new(tasks) })
    }

    /// Publishes what waits, tells the other servers which users are gone with this one, and stops.
    /// Takes at most some seconds.
    pub async fn close(&self) {
        for shard in &self.shared.shards {
            let (told, published) = oneshot::channel();
            if shard.outgoing.try_send(Outgoing::Flush(told)).is_ok() {
                // Dropped without a word when everything is published.
                drop(tokio::time::timeout(FLUSH, published).await);
            }
        }
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        presence::retire(&self.shared).await;
    }
}

impl Shared {
    fn shard(&self, channel: Channel) -> &Shard {
        &self.shards[self.at(channel)]
    }

    /// Returns the instance that carries a channel.
    fn at(&self, channel: Channel) -> usize {
        let subject = match channel {
            Channel::Room(room) => room.0.cast_unsigned(),
            Channel::User(user) => user.0.cast_unsigned(),
            Channel::Server(_) | Channel::All => return 0,
        };
        let chosen = place::chosen(self.shards.iter().map(|shard| shard.id), subject);
        self.shards.iter().position(|shard| Some(shard.id) == chosen).unwrap_or(0)
    }

    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Events of unknown rooms and users may have been lost.
    fn lost(&self) {
        self.losses.fetch_add(1, Ordering::SeqCst);
    }

    /// Presence must be read again.
    fn presence_is_stale(&self) {
        self.stale.fetch_add(1, Ordering::SeqCst);
    }

    /// Publishes an event on channels of one instance; what does not fit into the queue is in the
    /// memory, or is a hint.
    fn send(&self, channels: Vec<Channel>, event: &Event) {
        let Some(first) = channels.first() else { return };
        let shard = self.shard(*first);
        let outgoing = Outgoing::Event(channels, self.next(), event.clone());
        if let Err(TrySendError::Full(Outgoing::Event(channels, count, event))) =
            shard.outgoing.try_send(outgoing)
        {
            let mut memory = shard.memory();
            memory.failed();
            for to in channels.into_iter().filter(|to| to.is_remembered()) {
                if let Some(bytes) = super::wire::event(self.me, count, &event) {
                    memory.sent(to, bytes.into());
                }
            }
        }
    }

    /// Passes a hint to the dispatcher of this server.
    fn offer(&self, event: Event) {
        if let Err(TrySendError::Full(event)) = self.sink.try_send(event) {
            if matches!(event, Event::Lost { .. }) {
                let sink = self.sink.clone();
                tokio::spawn(async move { drop(sink.send(event).await) });
            } else {
                warn!("A presence or typing event was dropped: the dispatcher is behind.");
            }
        }
    }
}

impl Shard {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that this server has heard itself.
    fn echo(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn heard_at(&self) -> Instant {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn overflow(&self) {
        self.overflow.store(true, Ordering::SeqCst);
    }

    fn take_overflow(&self) -> bool {
        self.overflow.swap(false, Ordering::SeqCst)
    }
}

impl Channel {
    fn name(self, prefix: &str) -> String {
        match self {
            Self::Room(room) => format!("{prefix}r:{room}"),
            Self::User(user) => format!("{prefix}u:{user}"),
            Self::Server(server) => format!("{prefix}s:{server:x}"),
            Self::All => format!("{prefix}all"),
        }
    }

    /// Parses the channel of a room.
    fn room(name: &[u8], prefix: &str) -> Option<RoomId> {
        let name = std::str::from_utf8(name).ok()?;
        name.strip_prefix(prefix)?.strip_prefix("r:")?.parse().ok().map(RoomId)
    }

    /// Returns whether its events have no rev, so that they are kept to be repeated.
    fn is_remembered(self) -> bool {
        matches!(self, Self::User(_) | Self::All)
    }
}

impl From<Topic> for Channel {
    fn from(topic: Topic) -> Self {
        match topic {
            Topic::Room(room) => Self::Room(room),
            Topic::User(user) => Self::User(user),
        }
    }
}

impl Bus for RedisBus {
    fn number(&self) -> u32 {
        u32::try_from(self.shared.me >> 32).unwrap_or(u32::MAX)
    }

    fn publish(&self, event: Event) {
        if let Event::Typing { room, .. } = &event {
            self.shared.send(vec![Channel::Room(*room)], &event);
        }
        self.shared.offer(event);
    }

    fn committed(&self, event: &Event) {
        let shared = &self.shared;
        match event {
            Event::Room(change) => {
                let channel = Channel::Room(change.room);
                shared.shard(channel).memory().committed(change.room, change.rev);
                shared.send(vec![channel], event);
            }
            Event::RoomAdded { user, .. } => shared.send(vec![Channel::User(*user)], event),
            Event::Marked { mark, .. } => {
                let (room, user) = (Channel::Room(mark.room), Channel::User(mark.user));
                if shared.at(room) == shared.at(user) {
                    shared.send(vec![user, room], event);
                } else {
                    shared.send(vec![user], event);
                    shared.send(vec![room], event);
                }
            }
            Event::UserChanged { .. } | Event::SessionEnded { .. } => {
                shared.send(vec![Channel::All], event);
            }
            Event::Entered { .. }
            | Event::Left { .. }
            | Event::Presence { .. }
            | Event::Typing { .. }
            | Event::CaughtUp { .. }
            | Event::Head { .. }
            | Event::Lost { .. }
            | Event::LostPersonal { .. } => (),
        }
    }

    fn listen(&self, topic: Topic, on: bool) {
        self.shared.shard(topic.into()).topics.listen(topic, on);
    }

    fn present(&self, room: RoomId, user: UserId, here: bool, tell: Event) {
        let shard = self.shared.shard(Channel::Room(room));
        if let Some(tell) = shard.present.count(room, user, here, tell) {
            self.shared.offer(tell);
        }
    }

    fn elsewhere(&self, room: RoomId) -> BusReply<'_, Elsewhere> {
        Box::pin(presence::elsewhere(&self.shared, room))
    }

    fn attempt<'a>(
        &'a self,
        key: &'a str,
        limit: u32,
        window: Duration,
    ) -> BusReply<'a, Result<(), Duration>> {
        Box::pin(attempts::attempt(&self.shared, key, limit, window))
    }

    fn give_back<'a>(&'a self, key: &'a str) -> BusReply<'a, ()> {
        Box::pin(attempts::give_back(&self.shared, key))
    }

    fn hearing(&self) -> Hearing {
        Hearing {
            deaf: self.shared.shards.iter().any(|shard| shard.heard_at().elapsed() > SILENCE),
            losses: self.shared.losses.load(Ordering::SeqCst),
            presence: self.shared.stale.load(Ordering::SeqCst),
        }
    }

    fn ping(&self) -> BusReply<'_, ()> {
        let deaf = self.hearing().deaf;
        Box::pin(std::future::ready(if deaf { Err(BusUnavailable) } else { Ok(()) }))
    }
}

/// Returns a time at which nothing had been heard yet.
fn long_ago() -> Instant {
    let now = Instant::now();
    now.checked_sub(SILENCE * 2).unwrap_or(now)
}

/// Returns a random number. Without randomness of the system, the time makes it different from
/// those of other servers.
fn random() -> u64 {
    getrandom::u64().unwrap_or_else(|_| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        u64::try_from(now.unwrap_or_default().as_nanos() & u128::from(u64::MAX)).unwrap_or(1)
    })
}
