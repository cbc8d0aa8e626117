//! Mistakes that must not cost an upload: a missing database, another's, or an older one.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::{age, kept, path, stored, upload};
use crate::support::{Ctl, Json, Person, Server};

/// Returns a stopped server with this number of uploads in ann's messages.
async fn stopped(uploads: u8) -> (Server, Vec<Json>) {
    let mut server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let mut all = Vec::new();
    for n in 0..uploads {
        let media = upload(&ann, &format!("{n}.txt"), format!("text {n}").as_bytes()).await;
        ann.post(
            &format!("/api/chatrooms/{room}/messages"),
            json!({"content": "x", "mediaIds": [media["id"]]}),
        )
        .await
        .is(201);
        all.push(media);
    }
    assert!(server.terminate().await.success());
    (server, all)
}

/// Starts a server with its own data, but the uploads of another.
async fn beside(media: &Path) -> Server {
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let key = ("MEDIA__DIRECTORY", media.to_str().unwrap());
    Ctl::at(data.path())
        .set(key.0, key.1)
        .run(&["user", "create", "root", "--admin", "--init", "--new", "--generate"])
        .ends(0);
    Server::start_in(data, &[key]).await
}

/// Returns the line of doctor about uploads.
fn checked(ctl: &Ctl) -> Json {
    let said = ctl.run(&["doctor", "--only", "uploads", "-o", "jsonl"]);
    serde_json::from_str(said.out.lines().next().unwrap()).unwrap()
}

