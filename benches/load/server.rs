//! The server under load: the release binary (or `BENCH_BINARY`), without rate limits, in a
//! temporary directory.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Ticks per second in `/proc/PID/stat` on Linux.
const TICKS: f64 = 100.0;

/// A client without TLS, which would need a choice of cryptography.
fn http() -> reqwest::Client {
    let roots = RootCertStore::empty();
    let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).build().unwrap()
}

/// A running server and one of its users.
pub(super) struct Server {
    child: Child,
    directory: tempfile::TempDir,
    setup: Setup,
    /// `127.0.0.1:PORT`
    pub(super) address: String,
    http: reqwest::Client,
    /// Token of the user.
    pub(super) token: String,
    /// Its memory in KiB before the first request.
    pub(super) fresh: u64,
}

/// How a server is started.
#[derive(Clone, Debug, Default)]
pub(super) struct Setup {
    /// The core it runs on; None: all.
    pub(super) core: Option<u32>,
    /// Further variables of its environment.
    pub(super) env: Vec<(String, String)>,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// SIGTERM: gracefully.
    Term,
    /// SIGKILL: at once.
    Kill,
}

/// A server written for speed alone, benches/peers/server.ts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Peer {
    /// Syncs nothing.
    Unsynced,
    /// Syncs each message.
    Synced,
}

impl Server {
    pub(super) async fn start() -> Self {
        Self::start_as(Setup::default()).await
    }

    /// Starts it on one core.
    pub(super) async fn start_on_core(core: u32) -> Self {
        Self::start_as(Setup { core: Some(core), ..Setup::default() }).await
    }

    /// Starts it on an empty directory.
    pub(super) async fn start_as(setup: Setup) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut server =
            Self::run(command(&setup, directory.path(), "127.0.0.1:0"), directory).await;
        server.setup = setup;
        server
    }

    /// Stops it and waits for its end.
    pub(super) fn stop(&mut self, how: Stop) {
        match how {
            Stop::Kill => self.child.kill().unwrap(),
            Stop::Term => {
                let pid = self.child.id().to_string();
                assert!(Command::new("kill").arg(pid).status().unwrap().success());
            }
        }
        self.child.wait().unwrap();
    }

    /// Starts it again after a stop, with the same data at the same address; returns the duration
    /// until it listens.
    pub(super) fn start_again(&mut self) -> Duration {
        let began = Instant::now();
        let (child, address) = spawn(command(&self.setup, self.directory.path(), &self.address));
        assert_eq!(address, self.address);
        self.child = child;
        began.elapsed()
    }

    /// Starts another server of the same cluster.
    pub(super) fn another(&self) -> Self {
        self.another_as(&self.setup)
    }

    /// Starts another server with the same users and rooms.
    pub(super) fn another_as(&self, setup: &Setup) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (child, address) = spawn(command(setup, directory.path(), "127.0.0.1:0"));
        let (setup, token) = (setup.clone(), self.token.clone());
        let mut server = Self { child, directory, setup, address, http: http(), token, fresh: 0 };
        server.fresh = server.memory();
        server
    }

    /// Returns the sum of the counters of `/metrics` whose lines begin with this.
    pub(super) async fn counted(&self, beginning: &str) -> f64 {
        let request = self.http.get(format!("http://{}/metrics", self.address));
        let text = request.send().await.unwrap().text().await.unwrap();
        let lines = text.lines().filter(|line| line.starts_with(beginning));
        lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
    }

    /// Starts a peer on one core; None: bun is not installed.
    pub(super) async fn start_peer(peer: Peer, core: u32) -> Option<Self> {
        let bun = std::env::var("BENCH_BUN").unwrap_or_else(|_| "bun".to_owned());
        Command::new(&bun).arg("--version").stdout(Stdio::null()).status().ok()?;
        let directory = tempfile::tempdir().unwrap();
        let mut program = on_core(core);
        program
            .arg(bun)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/server.ts"))
            .arg(directory.path().join("chat.db"))
            .arg(match peer {
                Peer::Unsynced => "off",
                Peer::Synced => "full",
            });
        Some(Self::run(program, directory).await)
    }

    async fn run(program: Command, directory: tempfile::TempDir) -> Self {
        let (child, address) = spawn(program);
        let mut server = Self {
            child,
            directory,
            setup: Setup::default(),
            address,
            http: http(),
            token: String::new(),
            fresh: 0,
        };
        server.fresh = server.memory();
        server.token = server.user("ann").await;
        server
    }

    /// Creates a user and logs in; returns the token.
    pub(super) async fn user(&self, name: &str) -> String {
        self.post("/api/users", &person(name), &self.token).await;
        let login = self.post("/api/login", &person(name), &self.token).await;
        login["token"].as_str().unwrap().to_owned()
    }

    /// Logs a user in who exists; returns the status of the response.
    pub(super) async fn log_in(&self, name: &str) -> u16 {
        let request = self.http.post(format!("http://{}/api/login", self.address));
        request.json(&person(name)).send().await.map_or(0, |answer| answer.status().as_u16())
    }

    /// Creates a room.
    pub(super) async fn room(&self) -> String {
        self.room_of(&self.token, &[]).await
    }

    /// Returns what creates rooms of the first user.
    pub(super) fn maker(&self) -> Maker {
        Maker { http: self.http.clone(), address: self.address.clone(), token: self.token.clone() }
    }

    /// Creates a room of the user with this token and of others.
    pub(super) async fn room_of(&self, token: &str, others: &[&str]) -> String {
        let room = json!({"targetUserIds": others, "name": "load"});
        let room = self.post("/api/chatrooms", &room, token).await;
        room["roomId"].as_str().unwrap().to_owned()
    }

    /// Returns the response to a `GET`.
    pub(super) async fn get(&self, path: &str) -> Value {
        self.try_get(path).await.unwrap()
    }

    /// Returns the response to a `GET`; None: it failed.
    pub(super) async fn try_get(&self, path: &str) -> Option<Value> {
        let request =
            self.http.get(format!("http://{}{path}", self.address)).bearer_auth(&self.token);
        request.send().await.ok()?.error_for_status().ok()?.json().await.ok()
    }

    async fn post(&self, path: &str, body: &Value, token: &str) -> Value {
        let request =
            self.http.post(format!("http://{}{path}", self.address)).bearer_auth(token).json(body);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the number of messages in a room; a peer has none at first.
    pub(super) async fn last_seq(&self, room: &str) -> usize {
        let page = self.get(&format!("/api/chatrooms/{room}/messages?limit=1")).await;
        let newest = page["messages"].as_array().and_then(|messages| messages.first());
        newest
            .and_then(|message| usize::try_from(message["seq"].as_u64()?).ok())
            .unwrap_or_default()
    }

    /// Waits until the server uses no processor time, so that work in the background is done.
    pub(super) async fn at_rest(&self) {
        loop {
            let before = self.cpu();
            tokio::time::sleep(Duration::from_millis(500)).await;
            if self.cpu().saturating_sub(before) < Duration::from_millis(20) {
                return;
            }
        }
    }

    /// Returns the processor time used so far.
    pub(super) fn cpu(&self) -> Duration {
        cpu_of(self.child.id())
    }

    /// Returns the resident memory in KiB.
    pub(super) fn memory(&self) -> u64 {
        memory_of(self.child.id())
    }
}

