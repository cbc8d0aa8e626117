//! Profiles of users: own and others'.

use serde_json::json;

use crate::support::{Ctl, Person, Server, has_exactly, is, people, texts};

#[tokio::test]
async fn everybody_sees_their_own_profile_and_changes_it() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let me = ann.get("/api/users/me").await.is(200);
    assert_eq!(
        (&me["id"], &me["userId"], &me["name"]),
        (&json!(ann.id), &json!("ann"), &json!("ann"))
    );
    assert!(
        me.get("email").is_none_or(serde_json::Value::is_null)
            && me.get("birth").is_none_or(serde_json::Value::is_null),
        "{me}"
    );
    let body = json!({
        "name": "Ann Lee", "email": "ann@example.org", "birth": "1990-02-28", "userId": "other",
        "id": 99,
    });
    let changed = ann.patch("/api/users/me", body).await.is(200);
    assert_eq!(
        (&changed["name"], &changed["email"], &changed["birth"]),
        (&json!("Ann Lee"), &json!("ann@example.org"), &json!("1990-02-28"))
    );
    assert_eq!(
        (&changed["id"], &changed["userId"]),
        (&json!(ann.id), &json!("ann")),
        "the login name never changes"
    );
    assert_eq!(ann.get("/api/users/me").await.is(200)["name"], "Ann Lee");
    ann.patch("/api/users/me", json!({})).await.is(200);
    for (key, value) in [
        ("name", json!("")),
        ("name", json!(7)),
        ("email", json!("nonsense")),
        ("birth", json!("tomorrow")),
        ("mediaId", json!(99)),
    ] {
        ann.patch("/api/users/me", json!({key: value})).await.blames(key);
    }
    assert_eq!(
        ann.get("/api/users/me").await.is(200),
        changed,
        "nothing of what was refused is stored"
    );
}

#[tokio::test]
async fn others_see_a_status_until_it_is_removed() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let set = json!({"status": {"emoji": "🍜", "text": " at  lunch ", "until": "9000-01-01T00:00:00+01:00"}});
    let status = json!({"emoji": "🍜", "text": "at lunch", "until": "8999-12-31T23:00:00Z"});
    assert_eq!(ann.patch("/api/users/me", set).await.is(200)["status"], status);
    assert_eq!(ben.get("/api/users/ann").await.is(200)["status"], status);
    assert_eq!(ben.get("/api/users?q=ann").await.is(200)["users"][0]["status"], status);
    for bad in [
        json!({}),
        json!({"emoji": "no"}),
        json!({"text": "a".repeat(101)}),
        json!({"text": "late", "until": "2020-01-01T00:00:00Z"}),
        json!({"text": "never", "until": "soon"}),
        json!("away"),
    ] {
        ann.patch("/api/users/me", json!({"status": bad})).await.fails(400, "invalid_request");
    }
    ann.patch("/api/users/me", json!({"name": "Ann"})).await.is(200);
    assert_eq!(ben.get("/api/users/ann").await.is(200)["status"], status);
    let removed = ann.patch("/api/users/me", json!({"status": null})).await.is(200);
    assert!(removed.get("status").is_none(), "{removed}");
    assert!(ben.get("/api/users/ann").await.is(200).get("status").is_none());
}

