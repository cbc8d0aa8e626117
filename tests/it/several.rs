//! Several servers through the real binary, on a real Cassandra and a real Redis: setting them up,
//! operating them, and moving data in and out. Like the other tests on Cassandra, on request only.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod encrypted;
mod failing;
mod leaving;
mod limits;
mod look;
mod moving;
mod numbers;
mod presence;
mod push;
mod restoring;
mod setup;
mod slash_commands;
mod upkeep;
mod webhooks;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::store::cassandra::cassandra;
use crate::support::{Client, Ctl, Json, Redis, Server};

/// Longer than anything takes that is not broken.
const A_WHILE: Duration = Duration::from_mins(1);

/// What servers of one cluster have in common.
pub(crate) struct Common {
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) redis: Redis,
    media: tempfile::TempDir,
}

impl Common {
    /// A new keyspace on the node of all tests, with its tables.
    pub(crate) fn new() -> Self {
        Self::on(&cassandra().address, &[])
    }

    /// A new keyspace on a node, with its tables and more settings.
    fn on(node: &str, more: &[(&str, &str)]) -> Self {
        static KEYSPACES: AtomicU32 = AtomicU32::new(0);
        let (redis, media) = (Redis::start(), tempfile::tempdir().unwrap());
        let keyspace = format!("several_{}", KEYSPACES.fetch_add(1, Ordering::Relaxed));
        let mut settings: Vec<(String, String)> = [
            ("DATABASE__ENGINE", "cluster"),
            ("CLUSTER__CASSANDRA", node),
            ("CLUSTER__KEYSPACE", &keyspace),
            ("CLUSTER__REDIS", &redis.url()),
            ("MEDIA__DIRECTORY", media.path().to_str().unwrap()),
            ("SERVER__SHUTDOWN_GRACE_SECONDS", "3"),
        ]
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
        for (key, value) in more {
            settings.retain(|(known, _)| known != key);
            settings.push(((*key).to_owned(), (*value).to_owned()));
        }
        let common = Self { settings, redis, media };
        let data = tempfile::tempdir().unwrap();
        common.ctl(Ctl::at(data.path())).run(&["cluster", "init"]).ends(0);
        common
    }

    /// The same command line with these settings.
    pub(crate) fn ctl(&self, ctl: Ctl) -> Ctl {
        self.settings.iter().fold(ctl, |ctl, (key, value)| ctl.set(key, value))
    }

    /// Starts a server with these settings and more.
    pub(crate) async fn server(&self, more: &[(&str, &str)]) -> Server {
        let settings = self.settings.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = settings.chain(more.iter().copied()).collect();
        Server::start_with(&all).await
    }

    /// Directory of the uploaded files.
    fn media(&self) -> &std::path::Path {
        self.media.path()
    }
}

/// Repeats something until it gives a value.
async fn until<T>(what: &str, mut once: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = once().await {
            return found;
        }
        assert!(begun.elapsed() < A_WHILE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until `/health` answers like this.
async fn health(server: &Server, status: u16, store: &str, bus: &str) {
    let client = Client::new(server);
    let wanted = (status, Json::from(store), Json::from(bus));
    until(&format!("/health {wanted:?}"), async || {
        let answer = client.get("/health").await;
        let body = answer.json();
        ((answer.status, body["store"].clone(), body["bus"].clone()) == wanted).then_some(())
    })
    .await;
}
