//! A database with damaged pages: found, reported, never backed up as if intact; and a damaged
//! write-ahead log.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::health_becomes;
use crate::support::{Body, Client, Ctl, Person, Server};

/// Size of a page in bytes.
const PAGE: u64 = 4096;

/// Returns a stopped server with messages, and an intact backup of it.
async fn stopped() -> Server {
    let mut server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    for n in 0..150 {
        ann.say(&room, &format!("{n} {}", "words ".repeat(80))).await;
    }
    server.terminate().await;
    server
}

fn spoil(database: &Path, page: u64) {
    let mut file = File::options().write(true).open(database).unwrap();
    file.seek(SeekFrom::Start(page * PAGE)).unwrap();
    file.write_all(&[0xa5; 4096]).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_page_is_damaged_it_is_told_and_nothing_calls_itself_a_backup_of_it() {
    let server = stopped().await;
    let pages = server.data().join("chat.db").metadata().unwrap().len() / PAGE;
    let folder = tempfile::tempdir().unwrap();
    let mut found = 0;
    for step in 1..10 {
        let (data, backups) = (
            folder.path().join(format!("data{step}")),
            folder.path().join(format!("backups{step}")),
        );
        assert!(
            Command::new("cp").arg("-a").arg(server.data()).arg(&data).status().unwrap().success()
        );
        fs::create_dir(&backups).unwrap();
        let ctl = Ctl::at(&data);
        ctl.run(&["backup", "create", backups.to_str().unwrap()]).ends(0);
        let sound = fs::read_dir(&backups).unwrap().next().unwrap().unwrap().path();
        spoil(&data.join("chat.db"), pages * step / 10);
        let check = ctl.run(&["db", "check", "-o", "json"]);
        // Damage to an unused page is harmless.
        if check.code == 0 {
            continue;
        }
        found += 1;
        check.ends(6);
        assert!(check.out.contains("damaged"), "{check:?}");
        let made = ctl.run(&["backup", "create", backups.to_str().unwrap()]);
        // What is damaged where it is read first cannot be opened at all.
        let refused = made.code == 1 && made.err.contains("is damaged");
        assert!(made.code == 6 || refused, "{made:?}");
        let names: Vec<_> =
            fs::read_dir(&backups).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(
            names
                .iter()
                .all(|path| *path == sound
                    || path.extension().is_some_and(|ending| ending == "damaged")),
            "{names:?}"
        );
        let dry = ctl.run(&[
            "backup",
            "prune",
            backups.to_str().unwrap(),
            "--keep",
            "1",
            "--yes",
            "-o",
            "json",
        ]);
        if dry.code == 0 {
            assert_eq!(dry.out.trim(), "[]");
        }
        assert!(sound.exists());
        ctl.run(&["backup", "verify", sound.to_str().unwrap()]).ends(0);
    }
    assert!(found > 4, "{found} of 9 pages matter");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_do_not_wait_for_work_that_fails() {
    let server = stopped().await;
    let path = server.data().join("chat.db");
    let conn = rusqlite::Connection::open(&path).unwrap();
    // A job that uses an unreadable table.
    conn.execute_batch(
        "INSERT INTO jobs (kind, target) VALUES ('room', 1); ALTER TABLE reactions RENAME TO lost",
    )
    .unwrap();
    drop(conn);
    let ctl = Ctl::of(&server);
    ctl.run(&["user", "list"]).ends(0);
    ctl.run(&["db", "status"]).ends(0);
    // A command that changes something tries the job, and ends when its step has failed.
    ctl.create("ben", &[]);
    let conn = rusqlite::Connection::open(&path).unwrap();
    let waiting: i64 = conn
        .query_row("SELECT count(*) FROM jobs WHERE kind = 'room'", (), |row| row.get(0))
        .unwrap();
    assert_eq!(waiting, 1, "it waits for a better day");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_that_read_leave_promised_work_alone() {
    let server = stopped().await;
    let path = server.data().join("chat.db");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("INSERT INTO jobs (kind, target) VALUES ('farewell', 77)")
        .unwrap();
    let waiting = || -> i64 {
        rusqlite::Connection::open(&path)
            .unwrap()
            .query_row("SELECT count(*) FROM jobs", (), |row| row.get(0))
            .unwrap()
    };
    for arguments in [
        &["user", "list"][..],
        &["room", "list"],
        &["db", "status"],
        &["db", "check"],
        &["db", "stats"],
        &["backup", "create"],
    ] {
        Ctl::of(&server).run(arguments).ends(0);
        assert_eq!(waiting(), 1, "{arguments:?}");
    }
    Ctl::of(&server).create("ben", &[]);
    assert_eq!(waiting(), 0, "whoever changes something carries it out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_fails_once_a_read_has_met_damage() {
    let mut server = stopped().await;
    let path = server.data().join("chat.db");
    let pages = path.metadata().unwrap().len() / PAGE;
    for page in pages / 3..pages * 2 / 3 {
        spoil(&path, page);
    }
    server.restart().await;
    let client = Client::new(&server);
    let login =
        client.post("/api/login", json!({"userId": "ann", "password": "secret of ann"})).await;
    if login.status == 200 {
        let token = login.json()["token"].as_str().unwrap().to_owned();
        client.bearer(&token).get("/api/chatrooms/room001/messages?after=0&limit=200").await;
    }
    health_becomes(&server, 503, "failing").await;
    Ctl::of(&server).run(&["db", "check"]).ends(6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_database_says_so() {
    let server = stopped().await;
    let said = Ctl::of(&server).run(&["db", "check"]);
    said.ends(0);
    assert_eq!(said.out.trim(), "No problems: 150 messages and 0 uploaded files.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_damaged_in_the_middle_is_told() {
    let mut server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    for n in 0..40 {
        ann.say(&room, &format!("{n}")).await;
    }
    server.kill9();
    let log = server.data().join("chat.db-wal");
    let bytes = log.metadata().unwrap().len();
    let mut file = File::options().write(true).open(&log).unwrap();
    file.seek(SeekFrom::Start(bytes / 2)).unwrap();
    file.write_all(&[0xa5; 64]).unwrap();
    drop(file);
    let check = Ctl::of(&server).run(&["db", "check", "-o", "json"]);
    check.ends(6);
    assert!(check.out.contains("write-ahead log is damaged in the middle"), "{check:?}");
    server.restart().await;
    server
        .wait_for_log(&[
            "[ERROR]",
            "is damaged in the middle",
            "transactions after the damage are lost",
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_altered_is_told_by_a_backup_which_does_not_count() {
    let server = Server::start_with(&[("BACKUP__EVERY_HOURS", "24"), ("BACKUP__KEEP", "1")]).await;
    server.wait_for_log(&["Created the backup chatctl-"]).await;
    let ann = Person::new(&server, "ann").await;
    let media = ann.post("/api/media", Body::Raw(b"some bytes".to_vec())).await.is(201);
    let name = media["name"].as_str().unwrap();
    fs::write(server.data().join("media").join(&name[..2]).join(name), "some bites").unwrap();
    let ctl = Ctl::of(&server);
    ctl.run(&["backup", "create"]).fails(6, ".damaged");
    server.wait_for_log(&["[ERROR]", "has changed: its SHA-512 does not match"]).await;
    let listed = ctl.all(&["backup", "list"]);
    let problems: Vec<_> = listed.iter().map(|backup| backup["problem"].is_null()).collect();
    assert_eq!(problems.iter().filter(|sound| **sound).count(), 1, "{listed:?}");
    let said = ctl.run(&["doctor", "--only", "backup", "-o", "json"]);
    said.ends(6);
    assert!(said.out.contains("the data was damaged when the last backup"), "{said:?}");
    let text = Client::new(&server).get("/metrics").await.text;
    assert!(text.contains("\nchatctl_backup_failures_total 1\n"), "{text}");
}
