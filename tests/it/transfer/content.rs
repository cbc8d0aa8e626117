//! Content outside the text of a message: attachments, blocks, forwarded messages.

use serde_json::json;

use super::{
    GIF, contents, counts, import, mattermost_lines, mattermost_user, notes, pack, slack_channel,
    slack_export, slack_message, slack_user, with,
};

#[test]
fn what_slack_shows_beside_the_text_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (zip, data) = (dir.path().join("f.zip"), dir.path().join("data"));
    let bot = |ts: &str, more: &serde_json::Value| {
        with(
            json!({
                "type": "message", "subtype": "bot_message", "bot_id": "B1", "ts": ts, "text": "",
            }),
            more,
        )
    };
    let rich = json!([
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "text", "text": "only in blocks"}],
                },
            ],
        },
    ]);
    let day = json!([
        with(
            slack_message("1704100000.0001", "U1", "look at this"),
            &json!({
                "attachments": [
                    {
                        "is_share": true, "author_name": "Bob", "text": "the forwarded words",
                        "fallback": "Bob: the forwarded words",
                    },
                ],
            }),
        ),
        bot("1704100001.0001", &json!({
            "text": "Build finished",
            "attachments": [
                {
                    "title": "job 17", "text": "3 tests failed",
                    "fields": [{"title": "Branch", "value": "main"}],
                },
            ],
        })),
        with(slack_message("1704100002.0001", "U1", ""), &json!({"blocks": rich})),
        bot("1704100003.0001", &json!({
            "blocks": [
                {
                    "type": "section",
                    "text": {"type": "mrkdwn", "text": "deploy done :large_green_circle:"},
                },
            ],
        })),
        bot("1704100004.0001", &json!({
            "attachments": [{"fields": [{"title": "Host", "value": "db1"}]}],
        })),
        with(slack_message("1704100005.0001", "U1", "<https://example.org>"), &json!({
            "attachments": [{"from_url": "https://example.org", "title": "Example"}],
        })),
        {
            "type": "message", "subtype": "file_comment", "ts": "1704100006.0001", "text": "",
            "comment": {"user": "U2", "comment": "nice file"},
        },
    ]);
    let users = json!([slack_user("U1", "ann"), slack_user("U2", "bob")]);
    let channels = json!([slack_channel("C1", "general", &json!(["U1", "U2"]))]);
    slack_export(&zip, &users, &channels, &[], &[("general/2024-01-01", day)]);
    let report = import(&data, &zip, &[]);
    counts(&report, &[("messages", 7, 0)]);
    notes(&report, &[("password_unusable", 3)]);
    assert_eq!(
        contents(&data, "general"),
        [
            "look at this\nBob:\nthe forwarded words",
            "Build finished\njob 17\n3 tests failed\nBranch: main",
            "only in blocks",
            "deploy done 🟢",
            "Host: db1",
            "https://example.org",
            "nice file",
        ]
    );
    let authors = super::items(&data, &["room", "messages", "general"]);
    assert_eq!(authors[6]["user"], "bob");
}

#[test]
fn what_programs_say_in_mattermost_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (file, data) = (dir.path().join("m.jsonl"), dir.path().join("data"));
    let post = |message: &str, at: i64, props: serde_json::Value| {
        json!({
            "team": "t", "channel": "town", "user": "bob", "message": message, "create_at": at,
            "type": "slack_attachment", "props": props,
        })
    };
    let lines = mattermost_lines(&[
        ("channel", json!({"team": "t", "name": "town", "display_name": "Town", "type": "O"})),
        ("user", mattermost_user("bob", &[("town", "")])),
        (
            "post",
            post(
                "",
                1_704_100_001_000,
                json!({"attachments": [{"title": "Build 17", "text": "3 tests failed"}]}),
            ),
        ),
        (
            "post",
            post(
                "build",
                1_704_100_002_000,
                json!({
                    "attachments": [
                        {"text": "hidden in props", "fields": [{"title": "Tests", "value": 3}]},
                    ],
                }),
            ),
        ),
        (
            "post",
            post(
                "from a hook",
                1_704_100_003_000,
                json!({"from_webhook": "true", "override_username": "CI"}),
            ),
        ),
    ]);
    std::fs::write(&file, lines).unwrap();
    counts(&import(&data, &file, &[]), &[("messages", 3, 0), ("users", 2, 0)]);
    assert_eq!(
        contents(&data, "Town"),
        ["Build 17\n3 tests failed", "build\nhidden in props\nTests: 3", "from a hook"]
    );
    assert_eq!(super::items(&data, &["room", "messages", "Town"])[2]["user"], "CI");
}

#[test]
fn pictures_of_people_and_files_by_their_ids_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let (slack, mattermost) = (dir.path().join("s.zip"), dir.path().join("m.zip"));
    let day = json!([with(
        slack_message("1704100000.0001", "U1", "see"),
        &json!({"files": [{"id": "F0ABC", "name": "a/../x.gif"}]})
    )]);
    let files = [
        ("users.json", json!([slack_user("U1AB", "ann"), slack_user("U1", "bob")])),
        ("channels.json", json!([slack_channel("C1", "general", &json!(["U1"]))])),
        ("general/2024-01-01.json", day),
    ];
    let mut files: Vec<_> = files
        .map(|(name, value)| (name.to_owned(), value.to_string().into_bytes()))
        .into_iter()
        .collect();
    files.push(("__avatars/U1AB/face.gif".to_owned(), GIF.to_vec()));
    files.push(("general/attachments/F0ABC_whatever.gif".to_owned(), GIF.to_vec()));
    pack(&slack, &files);
    counts(&import(&dir.path().join("one"), &slack, &[]), &[("media", 2, 0)]);
    let exported = super::ends(0, &dir.path().join("one"), &["export"]);
    let ann = exported.lines().find(|line| line.contains(r#""login":"ann""#)).unwrap();
    assert!(ann.contains(r#""media":"#), "{ann}");
    let lines = mattermost_lines(&[(
        "user",
        with(mattermost_user("ann", &[]), &json!({"profile_image": "profile_pictures\\u1.gif"})),
    )]);
    pack(
        &mattermost,
        &[
            ("import.jsonl".to_owned(), lines),
            ("data\\profile_pictures\\u1.gif".to_owned(), GIF.to_vec()),
        ],
    );
    counts(&import(&dir.path().join("two"), &mattermost, &[]), &[("users", 1, 0), ("media", 1, 0)]);
}
