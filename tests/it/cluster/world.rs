//! Three servers of one cluster, its Cassandra and Redis, and everybody who chats.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use super::clock::Clock;
use super::hot::WRITERS;
use super::journal::Journal;
use super::plan::Plan;
use super::resuming::key;
use super::shared::Shared;
use super::unsure::Unsure;
use super::ways::Between;
use crate::store::cassandra::{Ring, RingPlan};
use crate::support::{
    Body, Chats, Client, Ctl, Person, Proxy, Realtime, Redis, RoomPlan, Rooms, Server, V1, number,
};

/// Number of chat servers.
pub(super) const SERVERS: usize = 3;
/// Longer than anything takes that is not broken.
const A_WHILE: Duration = Duration::from_mins(2);

/// Everything that runs.
pub(super) struct World {
    pub(super) servers: Vec<Server>,
    pub(super) redis: Redis,
    /// The way of each server to Redis.
    pub(super) ways: Vec<Proxy>,
    pub(super) ring: Ring,
    /// The clocks of the servers.
    pub(super) clocks: Vec<Clock>,
    /// Those of the nodes of Cassandra.
    pub(super) node_clocks: Vec<Clock>,
    /// Between the nodes.
    pub(super) between: Between,
    /// Between the servers and the nodes.
    pub(super) unsure: Unsure,
    pub(super) shared: Arc<Shared>,
    pub(super) rooms: Vec<i64>,
    /// In all rooms.
    pub(super) owner: Person,
    pub(super) reader: V1,
    /// They log in and out.
    pub(super) visitors: Vec<Person>,
    /// They post into the first room while it is hot.
    pub(super) writers: Vec<Person>,
    /// How often it was hot.
    pub(super) heats: usize,
    /// Of those who posted then.
    pub(super) journals: Vec<Journal>,
    /// What was measured during faults.
    pub(super) notes: Vec<String>,
    /// Tokens of sessions that were ended.
    pub(super) ended: Vec<Client>,
    /// What ended servers wrote, and the journals if something is wrong.
    pub(super) kept: PathBuf,
    _media: tempfile::TempDir,
}

/// Those who chat.
#[derive(Default)]
pub(super) struct Crowd {
    pub(super) native: Vec<(Person, Vec<i64>)>,
    pub(super) rooms: Vec<(Rooms, i64)>,
    pub(super) v1: Vec<(V1, i64)>,
    pub(super) realtime: Vec<(Realtime, i64)>,
    pub(super) chats: Vec<(Chats, i64)>,
}

