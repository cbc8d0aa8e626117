//! Executes the `sh` blocks of each page, as written and in order, with the real binary in a
//! temporary directory.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::{Page, root};
use crate::support::picture;
use crate::transfer::small_slack_export;

/// Environment of the commands; the rest is in bash.
const PRELUDE: &str = include_str!("prelude.sh");
/// Directories of the examples, and their replacements in the test.
const DIRECTORIES: [(&str, &str); 2] =
    [("/var/lib/chatctl", "\"$PWD\"/data"), ("/mnt/backups", "\"$PWD\"/backups")];

/// Executes a page; returns the output of its commands. Scenes: `none`, `server` (running and
/// empty), `people` (ann, an administrator, and bob are in the public room `general`).
fn run(path: &str, scene: &str) -> String {
    let page = Page::read(path.as_ref());
    let folder = tempfile::tempdir().expect("a directory");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("cat.png"), picture(4, 4)).expect("a picture");
    fs::write(at("parrot.png"), picture(4, 4)).expect("a picture");
    small_slack_export(&at("slack-export.zip"));
    fs::create_dir(at("backups")).expect("a directory");
    fs::create_dir(at("bin")).expect("a directory");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_chatctl"), at("bin/chatctl")).expect("a link");

    let mut script = format!("scene={scene}\n{PRELUDE}\n");
    let blocks = page.blocks();
    let blocks: Vec<_> = blocks.iter().filter(|block| block.language == "sh").collect();
    assert!(!blocks.is_empty(), "no commands in {path}");
    for block in blocks {
        let text = DIRECTORIES
            .iter()
            .fold(block.text.clone(), |text, (shown, used)| text.replace(shown, used));
        for (at, line) in text.lines().enumerate() {
            // Standard error shows where it failed; endless responses are ended.
            let number = block.line + at;
            writeln!(script, "echo '--- {path}:{number}' >&2\n{line}\necho").expect("a text");
        }
    }
    let search =
        format!("{}:{}", at("bin").display(), std::env::var("PATH").expect("a search path"));
    let mut bash = Command::new("bash");
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CHATCTL_"))
    {
        bash.env_remove(name);
    }
    let output = bash
        .args(["-c", &script])
        .env("PATH", search)
        .env("CHATCTL_SERVER__LISTEN", "127.0.0.1:0")
        .current_dir(folder.path())
        .output()
        .expect("bash");
    let (printed, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{path}\n{printed}\n{errors}");
    printed.into_owned()
}

/// Returns the JSON objects in the output.
fn answers(printed: &str) -> Vec<Value> {
    printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn every_page_with_commands_is_run() {
    let source = include_str!("commands.rs");
    let commands = |page: &Page| page.blocks().iter().any(|block| block.language == "sh");
    for page in super::pages().iter().filter(|page| commands(page)) {
        assert!(source.contains(&format!("run(\"{}\"", page.path)), "{} is not run", page.path);
    }
}

#[test]
fn the_first_ten_minutes() {
    let readme = fs::read_to_string(root().join("README.md")).expect("a README");
    assert!(readme.contains("\ncargo run --release -- serve\n") && readme.contains("\ntests/run "));
    let printed = run("README.md", "none");
    let sent = answers(&printed);
    assert!(sent.iter().any(|answer| answer["content"] == "Build 17 passed."), "{printed}");
    for part in ["running ", "registration", "backups/chatctl-"] {
        assert!(printed.contains(part), "no {part:?} in\n{printed}");
    }
}

#[test]
fn a_session_with_each_api() {
    let printed = run("docs/api.md", "server");
    assert!(!printed.contains("\"status\":false"), "{printed}");
    let answers = answers(&printed);
    // The last result of each dialect, to which its section leads.
    let has = |wanted: &dyn Fn(&Value) -> bool| assert!(answers.iter().any(wanted), "{printed}");
    has(&|answer| answer["messages"][0]["content"] == "hello" && answer["epoch"].is_string());
    has(&|answer| answer["media"][0]["id"] == 1 && answer["content"] == "look");
    has(&|answer| answer["data"]["name"] == "Study" && answer["status"] == "success");
    has(&|answer| answer["name"] == "Lounge" && answer["owner"] == "cleo");
    has(&|answer| answer["users"][0] == json!({"id": 1, "login": "ann"}));
    has(&|answer| answer["token"].as_str().is_some_and(|token| token.len() == 40));
    has(&|answer| answer["items"][0]["name"] == "bob" && answer["items"][0]["disabled"] == true);
}

#[test]
fn administration() {
    let printed = run("docs/administration.md", "people");
    assert!(printed.contains("No problems"), "{printed}");
}

#[test]
fn install() {
    let printed = run("docs/install.md", "people");
    assert!(printed.contains("database      ok"), "{printed}");
}

#[test]
fn service() {
    let printed = run("docs/service.md", "people");
    assert!(printed.contains("need restart"), "{printed}");
}

#[test]
fn integrations() {
    let printed = run("docs/integrations.md", "people");
    assert!(printed.contains("Build 17 passed."), "{printed}");
}

#[test]
fn rooms() {
    let printed = run("docs/rooms.md", "people");
    let pinned = answers(&printed)
        .iter()
        .any(|answer| answer["pins"][0]["message"]["content"] == "Meeting notes");
    assert!(pinned, "{printed}");
}

#[test]
fn configuration() {
    let printed = run("docs/configuration.md", "people");
    assert!(printed.contains("max_bytes = 52428800"), "{printed}");
}

#[test]
fn backups() {
    let printed = run("docs/backups.md", "people");
    for part in ["monday.tar.zst", "data.replaced-"] {
        assert!(printed.contains(part), "no {part:?} in\n{printed}");
    }
}

#[test]
fn import_and_export() {
    run("docs/import-export.md", "people");
}

#[test]
fn monitoring() {
    let printed = run("docs/monitoring.md", "people");
    for part in ["\"status\":\"ok\"", "chatctl_build_info{", "[INFO]"] {
        assert!(printed.contains(part), "no {part:?} in\n{printed}");
    }
}

#[test]
fn troubleshooting() {
    let printed = run("docs/troubleshooting.md", "people");
    assert!(printed.contains("README.txt"), "{printed}");
}

#[test]
fn several_servers() {
    run("docs/cluster.md", "people");
}

#[test]
fn upgrading() {
    run("docs/upgrading.md", "people");
}
