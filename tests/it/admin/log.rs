//! The log of the running server: following it, changing its level temporarily, starting a new
//! file.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::{Ctl, Json, Person, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_are_read_as_they_are_written() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let mut tail = ctl
        .command(&["log", "tail", "-n", "0", "--user", "eve", "-o", "jsonl"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    // It is invisible from outside whether following has started: one of many lines is received.
    let heard = std::thread::spawn(move || lines.next().unwrap().unwrap());
    let mut count = 0;
    while !heard.is_finished() {
        Person::new(&server, &format!("other{count}")).await;
        if count == 0 {
            Person::new(&server, "eve").await;
        } else {
            Person::known(&server, "eve").await;
        }
        count += 1;
    }
    let line: Json = serde_json::from_str(&heard.join().unwrap()).unwrap();
    assert_eq!((&line["user"], &line["level"]), (&"eve".into(), &"info".into()));
    tail.kill().unwrap();
    tail.wait().unwrap();

    let said = ctl.run(&["log", "tail", "-n", "1000", "--for", "0s", "--level", "error"]);
    assert_eq!(said.ends(0).out, "", "nothing went wrong");
    let latest = ctl.run(&["log", "tail", "-n", "1000", "--for", "0s"]);
    assert!(
        latest.ends(0).out.lines().any(|line| line
            .contains(&format!("[INFO] [PID:{}] [eve] - User registered.", server.pid()))),
        "{}",
        latest.out
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_level_changes_for_a_while_and_goes_back() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    assert_eq!(ctl.one(&["log", "level"])["level"], "info");
    assert_eq!(ctl.one(&["log", "level", "debug", "--for", "1s"])["level"], "debug");
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("lobby").await;
    ann.say(&room, "hello").await;
    server.wait_for_log(&["[DEBUG]", "[ann]"]).await;
    server.wait_for_log(&["The log level is Info again."]).await;
    assert_eq!(ctl.one(&["log", "level"])["level"], "info");
    // A later command replaces the pending reset of an earlier one.
    ctl.run(&["log", "level", "debug", "--for", "1s"]).ends(0);
    ctl.run(&["log", "level", "trace"]).ends(0);
    assert_eq!(ctl.one(&["log", "level"])["level"], "trace");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_moved_away_is_followed_by_a_new_one() {
    let server = Server::start_with(&[("LOG__ROTATION", "never")]).await;
    let ctl = Ctl::of(&server);
    let log = server.data().join("logs/chatctl.log");
    std::fs::rename(&log, log.with_extension("1")).unwrap();
    ctl.run(&["log", "rotate"]).ends(0);
    Person::new(&server, "ann").await;
    server.wait_for_log(&["[ann]"]).await;
    assert!(log.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_has_no_log_to_follow() {
    let mut server = Server::start().await;
    assert!(server.terminate().await.success());
    for verb in [&["log", "tail"][..], &["log", "level"], &["log", "rotate"]] {
        Ctl::of(&server).run(verb).fails(5, "no server is running");
    }
    let said = Ctl::of(&server).run(&["status", "-o", "json"]);
    let status: Json = serde_json::from_str(&said.ends(5).out).unwrap();
    assert!(said.err.contains("no server is running"), "{}", said.err);
    assert_eq!((&status["running"], &status["store"]), (&false.into(), &"ok".into()));
}
