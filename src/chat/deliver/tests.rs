//! A bus that drops, doubles and reorders: live rooms and their sockets recover by `rev`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::super::{Authenticated, Chat, Connection, CreatorRole, NewMessage, Parts, People, ProfileChange, Registration, RoomPlan};
use crate::config::Config;
use crate::live::{Encoded, Hub, LocalBus, Voice};
use crate::model::{Change, Client, Command, Event, EventSink, Message, Outcome, Reaction, RoomId, Seq, Session, Visibility, Window};
use crate::store::sqlite::{Options, Sqlite};

/// Stops the dispatcher of a test.
const STOP: RoomId = RoomId(i64::MAX);

/// A dialect that says everything in a few words: rev, what, seq, text.
fn encode(event: &Event) -> Vec<Encoded> {
    let say = |rev, what: &str, seq: Seq, text: &str| Encoded::to_all(format!("{rev} {what} {seq} {text}"));
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

const VOICE: Voice = Voice { name: "test", encode, personal: true };

/// How the events of the store come to harm on their way.
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

struct World {
    chat: Chat,
    store: Sqlite,
    events: UnboundedSender<Event>,
    dispatcher: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

async fn dispatch(chat: Chat, mut events: tokio::sync::mpsc::UnboundedReceiver<Event>) {
    while let Some(event) = events.recv().await {
        if matches!(event, Event::Lost { room: Some(STOP) }) {
            return;
        }
        chat.deliver(&event).await;
    }
}

async fn world(faulty: bool) -> World {
    let dir = tempfile::tempdir().unwrap();
    let (events, receiver) = unbounded_channel();
    let harm = Mutex::new(Faults::default());
    let (committed, published) = (events.clone(), events.clone());
    let sink = EventSink::new(move |event| if faulty { harm.lock().unwrap().pass(event, &committed) } else { drop(committed.send(event)) });
    let store = Sqlite::open(&dir.path().join("chat.db"), &Options::default(), sink).unwrap();
    let config = Config::default();
    let hub = Hub::new(&config.rooms, &config.limits);
    let bus = Arc::new(LocalBus::new(EventSink::new(move |event| drop(published.send(event)))));
    let files = crate::store::files::Files::open(&dir.path().join("media")).unwrap();
    let settings = crate::store::Store::settings(&store).await.unwrap();
    let chat = Chat::new(Parts { store: Arc::new(store.clone()), sessions: Arc::new(store.clone()), bus, hub, files, settings }, &config).unwrap();
    let dispatcher = tokio::spawn(dispatch(chat.clone(), receiver));
    World { chat, store, events, dispatcher, _dir: dir }
}

impl World {
    async fn user(&self, login: &str) -> Session {
        let new = Registration { login: login.to_owned(), password: "correct horse".to_owned(), ..Registration::default() };
        self.chat.register(new, &Client::default()).await.unwrap();
        self.chat.log_in(login, "correct horse", &Client::default()).await.unwrap().session
    }

    async fn room(&self, owner: &Session, others: &[&str]) -> RoomId {
        let people = People::Logins(others.iter().map(|o| (*o).to_owned()).collect());
        let plan = RoomPlan { name: Some("r".to_owned()), visibility: Visibility::Private, people, creator: CreatorRole::ByCount, reuse: false };
        self.chat.create_room(owner, plan).await.unwrap().0.facts.room.id
    }

    async fn enter(&self, session: &Session, room: RoomId) -> Connection {
        let who = Authenticated { session: session.clone(), token_expires: None };
        let mut connection = self.chat.open(who, VOICE).unwrap();
        let (outcome, _) = connection.run(Command::Enter { room: Some(room), since: None, epoch: None }).await;
        assert!(matches!(outcome, Ok(Outcome::Entered(_))), "{outcome:?}");
        connection
    }

    async fn post(&self, session: &Session, room: RoomId, text: String) -> Message {
        self.chat.post(session, room, NewMessage { text, ..NewMessage::default() }).await.unwrap().message
    }

    /// Tells that something was lost, as a bus does, and waits until all is handed on.
    async fn settle(&mut self) {
        drop(self.events.send(Event::Lost { room: None }));
        drop(self.events.send(Event::Lost { room: Some(STOP) }));
        (&mut self.dispatcher).await.unwrap();
    }
}

/// What a client makes of its frames: text by seq, None when deleted. Panics when something comes twice or a rev falls.
fn read(connection: &Connection) -> BTreeMap<i64, Option<String>> {
    let mut frames = Vec::new();
    assert_eq!(connection.outbox().take(&mut frames, None), None);
    let (mut known, mut last) = (BTreeMap::new(), 0);
    for frame in frames {
        let mut words = frame.splitn(4, ' ');
        let mut next = || words.next().unwrap_or_default().to_owned();
        let (rev, what, seq, text): (i64, _, i64, _) = (next().parse().unwrap(), next(), next().parse().unwrap(), next());
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
    let mut world = world(true).await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let room = world.room(&ann, &["bob"]).await;
    let connection = world.enter(&bob, room).await;
    for n in 0..60 {
        let message = world.post(&ann, room, format!("m{n}")).await;
        match n % 5 {
            1 => drop(world.chat.edit(&ann, room, Some(message.id()), &format!("e{n}")).await.unwrap()),
            2 => drop(world.chat.delete_message(&ann, room, Some(message.id())).await.unwrap()),
            3 => drop(world.chat.react(&bob, room, Some(message.id()), Reaction::parse("like").unwrap(), true).await.unwrap()),
            _ => (),
        }
    }
    world.chat.change_edited_name(&bob, room, "bob", "Bobby").await.unwrap();
    world.settle().await;
    let stored = world.chat.history(&bob, room, Window::Latest, 200).await.unwrap();
    let expected: BTreeMap<_, _> = stored.iter().map(|m| (m.seq.0, m.deleted.is_none().then(|| m.text.clone()))).collect();
    assert_eq!(expected.len(), 60);
    assert_eq!(read(&connection), expected);
    let live = world.chat.0.hub.facts(room).unwrap();
    assert_eq!(live.participants, world.chat.facts(room).await.unwrap().participants);
    // Entering now shows the latest messages as they are stored, from memory.
    let (outcome, _) = world.chat.open(Authenticated { session: ann.clone(), token_expires: None }, VOICE).unwrap().run(enter(room)).await;
    let Ok(Outcome::Entered(entered)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(entered.messages, stored[stored.len() - entered.messages.len()..]);
    world.store.close().await;
}

fn enter(room: RoomId) -> Command {
    Command::Enter { room: Some(room), since: None, epoch: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_the_bus_has_lost_still_silences_the_removed() {
    let mut world = world(true).await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.user("eve").await;
    let room = world.room(&ann, &["bob", "eve"]).await;
    let connection = world.enter(&bob, room).await;
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
    let mut world = world(false).await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let room = world.room(&ann, &["bob"]).await;
    let _connection = world.enter(&bob, room).await;
    world.chat.change_me(&ann, ProfileChange { name: Some("Ann Lee".to_owned()), ..ProfileChange::default() }).await.unwrap();
    // The rooms are told by a job of steps; each step is an event.
    tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while world.chat.0.hub.facts(room).unwrap().participant(ann.user).unwrap().name != "Ann Lee" {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the name arrives");
    world.settle().await;
    world.store.close().await;
}