/// Creates rooms.
pub(super) struct Maker {
    http: reqwest::Client,
    address: String,
    token: String,
}

impl Maker {
    /// Creates a room.
    pub(super) async fn room(&self) {
        let room = json!({"targetUserIds": [], "name": "load"});
        let request = self.http.post(format!("http://{}/api/chatrooms", self.address));
        let sent = request.bearer_auth(&self.token).json(&room).send().await;
        sent.unwrap().error_for_status().unwrap();
    }
}

/// Returns the processor time that a process has used so far.
pub(super) fn cpu_of(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let ticks: f64 =
        after_name.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().unwrap()).sum();
    Duration::from_secs_f64(ticks / TICKS)
}

/// Returns the resident memory of a process in KiB.
pub(super) fn memory_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn person(name: &str) -> Value {
    json!({"userId": name, "password": "correct horse"})
}

/// The command that serves a directory without rate limits.
fn command(setup: &Setup, directory: &Path, listen: &str) -> Command {
    let mut command = match setup.core {
        None => Command::new(binary()),
        Some(core) => {
            let mut command = on_core(core);
            command.arg(binary());
            command
        }
    };
    command
        .args(["serve", "--listen", listen, "--log-level", "warn", "--data-dir"])
        .arg(directory)
        .envs(setup.env.iter().map(|(name, value)| (name, value)))
        .env("CHATCTL_LIMITS__ENABLED", "false")
        .env("CHATCTL_LIMITS__MAX_SOCKETS_PER_USER", "100000")
        .env("CHATCTL_LIMITS__MAX_CONNECTIONS_PER_ADDRESS", "100000");
    command
}

/// Starts a server and returns its address once it listens.
fn spawn(mut program: Command) -> (Child, String) {
    let mut child = program.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines
        .find_map(|line| line.unwrap().strip_prefix("Listening on http://").map(str::to_owned))
        .unwrap();
    (child, address)
}

/// The program under test.
pub(super) fn binary() -> OsString {
    std::env::var_os("BENCH_BINARY").unwrap_or(env!("CARGO_BIN_EXE_chatctl").into())
}

/// A command that runs on one core.
fn on_core(core: u32) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string()]);
    command
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been stopped already.
        drop(self.child.kill());
        self.child.wait().unwrap();
    }
}
