//! The README's own words: every `curl` in it, run as it is written, in its order.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Server, picture};

/// Where the README says that the server is.
const WRITTEN: &str = "http://127.0.0.1:8080";
/// Whatever is refused ends the script; what went wrong is told.
const STRICT: &str = "set -eu -o pipefail\ncurl() { command curl --silent --show-error --noproxy \
                      '*' --fail-with-body \"$@\"; }\n";

/// The lines of the blocks of shell that ask the server, with the heading above each.
fn lines() -> Vec<(String, String)> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))
        .expect("a README");
    let (mut heading, mut fence, mut found) = (String::new(), String::new(), Vec::new());
    for line in readme.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            kind.clone_into(&mut fence);
        } else if fence == "sh" && line.contains("curl ") {
            found.push((heading.clone(), line.to_owned()));
        } else if fence.is_empty() && line.starts_with('#') {
            line.clone_into(&mut heading);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_does_what_it_is_shown_for() {
    let lines = lines();
    for dialect in ["`chatrooms`", "`chats`", "`rooms`", "`v1`", "`realtime`"] {
        let shown = lines.iter().filter(|(heading, _)| heading.contains(dialect)).count();
        assert!(shown >= 2, "{shown} commands of {dialect}");
    }
    let server = Server::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("cat.png"), picture(4, 4)).expect("a picture");
    let mut script = STRICT.to_owned();
    for (at, (_, line)) in lines.iter().enumerate() {
        // A line on standard error tells which command speaks.
        writeln!(script, "echo '--- {at}' >&2\n{}\necho", line.replace(WRITTEN, &server.url()))
            .expect("a text");
    }
    let run = tokio::task::spawn_blocking(move || {
        Command::new("bash").args(["-c", &script]).current_dir(directory.path()).output()
    });
    let output = run.await.expect("a thread").expect("bash");
    let (said, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{lines:#?}\n{said}\n{errors}");
    assert!(!said.contains("\"status\":false"), "{said}");

    // The last word of each dialect: what the whole section leads to.
    let answers: Vec<Value> =
        said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let has = |wanted: &dyn Fn(&Value) -> bool| assert!(answers.iter().any(wanted), "{said}");
    has(&|answer| answer["messages"][0]["content"] == "hello" && answer["epoch"].is_string());
    has(&|answer| answer["media"][0]["id"] == 1 && answer["content"] == "look");
    has(&|answer| answer["data"]["name"] == "Study" && answer["status"] == "success");
    has(&|answer| answer["name"] == "Lounge" && answer["owner"] == "cleo");
    has(&|answer| answer["users"][0] == json!({"id": 1, "login": "ann"}));
    has(&|answer| answer["token"].as_str().is_some_and(|token| token.len() == 40));
}
