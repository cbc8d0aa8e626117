//! Exports whose reader is slow, disconnects, or is a terminal.

use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{chatctl, counts, ends, import};
use crate::support::{Body, Ctl, PATIENCE, Person, Server};

/// More than pipes and queues buffer on the way.
const UPLOAD: usize = 20 * 1024 * 1024;

/// Returns a server with so much to export that a stalled reader stalls the export.
async fn heavy() -> (Server, Person, String) {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("lobby").await;
    let media = ann.post("/api/media?fileName=a.bin", Body::Raw(vec![7; UPLOAD])).await.is(201);
    ann.post(
        &format!("/api/chatrooms/{room}/messages"),
        json!({"content": "before", "mediaIds": [media["id"]]}),
    )
    .await
    .is(201);
    (server, ann, room)
}

/// Returns the number of copies that exports keep in the data directory while they run.
fn copies(server: &Server) -> usize {
    let names = std::fs::read_dir(server.data()).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with("export-")).count()
}

/// Waits until the copy is removed at the end of the export, which the server does by itself.
async fn no_copy_stays(server: &Server) {
    let waiting = async {
        while copies(server) > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the copy goes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_holds_up_nobody() {
    let (server, ann, room) = heavy().await;
    let mut child = Ctl::of(&server)
        .command(&["export"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut read = vec![0; 1024];
    output.read_exact(&mut read).unwrap();
    assert_eq!(copies(&server), 1);
    for n in 0..20 {
        ann.say(&room, &format!("after {n}")).await;
    }
    // The write-ahead log can only be emptied if nobody reads an older snapshot.
    let log = server.data().join("chat.db-wal");
    assert!(log.metadata().unwrap().len() > 0);
    let conn = Connection::open(server.data().join("chat.db")).unwrap();
    conn.busy_timeout(Duration::from_secs(5)).unwrap();
    let busy: bool =
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0)).unwrap();
    assert!(!busy, "the log is held");
    assert!(child.try_wait().unwrap().is_none(), "the export still waits for its reader");
    let rest = tokio::task::spawn_blocking(move || {
        output.read_to_end(&mut read).unwrap();
        (read, child.wait().unwrap())
    });
    let (bytes, ended) = rest.await.unwrap();
    assert!(ended.success());
    no_copy_stays(&server).await;
    let text = String::from_utf8(bytes).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["type"], &last["counts"]["message"]),
        (&json!("end"), &json!(1)),
        "one moment"
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("all.jsonl");
    std::fs::write(&file, text).unwrap();
    counts(&import(&dir.path().join("new"), &file, &[]), &[("media", 1, 0), ("messages", 1, 0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_away_or_presses_ctrl_c_leaves_nothing() {
    let (mut server, ann, room) = heavy().await;
    let mut child = Ctl::of(&server)
        .command(&["export"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut [0; 1024]).unwrap();
    drop(output);
    assert_eq!(child.wait().unwrap().code(), Some(1), "half an export is none");
    no_copy_stays(&server).await;
    ann.say(&room, "the chat goes on").await;
    let dir = tempfile::tempdir().unwrap();
    for running in [true, false] {
        if !running {
            server.terminate().await;
        }
        let mut was_in_the_middle = false;
        for attempt in 0..40 {
            let file = dir.path().join(format!("{running}-{attempt}.jsonl"));
            let part = file.with_extension("jsonl.part");
            let mut child = Ctl::of(&server)
                .command(&["export", file.to_str().unwrap()])
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            while child.try_wait().unwrap().is_none()
                && !part.metadata().is_ok_and(|part| part.len() > 0)
            {
                std::thread::yield_now();
            }
            // If it has already ended, there is nobody to signal.
            std::process::Command::new("sh")
                .args(["-c", "kill -INT \"$0\" 2>/dev/null", &child.id().to_string()])
                .status()
                .unwrap();
            let code = child.wait().unwrap().code();
            assert!(!part.exists(), "{code:?}");
            was_in_the_middle = code == Some(130);
            assert_eq!(
                (was_in_the_middle || code == Some(0), file.exists()),
                (true, !was_in_the_middle),
                "{code:?}"
            );
            if was_in_the_middle {
                break;
            }
            std::fs::remove_file(file).unwrap();
        }
        assert!(was_in_the_middle, "it is always faster than Ctrl-C");
        no_copy_stays(&server).await;
    }
    let whole = dir.path().join("whole.jsonl");
    ends(0, server.data(), &["export", whole.to_str().unwrap()]);
    assert_eq!(
        chatctl(&dir.path().join("new"), &["import", whole.to_str().unwrap(), "--dry-run"])
            .status
            .code(),
        Some(0)
    );
}
