//! A Slack export in its real layout, including unusual cases.

use std::path::Path;

use serde_json::json;

use super::{
    GIF, arrive, chatctl, counts, ends, finds, fixtures, import, notes, pack, room, slack_channel,
    slack_export, slack_message, slack_user, stopped,
};
use crate::support::texts;

/// Creates the export, with or without the last day.
fn slack(path: &Path, with_later: bool) {
    let root = fixtures("slack");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_file() {
            files.push((name, std::fs::read(entry.path()).unwrap()));
        } else if name != "later" {
            files.push((
                format!("{name}/2025-07-15.json"),
                std::fs::read(entry.path().join("2025-07-15.json")).unwrap(),
            ));
        }
    }
    if with_later {
        files.push((
            "general/2025-07-16.json".to_owned(),
            std::fs::read(root.join("later/2025-07-16.json")).unwrap(),
        ));
    }
    files.push(("__uploads/F01/그림.gif".to_owned(), GIF.to_vec()));
    files.push(("../../outside/2025-07-15.json".to_owned(), b"[]".to_vec()));
    pack(path, &files);
}

#[tokio::test]
async fn people_find_their_rooms_with_all_that_was_said() {
    let mut server = stopped().await;
    let (zip, later) = (server.data().join("slack.zip"), server.data().join("later.zip"));
    slack(&zip, false);
    slack(&later, true);
    let first = super::import_in_part(server.data(), &zip);
    counts(
        &first,
        &[
            ("users", 8, 0),
            ("rooms", 4, 0),
            ("participants", 11, 0),
            ("messages", 10, 0),
            ("reactions", 4, 0),
            ("media", 1, 0),
        ],
    );
    notes(
        &first,
        &[
            ("admin_not_taken", 1),
            ("empty", 1),
            ("file_elsewhere", 1),
            ("login_changed", 2),
            ("name_changed", 1),
            ("not_a_message", 1),
            ("not_understood", 4),
            ("password_unusable", 8),
            ("reaction_unknown", 1),
        ],
    );
    let second = import(server.data(), &zip, &["--skip-bad"]);
    counts(
        &second,
        &[
            ("users", 0, 8),
            ("rooms", 0, 4),
            ("participants", 0, 11),
            ("messages", 0, 10),
            ("reactions", 0, 0),
            ("media", 0, 1),
        ],
    );
    let ann = arrive(&mut server, "ann.lee").await;
    let card = room(&ann, "general").await;
    assert_eq!(
        (&card["unreadCount"], &card["visibility"], &card["ownerId"]),
        (&json!(0), &json!("public"), &json!("minji")),
        "{card}"
    );
    let key = card["roomId"].as_str().unwrap();
    let history = ann.history(key).await;
    let contents = json!(history);
    assert_eq!(
        texts(&contents, "content"),
        [
            "만화책 책방 & @minji 🎉 our page (https://example.org/?a=1&b=2)",
            "답장",
            "earlier in the file, later in time",
            "Deployed\nv1 > v0",
            "hello from outside #general",
            "📎 ../보고서.pdf: https://files.slack.com/f2",
            "7",
        ]
    );
    assert_eq!(
        texts(&contents, "userId"),
        ["ann.lee", "minji", "minji", "Deploy-Bot", "guest", "ann.lee", "ann.lee"]
    );
    assert_eq!(history[0]["createdAt"], "2025-07-15T00:00:01.000Z");
    assert!(history[0]["editedAt"].is_string(), "{}", history[0]);
    assert_eq!(history[1]["replyTo"], history[0]["messageId"]);
    assert_eq!(
        history[0]["reactions"],
        json!([
            {"reactionType": "👍", "userIds": ["minji", "cho"]},
            {"reactionType": ":party_parrot:", "userIds": ["minji"]},
            {"reactionType": "❤️", "userIds": ["user-u99"]},
        ])
    );
    let name = history[5]["media"][0]["name"].as_str().unwrap();
    ann.get(&format!("/api/media/{name}")).await.is_text(200);
    room(&ann, "비밀").await;
    finds(&ann, "%EB%A7%8C%ED%99%94", 1).await;
    finds(&ann, "%EC%85%8B", 1).await;
    server.terminate().await;
    let third = import(server.data(), &later, &["--skip-bad"]);
    counts(&third, &[("messages", 1, 10), ("rooms", 0, 4)]);
    server.restart().await;
    let ann = crate::support::Person::known(&server, "ann.lee").await;
    let history = ann.history(key).await;
    assert_eq!(
        (&history[7]["content"], &history[7]["replyTo"]),
        (&json!("다음 날"), &history[0]["messageId"])
    );
    assert_eq!(room(&ann, "general").await["unreadCount"], 0);
}

