//! How available users are on which server.

use chatctl::model::{Availability, Event, UserId};

use super::{Node, eventually};
use crate::support::Redis;

const ANN: UserId = UserId(1);
const BOB: UserId = UserId(2);
const ONLINE: Availability = Availability::Online;
const AWAY: Availability = Availability::Away;
const OFFLINE: Availability = Availability::Offline;

/// The users of whom is told next.
async fn told(node: &mut Node) -> Vec<UserId> {
    match node.until(|event| matches!(event, Event::AvailableElsewhere { .. })).await {
        Event::AvailableElsewhere { mut users } => {
            users.sort_unstable();
            users
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_tell_each_other_who_is_available() {
    let redis = Redis::start();
    let (a, mut b) = (Node::on(&[&redis]).await, Node::on(&[&redis]).await);
    a.bus.tell_available(&[(ANN, ONLINE), (BOB, AWAY)]);
    assert_eq!(told(&mut b).await, [ANN, BOB]);
    assert_eq!(b.bus.available(&[BOB, ANN, UserId(9)]), [AWAY, ONLINE, OFFLINE]);
    assert_eq!(a.bus.available(&[ANN, BOB]), [OFFLINE; 2], "only others are meant");
    a.bus.tell_available(&[(ANN, OFFLINE)]);
    assert_eq!(told(&mut b).await, [ANN]);
    // A server that starts later asks for everything.
    let c = Node::on(&[&redis]).await;
    eventually(async || c.bus.available(&[BOB, ANN]) == [AWAY, OFFLINE]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_of_a_server_that_stops_or_dies_are_gone() {
    let redis = Redis::start();
    let (a, b) = (Node::on(&[&redis]).await, Node::on(&[&redis]).await);
    let mut c = Node::on(&[&redis]).await;
    a.bus.tell_available(&[(ANN, ONLINE)]);
    assert_eq!(told(&mut c).await, [ANN]);
    b.bus.tell_available(&[(ANN, AWAY), (BOB, ONLINE)]);
    assert_eq!(told(&mut c).await, [ANN, BOB]);
    a.redis.as_ref().unwrap().close().await;
    assert_eq!(told(&mut c).await, [ANN]);
    assert_eq!(c.bus.available(&[ANN, BOB]), [AWAY, ONLINE]);
    drop(b);
    assert_eq!(told(&mut c).await, [ANN, BOB]);
    assert_eq!(c.bus.available(&[ANN, BOB]), [OFFLINE; 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_while_redis_was_away_is_made_up_for() {
    let mut redis = Redis::start();
    let (a, b) = (Node::on(&[&redis]).await, Node::on(&[&redis]).await);
    a.bus.tell_available(&[(ANN, ONLINE)]);
    eventually(async || b.bus.available(&[ANN]) == [ONLINE]).await;
    redis.kill();
    b.hears(|hearing| hearing.deaf).await;
    assert_eq!(b.bus.available(&[ANN]), [ONLINE], "as it was told last");
    a.bus.tell_available(&[(ANN, OFFLINE), (BOB, AWAY)]);
    redis.restart();
    eventually(async || b.bus.available(&[ANN, BOB]) == [OFFLINE, AWAY]).await;
    redis.command(&["FLUSHALL"]);
    a.bus.tell_available(&[(ANN, AWAY)]);
    eventually(async || b.bus.available(&[ANN, BOB]) == [AWAY, AWAY]).await;
}
