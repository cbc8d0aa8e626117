//! Unusual exports of other programs and users: null, other types, invalid days and lines, byte
//! order marks and directories.

use serde_json::{Value, json};

use super::{
    contents, counts, import, import_in_part, items, mattermost_lines, mattermost_user, notes,
    pack, slack_channel, slack_export, slack_message, slack_user, with,
};

#[test]
fn null_and_other_types_cost_nothing_around_them() {
    let dir = tempfile::tempdir().unwrap();
    let (zip, data) = (dir.path().join("a.zip"), dir.path().join("data"));
    let users = json!([
        slack_user("U1", "ann"), slack_user("U2", "bob"),
        {"id": "U3", "name": "carl", "deleted": null, "profile": null, "is_admin": null},
    ]);
    let channels = json!([
        slack_channel("C1", "general", &json!(["U1", null, "U2"])),
        slack_channel("C2", "random", &Value::Null),
        with(
            slack_channel("C3", "zulip", &json!(["U1"])),
            &json!({"created": "1433558319", "topic": null, "pins": false})
        ),
    ]);
    let general = json!([
        slack_message("1704100000.0001", "U1", "one"),
        with(
            slack_message("1704100001.0001", "U2", "two"),
            &json!({"files": null, "edited": null, "blocks": null, "attachments": null})
        ),
        with(
            slack_message("1704100002.0001", "U1", "three"),
            &json!({
                "reactions": [
                    null, {"name": "+1", "users": null}, {"name": "heart", "users": ["U2", null]},
                ],
            })
        ),
        with(
            slack_message("", "U1", "four"),
            &json!({"ts": 1_704_100_003.5, "thread_ts": 1_704_100_000.000_1})
        ),
    ]);
    let random = json!([
        slack_message("1704100000.0001", "U1", "r1"),
        null,
        with(slack_message("1704100001.0001", "U2", ""), &json!({"text": 7}))
    ]);
    slack_export(
        &zip,
        &users,
        &channels,
        &[],
        &[("general/2024-01-01", general), ("random/2024-01-01", random)],
    );
    let report = import(&data, &zip, &[]);
    counts(&report, &[("users", 3, 0), ("rooms", 3, 0), ("messages", 6, 0), ("reactions", 1, 0)]);
    notes(&report, &[("participants_guessed", 1), ("password_unusable", 3)]);
    assert_eq!(contents(&data, "general"), ["one", "two", "three", "four"]);
    assert_eq!(contents(&data, "random"), ["r1", "7"]);
    let people: Vec<_> = items(&data, &["user", "list"])
        .iter()
        .map(|user| (user["name"].clone(), user["disabled"].clone()))
        .collect();
    assert_eq!(
        people,
        [(json!("ann"), json!(false)), (json!("bob"), json!(false)), (json!("carl"), json!(false))]
    );
    assert_eq!(items(&data, &["room", "show", "zulip"])[0]["created"], "2015-06-06T02:38:39Z");
    assert_eq!(items(&data, &["room", "messages", "general"])[3]["reply_to"], 1);
}

#[test]
fn a_list_that_is_null_is_empty() {
    let dir = tempfile::tempdir().unwrap();
    let (zip, data) = (dir.path().join("b.zip"), dir.path().join("data"));
    let dms = json!([{"id": "D1", "members": ["U1"]}]);
    let days = [("D1/2024-01-01", json!([slack_message("1704100000.0001", "U1", "dm")]))];
    slack_export(&zip, &json!([slack_user("U1", "ann")]), &Value::Null, &[("dms", dms)], &days);
    counts(&import(&data, &zip, &[]), &[("users", 1, 0), ("rooms", 1, 0), ("messages", 1, 0)]);
}

#[test]
fn a_broken_day_costs_only_what_is_broken() {
    let dir = tempfile::tempdir().unwrap();
    let (zip, data) = (dir.path().join("c.zip"), dir.path().join("data"));
    let cut = json!([
        slack_message("1704400000.0001", "U1", "before the cut"),
        slack_message("1704400001.0001", "U1", "after")
    ])
    .to_string();
    let day =
        |ts: &str, text: &str| json!([slack_message(ts, "U1", text)]).to_string().into_bytes();
    let half = br#"[{"type":"message","user":"U1","ts":"1704500000.0001",
        "text":"half \ud83d a pair"}]"#;
    let files = [
        ("users", json!([slack_user("U1", "ann")]).to_string().into_bytes()),
        (
            "channels",
            json!([slack_channel("C1", "general", &json!(["U1"])),]).to_string().into_bytes(),
        ),
        ("general/2024-01-01", day("1704100000.0001", "ok")),
        ("general/2024-01-02", Vec::new()),
        ("general/2024-01-03", day("1704300000.0001", "ok too")),
        ("general/2024-01-04", cut.as_bytes()[..cut.len() - 20].to_vec()),
        ("general/2024-01-05", half.to_vec()),
    ];
    let files = files.map(|(name, bytes)| (format!("{name}.json"), bytes));
    pack(&zip, &files);
    let report = import_in_part(&data, &zip);
    counts(&report, &[("messages", 4, 0)]);
    assert_eq!(report["not_understood"]["count"], 2);
    assert_eq!(
        contents(&data, "general"),
        ["ok", "ok too", "before the cut", "half \u{fffd} a pair"]
    );
    counts(&import(&dir.path().join("other"), &zip, &["--skip-bad"]), &[("messages", 4, 0)]);
}

