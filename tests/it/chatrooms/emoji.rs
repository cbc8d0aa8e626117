//! Custom emoji: who adds and deletes them, who sees them, and what reactions do with them.

use serde_json::json;

use crate::support::{Answer, Body, Ctl, Person, Server, has_exactly, people, picture};

async fn add(person: &Person, name: &str, bytes: &[u8]) -> Answer {
    person.post(&format!("/api/emoji?name={name}"), Body::Raw(bytes.to_vec())).await
}

/// Makes this person an administrator.
fn promote(server: &Server, login: &str) {
    Ctl::of(server).run(&["user", "promote", login]).ends(0);
}

#[tokio::test]
async fn an_administrator_adds_an_emoji_that_everybody_sees_at_once() {
    let server = Server::start().await;
    let [ann, bob, cho] = people(&server, ["ann", "bob", "cho"]).await;
    promote(&server, "ann");
    let bytes = picture(40, 30);
    add(&bob, "party_parrot", &bytes).await.fails(403, "forbidden");
    assert_eq!(bob.get("/api/emoji").await.is(200), json!({"emoji": [], "mayAdd": false}));
    // A socket that has entered no room is told too.
    let mut socket = cho.open().await;
    let added = add(&ann, "party_parrot", &bytes).await.is(201);
    has_exactly(&added, &["name", "userId", "mediaName", "mediaId", "createdAt"]);
    let told = socket.until("emoji_added").await;
    has_exactly(&told, &["type", "name", "media_name", "media_id", "timestamp"]);
    assert_eq!(
        (&told["name"], &told["media_name"], &added["userId"]),
        (&added["name"], &added["mediaName"], &json!("ann"))
    );
    let list = ann.get("/api/emoji").await.is(200);
    assert_eq!((&list["emoji"], &list["mayAdd"]), (&json!([added]), &json!(true)));
    // Who shares no room with Ann does not learn her name.
    let seen = cho.get("/api/emoji").await.is(200)["emoji"].take();
    has_exactly(&seen[0], &["name", "mediaName", "mediaId", "createdAt"]);
    // Its picture is one that everybody may read, and keep.
    let path = format!("/api/media/{}", added["mediaName"].as_str().unwrap());
    let shown = bob.get(&path).await;
    assert_eq!((shown.status, &shown.bytes[..]), (200, &bytes[..]));
    let known = bob.with("if-none-match", shown.header("etag")).get(&path).await;
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    add(&ann, "party_parrot", &bytes).await.fails(409, "already_exists");
    bob.delete("/api/emoji/party_parrot").await.fails(403, "forbidden");
    ann.delete("/api/emoji/party_parrot").await.is_text(204);
    let told = socket.until("emoji_removed").await;
    has_exactly(&told, &["type", "name", "timestamp"]);
    ann.delete("/api/emoji/party_parrot").await.fails(404, "emoji_not_found");
    bob.get(&path).await.fails(404, "media_not_found");
    let log = Ctl::of(&server).all(&["audit", "list", "--action", "emoji"]);
    let actions: Vec<_> = log.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["emoji.delete", "emoji.add"]);
    assert_eq!((&log[1]["target"], &log[1]["actor"]), (&log[0]["target"], &log[0]["actor"]));
}

#[tokio::test]
async fn what_is_no_emoji_is_refused() {
    let server = Server::start_with(&[("ROOMS__CUSTOM_EMOJI", "everyone")]).await;
    let ann = Person::new(&server, "ann").await;
    let small = picture(10, 10);
    for name in ["", "x", "Parrot", "caf%C3%A9", "a%20b", "tada", "%2B1"] {
        add(&ann, name, &small).await.blames("name");
    }
    for body in [&b"text"[..], b"<svg/>", &picture(1025, 10)] {
        add(&ann, "our_parrot", body).await.blames("body");
    }
    let large = crate::support::heavy_picture(10, 10, 256 * 1024);
    add(&ann, "our_parrot", &large).await.fails(413, "too_large");
    let chunked = ann.post("/api/emoji?name=our_parrot", Body::Chunked(large)).await;
    chunked.fails(413, "too_large");
    add(&ann, "our_parrot", &picture(1024, 10)).await.is(201);
}

#[tokio::test]
async fn where_everybody_adds_emoji_people_delete_their_own() {
    let mut server = Server::start_with(&[("ROOMS__CUSTOM_EMOJI", "everyone")]).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    add(&bob, "shipit", &picture(10, 10)).await.is(201);
    let creator =
        async |who: &Person| who.get("/api/emoji").await.is(200)["emoji"][0]["userId"].clone();
    assert_eq!((creator(&ann).await, creator(&bob).await), (json!(null), json!("bob")));
    ann.delete("/api/emoji/shipit").await.fails(403, "forbidden");
    bob.delete("/api/emoji/shipit").await.is_text(204);
    add(&bob, "shipit", &picture(10, 10)).await.is(201);
    // Nothing of it is administration.
    let ctl = Ctl::of(&server);
    assert!(ctl.all(&["audit", "list", "--action", "emoji"]).is_empty());
    // The administrator may delete all; that is recorded.
    promote(&server, "ann");
    ann.delete("/api/emoji/shipit").await.is_text(204);
    assert_eq!(ctl.all(&["audit", "list", "--action", "emoji"]).len(), 1);
    add(&bob, "shipit", &picture(10, 10)).await.is(201);
    ctl.run(&["user", "mark", "bob", "--guest"]).ends(0);
    add(&bob, "more", &picture(10, 10)).await.fails(403, "forbidden");
    server.terminate().await;
    server.set("ROOMS__CUSTOM_EMOJI", "administrators");
    server.restart().await;
    let bob = Person::known(&server, "bob").await;
    bob.delete("/api/emoji/shipit").await.fails(403, "forbidden");
}