fn owner(server: &Server) -> String {
    fs::read_to_string(server.data().join("media/owner")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_directory_that_has_lost_its_database_is_refused() {
    let (server, _) = stopped(3).await;
    age(&server, 48);
    let (ctl, media) = (Ctl::of(&server), server.data().join("media"));
    let wrong = || ctl.clone().set("DATABASE__PATH", "chat-db.sqlite");
    let commands: [&[&str]; 3] = [
        &["serve", "--listen", "127.0.0.1:0"],
        &["user", "create", "eve", "--admin", "--init", "--generate"],
        &["import", "export.jsonl", "--yes"],
    ];
    fs::write(server.data().join("export.jsonl"), "{}").unwrap();
    for command in commands {
        let said = wrong().run(command);
        said.fails(3, "there are 3 uploads in").fails(3, "chat-db.sqlite").fails(3, "--new");
        assert!(
            said.err.contains("logs in")
                && said.err.contains("a database")
                && said.err.contains("chat.db"),
            "{}",
            said.err
        );
        assert!(!server.data().join("chat-db.sqlite").exists());
    }
    assert_eq!(kept(&media).len(), 3);
    let found = checked(&wrong());
    assert!(
        found["status"] == "failed"
            && found["found"].as_str().unwrap().contains("3 uploaded files are in"),
        "{found}"
    );
    // An empty database requested explicitly leaves the files alone.
    wrong().run(&["user", "create", "eve", "--admin", "--init", "--new", "--generate"]).ends(0);
    assert_eq!(kept(&media).len(), 3);
    let found = checked(&wrong());
    assert!(
        found["status"] == "failed"
            && found["found"].as_str().unwrap().contains("belongs to another instance"),
        "{found}"
    );
}

#[tokio::test]
async fn logs_or_backups_alone_tell_that_there_was_a_database() {
    for (folder, name) in
        [("logs", "chatctl.log.2026-01-01"), ("backups", "chatctl-20260101T000000Z.tar.zst")]
    {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join(folder)).unwrap();
        let ctl = Ctl::at(data.path());
        fs::write(data.path().join(folder).join(name), "x").unwrap();
        ctl.run(&["serve", "--listen", "127.0.0.1:0"]).fails(3, &format!("there are {folder} in"));
        ctl.run(&["user", "create", "ann", "--admin", "--init", "--new", "--generate"]).ends(0);
    }
    // A failed start leaves nothing that would prevent the next one.
    let data = tempfile::tempdir().unwrap();
    let ctl = Ctl::at(data.path());
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    assert_eq!(ctl.run(&["serve", "--listen", &address]).code, 1);
    drop(Server::start_in(data, &[]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_of_another_instance_is_left_alone_by_both() {
    let (mut first, _) = stopped(3).await;
    age(&first, 48);
    let media = first.data().join("media");
    let second = beside(&media).await;
    second.wait_for_log(&["ERROR", "belongs to another instance"]).await;
    assert_eq!(kept(&media).len(), 3);
    let found = checked(&Ctl::of(&second).set("MEDIA__DIRECTORY", media.to_str().unwrap()));
    assert!(
        found["status"] == "failed"
            && found["found"].as_str().unwrap().contains("belongs to another instance"),
        "{found}"
    );
    // Once it has files there as well, the first instance does not claim them.
    let eve = Person::new(&second, "eve").await;
    let file = upload(&eve, "eve.txt", b"of the second").await;
    File::options()
        .write(true)
        .open(stored(&media, file["name"].as_str().unwrap()))
        .unwrap()
        .set_modified(SystemTime::now() - Duration::from_hours(48))
        .unwrap();
    assert_eq!(owner(&first).lines().filter(|line| !line.starts_with('#')).count(), 2);
    first.restart().await;
    first.wait_for_log(&["ERROR", "belongs to another instance"]).await;
    assert!(first.terminate().await.success());
    assert_eq!(kept(&media).len(), 4);
    assert_eq!(eve.get(&path(&file)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_without_an_owner_becomes_that_of_the_database_that_knows_its_files() {
    let (mut server, files) = stopped(3).await;
    let before = owner(&server);
    age(&server, 48);
    fs::remove_file(server.data().join("media/owner")).unwrap();
    assert_eq!(checked(&Ctl::of(&server))["status"], "ok");
    let stray = stored(&server.data().join("media"), &"ab".repeat(64));
    fs::create_dir_all(stray.parent().unwrap()).unwrap();
    File::create(&stray)
        .unwrap()
        .set_modified(SystemTime::now() - Duration::from_hours(48))
        .unwrap();
    server.restart().await;
    assert_eq!(owner(&server), before);
    assert!(server.terminate().await.success());
    assert!(stray.exists(), "nothing is removed in the run in which it became ours");
    server.restart().await;
    server.wait_for_log(&["1 unused files were removed"]).await;
    assert!(!stray.exists());
    let ann = Person::known(&server, "ann").await;
    assert_eq!(ann.get(&path(&files[0])).await.status, 200);
    // An instance that knows none of the files does not claim them.
    assert!(server.terminate().await.success());
    fs::remove_file(server.data().join("media/owner")).unwrap();
    let media = server.data().join("media");
    let other = beside(&media).await;
    other.wait_for_log(&["ERROR", "3 uploaded files are in", "knows few or none"]).await;
    assert_eq!(kept(&media).len(), 3);
    assert!(!media.join("owner").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_database_costs_no_upload() {
    let (mut server, _) = stopped(2).await;
    let (database, older) = (server.data().join("chat.db"), server.data().join("older"));
    fs::copy(&database, &older).unwrap();
    server.restart().await;
    let ann = Person::known(&server, "ann").await;
    let room = ann.room(&[]).await;
    let mut files = Vec::new();
    for n in 0..12 {
        let media = upload(&ann, &format!("later{n}.txt"), format!("later {n}").as_bytes()).await;
        ann.post(
            &format!("/api/chatrooms/{room}/messages"),
            json!({"content": "x", "mediaIds": [media["id"]]}),
        )
        .await
        .is(201);
        files.push(media);
    }
    assert!(server.terminate().await.success());
    age(&server, 48);
    let newer = server.data().join("newer");
    fs::rename(&database, &newer).unwrap();
    fs::copy(&older, &database).unwrap();
    let media = server.data().join("media");
    server.restart().await;
    server
        .wait_for_log(&[
            "ERROR",
            "No files are removed",
            "12 of 14 uploaded files are unknown",
            "remove-anyway",
        ])
        .await;
    assert_eq!(kept(&media).len(), 14);
    assert!(server.terminate().await.success());
    // If the removal is permitted, it can still be undone for thirty days.
    File::create(media.join("remove-anyway")).unwrap();
    server.restart().await;
    server.wait_for_log(&["12 unused files were removed", "trash"]).await;
    assert!(server.terminate().await.success());
    assert_eq!(kept(&media).len(), 2);
    assert!(!media.join("remove-anyway").exists(), "for once");
    fs::rename(&newer, &database).unwrap();
    let ctl = Ctl::of(&server);
    let found = checked(&ctl);
    assert!(
        found["status"] == "failed"
            && found["found"].as_str().unwrap().contains("12 uploaded files are in the trash"),
        "{found}"
    );
    server.restart().await;
    server.wait_for_log(&["12 uploaded files in use were restored from the trash"]).await;
    let ann = Person::known(&server, "ann").await;
    for file in &files {
        assert_eq!(ann.get(&path(file)).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trash_is_emptied_after_thirty_days_and_gives_back_until_then() {
    let (mut server, files) = stopped(2).await;
    let media = server.data().join("media");
    let trash = |days: u64, file: &Json| {
        let day =
            humantime::format_rfc3339_seconds(SystemTime::now() - Duration::from_hours(days * 24))
                .to_string()[..10]
                .to_owned();
        let name = file["name"].as_str().unwrap();
        let folder = media.join("trash").join(day);
        fs::create_dir_all(&folder).unwrap();
        fs::rename(stored(&media, name), folder.join(name)).unwrap();
        folder.join(name)
    };
    let (wanted, gone) = (trash(29, &files[0]), media.join("trash/2020-02-03"));
    fs::create_dir_all(&gone).unwrap();
    fs::write(gone.join("ab".repeat(64)), "long ago").unwrap();
    let said = Ctl::of(&server).run(&["doctor", "--only", "uploads", "--fix", "-o", "json"]);
    assert!(said.ends(0).out.contains("restored") && !wanted.exists(), "{}", said.out);
    trash(1, &files[1]);
    server.restart().await;
    let ann = Person::known(&server, "ann").await;
    assert_eq!(ann.get(&path(&files[1])).await.status, 200);
    // A file moved to the trash under the running server is restored when it is requested.
    trash(0, &files[0]);
    assert_eq!(ann.get(&path(&files[0])).await.bytes[..], b"text 0"[..]);
    server.wait_for_log(&["for more than 30 days were deleted: 1."]).await;
    assert!(!gone.exists());
}
