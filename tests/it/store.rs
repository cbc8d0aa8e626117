//! The contract of `Store` and `Sessions`: every promise of the traits, tested for every engine.
//!
//! A test is a function of a fresh [`World`]; [`contract!`] creates one test per engine. A new
//! engine is one row there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and helpers are tests too")]

mod applied;
mod audit;
pub(crate) mod cassandra;
mod changes;
mod emoji;
mod erasure;
mod identities;
mod invitations;
mod look;
mod marks;
mod media;
mod messages;
mod outgoing;
mod personal;
mod posting;
mod push;
mod removal;
mod retention;
mod rooms;
mod search;
mod second_factors;
mod sessions;
mod slash_commands;
mod sqlite;
mod tables;
mod threads;
mod upkeep;
mod users;
mod versions;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chatctl::model::{
    Change, Event, EventSink, Role, RoomEvent, RoomFacts, RoomId, User, UserId, Visibility, fold,
    skeleton,
};
use chatctl::store::cluster::tables::Tables;
use chatctl::store::cluster::tables::memory::Memory;
use chatctl::store::cluster::{self, Cluster};
use chatctl::store::engine::{Embedded, Options};
use chatctl::store::{Basis, Draft, NewRoom, NewUser, Posted, Sessions, Store};
use tempfile::TempDir;
use tokio::sync::mpsc::{Receiver, channel};

/// Nothing in these tests takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Creates a test of each function for each engine.
macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::store::World::on_sqlite()).await;
                }
            )*
        }

        mod on_cluster {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::store::World::on_cluster().await).await;
                }
            )*
        }

        mod on_cassandra {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let Some(world) = $crate::store::World::on_cassandra().await else { return };
                    super::$name(world).await;
                }
            )*
        }
    };
}
use contract;

/// Creates a test of each function for SQLite only.
macro_rules! contract_of_sqlite {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite_only {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::store::World::on_sqlite()).await;
                }
            )*
        }
    };
}
use contract_of_sqlite;

/// A fresh engine and the events it has emitted.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) sessions: Arc<dyn Sessions>,
    engine: Engine,
    sink: EventSink,
    events: Receiver<Event>,
    dir: TempDir,
}

/// An open engine, and where it keeps what must be there when it is opened again.
enum Engine {
    Embedded(Embedded),
    Cluster(Cluster, Arc<dyn Tables>),
}

/// More events than any test leaves in the queue.
const EVENTS: usize = 1 << 17;

