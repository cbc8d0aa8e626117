//! The server under load: the release binary (or `BENCH_BINARY`), without rate limits, in a
//! temporary directory.

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
}

impl Server {
    pub(super) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let binary = std::env::var_os("BENCH_BINARY");
        let mut child = Command::new(binary.unwrap_or(env!("CARGO_BIN_EXE_chatctl").into()))
            .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn", "--data-dir"])
            .arg(directory.path())
            .env("CHATCTL_LIMITS__ENABLED", "false")
            .env("CHATCTL_LIMITS__MAX_SOCKETS_PER_USER", "100000")
            .env("CHATCTL_LIMITS__MAX_CONNECTIONS_PER_ADDRESS", "100000")
            // Clients share the cores with the server here: they may lag without being closed.
            .env("CHATCTL_LIMITS__SOCKET_QUEUE", "1000000")
            .env("CHATCTL_LIMITS__SOCKET_QUEUE_BYTES", "1000000000")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .find_map(|line| line.unwrap().strip_prefix("Listening on http://").map(str::to_owned))
            .unwrap();
        let mut server = Self { child, directory, address, http: http(), token: String::new() };
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

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
