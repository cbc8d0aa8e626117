//! `kill -9` during a restore: the data is the old or the new, never a mixture, and the restore can
//! be repeated.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use super::done;
use super::interrupted::{entries, heavy, until};
use crate::support::{Ctl, Server};

/// Number of messages in the backup, and in the data it replaces.
const NEW: u64 = 2;
const OLD: u64 = 3;

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// Returns the number of messages in a data directory, after checking that all its parts match.
async fn whole(data: &Path) -> u64 {
    assert_eq!(done(data, &["db", "check"]).await, json!([]), "{}", data.display());
    done(data, &["db", "stats"]).await["messages"].as_u64().unwrap()
}

/// Starts a restore of `file` into `data` and kills it once a condition is met.
fn killed(data: &Path, file: &str, when: impl Fn(&[PathBuf]) -> bool) {
    let mut restoring = Ctl::at(data).command(&["backup", "restore", file, "--replace", "--yes"]);
    let mut child =
        restoring.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until(&mut child, || when(&entries(data.parent().unwrap(), "data.restoring-")));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_data_are_the_old_ones_or_the_new_ones() {
    let mut server = Server::start().await;
    let (ann, room) = heavy(&server).await;
    let home = tempfile::tempdir().unwrap();
    let file =
        done(server.data(), &["backup", "create", home.path().to_str().unwrap()]).await["path"]
            .as_str()
            .unwrap()
            .to_owned();
    ann.say(&room, "after the backup").await;
    server.terminate().await;
    for moment in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        copy(server.data(), &data);
        let before = data.metadata().unwrap().ino();
        let now = || data.metadata().is_ok_and(|meta| meta.ino() != before);
        killed(&data, &file, |staged| match moment {
            0 => !staged.is_empty(),
            1 => staged.iter().any(|staged| staged.join("chat.db").exists()),
            2 => staged.iter().any(|staged| staged.join("media").exists()),
            3 => staged
                .iter()
                .any(|staged| staged.join("media").read_dir().is_ok_and(|names| names.count() > 1)),
            _ => now(),
        });
        let messages = whole(&data).await;
        // Sibling directories as described in docs/backups.md: with a lock it is the old directory,
        // without one it is an unfinished restore.
        let (restoring, replaced) =
            (entries(folder.path(), "data.restoring-"), entries(folder.path(), "data.replaced-"));
        let (used, unfinished): (Vec<_>, Vec<_>) =
            restoring.iter().partition(|path| path.join("lock").exists());
        eprintln!(
            "killed at moment {moment}: {messages} messages, beside it {restoring:?} {replaced:?}"
        );
        if messages == OLD {
            assert!(used.is_empty() && replaced.is_empty());
        } else {
            assert!(messages == NEW && unfinished.is_empty(), "{messages} {unfinished:?}");
            let old: Vec<_> = used.into_iter().chain(&replaced).collect();
            assert_eq!(old.len(), 1);
            assert_eq!(whole(old[0]).await, OLD);
        }
        done(&data, &["backup", "restore", &file, "--replace", "--yes"]).await;
        assert_eq!(whole(&data).await, NEW);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_directory_is_there_whole_or_not_at_all() {
    let mut server = Server::start().await;
    let (ann, room) = heavy(&server).await;
    let home = tempfile::tempdir().unwrap();
    let file =
        done(server.data(), &["backup", "create", home.path().to_str().unwrap()]).await["path"]
            .as_str()
            .unwrap()
            .to_owned();
    server.terminate().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    killed(&data, &file, |staged| staged.iter().any(|staged| staged.join("chat.db").exists()));
    if !data.exists() {
        assert_eq!(entries(folder.path(), "").len(), 1, "what was never finished");
        done(&data, &["backup", "restore", &file]).await;
    }
    assert_eq!(whole(&data).await, NEW);
    let moved = tempfile::tempdir().unwrap();
    std::fs::remove_dir(moved.path()).unwrap();
    std::fs::rename(&data, moved.path()).unwrap();
    let restored = Server::start_in(moved, &[]).await;
    let ann = ann.at(restored.address());
    ann.say(&room, "after the restoration").await;
    assert_eq!(ann.contents(&room).await, ["noise", "noise", "after the restoration"]);
}
