//! A Redis that fails: nothing is lost without a report, and what has no rev arrives after all.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chatctl::model::{Event, RoomId, UserId};
use tokio::time::timeout;

use super::{Node, change, rev};
use crate::support::{PATIENCE, Redis};

const ROOM: RoomId = RoomId(7);

/// What a server knows that catches up as the dispatcher does.
#[derive(Default)]
struct Reader {
    seen: i64,
    users: BTreeSet<i64>,
    twice: Vec<i64>,
}

impl Reader {
    /// Applies an event; `stored` is the rev in the store.
    fn apply(&mut self, event: &Event, stored: &AtomicI64) {
        match event {
            Event::Room(change) if change.rev.0 == self.seen + 1 => self.seen += 1,
            Event::Room(change) if change.rev.0 <= self.seen => (),
            Event::Room(_) | Event::Lost { .. } => self.seen = stored.load(Ordering::SeqCst),
            Event::Head { rev, .. } if rev.0 > self.seen => {
                self.seen = stored.load(Ordering::SeqCst);
            }
            Event::UserChanged { user } if !self.users.insert(user.0) => self.twice.push(user.0),
            _ => (),
        }
    }
}

/// Commits `count` changes of a room and as many of users, while `harm` is done to Redis; the other
/// server then knows all.
async fn all_arrive(
    redis: &mut Redis,
    count: i64,
    mut harm: impl AsyncFnMut(&mut Redis, i64),
) -> Reader {
    let (a, mut b) = (Node::on(&[redis]).await, Node::on(&[redis]).await);
    b.listen(ROOM).await;
    let stored = Arc::new(AtomicI64::new(0));
    let (all, reading) = (Arc::clone(&stored), Reader::default());
    let reader = tokio::spawn(async move {
        let mut reader = reading;
        let complete = async {
            while reader.seen < count || reader.users.len() < usize::try_from(count).unwrap() {
                let event = b.events.recv().await.expect("the bus lives");
                reader.apply(&event, &all);
            }
        };
        let outcome = timeout(PATIENCE * 3, complete).await;
        assert!(outcome.is_ok(), "rev {}, {} users", reader.seen, reader.users.len());
        reader
    });
    for n in 1..=count {
        stored.store(n, Ordering::SeqCst);
        a.bus.committed(&change(ROOM, n));
        a.bus.committed(&Event::UserChanged { user: UserId(n) });
        harm(redis, n).await;
    }
    reader.await.unwrap()
}

/// Lets some time pass, in which Redis is as it is.
async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missing_after_subscriptions_were_cut_again_and_again() {
    let mut redis = Redis::start();
    let reader = all_arrive(&mut redis, 600, async |redis, n| {
        if n % 100 == 0 {
            redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        }
        if n % 10 == 0 {
            a_moment().await;
        }
    })
    .await;
    assert_eq!(reader.twice, [0; 0], "repeated events are recognized");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missing_after_a_flush() {
    let mut redis = Redis::start();
    all_arrive(&mut redis, 100, async |redis, n| {
        if n % 25 == 0 {
            redis.command(&["FLUSHALL"]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missing_after_redis_was_killed() {
    let mut redis = Redis::start();
    all_arrive(&mut redis, 90, async |redis, n| match n {
        30 => redis.kill(),
        60 => redis.restart(),
        _ => a_moment().await,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missing_after_redis_stood_still() {
    let mut redis = Redis::start();
    all_arrive(&mut redis, 120, async |redis, n| match n {
        30 => redis.pause(),
        90 => redis.resume(),
        _ => a_moment().await,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_knows_that_it_hears_nothing() {
    let mut redis = Redis::start();
    let mut node = Node::on(&[&redis]).await;
    node.listen(ROOM).await;
    let before = node.bus.hearing();
    assert!(!before.deaf);
    redis.kill();
    node.hears(|hearing| hearing.deaf).await;
    assert!(node.bus.ping().await.is_err());
    assert!(node.bus.attempt("a", 1, Duration::from_mins(1)).await.is_err());
    assert!(node.bus.elsewhere(ROOM).await.is_err());
    redis.restart();
    node.until(|event| matches!(event, Event::Lost { room: None })).await;
    node.hears(|hearing| !hearing.deaf && hearing.presence > before.presence).await;
    assert!(node.bus.hearing().losses > before.losses);
    assert!(node.bus.ping().await.is_ok());
    // It hears the room again without being asked.
    let other = Node::on(&[&redis]).await;
    other.bus.committed(&change(ROOM, 9));
    let heard = node.until(|event| rev(event).is_some()).await;
    assert_eq!(rev(&heard), Some(9));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_can_start_before_redis() {
    let mut redis = Redis::start();
    redis.kill();
    let (sink, events) = tokio::sync::mpsc::channel(64);
    let bus = Arc::new(chatctl::live::RedisBus::start(&super::options(&[&redis]), sink).unwrap());
    let mut node = Node { bus: bus.clone(), redis: Some(bus), events };
    assert!(node.bus.hearing().deaf);
    node.bus.committed(&change(ROOM, 1));
    node.bus.listen(chatctl::live::Topic::Room(ROOM), true);
    redis.restart();
    node.until(|event| matches!(event, Event::Lost { room: None })).await;
    node.hears(|hearing| !hearing.deaf).await;
}
