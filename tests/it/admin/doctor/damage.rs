//! Faults: missing, truncated and leftover files.

use std::fs::{self, File, FileTimes};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{finds, line_of, lines, mends, stopped, talk};
use crate::support::{Body, Ctl, Person, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_database_is_told_and_left_alone() {
    let server = stopped(120).await;
    let (ctl, path) = (Ctl::of(&server), server.data().join("chat.db"));
    finds(&ctl, "database", "ok", "no damage found", "");
    let whole = fs::read(&path).unwrap();
    let mut file = File::options().write(true).open(&path).unwrap();
    // Some of them are in use, whatever the tables are.
    for page in (whole.len() / 16384)..(whole.len() / 4096) {
        file.seek(SeekFrom::Start(page as u64 * 4096 + 8)).unwrap();
        file.write_all(&[0xa5; 2048]).unwrap();
    }
    let damaged = fs::read(&path).unwrap();
    finds(
        &ctl,
        "database",
        "failed",
        "The file is damaged",
        "restore a backup from another location",
    );
    let (all, code) = lines(&ctl, &["--fix"]);
    assert!(code == 6 && all.len() >= 15, "every check says something: {all:?}");
    assert_eq!(fs::read(&path).unwrap(), damaged, "the database is never mended");
    // No part of it can be opened by a program.
    for text in [&b"something else"[..], b""] {
        fs::write(&path, text).unwrap();
        let (all, _) = lines(&ctl, &[]);
        assert!(all.len() >= 15, "{all:?}");
    }
    finds(&ctl, "schema", "warning", "has schema 0", "");
    fs::remove_file(&path).unwrap();
    finds(&ctl, "database", "failed", "does not exist", "backup restore");
    fs::write(&path, &whole).unwrap();
    finds(&ctl, "database", "ok", "no damage found", "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_under_a_running_server_is_found_and_the_backup_is_named() {
    let server = Server::start().await;
    talk(&server, 120).await;
    let ctl = Ctl::of(&server);
    ctl.run(&["backup", "create"]).ends(0);
    // Content of the write-ahead log would hide the damage.
    ctl.run(&["db", "vacuum"]).ends(0);
    let path = server.data().join("chat.db");
    let mut file = File::options().write(true).open(&path).unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    for page in 3..pages {
        file.seek(SeekFrom::Start(page * 4096)).unwrap();
        file.write_all(&[0xa5; 64]).unwrap();
    }
    let found = line_of(&ctl, "database");
    assert!(
        found["advice"].as_str().unwrap().contains("chatctl-") && found["status"] == "failed",
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_index_that_is_damaged_or_stale_is_thrown_away_and_fed_again() {
    let mut server = stopped(60).await;
    let (ctl, path) = (Ctl::of(&server), server.data().join("search.db"));
    finds(&ctl, "search", "ok", "complete and up to date", "");
    let whole = fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..].fill(0x5a);
    fs::write(&path, &damaged).unwrap();
    finds(&ctl, "search", "failed", "damaged: ", "chatctl db reindex");
    mends(&ctl, "search", "damaged: ", "the server rebuilds it at its next start");
    assert!(!path.exists());
    // The index of another database: its messages are different.
    let other = stopped(1).await;
    fs::copy(other.data().join("search.db"), &path).unwrap();
    finds(&ctl, "search", "failed", "it belongs to the database before a restore", "--fix");
    mends(&ctl, "search", "cannot be used", "the server rebuilds it at its next start");
    server.restart().await;
    finds(&ctl, "search", "ok", "complete and up to date", "");
    // Also on a running server: it opens the files it finds, and detects the rest at a search.
    assert!(server.terminate().await.success());
    fs::write(&path, &damaged).unwrap();
    server.restart().await;
    finds(&ctl, "search", "failed", "damaged: ", "--fix");
    mends(&ctl, "search", "damaged: ", "rebuilt");
    finds(&ctl, "search", "ok", "complete and up to date", "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_are_as_old_as_they_say() {
    let server = stopped(0).await;
    let backups = server.data().join("backups");
    let ctl = Ctl::of(&server);
    finds(&ctl, "backup", "skipped", "automatic backups are off", "every_hours = 24");
    let every = |hours| ctl.clone().set("BACKUP__EVERY_HOURS", hours);
    finds(
        &every("1"),
        "backup",
        "warning",
        "there is no backup",
        "To create one now: chatctl backup create",
    );
    ctl.run(&["backup", "create"]).ends(0);
    finds(&every("1"), "backup", "ok", "less than an hour old", "");
    fs::write(backups.join("chatctl-29990101T000000Z.tar.zst"), "nothing").unwrap();
    finds(&every("1"), "backup", "ok", "less than an hour old", "");
    for made in fs::read_dir(&backups)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.to_str().unwrap().contains("2999"))
    {
        fs::remove_file(made).unwrap();
    }
    finds(&every("1"), "backup", "failed", "none of 1 backup can be used", "To create one now");
    fs::remove_dir_all(&backups).unwrap();
    fs::create_dir(&backups).unwrap();
    let part = backups.join("chatctl-20250101T000000Z.tar.zst.part");
    fs::write(&part, "").unwrap();
    finds(&ctl, "backup", "skipped", "automatic backups are off", "");
    File::options()
        .write(true)
        .open(&part)
        .unwrap()
        .set_times(FileTimes::new().set_modified(SystemTime::now() - Duration::from_hours(3)))
        .unwrap();
    fs::create_dir(server.data().join("backup-0011.tmp")).unwrap();
    finds(&ctl, "backup", "warning", "interrupted backups left", "--fix");
    let (fixed, code) = lines(&ctl, &["--only", "backup", "--fix"]);
    assert!(
        code == 0
            && fixed[0]["status"] == "fixed"
            && !part.exists()
            && !server.data().join("backup-0011.tmp").exists(),
        "{fixed:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_without_a_row_and_rows_without_a_file_are_found() {
    let mut server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let ctl = Ctl::of(&server);
    let media = ann.post("/api/media", Body::Raw(b"some text of a file".to_vec())).await.is(201);
    let uploaded = media["name"].as_str().unwrap();
    let file = find(&server.data().join("media"), uploaded);
    for running in [true, false] {
        if !running {
            assert!(server.terminate().await.success());
        }
        finds(&ctl, "uploads", "ok", "1 uploaded file", "");
        let orphan = server.data().join("media/ab").join("ab".repeat(64));
        fs::create_dir_all(orphan.parent().unwrap()).unwrap();
        fs::write(&orphan, "x").unwrap();
        finds(&ctl, "uploads", "ok", "", "");
        File::options()
            .write(true)
            .open(&orphan)
            .unwrap()
            .set_times(FileTimes::new().set_modified(SystemTime::now() - Duration::from_hours(30)))
            .unwrap();
        finds(
            &ctl,
            "uploads",
            "warning",
            "1 old file not referenced by any message: abababababababab…",
            "within an hour",
        );
        fs::remove_file(&orphan).unwrap();
        fs::rename(&file, server.data().join("aside")).unwrap();
        finds(&ctl, "uploads", "failed", "1 uploaded file is missing", "from a backup");
        fs::rename(server.data().join("aside"), &file).unwrap();
    }
    fs::rename(server.data().join("media"), server.data().join("aside")).unwrap();
    finds(&ctl, "uploads", "warning", "the directory for uploaded files", "--fix");
    fs::remove_dir_all(server.data().join("logs")).unwrap();
    finds(&ctl, "logs", "warning", "the log directory", "--fix");
    mends(&ctl, "logs", "the log directory", "created");
    let (fixed, _) = lines(&ctl, &["--only", "uploads", "--fix"]);
    assert_eq!(fixed[0]["status"], "fixed", "{fixed:?}");
}

fn find(media: &Path, name: &str) -> PathBuf {
    let path = media.join(&name[..2]).join(name);
    assert!(path.is_file(), "{}", path.display());
    path
}
