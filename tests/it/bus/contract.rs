//! What every bus promises to the server it belongs to.

use std::sync::Arc;

use chatctl::live::{LocalBus, forward};
use chatctl::model::{Event, RoomId};
use tokio::sync::mpsc::channel;
use tokio::sync::oneshot;

use super::{Node, change, person, rev};
use crate::support::Redis;

const ROOM: RoomId = RoomId(7);

fn local() -> Node {
    let (sink, events) = channel(1_024);
    Node { bus: Arc::new(LocalBus::new(sink)), redis: None, events }
}

async fn own_hints_arrive_and_presence_crosses_once(mut node: Node) {
    let (ann, bob) = (person(1), person(2));
    node.bus.publish(Event::Typing { room: ROOM, person: ann.clone() });
    node.until(|event| matches!(event, Event::Typing { .. })).await;
    for (who, here) in
        [(&ann, true), (&ann, true), (&bob, true), (&ann, false), (&ann, false), (&bob, false)]
    {
        node.enter(ROOM, who, here);
    }
    let mut told = Vec::new();
    while told.len() < 4 {
        match node.until(|event| !matches!(event, Event::Lost { .. })).await {
            Event::Entered { person, .. } => told.push((person.login, true)),
            Event::Left { person, .. } => told.push((person.login, false)),
            other => panic!("{other:?}"),
        }
    }
    let told: Vec<_> = told.iter().map(|(login, here)| (login.as_str(), *here)).collect();
    assert_eq!(told, [("user1", true), ("user2", true), ("user1", false), ("user2", false)]);
    assert_eq!(node.elsewhere(ROOM).await, Some(Vec::new()));
    assert_eq!(node.bus.ping().await, Ok(()));
    assert!(!node.bus.hearing().deaf);
}

async fn committed_events_reach_the_dispatcher_in_the_order_of_the_store(node: Node) {
    let (store, committed) = channel(16);
    let (sink, mut dispatcher) = channel(1_024);
    let (stop, stopped) = oneshot::channel();
    let forwarding = tokio::spawn(forward(Arc::clone(&node.bus), committed, sink, stopped, |_| ()));
    for n in 1..=100 {
        store.send(change(ROOM, n)).await.unwrap();
    }
    // What waits is still passed.
    drop(stop);
    forwarding.await.unwrap();
    for n in 1..=100 {
        assert_eq!(rev(&dispatcher.recv().await.unwrap()), Some(n));
    }
    assert!(dispatcher.recv().await.is_none());
}

#[tokio::test]
async fn the_local_bus_keeps_the_contract() {
    own_hints_arrive_and_presence_crosses_once(local()).await;
    committed_events_reach_the_dispatcher_in_the_order_of_the_store(local()).await;
    assert_eq!(local().bus.number(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bus_over_redis_keeps_the_contract() {
    let redis = Redis::start();
    own_hints_arrive_and_presence_crosses_once(Node::on(&[&redis]).await).await;
    committed_events_reach_the_dispatcher_in_the_order_of_the_store(Node::on(&[&redis]).await)
        .await;
}
