//! A bus that drops, duplicates and reorders events: live rooms and their sockets recover by `rev`.

mod late;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;

use super::super::world::{World, enter};
use super::super::{Connection, ProfileChange};
use crate::config::Config;
use crate::live::{Encoded, Encoder};
use crate::model::{Change, Event, MessageRef, Outcome, Reaction, Seq, Window};

/// Nothing in these tests takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A dialect with short frames: rev, kind, seq, text.
fn encode(event: &Event) -> Vec<Encoded> {
    let say = |rev, what: &str, seq: Seq, text: &str| {
        Encoded::to_all(format!("{rev} {what} {seq} {text}"))
    };
    match event {
        Event::Room(e) => e
            .changes
            .iter()
            .map(|change| match change {
                Change::Posted(m) => say(e.rev, "posted", m.seq, &m.text),
                Change::Edited(m) => say(e.rev, "edited", m.seq, &m.text),
                Change::Deleted(m) => say(e.rev, "deleted", m.seq, ""),
                Change::Reacted { seq, .. } => say(e.rev, "reacted", *seq, ""),
                Change::Unreacted { seq, .. } => say(e.rev, "unreacted", *seq, ""),
                _ => say(e.rev, "facts", Seq(0), ""),
            })
            .collect(),
        Event::CaughtUp { changes, known } => changes
            .changes
            .messages
            .iter()
            .map(|m| {
                let what = if m.deleted.is_some() {
                    "deleted"
                } else if m.seq > *known {
                    "posted"
                } else {
                    "edited"
                };
                say(m.rev, what, m.seq, &m.text)
            })
            .collect(),
        _ => Vec::new(),
    }
}

const VOICE: Encoder = Encoder { name: "test", encode, personal: true };

/// Faults injected into the events of the store.
#[derive(Default)]
struct Faults {
    count: u64,
    held: Option<Event>,
}

impl Faults {
    fn pass(&mut self, event: Event, on: &UnboundedSender<Event>) {
        let send = |event| drop(on.send(event));
        if !matches!(event, Event::Room(_)) {
            return send(event);
        }
        self.count += 1;
        match self.count % 7 {
            2 | 3 => (),
            4 => {
                send(event.clone());
                send(event);
            }
            5 => self.held = Some(event),
            _ => {
                send(event);
                if let Some(late) = self.held.take() {
                    send(late);
                }
            }
        }
    }
}

/// A world with faulty events.
async fn faulty() -> World {
    let harm = Mutex::new(Faults::default());
    World::through(&Config::default(), move |event, on| harm.lock().unwrap().pass(event, on)).await
}

/// Evaluates the frames of a client: text by seq, None when deleted. Panics on duplicates and if a
/// rev decreases.
fn read(connection: &Connection) -> BTreeMap<i64, Option<String>> {
    let frames = connection.outbox().take_all();
    let (mut known, mut last) = (BTreeMap::new(), 0);
    for frame in frames {
        let mut words = frame.splitn(4, ' ');
        let mut next = || words.next().unwrap_or_default().to_owned();
        let (rev, what, seq, text): (i64, _, i64, _) =
            (next().parse().unwrap(), next(), next().parse().unwrap(), next());
        assert!(rev > last, "rev {rev} after {last}: {frame}");
        last = rev;
        match what.as_str() {
            "posted" => assert!(known.insert(seq, Some(text)).is_none(), "posted twice: {frame}"),
            "edited" => drop(known.insert(seq, Some(text))),
            "deleted" => drop(known.insert(seq, None)),
            _ => (),
        }
    }
    known
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_and_live_rooms_recover_from_a_bus_that_drops_doubles_and_reorders() {
    let mut world = faulty().await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let room = world.room(&ann, &["bob"]).await;
    let connection = world.enter(&bob, VOICE, room).await;
    for n in 0..60 {
        let message = world.post(&ann, room, format!("m{n}")).await;
        match n % 5 {
            1 => drop(
                world
                    .chat
                    .edit(&ann, room, MessageRef::Id(message.id()), &format!("e{n}"))
                    .await
                    .unwrap(),
            ),
            2 => drop(
                world.chat.delete_message(&ann, room, MessageRef::Id(message.id())).await.unwrap(),
            ),
            3 => drop(
                world
                    .chat
                    .react(
                        &bob,
                        room,
                        MessageRef::Id(message.id()),
                        Reaction::parse("like").unwrap(),
                        true,
                    )
                    .await
                    .unwrap(),
            ),
            _ => (),
        }
    }
    world.chat.change_edited_name(&bob, room, "bob", "Bobby").await.unwrap();
    world.settle().await;
    let stored = world.chat.history(&bob, room, Window::Latest, 200).await.unwrap();
    let expected: BTreeMap<_, _> =
        stored.iter().map(|m| (m.seq.0, m.deleted.is_none().then(|| m.text.clone()))).collect();
    assert_eq!(expected.len(), 60);
    assert_eq!(read(&connection), expected);
    let live = world.chat.0.hub.facts(room).unwrap();
    assert_eq!(live.participants, world.chat.facts(room).await.unwrap().participants);
    // Entering now shows the latest messages as they are stored, from memory.
    let outcome = world.open(&ann, VOICE).run(enter(room)).await;
    let Ok(Outcome::Entered(entered)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(entered.messages, stored[stored.len() - entered.messages.len()..]);
    world.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_the_bus_has_lost_still_silences_the_removed() {
    let mut world = faulty().await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.user("eve").await;
    let room = world.room(&ann, &["bob", "eve"]).await;
    let connection = world.enter(&bob, VOICE, room).await;
    for n in 0..7 {
        world.post(&ann, room, format!("before {n}")).await;
    }
    world.chat.remove_participant(&ann, room, "bob").await.unwrap();
    for n in 0..20 {
        world.post(&ann, room, format!("after {n}")).await;
    }
    world.settle().await;
    let heard = read(&connection);
    assert!(heard.values().flatten().all(|text| text.starts_with("before")), "{heard:?}");
    assert!(!world.chat.0.hub.is_listening(room, &connection.socket));
    world.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_display_name_reaches_live_rooms() {
    let mut world = World::new(&Config::default()).await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let room = world.room(&ann, &["bob"]).await;
    let _connection = world.enter(&bob, VOICE, room).await;
    world
        .chat
        .change_me(
            &ann,
            ProfileChange { name: Some("Ann Lee".to_owned()), ..ProfileChange::default() },
        )
        .await
        .unwrap();
    // A job updates the rooms in steps; each step is an event.
    timeout(PATIENCE, async {
        while world.chat.0.hub.facts(room).unwrap().participant(ann.user).unwrap().name != "Ann Lee"
        {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the name arrives");
    world.settle().await;
    world.store.close().await;
}
