//! Passwords for imported users.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::{ends, import, slack_export, slack_user, stopped, with};
use crate::support::{Body, Client};

#[tokio::test]
async fn everybody_without_a_password_gets_one_in_a_file() {
    let mut server = stopped().await;
    let zip = server.data().join("a.zip");
    let users = json!([
        with(
            slack_user("U1", "ann"),
            &json!({"profile": {"real_name": "Ann", "email": "ann@example.org"}})
        ),
        slack_user("U2", "bob"),
        with(slack_user("U3", "gone"), &json!({"deleted": true})),
    ]);
    slack_export(&zip, &users, &json!([]), &[], &[]);
    import(server.data(), &zip, &[]);
    let known = server.data().join("known");
    std::fs::write(&known, "correct horse\n").unwrap();
    ends(0, server.data(), &["user", "passwd", "bob", "--password-file", known.to_str().unwrap()]);
    let file = server.data().join("passwords.csv");
    let give = |file: &std::path::Path| {
        ["user", "passwd", "--all-without", "--generate", "--to", file.to_str().unwrap()]
            .map(str::to_owned)
    };
    let run = |server: &crate::support::Server, file: &std::path::Path| {
        let arguments = give(file);
        ends(0, server.data(), &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    run(&server, &file);
    let text = std::fs::read_to_string(&file).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 2, "only ann is enabled and without one: {text}");
    assert_eq!(
        (rows[0].as_slice(), rows[1][0], rows[1][2]),
        (&["login", "password", "email"][..], "ann", "ann@example.org")
    );
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // Users with a password get no new one; the file is then not created.
    let second = server.data().join("second.csv");
    run(&server, &second);
    assert!(!second.exists());
    server.restart().await;
    run(&server, &second);
    assert!(!second.exists());
    let client = Client::new(&server);
    client
        .post("/api/login", Body::Json(json!({"userId": "ann", "password": rows[1][1]})))
        .await
        .is(200);
    client
        .post("/api/login", Body::Json(json!({"userId": "bob", "password": "correct horse"})))
        .await
        .is(200);
}
