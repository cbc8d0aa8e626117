//! Questions asked on a terminal.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::support::{Ctl, Person, Server};

/// Runs a command on a terminal and answers its questions, each once it is shown. Returns the
/// complete output and the exit code.
fn on_a_terminal(ctl: &Ctl, arguments: &[&str], answers: &[(&str, &str)]) -> (String, i32) {
    let command = ctl.command(arguments);
    let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap());
    let line = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(quoted)
        .collect::<Vec<_>>()
        .join(" ");
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--echo", "never", "--command", &line, "/dev/null"])
        .current_dir("/");
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    for (question, answer) in answers {
        let mut from = shown.len();
        while !String::from_utf8_lossy(&shown[from..]).contains(question) {
            let mut byte = [0];
            assert_eq!(
                output.read(&mut byte).unwrap(),
                1,
                "ended before {question:?}: {}",
                String::from_utf8_lossy(&shown)
            );
            shown.push(byte[0]);
            from = from.min(shown.len());
        }
        input.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    output.read_to_end(&mut shown).unwrap();
    (String::from_utf8_lossy(&shown).into_owned(), child.wait().unwrap().code().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_are_asked_for_twice_and_never_shown() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let (shown, code) = on_a_terminal(
        &ctl,
        &["user", "create", "ann"],
        &[("Password: ", "secret of ann"), ("Repeat password: ", "secret of ann")],
    );
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
    Person::known(&server, "ann").await;
    let (shown, code) = on_a_terminal(
        &ctl,
        &["user", "passwd", "ann"],
        &[("Password: ", "one thing"), ("Repeat password: ", "another thing")],
    );
    assert_eq!((code, shown.contains("do not match")), (2, true), "{shown}");
    Person::known(&server, "ann").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_is_shown_and_then_asked_about() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("lobby").await;
    ann.say(&room, "one").await;
    let question = "Delete the room? [y/N] ";
    for (answer, gone) in [("", false), ("no", false), ("y", true)] {
        let (shown, code) =
            on_a_terminal(&ctl, &["room", "delete", "lobby"], &[(question, answer)]);
        assert!(shown.contains("room001 (lobby): 1 member, 1 message, 0 files (0 B)."), "{shown}");
        assert_eq!(code, i32::from(!gone), "{shown}");
        assert_eq!(
            ann.get(&format!("/api/chatrooms/{room}")).await.status,
            if gone { 404 } else { 200 }
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exports_and_imports_show_how_far_they_are() {
    let mut server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("lobby").await;
    ann.say(&room, "one").await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("all.jsonl");
    for running in [true, false] {
        if !running {
            server.terminate().await;
            std::fs::remove_file(&file).unwrap();
        }
        let (shown, code) =
            on_a_terminal(&Ctl::of(&server), &["export", file.to_str().unwrap()], &[]);
        assert!(code == 0 && shown.contains("100%"), "{code} {shown:?}");
    }
    let (shown, code) =
        on_a_terminal(&Ctl::at(&dir.path().join("new")), &["import", file.to_str().unwrap()], &[]);
    assert!(code == 0 && shown.contains('%') && shown.contains("messages"), "{code} {shown:?}");
    // On a terminal, output lines are not mixed with a progress bar.
    let (shown, code) = on_a_terminal(&Ctl::of(&server), &["export"], &[]);
    assert!(code == 0 && !shown.contains('%') && shown.contains("sha256"), "{code} {shown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_of_an_invitation_is_shown_as_a_code() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let (shown, code) = on_a_terminal(&ctl, &["invite", "create"], &[]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("#invite=") && shown.contains("not shown again"), "{shown}");
    // Black on white, whatever the colours of the terminal are.
    let rows = shown.lines().filter(|line| line.starts_with("\u{1b}[30;107m")).count();
    assert!(rows > 15 && shown.contains('█'), "{shown}");
    let piped = ctl.run(&["invite", "create"]);
    assert!(!piped.ends(0).out.contains('█') && !piped.err.contains('█'), "{piped:?}");
}
