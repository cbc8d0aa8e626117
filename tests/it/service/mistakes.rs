//! A configuration that was changed, or has mistakes, while the server runs with the previous one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use super::reload::Configured;
use crate::support::{Ctl, Said};

const TYPO: &str = "[limits]\nmax_conections = 5\n";

/// Returns the finding of `doctor` about changes, on one line.
#[track_caller]
fn changes(ctl: &Ctl, code: i32) -> String {
    let said = ctl.run(&["doctor", "--only", "changes", "-o", "jsonl"]);
    said.ends(code).out.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_tells_what_was_changed_and_what_it_takes() {
    let it = Configured::start("").await;
    assert!(changes(&it.ctl(), 0).contains("\"ok\""));
    let text = "[auth]\nregistration = \"closed\"\n[rooms]\nrecent_messages = 7\n";
    it.write(text);
    let said = changes(&it.ctl(), 0);
    assert!(said.contains("changed, but not yet loaded: auth.registration"), "{said}");
    assert!(said.contains("only in force after a restart: rooms.recent_messages"), "{said}");
    it.reload(text);
    let said = changes(&it.ctl(), 0);
    assert!(!said.contains("not yet loaded") && said.contains("rooms.recent_messages"), "{said}");
    it.write(TYPO);
    let said = changes(&it.ctl(), 6);
    assert!(said.contains("cannot be used: unknown key max_conections"), "{said}");
    let folder = tempfile::tempdir().unwrap();
    let stopped = Ctl::at(folder.path());
    stopped.run(&["user", "create", "ann", "--admin", "--init", "--generate"]).ends(0);
    assert!(changes(&stopped, 0).contains("reads the configuration when it starts"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistake_does_not_keep_commands_from_the_running_server() {
    let mut it = Configured::start("[backup]\ndirectory = \"kept\"\n").await;
    it.ctl().create("ann", &[]);
    it.write(TYPO);
    let warned = |said: &Said| {
        assert!(said.err.contains("warning: 1 problem in the configuration:"), "{said:?}");
        assert!(said.err.contains("did you mean max_connections?"), "{said:?}");
        assert!(said.err.contains("is used nevertheless"), "{said:?}");
    };
    let status = it.ctl().run(&["status", "-o", "json"]);
    warned(status.ends(0));
    assert!(status.out.contains("\"running\": true"), "{status:?}");
    for command in [&["user", "list"][..], &["db", "check"], &["log", "level"], &["backup", "list"]]
    {
        warned(it.ctl().run(command).ends(0));
    }
    // The server knows where its backups are.
    warned(it.ctl().run(&["backup", "create"]).ends(0));
    assert_eq!(std::fs::read_dir(it.server.data().join("kept")).unwrap().count(), 1);
    assert!(!it.server.data().join("backups").exists());
    let doctor = it.ctl().run(&["doctor", "-o", "jsonl"]);
    let found: Vec<serde_json::Value> =
        doctor.ends(6).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let status = |check: &str| {
        found.iter().find(|finding| finding["check"] == check).unwrap()["status"].clone()
    };
    assert_eq!((status("config"), status("database")), (json!("failed"), json!("ok")));
    // What works on the data itself, or changes the configuration in effect, needs a correct one.
    it.ctl().run(&["reload"]).fails(1, "unknown key max_conections");
    it.ctl().run(&["config", "check"]).fails(6, "unknown key max_conections");
    it.server.terminate().await;
    for command in [&["status"][..], &["user", "list"], &["backup", "create"]] {
        it.ctl().run(command).fails(2, "unknown key max_conections");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moved_control_socket_needs_a_restart_and_commands_find_the_former_one() {
    let mut it = Configured::start("").await;
    let (in_force, need_restart) = it.reload("[server]\ncontrol_socket = \"moved.sock\"\n");
    assert_eq!((in_force, need_restart), (json!([]), json!(["server.control_socket"])));
    let said = it.ctl().run(&["user", "list"]);
    assert!(said.ends(0).err.contains("moved.sock is used after a restart"), "{said:?}");
    it.server.terminate().await;
    it.server.restart().await;
    let said = it.ctl().run(&["user", "list"]);
    assert_eq!(said.ends(0).err, "");
    assert!(it.server.data().join("moved.sock").exists());
    let doctor = it.ctl().run(&["doctor", "--only", "changes"]);
    assert!(doctor.ends(0).out.contains("as it is now"), "{doctor:?}");
}

/// Runs a command without `--data-dir`.
fn plainly(file: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatctl"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CHATCTL_") {
            command.env_remove(name);
        }
    }
    command.arg("--config").arg(file).args(arguments);
    command
}

#[test]
fn a_moved_data_directory_needs_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let write = |data: &str| {
        let text = format!("[server]\nlisten = [\"127.0.0.1:0\"]\ndata_dir = \"{data}\"\n");
        std::fs::write(&file, text).unwrap();
    };
    write("one");
    let mut serve = plainly(&file, &["serve"]);
    let mut server = serve.stdout(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(server.stdout.take().unwrap());
    let mut lines = output.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("server started") || line.contains("Data in ")));
    write("two");
    let lost = plainly(&file, &["reload"]).output().unwrap();
    let former = folder.path().join("one").display().to_string();
    let found = plainly(&file, &["--data-dir", &former, "reload", "-o", "json"]).output().unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(lost.status.code(), Some(3));
    let said = String::from_utf8_lossy(&lost.stderr);
    assert!(said.contains("chatctl --data-dir FORMER reload"), "{said}");
    let said = String::from_utf8_lossy(&found.stdout);
    assert!(said.contains("\"server.data_dir\""), "{found:?}");
}
