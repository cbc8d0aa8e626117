//! Live rooms: creating, active, idle, closing, closed.

use serde_json::json;

use crate::support::{Json, Proxy, Server, has_exactly, is, people};

const QUICK: [(&str, &str); 2] = [("ROOMS__IDLE_TIMEOUT_SECONDS", "1"), ("LOG__LEVEL", "debug")];

#[tokio::test]
async fn a_live_room_comes_with_the_first_socket_and_goes_after_the_last() {
    let server = Server::start_with(&QUICK).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let bracket = format!("[{room}]");
    let state = async || ann.see(&room).await["state"].as_str().expect("a state").to_owned();
    assert_eq!(state().await, "closed");
    let first = ann.enter(&room).await;
    assert_eq!(state().await, "active");
    server.wait_for_log(&["[DEBUG]", &bracket, "creating"]).await;
    server.wait_for_log(&["[INFO]", &bracket, "Room created successfully."]).await;
    server.wait_for_log(&["[INFO]", "[ann]", &bracket, "entered"]).await;
    server.wait_for_log(&["[DEBUG]", &bracket, "active"]).await;
    let second = ben.enter(&room).await;
    first.close().await;
    server.wait_for_log(&["[INFO]", "[ann]", &bracket, "left"]).await;
    assert_eq!(state().await, "active");
    second.close().await;
    server.wait_for_log(&["[DEBUG]", &bracket, "idle"]).await;
    server.wait_for_log(&["[DEBUG]", &bracket, "closing"]).await;
    server.wait_for_log(&["[INFO]", &bracket, "Room closed"]).await;
    assert_eq!(state().await, "closed");
    let mut again = ann.enter(&room).await;
    assert_eq!(state().await, "active");
    again.say("in a new live room").await;
}

#[tokio::test]
async fn an_idle_room_is_entered_again_and_keeps_its_messages() {
    let server = Server::start_with(&[("LOG__LEVEL", "debug")]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let mut socket = ann.enter(&room).await;
    socket.say("remember me").await;
    socket.hears("remember me").await;
    socket.close().await;
    server.wait_for_log(&[&format!("[{room}]"), "idle"]).await;
    assert_eq!(ben.see(&room).await["state"], "idle");
    let joined = ben.open().await.join(&room).await;
    assert_eq!(
        (&joined["state"], &joined["messages"][0]["content"]),
        (&json!("active"), &json!("remember me"))
    );
    let created =
        server.output().iter().filter(|line| line.contains("Room created successfully")).count();
    assert_eq!(created, 1);
}

#[tokio::test]
async fn connecting_brings_the_room_up_idle() {
    let server = Server::start_with(&QUICK).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let connected =
        ann.post(&format!("/api/chatrooms/{room}/connect"), json!({"userId": "ann"})).await.is(200);
    has_exactly(
        &connected,
        &["roomId", "state", "participants", "online", "onlineCount", "websocket"],
    );
    assert_eq!((&connected["state"], &connected["online"]), (&json!("idle"), &json!([])));
    assert_eq!(connected["participants"].as_array().map(Vec::len), Some(2));
    server.wait_for_log(&["[INFO]", &format!("[{room}]"), "Room closed"]).await;
    assert_eq!(ann.see(&room).await["state"], "closed");
    let _socket = ben.enter(&room).await;
    let connected = ann.post(&format!("/api/chatrooms/{room}/connect"), "").await.is(200);
    assert_eq!(
        (&connected["state"], &connected["online"], &connected["onlineCount"]),
        (&json!("active"), &json!(["ben"]), &json!(1))
    );
}

#[tokio::test]
async fn changes_reach_an_active_room_at_once() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben]).await;
    let mut socket = ben.enter(&room).await;
    ann.patch(&format!("/api/chatrooms/{room}/name"), json!({"name": "Renamed"})).await.is(200);
    assert_eq!(socket.until("room_updated").await["name"], "Renamed");
    ann.post(&format!("/api/chatrooms/{room}/participants"), json!({"userId": "cyd"}))
        .await
        .is(201);
    socket.until("participant_added").await;
    // An added user enters without the room being read again, and is known in it.
    let mut added = cyd.enter(&room).await;
    added.say("thank you").await;
    assert_eq!(socket.hears("thank you").await["sender_id"], "cyd");
    ann.patch(&format!("/api/chatrooms/{room}/participants/cyd/name"), json!({"edited_name": "C"}))
        .await
        .is(403);
    cyd.patch(&format!("/api/chatrooms/{room}/participants/cyd/name"), json!({"edited_name": "C"}))
        .await
        .is(200);
    socket.until("participant_changed").await;
    added.say("by another name").await;
    assert_eq!(socket.hears("by another name").await["sender_name"], "C");
}

