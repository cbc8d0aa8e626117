//! One node of Cassandra and one Redis, as child processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::server::binary;

/// What the servers share.
pub(super) struct Services {
    /// `127.A.B.C:9042`
    pub(super) cassandra: String,
    pub(super) redis: Redis,
    node: Child,
    media: tempfile::TempDir,
}

impl Services {
    /// Starts both, and creates the tables.
    pub(super) fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cassandra/node");
        let mut node = Command::new("setpriv")
            .args(["--pdeathsig", "TERM"])
            .arg(script)
            .arg("--temporary")
            .env("CASSANDRA_HEAP", "1500m")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
        let mut address = None;
        loop {
            let line = lines.next().expect("Cassandra runs: tests/cassandra/install").unwrap();
            if let Some((_, rest)) = line.split_once("Starting listening for CQL clients on /") {
                address = rest.split_whitespace().next().map(str::to_owned);
            }
            if line.contains("Startup complete") {
                break;
            }
        }
        // What it writes must be read, or it stops.
        std::thread::spawn(move || lines.for_each(drop));
        let services = Self {
            cassandra: address.expect("an address"),
            redis: Redis::start(),
            node,
            media: tempfile::tempdir().unwrap(),
        };
        let directory = tempfile::tempdir().unwrap();
        let status = Command::new(binary())
            .args(["cluster", "init", "--data-dir"])
            .arg(directory.path())
            .envs(services.env(true))
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "the tables are created");
        services
    }

    /// The settings of a server; without Redis, servers know nothing of each other.
    pub(super) fn env(&self, redis: bool) -> Vec<(String, String)> {
        let mut env = vec![
            ("DATABASE__ENGINE", "cluster".to_owned()),
            ("CLUSTER__CASSANDRA", self.cassandra.clone()),
            ("MEDIA__DIRECTORY", self.media.path().to_str().unwrap().to_owned()),
        ];
        if redis {
            env.push(("CLUSTER__REDIS", format!("redis://127.0.0.1:{}", self.redis.port)));
        }
        env.into_iter().map(|(name, value)| (format!("CHATCTL_{name}"), value)).collect()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // The script removes what the node has written.
        drop(Command::new("kill").arg(self.node.id().to_string()).status());
        drop(self.node.wait());
    }
}

/// A Redis that keeps nothing on disk.
pub(super) struct Redis {
    child: Child,
    pub(super) port: u16,
}

impl Redis {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "no", "--maxmemory-policy", "noeviction"])
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, port }
    }

    /// Bytes that it uses.
    pub(super) fn memory(&self) -> u64 {
        let info = self.bulk(&["INFO", "memory"]);
        let line = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
        line.unwrap().trim().parse().unwrap()
    }

    /// Waits until so many channels of rooms have a subscriber; returns their number.
    pub(super) async fn until_subscribed(&self, count: usize) -> usize {
        loop {
            let mut stream = self.ask(&["PUBSUB", "CHANNELS", "chatctl:r:*"]);
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let found = line.trim_start_matches('*').trim().parse().unwrap();
            if found >= count {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Subscribes a plain client to channels with names as long as those of rooms; returns what one
    /// takes.
    pub(super) fn subscription_bytes(&self, count: usize) -> f64 {
        let before = self.memory();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let names: Vec<_> = (0..count).map(|n| format!("chatctl:f:{n}")).collect();
        for some in names.chunks(500) {
            let words: Vec<_> =
                ["SUBSCRIBE"].into_iter().chain(some.iter().map(String::as_str)).collect();
            stream.write_all(&command(&words)).unwrap();
        }
        let mut replies = BufReader::new(stream);
        // Six lines answer each.
        for _ in 0..count * 6 {
            let mut line = String::new();
            replies.read_line(&mut line).unwrap();
        }
        self.memory().saturating_sub(before) as f64 / count as f64
    }

    fn bulk(&self, words: &[&str]) -> String {
        let mut stream = self.ask(words);
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let length = line.trim_start_matches('$').trim().parse().unwrap();
        let mut bytes = vec![0; length];
        stream.read_exact(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn ask(&self, words: &[&str]) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(&command(words)).unwrap();
        BufReader::new(stream)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn command(words: &[&str]) -> Vec<u8> {
    let arguments = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
    format!("*{}\r\n{}", words.len(), arguments.collect::<String>()).into_bytes()
}
