//! The buses: what every bus promises, and what the one over Redis does when Redis fails.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and helpers are tests too")]

mod available;
mod contract;
mod failing;
mod presence;
mod several;

use std::sync::Arc;
use std::time::Duration;

use chatctl::live::{Bus, Hearing, RedisBus, RedisOptions, Topic};
use chatctl::model::{
    Change, Event, Person, Rev, RoomEvent, RoomId, SocketId, Timestamp, UserId, Who,
};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;

use crate::support::{PATIENCE, Redis};

/// A bus and the events that it brings.
struct Node {
    bus: Arc<dyn Bus>,
    redis: Option<Arc<RedisBus>>,
    events: Receiver<Event>,
}

fn options(redis: &[&Redis]) -> RedisOptions {
    RedisOptions {
        urls: redis.iter().map(|redis| redis.url()).collect(),
        prefix: "test".to_owned(),
        ..RedisOptions::default()
    }
}

impl Node {
    /// A server that is connected.
    async fn on(redis: &[&Redis]) -> Self {
        Self::with_queue(redis, 1_024).await
    }

    async fn with_queue(redis: &[&Redis], length: usize) -> Self {
        let (sink, events) = channel(length);
        let bus = Arc::new(RedisBus::start(&options(redis), sink).unwrap());
        let mut node = Self { bus: Arc::clone(&bus) as Arc<dyn Bus>, redis: Some(bus), events };
        for _ in redis {
            node.until(|event| matches!(event, Event::Lost { room: None })).await;
        }
        node
    }

    /// The next event of this kind; others are dropped.
    async fn until(&mut self, is: impl Fn(&Event) -> bool) -> Event {
        timeout(PATIENCE, async {
            loop {
                let event = self.events.recv().await.expect("the bus lives");
                if is(&event) {
                    return event;
                }
            }
        })
        .await
        .expect("the event arrives")
    }

    /// Listens to a room, and waits until its events are received.
    async fn listen(&mut self, room: RoomId) {
        self.bus.listen(Topic::Room(room), true);
        self.until(|event| matches!(event, Event::Lost { room: Some(lost) } if *lost == room))
            .await;
    }

    async fn listen_user(&mut self, user: UserId) {
        self.bus.listen(Topic::User(user), true);
        self.until(|event| matches!(event, Event::LostPersonal { user: Some(_) })).await;
    }

    /// Waits until what it hears is as expected.
    async fn hears(&self, what: impl Fn(Hearing) -> bool) {
        eventually(async || what(self.bus.hearing())).await;
    }

    /// Logins of the users present in a room on other servers, sorted.
    async fn elsewhere(&self, room: RoomId) -> Option<Vec<String>> {
        let found = self.bus.elsewhere(room).await.ok()?;
        let mut logins: Vec<_> = found.people.into_iter().map(|person| person.login).collect();
        logins.sort();
        Some(logins)
    }

    fn enter(&self, room: RoomId, person: &Person, here: bool) {
        let (at, socket) = (Timestamp(1), SocketId(u64::from(self.bus.number()) << 32 | 1));
        let tell = if here {
            Event::Entered { room, person: person.clone(), socket, at }
        } else {
            Event::Left { room, person: person.clone(), at }
        };
        self.bus.present(room, person.id, here, tell);
    }
}

/// Waits until something becomes true, without an event to wait for.
async fn eventually(mut is: impl AsyncFnMut() -> bool) {
    timeout(PATIENCE, async {
        while !is().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("it becomes true");
}

fn person(id: i64) -> Person {
    Person { id: UserId(id), login: format!("user{id}"), name: format!("User {id}") }
}

fn change(room: RoomId, rev: i64) -> Event {
    Event::Room(Arc::new(RoomEvent {
        room,
        rev: Rev(rev),
        at: Timestamp(rev),
        by: Who::User(person(1)),
        socket: None,
        changes: vec![Change::RoomDeleted],
    }))
}

/// The rev of a room's event.
fn rev(event: &Event) -> Option<i64> {
    match event {
        Event::Room(change) => Some(change.rev.0),
        _ => None,
    }
}
