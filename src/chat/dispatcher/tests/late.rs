//! Events that are late or lost: what is delivered without the store, and what is read from it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use tokio::time::timeout;

use super::{PATIENCE, VOICE, encode};
use crate::chat::Connection;
use crate::chat::world::World;
use crate::config::Config;
use crate::live::{Elsewhere, Encoded, Encoder};
use crate::model::{
    Change, Command, Event, LiveState, MessageRef, Person, Rev, SocketId, Timestamp, UserId,
};

/// As [`encode`], but changes read from the store are recognizable.
fn tell(event: &Event) -> Vec<Encoded> {
    match event {
        Event::CaughtUp { .. } => vec![Encoded::to_all("read")],
        Event::RoomAdded { facts, .. } => vec![Encoded::to_all(format!("in {}", facts.room.id))],
        Event::Entered { person, .. } => vec![Encoded::to_all(format!("+{}", person.login))],
        Event::Left { person, .. } => vec![Encoded::to_all(format!("-{}", person.login))],
        other => encode(other),
    }
}

const TELLING: Encoder = Encoder { name: "telling", encode: tell, personal: true };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_are_only_late_are_delivered_without_asking_the_store() {
    let held = Mutex::new(None);
    let mut world = World::through(&Config::default(), move |event, on| {
        // Each second event of the room comes after the one that follows it.
        let mut held = held.lock().unwrap();
        let is_odd = matches!(&event, Event::Room(step) if step.rev.0 % 2 == 1);
        if is_odd && held.is_none() {
            *held = Some(event);
            return;
        }
        drop(on.send(event));
        if let Some(late) = held.take() {
            drop(on.send(late));
        }
    })
    .await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let room = world.room(&ann, &["bob"]).await;
    // Those before the entry.
    world.post(&ann, room, "first".to_owned()).await;
    let connection = world.enter(&bob, TELLING, room).await;
    for n in 0..40 {
        world.post(&ann, room, format!("m{n}")).await;
    }
    world.settle().await;
    let frames = connection.outbox().take_all();
    let texts: Vec<_> = frames.iter().filter(|frame| frame.contains("posted")).collect();
    assert!(texts.len() >= 39, "{frames:?}");
    assert!(texts.is_sorted_by_key(|frame| frame.split(' ').next().unwrap().parse::<i64>().ok()));
    let read = frames.iter().filter(|frame| *frame == "read").count();
    assert!(read <= 1, "only the last may have nothing behind it: {frames:?}");
    world.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_later_takes_nothing_from_those_who_are_there_and_hears_nothing_twice() {
    let mut world = World::through(&Config::default(), |event, on| {
        if !matches!(&event, Event::Room(step) if step.changes.iter().any(|change| matches!(change, Change::Posted(m) if m.text == "lost")))
        {
            drop(on.send(event));
        }
    })
    .await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let room = world.room(&ann, &["bob"]).await;
    world.post(&ann, room, "first".to_owned()).await;
    let connection = world.enter(&bob, VOICE, room).await;
    world.post(&ann, room, "lost".to_owned()).await;
    // Somebody else reads the room, further than the first one has heard.
    let mut later = world.open(&ann, VOICE);
    let all = Command::Subscribe { since: BTreeMap::new().into_iter().collect(), epoch: None };
    later.run(all).await.unwrap();
    while later.replay().await.is_some() {}
    drop(later.outbox().take_all());
    world.post(&ann, room, "after".to_owned()).await;
    world.settle().await;
    let told = |connection: &Connection| {
        let frames = connection.outbox().take_all();
        let ends = |text: &str| frames.iter().filter(|frame| frame.ends_with(text)).count();
        (ends(" lost"), ends(" after"))
    };
    assert_eq!(told(&connection), (1, 1));
    assert_eq!(told(&later), (0, 1), "what it has read is not told again");
    world.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_edit_of_a_message_from_before_the_entry_is_no_new_message() {
    for others in [false, true] {
        let mut world = World::through(&Config::default(), |event, on| {
            if !matches!(event, Event::Room(_)) {
                drop(on.send(event));
            }
        })
        .await;
        let (ann, bob) = (world.user("ann").await, world.user("bob").await);
        let room = world.room(&ann, &["bob"]).await;
        // A listener that has not heard the messages yet.
        let mut earlier = world.open(&ann, VOICE);
        if others {
            let all = Command::Subscribe { since: HashMap::new(), epoch: None };
            earlier.run(all).await.unwrap();
            while earlier.replay().await.is_some() {}
            drop(earlier.outbox().take_all());
        }
        let first = world.post(&ann, room, "first".to_owned()).await;
        world.post(&ann, room, "second".to_owned()).await;
        let connection = world.enter(&bob, VOICE, room).await;
        drop(connection.outbox().take_all());
        let at = MessageRef::Id(first.id());
        world.chat.edit(&ann, room, at, "edited").await.unwrap();
        world.settle().await;
        let told = connection.outbox().take_all();
        assert!(!told.iter().any(|frame| frame.contains("posted")), "{told:?}");
        assert!(told.iter().any(|frame| frame.ends_with(" edited 1 edited")), "{told:?}");
        let told = earlier.outbox().take_all();
        let posted = told.iter().filter(|frame| frame.contains("posted")).count();
        assert_eq!(posted, if others { 2 } else { 0 }, "{told:?}");
        world.store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_whose_addition_was_lost_is_found() {
    let mut world = World::through(&Config::default(), |event, on| {
        if !matches!(event, Event::RoomAdded { .. }) {
            drop(on.send(event));
        }
    })
    .await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let mut connection = world.open(&bob, TELLING);
    let all = Command::Subscribe { since: BTreeMap::new().into_iter().collect(), epoch: None };
    connection.run(all).await.unwrap();
    while connection.replay().await.is_some() {}
    connection.outbox().release();
    let room = world.room(&ann, &["bob"]).await;
    world.lose_personal().await;
    timeout(PATIENCE, async {
        while !world.chat.0.hub.is_listening(room, &connection.socket) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it listens to the room");
    world.post(&ann, room, "hello".to_owned()).await;
    world.settle().await;
    let frames = connection.outbox().take_all();
    assert_eq!(frames.iter().filter(|frame| frame.starts_with("in ")).count(), 1, "{frames:?}");
    assert!(frames.iter().any(|frame| frame.contains("hello")), "{frames:?}");
    world.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_is_found_during_a_replay_is_not_told_before_it_is_read() {
    found_while_reading(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_is_found_before_a_replay_is_not_told_before_it_is_read() {
    found_while_reading(false).await;
}

async fn found_while_reading(begun: bool) {
    let mut world = World::new(&Config::default()).await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let room = world.room(&ann, &["bob"]).await;
    let _witness = world.enter(&ann, VOICE, room).await;
    let mut connection = world.open(&bob, VOICE);
    let all = Command::Subscribe { since: HashMap::from([(room, Rev(1))]), epoch: None };
    if begun {
        connection.run(all.clone()).await.unwrap();
    } else {
        // Its rooms are being read.
        connection.socket.subscribe();
    }
    let facts = world.chat.known_facts(room, false).await.unwrap();
    let (state, at) = (LiveState::Closed, Timestamp(1));
    world.tell(Event::RoomAdded { user: bob.user, facts, state, at }).await;
    world.post(&ann, room, "early".to_owned()).await;
    let posted = world.chat.store().room(room).await.unwrap().unwrap().room.rev;
    timeout(PATIENCE, world.chat.0.hub.applied(room, posted)).await.expect("it is delivered");
    if !begun {
        connection.run(all).await.unwrap();
    }
    while connection.replay().await.is_some() {}
    connection.outbox().release();
    world.post(&ann, room, "late".to_owned()).await;
    world.settle().await;
    let told = connection.outbox().take_all();
    assert_eq!(told.iter().filter(|frame| frame.contains("early")).count(), 0, "{told:?}");
    assert_eq!(told.iter().filter(|frame| frame.contains("late")).count(), 1, "{told:?}");
    world.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_present_on_other_servers_are_online() {
    let mut world = World::new(&Config::default()).await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let room = world.room(&ann, &["bob"]).await;
    let connection = world.enter(&bob, TELLING, room).await;
    let hub = &world.chat.0.hub;
    let person = |id: i64, login: &str| Person {
        id: UserId(id),
        login: login.to_owned(),
        name: login.to_owned(),
    };
    let (eve, dan) = (person(101, "eve"), person(102, "dan"));
    let entered = |person: &Person| Event::Entered {
        room,
        person: person.clone(),
        socket: SocketId(9 << 32 | 1),
        at: Timestamp(1),
    };
    let left = |person: &Person| Event::Left { room, person: person.clone(), at: Timestamp(1) };
    let mark = hub.presence_mark(room).unwrap();
    hub.deliver_now(&entered(&eve));
    let people = vec![dan.clone()];
    let read = || Elsewhere { people: people.clone(), more: 0 };
    assert!(!hub.present_elsewhere(room, mark, read()), "eve has entered meanwhile");
    assert_eq!(hub.online(room, 9), (vec!["bob".to_owned(), "eve".to_owned()], 2));
    // Announced again after a failure: nobody is told twice.
    hub.deliver_now(&entered(&eve));
    let mark = hub.presence_mark(room).unwrap();
    assert!(hub.present_elsewhere(room, mark, read()));
    assert_eq!(hub.online(room, 9).0, ["bob", "dan"]);
    hub.deliver_now(&left(&dan));
    assert_eq!(hub.online(room, 9), (vec!["bob".to_owned()], 1));
    world.settle().await;
    let frames = connection.outbox().take_all();
    let told: Vec<_> =
        frames.iter().filter(|frame| frame.starts_with(['+', '-']) && *frame != "+bob").collect();
    assert_eq!(told, ["+eve", "-dan"]);
    world.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deaf_server_reads_what_it_must_and_closes_ended_sessions() {
    let mut world = World::through(&Config::default(), |event, on| {
        if !matches!(event, Event::Room(_) | Event::SessionEnded { .. }) {
            drop(on.send(event));
        }
    })
    .await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let room = world.room(&ann, &["bob"]).await;
    let connection = world.enter(&bob, TELLING, room).await;
    let other = world.enter(&ann, TELLING, room).await;
    world.post(&ann, room, "unheard".to_owned()).await;
    assert_eq!(world.chat.0.hub.heard_rooms(room.0 + 1, 9), [room], "entered: each second");
    world.chat.log_out(&bob).await.unwrap();
    assert!(!connection.has_ended());
    world.chat.check_sessions(bob.user).await;
    assert!(connection.has_ended());
    world.chat.check_sessions(ann.user).await;
    world.settle().await;
    assert!(!other.has_ended());
    assert!(other.outbox().take_all().iter().any(|frame| frame == "read"));
    world.store.close().await;
}
