//! Who is online, away or offline, for those who watch them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;

use crate::support::{Ctl, Json, Person, Server, Socket, V1, has_exactly, people};

/// Names users to watch; returns the reply.
async fn watch(socket: &mut Socket, logins: &[&str]) -> Json {
    let answer = socket.ask(json!({"type": "watch_presence", "user_ids": logins})).await;
    assert_eq!(answer["type"], "user_presence", "{answer}");
    answer
}

/// Waits until this user is told as online, away or offline; returns the frame.
async fn told(socket: &mut Socket, login: &str, how: &str) -> Json {
    let is = |frame: &Json| frame["type"] == "user_presence" && names(frame, how).contains(&login);
    socket.expect(is).await
}

fn names<'a>(frame: &'a Json, how: &str) -> Vec<&'a str> {
    let logins = frame[how].as_array().unwrap().iter().map(|login| login.as_str().unwrap());
    let mut logins: Vec<&str> = logins.collect();
    logins.sort_unstable();
    logins
}

async fn idle(socket: &mut Socket, idle: bool) {
    socket.send(json!({"type": "set_idle", "idle": idle})).await;
    socket.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_as_available_as_the_most_available_device() {
    let server = Server::start().await;
    let [ann, ben, _cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let mut bens = ben.open().await;
    let answer = watch(&mut bens, &["ANN", "ann", "cyd", "nobody", "Not a name!"]).await;
    has_exactly(&answer, &["type", "online", "away", "offline", "timestamp", "ref"]);
    assert_eq!(names(&answer, "offline"), ["ann", "cyd"], "{answer}");
    assert_eq!((&answer["online"], &answer["away"]), (&json!([]), &json!([])));
    let mut phone = ann.open().await;
    let frame = told(&mut bens, "ann", "online").await;
    has_exactly(&frame, &["type", "online", "away", "offline", "timestamp"]);
    assert_eq!((&frame["away"], &frame["offline"]), (&json!([]), &json!([])));
    let mut laptop = ann.again().await.open().await;
    idle(&mut phone, true).await;
    idle(&mut laptop, true).await;
    // Nothing was told of the phone alone.
    assert_eq!(names(&told(&mut bens, "ann", "away").await, "online"), [""; 0]);
    assert_eq!(watch(&mut bens, &["ann"]).await["away"], json!(["ann"]));
    idle(&mut laptop, false).await;
    told(&mut bens, "ann", "online").await;
    laptop.close().await;
    told(&mut bens, "ann", "away").await;
    idle(&mut phone, true).await;
    phone.close().await;
    told(&mut bens, "ann", "offline").await;
    let mut again = ann.open().await;
    idle(&mut again, true).await;
    told(&mut bens, "ann", "away").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_those_named_last_are_told() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    ann.room(&[&ben, &cyd]).await;
    let mut bens = ben.open().await;
    watch(&mut bens, &["ann"]).await;
    watch(&mut bens, &["ben", "cyd"]).await;
    let anns = ann.open().await;
    let _cyds = cyd.open().await;
    let frame = told(&mut bens, "cyd", "online").await;
    assert_eq!(frame["online"], json!(["cyd"]), "nobody else was named");
    assert_eq!(watch(&mut bens, &[]).await["online"], json!([]));
    anns.close().await;
    assert_eq!(watch(&mut bens, &["ben"]).await["online"], json!(["ben"]));
    assert!(
        bens.heard().all(|frame| frame["type"] != "user_presence"
            || !frame.to_string().contains("ann")
            || frame["offline"] == json!(["ann"])),
        "it was named at first, and offline"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_changes_are_told_together() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let logins: Vec<String> = (0..30).map(|n| format!("user{n}")).collect();
    let mut crowd = Vec::new();
    for login in &logins {
        crowd.push(Person::new(&server, login).await);
    }
    let mut anns = ann.open().await;
    let all: Vec<&str> = logins.iter().map(String::as_str).collect();
    assert_eq!(names(&watch(&mut anns, &all).await, "offline").len(), 30);
    let mut sockets = Vec::new();
    for person in &crowd {
        sockets.push(person.open().await);
    }
    let (mut online, mut frames) = (0, 0);
    while online < 30 {
        let frame = anns.until("user_presence").await;
        online += names(&frame, "online").len();
        frames += 1;
    }
    assert!(frames < 15, "{frames} frames for 30 people");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_watch_the_people_of_their_rooms() {
    let server = Server::start_with(&[("AUTH__TOKEN_RECHECK_SECONDS", "1")]).await;
    let [ann, ben, guest] = people(&server, ["ann", "ben", "guest"]).await;
    let room = ann.room(&[&guest]).await;
    ben.room(&[&guest]).await;
    let mut old = guest.open().await;
    let answer = watch(&mut old, &["ann", "ben", "root"]).await;
    assert_eq!(names(&answer, "offline"), ["ann", "ben"]);
    Ctl::of(&server).run(&["user", "mark", "guest", "--guest"]).ends(0);
    let [cyd] = people(&server, ["cyd"]).await;
    let answer = watch(&mut old, &["ann", "ben", "cyd"]).await;
    assert_eq!(names(&answer, "offline"), ["ann", "ben"], "no room in common with cyd");
    ann.delete(&format!("/api/chatrooms/{room}/participants/guest")).await.is(204);
    // The socket is checked again every second.
    loop {
        let (anns, bens) = (ann.open().await, ben.open().await);
        let (mut frames, last) = old
            .all_until(|frame| {
                frame["type"] == "user_presence" && names(frame, "online").contains(&"ben")
            })
            .await;
        frames.push(last);
        anns.close().await;
        bens.close().await;
        let gone = |frame: &Json| {
            frame["type"] == "user_presence" && names(frame, "offline").contains(&"ben")
        };
        let (more, last) = old.all_until(gone).await;
        frames.extend(more);
        frames.push(last);
        let of_ann = |frame: &Json| {
            frame["type"] == "user_presence" && frame.to_string().contains("\"ann\"")
        };
        if !frames.iter().any(of_ann) {
            break;
        }
    }
    assert_eq!(watch(&mut old, &["ann"]).await["offline"], json!([]));
    drop(cyd);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_another_api_is_online_and_a_program_is_not() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let mut bens = ben.open().await;
    watch(&mut bens, &["ann", "vasily", "cyd"]).await;
    let vasily = V1::new(&server, "vasily").await;
    let answer = watch(&mut bens, &["ann", "vasily", "cyd"]).await;
    assert_eq!(names(&answer, "offline"), ["ann", "cyd", "vasily"]);
    let program = ann.with_token(&Ctl::of(&server), "sync", "write");
    let mut programs = program.open().await;
    idle(&mut programs, false).await;
    let room = vasily.room(&[ben.id]).await;
    let v1 = vasily.open(room).await;
    let frame = told(&mut bens, "vasily", "online").await;
    assert_eq!(frame["online"], json!(["vasily"]));
    let _cyds = cyd.open().await;
    assert_eq!(told(&mut bens, "cyd", "online").await["online"], json!(["cyd"]));
    drop(v1);
    told(&mut bens, "vasily", "offline").await;
    // A program may watch, if its token may read.
    assert_eq!(watch(&mut programs, &["ben"]).await["online"], json!(["ben"]));
    let mut reader = ann.with_token(&Ctl::of(&server), "look", "read").open().await;
    assert_eq!(watch(&mut reader, &["ben"]).await["online"], json!(["ben"]));
    reader.refused(json!({"type": "set_idle", "idle": true}), "forbidden").await;
}

#[tokio::test]
async fn at_most_500_users_are_named() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let mut socket = ann.open().await;
    let named = |count: usize| -> Vec<String> { (0..count).map(|n| format!("user{n}")).collect() };
    let frame = |count| json!({"type": "watch_presence", "user_ids": named(count)});
    socket.refused(frame(501), "invalid_message_format").await;
    assert_eq!(socket.ask(frame(500)).await["type"], "user_presence");
    socket.refused(json!({"type": "set_idle"}), "invalid_message_format").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_stops_watching_whom_they_no_longer_see_at_once() {
    // Sockets are checked again every minute, which is too late here.
    let server = Server::start().await;
    let [ann, ben, cyd, guest] = people(&server, ["ann", "ben", "cyd", "guest"]).await;
    let room = ann.room(&[&guest]).await;
    ben.room(&[&guest]).await;
    let mut old = guest.open().await;
    let answer = watch(&mut old, &["ann", "ben", "cyd"]).await;
    assert_eq!(names(&answer, "offline"), ["ann", "ben", "cyd"]);
    Ctl::of(&server).run(&["user", "mark", "guest", "--guest"]).ends(0);
    let _cyds = cyd.open().await;
    let bens = ben.open().await;
    let of_ben = |availability: &'static str| {
        move |frame: &Json| {
            frame["type"] == "user_presence" && names(frame, availability).contains(&"ben")
        }
    };
    let (mut frames, last) = old.all_until(of_ben("online")).await;
    frames.push(last);
    assert!(frames.iter().all(|frame| !frame.to_string().contains("\"cyd\"")), "{frames:?}");
    ann.delete(&format!("/api/chatrooms/{room}/participants/guest")).await.is(204);
    let _anns = ann.open().await;
    bens.close().await;
    let (mut frames, last) = old.all_until(of_ben("offline")).await;
    frames.push(last);
    let presence = frames.iter().filter(|frame| frame["type"] == "user_presence");
    for frame in presence {
        assert!(!frame.to_string().contains("\"ann\""), "{frame}");
    }
}
