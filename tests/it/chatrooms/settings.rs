//! Topic, description, visibility, read-only and archived rooms.

use serde_json::json;

use crate::support::{Ctl, RoomPlan, Server, has_exactly, people};

fn path(room: &str) -> String {
    format!("/api/chatrooms/{room}")
}

#[tokio::test]
async fn a_topic_is_set_and_removed_and_sockets_are_told_with_the_documented_keys() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room_like(&[&ben], RoomPlan { name: Some("Books"), public: true }).await;
    let mut socket = ben.subscribe().await;
    let set = ann
        .patch(&path(&room), json!({"topic": "next: 책", "description": "What we read\nand why"}))
        .await
        .is(200);
    assert_eq!(
        (&set["topic"], &set["description"]),
        (&json!("next: 책"), &json!("What we read\nand why"))
    );
    let told = socket.until("room_updated").await;
    has_exactly(&told, &["type", "room_id", "rev", "name", "visibility", "owner_id", "timestamp"]);
    assert_eq!(ben.card(&room).await["topic"], "next: 책");
    let changed = ben
        .get(&format!("{}/changes?since={}", path(&room), told["rev"].as_i64().unwrap() - 1))
        .await
        .is(200);
    assert_eq!(changed["room"]["topic"], "next: 책");

    let removed = ann.patch(&path(&room), json!({"topic": null, "description": ""})).await.is(200);
    assert!(removed.get("topic").is_none() && removed.get("description").is_none(), "{removed}");
    let same = ann.patch(&path(&room), json!({})).await.is(200);
    assert_eq!(same["rev"], removed["rev"], "nothing has changed");
    let longest = "책".repeat(1024);
    ann.patch(&path(&room), json!({"topic": longest})).await.is(200);
    for (key, bad) in [
        ("topic", json!("x".repeat(1025))),
        ("topic", json!("two\nlines")),
        ("topic", json!(" ")),
        ("description", json!("a\u{202e}b")),
    ] {
        ann.patch(&path(&room), json!({key: bad})).await.blames(key);
    }
    ann.patch(&path(&room), json!({"visibility": "secret"})).await.blames("visibility");
    ben.patch(&path(&room), json!({"topic": "mine"})).await.fails(403, "forbidden");
    assert_eq!(ben.see(&room).await["topic"], longest);
}

