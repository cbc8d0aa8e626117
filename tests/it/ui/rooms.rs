//! Rooms in the address that are not one's own.

use serde_json::json;

use super::WRITES;
use crate::support::{Browser, Driver, Server, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_a_public_room_offers_to_join_it() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let public = bob.public_room("Open house").await;
    let key = bob.say(&public, "welcome").await["messageId"].as_str().unwrap().to_owned();
    let private = bob.room(&[]).await;
    let driver = Driver::start();
    for size in ["1280,800", "390,844"] {
        let page = Browser::at_home(&driver, "join", server.address(), size, &ann).await;
        page.go(&format!("#/{private}")).await;
        page.reads("room-absent h1", "Room not found").await;
        page.lacks("room-absent .join").await;
        page.go(&format!("#/{public}/{key}")).await;
        page.reads("room-absent h1", "Open house").await;
        page.picture("offer").await;
        page.click("room-absent .join").await;
        page.shows(&["welcome"]).await;
        // The message of the link is kept.
        page.has("message-item.is-target").await;
        ann.delete(&format!("/api/chatrooms/{public}/participants/ann")).await.is(204);
        page.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_removed_is_told_and_keeps_the_text() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "removed", server.address(), "1280,800", &ann).await;
    let mut rooms = Vec::new();
    for name in ["One", "Two"] {
        let body = json!({"targetUserIds": ["ann"], "name": name});
        let room = bob.post("/api/chatrooms", body).await.is(201);
        rooms.push(room["roomId"].as_str().unwrap().to_owned());
    }
    page.go(&format!("#/{}", rooms[0])).await;
    page.fill(WRITES, "half a thought").await;
    bob.delete(&format!("/api/chatrooms/{}/participants/ann", rooms[0])).await.is(204);
    page.reads("room-absent h1", "You are no longer in “One”").await;
    page.wait(
        "the text",
        "return document.querySelector('room-absent textarea')?.value === 'half a thought'",
    )
    .await;
    page.picture("told").await;
    page.click("room-absent .copy").await;
    page.reads("room-absent .copy", "Copied").await;

    page.go(&format!("#/{}", rooms[1])).await;
    page.has(WRITES).await;
    bob.delete(&format!("/api/chatrooms/{}", rooms[1])).await.is(204);
    page.reads("room-absent h1", "“Two” was deleted").await;
    page.lacks("room-absent textarea").await;
    // Told once: the address alone says no more than that there is no such room.
    page.go("#/rooms").await;
    page.go(&format!("#/{}", rooms[1])).await;
    page.reads("room-absent h1", "Room not found").await;
    page.close().await;
}
