//! `chatctl doctor`: each planted fault is found and reported with advice, and safe ones are
//! repaired.

mod damage;
mod reach;

use std::fs::{self, File, FileTimes, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::service::reload::Configured;
use crate::support::{Ctl, Json, Person, Server, people};

/// Returns the output lines, and the exit code.
pub(super) fn lines(ctl: &Ctl, arguments: &[&str]) -> (Vec<Json>, i32) {
    let said = ctl.run(&[&["doctor", "-o", "jsonl"], arguments].concat());
    (
        said.out
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect(),
        said.code,
    )
}

/// Returns the only line of a check.
#[track_caller]
pub(super) fn line(ctl: &Ctl, check: &str) -> Json {
    let (mut found, _) = lines(ctl, &["--only", check]);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Fails unless the check reports this finding and advice, and the exit code matches its status.
#[track_caller]
pub(super) fn finds(ctl: &Ctl, check: &str, status: &str, found: &str, advice: &str) {
    let (lines, code) = lines(ctl, &["--only", check]);
    let fits = |line: &Json| {
        let (said, told) = (
            line["found"].as_str().unwrap_or_default(),
            line["advice"].as_str().unwrap_or_default(),
        );
        line["check"] == check
            && line["status"] == status
            && said.contains(found)
            && told.contains(advice)
    };
    assert!(lines.iter().any(fits), "{check} {status} {found:?} {advice:?} is not in {lines:?}");
    assert_eq!(
        code,
        if lines.iter().any(|line| line["status"] == "failed") { 6 } else { 0 },
        "{lines:?}"
    );
}

/// Fails unless `--fix` repairs the finding and afterwards all is well.
#[track_caller]
pub(super) fn mends(ctl: &Ctl, check: &str, found: &str, done: &str) {
    let (lines, code) = lines(ctl, &["--only", check, "--fix"]);
    let fits = |line: &Json| {
        line["status"] == "fixed"
            && line["found"].as_str().unwrap().contains(found)
            && line["advice"].as_str().unwrap().contains(done)
    };
    assert!(code == 0 && lines.iter().any(fits), "{found:?} {done:?} is not in {lines:?}, {code}");
    assert_eq!(line(ctl, check)["status"], "ok");
}

pub(super) fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Returns a stopped server with some messages.
pub(super) async fn stopped(messages: usize) -> Server {
    let mut server = Server::start().await;
    talk(&server, messages).await;
    // Waits until all messages are in the search index.
    Ctl::of(&server).run(&["db", "reindex"]).ends(0);
    assert!(server.terminate().await.success());
    server
}

pub(super) async fn talk(server: &Server, messages: usize) {
    let ann = Person::new(server, "ann").await;
    let room = ann.public_room("talk").await;
    for number in 0..messages {
        let text = format!("{number} {}", "word ".repeat(300));
        ann.say(&room, &text).await;
    }
}

/// Returns the first line of a check.
pub(super) fn line_of(ctl: &Ctl, check: &str) -> Json {
    lines(ctl, &["--only", check]).0.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_healthy_server_is_well_running_and_stopped() {
    let mut server = Server::start().await;
    mode(server.data(), 0o700);
    talk(&server, 3).await;
    let ctl = Ctl::of(&server);
    let (running, code) = lines(&ctl, &[]);
    assert_eq!(code, 0, "{running:?}");
    assert!(server.terminate().await.success());
    let (still, code) = lines(&ctl, &[]);
    assert_eq!(code, 0, "{still:?}");
    let told = |lines: &[Json]| {
        lines
            .iter()
            .map(|line| format!("{} {}", line["check"], line["status"]).replace('"', ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&running), told(&still));
    for line in &still {
        match line["check"].as_str().unwrap() {
            // The disk of the test machine may have problems.
            "disk" => assert_ne!(line["status"], "skipped"),
            "acme" | "alerts" | "backup" | "certificate" | "cluster" | "copies" | "ldap"
            | "mail" | "oidc" | "otlp" | "push" | "websocket" => {
                assert_eq!(line["status"], "skipped", "{line}");
            }
            _ => assert_eq!(line["status"], "ok", "{line}"),
        }
    }
    let names: Vec<Json> =
        serde_json::from_str(&ctl.run(&["doctor", "--list", "-o", "json"]).ends(0).out).unwrap();
    let names: Vec<_> =
        names.iter().map(|check| format!("{}", check["check"]).replace('"', "")).collect();
    assert_eq!(
        told(&still)
            .iter()
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>(),
        names
    );
}

#[test]
fn what_there_is_not_is_said() {
    let home = tempfile::tempdir().unwrap();
    let ctl = Ctl::at(&home.path().join("data"));
    ctl.run(&["doctor", "--only", "permisions"]).fails(2, "did you mean permissions?");
    ctl.run(&["doctor", "--list", "--fix"]).fails(2, "--fix");
    ctl.run(&["doctor"]).fails(3, &home.path().join("data").display().to_string());
    assert!(!home.path().join("data").exists());
    finds(&ctl, "config", "ok", "defaults and environment", "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_files_are_found_and_closed_running_and_stopped() {
    let mut server = Server::start().await;
    let ctl = Ctl::of(&server);
    let (data, database, socket) = (
        server.data().to_owned(),
        server.data().join("chat.db"),
        server.data().join("control.sock"),
    );
    for running in [true, false] {
        if !running {
            assert!(server.terminate().await.success());
        }
        mode(&data, 0o755);
        mode(&database, 0o644);
        finds(
            &ctl,
            "permissions",
            "failed",
            "other users can access the data directory (mode 0755)",
            "chmod 700",
        );
        finds(&ctl, "permissions", "failed", "chat.db (mode 0644)", "chmod 600");
        if running {
            mode(&socket, 0o666);
            finds(
                &ctl,
                "permissions",
                "failed",
                "all users of this machine can administer",
                "chmod 600",
            );
        }
        mends(&ctl, "permissions", "chat.db (mode", "0600");
        let now = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((now(&data), now(&database)), (0o700, 0o600));
        mode(&data, 0o750);
        finds(
            &ctl,
            "permissions",
            "warning",
            "the group can access the data directory",
            "control_socket_group instead",
        );
        mode(&data, 0o700);
    }
    let log = server.log_files();
    assert_eq!(
        log.matches("Repaired (permissions): other users can access the data directory").count(),
        2,
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_somebody_else_is_found_and_given_back() {
    let server = stopped(0).await;
    let ctl = Ctl::of(&server);
    let other = server.data().join("media/left");
    fs::write(&other, "").unwrap();
    if std::os::unix::fs::chown(&other, Some(12_345), None).is_err() {
        eprintln!("only root can plant this");
        return;
    }
    finds(&ctl, "permissions", "failed", "media/left belongs to 12345", "chown -R");
    mends(&ctl, "permissions", "media/left belongs to 12345", "changed the owner to");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_look_is_told_so() {
    let server = stopped(0).await;
    mode(server.data(), 0o700);
    let mut command = Ctl::of(&server).command(&["doctor", "-o", "jsonl"]);
    let Ok(output) = command.uid(65_534).output() else {
        eprintln!("only root can be somebody else");
        return;
    };
    let found: Vec<Json> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let says = |check: &str, status: &str, advice: &str| {
        let fits = |line: &Json| {
            line["check"] == check
                && line["status"] == status
                && line["advice"].as_str().unwrap_or_default().contains(advice)
        };
        assert!(found.iter().any(fits), "{check} {status} {advice:?} is not in {found:?}");
    };
    assert_eq!(output.status.code(), Some(6));
    says("server", "failed", "as the owner of the data directory");
    says("permissions", "failed", "as the owner of the data directory");
    says("database", "failed", "as the owner of the data directory");
    says("search", "skipped", "");
    says("registration", "ok", "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_whose_admins_cannot_log_in_is_named() {
    let server = Server::start().await;
    let [boss, ann] = people(&server, ["boss", "ann"]).await;
    let room = boss.public_room("Lounge").await;
    ann.post(&format!("/api/chatrooms/{room}/join"), serde_json::json!({})).await.is(200);
    let ctl = Ctl::of(&server);
    finds(&ctl, "rooms", "ok", "each room", "");
    // There is no other user to pass it to.
    ctl.run(&["user", "mark", "ann", "--bot"]).ends(0);
    ctl.run(&["user", "disable", "boss"]).ends(0);
    finds(&ctl, "rooms", "warning", &room, "chatctl room role");
    ctl.run(&["user", "mark", "ann", "--no-bot"]).ends(0);
    ctl.run(&["room", "role", &room, "ann", "admin"]).ends(0);
    finds(&ctl, "rooms", "ok", "each room", "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told() {
    let home = tempfile::tempdir().unwrap();
    let mount = |arguments: &[&str]| {
        std::process::Command::new("mount")
            .args(arguments)
            .arg(home.path())
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !mount(&["-t", "tmpfs", "-o", "size=400m,nr_inodes=200,mode=700", "tmpfs"]) {
        eprintln!("mounting is not allowed here");
        return;
    }
    let data = home.path().join("data");
    let ctl = Ctl::at(&data);
    let checked = std::panic::catch_unwind(|| {
        ctl.run_with(
            &["user", "create", "root", "--admin", "--init", "--password-stdin"],
            "long enough\n",
        )
        .ends(0);
        finds(
            &ctl,
            "disk",
            "warning",
            "free on the file system of the data directory",
            "chatctl backup prune",
        );
        let full = File::create(home.path().join("full")).unwrap();
        (&full).write_all(&vec![0; 320 << 20]).unwrap();
        finds(
            &ctl,
            "disk",
            "failed",
            "free on the file system of the data directory",
            "Free space",
        );
        full.set_len(0).unwrap();
        for number in 0..1000 {
            if File::create(home.path().join(format!("n{number}"))).is_err() {
                break;
            }
        }
        finds(&ctl, "disk", "failed", "room for 0 more files", "Free space");
    });
    let unmounted = std::process::Command::new("umount").arg(home.path()).status().unwrap();
    assert!(checked.is_ok() && unmounted.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_cannot_be_used_is_a_line_like_any_other() {
    let server = stopped(0).await;
    let ctl = Ctl::of(&server);
    let broken = ctl.clone().set("ROOMS__IDLE_TIMOUT_SECONDS", "5");
    finds(
        &broken,
        "config",
        "failed",
        "did you mean idle_timeout_seconds?",
        "chatctl config check",
    );
    let (all, code) = lines(&broken, &[]);
    assert!(code == 6 && all[1..].iter().all(|line| line["status"] == "skipped"), "{all:?}");
    let (two, code) = lines(&broken, &["--only", "disk"]);
    assert_eq!((two.len(), code, two[0]["check"].as_str()), (2, 6, Some("config")));
    for (key, value, status, found) in [
        ("SERVER__PUBLIC_URL", "chat.example", "failed", "public_url is"),
        ("SERVER__ALLOWED_ORIGINS", "*", "failed", "which no browser sends"),
        ("LIMITS__MAX_FRAME_BYTES", "1000", "warning", "max_frame_bytes is 1000"),
        ("BACKUP__KEEP", "3", "warning", "automatic backups are off"),
        ("AUTH__ACCESS_TOKEN_MINUTES", "100000", "warning", "longer than sessions"),
    ] {
        finds(&ctl.clone().set(key, value), "config", status, found, "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_socket_is_removed_and_a_silent_server_is_told() {
    let mut server = Server::start().await;
    let (ctl, socket) = (Ctl::of(&server), server.data().join("control.sock"));
    finds(&ctl, "server", "ok", "running", "");
    fs::remove_file(&socket).unwrap();
    finds(&ctl, "server", "failed", "does not answer at the control socket", "end the process");
    let (all, code) = lines(&ctl, &["--fix"]);
    assert!(code == 6 && all.len() >= 15, "the files are looked at all the same: {all:?}");
    server.kill9();
    finds(&ctl, "server", "ok", "no server is running", "");
    drop(UnixListener::bind(&socket).unwrap());
    finds(&ctl, "server", "warning", "a crashed one left its socket", "--fix");
    mends(&ctl, "server", "a crashed one left", "removed");
    assert!(!socket.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_wrong_is_seen_from_what_it_has_left() {
    let server = stopped(1).await;
    let ctl = Ctl::of(&server);
    let later = SystemTime::now() + Duration::from_hours(24);
    File::options()
        .write(true)
        .open(server.data().join("chat.db"))
        .unwrap()
        .set_times(FileTimes::new().set_modified(later))
        .unwrap();
    finds(&ctl, "clock", "warning", "the time of the newest file is", "NTP");
    // A message from the future affects the times of new messages in its room.
    let database = rusqlite::Connection::open(server.data().join("chat.db")).unwrap();
    let millis =
        i64::try_from(later.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()).unwrap();
    assert!(database.execute("UPDATE rooms SET last_time = ?1", [millis]).unwrap() > 0);
    drop(database);
    finds(&ctl, "clock", "warning", "is later than the clock", "Times never go back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_another_configuration_is_not_mixed_with_it() {
    let it = Configured::start("[auth]\npassword_min_length = 9\n").await;
    let (folder, used) = (tempfile::tempdir().unwrap(), it.ctl().one(&["status"]));
    let used = used["config_file"].as_str().unwrap();
    let other = folder.path().join("other.toml");
    let of_status = |lines: &[Json], status: &str| -> Vec<String> {
        let found = lines.iter().filter(|line| line["status"] == status);
        found.map(|line| line["check"].as_str().unwrap().to_owned()).collect()
    };
    let ctl = Ctl::of(&it.server);
    let named = ctl.clone().set("CONFIG", other.to_str().unwrap());
    fs::write(&other, "[backup]\nkeep = 3\n").unwrap();
    let said = named.run(&["doctor"]);
    let told =
        format!("Checking the configuration {}. The running server uses {used}", other.display());
    assert!(said.err.contains(&told), "{said:?}");
    let (all, code) = lines(&named, &[]);
    assert_eq!((of_status(&all, "warning"), code), (vec!["config".to_owned()], 0), "{all:?}");
    assert_eq!(of_status(&all, "skipped").len(), all.len() - 1, "{all:?}");
    let told = format!("Run: chatctl doctor --config {used}.");
    // What it says is tried out.
    let tried = ["mail", "oidc", "push", "ldap"];
    let others = all[1..].iter().filter(|line| !tried.contains(&line["check"].as_str().unwrap()));
    assert!(others.clone().count() > 20, "{all:?}");
    assert!(others.clone().all(|line| line["advice"] == told), "{all:?}");
    // One that cannot be read.
    fs::write(&other, "[backup]\nkep = 3\n").unwrap();
    let (all, code) = lines(&named, &[]);
    assert_eq!((of_status(&all, "failed"), code), (vec!["config".to_owned()], 6), "{all:?}");
    assert_eq!(of_status(&all, "skipped").len(), all.len() - 1, "{all:?}");
    // Without a name, that of the server is checked, all of it.
    let said = ctl.run(&["doctor", "-o", "jsonl"]);
    assert!(said.err.contains(&format!("The running server uses {used}. That")), "{said:?}");
    assert!(said.out.contains(&format!("no problems in {used}")), "{said:?}");
    assert!(!said.out.contains("the running server uses"), "{said:?}");
    let same = it.ctl().run(&["doctor"]);
    assert!(!same.err.contains("The running server uses"), "{same:?}");
}
