//! Input and callers that the control socket and the command line refuse.

use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;

use crate::support::{Ctl, Person, Server};

/// A system user without any rights here.
const NOBODY: u32 = 65534;

fn answer(server: &Server, frame: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(server.data().join("control.sock")).unwrap();
    // The server may disconnect before it has read everything.
    drop(stream.write_all(frame));
    drop(stream.shutdown(std::net::Shutdown::Write));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_on_the_control_socket_harms_nothing() {
    let server = Server::start().await;
    let path = server.data().join("control.sock");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    for nonsense in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"C\xff\xff\xff\xff",
        b"C\0\0\0\x09{}",
        b"",
        b"I\0\0\0\x02{}",
    ] {
        let said = answer(&server, nonsense);
        assert!(said.is_empty() || said[0] == b'E', "{nonsense:?}: {said:?}");
    }
    let unknown = br#"{"user.fly":{}}"#;
    let mut frame = vec![b'C', 0, 0, 0, u8::try_from(unknown.len()).unwrap()];
    frame.extend(unknown);
    let said = String::from_utf8_lossy(&answer(&server, &frame)[5..]).into_owned();
    assert!(said.contains("usage") && said.contains("another version"), "{said}");
    Ctl::of(&server).run(&["status"]).ends(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_is_unreachable() {
    let server = Server::start().await;
    std::fs::remove_file(server.data().join("control.sock")).unwrap();
    Ctl::of(&server).run(&["user", "list"]).fails(5, "does not answer at the control socket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_nobody_answers_is_replaced_and_a_long_path_works() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("a-very-long-name-of-a-folder-".repeat(4));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("control.sock");
    assert!(path.as_os_str().len() > 107);
    let socket = path.to_str().unwrap();
    let mut server = Server::start_with(&[("SERVER__CONTROL_SOCKET", socket)]).await;
    let ctl = Ctl::of(&server).set("SERVER__CONTROL_SOCKET", socket);
    assert_eq!(ctl.one(&["status"])["running"], true);
    server.kill9();
    assert!(path.exists(), "left behind");
    assert!(ctl.run(&["status", "-o", "json"]).ends(5).out.contains("\"running\": false"));
    server.restart().await;
    assert_eq!(ctl.one(&["status"])["running"], true);
    assert!(server.terminate().await.success());
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_connect_is_told_so() {
    let server = Server::start().await;
    std::fs::set_permissions(server.data(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let binary = tempfile::Builder::new().prefix("chatctl-binary-").tempdir().unwrap();
    std::fs::set_permissions(binary.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let copy = binary.path().join("chatctl");
    std::fs::copy(env!("CARGO_BIN_EXE_chatctl"), &copy).unwrap();
    let mut command = std::process::Command::new("setpriv");
    command
        .args([&format!("--reuid={NOBODY}"), &format!("--regid={NOBODY}"), "--clear-groups"])
        .arg(&copy);
    command.arg("--data-dir").arg(server.data()).args(["user", "list", "-o", "json"]);
    command.current_dir("/");
    let mut refused = || {
        let output = command.output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(7), "{error}");
        assert!(error.contains("not_permitted"), "{error}");
        error
    };
    refused();
    // The error names the blocking directory and the remedy.
    std::fs::set_permissions(server.data(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let error = refused();
    let directory = format!("the directory {} (mode 0700)", server.data().display());
    assert!(error.contains(&directory), "{error}");
    assert!(error.contains("nobody may not enter the directory"), "{error}");
    assert!(error.contains("[server] control_socket"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_the_superuser_makes_belong_to_the_owner_of_the_directory() {
    let mut server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    ann.public_room("lobby").await;
    assert!(server.terminate().await.success());
    give(server.data());
    Ctl::of(&server).create("ben", &[]);
    assert_eq!(foreign(server.data()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_of_the_superuser_and_what_is_restored_belong_to_the_owner_of_the_directory() {
    let mut server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    ann.public_room("lobby").await;
    ann.post("/api/media", crate::support::Body::Raw(b"some bytes".to_vec())).await.is(201);
    assert!(server.terminate().await.success());
    let home = tempfile::tempdir().unwrap();
    // The owner of the data must be able to reach it.
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let data = home.path().join("data");
    std::fs::rename(server.data(), &data).unwrap();
    give(&data);
    let ctl = Ctl::at(&data);
    let made = ctl.one(&["backup", "create"]);
    assert_eq!(foreign(&data), Vec::<String>::new(), "a backup");
    let file = home.path().join("copy.tar.zst");
    std::fs::copy(made["path"].as_str().unwrap(), &file).unwrap();
    let restore = ["backup", "restore", file.to_str().unwrap(), "--replace", "--yes"];
    let replaced = ctl.one(&restore)["replaced"].as_str().unwrap().to_owned();
    assert_eq!(foreign(&data), Vec::<String>::new(), "what is restored");
    assert_eq!(
        foreign(std::path::Path::new(&replaced)),
        Vec::<String>::new(),
        "what is kept aside"
    );
    let empty = home.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    give(&empty);
    Ctl::at(&empty).one(&restore[..3]);
    assert_eq!(foreign(&empty), Vec::<String>::new(), "what was empty");
    assert!(empty.join("chat.db").exists());
}

fn give(path: &std::path::Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path());
        }
    }
}

fn foreign(path: &std::path::Path) -> Vec<String> {
    let meta = path.symlink_metadata().unwrap();
    let mut found: Vec<String> =
        if meta.uid() == NOBODY { Vec::new() } else { vec![path.display().to_string()] };
    if meta.is_dir() {
        found.extend(
            std::fs::read_dir(path).unwrap().flat_map(|entry| foreign(&entry.unwrap().path())),
        );
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_of_several_rooms_names_none() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = async || {
        ann.room_like(&[], crate::support::RoomPlan { name: Some("twin"), public: false }).await
    };
    let (one, other) = (room().await, room().await);
    let ctl = Ctl::of(&server);
    ctl.run(&["room", "show", "twin"]).fails(4, "several rooms");
    assert_eq!(ctl.one(&["room", "show", &one])["room"], one.as_str());
    let number = other.trim_start_matches("room").trim_start_matches('0');
    assert_eq!(ctl.one(&["room", "show", number])["room"], other.as_str());
}
