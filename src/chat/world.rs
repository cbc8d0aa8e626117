//! Test environment of this module: a `Chat` on a database of its own, with the dispatcher of a
//! server.

use std::sync::Arc;

use tokio::sync::mpsc::{Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use tokio::task::JoinHandle;

use super::dispatcher::Deliveries;
use super::{
    Authenticated, Chat, Connection, CreatorRole, EVENT_QUEUE, Parts, People, PushInbox,
    Registration, RoomPlan,
};
use crate::config::Config;
use crate::config::current::Current;
use crate::live::{Bus, Encoder, Hub, LocalBus};
use crate::model::{
    Client, Command, Event, Message, NewMessage, Outcome, RoomId, Session, Visibility,
};
use crate::store::engine::{Embedded, Options};
use crate::store::files::{Files, Spool};

/// Stops the dispatcher.
const STOP: RoomId = RoomId(i64::MAX);

/// A server without listeners.
pub(crate) struct World {
    pub(crate) chat: Chat,
    pub(crate) store: Embedded,
    sink: Sender<Event>,
    /// Not passed through the channel of committed events.
    hints: Sender<Event>,
    dispatcher: JoinHandle<()>,
    _dir: tempfile::TempDir,
}

async fn dispatch(chat: Chat, mut events: UnboundedReceiver<Event>) {
    let mut deliveries = Deliveries::new(chat);
    loop {
        tokio::select! {
            () = deliveries.recover() => (),
            event = events.recv() => match event {
                Some(Event::Lost { room: Some(STOP) }) => return deliveries.settle().await,
                Some(event) => deliveries.deliver_now(&event),
                None => return,
            },
        }
    }
}

/// A command to enter without a known rev.
pub(crate) fn enter(room: RoomId) -> Command {
    Command::Enter { room: Some(room), since: None, epoch: None }
}

impl World {
    /// A world whose events are dispatched as they are committed.
    pub(crate) async fn new(config: &Config) -> Self {
        Self::through(config, |event, on| drop(on.send(event))).await
    }

    /// A world whose committed events pass through this channel.
    pub(crate) async fn through(
        config: &Config,
        pass: impl Fn(Event, &UnboundedSender<Event>) + Send + Sync + 'static,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let current = Current::new(config.clone());
        let (events, receiver) = unbounded_channel();
        let (sink, mut committed) = channel(EVENT_QUEUE);
        let (hints, mut published) = channel(EVENT_QUEUE);
        let into = sink.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    Some(event) = committed.recv() => pass(event, &events),
                    Some(event) = published.recv() => drop(events.send(event)),
                    else => break,
                }
            }
        });
        let store = Embedded::open(&dir.path().join("chat.db"), &Options::default(), into).unwrap();
        let bus: Arc<dyn Bus> = Arc::new(LocalBus::new(hints.clone()));
        let hub = Hub::new(&current, Arc::clone(&bus));
        let files = Files::in_directory(&dir.path().join("media"));
        files.prepare(Spool::Own).unwrap();
        let settings = crate::store::Store::settings(&store).await.unwrap();
        let chat = Chat::new(
            Parts {
                store: Arc::new(store.clone()),
                sessions: Arc::new(store.clone()),
                bus,
                hub,
                push: PushInbox::default(),
                files,
                settings,
                server_id: store.server_id().to_owned(),
            },
            current,
        )
        .unwrap();
        let dispatcher = tokio::spawn(dispatch(chat.clone(), receiver));
        Self { chat, store, sink, hints, dispatcher, _dir: dir }
    }

    /// Registers a user and logs them in.
    pub(crate) async fn user(&self, login: &str) -> Session {
        let new = Registration {
            login: login.to_owned(),
            password: "correct horse".to_owned(),
            ..Registration::default()
        };
        self.chat.register(new, &Client::default()).await.unwrap();
        self.chat.log_in(login, "correct horse", None, &Client::default()).await.unwrap().session
    }

    /// Creates a private room of the owner and others.
    pub(crate) async fn room(&self, owner: &Session, others: &[&str]) -> RoomId {
        let people = People::Logins(others.iter().map(|o| (*o).to_owned()).collect());
        let plan = RoomPlan {
            name: Some("r".to_owned()),
            visibility: Visibility::Private,
            people,
            creator: CreatorRole::ByCount,
            reuse: false,
        };
        self.chat.create_room(owner, plan).await.unwrap().0.facts.room.id
    }

    /// Opens a socket that has not sent anything yet.
    pub(crate) fn open(&self, session: &Session, voice: Encoder) -> Connection {
        self.chat
            .open(Authenticated { session: session.clone(), token_expires: None }, voice)
            .unwrap()
    }

    /// Opens a socket and enters the room.
    pub(crate) async fn enter(
        &self,
        session: &Session,
        voice: Encoder,
        room: RoomId,
    ) -> Connection {
        let mut connection = self.open(session, voice);
        let outcome = connection.run(enter(room)).await;
        assert!(matches!(outcome, Ok(Outcome::Entered(_))), "{outcome:?}");
        connection
    }

    /// Posts a message.
    pub(crate) async fn post(&self, session: &Session, room: RoomId, text: String) -> Message {
        self.chat
            .post(session, room, NewMessage { text, ..NewMessage::default() })
            .await
            .unwrap()
            .message
    }

    /// Reports lost events of users, as a bus does.
    pub(crate) async fn lose_personal(&self) {
        self.tell(Event::LostPersonal { user: None }).await;
    }

    /// Has an event delivered that does not come from the store.
    pub(crate) async fn tell(&self, event: Event) {
        drop(self.hints.send(event).await);
    }

    /// Reports lost events, as a bus does, and waits until all are delivered; afterwards no more
    /// are.
    pub(crate) async fn settle(&mut self) {
        for lost in [None, Some(STOP)] {
            drop(self.sink.send(Event::Lost { room: lost }).await);
        }
        (&mut self.dispatcher).await.unwrap();
    }
}
