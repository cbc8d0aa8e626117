//! Leftovers of killed processes: removed by the next start, or the next restore, and nothing else.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::done;
use crate::support::{Person, Server};

/// Creates a file or, if a file within is named, a directory, of this age.
fn left(path: &Path, within: Option<&str>, age: Duration) -> PathBuf {
    match within {
        Some(name) => {
            fs::create_dir_all(path).unwrap();
            fs::write(path.join(name), "half").unwrap();
        }
        None => fs::write(path, "half").unwrap(),
    }
    File::open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
    path.to_owned()
}

const OLD: Duration = Duration::from_hours(2);
const YOUNG: Duration = Duration::from_mins(10);

#[track_caller]
fn are_there(paths: &[PathBuf], wanted: bool) {
    for path in paths {
        assert_eq!(path.exists(), wanted, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_removes_what_was_never_finished() {
    let mut server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    ann.say(&room, "hello").await;
    server.terminate().await;
    let data = server.data();
    let backups = data.join("backups");
    fs::create_dir_all(&backups).unwrap();
    let gone = [
        left(&backups.join("chatctl-20250715T143210Z.tar.zst.part"), None, OLD),
        left(&data.join("backup-a1b2c3.tmp"), Some("chat.db"), YOUNG),
        left(&data.join("export-a1b2c3.tmp"), Some("chat.db"), YOUNG),
        left(&data.join("media/unfinished/a1b2c3"), None, YOUNG),
    ];
    let stay = [
        // Another server may share the directory and be writing it.
        left(&backups.join("chatctl-20250715T143211Z.tar.zst.part"), None, YOUNG),
        left(&backups.join("chatctl-20250715T143210Z.tar.zst"), None, OLD),
        left(&backups.join("notes.part"), None, OLD),
        left(&data.join("backup-notes.txt"), None, OLD),
        left(&data.join("export-a1b2c3.tmp.txt"), None, OLD),
    ];
    server.restart().await;
    are_there(&gone, false);
    are_there(&stay, true);
    assert_eq!(ann.at(server.address()).contents(&room).await, ["hello"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restoration_removes_what_earlier_ones_have_left() {
    let mut server = Server::start().await;
    let home = tempfile::tempdir().unwrap();
    let made = done(server.data(), &["backup", "create", home.path().to_str().unwrap()]).await;
    server.terminate().await;
    let folder = tempfile::tempdir().unwrap();
    let beside = |ending: &str| folder.path().join(format!("data.restoring-{ending}"));
    let gone = [left(&beside("a1b2c3d4"), Some("chat.db"), OLD)];
    let stay = [
        left(&beside("a1b2c3d5"), Some("chat.db"), YOUNG),
        // The old directory, identified by its lock.
        left(&beside("a1b2c3d6"), Some("lock"), OLD),
        left(&beside("notes"), Some("x"), OLD),
        left(&folder.path().join("other.restoring-a1b2c3d4"), Some("x"), OLD),
    ];
    let data = folder.path().join("data");
    done(&data, &["backup", "restore", made["path"].as_str().unwrap()]).await;
    are_there(&gone, false);
    are_there(&stay, true);
    assert!(data.join("chat.db").exists());
}