#[tokio::test]
async fn a_rehearsal_leaves_nothing_and_a_running_server_is_left_alone() {
    let server = crate::support::Server::start().await;
    let dir = tempfile::tempdir().unwrap();
    let zip = dir.path().join("slack.zip");
    slack(&zip, false);
    let refused = ends(4, server.data(), &["import", zip.to_str().unwrap(), "--yes"]);
    assert!(refused.contains("stop it"), "{refused}");
    let new = dir.path().join("new");
    let report = import(&new, &zip, &["--dry-run", "--skip-bad"]);
    counts(&report, &[("messages", 10, 0)]);
    super::import_ends(1, &new, &zip, &["--dry-run"]);
    assert!(!new.exists());
    counts(&import(&new, &zip, &["--skip-bad"]), &[("messages", 10, 0)]);
    counts(&import(&new, &zip, &["--dry-run", "--skip-bad"]), &[("messages", 0, 10)]);
    // Without a terminal it cannot be confirmed that data is added to existing data.
    assert_eq!(chatctl(&new, &["import", zip.to_str().unwrap()]).status.code(), Some(2));
}

#[test]
fn an_archive_that_is_none_of_these_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let zip = dir.path().join("other.zip");
    pack(&zip, &[("readme.txt".to_owned(), b"hello".to_vec())]);
    let data = dir.path().join("data");
    let refused = ends(1, &data, &["import", zip.to_str().unwrap()]);
    assert!(refused.contains("users.json"), "{refused}");
    ends(3, &data, &["import", dir.path().join("nothing").to_str().unwrap()]);
    // Deeper than any real archive, and beside more directories than any real export: the search
    // for the export is limited.
    let deep = format!("{}users.json", "a/".repeat(5_000));
    let wide = (0..50_000).map(|folder| (format!("f{folder}/users.json"), b"[]".to_vec()));
    for files in [vec![(deep, b"[]".to_vec())], wide.collect()] {
        pack(&zip, &files);
        let refused = ends(1, &data, &["import", zip.to_str().unwrap()]);
        assert!(refused.contains("users.json"), "{refused}");
    }
    assert!(!data.exists());
}

#[tokio::test]
async fn imported_messages_stand_at_their_time_in_a_search() {
    let mut server = stopped().await;
    let users = json!([slack_user("U1", "ann.lee")]);
    let channel = |id: &str, name: &str| slack_channel(id, name, &json!(["U1"]));
    let said = |text: &str, ts: &str| json!([slack_message(ts, "U1", text)]);
    let (first, second) = (server.data().join("first.zip"), server.data().join("second.zip"));
    let recent = [("general/2025-07-15", said("needle of 2025", "1752537600.000100"))];
    slack_export(&first, &users, &json!([channel("C1", "general")]), &[], &recent);
    import(server.data(), &first, &[]);
    // Rows of the database are in the order of the imports.
    let mut both = recent.to_vec();
    both.push(("old/2023-01-02", said("needle of 2023", "1672617600.000100")));
    let channels = json!([channel("C1", "general"), channel("C2", "old")]);
    slack_export(&second, &users, &channels, &[], &both);
    import(server.data(), &second, &[]);
    let ann = arrive(&mut server, "ann.lee").await;
    finds(&ann, "needle", 2).await;
    let general = room(&ann, "general").await["roomId"].as_str().unwrap().to_owned();
    ann.say(&general, "needle of today").await;
    finds(&ann, "needle", 3).await;
    let (mut cursor, mut found) = (String::new(), Vec::new());
    for _ in 0..3 {
        let page = ann.get(&format!("/api/search?q=needle&limit=1{cursor}")).await.is(200);
        found.push(page["messages"][0]["content"].as_str().unwrap().to_owned());
        cursor = page["cursor"].as_str().map(|at| format!("&before={at}")).unwrap_or_default();
    }
    assert_eq!(found, ["needle of today", "needle of 2025", "needle of 2023"]);
    assert_eq!(cursor, "");
}