impl World {
    pub(crate) fn on_sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (sink, events) = channel(EVENTS);
        let backend =
            Embedded::open(&dir.path().join("chat.db"), &Options::default(), sink.clone()).unwrap();
        Self {
            store: Arc::new(backend.clone()),
            sessions: Arc::new(backend.clone()),
            engine: Engine::Embedded(backend),
            sink,
            events,
            dir,
        }
    }

    /// The engine for several servers, over tables in memory.
    pub(crate) async fn on_cluster() -> Self {
        Self::on_tables(Arc::new(Memory::new())).await
    }

    /// The engine for several servers, over a real Cassandra; None unless `tests/run` asks for it,
    /// since it takes minutes.
    pub(crate) async fn on_cassandra() -> Option<Self> {
        if !cassandra::is_wanted() {
            return None;
        }
        Some(Self::on_tables(Arc::new(cassandra::tables().await)).await)
    }

    pub(crate) async fn on_tables(tables: Arc<dyn Tables>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (sink, events) = channel(EVENTS);
        let cluster = open_cluster(&tables, &sink, dir.path()).await;
        Self {
            store: Arc::new(cluster.clone()),
            sessions: Arc::new(cluster.clone()),
            engine: Engine::Cluster(cluster, tables),
            sink,
            events,
            dir,
        }
    }

    /// The engine of one machine, for tests of what only it has.
    pub(crate) fn backend(&self) -> &Embedded {
        let Engine::Embedded(backend) = &self.engine else { panic!("a test of SQLite only") };
        backend
    }

    /// Permanent id of the server's files, or of the cluster.
    pub(crate) async fn server_id(&self) -> String {
        match &self.engine {
            Engine::Embedded(backend) => backend.server_id().to_owned(),
            Engine::Cluster(..) => self.store.settings().await.unwrap().instance,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("chat.db")
    }

    pub(crate) async fn close(&self) {
        match &self.engine {
            Engine::Embedded(backend) => backend.close().await,
            Engine::Cluster(cluster, _) => cluster.close().await,
        }
    }

    /// Waits until the engine has done what an acknowledged change leaves for the background.
    pub(crate) async fn settle(&self) {
        if let Engine::Embedded(backend) = &self.engine {
            backend.settle().await;
        }
    }

    /// Opens the closed engine again.
    pub(crate) async fn open_again(&mut self) {
        let path = self.path();
        match &mut self.engine {
            Engine::Embedded(backend) => {
                *backend = Embedded::open(&path, &Options::default(), self.sink.clone()).unwrap();
                self.store = Arc::new(backend.clone());
                self.sessions = Arc::new(backend.clone());
            }
            Engine::Cluster(cluster, tables) => {
                *cluster = open_cluster(tables, &self.sink, self.dir.path()).await;
                self.store = Arc::new(cluster.clone());
                self.sessions = Arc::new(cluster.clone());
            }
        }
    }

    /// Closes the engine and opens it again.
    pub(crate) async fn open_again_after_close(&mut self) {
        self.close().await;
        self.open_again().await;
    }

    /// Opens the closed engine again, without collecting its events.
    pub(crate) async fn open_unheard(&mut self) {
        self.sink = channel(1).0;
        self.open_again().await;
    }

    /// Returns events so far. Those of a change are present before it is answered.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }

    /// Returns steps of rooms so far.
    pub(crate) fn steps(&mut self) -> Vec<Arc<RoomEvent>> {
        self.events()
            .into_iter()
            .filter_map(|event| if let Event::Room(step) = event { Some(step) } else { None })
            .collect()
    }

    /// Waits for an event of a background job.
    pub(crate) async fn wait_for(&mut self, mut wanted: impl FnMut(&Event) -> bool) -> Event {
        let search = async {
            loop {
                let event = self.events.recv().await.expect("the sink is open");
                if wanted(&event) {
                    return event;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the event comes")
    }

    /// Waits for a step of this room with such a change.
    pub(crate) async fn wait_for_step(
        &mut self,
        room: RoomId,
        mut wanted: impl FnMut(&Change) -> bool,
    ) -> Arc<RoomEvent> {
        let event = self
            .wait_for(|event| {
                let Event::Room(step) = event else { return false };
                step.room == room && step.changes.iter().any(&mut wanted)
            })
            .await;
        let Event::Room(step) = event else { unreachable!("only steps are wanted") };
        step
    }

    pub(crate) async fn user(&self, login: &str) -> User {
        self.store.add_user(new_user(login)).await.unwrap()
    }

    pub(crate) async fn users(&self, count: usize) -> Vec<User> {
        let mut users = Vec::new();
        for n in 0..count {
            users.push(self.user(&format!("user{n}")).await);
        }
        users
    }

    /// Creates a private room with these users, all members.
    pub(crate) async fn private(&self, users: &[&User]) -> RoomFacts {
        let participants = users.iter().map(|user| (user.id, Role::Member)).collect();
        self.room(NewRoom {
            name: Some("private".to_owned()),
            visibility: Visibility::Private,
            owner: users[0].id,
            participants,
            reuse: false,
        })
        .await
    }

    /// Creates a public room with the owner as its admin.
    pub(crate) async fn public(&self, name: &str, owner: &User) -> RoomFacts {
        let participants = vec![(owner.id, Role::Admin)];
        self.room(NewRoom {
            name: Some(name.to_owned()),
            visibility: Visibility::Public,
            owner: owner.id,
            participants,
            reuse: false,
        })
        .await
    }

    pub(crate) async fn room(&self, new: NewRoom) -> RoomFacts {
        self.store.add_room(new).await.unwrap().value
    }

    pub(crate) async fn facts(&self, room: RoomId) -> RoomFacts {
        self.store.room(room).await.unwrap().expect("the room is there")
    }

    pub(crate) async fn member(&self, room: RoomId, user: UserId) -> Basis {
        let facts = self.facts(room).await;
        Basis::Member {
            user,
            since: facts.basis_of(facts.participant(user).expect("a participant")),
        }
    }

    pub(crate) async fn say(&self, room: RoomId, user: &User, text: &str) -> Posted {
        self.store.post(room, self.member(room, user.id).await, draft(user, text)).await.unwrap()
    }
}

/// Opens the engine for several servers, with this server's index in the directory.
async fn open_cluster(tables: &Arc<dyn Tables>, sink: &EventSink, dir: &Path) -> Cluster {
    let options =
        cluster::Options { search: Some(dir.join("search.db")), ..cluster::Options::default() };
    Cluster::open_with(Arc::clone(tables), sink.clone(), options).await.unwrap()
}

pub(crate) fn new_user(login: &str) -> NewUser {
    let folded = fold(login);
    NewUser {
        login: login.to_owned(),
        look_alike: skeleton(&folded),
        folded,
        name: login.to_owned(),
        email: None,
        birth: None,
        password: "$argon2id$…".to_owned(),
        md5: None,
        sha1: None,
        admin: false,
        bot: false,
        guest: false,
        identity: None,
    }
}

pub(crate) fn draft(author: &User, text: &str) -> Draft {
    Draft {
        author: author.id,
        text: text.to_owned(),
        client_id: None,
        reply_to: None,
        media: Vec::new(),
        socket: None,
        mentions: Vec::new(),
    }
}
