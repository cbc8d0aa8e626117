//! Files that imports refuse, and imports that are interrupted.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{arrive, chatctl, counts, ends, import, pack, room, stopped};
use crate::support::{Ctl, picture};

/// Creates a Slack export with one room and this number of messages.
fn slack(path: &Path, messages: usize) {
    let users = json!([{"id": "U1", "name": "ann", "profile": {"real_name": "Ann"}}]);
    let channels = json!([
        {
            "id": "C1", "name": "general", "created": 1_752_537_600, "creator": "U1",
            "members": ["U1"],
        },
    ]);
    let said: Vec<_> = (0..messages)
        .map(|n| {
            json!({
                "type": "message", "user": "U1", "ts": format!("{}.000100", 1_752_537_600 + n),
                "text": format!("message {n} {}", "and more ".repeat(20)),
            })
        })
        .collect();
    let files = [
        ("users.json", users),
        ("channels.json", channels),
        ("general/2025-07-15.json", json!(said)),
    ];
    pack(path, &files.map(|(name, content)| (name.to_owned(), content.to_string().into_bytes())));
}

#[test]
fn wrong_arguments_and_files_that_are_no_export_make_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (picture, empty, text) =
        (at("a.png", &picture(8, 8)), at("empty.jsonl", b""), at("a.txt", b"hello\n"));
    let broken = at("a.zip", b"PK\x03\x04 and nothing more");
    let (other, folder) = (dir.path().join("other.zip"), dir.path().to_str().unwrap().to_owned());
    pack(&other, &[("readme.txt".to_owned(), b"hello".to_vec())]);
    let new = dir.path().join("new");
    let table: [(&[&str], i32, &str); 10] = [
        (&["import"], 2, "<FILE>"),
        (&["import", &text, "--sorce", "x"], 2, "'--source'"),
        (&["import", &text, &text], 2, "unexpected argument"),
        (&["import", "/nowhere.jsonl"], 3, "does not exist"),
        (&["import", &picture], 1, "not an export of chatctl"),
        (&["import", &empty], 1, "it is empty"),
        (&["import", &text], 1, "not an export of chatctl"),
        (&["import", &broken], 1, "a.zip"),
        (
            &["import", other.to_str().unwrap()],
            1,
            "neither users.json and channels.json (Slack) nor import.jsonl (Mattermost)",
        ),
        (&["import", &folder], 1, "it is a directory"),
    ];
    for (arguments, code, words) in table {
        for more in [&[][..], &["--dry-run"], &["--yes"]] {
            let arguments = [arguments, more].concat();
            let said = ends(code, &new, &arguments);
            assert!(said.contains(words), "{arguments:?}: {said}");
            assert!(!new.exists(), "{arguments:?}");
        }
    }
}

#[test]
fn an_archive_that_unpacks_to_too_much_is_refused_and_another_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (bomb, good, new) =
        (dir.path().join("bomb.zip"), dir.path().join("good.zip"), dir.path().join("new"));
    pack(
        &bomb,
        &[
            ("users.json".to_owned(), vec![b' '; 129 * 1024 * 1024]),
            ("channels.json".to_owned(), b"[]".to_vec()),
        ],
    );
    assert!(bomb.metadata().unwrap().len() < 1024 * 1024);
    for more in [&["--dry-run"][..], &["--yes"]] {
        let said = ends(1, &new, &[&["import", bomb.to_str().unwrap()], more].concat());
        assert!(said.contains("users.json") && said.contains("too large"), "{said}");
    }
    slack(&good, 3);
    counts(&import(&new, &good, &[]), &[("users", 1, 0), ("messages", 3, 0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_that_are_there_are_asked_about() {
    let server = stopped().await;
    let ctl = Ctl::of(&server);
    ctl.create("bob", &[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("slack.zip");
    slack(&file, 3);
    let file = file.to_str().unwrap();
    let names = || {
        ctl.all(&["user", "list"])
            .iter()
            .map(|user| user["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let shown: serde_json::Value =
        serde_json::from_str(&ends(0, server.data(), &["-o", "json", "import", file, "--dry-run"]))
            .unwrap();
    let messages =
        shown.as_array().unwrap().iter().find(|item| item["what"] == "messages").unwrap();
    assert_eq!((&messages["taken"], names().len()), (&json!(3), 1), "it was only said");
    let refused = ends(2, server.data(), &["import", file]);
    assert!(refused.contains("3 messages") && refused.contains("--yes"), "{refused}");
    assert_eq!(names().len(), 1);
    counts(&import(server.data(), Path::new(file), &[]), &[("users", 1, 0), ("messages", 3, 0)]);
    assert_eq!(names().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_in_the_middle_is_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let (file, disk) = (dir.path().join("slack.zip"), dir.path().join("disk"));
    slack(&file, 4000);
    std::fs::create_dir(&disk).unwrap();
    let _mounted = Mounted::small(&disk);
    let data = disk.join("data");
    let output = chatctl(&data, &["import", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("error: "), "{said}");
    // Once there is space it is run again, and nothing is duplicated.
    let mut server = stopped().await;
    let roomy = server.data().join("data");
    assert!(Command::new("cp").arg("-a").arg(&data).arg(&roomy).status().unwrap().success());
    let report = import(&roomy, &file, &[]);
    let (taken, known) = (
        report["messages"]["taken"].as_u64().unwrap(),
        report["messages"]["known"].as_u64().unwrap(),
    );
    eprintln!("{known} had come before the disk was full");
    assert_eq!(taken + known, 4000, "{report:?}");
    assert_eq!(ends(0, &roomy, &["-o", "json", "db", "check"]).trim(), "[]");
    for entry in std::fs::read_dir(server.data())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| *path != roomy)
    {
        if entry.is_dir() {
            std::fs::remove_dir_all(entry).unwrap();
        } else {
            std::fs::remove_file(entry).unwrap();
        }
    }
    for entry in std::fs::read_dir(&roomy).unwrap().map(|entry| entry.unwrap().path()) {
        std::fs::rename(&entry, server.data().join(entry.file_name().unwrap())).unwrap();
    }
    let ann = arrive(&mut server, "ann").await;
    let card = room(&ann, "general").await;
    assert_eq!(card["lastMessage"]["seq"], 4000, "{card}");
}

/// A mounted file system, unmounted on drop.
pub(super) struct Mounted<'p>(&'p Path);

impl<'p> Mounted<'p> {
    /// Mounts a small file system.
    pub(super) fn small(at: &'p Path) -> Self {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1500k", "chatctl-test"])
            .arg(at)
            .status()
            .unwrap();
        assert!(mounted.success(), "the tests run as root");
        Self(at)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        // It is unmounted with the machine at the latest.
        drop(Command::new("umount").arg(self.0).status());
    }
}