impl World {
    pub(super) async fn start(plan: &Plan) -> Self {
        let kept =
            std::env::current_dir().unwrap().join("target/tmp/cluster").join(plan.seed.to_string());
        std::fs::create_dir_all(&kept).unwrap();
        let clock = |kind: &'static str| {
            let kept = kept.clone();
            move |n| Clock::new(&kept, &format!("{kind}-{n}.clock"))
        };
        let clocks: Vec<_> = (0..SERVERS).map(clock("server")).collect();
        // One more may join.
        let most = plan.nodes + 1;
        let node_clocks: Vec<_> = (0..most).map(clock("node")).collect();
        let mut ring = RingPlan::new(most, true);
        for (n, clock) in node_clocks.iter().enumerate() {
            ring.set(n, &clock.settings());
        }
        let pairs = |of: fn(&RingPlan, usize) -> (String, String)| {
            (0..most).map(|n| of(&ring, n)).collect::<Vec<_>>()
        };
        let between = Between::nodes(&pairs(RingPlan::others)).await;
        let clients = pairs(RingPlan::clients);
        let unsure = Unsure::before(&clients).await;
        let ring = tokio::task::block_in_place(|| ring.start(plan.nodes));
        let (redis, media) = (Redis::start(), tempfile::tempdir().unwrap());
        let nodes: Vec<_> = clients.into_iter().take(plan.nodes).map(|(proxy, _)| proxy).collect();
        let nodes = nodes.join(",");
        // Each server reaches Redis by a way of its own.
        let mut ways = Vec::new();
        for _ in 0..SERVERS {
            ways.push(Proxy::to(redis.url().trim_start_matches("redis://")).await);
        }
        let urls: Vec<_> = ways.iter().map(|way| format!("redis://{}", way.address())).collect();
        let settings = |n: usize| {
            [
                ("DATABASE__ENGINE", "cluster"),
                ("CLUSTER__CASSANDRA", nodes.as_str()),
                ("CLUSTER__KEYSPACE", "proof"),
                ("CLUSTER__REDIS", urls[n].as_str()),
                ("MEDIA__DIRECTORY", media.path().to_str().unwrap()),
                ("LIMITS__ENABLED", "false"),
                ("AUTH__ACCESS_TOKEN_MINUTES", "600"),
                ("SERVER__SHUTDOWN_GRACE_SECONDS", "3"),
                ("LOG__LEVEL", "warn"),
            ]
        };
        let first = tempfile::tempdir().unwrap();
        let ctl =
            settings(0).iter().fold(Ctl::at(first.path()), |ctl, (key, value)| ctl.set(key, value));
        ctl.run(&["cluster", "init"]).ends(0);
        let mut servers = Vec::new();
        for (n, clock) in clocks.iter().enumerate().take(SERVERS) {
            let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
            let clock = clock.settings();
            servers.push(Server::start_under(data, &settings(n), &clock).await);
        }
        let addresses = servers.iter().map(|server| server.address().to_owned()).collect();
        let shared = Arc::new(Shared::new(addresses, plan.pace));
        let owner = Person::new(&servers[0], "owner").await;
        let reader = V1::new(&servers[1], "reader").await;
        let mut rooms = Vec::new();
        for n in 0..plan.rooms {
            let name = format!("Room {n}");
            let room = RoomPlan { name: Some(&name), public: true };
            rooms.push(number(&owner.room_like(&[], room).await));
        }
        for room in &rooms {
            joins(&reader, *room).await;
        }
        let visitors = join_all((0..3).map(|n| {
            let name = format!("visitor{n}");
            let server = &servers[n % SERVERS];
            async move { Person::new(server, &name).await }
        }));
        let visitors = visitors.await;
        let mut writers = Vec::new();
        for n in 0..WRITERS {
            let who = Person::new(&servers[n % SERVERS], &format!("hot{n}")).await;
            joins(&who, rooms[0]).await;
            writers.push(who);
        }
        Self {
            servers,
            redis,
            ways,
            ring,
            clocks,
            node_clocks,
            between,
            unsure,
            shared,
            rooms,
            owner,
            reader,
            visitors,
            writers,
            heats: 0,
            journals: Vec::new(),
            notes: Vec::new(),
            ended: Vec::new(),
            kept,
            _media: media,
        }
    }

    /// Registers so many users of each dialect, who then are in their rooms. The first room is the
    /// hot one.
    pub(super) async fn crowd(&self, plan: &Plan) -> Crowd {
        let mut crowd = Crowd::default();
        let any = |n: usize| self.rooms[n % self.rooms.len()];
        for n in 0..plan.of_each {
            let server = &self.servers[n % SERVERS];
            // Half of them are in the hot room.
            let room = any(if n % 2 == 0 { 0 } else { n / 2 + 1 });
            let who = Person::new(server, &format!("native{n}")).await;
            let mut rooms = vec![any(0), any(1 + 2 * n), any(2 + 2 * n)];
            rooms.dedup();
            for room in &rooms {
                joins(&who, *room).await;
            }
            crowd.native.push((who, rooms));
            let who = Rooms::new(server, &format!("rooms{n}")).await;
            joins(&who.native(), room).await;
            crowd.rooms.push((who, room));
            let who = V1::new(server, &format!("v{n}")).await;
            joins(&who, room).await;
            crowd.v1.push((who, room));
            let who = Realtime::new(server, &format!("realtime{n}")).await;
            joins(&who.bare().with("x-session-id", &who.session), room).await;
            crowd.realtime.push((who, room));
            let who = Chats::new(server, &format!("chats{n}")).await;
            let own = who.room(&[self.owner.id]).await;
            crowd.chats.push((who, own));
        }
        crowd
    }

    /// Starts a server again, elsewhere, and tells everybody.
    pub(super) async fn restart(&mut self, n: usize) {
        self.keep_output(n);
        self.servers[n].restart().await;
        self.shared.moved(n, self.servers[n].address());
    }

    /// Keeps what a server wrote.
    pub(super) fn keep_output(&self, n: usize) {
        let path = self.kept.join(format!("server-{n}.log"));
        let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
        for line in self.servers[n].output() {
            writeln!(file, "{line}").unwrap();
        }
    }
}

/// Enters a room for good.
async fn joins(client: &Client, room: i64) {
    client.post(&format!("/api/chatrooms/{}/join", key(room)), json!({})).await.is(200);
}

/// Repeats something until it succeeds.
pub(super) async fn until_answered<T>(what: &str, mut once: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = once().await {
            return answer;
        }
        assert!(begun.elapsed() < A_WHILE, "{what}: no answer");
        sleep(Duration::from_millis(100)).await;
    }
}

/// The response to a GET, as soon as it succeeds.
pub(super) async fn read(client: &Client, path: &str) -> crate::support::Json {
    until_answered(path, async || {
        let answer = client.try_request(Method::GET, path, Body::Nothing).await.ok()?;
        (answer.status == 200).then(|| answer.json())
    })
    .await
}
