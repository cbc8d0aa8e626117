//! Ctrl-C during a command: exit code 130, nothing incomplete is left, and the server continues.

use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use serde_json::json;

use super::done;
use crate::support::{Body, Ctl, PATIENCE, Person, Server};

/// Large enough for an operation to take some time.
const UPLOAD: usize = 20 * 1024 * 1024;
/// Number of attempts, since a command may be too fast to interrupt.
const ATTEMPTS: usize = 40;

/// Returns incompressible bytes.
pub(super) fn noise(mut seed: u64) -> Vec<u8> {
    let next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.to_le_bytes()
    };
    std::iter::repeat_with(next).take(UPLOAD / 8).flatten().collect()
}

/// Creates a room with a message, and uploads that take a while to copy.
pub(super) async fn heavy(server: &Server) -> (Person, String) {
    let ann = Person::new(server, "ann").await;
    let room = ann.room(&[]).await;
    for seed in 1..=2 {
        let media = ann.post("/api/media?fileName=noise.bin", Body::Raw(noise(seed))).await.is(201);
        ann.post(
            &format!("/api/chatrooms/{room}/messages"),
            json!({"content": "noise", "mediaIds": [media["id"]]}),
        )
        .await
        .is(201);
    }
    (ann, room)
}

/// Waits for a condition; false if the command has ended before.
pub(super) fn until(child: &mut Child, wanted: impl Fn() -> bool) -> bool {
    loop {
        if wanted() {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
}

/// Returns the entries of a directory with this prefix.
pub(super) fn entries(directory: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(found) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut found: Vec<_> = found
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
        .collect();
    found.sort();
    found
}

/// Starts a command and sends Ctrl-C once it is in progress; repeats until it was interrupted in
/// the middle.
async fn interrupted(
    command: impl Fn() -> std::process::Command + Send + 'static,
    begun: impl Fn() -> bool + Send + 'static,
    undo: impl Fn() + Send + 'static,
) {
    let trying = tokio::task::spawn_blocking(move || {
        for _ in 0..ATTEMPTS {
            let mut child = command()
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            if until(&mut child, &begun) {
                let sent = std::process::Command::new("sh")
                    .args(["-c", "kill -INT \"$0\"", &child.id().to_string()])
                    .status()
                    .unwrap();
                assert!(sent.success());
            }
            let Output { status, stderr, .. } = child.wait_with_output().unwrap();
            let words = String::from_utf8_lossy(&stderr);
            if status.code() == Some(130) {
                assert!(words.contains("interrupted"), "{words}");
                return;
            }
            assert_eq!(status.code(), Some(0), "{words}");
            undo();
        }
        panic!("it is always faster than Ctrl-C");
    });
    trying.await.unwrap();
}

fn clear(directory: &Path) {
    for path in entries(directory, "") {
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        removed.unwrap();
    }
}

async fn gone(directory: &Path, prefix: &str) {
    let waiting = async {
        while !entries(directory, prefix).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .unwrap_or_else(|_| panic!("{:?} stay", entries(directory, prefix)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_leaves_nothing_and_the_server_goes_on() {
    let mut server = Server::start().await;
    let (ann, room) = heavy(&server).await;
    let home = tempfile::tempdir().unwrap();
    let place = home.path().to_owned();
    for running in [true, false] {
        if !running {
            server.terminate().await;
        }
        let (ctl, to, seen, back) = (Ctl::of(&server), place.clone(), place.clone(), place.clone());
        let command = move || ctl.command(&["backup", "create", to.to_str().unwrap()]);
        let begun = move || {
            entries(&seen, "chatctl-")
                .iter()
                .any(|part| part.metadata().is_ok_and(|meta| meta.len() > 0))
        };
        interrupted(command, begun, move || clear(&back)).await;
        assert_eq!(entries(&place, ""), Vec::<PathBuf>::new());
        gone(server.data(), "backup-").await;
        if running {
            ann.say(&room, "the chat goes on").await;
        }
        let made = done(server.data(), &["backup", "create", place.to_str().unwrap()]).await;
        assert_eq!(made["counts"]["messages"], 3);
        clear(&place);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verification_and_restoration_leave_nothing() {
    let mut server = Server::start().await;
    let (ann, room) = heavy(&server).await;
    let home = tempfile::tempdir().unwrap();
    let file =
        done(server.data(), &["backup", "create", home.path().to_str().unwrap()]).await["path"]
            .as_str()
            .unwrap()
            .to_owned();
    let scratch = tempfile::tempdir().unwrap();
    let (ctl, name, temporary, seen) =
        (Ctl::of(&server), file.clone(), scratch.path().to_owned(), scratch.path().to_owned());
    let command = move || {
        let mut command = ctl.command(&["backup", "verify", &name]);
        command.env("TMPDIR", &temporary);
        command
    };
    interrupted(command, move || !entries(&seen, "chatctl-verify-").is_empty(), || ()).await;
    assert_eq!(entries(scratch.path(), ""), Vec::<PathBuf>::new());
    ann.say(&room, "the chat goes on").await;

    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_owned();
    let restoring = |data: PathBuf, more: &'static [&'static str]| {
        let (name, seen) = (file.clone(), data.parent().unwrap().to_owned());
        let prefix = format!("{}.restoring-", data.file_name().unwrap().to_str().unwrap());
        let command =
            move || Ctl::at(&data).command(&[&["backup", "restore", &name], more].concat());
        (command, move || {
            entries(&seen, &prefix).iter().any(|staged| staged.join("chat.db").exists())
        })
    };
    let back = place.clone();
    let (command, begun) = restoring(place.join("new"), &[]);
    interrupted(command, begun, move || clear(&back)).await;
    assert_eq!(entries(&place, ""), Vec::<PathBuf>::new());

    server.terminate().await;
    let data = place.join("data");
    let copied =
        std::process::Command::new("cp").arg("-a").arg(server.data()).arg(&data).status().unwrap();
    assert!(copied.success());
    let (command, begun) = restoring(data.clone(), &["--replace", "--yes"]);
    let (from, back, to) = (server.data().to_owned(), place.clone(), data.clone());
    let undo = move || {
        clear(&back);
        assert!(
            std::process::Command::new("cp")
                .arg("-a")
                .arg(&from)
                .arg(&to)
                .status()
                .unwrap()
                .success()
        );
    };
    interrupted(command, begun, undo).await;
    assert_eq!(entries(&place, ""), std::slice::from_ref(&data));
    assert_eq!(done(&data, &["db", "stats"]).await["messages"], 3, "the old one is untouched");
    assert_eq!(done(&data, &["db", "check"]).await, json!([]));
}
