//! File descriptors: each connection takes one, and the system limits them.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use tokio::time::timeout;

use super::{connect, exchange};
use crate::support::{Client, Ctl, PATIENCE, Server};

const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Runs the command with a limit of open files, as accepted by `ulimit`.
fn limited(command: &Command, limit: &str) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("ulimit {limit}; exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_descriptor_left_the_command_line_still_gets_through() {
    let server = Server::start().await;
    let set = Command::new("prlimit")
        .args(["--pid", &server.pid().to_string(), "--nofile=100:100"])
        .status()
        .unwrap();
    assert!(set.success());
    let mut held = Vec::new();
    for _ in 0..120 {
        held.push(connect(&server).await);
    }
    server.wait_for_log(&["[WARN]", "A connection could not be accepted"]).await;
    for _ in 0..3 {
        Ctl::of(&server).run(&["status"]).ends(0);
    }
    drop(held);
    // Until the server has seen that they ended, it still closes what it cannot keep.
    let healthy = async { while !exchange(&server, HEALTH).await.starts_with("HTTP/1.1 200 ") {} };
    timeout(PATIENCE, healthy).await.expect("connections are accepted again");
    let metrics = Client::new(&server).get("/metrics").await.text;
    let failures = metrics
        .lines()
        .find_map(|line| line.strip_prefix("chatctl_accept_failures_total "))
        .unwrap();
    assert!(failures.parse::<u64>().unwrap() > 0, "{failures}");
    assert_eq!(
        server.output().iter().filter(|line| line.contains("could not be accepted")).count(),
        1,
        "once a minute"
    );
}

#[test]
fn the_limit_of_open_files_is_raised_and_looked_at() {
    let home = tempfile::tempdir().unwrap();
    let ctl = Ctl::at(&home.path().join("data"));
    let mut serve =
        limited(&ctl.clone().set("SERVER__LISTEN", "127.0.0.1:0").command(&["serve"]), "-S -n 300");
    let mut server = serve.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("Listening on")));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let files: Vec<&str> = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(files[0], files[1], "soft and hard");
    server.kill().unwrap();
    server.wait().unwrap();
    let output =
        limited(&ctl.command(&["doctor", "--only", "descriptors"]), "-n 300").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("warning") && said.contains("300 open files"), "{said}");
}
