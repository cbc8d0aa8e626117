//! Standard output that nobody reads.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use tokio::process::Command as AsyncCommand;
use tokio::time::timeout;

use crate::support::{Client, PATIENCE};

/// More than a pipe holds.
const MUCH: u64 = 200_000;

#[tokio::test]
async fn standard_output_that_nobody_reads_does_not_keep_the_server_from_ending() {
    let data = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = AsyncCommand::new(env!("CARGO_BIN_EXE_chatctl"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-level", "debug", "--data-dir"]).arg(data.path()).current_dir(data.path());
    let mut child = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    // The command holds the writing end as well.
    drop(command);
    let mut output = BufReader::new(reader).lines();
    let line = output.find_map(|line| line.unwrap().split_once("Listening on http://").map(|(_, address)| address.to_owned())).unwrap();
    let client = Client::at(line.trim());
    let size = || std::fs::read_dir(data.path().join("logs")).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum::<u64>();
    let mut asked = 0;
    while size() < MUCH {
        client.get("/api/users/me").await.is(401);
        asked += 1;
    }
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid]).status().unwrap().success());
    let ended = timeout(PATIENCE, child.wait()).await.expect("it ends").unwrap();
    assert!(ended.success(), "{ended}");
    let written = std::fs::read_dir(data.path().join("logs")).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect::<String>();
    assert!(written.matches("request answered").count() >= asked, "the file has every line");
    drop(output);
}
