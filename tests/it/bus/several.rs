//! Several servers over a Redis that works.

use std::time::Duration;

use chatctl::model::{Event, ReadMark, RoomId, Seq, Timestamp, UserId};

use super::{Node, change, eventually, person, rev};
use crate::support::{PATIENCE, Redis};

const ROOM: RoomId = RoomId(7);

fn mark(user: i64, seq: i64) -> Event {
    let (user, seq, at) = (UserId(user), Seq(seq), Timestamp(1));
    let mark = ReadMark { room: ROOM, user, seq, at, unread: 0 };
    Event::Marked { mark, person: person(user.0), author: UserId(9), participants: 2 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_room_arrive_in_order_on_the_servers_that_listen() {
    let redis = Redis::start();
    let (a, mut b, mut c) =
        (Node::on(&[&redis]).await, Node::on(&[&redis]).await, Node::on(&[&redis]).await);
    assert_ne!(a.bus.number(), b.bus.number());
    b.listen(ROOM).await;
    c.listen(RoomId(8)).await;
    for n in 1..=500 {
        a.bus.committed(&change(ROOM, n));
    }
    a.bus.committed(&change(RoomId(8), 1));
    let mut heard = Vec::new();
    while heard.len() < 500 {
        heard.extend(rev(&b.until(|event| rev(event).is_some()).await));
    }
    assert_eq!(heard, (1..=500).collect::<Vec<_>>());
    // The other server only heard its own room.
    let Event::Room(other) = c.until(|event| rev(event).is_some()).await else { panic!() };
    assert_eq!(other.room, RoomId(8));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_concerns_a_user_or_everybody_arrives_once() {
    let redis = Redis::start();
    let (mut a, mut b) = (Node::on(&[&redis]).await, Node::on(&[&redis]).await);
    b.listen(ROOM).await;
    b.listen_user(UserId(1)).await;
    // The mark goes to the room and to its user, who are both here.
    a.bus.committed(&mark(1, 5));
    a.bus.committed(&Event::UserChanged { user: UserId(1) });
    // Of a status, the server that publishes it hears too.
    let status = Event::StatusChanged {
        person: person(1),
        status: None,
        rooms: vec![ROOM, RoomId(8)],
        at: Timestamp(1),
    };
    a.bus.publish(status);
    a.until(|event| matches!(event, Event::StatusChanged { .. })).await;
    a.bus.committed(&Event::SessionEnded { user: UserId(1), sessions: Vec::new() });
    let mut kinds = Vec::new();
    loop {
        match b.until(|_| true).await {
            Event::Marked { mark, .. } => kinds.push(format!("mark {}", mark.seq)),
            Event::UserChanged { user } => kinds.push(format!("user {user}")),
            Event::StatusChanged { rooms, .. } => kinds.push(format!("status in {}", rooms.len())),
            Event::SessionEnded { .. } => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(kinds, ["mark 5", "user 1", "status in 2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_are_divided_among_independent_instances() {
    let (first, second) = (Redis::start(), Redis::start());
    let both = [&first, &second];
    let (a, mut b) = (Node::on(&both).await, Node::on(&both).await);
    for room in 1..=20 {
        b.bus.listen(chatctl::live::Topic::Room(RoomId(room)), true);
    }
    for _ in 1..=20 {
        b.until(|event| matches!(event, Event::Lost { room: Some(_) })).await;
    }
    for room in 1..=20 {
        a.bus.committed(&change(RoomId(room), 1));
    }
    let mut heard = std::collections::BTreeSet::new();
    while heard.len() < 20 {
        if let Event::Room(event) = b.until(|event| rev(event).is_some()).await {
            heard.insert(event.room);
        }
    }
    for redis in both {
        let channels = redis.command(&["EVAL", "return #redis.call('PUBSUB', 'CHANNELS')", "0"]);
        assert!(channels.parse::<u32>().unwrap() > 5, "{channels} channels");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_a_newer_server_counts_as_lost() {
    let redis = Redis::start();
    let mut node = Node::on(&[&redis]).await;
    node.listen(ROOM).await;
    redis.command(&["PUBLISH", "test:r:7", "\u{7f}newer"]);
    let lost = node.until(|event| matches!(event, Event::Lost { .. })).await;
    assert!(matches!(lost, Event::Lost { room: Some(ROOM) }), "{lost:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_are_counted_among_all_servers() {
    let redis = Redis::start();
    let (a, b) = (Node::on(&[&redis]).await, Node::on(&[&redis]).await);
    let minute = Duration::from_mins(1);
    for node in [&a, &b, &a] {
        assert_eq!(node.bus.attempt("login:ann", 3, minute).await, Ok(Ok(())));
    }
    let Ok(Err(wait)) = b.bus.attempt("login:ann", 3, minute).await else { panic!("a fourth") };
    assert!(wait <= minute && wait > Duration::ZERO, "{wait:?}");
    a.bus.give_back("login:ann").await.unwrap();
    assert_eq!(b.bus.attempt("login:ann", 3, minute).await, Ok(Ok(())));
    assert_eq!(b.bus.attempt("login:bob", 1, minute).await, Ok(Ok(())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_keep_up_is_told_that_events_were_lost() {
    let redis = Redis::start();
    let a = Node::on(&[&redis]).await;
    let mut b = Node::with_queue(&[&redis], 16).await;
    b.listen(ROOM).await;
    let losses = b.bus.hearing().losses;
    let (other, mut c) = (RoomId(8), Node::on(&[&redis]).await);
    c.listen(other).await;
    // More than all queues hold; nobody takes anything from the last one meanwhile.
    for part in 0..6 {
        for n in 1..=8_000 {
            a.bus.committed(&change(ROOM, part * 8_000 + n));
        }
        // Everything before this has been published.
        a.bus.committed(&change(other, part + 1));
        c.until(|event| rev(event) == Some(part + 1)).await;
    }
    b.until(|event| matches!(event, Event::Lost { room: None })).await;
    assert!(b.bus.hearing().losses > losses);
    // It goes on.
    tokio::time::timeout(PATIENCE, async {
        loop {
            a.bus.committed(&Event::UserChanged { user: UserId(5) });
            while let Ok(Some(event)) =
                tokio::time::timeout(Duration::from_millis(50), b.events.recv()).await
            {
                if matches!(event, Event::UserChanged { .. }) {
                    return;
                }
            }
        }
    })
    .await
    .expect("later events arrive");
}

#[test]
fn addresses_that_cannot_be_used_are_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    for urls in [vec![], vec!["http://127.0.0.1".to_owned()], vec!["127.0.0.1".to_owned()]] {
        let options = chatctl::live::RedisOptions { urls, ..Default::default() };
        let (sink, _events) = tokio::sync::mpsc::channel(1);
        assert!(chatctl::live::RedisBus::start(&options, sink).is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_ask_the_one_that_all_of_them_choose() {
    let redis = Redis::start();
    let nodes = [Node::on(&[&redis]).await, Node::on(&[&redis]).await, Node::on(&[&redis]).await];
    let [a, b, silent] = nodes.each_ref().map(|node| node.redis.clone().unwrap());
    // The third one never answers anybody, as one of an older version.
    let (mut asks_a, mut asks_b) = (a.requests(), b.requests());
    let rooms = || (1..=20).map(RoomId);
    // Until all know of each other: of each room, one of the two says that it is the other one.
    loop {
        let all = rooms().all(|room| {
            let (one, two, three) = (a.writer(room), b.writer(room), silent.writer(room));
            one.is_some() != two.is_some() && three == one.or(two)
        });
        if all {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let of_b = rooms().find(|room| b.writer(*room).is_none()).expect("one of twenty rooms");
    let server = a.writer(of_b).unwrap();
    let answered = tokio::spawn(async move { a.ask(server, b"who?".to_vec()).await });
    let asked = asks_b.recv().await.unwrap();
    assert_eq!(asked.request, b"who?");
    b.answer(&asked, b"me".to_vec());
    assert_eq!(answered.await.unwrap(), Some(b"me".to_vec()));
    // Who does not answer is passed over, and asked again later.
    silent.pass_over(server);
    assert_eq!(silent.writer(of_b), None);
    assert!(asks_a.try_recv().is_err(), "only one was asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_being_stopped_is_asked_no_more() {
    let redis = Redis::start();
    let nodes = [Node::on(&[&redis]).await, Node::on(&[&redis]).await, Node::on(&[&redis]).await];
    let [a, b, c] = nodes.each_ref().map(|node| node.redis.clone().unwrap());
    let _requests = [a.requests(), b.requests(), c.requests()];
    // A room that is written by c, as the other two know.
    let mut of_c = None;
    eventually(async || {
        of_c = (1..=40).map(RoomId).find(|room| {
            let (one, two, three) = (a.writer(*room), b.writer(*room), c.writer(*room));
            one.is_some() && one == two && three.is_none()
        });
        of_c.is_some()
    })
    .await;
    let room = of_c.unwrap();
    let gone = a.writer(room);
    c.leave();
    // One of the two others writes it now, and both know which.
    eventually(async || {
        let (one, two) = (a.writer(room), b.writer(room));
        one != gone && two != gone && one.is_some() != two.is_some()
    })
    .await;
    assert_eq!(redis.command(&["EVAL", "return #redis.call('KEYS', 'test:srv:*')", "0"]), "3");
}
