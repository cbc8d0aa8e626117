//! A full disk: uses a small file system, since these tests run as root.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;

use super::health_becomes;
use crate::support::{Client, Ctl, Disk, PATIENCE, Person, Server};

/// Starts a server with its data directory on such a file system.
async fn on_a_small_disk() -> (Disk, Server) {
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let disk = Disk::mount(data.path());
    (
        disk,
        Server::start_in(data, &[("LIMITS__ENABLED", "false"), ("LOG__DIRECTORY", "logs")]).await,
    )
}

/// A text that takes most of a page of the database.
fn long() -> String {
    "x".repeat(3000)
}

/// Posts until a post is refused.
async fn until_it_is_full(ann: &Person, room: &str) {
    for n in 0..10_000 {
        let answer = ann
            .post(
                &format!("/api/chatrooms/{room}/messages"),
                json!({"content": format!("{n} {}", "x".repeat(3000))}),
            )
            .await;
        if answer.status == 503 {
            return;
        }
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    panic!("the disk is never full");
}

/// Posts to a disk kept full until a post is refused and `/health` says so, and returns how many
/// were stored before: a start that gives up a search index it cannot write makes room once more.
async fn until_it_fails(disk: &Disk, person: &Person, room: &str) -> usize {
    let path = format!("/api/chatrooms/{room}/messages");
    let trying = async {
        let mut stored = 0;
        loop {
            disk.fill();
            let answer = person.post(&path, json!({"content": long()})).await;
            if answer.status == 201 {
                stored += 1;
                continue;
            }
            answer.fails(503, "unavailable");
            let health = person.get("/health").await;
            if health.status == 503 && health.json()["store"] == "failing" {
                return stored;
            }
        }
    };
    tokio::time::timeout(PATIENCE, trying).await.expect("a full disk is noticed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_fails_from_the_first_refused_commit_until_one_succeeds() {
    let (disk, server) = on_a_small_disk().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    ann.say(&room, "before").await;
    health_becomes(&server, 200, "ok").await;
    disk.fill();
    until_it_is_full(&ann, &room).await;
    health_becomes(&server, 503, "failing").await;
    for _ in 0..50 {
        ann.post(&format!("/api/chatrooms/{room}/messages"), json!({"content": long()}))
            .await
            .fails(503, "unavailable");
    }
    let errors = server
        .output()
        .iter()
        .filter(|line| line.contains("[ERROR]") && line.contains("The database failed while"))
        .count();
    assert!((1..=3).contains(&errors), "{errors} lines of ERROR");
    let metrics = Client::new(&server).get("/metrics").await.text;
    assert!(
        metrics.contains("\nchatctl_store_failing 1\n")
            && metrics.contains("chatctl_unavailable_total{cause=\"commit\"} "),
        "{metrics}"
    );
    disk.empty();
    health_becomes(&server, 200, "ok").await;
    ann.say(&room, "after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_on_a_full_disk_reads_and_refuses_and_stores_again_when_there_is_room() {
    for killed in [true, false] {
        let (disk, mut server) = on_a_small_disk().await;
        let ann = Person::new(&server, "ann").await;
        let room = ann.room(&[]).await;
        ann.say(&room, "before").await;
        if killed {
            disk.fill();
            server.kill9();
            // Space held by the process is free again.
        } else {
            server.terminate().await;
        }
        disk.fill();
        let ctl = Ctl::of(&server);
        ctl.run(&["user", "list"]).ends(0);
        ctl.run(&["db", "status"]).ends(0);
        ctl.run(&["db", "check"]).ends(0);
        disk.fill();
        server.restart().await;
        let here = ann.at(server.address());
        assert_eq!(here.contents(&room).await, ["before"], "killed: {killed}");
        let stored = until_it_fails(&disk, &here, &room).await;
        disk.empty();
        health_becomes(&server, 200, "ok").await;
        here.say(&room, "after").await;
        server.terminate().await;
        server.restart().await;
        let expected =
            [vec!["before".to_owned()], vec![long(); stored], vec!["after".to_owned()]].concat();
        assert_eq!(ann.at(server.address()).contents(&room).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_line_cut_by_a_full_disk_does_not_swallow_the_next() {
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let disk = Disk::mount(data.path());
    let mut server =
        Server::start_in(data, &[("LIMITS__ENABLED", "false"), ("LOG__LEVEL", "debug")]).await;
    let client = Client::new(&server);
    let ask = async |times: usize| {
        for _ in 0..times {
            client.get("/api/users/me").await.is(401);
        }
    };
    ask(1).await;
    disk.fill();
    // More than the rest of a page, which is all that the file can still take.
    ask(200).await;
    disk.empty();
    ask(10).await;
    server.terminate().await;
    let log = server.log_files();
    let begins = |line: &str| line.matches("] [PID:").count();
    assert!(log.lines().all(|line| begins(line) <= 1), "{log}");
    assert!(begins(log.lines().last().unwrap()) == 1 && log.ends_with('\n'), "{log}");
    let written = log.matches("request answered").count();
    assert!((11..211).contains(&written), "{written} of 211: the disk was full");
}
