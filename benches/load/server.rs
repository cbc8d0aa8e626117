//! The server under load: the release binary (or `BENCH_BINARY`), without rate limits, in a
//! temporary directory.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

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
    /// `127.0.0.1:PORT`
    pub(super) address: String,
    http: reqwest::Client,
    /// Token of the user.
    pub(super) token: String,
    /// Its memory in KiB before the first request.
    pub(super) fresh: u64,
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
        Self::start_with(Command::new(binary())).await
    }

    /// Starts it on one core.
    pub(super) async fn start_on_core(core: u32) -> Self {
        let mut program = on_core(core);
        program.arg(binary());
        Self::start_with(program).await
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

    async fn start_with(mut program: Command) -> Self {
        let directory = tempfile::tempdir().unwrap();
        program
            .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn", "--data-dir"])
            .arg(directory.path())
            .env("CHATCTL_LIMITS__ENABLED", "false")
            .env("CHATCTL_LIMITS__MAX_SOCKETS_PER_USER", "100000")
            .env("CHATCTL_LIMITS__MAX_CONNECTIONS_PER_ADDRESS", "100000")
            // Clients share the cores with the server here: they may lag without being closed.
            .env("CHATCTL_LIMITS__SOCKET_QUEUE", "1000000")
            .env("CHATCTL_LIMITS__SOCKET_QUEUE_BYTES", "1000000000");
        Self::run(program, directory).await
    }

    async fn run(mut program: Command, directory: tempfile::TempDir) -> Self {
        let mut child = program.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .find_map(|line| line.unwrap().strip_prefix("Listening on http://").map(str::to_owned))
            .unwrap();
        let mut server =
            Self { child, directory, address, http: http(), token: String::new(), fresh: 0 };
        server.fresh = server.memory();
        let ann = json!({"userId": "ann", "password": "correct horse"});
        server.post("/api/users", &ann).await;
        let login = server.post("/api/login", &ann).await;
        login["token"].as_str().unwrap().clone_into(&mut server.token);
        server
    }

    /// Creates a room.
    pub(super) async fn room(&self) -> String {
        self.post("/api/chatrooms", &json!({"targetUserIds": [], "name": "load"})).await["roomId"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Returns the response to a `GET`.
    pub(super) async fn get(&self, path: &str) -> Value {
        let request =
            self.http.get(format!("http://{}{path}", self.address)).bearer_auth(&self.token);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self
            .http
            .post(format!("http://{}{path}", self.address))
            .bearer_auth(&self.token)
            .json(body);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the number of messages in a room of ours; a peer has none at first.
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
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after_name = stat.rsplit_once(") ").unwrap().1;
        let ticks: f64 =
            after_name.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().unwrap()).sum();
        Duration::from_secs_f64(ticks / TICKS)
    }

    /// Returns the resident memory in KiB.
    pub(super) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }
}

/// The program under test.
fn binary() -> OsString {
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
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
