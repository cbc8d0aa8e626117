//! What guests may do in the rooms that they are in, and what becomes of their roles.

use serde_json::json;

use crate::support::{Ctl, Server, people};

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
    ctl.run(&["user", "promote", "guest"]).fails(2, "guest");
    // A socket that is older than the mark opens no door either.
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
    // A room made by a guest has no admin, and the guest does not manage it.
    ctl.run(&["room", "add", &room, "ann"]).ends(0);
    let own = guest.room(&[&ann]).await;
    assert_eq!(guest.see(&own).await["participants"][0]["role"], "member");
    guest
        .patch(&format!("/api/chatrooms/{own}/name"), json!({"name": "Mine"}))
        .await
        .fails(403, "forbidden");
    ann.patch(&format!("/api/chatrooms/{own}/name"), json!({"name": "Ours"})).await.is(200);
}