#[tokio::test]
async fn only_the_first_and_the_last_socket_of_a_user_are_told_of() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let mut watching = ann.enter(&room).await;
    let presence = |frame: &Json| frame["type"] == "user_joined" || frame["type"] == "user_left";
    let one = ben.enter(&room).await;
    assert_eq!(watching.expect(presence).await["type"], "user_joined");
    let mut two = ben.open().await;
    assert_eq!(two.join(&room).await["online"].as_array().map(Vec::len), Some(2));
    one.close().await;
    two.say("one socket is left").await;
    watching.silent_until(presence, |frame| frame["content"] == "one socket is left").await;
    two.close().await;
    let left = watching.expect(presence).await;
    assert_eq!((&left["type"], &left["user_id"]), (&json!("user_left"), &json!("ben")));
}

#[tokio::test]
async fn a_lost_connection_counts_as_leaving() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let proxy = Proxy::to(server.address()).await;
    let mut watching = ann.enter(&room).await;
    let _lost = ben.at(proxy.address()).enter(&room).await;
    watching.until("user_joined").await;
    proxy.cut();
    let left = watching.until("user_left").await;
    assert_eq!(left["user_id"], "ben");
    server.wait_for_log(&["[WARN]", "[ben]", "lost"]).await;
    server.wait_for_log(&["[INFO]", "[ben]", &format!("[{room}]"), "left"]).await;
    proxy.heal();
    ben.at(proxy.address()).enter(&room).await;
    watching.until("user_joined").await;
}

#[tokio::test]
async fn a_socket_that_answers_no_ping_is_ended() {
    let server = Server::start_with(&[("SERVER__HEARTBEAT_SECONDS", "1")]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let mut watching = ann.enter(&room).await;
    // This socket is never read, so it does not answer pings.
    let _silent = ben.enter(&room).await;
    let left = watching.until("user_left").await;
    assert_eq!(left["user_id"], "ben");
    server.wait_for_log(&["[WARN]", "[ben]", "timed out"]).await;
    watching.settle().await;
}

#[tokio::test]
async fn presence_is_merged_where_many_are_present() {
    let server = Server::start_with(&[("ROOMS__PRESENCE_UP_TO", "1")]).await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben, &cyd]).await;
    let mut watching = ann.enter(&room).await;
    let (mut one, _two) = (ben.enter(&room).await, cyd.enter(&room).await);
    let mut joined = Vec::new();
    while joined.len() < 2 {
        let frame = watching.expect(is("presence")).await;
        has_exactly(&frame, &["type", "room_id", "joined", "left", "online_count", "timestamp"]);
        joined.extend(
            frame["joined"]
                .as_array()
                .expect("a list")
                .iter()
                .filter(|name| *name != "ann")
                .cloned(),
        );
    }
    joined.sort_by_key(Json::to_string);
    assert_eq!(joined, [json!("ben"), json!("cyd")]);
    one.send(json!({"type": "typing"})).await;
    one.say("typing is not told here").await;
    watching
        .silent_until(is("user_typing"), |frame| frame["content"] == "typing is not told here")
        .await;
}

#[tokio::test]
async fn receipts_go_to_the_author_only_in_large_rooms() {
    let server = Server::start_with(&[("ROOMS__RECEIPTS_UP_TO", "2")]).await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben, &cyd]).await;
    let (mut author, mut reader, mut other) =
        (ann.enter(&room).await, ben.enter(&room).await, cyd.enter(&room).await);
    let sent = author.say("read me").await;
    reader
        .ask(json!({"type": "mark_read", "room_id": room, "message_id": sent["message_id"]}))
        .await;
    assert_eq!(author.until("message_read").await["user_id"], "ben");
    author.say("one").await;
    author.say("two").await;
    other.silent_until(is("message_read"), |frame| frame["content"] == "two").await;
}

#[tokio::test]
async fn the_log_tells_the_documented_life() {
    let server = Server::start_with(&QUICK).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let life = |room: &str| {
        let bracket = format!("[{room}]");
        let lines = server.output().into_iter().filter(|line| line.contains(&bracket));
        let told = lines.filter_map(|line| {
            Some(
                line.split_once(&bracket)?
                    .1
                    .rsplit_once("Room ")?
                    .1
                    .trim_matches(&['.', ' '][..])
                    .to_owned(),
            )
        });
        told.collect::<Vec<_>>()
    };
    let room = ann.room(&[&ben]).await;
    ann.enter(&room).await.close().await;
    server.wait_for_log(&["[INFO]", &format!("[{room}]"), "Room closed"]).await;
    assert_eq!(
        life(&room),
        ["is creating", "created successfully", "is active", "is idle", "is closing", "closed"]
    );
    // Activated by a request, it is empty.
    let other = ann.room(&[]).await;
    ann.post(&format!("/api/chatrooms/{other}/connect"), "").await.is(200);
    server.wait_for_log(&["[INFO]", &format!("[{other}]"), "Room closed"]).await;
    assert_eq!(
        life(&other),
        ["is creating", "created successfully", "is idle", "is closing", "closed"]
    );
}