#[tokio::test]
async fn those_who_share_a_room_hear_of_a_status_at_once() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let one = ann.room(&[&ben]).await;
    ann.room(&[&ben]).await;
    let list = "/api/statuses";
    assert_eq!(ben.get(list).await.is(200), json!({"statuses": []}));
    let mut sockets = [
        ann.subscribe().await,
        ben.subscribe().await,
        ben.enter(&one).await,
        cyd.subscribe().await,
    ];
    let status = json!({"emoji": "🍜", "text": "at lunch", "until": "8999-12-31T23:00:00Z"});
    ann.patch("/api/users/me", json!({"status": status})).await.is(200);
    let [anns, bens, entered, cyds] = &mut sockets;
    for socket in [anns, &mut *bens, entered] {
        let told = socket.until("status_changed").await;
        has_exactly(&told, &["type", "user_id", "status", "timestamp"]);
        assert_eq!((&told["user_id"], &told["status"]), (&json!("ann"), &status));
    }
    let both = json!({"statuses": [{"userId": "ann", "status": status}]});
    for person in [&ann, &ben] {
        assert_eq!(person.get(list).await.is(200), both);
    }
    assert_eq!(cyd.get(list).await.is(200), json!({"statuses": []}), "no room in common");
    // Who is disabled shows none, and has it again with the account.
    let ctl = Ctl::of(&server);
    ctl.run(&["user", "disable", "ann"]).ends(0);
    assert!(bens.until("status_changed").await.get("status").is_none());
    assert_eq!(ben.get(list).await.is(200), json!({"statuses": []}));
    assert!(ben.get("/api/users/ann").await.is(200).get("status").is_none());
    ctl.run(&["user", "enable", "ann"]).ends(0);
    assert_eq!(bens.until("status_changed").await["status"], status);
    let ann = ann.again().await;
    ann.patch("/api/users/me", json!({"name": "Ann"})).await.is(200);
    ann.patch("/api/users/me", json!({"status": null})).await.is(200);
    let told = bens.until("status_changed").await;
    has_exactly(&told, &["type", "user_id", "timestamp"]);
    assert!(
        bens.heard().filter(|frame| frame["type"] == "status_changed").count() == 4,
        "one frame for each change, however many rooms they share, and none for another name"
    );
    assert_eq!(ben.get(list).await.is(200), json!({"statuses": []}));
    // Cyd has been told nothing.
    assert!(cyds.settle().await.iter().all(|frame| frame["type"] != "status_changed"));
}

#[tokio::test]
async fn an_email_may_belong_to_one_account_only() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    ann.patch("/api/users/me", json!({"email": "one@example.org"})).await.is(200);
    ben.patch("/api/users/me", json!({"email": "ONE@example.org"}))
        .await
        .fails(409, "already_exists");
    ann.patch("/api/users/me", json!({"email": "One@example.org"})).await.is(200);
}

#[tokio::test]
async fn others_see_neither_email_nor_birth() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    ann.patch("/api/users/me", json!({"email": "ann@example.org", "birth": "1990-02-28"}))
        .await
        .is(200);
    let seen = ben.get("/api/users/ANN").await.is(200);
    has_exactly(&seen, &["id", "userId", "name", "createdAt"]);
    assert_eq!(seen["userId"], "ann");
    ben.get("/api/users/nobody").await.fails(404, "user_not_found");
    let found = ben.get("/api/users?q=ann").await;
    assert_eq!(texts(&found.is(200)["users"], "userId"), ["ann"]);
    assert!(!found.text.contains("example.org") && !found.text.contains("1990"), "{}", found.text);
}

#[tokio::test]
async fn the_directory_finds_names_in_any_case_and_script() {
    let server = Server::start().await;
    let [ann, ben, _] = people(&server, ["ann", "Борис", "o'neill"]).await;
    ben.patch("/api/users/me", json!({"name": "Boris B."})).await.is(200);
    for (query, wanted) in [
        ("AN", vec!["ann"]),
        ("%D0%B1%D0%9E%D0%A0", vec!["Борис"]),
        ("o%27n", vec!["o'neill"]),
        ("%25", vec![]),
        ("_", vec![]),
        ("zzz", vec![]),
    ] {
        let found = ann.get(&format!("/api/users?q={query}")).await.is(200);
        assert_eq!(texts(&found["users"], "userId"), wanted, "{query}");
    }
    let found = ann.get("/api/users?q=boris").await.is(200);
    assert_eq!(texts(&found["users"], "userId"), ["Борис"], "display names are found too");
    assert_eq!(
        ann.get("/api/users?q=n&limit=1").await.is(200)["users"].as_array().map(Vec::len),
        Some(1)
    );
    for limit in ["0", "-1", "x", "1000000"] {
        ann.get(&format!("/api/users?q=n&limit={limit}")).await.blames("limit");
    }
}

