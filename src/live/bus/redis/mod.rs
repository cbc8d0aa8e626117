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
//! | `s:SERVER` | what a server sends itself, what others repeat for it, requests and answers |
//! | `all` | ended sessions, changed users, who is available, servers that are being stopped |
//!
//! | key | holds |
//! |---|---|
//! | `servers` | ids of servers |
//! | `srv:SERVER` | 2 if the server takes requests, else 1; expires when it has stopped |
//! | `pres:ROOM` | who is present: `USER@SERVER` |
//! | `rooms:SERVER` | rooms in which a server has somebody present |
//! | `try:KEY` | attempts within a window |

mod asking;
mod attempts;
mod available;
mod channel;
mod figures;
mod link;
mod listen;
mod memory;
mod options;
mod outgoing;
mod place;
mod presence;
mod present;
mod publish;
mod receive;
mod shared;
mod topics;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::asking::Asking;
use self::available::Available;
use self::channel::Channel;
use self::figures::Figures;
use self::link::Link;
use self::outgoing::Outgoing;
use self::place::random;
use self::present::Present;
use self::shared::{SILENCE, Shard, Shared};
use self::topics::Topics;
use super::{Bus, BusReply, BusUnavailable, Elsewhere, Hearing, Topic, wire};
use crate::model::{Availability, Event, EventSink, RoomId, UserId};

pub use self::asking::Asked;
pub use self::link::client as redis_client;
pub use self::options::{InvalidAddress, RedisOptions};

/// Maximum number of messages that wait to be published, and of received ones.
const QUEUE: usize = 16_384;

/// Time for publishing what waits at a stop.
const FLUSH: Duration = Duration::from_secs(3);

/// The bus of several servers.
pub struct RedisBus {
    shared: Arc<Shared>,
    tasks: Mutex<JoinSet<()>>,
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
                figures: Figures::new(&client),
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
            asking: Asking::default(),
            available: Available::default(),
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

    /// Returns the living server that has a room, by a rule that is the same on all; None: this one,
    /// or it is not known which others live. Views of servers may differ for seconds.
    pub fn writer(&self, room: RoomId) -> Option<u64> {
        let instance = &self.shared.shards[0];
        if instance.heard_at().elapsed() > SILENCE {
            return None;
        }
        self.shared.asking.chosen(room.0.cast_unsigned(), self.shared.me)
    }

    /// Asks another server. None: nobody can be asked now. Waits for the answer for as long as it is
    /// polled; requests and answers may be lost.
    pub async fn ask(&self, server: u64, request: Vec<u8>) -> Option<Vec<u8>> {
        let mut open = self.shared.asking.begin();
        let bytes = wire::ask(self.shared.me, open.number, request);
        self.shared.tell(server, bytes)?;
        (&mut open.answer).await.ok()
    }

    /// Chooses a server that did not answer no more for a while.
    pub fn pass_over(&self, server: u64) {
        self.shared.asking.pass_over(server);
    }

    /// Returns the requests of other servers from now on, and tells the others that they may ask,
    /// until the receiver is dropped.
    pub fn requests(&self) -> Receiver<Asked> {
        self.shared.asking.take()
    }

    /// Answers a request.
    pub fn answer(&self, asked: &Asked, answer: Vec<u8>) {
        let bytes = wire::answer(self.shared.me, asked.number, answer);
        // If it cannot be sent, who asked does not wait for ever.
        self.shared.tell(asked.server, bytes);
    }

    /// Tells the other servers that this one is being stopped, so that they do not ask it any more;
    /// what they ask nevertheless should be answered until [`Self::close`].
    pub fn leave(&self) {
        self.shared.asking.leave();
        let leaving = wire::leaving(self.shared.me).into();
        // If the queue is full, they find out from its sign of life.
        drop(self.shared.shards[0].outgoing.try_send(Outgoing::Bytes(Channel::All, leaving)));
    }

    /// Publishes what waits, tells the other servers which users are gone with this one, and stops.
    /// Takes at most some seconds.
    pub async fn close(&self) {
        self.shared.say_available(Channel::All, &self.shared.available.clear());
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

impl Bus for RedisBus {
    fn number(&self) -> u32 {
        u32::try_from(self.shared.me >> 32).unwrap_or(u32::MAX)
    }

    fn publish(&self, event: Event) {
        if let Event::Typing { room, .. } = &event {
            self.shared.send(vec![Channel::Room(*room)], &event);
        }
        if let Event::Personal { user, .. } = &event {
            self.shared.send(vec![Channel::User(*user)], &event);
        }
        if matches!(event, Event::StatusChanged { .. }) {
            self.shared.send(vec![Channel::All], &event);
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
            Event::RoomAdded { user, .. } | Event::Personal { user, .. } => {
                shared.send(vec![Channel::User(*user)], event);
            }
            Event::Marked { mark, .. } => {
                let (room, user) = (Channel::Room(mark.room), Channel::User(mark.user));
                if shared.at(room) == shared.at(user) {
                    shared.send(vec![user, room], event);
                } else {
                    shared.send(vec![user], event);
                    shared.send(vec![room], event);
                }
            }
            Event::UserChanged { .. }
            | Event::SessionEnded { .. }
            | Event::LookChanged { .. }
            | Event::Emoji { .. } => {
                shared.send(vec![Channel::All], event);
            }
            Event::Head { room, rev } => {
                shared.shard(Channel::Room(*room)).memory().committed(*room, *rev);
                shared.send(vec![Channel::Room(*room)], event);
            }
            Event::Entered { .. }
            | Event::Left { .. }
            | Event::Presence { .. }
            | Event::Typing { .. }
            | Event::StatusChanged { .. }
            | Event::Availability { .. }
            | Event::AvailableElsewhere { .. }
            | Event::CaughtUp { .. }
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

    fn tell_available(&self, users: &[(UserId, Availability)]) {
        if let Some(told) = self.shared.available.changed(users) {
            self.shared.say_available(Channel::All, &told);
        }
    }

    fn available(&self, users: &[UserId]) -> Vec<Availability> {
        self.shared.available.of(users)
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