#[test]
fn archives_that_were_packed_again_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let marked = |value: Value| [b"\xef\xbb\xbf".to_vec(), value.to_string().into_bytes()].concat();
    for (number, prefix, slash) in [
        (1, "", "/"),
        (2, "export/", "/"),
        (3, "", "\\"),
        (4, "Slack export\\", "\\"),
        (5, "a/b/", "/"),
    ] {
        let (zip, data) =
            (dir.path().join(format!("{number}.zip")), dir.path().join(format!("data{number}")));
        let files = [
            (format!("{prefix}users.json"), marked(json!([slack_user("U1", "ann")]))),
            (
                format!("{prefix}channels.json"),
                marked(json!([slack_channel("C1", "공지", &json!(["U1"]))])),
            ),
            (
                format!("{prefix}공지{slash}2024-01-01.json"),
                marked(json!([slack_message("1704100000.0001", "U1", "hi")])),
            ),
            (format!("{prefix}.DS_Store"), Vec::new()),
            ("__MACOSX/._users.json".to_owned(), Vec::new()),
        ];
        pack(&zip, &files);
        counts(&import(&data, &zip, &[]), &[("users", 1, 0), ("rooms", 1, 0), ("messages", 1, 0)]);
    }
}

#[test]
fn lines_of_mattermost_may_be_odd_or_broken() {
    let dir = tempfile::tempdir().unwrap();
    let (file, zip) = (dir.path().join("m.jsonl"), dir.path().join("m.zip"));
    let post = |message: Value, at: Value| {
        json!({
            "team": "t", "channel": "town", "user": "ann", "message": message, "create_at": at,
        })
    };
    let mut lines = mattermost_lines(&[
        (
            "channel",
            json!({
                "team": "t", "name": "town", "display_name": "Town", "type": "O",
                "deleted_at": null,
            }),
        ),
        (
            "user",
            with(
                mattermost_user("ann", &[("town", "channel_user channel_admin")]),
                &json!({"email": null, "delete_at": null}),
            ),
        ),
        ("user", json!({"username": "bob", "teams": null, "roles": null})),
        (
            "post",
            with(
                post(Value::Null, json!(1_704_100_001_000_i64)),
                &json!({
                    "replies": [
                        null, {"user": "bob", "message": "a reply", "create_at": "1704100002000"},
                    ],
                }),
            ),
        ),
        ("post", post(json!("as text"), json!("1704100003000"))),
        (
            "post",
            with(
                post(json!("later"), json!(1_704_100_004_000_i64)),
                &json!({"props": null, "reactions": "none", "edit_at": null, "is_pinned": "true"}),
            ),
        ),
    ]);
    lines.splice(0..0, b"\xef\xbb\xbf".iter().copied());
    lines.extend_from_slice(b"\r\n{\"type\":\"post\",\"post\":{\"team\":\"t\",");
    std::fs::write(&file, &lines).unwrap();
    pack(&zip, &[("export/import.jsonl".to_owned(), lines)]);
    for (number, file) in [file, zip].iter().enumerate() {
        let data = dir.path().join(format!("data{number}"));
        let report = import_in_part(&data, file);
        counts(&report, &[("users", 2, 0), ("rooms", 1, 0), ("messages", 3, 0)]);
        // The invalid last line, and reactions that are text.
        assert_eq!(report["not_understood"]["count"], 2, "{report:?}");
        assert_eq!(contents(&data, "Town"), ["a reply", "as text", "later"]);
    }
}

#[test]
fn whoever_reacts_or_is_named_need_not_have_spoken() {
    let dir = tempfile::tempdir().unwrap();
    let (zip, data) = (dir.path().join("a.zip"), dir.path().join("data"));
    let day = json!([
        with(slack_message("1704100000.0001", "U1", "hi <@U8|zoe>"), &json!({
            "reactions": [{"name": "+1", "users": ["U9"]}, {"name": "flag-id", "users": ["U1"]}],
        })),
        with(slack_message("1704100001.0001", "U9", "from outside"), &json!({
            "user_profile": {"name": "dora", "real_name": "Dora D."},
        })),
        {
            "type": "message", "subtype": "bot_message", "bot_id": "B1", "username": "ci",
            "text": "one", "ts": "1704100002.0001",
        },
        {
            "type": "message", "subtype": "bot_message", "bot_id": "B1", "username": "deploy",
            "text": "two", "ts": "1704100003.0001",
        },
    ]);
    let channels = json!([
        slack_channel("C1", "general", &json!(["U1"])),
        slack_channel("C2", "general", &json!(["U1"]))
    ]);
    slack_export(
        &zip,
        &json!([slack_user("U1", "ann")]),
        &channels,
        &[],
        &[("general/2024-01-01", day)],
    );
    let report = import_in_part(&data, &zip);
    counts(&report, &[("users", 5, 0), ("messages", 4, 0), ("reactions", 2, 0)]);
    assert!(
        report["not_understood"]["examples"][0].as_str().unwrap().contains("C1 and C2"),
        "{report:?}"
    );
    let people: Vec<_> = items(&data, &["user", "list"])
        .iter()
        .map(|user| {
            format!("{} {}", user["name"].as_str().unwrap(), user["display_name"].as_str().unwrap())
        })
        .collect();
    for person in ["ann ann", "dora Dora D.", "zoe zoe", "ci ci", "deploy deploy"] {
        assert!(people.iter().any(|known| known == person), "{person}: {people:?}");
    }
    let messages = items(&data, &["room", "messages", "1"]);
    assert_eq!(messages[0]["content"], "hi @zoe");
    assert_eq!(
        messages[0]["reactions"],
        json!([{"reaction": "👍", "users": ["dora"]}, {"reaction": "🇮🇩", "users": ["ann"]}])
    );
}
