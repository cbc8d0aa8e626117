//! What the server tells the service manager, recorded at a notification socket.

use std::os::unix::net::UnixDatagram;

use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::{PATIENCE, Server};

/// A service manager that records what it is told.
pub(super) struct Manager {
    folder: TempDir,
    told: mpsc::UnboundedReceiver<String>,
}

impl Manager {
    pub(super) fn listen() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        let (sender, told) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = socket.recv(&mut buffer) {
                let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
                if sender.send(text).is_err() {
                    return;
                }
            }
        });
        Self { folder, told }
    }

    pub(super) fn address(&self) -> String {
        self.folder.path().join("notify").display().to_string()
    }

    /// Returns the messages up to the first one with this line.
    pub(super) async fn until(&mut self, line: &str) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let next = timeout(PATIENCE, self.told.recv()).await;
            let text = next.unwrap_or_else(|_| panic!("{line} was not told, only {all:?}"));
            all.push(text.unwrap());
            if all.last().is_some_and(|text| text.lines().any(|told| told == line)) {
                return all;
            }
        }
    }
}

fn data() -> TempDir {
    tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_manager_is_told_of_the_start_the_stop_and_life_in_between() {
    let mut manager = Manager::listen();
    let variables = [("NOTIFY_SOCKET", &*manager.address()), ("WATCHDOG_USEC", "400000")];
    let mut server = Server::start_under(data(), &[], &variables).await;
    let told = manager.until("READY=1").await;
    let [.., ready] = &told[..] else { panic!("{told:?}") };
    assert!(ready.contains(&format!("STATUS=Listening on {}", server.url())), "{ready}");
    assert!(told.iter().all(|text| !text.contains("EXTEND_TIMEOUT")), "{told:?}");
    for _ in 0..3 {
        manager.until("WATCHDOG=1").await;
    }
    server.ask_to_stop();
    manager.until("STOPPING=1").await;
    assert!(server.exit().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watchdog_of_another_process_is_not_fed() {
    let mut manager = Manager::listen();
    let variables =
        [("NOTIFY_SOCKET", &*manager.address()), ("WATCHDOG_USEC", "1000"), ("WATCHDOG_PID", "1")];
    let server = Server::start_under(data(), &[], &variables).await;
    manager.until("READY=1").await;
    server.ask_to_stop();
    let told = manager.until("STOPPING=1").await;
    assert!(told.iter().all(|text| !text.contains("WATCHDOG")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_asks_for_time() {
    let mut server = Server::start().await;
    server.terminate().await;
    let application: i64 = Connection::open(server.data().join("chat.db"))
        .unwrap()
        .query_row("PRAGMA application_id", (), |row| row.get(0))
        .unwrap();
    let data = data();
    let old = Connection::open(data.path().join("chat.db")).unwrap();
    old.execute_batch(include_str!("../../../src/store/sqlite/migrations/0001_start.sql")).unwrap();
    old.execute_batch(&format!(
        "INSERT INTO settings (key, value) VALUES ('epoch', CAST('old' AS BLOB)); \
         PRAGMA application_id = {application}; PRAGMA user_version = 1"
    ))
    .unwrap();
    drop(old);
    let mut manager = Manager::listen();
    let variables = [("NOTIFY_SOCKET", &*manager.address())];
    let _server = Server::start_under(data, &[], &variables).await;
    let told = manager.until("READY=1").await;
    let asked = told.iter().find(|text| text.starts_with("EXTEND_TIMEOUT_USEC=60000000\n"));
    assert!(
        asked.is_some_and(|text| text.contains("STATUS=Migrating the database from schema 1 to ")),
        "{told:?}"
    );
}
