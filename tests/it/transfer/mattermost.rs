//! A Mattermost bulk export, plain and in an archive.

use serde_json::json;

use super::{GIF, arrive, counts, finds, fixtures, import, notes, pack, room, stopped};
use crate::support::texts;

#[tokio::test]
async fn posts_come_in_the_order_in_which_they_were_said() {
    let mut server = stopped().await;
    let zip = server.data().join("mattermost.zip");
    let lines = std::fs::read(fixtures("mattermost/import.jsonl")).unwrap();
    pack(
        &zip,
        &[
            ("import.jsonl".to_owned(), lines),
            ("data/20250715/files/그림.gif".to_owned(), GIF.to_vec()),
        ],
    );
    let first = super::import_in_part(server.data(), &zip);
    counts(
        &first,
        &[
            ("users", 4, 0),
            ("rooms", 3, 0),
            ("participants", 5, 0),
            ("messages", 6, 0),
            ("reactions", 2, 0),
            ("media", 1, 0),
        ],
    );
    notes(
        &first,
        &[
            ("admin_not_taken", 1),
            ("file_elsewhere", 1),
            ("bytes_missing", 1),
            ("no_place", 1),
            ("not_a_message", 1),
            ("not_understood", 1),
            ("password_unusable", 4),
            ("reaction_unknown", 1),
        ],
    );
    let second = import(server.data(), &zip, &["--skip-bad"]);
    counts(&second, &[("users", 0, 4), ("rooms", 0, 3), ("messages", 0, 6), ("media", 0, 1)]);
    let ann = arrive(&mut server, "ann").await;
    let card = room(&ann, "광장").await;
    assert_eq!((&card["unreadCount"], &card["visibility"]), (&json!(0), &json!("public")));
    let history = json!(ann.history(card["roomId"].as_str().unwrap()).await);
    assert_eq!(
        texts(&history, "content"),
        ["책방 @minji, mail a@minji.org 🎉\n📎 missing.pdf", "두 번째", "답장"]
    );
    assert_eq!(history[2]["replyTo"], history[0]["messageId"]);
    assert_eq!(history[0]["media"].as_array().unwrap().len(), 1);
    finds(&ann, "%EB%91%98%EB%A7%8C", 1).await;
}

#[tokio::test]
async fn a_plain_file_of_lines_will_do() {
    let server = stopped().await;
    let report = import(
        server.data(),
        &fixtures("mattermost/import.jsonl"),
        &["--source", "old-server", "--skip-bad"],
    );
    counts(&report, &[("messages", 6, 0), ("media", 0, 0)]);
    // Another source is another server with other users.
    let report = import(
        server.data(),
        &fixtures("mattermost/import.jsonl"),
        &["--source", "other-server", "--skip-bad"],
    );
    counts(&report, &[("messages", 6, 0), ("users", 4, 0)]);
    assert_eq!(
        (
            &report["login_changed"]["count"],
            &report["email_left_out"]["count"],
            &report["room_renamed"]["count"]
        ),
        (&json!(4), &json!(3), &json!(1))
    );
}
