//! One run: servers, clients, and what happens to the servers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::channel;
use tokio::time::sleep;

use super::Mutant;
use super::check;
use super::client::{Client, Journal, draft};
use super::wires::{Carried, Wires};
use crate::model::{Event, Role, RoomId, User, Visibility, fold, skeleton};
use crate::store::cluster::tables::Tables;
use crate::store::cluster::tables::memory::{Faults, Link, Memory};
use crate::store::cluster::{Cluster, Options};
use crate::store::{Basis, NewRoom, NewUser, Store};

const SERVERS: usize = 3;
const CLIENTS: usize = 5;
const USERS: usize = 3;
const ROOMS: usize = 2;
/// Things that happen to servers in a run.
const BLOWS: u64 = 8;

/// Random numbers from a seed (`SplitMix64`).
#[derive(Clone)]
pub(in crate::store::cluster::rooms) struct Dice(u64);

impl Dice {
    pub(in crate::store::cluster::rooms) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(in crate::store::cluster::rooms) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    pub(in crate::store::cluster::rooms) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.roll(of.len() as u64)).unwrap_or(0)]
    }
}

/// What happened in runs.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) messages: usize,
    pub(super) changes: usize,
    pub(super) repeated: usize,
    pub(super) unanswered: usize,
    pub(super) killed: usize,
    /// What servers asked each other.
    pub(super) wires: Carried,
}

impl Figures {
    pub(super) fn add(&mut self, other: &Self) {
        self.messages += other.messages;
        self.changes += other.changes;
        self.repeated += other.repeated;
        self.unanswered += other.unanswered;
        self.killed += other.killed;
        self.wires.asked += other.wires.asked;
        self.wires.lost += other.wires.lost;
    }
}

/// Events that a server has emitted.
pub(super) type Heard = Arc<Mutex<Vec<Event>>>;

/// A server, alive or not.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) cluster: Cluster,
    link: Link,
}

/// All that runs share.
pub(super) struct World {
    memory: Memory,
    wires: Wires,
    mutant: Mutant,
    servers: Mutex<Vec<Server>>,
    heard: Mutex<Vec<Heard>>,
}

