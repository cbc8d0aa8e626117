//! SIGINT, SIGTERM and SIGHUP to a command held at a known point: exit code 130, and nothing
//! incomplete is left.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::json;

use crate::support::{Ctl, Person, Server};

const SIGNALS: [&str; 3] = ["INT", "TERM", "HUP"];

fn send(signal: &str, child: &Child) {
    let sent = Command::new("sh")
        .args(["-c", "kill -\"$0\" \"$1\"", signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

fn begin(ctl: &Ctl, arguments: &[&str]) -> Child {
    ctl.command(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[track_caller]
fn ended(child: Child, signal: &str) {
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!(
        status.code(),
        Some(130),
        "SIG{signal}: {status}: {}",
        String::from_utf8_lossy(&stderr)
    );
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Returns text that hardly compresses.
fn noise(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    };
    std::iter::repeat_with(next).take(32).collect()
}

/// Returns a stopped server with so many messages that their export exceeds any pipe.
async fn talkative() -> (Server, String) {
    let mut server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("lobby").await;
    let mut socket = ann.enter(&room).await;
    for part in 0..20 {
        let frames: Vec<_> = (0..50)
            .map(|n| json!({"type": "chat_message", "content": noise(part * 50 + n)}))
            .collect();
        socket.send_all(&frames).await;
        for _ in 0..50 {
            socket.until("message_sent").await;
        }
    }
    drop(socket);
    assert!(server.terminate().await.success());
    (server, room)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_before_any_work_is_an_interruption() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let dir = tempfile::tempdir().unwrap();
    let password = dir.path().join("password");
    fifo(&password);
    for signal in SIGNALS {
        let child =
            begin(&ctl, &["user", "create", "ann", "--password-file", password.to_str().unwrap()]);
        // Opened once the command has opened it too, which then waits for a line.
        let held = OpenOptions::new().write(true).open(&password).unwrap();
        send(signal, &child);
        ended(child, signal);
        drop(held);
    }
    assert!(ctl.all(&["user", "list"]).is_empty(), "nothing was made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupt_leaves_everything_whole() {
    let (mut server, room) = talkative().await;
    let ctl = Ctl::of(&server);
    for signal in SIGNALS {
        for arguments in
            [&["room", "export", "lobby"][..], &["export", "-"], &["backup", "create", "-"]]
        {
            let mut child = begin(&ctl, arguments);
            let mut output = child.stdout.take().unwrap();
            // The first bytes have arrived, the rest waits for a reader.
            output.read_exact(&mut [0; 16]).unwrap();
            send(signal, &child);
            ended(child, signal);
            drop(output);
        }
    }
    let left: Vec<_> = std::fs::read_dir(server.data())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        !left.iter().any(|name| name.starts_with("export-") || name.starts_with("backup-")),
        "{left:?}"
    );
    assert_eq!(
        ctl.all(&["room", "export", "lobby"])
            .iter()
            .filter(|line| line["type"] == "message")
            .count(),
        1_000
    );
    ctl.run(&["db", "check"]).ends(0);
    server.restart().await;
    Person::known(&server, "ann").await.say(&room, "the chat goes on").await;
}

/// Simulates a server that sends some bytes in reply to a command and then hangs.
fn silent(data: &Path) -> std::thread::JoinHandle<Vec<std::os::unix::net::UnixStream>> {
    let socket = data.join("control.sock");
    drop(std::fs::remove_file(&socket));
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        SIGNALS
            .iter()
            .map(|_| {
                let (mut stream, _) = listener.accept().unwrap();
                stream.write_all(b"B\0\0\0\x04part").unwrap();
                stream
            })
            .collect()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_part_of_a_file_is_left() {
    let mut server = Server::start().await;
    server.terminate().await;
    let ctl = Ctl::of(&server);
    let dir = tempfile::tempdir().unwrap();
    let held = silent(server.data());
    for signal in SIGNALS {
        let file = dir.path().join("all.jsonl");
        let child = begin(&ctl, &["export", file.to_str().unwrap()]);
        while !dir.path().join("all.jsonl.part").exists() {
            std::thread::yield_now();
        }
        send(signal, &child);
        ended(child, signal);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "SIG{signal}");
    }
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_given_up() {
    let mut server = Server::start().await;
    server.terminate().await;
    let _held = silent(server.data());
    Ctl::of(&server).run(&["status"]).fails(5, "the server does not answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_and_an_export_through_a_pipe_are_whole() {
    let (server, _) = talkative().await;
    let ctl = Ctl::of(&server);
    let dir = tempfile::tempdir().unwrap();
    for (arguments, name) in
        [(&["backup", "create", "-"][..], "all.tar.zst"), (&["export", "-"], "all.jsonl")]
    {
        let file = dir.path().join(name);
        let to = std::fs::File::create(&file).unwrap();
        assert!(ctl.command(arguments).stdout(to).status().unwrap().success());
    }
    let backup = dir.path().join("all.tar.zst");
    ctl.run(&["backup", "verify", backup.to_str().unwrap()]).ends(0);
    let new = Ctl::at(&dir.path().join("new"));
    new.run(&["import", dir.path().join("all.jsonl").to_str().unwrap()]).ends(0);
    assert_eq!(new.one(&["db", "stats"])["messages"], 1_000);
}
