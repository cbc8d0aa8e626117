//! Standard output without a reader.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use tokio::time::timeout;

use crate::support::{Client, PATIENCE};

/// More than a pipe buffers.
const MUCH: u64 = 200_000;

fn signal(name: &str, pid: u32) -> bool {
    Command::new("sh")
        .args(["-c", "kill -\"$0\" \"$1\"", name, &pid.to_string()])
        .status()
        .unwrap()
        .success()
}

#[tokio::test]
async fn standard_output_that_nobody_reads_does_not_keep_the_server_from_ending() {
    let data = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatctl"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "debug", "--data-dir"])
        .arg(data.path())
        .current_dir(data.path());
    let mut child =
        command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::null()).spawn().unwrap();
    let pid = child.id();
    let mut output = BufReader::new(reader).lines();
    let line = output
        .find_map(|line| {
            line.unwrap().split_once("Listening on http://").map(|(_, address)| address.to_owned())
        })
        .unwrap();
    let client = Client::at(line.trim());
    let files = || fs::read_dir(data.path().join("logs")).unwrap().map(|entry| entry.unwrap());
    let mut asked = 0;
    while files().map(|file| file.metadata().unwrap().len()).sum::<u64>() < MUCH {
        client.get("/api/users/me").await.is(401);
        asked += 1;
    }
    assert!(signal("TERM", pid));
    let ended = timeout(PATIENCE, tokio::task::spawn_blocking(move || child.wait())).await;
    let Ok(status) = ended else {
        signal("KILL", pid);
        panic!("the server did not end");
    };
    let status = status.unwrap().unwrap();
    assert!(status.success(), "{status}");
    let written: String = files().map(|file| fs::read_to_string(file.path()).unwrap()).collect();
    assert!(written.matches("request answered").count() >= asked, "the file has every line");
    drop(output);
}
