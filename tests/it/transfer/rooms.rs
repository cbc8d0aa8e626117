//! Imported rooms: admins, archived rooms, and rooms without participants.

use serde_json::json;

use super::{
    counts, import, items, mattermost_lines, mattermost_user, members, notes, pack, slack_channel,
    slack_export, slack_message, slack_user, with,
};

#[test]
fn whoever_administers_a_room_can_log_in() {
    let dir = tempfile::tempdir().unwrap();
    let (zip, data) = (dir.path().join("g.zip"), dir.path().join("data"));
    let users = json!([
        with(slack_user("U1", "boss"), &json!({"deleted": true})),
        with(slack_user("U5", "visitor"), &json!({"is_restricted": true})),
        with(slack_user("U6", "robot"), &json!({"is_bot": true})),
        slack_user("U2", "ann"),
        slack_user("U3", "bob"),
    ]);
    let day = json!([
        {
            "type": "message", "subtype": "channel_join", "user": "U3", "ts": "1700000001.0",
            "text": "joined",
        },
        {
            "type": "message", "subtype": "channel_join", "user": "U2", "ts": "1700000002.0",
            "text": "joined",
        },
        slack_message("1704100000.0001", "U2", "hi"),
    ]);
    let channels = json!([slack_channel("C1", "general", &json!(["U1", "U5", "U6", "U2", "U3"]))]);
    slack_export(&zip, &users, &channels, &[], &[("general/2024-01-01", day)]);
    let report = import(&data, &zip, &[]);
    notes(
        &report,
        &[("admin_given", 1), ("guest", 1), ("not_a_message", 2), ("password_unusable", 5)],
    );
    assert_eq!(report["admin_given"]["examples"][0], "general: bob instead of boss");
    let inside = members(&data, "general");
    assert!(
        inside.contains(&"bob admin".to_owned()) && inside.contains(&"boss member".to_owned()),
        "{inside:?}"
    );
    let bob = items(&data, &["room", "members", "general"])
        .into_iter()
        .find(|member| member["name"] == "bob")
        .unwrap();
    assert_eq!(bob["joined"], "2023-11-14T22:13:21Z");
}

#[test]
fn in_mattermost_neither_guests_nor_the_departed_administer() {
    let dir = tempfile::tempdir().unwrap();
    let (file, data) = (dir.path().join("m.jsonl"), dir.path().join("data"));
    let lines = mattermost_lines(&[
        ("channel", json!({"team": "t", "name": "town", "display_name": "Town", "type": "O"})),
        (
            "user",
            with(
                mattermost_user("guest1", &[("town", "channel_guest")]),
                &json!({"roles": "system_guest"}),
            ),
        ),
        (
            "user",
            with(
                mattermost_user("boss", &[("town", "channel_admin")]),
                &json!({"delete_at": 1_704_100_000_000_i64}),
            ),
        ),
        ("user", mattermost_user("ann", &[("town", "channel_user")])),
    ]);
    std::fs::write(&file, lines).unwrap();
    let report = import(&data, &file, &[]);
    notes(&report, &[("admin_given", 1), ("guest", 1), ("password_unusable", 3)]);
    let mut inside = members(&data, "Town");
    inside.sort();
    assert_eq!(inside, ["ann admin", "boss admin", "guest1 member"]);
}

#[test]
fn archived_rooms_are_private_and_those_without_people_get_who_wrote() {
    let dir = tempfile::tempdir().unwrap();
    let (zip, data) = (dir.path().join("w.zip"), dir.path().join("data"));
    let users = json!([slack_user("U1", "ann"), slack_user("U2", "bob")]);
    let archived = json!({"is_archived": true});
    let channels = json!([
        with(slack_channel("C1", "old", &json!([])), &archived),
        with(
            slack_channel("C4", "older", &json!([])),
            &json!({"is_archived": true, "creator": null})
        )
    ]);
    let groups = json!([
        slack_channel("G1", "secret", &json!([])),
        with(slack_channel("G2", "void", &json!([])), &json!({"creator": ""}))
    ]);
    let days = [
        ("old/2024-01-01", json!([slack_message("1704100000.0001", "U2", "ten years of talk")])),
        ("secret/2024-01-01", json!([slack_message("1704100000.0001", "U2", "between us")])),
    ];
    slack_export(&zip, &users, &channels, &[("groups", groups)], &days);
    let report = import(&data, &zip, &[]);
    counts(&report, &[("rooms", 2, 0), ("messages", 2, 0)]);
    notes(
        &report,
        &[
            ("archived", 1),
            ("participants_guessed", 2),
            ("password_unusable", 2),
            ("room_left_out", 2),
        ],
    );
    assert_eq!(items(&data, &["room", "show", "old"])[0]["visibility"], "private");
    assert!(members(&data, "old")[0].starts_with("bob"));
    assert!(members(&data, "secret")[0].starts_with("bob"));

    let (file, data) = (dir.path().join("m.zip"), dir.path().join("mattermost"));
    let lines = mattermost_lines(&[
        (
            "channel",
            json!({
                "team": "t", "name": "gone", "display_name": "Gone", "type": "O",
                "deleted_at": 1_704_100_000_000_i64,
            }),
        ),
        ("user", mattermost_user("ann", &[("gone", "channel_user")])),
    ]);
    pack(&file, &[("import.jsonl".to_owned(), lines)]);
    notes(&import(&data, &file, &[]), &[("archived", 1), ("password_unusable", 1)]);
    assert_eq!(items(&data, &["room", "show", "Gone"])[0]["visibility"], "private");
}
