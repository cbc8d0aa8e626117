//! Who is present on which server.

use chatctl::model::{Event, RoomId};

use super::{Node, eventually, person};
use crate::support::Redis;

const ROOM: RoomId = RoomId(7);

fn names(event: &Event) -> Option<(String, bool)> {
    match event {
        Event::Entered { person, .. } => Some((person.login.clone(), true)),
        Event::Left { person, .. } => Some((person.login.clone(), false)),
        _ => None,
    }
}

/// The next entry or leave.
async fn told(node: &mut Node) -> (String, bool) {
    names(&node.until(|event| names(event).is_some()).await).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_enters_with_the_first_socket_of_all_servers_and_leaves_with_the_last() {
    let redis = Redis::start();
    let (mut a, mut b) = (Node::on(&[&redis]).await, Node::on(&[&redis]).await);
    a.listen(ROOM).await;
    b.listen(ROOM).await;
    let (ann, bob) = (person(1), person(2));
    a.enter(ROOM, &ann, true);
    assert_eq!(told(&mut a).await, ("user1".to_owned(), true));
    assert_eq!(told(&mut b).await, ("user1".to_owned(), true));
    b.enter(ROOM, &ann, true);
    b.enter(ROOM, &bob, true);
    // The second socket of ann was not told.
    assert_eq!(told(&mut b).await, ("user2".to_owned(), true));
    assert_eq!(told(&mut a).await, ("user2".to_owned(), true));
    assert_eq!(a.elsewhere(ROOM).await.unwrap(), ["user1", "user2"]);
    assert_eq!(b.elsewhere(ROOM).await.unwrap(), ["user1"]);
    a.enter(ROOM, &ann, false);
    b.enter(ROOM, &bob, false);
    assert_eq!(told(&mut a).await, ("user2".to_owned(), false));
    b.enter(ROOM, &ann, false);
    assert_eq!(told(&mut a).await, ("user1".to_owned(), false));
    assert_eq!(told(&mut b).await, ("user2".to_owned(), false));
    assert_eq!(told(&mut b).await, ("user1".to_owned(), false));
    assert_eq!(redis.command(&["EXISTS", "test:pres:7"]), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_of_a_killed_server_leave() {
    let redis = Redis::start();
    let (a, mut b) = (Node::on(&[&redis]).await, Node::on(&[&redis]).await);
    b.listen(ROOM).await;
    for n in 1..=40 {
        a.enter(RoomId(n), &person(n), true);
    }
    a.enter(ROOM, &person(100), true);
    b.enter(ROOM, &person(100), true);
    eventually(async || b.elsewhere(RoomId(40)).await.unwrap() == ["user40"]).await;
    eventually(async || b.elsewhere(ROOM).await.unwrap() == ["user100", "user7"]).await;
    drop(a);
    // Not user100, who is present on the other server.
    let left = b.until(|event| matches!(event, Event::Left { room: ROOM, .. })).await;
    assert_eq!(names(&left), Some(("user7".to_owned(), false)));
    eventually(async || {
        redis.command(&["EVAL", "return #redis.call('KEYS', 'test:pres:*')", "0"]) == "1"
            && redis.command(&["SCARD", "test:servers"]) == "1"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_takes_its_users_along() {
    let redis = Redis::start();
    let (a, mut b) = (Node::on(&[&redis]).await, Node::on(&[&redis]).await);
    b.listen(ROOM).await;
    a.enter(ROOM, &person(1), true);
    assert_eq!(told(&mut b).await, ("user1".to_owned(), true));
    a.redis.as_ref().unwrap().close().await;
    // What it asked for as it began to listen may tell once more who is there.
    let mut last = told(&mut b).await;
    while last.1 {
        last = told(&mut b).await;
    }
    assert_eq!(last, ("user1".to_owned(), false));
    assert_eq!(redis.command(&["EXISTS", "test:pres:7"]), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_comes_back_after_redis_has_forgotten_everything() {
    let mut redis = Redis::start();
    let (a, b) = (Node::on(&[&redis]).await, Node::on(&[&redis]).await);
    for n in 1..=200 {
        a.enter(ROOM, &person(n), true);
    }
    eventually(async || b.elsewhere(ROOM).await.is_some_and(|there| there.len() == 200)).await;
    redis.command(&["FLUSHALL"]);
    eventually(async || b.elsewhere(ROOM).await.is_some_and(|there| there.len() == 200)).await;
    // Leaves while Redis is away are made up for.
    redis.kill();
    for n in 1..=199 {
        a.enter(ROOM, &person(n), false);
    }
    redis.restart();
    eventually(async || b.elsewhere(ROOM).await.is_some_and(|there| there == ["user200"])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_crowd_only_some_are_named() {
    let redis = Redis::start();
    let (a, b) = (Node::on(&[&redis]).await, Node::on(&[&redis]).await);
    for n in 1..=1_200 {
        a.enter(ROOM, &person(n), true);
    }
    eventually(async || {
        let there = b.bus.elsewhere(ROOM).await.unwrap();
        there.people.len() == 1_000 && there.more == 200
    })
    .await;
}