#[tokio::test]
async fn a_password_change_needs_the_current_one_and_ends_all_other_sessions() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let other = ann.again().await;
    let (mut kept, mut closed) = (ann.open().await, other.open().await);
    ann.patch("/api/users/me", json!({"password": "brand new one"}))
        .await
        .fails(400, "invalid_request");
    ann.patch(
        "/api/users/me",
        json!({"password": "brand new one", "currentPassword": "wrong one"}),
    )
    .await
    .fails(403, "forbidden");
    ann.patch("/api/users/me", json!({"password": "short", "currentPassword": ann.password}))
        .await
        .blames("password");
    other.get("/api/users/me").await.is(200);
    ann.patch(
        "/api/users/me",
        json!({"password": "brand new one", "currentPassword": ann.password}),
    )
    .await
    .is(200);
    assert_eq!(closed.closed().await, 4401);
    other.get("/api/users/me").await.fails(401, "invalid_token");
    kept.settle().await;
    ann.get("/api/users/me").await.is(200);
    ann.bare()
        .post("/api/login", json!({"userId": "ann", "password": ann.password}))
        .await
        .fails(401, "invalid_credentials");
    ann.bare()
        .post("/api/login", json!({"userId": "ann", "password": "brand new one"}))
        .await
        .is(200);
}

#[tokio::test]
async fn a_changed_display_name_reaches_the_rooms() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let mut socket = ben.enter(&room).await;
    ann.patch("/api/users/me", json!({"name": "Ann Lee"})).await.is(200);
    let frame = socket.expect(is("participant_changed")).await;
    has_exactly(
        &frame,
        &["type", "room_id", "rev", "user_id", "name", "edited_name", "role", "timestamp"],
    );
    assert_eq!(
        (&frame["user_id"], &frame["name"], &frame["edited_name"]),
        (&json!("ann"), &json!("Ann Lee"), &json!(""))
    );
    assert_eq!(ben.see(&room).await["participants"][0]["name"], "Ann Lee");
    ann.say(&room, "under my new name").await;
    assert_eq!(socket.hears("under my new name").await["sender_name"], "Ann Lee");
}

#[tokio::test]
async fn a_deleted_account_is_gone_and_its_messages_stay_without_an_author() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben, &cyd]).await;
    let alone = ann.room(&[]).await;
    ann.say(&room, "still here").await;
    let mut watching = ben.enter(&room).await;
    let mut hers = ann.open().await;
    ann.delete("/api/users/me").await.is(204);
    assert_eq!(hers.closed().await, 4401);
    ann.get("/api/users/me").await.fails(401, "invalid_token");
    ann.bare()
        .post("/api/login", json!({"userId": "ann", "password": ann.password}))
        .await
        .fails(401, "invalid_credentials");
    let frame = watching.until("participant_removed").await;
    assert_eq!(frame["room_id"], json!(room));
    let seen = ben.see(&room).await;
    assert_eq!(texts(&seen["participants"], "userId"), ["ben", "cyd"]);
    assert_eq!(
        seen["participants"][0]["role"], "admin",
        "the longest-standing participant takes over: {seen}"
    );
    let history = ben.history(&room).await;
    assert_eq!((&history[0]["content"], &history[0]["userId"]), (&json!("still here"), &json!("")));
    ben.get(&format!("/api/chatrooms/{alone}")).await.fails(404, "room_not_found");
    ben.get("/api/users/ann").await.fails(404, "user_not_found");
    let again = Person::new(&server, "ann").await;
    assert!(again.id > cyd.id, "the name is free again, the id is not");
    again.get(&format!("/api/chatrooms/{room}")).await.fails(404, "room_not_found");
}
