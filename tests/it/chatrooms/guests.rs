//! What guests may do in their rooms, and what happens to their roles.

use serde_json::json;

use crate::support::{Body, Ctl, Server, people, picture};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_loses_roles_and_gets_none() {
    let server = Server::start().await;
    let [ann, ben, guest] = people(&server, ["ann", "ben", "guest"]).await;
    let ctl = Ctl::of(&server);
    let room = guest.room(&[&ann, &ben]).await;
    let path = |rest: &str| format!("/api/chatrooms/{room}{rest}");
    assert_eq!(guest.see(&room).await["participants"][0]["role"], "admin");
    let (mut socket, mut old) = (ann.subscribe().await, guest.open().await);
    ctl.run(&["user", "mark", "guest", "--guest"]).ends(0);
    let heir = socket
        .expect(|frame| frame["type"] == "participant_changed" && frame["role"] == "admin")
        .await;
    assert_eq!(heir["user_id"], "ann");
    let seen = ann.see(&room).await;
    assert_eq!(
        (&seen["participants"][0]["role"], &seen["participants"][0]["guest"]),
        (&json!("member"), &json!(true))
    );
    for (method, rest, body) in [
        (reqwest::Method::PATCH, "/name", json!({"name": "X"})),
        (reqwest::Method::POST, "/participants", json!({"userId": "ben"})),
        (reqwest::Method::DELETE, "/participants/ben", json!(null)),
        (reqwest::Method::DELETE, "", json!(null)),
        (reqwest::Method::PATCH, "", json!({"topic": "x"})),
        (reqwest::Method::PATCH, "", json!({"archived": true})),
    ] {
        guest.request(method, &path(rest), body).await.fails(403, "forbidden");
    }
    ctl.run(&["user", "promote", "guest"]).fails(7, "guest");
    // A socket older than the guest flag has no more rights.
    let hall = ann.public_room("Hall").await;
    old.refused(json!({"type": "join_room", "room_id": hall}), "join_failed").await;
    ctl.run(&["user", "mark", "guest", "--no-guest"]).ends(0);
    guest.public_room("Mine").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_who_is_alone_in_a_public_room_does_not_administer_it() {
    let server = Server::start().await;
    let [ann, guest] = people(&server, ["ann", "guest"]).await;
    let ctl = Ctl::of(&server);
    ctl.run(&["user", "mark", "guest", "--guest"]).ends(0);
    let room = ann.public_room("Hall").await;
    ann.delete(&format!("/api/chatrooms/{room}/participants/ann")).await.is(204);
    assert_eq!(ctl.one(&["room", "add", &room, "guest"])["role"], "member");
    guest
        .patch(&format!("/api/chatrooms/{room}/name"), json!({"name": "Mine"}))
        .await
        .fails(403, "forbidden");
    guest.say(&room, "hello").await;
    // A room created by a guest has no admin, and the guest does not manage it.
    ctl.run(&["room", "add", &room, "ann"]).ends(0);
    let own = guest.room(&[&ann]).await;
    assert_eq!(guest.see(&own).await["participants"][0]["role"], "member");
    guest
        .patch(&format!("/api/chatrooms/{own}/name"), json!({"name": "Mine"}))
        .await
        .fails(403, "forbidden");
    ann.patch(&format!("/api/chatrooms/{own}/name"), json!({"name": "Ours"})).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_is_older_than_the_mark_gives_no_right_that_a_guest_has_not() {
    let server = Server::start().await;
    let [ann, ben, guest] = people(&server, ["ann", "ben", "guest"]).await;
    let ctl = Ctl::of(&server);
    // Without an admin everybody except guests may post in a read-only room.
    let room = ann.room(&[&ben, &guest]).await;
    ann.patch(&format!("/api/chatrooms/{room}"), json!({"readOnly": true})).await.is(200);
    ctl.run(&["room", "role", &room, "guest", "sub-admin"]).ends(0);
    let mut old = guest.enter(&room).await;
    old.say("while I may").await;
    ctl.run(&["user", "mark", "guest", "--guest"]).ends(0);
    let mut socket = ann.subscribe().await;
    socket.settle().await;
    old.refused(json!({"type": "chat_message", "content": "still?"}), "forbidden").await;
    let first = ann.history(&room).await[0]["messageId"].as_str().unwrap().to_owned();
    let pins = format!("/api/chatrooms/{room}/pins/{first}");
    guest.put(&pins).await.fails(403, "forbidden");
    assert_eq!(ann.contents(&room).await, ["while I may"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_fetches_the_pictures_of_people_in_their_rooms_and_of_nobody_else() {
    let server = Server::start().await;
    let [ann, ben, guest] = people(&server, ["ann", "ben", "guest"]).await;
    Ctl::of(&server).run(&["user", "mark", "guest", "--guest"]).ends(0);
    ann.room(&[&guest]).await;
    let mut pictures = Vec::new();
    for (person, width) in [(&ann, 8), (&ben, 9), (&guest, 10)] {
        let media = person.post("/api/media", Body::Raw(picture(width, 8))).await.is(201);
        person.patch("/api/users/me", json!({"mediaId": media["id"]})).await.is(200);
        pictures.push(format!("/api/media/{}", media["name"].as_str().unwrap()));
    }
    for person in [&ann, &ben] {
        for picture in &pictures {
            assert_eq!(person.get(picture).await.status, 200);
        }
    }
    assert_eq!(guest.get(&pictures[0]).await.status, 200);
    guest.get(&pictures[1]).await.fails(404, "media_not_found");
    assert_eq!(guest.get(&pictures[2]).await.status, 200);
    let room = ben.room(&[&guest]).await;
    assert_eq!(guest.get(&pictures[1]).await.status, 200);
    ben.delete(&format!("/api/chatrooms/{room}/participants/guest")).await.is(204);
    guest.get(&pictures[1]).await.fails(404, "media_not_found");
}
