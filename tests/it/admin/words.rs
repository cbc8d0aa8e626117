//! Output for administrators: exit codes for scripts, confirmations, and machine-readable formats.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::json;

use crate::cli::{chatctl, code, errors};
use crate::support::{Ctl, Json, Person, RoomPlan, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generated_password_is_told_when_it_holds() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let said = ctl.run(&["user", "create", "ann", "--generate"]);
    let password = said.ends(0).err.trim().strip_prefix("Password: ").unwrap().to_owned();
    assert!(!said.out.contains(&password));
    let taken = ctl.run(&["user", "create", "ann", "--generate"]);
    assert!(
        taken.ends(4).err.contains("taken") && !taken.err.contains("Password"),
        "{}",
        taken.err
    );
    let said = ctl.run(&["user", "passwd", "ann", "--generate", "-o", "json"]);
    let shown: Json = serde_json::from_str(&said.ends(0).out).unwrap();
    assert_eq!(said.err, "");
    let password = shown["password"].as_str().unwrap();
    crate::support::Client::new(&server)
        .post("/api/login", json!({"userId": "ann", "password": password}))
        .await
        .is(200);
    let nowhere =
        Ctl::at(&server.data().join("none")).run(&["user", "create", "ben", "--generate"]);
    assert!(!nowhere.ends(3).err.contains("Password"), "{}", nowhere.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_administrator_is_asked_about() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ann", &["--admin"]);
    ctl.create("ben", &[]);
    for verb in ["demote", "disable", "delete"] {
        let said = ctl.run(&["user", verb, "ann"]);
        assert!(
            said.ends(2).err.contains("last administrator") && said.err.contains("--yes"),
            "{}",
            said.err
        );
        assert_eq!(ctl.one(&["user", "show", "ann"])["admin"], true, "{verb}");
    }
    ctl.run(&["user", "demote", "ben"]).ends(0);
    ctl.run(&["user", "promote", "ben"]).ends(0);
    ctl.run(&["user", "demote", "ann"]).ends(0);
    ctl.run(&["user", "disable", "ben", "--yes"]).ends(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_goes_with_its_last_participant_is_asked_about() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let ann = Person::new(&server, "ann").await;
    let room = ann.room_like(&[], RoomPlan { name: Some("attic"), public: false }).await;
    ann.say(&room, "one").await;
    let said = ctl.run(&["room", "remove", &room, "ann"]);
    assert!(
        said.ends(2).err.contains("is deleted with 1 message.") && said.err.contains("--yes"),
        "{}",
        said.err
    );
    assert_eq!(ctl.one(&["room", "show", &room])["members"], 1);
    ctl.run(&["room", "remove", &room, "ann", "--yes"]).ends(0);
    ctl.run(&["room", "show", &room]).ends(3);
    server.wait_for_log(&["Chat room deleted.", &room]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_one_array_and_one_line_each() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("lobby").await;
    let messages = |ctl: &Ctl| -> Json {
        serde_json::from_str(&ctl.run(&["room", "messages", "lobby", "-o", "json"]).ends(0).out)
            .unwrap()
    };
    assert_eq!(messages(&ctl), json!([]));
    ann.say(&room, "Build #1\nfailed on main").await;
    assert_eq!(messages(&ctl)[0]["content"], "Build #1\nfailed on main");
    let table = ctl.run(&["room", "messages", "lobby"]);
    assert!(table.ends(0).out.contains("ann: Build #1⏎failed on main"), "{}", table.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_printed_as_it_stands_in_the_file_until_the_server_stops() {
    let mut server = Server::start().await;
    Person::new(&server, "ann").await;
    let mut tail = Ctl::of(&server)
        .command(&["log", "tail", "-n", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let line = BufReader::new(tail.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    server.terminate().await;
    let ended = tail.wait_with_output().unwrap();
    assert_eq!(
        (ended.status.code(), String::from_utf8(ended.stderr).unwrap().as_str()),
        (Some(5), "error: the server has stopped\n")
    );
    assert!(server.log_files().lines().any(|written| written == line), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_is_read_by_people_and_by_programs() {
    let mut server = Server::start().await;
    let ctl = Ctl::of(&server);
    let table = ctl.run(&["status"]);
    let first: Vec<&str> = table
        .ends(0)
        .out
        .lines()
        .take(2)
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(first, ["running", "store"]);
    assert!(
        table.out.lines().any(|line| line.starts_with("database bytes") && line.ends_with('B')),
        "{}",
        table.out
    );
    let shown = ctl.one(&["status"]);
    assert!(
        shown["database_bytes"].as_u64().unwrap() >= shown["wal_bytes"].as_u64().unwrap(),
        "{shown}"
    );
    server.terminate().await;
    assert!(ctl.run(&["status"]).ends(5).out.starts_with("running"));
}

#[test]
fn a_configuration_is_checked_as_the_server_would() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    let check = |text: &str| {
        std::fs::write(&file, text).unwrap();
        chatctl(dir.path(), &[], &["config", "check"])
    };
    assert_eq!(code(&check("[media]\nmax_bytes = \"25MB\"\n")), Some(0));
    let output =
        check("[server]\ntls_cert = \"/nowhere/cert.pem\"\ntls_key = \"/nowhere/key.pem\"\n");
    assert!(
        code(&output) == Some(6) && errors(&output).contains("/nowhere/cert.pem"),
        "{}",
        errors(&output)
    );
    let output = check(
        "[server]\npublic_url = \"chat.example.org\"\nallowed_origins = \
         [\"example.org/\"]\nheartbeat_seconds = 0\n[media]\nmax_bytes = \"much\"\n",
    );
    for part in ["heartbeat_seconds", "max_bytes = \"much\" is not a size"] {
        assert!(
            code(&output) == Some(6) && errors(&output).contains(part),
            "{part}: {}",
            errors(&output)
        );
    }
    let output = check("[server]\npublic_url = \"chat.example.org\"\n");
    assert!(
        code(&output) == Some(6) && errors(&output).contains("chat.example.org"),
        "{}",
        errors(&output)
    );
    // Unusable directories.
    std::fs::write(dir.path().join("a file"), "").unwrap();
    let taken = dir.path().join("a file").display().to_string();
    for (text, part) in [
        (format!("[backup]\ndirectory = {taken:?}\n"), "[backup] directory is"),
        (format!("[backup]\ndirectory = {:?}\n", format!("{taken}/below")), "is not a directory"),
        ("[backup]\ndirectory = \"/proc/backups\"\n".to_owned(), "cannot store files"),
        (format!("[media]\ndirectory = {taken:?}\n"), "[media] directory is"),
        (format!("[log]\ndirectory = {taken:?}\n"), "[log] directory is"),
        (format!("[database]\npath = {:?}\n", format!("{taken}/chat.db")), "[database] path is"),
    ] {
        let output = check(&text);
        let said = errors(&output);
        assert!(code(&output) == Some(6) && said.contains(part), "{text}: {said}");
    }
    let elsewhere = dir.path().join("not there yet/backups").display().to_string();
    assert_eq!(code(&check(&format!("[backup]\ndirectory = {elsewhere:?}\n"))), Some(0));
    let output = chatctl(
        dir.path(),
        &[("CHATCTL_SERVER__DATA_DIR", ""), ("CHATCTL_CONFIG", "/dev/null")],
        &["config", "check"],
    );
    assert!(
        code(&output) == Some(6) && errors(&output).contains("[server] data_dir must not be empty"),
        "{}",
        errors(&output)
    );
}

#[test]
fn an_environment_that_is_not_unicode_is_no_panic() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"\xff");
    let run = |name: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_chatctl"));
        command.env(name, odd).current_dir(dir.path()).args(["status"]).output().unwrap()
    };
    assert_eq!(code(&run("FOO")), Some(3));
    let output = run("CHATCTL_LOG__LEVEL");
    assert!(
        code(&output) == Some(2) && errors(&output).contains("CHATCTL_LOG__LEVEL"),
        "{}",
        errors(&output)
    );
}

#[test]
fn another_programs_configuration_is_in_nobodys_way() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), "concurrent = 4\n[[runners]]\nname = \"ci\"\n")
        .unwrap();
    let output = chatctl(dir.path(), &[], &["config", "show", "--effective"]);
    assert!(
        code(&output) == Some(0) && errors(&output).contains("config.toml was ignored"),
        "{}",
        errors(&output)
    );
}

#[test]
fn the_version_says_what_the_binary_is() {
    let dir = tempfile::tempdir().unwrap();
    let text =
        |arguments: &[&str]| String::from_utf8(chatctl(dir.path(), &[], arguments).stdout).unwrap();
    let long = text(&["--version"]);
    assert!(
        long.starts_with(&format!("chatctl {} (", env!("CARGO_PKG_VERSION")))
            && long.contains("SQLite 3."),
        "{long}"
    );
    let shown: Json = serde_json::from_str(&text(&["version", "-o", "json"])).unwrap();
    assert!(
        shown["sqlite"].as_str().unwrap().starts_with("3.") && shown["target"].is_string(),
        "{shown}"
    );
    chatctl(dir.path(), &[], &["manpages", "man"]);
    let page = std::fs::read_to_string(dir.path().join("man/chatctl-config.5")).unwrap();
    assert!(page.contains("heartbeat_seconds") && page.contains("[backup]"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_waits_for_a_command_that_holds_the_lock() {
    let mut server = Server::start().await;
    server.terminate().await;
    let lock = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(server.data().join("lock"))
        .unwrap();
    lock.lock().unwrap();
    let mut command = Ctl::of(&server).command(&["serve"]);
    let mut child = command
        .env("CHATCTL_SERVER__LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stderr.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(told.contains("waiting"), "{told}");
    drop(lock);
    assert!(
        BufReader::new(child.stdout.take().unwrap())
            .lines()
            .any(|line| line.unwrap().starts_with("Data in "))
    );
    child.kill().unwrap();
    child.wait().unwrap();
}