impl World {
    async fn server(&self) -> Server {
        let link = self.memory.link();
        let (sink, mut events) = channel(64);
        let heard = Heard::default();
        let into = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                lock(&into).push(event);
            }
        });
        lock(&self.heard).push(Arc::clone(&heard));
        loop {
            let tables: Arc<dyn Tables> = Arc::new(link.clone());
            let wire = self.wires.wire();
            let options = Options { peers: Some(Arc::new(wire.clone())), ..Options::default() };
            if let Ok(cluster) = Cluster::open_with(tables, sink.clone(), options).await {
                *lock(&cluster.0.rooms.mutant) = self.mutant;
                wire.reaches(&cluster);
                return Server { cluster, link };
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns one of the servers that are not killed.
    pub(super) fn pick(&self, dice: &mut Dice) -> Cluster {
        dice.pick(&lock(&self.servers)).cluster.clone()
    }

    /// Lets things happen to servers; returns how many were killed.
    pub(super) async fn blows(&self, mut dice: Dice) -> usize {
        let mut killed = 0;
        for _ in 0..BLOWS {
            sleep(Duration::from_millis(dice.roll(250))).await;
            killed += usize::from(self.blow(&mut dice).await);
        }
        killed
    }

    /// Nothing fails any more, and servers have settled what they settle by themselves.
    pub(super) async fn calm(&self) {
        self.memory.calm();
        self.wires.calm();
        sleep(Duration::from_secs(20)).await;
    }

    /// A server that has seen nothing yet.
    pub(super) async fn reader(&self) -> Cluster {
        self.server().await.cluster
    }

    /// Lets something happen to a server.
    async fn blow(&self, dice: &mut Dice) -> bool {
        let place = usize::try_from(dice.roll(SERVERS as u64)).unwrap_or(0);
        let server = lock(&self.servers)[place].clone();
        let span = Duration::from_millis(20 + dice.roll(600));
        match dice.roll(3) {
            0 => {
                server.link.kill();
                let new = self.server().await;
                lock(&self.servers)[place] = new;
                return true;
            }
            1 => server.link.stop(),
            _ => server.link.cut(),
        }
        sleep(span).await;
        server.link.open();
        false
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a seed; returns what happened, and the promises that were broken.
pub(super) fn run(seed: u64, mutant: Mutant) -> (Figures, Vec<String>) {
    runtime().block_on(play(seed, mutant))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

/// Plays on servers whose tables fail.
pub(super) fn stormy<T, F: Future<Output = T>>(
    seed: u64,
    mutant: Mutant,
    play: impl FnOnce(Arc<World>, Vec<User>, Dice) -> F,
) -> T {
    runtime().block_on(async {
        let world = world(seed, mutant).await;
        let users = add_users(&world.pick(&mut Dice::new(0))).await;
        world.memory.set_faults(Faults::often(seed));
        play(world, users, Dice::new(seed)).await
    })
}

/// Servers over tables that do not fail yet.
async fn world(seed: u64, mutant: Mutant) -> Arc<World> {
    let memory = Memory::with_faults(Faults::often(seed));
    memory.calm();
    let (servers, heard) = (Mutex::default(), Mutex::default());
    let wires = Wires::new(seed, SERVERS);
    let world = Arc::new(World { memory, wires, mutant, servers, heard });
    for _ in 0..SERVERS {
        let new = world.server().await;
        lock(&world.servers).push(new);
    }
    world
}

async fn play(seed: u64, mutant: Mutant) -> (Figures, Vec<String>) {
    let world = world(seed, mutant).await;
    let mut dice = Dice::new(seed);
    let (users, rooms) = set_up(&world, &mut dice).await;
    world.memory.set_faults(Faults::often(seed));
    let journal = Arc::new(Mutex::new(Journal::default()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let client = Client {
                number,
                user: users[number % users.len()].clone(),
                world: Arc::clone(&world),
                rooms: rooms.clone(),
                journal: Arc::clone(&journal),
                dice: Dice::new(seed * 100 + number as u64 + 1),
            };
            tokio::spawn(client.work())
        })
        .collect();
    let mut figures = Figures { killed: world.blows(dice).await, ..Figures::default() };
    for client in clients {
        if let Err(error) = client.await {
            return (figures, vec![format!("a client failed: {error}")]);
        }
    }
    world.calm().await;
    let reader = world.reader().await;
    let heard = lock(&world.heard).clone();
    figures.wires = world.wires.carried();
    let broken = check::check(&reader, &rooms, &journal, &heard, &mut figures).await;
    (figures, broken)
}

/// Adds users and rooms: some rooms have nearly as many messages as a partition of the log or of
/// the history takes.
async fn set_up(world: &World, dice: &mut Dice) -> (Vec<User>, Vec<RoomId>) {
    let server = world.pick(dice);
    let users = add_users(&server).await;
    let mut rooms = Vec::new();
    for _ in 0..ROOMS {
        let new = NewRoom {
            name: Some("room".to_owned()),
            visibility: Visibility::Private,
            owner: users[0].id,
            participants: users.iter().map(|user| (user.id, Role::Admin)).collect(),
            reuse: false,
        };
        let room = server.add_room(new).await.expect("a room").value.room.id;
        let posts = (0..*dice.pick(&[0, 0, 480, 980])).map(|number| {
            let draft = draft(users[0].id, format!("before {number}"), None);
            server.post(room, Basis::Nobody, draft)
        });
        futures_util::future::try_join_all(posts).await.expect("posts");
        rooms.push(room);
    }
    (users, rooms)
}

async fn add_users(server: &Cluster) -> Vec<User> {
    let mut users = Vec::new();
    for number in 0..USERS {
        users.push(server.add_user(new_user(&format!("user{number}"))).await.expect("a user"));
    }
    users
}

/// A user with this login name.
pub(in super::super) fn new_user(login: &str) -> NewUser {
    let folded = fold(login);
    NewUser {
        login: login.to_owned(),
        look_alike: skeleton(&folded),
        folded,
        name: login.to_owned(),
        email: None,
        birth: None,
        password: String::new(),
        md5: None,
        sha1: None,
        admin: false,
        bot: false,
        guest: false,
        identity: None,
    }
}