#[tokio::test]
async fn a_custom_emoji_is_a_reaction_in_every_api() {
    let server = Server::start_with(&[("ROOMS__CUSTOM_EMOJI", "everyone")]).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = ann.room(&[&bob]).await;
    let message = ann.say(&room, "look :shipit:").await["messageId"].as_str().unwrap().to_owned();
    let path = format!("/api/chatrooms/{room}/messages/{message}/reactions");
    ann.post(&path, json!({"reactionType": ":shipit:"})).await.blames("reactionType");
    add(&bob, "shipit", &picture(10, 10)).await.is(201);
    let mut socket = bob.enter(&room).await;
    let given = ann.post(&path, json!({"reactionType": ":shipit:"})).await.is(201);
    assert_eq!(given["reactionType"], ":shipit:");
    ann.post(&path, json!({"reactionType": ":shipit:"})).await.is(200);
    assert_eq!(socket.until("reaction_added").await["reaction_type"], ":shipit:");
    socket
        .send(json!({
            "type": "add_reaction", "message_id": message, "reaction_type": ":shipit:",
        }))
        .await;
    assert_eq!(socket.until("reaction_added").await["user_id"], "bob");
    let history = ann.history(&room).await;
    let both = json!([{"reactionType": ":shipit:", "userIds": ["ann", "bob"]}]);
    assert_eq!(
        (&history[0]["reactions"], &history[0]["content"]),
        (&both, &json!("look :shipit:"))
    );
    // It outlives the emoji, and can be taken back.
    bob.delete("/api/emoji/shipit").await.is_text(204);
    assert_eq!(ann.history(&room).await[0]["reactions"], both);
    ann.delete(&format!("{path}/%3Ashipit%3A")).await.is_text(204);
    let of_bob = json!([{"reactionType": ":shipit:", "userIds": ["bob"]}]);
    assert_eq!(ann.history(&room).await[0]["reactions"], of_bob);
    ann.post(&path, json!({"reactionType": ":shipit:"})).await.blames("reactionType");
}

#[tokio::test]
async fn the_command_line_adds_lists_and_deletes_emoji() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let file = server.data().join("parrot.png");
    std::fs::write(&file, picture(40, 30)).unwrap();
    let path = file.to_str().unwrap();
    ctl.run(&["emoji", "add", "our_parrot", path]).fails(2, "there is no administrator");
    ctl.create("chief", &["--admin"]);
    let added = ctl.one(&["emoji", "add", "our_parrot", path]);
    assert_eq!(
        (&added["name"], &added["added_by"], &added["type"], &added["width"]),
        (&json!("our_parrot"), &json!("chief"), &json!("png"), &json!(40))
    );
    assert_eq!(ctl.all(&["emoji", "list"]), std::slice::from_ref(&added));
    ctl.run(&["emoji", "add", "our_parrot", path]).fails(4, ":our_parrot: already");
    assert_eq!(ctl.one(&["emoji", "add", "our_parrot", path, "--if-not-exists"]), added);
    let built_in = "the name \"tada\" must not be that of the built-in emoji 🎉";
    ctl.run(&["emoji", "add", "tada", path]).fails(2, built_in);
    ctl.run(&["emoji", "add", "Tada", path]).fails(2, "the name \"Tada\" must be 2 to 64");
    let nobody = "the user \"nobody\" does not exist";
    ctl.run(&["emoji", "add", "more", path, "--owner", "nobody"]).fails(3, nobody);
    std::fs::write(&file, picture(1025, 10)).unwrap();
    let wide = "the picture must have at most 1024 × 1024 pixels, but has 1025 × 10";
    ctl.run(&["emoji", "add", "more", path]).fails(2, wide);
    std::fs::write(&file, vec![b'x'; 300 * 1024]).unwrap();
    ctl.run(&["emoji", "add", "more", path]).fails(2, "larger than 256 KiB");
    std::fs::write(&file, "no picture").unwrap();
    ctl.run(&["emoji", "add", "more", path])
        .fails(2, "the picture must be a PNG, JPEG, GIF or WebP");
    assert_eq!(ctl.one(&["emoji", "delete", "our_parrot", "--yes"]), added);
    ctl.run(&["emoji", "delete", "our_parrot", "--yes"]).fails(3, "no custom emoji :our_parrot:");
    ctl.run(&["emoji", "delete", "our_parrot", "--yes", "--if-exists"]).ends(0);
}
