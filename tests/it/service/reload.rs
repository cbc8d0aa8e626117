//! Changes of the configuration while the server runs, one test for each kind of key.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::notify::Manager;
use crate::support::{Client, Ctl, Json, PATIENCE, Person, Server};

/// A server with a configuration file that can be changed.
pub(crate) struct Configured {
    pub(crate) server: Server,
    folder: TempDir,
}

impl Configured {
    /// Starts with this text in the file.
    pub(crate) async fn start(text: &str) -> Self {
        Self::start_under(text, &[]).await
    }

    async fn start_under(text: &str, manager: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
        let named = [("CONFIG", file.to_str().unwrap())];
        Self { server: Server::start_under(data, &named, manager).await, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    pub(crate) fn write(&self, text: &str) {
        std::fs::write(self.file(), text).unwrap();
    }

    pub(crate) fn ctl(&self) -> Ctl {
        Ctl::of(&self.server).set("CONFIG", self.file().to_str().unwrap())
    }

    fn hang_up(&self) {
        let pid = self.server.pid().to_string();
        assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    }

    /// Writes the file and reloads. Returns the keys in force and those that need a restart.
    #[track_caller]
    pub(crate) fn reload(&self, text: &str) -> (Json, Json) {
        self.write(text);
        let said = self.ctl().one(&["reload"]);
        assert_eq!(said["file"], self.file().to_str().unwrap(), "{said}");
        (said["in_force"].clone(), said["need_restart"].clone())
    }
}

async fn register(server: &Server, name: &str) -> u16 {
    let body = json!({"userId": name, "password": "long enough"});
    Client::new(server).post("/api/users", body).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_and_the_log_level_follow_the_file() {
    let it = Configured::start("[auth]\nregistration = \"open\"\n").await;
    assert_eq!(register(&it.server, "ann").await, 201);
    let changed = it.reload("[auth]\nregistration = \"closed\"\n[log]\nlevel = \"debug\"\n");
    assert_eq!(changed, (json!(["auth.registration", "log.level"]), json!([])));
    assert_eq!(register(&it.server, "ben").await, 403);
    assert_eq!(it.ctl().one(&["log", "level"])["level"], "debug");
    let line = it.server.wait_for_log(&["[INFO]", "The configuration was reloaded"]).await;
    assert!(line.contains("in force: auth.registration, log.level."), "{line}");
    let changed = it.reload("[auth]\npassword_min_length = 20\n");
    assert_eq!(
        changed,
        (json!(["auth.password_min_length", "auth.registration", "log.level"]), json!([]))
    );
    assert_eq!(register(&it.server, "ben").await, 400);
    assert_eq!(it.reload("[auth]\npassword_min_length = 20\n"), (json!([]), json!([])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_follow_the_file() {
    let it = Configured::start("").await;
    let ann = Person::new(&it.server, "ann").await;
    let (in_force, _) = it.reload("[limits]\nmax_body_bytes = 300\n");
    assert_eq!(in_force, json!(["limits.max_body_bytes"]));
    let long = json!({"userId": "ben", "password": "x".repeat(400)});
    assert_eq!(ann.post("/api/users", long).await.status, 413);
    // Ann's connection is still open.
    it.reload("[limits]\nmax_connections = 1\n");
    let mut refused = TcpStream::connect(it.server.address()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, refused.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    it.reload("[limits]\nmax_sockets_per_user = 1\n");
    assert_eq!(Client::new(&it.server).get("/health?live").await.status, 200);
    let _first = ann.open().await;
    let second = ann.handshake("/chat").await;
    assert_eq!(second.status, 429, "{}", second.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proxies_and_limits_of_addresses_follow_the_file() {
    let it = Configured::start("").await;
    let proxied = |address| Client::new(&it.server).with("x-forwarded-for", address);
    let one = proxied("192.0.2.7");
    let (in_force, _) = it.reload(
        "[limits]\nrequests_per_minute_per_address = 1\n\
         [server]\ntrusted_proxies = [\"127.0.0.1\"]\n",
    );
    assert_eq!(
        in_force,
        json!(["limits.requests_per_minute_per_address", "server.trusted_proxies"])
    );
    one.get("/User/nobody").await.is_text(404);
    assert_eq!(one.get("/User/nobody").await.status, 429);
    proxied("192.0.2.8").get("/User/nobody").await.is_text(404);
    it.reload("[server]\ntrusted_proxies = [\"127.0.0.1\"]\n");
    one.get("/User/nobody").await.is_text(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_connection_has_the_new_idle_time() {
    let it = Configured::start("[limits]\nkeep_alive_seconds = 3600\n").await;
    let mut stream = TcpStream::connect(it.server.address()).await.unwrap();
    let mut answer = Vec::new();
    for seconds in ["3600", "1"] {
        it.reload(&format!("[limits]\nkeep_alive_seconds = {seconds}\n"));
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        answer.clear();
        while !answer.ends_with(b"}") {
            let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await;
            assert_ne!(read.expect("an answer").unwrap(), 0);
        }
    }
    answer.clear();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the end").unwrap();
    assert_eq!(answer, b"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undeclared_proxy_is_reported_again_only_if_the_trusted_ones_change() {
    let it = Configured::start("").await;
    let proxied = Client::new(&it.server).with("x-forwarded-for", "192.0.2.7");
    let asked = async || proxied.get("/health").await.is(200);
    asked().await;
    it.reload("[auth]\nshow_emails = false\n");
    asked().await;
    it.reload("[server]\ntrusted_proxies = [\"10.0.0.1\"]\n");
    it.reload("[auth]\nregistration = \"closed\"\n");
    asked().await;
    it.reload("[log]\nlevel = \"debug\"\n");
    it.server.wait_for_log(&["The configuration was reloaded", "log.level"]).await;
    let lines = it.server.output();
    let reports = lines.iter().filter(|line| line.contains("is not in [server] trusted_proxies"));
    assert_eq!(reports.count(), 2, "at first, and when trusted_proxies had changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn origins_follow_the_file() {
    let it = Configured::start("").await;
    let page = Client::new(&it.server).with("origin", "https://page.example");
    let allowed = async || {
        let answer = page.get("/api/users").await;
        answer.headers.contains_key("access-control-allow-origin")
    };
    assert!(!allowed().await);
    let (in_force, _) = it.reload("[server]\nallowed_origins = [\"https://page.example\"]\n");
    assert_eq!(in_force, json!(["server.allowed_origins"]));
    assert!(allowed().await);
    it.reload("");
    assert!(!allowed().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_sockets_have_the_new_heartbeat() {
    let it = Configured::start("").await;
    let ann = Person::new(&it.server, "ann").await;
    it.reload("[server]\nheartbeat_seconds = 7\n");
    let greeting = ann.socket("ann", "/chat").await.until("connection_established").await;
    assert_eq!(greeting["heartbeat_s"], 7, "{greeting}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_need_a_restart_are_named_until_then() {
    let it = Configured::start("").await;
    let text = "[rooms]\nrecent_messages = 7\n[auth]\nshow_emails = false\n";
    assert_eq!(it.reload(text), (json!(["auth.show_emails"]), json!(["rooms.recent_messages"])));
    assert_eq!(it.reload(text), (json!([]), json!(["rooms.recent_messages"])));
    let table = it.ctl().run(&["reload"]);
    assert!(table.ends(0).out.contains("rooms.recent_messages"), "{table:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unusable_file_changes_nothing() {
    let it = Configured::start("").await;
    it.write("[auth]\nregistration = \"closed\"\n[limits]\nmax_conections = 5\n");
    let checked = it.ctl().run(&["config", "check"]);
    checked.ends(6);
    let refused = it.ctl().run(&["reload"]);
    refused.fails(1, "unknown key max_conections in [limits]");
    assert_eq!(refused.err, checked.err);
    assert_eq!(register(&it.server, "ann").await, 201, "the old configuration stays");
    it.hang_up();
    it.server.wait_for_log(&["[ERROR]", "stays unchanged", "max_conections", "did you mean"]).await;
    assert_eq!(register(&it.server, "ben").await, 201);
    it.write("[server]\ntls_cert = \"/nowhere.pem\"\ntls_key = \"/nowhere.pem\"\n");
    it.ctl().run(&["reload"]).fails(1, "cannot use /nowhere.pem");
    std::fs::remove_file(it.file()).unwrap();
    it.ctl().run(&["reload"]).fails(1, "cannot read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_at_the_start_stays_above_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "").unwrap();
    let server =
        Server::start_with(&[("CONFIG", file.to_str().unwrap()), ("AUTH__REGISTRATION", "closed")])
            .await;
    std::fs::write(
        &file,
        "[auth]\nregistration = \"open\"\n[server]\nlisten = [\"127.0.0.1:1\"]\n",
    )
    .unwrap();
    let said = Ctl::of(&server).one(&["reload"]);
    assert_eq!((&said["in_force"], &said["need_restart"]), (&json!([]), &json!([])), "{said}");
    assert_eq!(register(&server, "ann").await, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_reloads_and_the_manager_is_told() {
    let mut manager = Manager::listen();
    let address = manager.address();
    let it = Configured::start_under("", &[("NOTIFY_SOCKET", &*address)]).await;
    manager.until("READY=1").await;
    it.write("[auth]\nregistration = \"closed\"\n");
    it.hang_up();
    let told = manager.until("READY=1").await;
    let begun = told.iter().find(|text| text.starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert!(begun.is_some(), "{told:?}");
    assert_eq!(register(&it.server, "ann").await, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_reloads_nothing() {
    let mut manager = Manager::listen();
    let address = manager.address();
    let mut it = Configured::start_under("", &[("NOTIFY_SOCKET", &*address)]).await;
    // A request whose body is awaited keeps the server from ending at once.
    let mut open = TcpStream::connect(it.server.address()).await.unwrap();
    let head = b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: 9\r\nExpect: 100-continue\r\n\r\n";
    open.write_all(head).await.unwrap();
    let mut answer = [0; 12];
    open.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    it.server.ask_to_stop();
    manager.until("STOPPING=1").await;
    it.hang_up();
    it.server.wait_for_log(&["[WARN]", "was not reloaded: the server is stopping"]).await;
    drop(open);
    assert!(it.server.exit().await.success());
    let end = std::os::unix::net::UnixDatagram::unbound().unwrap();
    end.send_to(b"END=1", &address).unwrap();
    let told = manager.until("END=1").await;
    assert!(
        !told.iter().any(|text| text.contains("RELOADING") || text.contains("READY")),
        "{told:?}"
    );
}

#[test]
fn a_stopped_server_reloads_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ctl = Ctl::at(folder.path());
    ctl.run(&["user", "create", "ann", "--admin", "--init", "--generate"]).ends(0);
    ctl.run(&["reload"]).fails(5, "no server is running");
}
