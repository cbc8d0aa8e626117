//! Standard output as systemd connects it to the journal.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use crate::support::Client;

/// Runs a server in which a handler panics, and returns the lines of its output and of its file.
/// `$JOURNAL_STREAM` names standard output, or the inode `off` after it.
async fn lines(off: u64) -> (Vec<String>, Vec<String>) {
    let data = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let writer = File::from(OwnedFd::from(writer));
    let stream = writer.metadata().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_chatctl"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "debug", "--data-dir"])
        .arg(data.path())
        .current_dir(data.path())
        .env("CHATCTL_PLANTED_PANIC", "/api/users/me")
        .env("JOURNAL_STREAM", format!("{}:{}", stream.dev(), stream.ino() + off))
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(reader).lines().map(Result::unwrap);
    let mut seen: Vec<String> = Vec::new();
    let address = loop {
        seen.push(output.next().unwrap());
        if let Some((_, address)) = seen.last().unwrap().split_once("Listening on http://") {
            break address.to_owned();
        }
    };
    Client::at(&address).get("/api/users/me").await.fails(500, "internal");
    let id = child.id().to_string();
    let sent = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]).status().unwrap();
    assert!(sent.success());
    // Until the end of the server.
    seen.extend(output);
    assert!(child.wait().unwrap().success());
    let file = fs::read_dir(data.path().join("logs")).unwrap().next().unwrap().unwrap().path();
    let file = fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect();
    (seen, file)
}

#[tokio::test]
async fn every_line_for_the_journal_has_its_priority() {
    let (output, file) = lines(0).await;
    // Also in the middle of records.
    let logged: Vec<_> = output.iter().filter(|line| line.starts_with('<')).collect();
    let without: Vec<_> = logged.iter().map(|line| &line[3..]).collect();
    assert_eq!(without, file.iter().collect::<Vec<_>>());
    let mut priority = "";
    for line in &logged {
        for (level, its) in [("ERROR", "<3>"), ("INFO", "<6>"), ("DEBUG", "<7>")] {
            if line.contains(&format!("Z] [{level}] [PID:")) {
                priority = its;
            }
        }
        assert!(line.starts_with(priority), "{line}");
    }
    for part in ["<3>[", "<3>    ", "<6>[", "<7>["] {
        assert!(logged.iter().any(|line| line.starts_with(part)), "no {part} in {logged:#?}");
    }
}

#[tokio::test]
async fn other_readers_get_the_plain_line() {
    let (output, file) = lines(1).await;
    assert!(output.iter().all(|line| !line.starts_with('<')), "{output:#?}");
    assert!(file.iter().all(|line| output.contains(line)), "{file:#?}");
}
