//! Detection of file formats, regardless of names, and the errors for unsupported ones.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use zip::ZipWriter;

use super::{
    chatctl, counts, ends, import, mattermost_lines, mattermost_user, pack, slack_channel,
    slack_export, slack_user,
};

/// Creates a Mattermost export whose only attachment has the name of a list of Slack.
fn with_misleading_names(path: &Path, prefix: &str) {
    let lines = mattermost_lines(&[
        ("channel", json!({"team": "t", "name": "town", "display_name": "Town", "type": "O"})),
        ("user", mattermost_user("ann", &[("town", "")])),
        (
            "post",
            json!({
                "team": "t", "channel": "town", "user": "ann", "message": "see file",
                "create_at": 1_704_100_000_000_i64,
                "attachments": [{"path": "20240101/users/a/users.json"}],
            }),
        ),
    ]);
    let at = |name: &str| format!("{prefix}{name}");
    let files = [
        (at("import.jsonl"), lines),
        (at("data/20240101/users/a/users.json"), b"[]".to_vec()),
        (at("data/20240101/users/a/channels.json"), b"[]".to_vec()),
    ];
    pack(path, &files);
}

#[test]
fn names_of_attachments_mislead_nobody() {
    let dir = tempfile::tempdir().unwrap();
    for (number, prefix) in ["", "export/"].into_iter().enumerate() {
        let (zip, data) =
            (dir.path().join(format!("{number}.zip")), dir.path().join(format!("data{number}")));
        with_misleading_names(&zip, prefix);
        counts(
            &import(&data, &zip, &[]),
            &[("users", 1, 0), ("rooms", 1, 0), ("messages", 1, 0), ("media", 1, 0)],
        );
    }
}

#[test]
fn an_import_that_finds_nothing_has_failed() {
    let dir = tempfile::tempdir().unwrap();
    let (zip, lines) = (dir.path().join("a.zip"), dir.path().join("a.jsonl"));
    slack_export(&zip, &json!([]), &json!([]), &[], &[]);
    std::fs::write(&lines, mattermost_lines(&[])).unwrap();
    for (number, file) in [zip, lines].iter().enumerate() {
        let said =
            ends(1, &dir.path().join(format!("data{number}")), &["import", file.to_str().unwrap()]);
        assert!(said.contains("neither accounts nor rooms"), "{said}");
    }
}

#[test]
fn files_of_other_kinds_are_named_with_what_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let empty = dir.path().join("empty.zip");
    ZipWriter::new(File::create(&empty).unwrap()).finish().unwrap();
    let data = dir.path().join("data");
    for (path, words) in [
        (at("a.tgz", b"\x1f\x8b\x08\0\0\0\0\0"), "gunzip"),
        (at("a.tar.zst", b"\x28\xb5\x2f\xfd\0"), "backup restore"),
        (empty, "empty zip"),
        (dir.path().to_owned(), "a directory"),
        (
            at(
                "rocketchat_message.json",
                br#"{"_id":"x","rid":"GENERAL","msg":"hi","_updatedAt":1}"#,
            ),
            "Rocket.Chat",
        ),
        (at("users.json", b"[{\"id\":\"U1\"}]"), "the whole zip"),
        (
            at("room.jsonl", br#"{"type":"room","room":"room001","visibility":"public"}"#),
            "room export",
        ),
        (at("utf16.jsonl", b"\xff\xfe{\0"), "UTF-16"),
        (at("nothing", b""), "it is empty"),
    ] {
        let said = ends(1, &data, &["import", path.to_str().unwrap()]);
        assert!(
            said.contains(words)
                && said.contains("of Slack (the zip")
                && said.contains("Mattermost"),
            "{}: {said}",
            path.display()
        );
        assert!(!data.exists());
    }
}

#[test]
fn an_encrypted_archive_is_called_so() {
    let dir = tempfile::tempdir().unwrap();
    let zip = dir.path().join("a.zip");
    slack_export(&zip, &json!([slack_user("U1", "ann")]), &json!([]), &[], &[]);
    // The first bit of the flags, in the entry and in the table of contents, indicates that a
    // password is required.
    let mut bytes = std::fs::read(&zip).unwrap();
    for (magic, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let places: Vec<_> = bytes
            .windows(4)
            .enumerate()
            .filter(|(_, found)| found == magic)
            .map(|(place, _)| place)
            .collect();
        for place in places {
            bytes[place + flags] |= 1;
        }
    }
    std::fs::write(&zip, bytes).unwrap();
    let said = ends(1, &dir.path().join("data"), &["import", zip.to_str().unwrap()]);
    assert!(said.contains("encrypted") && said.contains("password"), "{said}");
}

#[test]
fn a_minus_is_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let lines = mattermost_lines(&[("user", mattermost_user("ann", &[]))]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatctl"));
    let mut child = command
        .arg("--data-dir")
        .arg(&data)
        .args(["import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&lines).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(super::items(&data, &["user", "list"])[0]["name"], "ann");
}

#[test]
fn a_full_disk_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (zip, small) = (dir.path().join("a.zip"), dir.path().join("small"));
    let channels = json!([slack_channel("C1", "general", &json!(["U1"]))]);
    let text = "and more ".repeat(100);
    let day: Vec<_> = (0..4000)
        .map(|n| super::slack_message(&format!("{}.0001", 1_704_100_000 + n), "U1", &text))
        .collect();
    slack_export(
        &zip,
        &json!([slack_user("U1", "ann")]),
        &channels,
        &[],
        &[("general/2024-01-01", json!(day))],
    );
    std::fs::create_dir(&small).unwrap();
    let _mounted = super::refused::Mounted::small(&small);
    let (data, zip) = (small.join("data"), zip.to_str().unwrap());
    let full = ends(1, &data, &["import", zip]);
    assert!(full.contains("is full") && full.contains(small.to_str().unwrap()), "{full}");
    std::fs::remove_dir_all(&data).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatctl"));
    let rehearsed = command
        .env("TMPDIR", &small)
        .arg("--data-dir")
        .arg(dir.path().join("new"))
        .args(["import", zip, "--dry-run"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&rehearsed.stderr);
    assert!(said.contains("is full") && said.contains("TMPDIR"), "{said}");
    assert_eq!(chatctl(&dir.path().join("new"), &["import", zip]).status.code(), Some(0));
}
