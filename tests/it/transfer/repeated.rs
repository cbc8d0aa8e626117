//! Importing a repaired export again.

use serde_json::json;

use super::{
    contents, counts, import, import_in_part, items, members, notes, slack_channel, slack_export,
    slack_message, slack_user, with,
};

#[test]
fn what_was_left_out_comes_with_the_repaired_export() {
    let dir = tempfile::tempdir().unwrap();
    let (zip, data) = (dir.path().join("a.zip"), dir.path().join("data"));
    let channels = json!([slack_channel("C1", "general", &json!(["U1", "U3"]))]);
    let spoiled = json!([
        slack_message("1704100000.0001", "U1", "first"),
        {"type": "message", "user": "U3", "text": "without a time"},
    ]);
    slack_export(
        &zip,
        &json!([slack_user("U1", "ann"), "spoiled"]),
        &channels,
        &[],
        &[("general/2024-01-01", spoiled)],
    );
    let report = import_in_part(&data, &zip);
    assert_eq!(report["not_understood"]["count"], 2);
    assert_eq!(items(&data, &["user", "list"])[1]["name"], "user-u3");

    let carl = with(
        slack_user("U3", "carl"),
        &json!({"profile": {"real_name": "Carl C.", "email": "carl@example.org"}}),
    );
    let channels = json!([
        slack_channel("C1", "general", &json!(["U1", "U3"])),
        slack_channel("C2", "random", &json!(["U3"]))
    ]);
    let repaired = json!([
        slack_message("1704100000.0001", "U1", "first"),
        slack_message("1704100001.0001", "U3", "with a time")
    ]);
    slack_export(
        &zip,
        &json!([slack_user("U1", "ann"), carl]),
        &channels,
        &[],
        &[("general/2024-01-01", repaired)],
    );
    let report = import(&data, &zip, &[]);
    counts(&report, &[("users", 0, 2), ("rooms", 1, 1), ("messages", 1, 1)]);
    notes(&report, &[("completed", 1), ("password_unusable", 2)]);
    let carl = &items(&data, &["user", "list"])[1];
    assert_eq!(
        (&carl["name"], &carl["display_name"], &carl["email"], &carl["disabled"]),
        (&json!("carl"), &json!("Carl C."), &json!("carl@example.org"), &json!(false))
    );
    assert_eq!(contents(&data, "general"), ["first", "with a time"]);
    assert!(members(&data, "random").contains(&"carl admin".to_owned()));
}