#[tokio::test]
async fn frames_hold_nothing_that_is_not_documented() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.public_room("Books").await;
    ann.patch(&path(&room), json!({"topic": "t", "description": "d", "readOnly": true}))
        .await
        .is(200);
    Ctl::of(&server).run(&["user", "mark", "ben", "--bot"]).ends(0);
    let mut socket = ben.subscribe().await;
    ben.post(&format!("{}/join", path(&room)), json!({})).await.is(200);
    let added = socket.until("room_added").await;
    let documented = [
        "roomId",
        "name",
        "createdAt",
        "participants",
        "userCount",
        "ownerId",
        "visibility",
        "state",
        "rev",
        "lastSeq",
    ];
    has_exactly(&added["room"], &documented);
    for participant in added["room"]["participants"].as_array().unwrap() {
        has_exactly(participant, &["userId", "edited_name", "role", "name"]);
    }
    let shown = ann.see(&room).await;
    assert_eq!(
        (&shown["readOnly"], &shown["participants"][1]["bot"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(ann.get("/api/users/ben").await.is(200)["bot"], true);
}

#[tokio::test]
async fn only_admins_archive_and_what_is_archived_can_be_read_and_left() {
    let server = Server::start().await;
    let [admin, sub, member, other, outsider] =
        people(&server, ["admin", "sub", "member", "other", "outsider"]).await;
    let room = admin
        .room_like(&[&sub, &member, &other], RoomPlan { name: Some("Attic"), public: false })
        .await;
    admin
        .patch(&format!("{}/participants/sub/role", path(&room)), json!({"role": "sub-admin"}))
        .await
        .is(200);
    let message = member.say(&room, "old words").await["messageId"].as_str().unwrap().to_owned();
    for settings in
        [json!({"archived": true}), json!({"readOnly": true}), json!({"visibility": "public"})]
    {
        for person in [&sub, &member] {
            person.patch(&path(&room), settings.clone()).await.fails(403, "forbidden");
        }
        outsider.patch(&path(&room), settings).await.fails(404, "room_not_found");
    }
    let archived = admin.patch(&path(&room), json!({"archived": true})).await.is(200);
    assert!(archived["archived"] == true && archived["archivedAt"].is_string(), "{archived}");

    let messages = format!("{}/messages", path(&room));
    for person in [&admin, &sub, &member] {
        person.post(&messages, json!({"content": "new"})).await.fails(403, "forbidden");
        person
            .post(&format!("{messages}/{message}/reactions"), json!({"reactionType": "like"}))
            .await
            .fails(403, "forbidden");
    }
    member
        .patch(&format!("{messages}/{message}"), json!({"newContent": "new"}))
        .await
        .fails(403, "forbidden");
    admin
        .post(&format!("{}/participants", path(&room)), json!({"userId": "outsider"}))
        .await
        .fails(403, "forbidden");
    admin
        .patch(&format!("{}/name", path(&room)), json!({"name": "Cellar"}))
        .await
        .fails(403, "forbidden");
    admin.patch(&path(&room), json!({"topic": "new"})).await.fails(403, "forbidden");
    admin.put(&format!("{}/pins/{message}", path(&room))).await.fails(403, "forbidden");
    let mut socket = member.enter(&room).await;
    socket
        .refused(
            json!({"type": "edit_message", "message_id": message, "content": "new"}),
            "forbidden",
        )
        .await;
    socket
        .refused(
            json!({"type": "add_reaction", "message_id": message, "reaction_type": "like"}),
            "forbidden",
        )
        .await;

    assert_eq!(other.contents(&room).await, ["old words"]);
    assert_eq!(other.card(&room).await["archived"], true);
    member.post(&format!("{messages}/{message}/read"), json!({})).await.is(200);
    other.delete(&format!("{}/participants/other", path(&room))).await.is(204);
    member.delete(&format!("{messages}/{message}")).await.is(204);
    for person in [&sub, &member] {
        person.patch(&path(&room), json!({"archived": false})).await.fails(403, "forbidden");
    }
    let back = admin.patch(&path(&room), json!({"archived": false, "topic": "new"})).await.is(200);
    assert!(back.get("archived").is_none() && back["topic"] == "new", "{back}");
    member.say(&room, "new words").await;
}

#[tokio::test]
async fn in_a_read_only_room_members_react_and_do_not_post_or_rewrite() {
    let server = Server::start().await;
    let [admin, sub, member] = people(&server, ["admin", "sub", "member"]).await;
    let room = admin.room(&[&sub, &member]).await;
    admin
        .patch(&format!("{}/participants/sub/role", path(&room)), json!({"role": "sub-admin"}))
        .await
        .is(200);
    let own = member.say(&room, "before").await["messageId"].as_str().unwrap().to_owned();
    admin.patch(&path(&room), json!({"readOnly": true})).await.is(200);
    let messages = format!("{}/messages", path(&room));
    member.post(&messages, json!({"content": "new"})).await.fails(403, "forbidden");
    member
        .patch(&format!("{messages}/{own}"), json!({"newContent": "new"}))
        .await
        .fails(403, "forbidden");
    let news = sub.say(&room, "news").await["messageId"].as_str().unwrap().to_owned();
    member
        .post(&format!("{messages}/{news}/reactions"), json!({"reactionType": "like"}))
        .await
        .is(201);
    member.delete(&format!("{messages}/{own}")).await.is(204);
    member.put(&format!("{}/pins/{news}", path(&room))).await.fails(403, "forbidden");
    sub.put(&format!("{}/pins/{news}", path(&room))).await.is(204);
    admin
        .patch(&format!("{}/participants/sub/role", path(&room)), json!({"role": "member"}))
        .await
        .is(200);
    sub.post(&messages, json!({"content": "more news"})).await.fails(403, "forbidden");
    admin.patch(&path(&room), json!({"readOnly": false})).await.is(200);
    member.say(&room, "thanks").await;
}

#[tokio::test]
async fn a_public_room_becomes_private_and_comes_back_unless_its_name_is_taken() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.public_room("Lounge").await;
    ann.patch(&path(&room), json!({"visibility": "private"})).await.is(200);
    ben.get(&path(&room)).await.fails(404, "room_not_found");
    let other = ben.public_room("lounge").await;
    ann.patch(&path(&room), json!({"visibility": "public"})).await.fails(409, "already_exists");
    ben.patch(&path(&other), json!({"visibility": "private"})).await.is(200);
    ann.patch(&path(&room), json!({"visibility": "public"})).await.is(200);
    ben.post(&format!("{}/join", path(&room)), json!({})).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_does_the_same() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.public_room("Lounge").await;
    let ctl = Ctl::of(&server);
    assert_eq!(ctl.one(&["room", "topic", "Lounge", "Tea at five"])["topic"], "Tea at five");
    assert_eq!(ctl.one(&["room", "archive", &room])["mode"], "archived");
    ann.post(&format!("{}/messages", path(&room)), json!({"content": "?"}))
        .await
        .fails(403, "forbidden");
    ctl.run(&["room", "rename", &room, "Hall"]).fails(7, "archived");
    ctl.run(&["room", "add", &room, "ben"]).fails(7, "chatctl room unarchive");
    assert_eq!(ctl.one(&["room", "unarchive", &room])["mode"], "open");
    assert_eq!(ctl.one(&["room", "read-only", &room])["mode"], "read-only");
    assert_eq!(ctl.one(&["room", "read-only", &room, "--off"])["read_only"], false);
    assert_eq!(ctl.one(&["room", "visibility", &room, "private"])["visibility"], "private");
    ben.get(&path(&room)).await.fails(404, "room_not_found");
    ctl.run(&["room", "visibility", &room, "secret"]).fails(2, "secret");
    assert_eq!(ctl.one(&["room", "topic", &room, ""])["topic"], json!(null));
    let log = server.log_files();
    assert!(
        log.contains(&format!("Command: room.settings {room} archived=true"))
            && !log.contains("Tea at five"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_whose_last_admin_is_disabled_passes_to_somebody_who_can_log_in() {
    let server = Server::start().await;
    let [boss, gone, guest, ann, ben] =
        people(&server, ["boss", "gone", "guest", "ann", "ben"]).await;
    let room = boss.room(&[&gone, &guest, &ann, &ben]).await;
    let ctl = Ctl::of(&server);
    ctl.run(&["user", "disable", "gone"]).ends(0);
    ctl.run(&["user", "mark", "guest", "--guest"]).ends(0);
    let mut socket = ann.subscribe().await;
    ctl.run(&["user", "disable", "boss"]).ends(0);
    let told = socket.until("participant_changed").await;
    assert_eq!((&told["user_id"], &told["role"]), (&json!("ann"), &json!("admin")));
    ann.patch(&format!("{}/name", path(&room)), json!({"name": "Ours"})).await.is(200);
    guest
        .patch(&format!("{}/name", path(&room)), json!({"name": "Mine"}))
        .await
        .fails(403, "forbidden");
    // The last admin cannot leave the room to users who cannot log in.
    ann.delete(&format!("{}/participants/ann", path(&room))).await.fails(403, "forbidden");
    ann.patch(&format!("{}/participants/guest/role", path(&room)), json!({"role": "admin"}))
        .await
        .fails(403, "forbidden");
    ctl.run(&["room", "role", &room, "guest", "admin"]).fails(7, "--no-guest");
}
