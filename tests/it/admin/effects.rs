//! Effects of administration commands on live clients of every dialect.

use std::time::Instant;

use serde_json::json;

use crate::support::{Client, Ctl, Person, Realtime, Rooms, Server, Socket, V1, number};

/// One user with a socket of each dialect in one public room, and another user who watches.
struct Scene {
    server: Server,
    ctl: Ctl,
    room: String,
    ann: Person,
    anns: Socket,
    bobs: Vec<(&'static str, Socket)>,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let ctl = Ctl::of(&server);
        let ann = Person::new(&server, "ann").await;
        let room = ann.public_room("lobby").await;
        let client = Client::new(&server);
        let (name, password) = ("bob", "secret of bob");
        ctl.create(name, &[]);
        ctl.run(&["room", "add", "lobby", "bob"]).ends(0);
        let rooms = Rooms::log_in(&client, name, password).await;
        let realtime = Realtime::log_in(&client, name, password).await;
        let v1 = V1::log_in(&client, name, password).await;
        let login =
            client.post("/api/login", json!({"userId": name, "password": password})).await.is(200);
        let mut native =
            client.bearer(login["token"].as_str().unwrap()).socket(name, "/chat").await;
        native.until("connection_established").await;
        native.join(&room).await;
        let bobs = vec![
            ("chatrooms", native),
            ("rooms", rooms.open(&room).await),
            ("v1", v1.open(number(&room)).await),
            ("realtime", realtime.open(number(&room)).await),
        ];
        let anns = ann.enter(&room).await;
        Self { server, ctl, room, ann, anns, bobs }
    }

    /// Waits until all of Bob's sockets close because his sessions have ended.
    async fn bob_is_out(self, began: Instant) {
        for (dialect, mut socket) in self.bobs {
            assert_eq!(socket.closed().await, 4401, "{dialect}");
            eprintln!("{dialect} closed after {:?}", began.elapsed());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_ends_sessions_closes_their_sockets_in_every_dialect() {
    for arguments in [
        &["user", "disable", "bob"][..],
        &["user", "logout", "bob"],
        &["user", "passwd", "bob", "--generate"],
        &["user", "delete", "bob", "--yes"],
    ] {
        let scene = Scene::new().await;
        let began = Instant::now();
        scene.ctl.run(arguments).ends(0);
        let again = Client::new(&scene.server)
            .post("/api/login", json!({"userId": "bob", "password": "secret of bob"}))
            .await;
        assert_eq!(again.status == 200, arguments[1] == "logout", "{arguments:?}");
        scene.bob_is_out(began).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_session_can_be_ended_alone() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let here = Person::new(&server, "ann").await;
    let there = here.again().await;
    let (mut ends, mut stays) = (there.open().await, here.open().await);
    let newest = ctl.all(&["user", "sessions", "ann"])[0]["id"].clone();
    ctl.run(&["user", "logout", "ann", "--session", &newest.to_string()]).ends(0);
    assert_eq!(ends.closed().await, 4401);
    stays.settle().await;
    there.get("/api/users/me").await.fails(401, "invalid_token");
    here.get("/api/users/me").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_rooms_reach_live_sockets() {
    let mut scene = Scene::new().await;
    scene.ctl.run(&["room", "rename", "lobby", "hall"]).ends(0);
    assert_eq!(scene.anns.until("room_updated").await["name"], "hall");
    scene.ctl.create("cyd", &[]);
    scene.ctl.run(&["room", "add", "hall", "cyd", "--role", "sub-admin"]).ends(0);
    let added = scene
        .anns
        .expect(|frame| frame["type"] == "participant_added" && frame["user_id"] == "cyd")
        .await;
    assert_eq!(added["role"], "sub-admin", "{added}");
    scene.ctl.run(&["room", "role", "hall", "bob", "sub-admin"]).ends(0);
    let changed = scene.anns.until("participant_changed").await;
    assert_eq!((&changed["user_id"], &changed["role"]), (&json!("bob"), &json!("sub-admin")));
    scene.ctl.run(&["user", "rename", "cyd", "Сид"]).ends(0);
    scene.ctl.run(&["room", "remove", "hall", "cyd"]).ends(0);
    scene
        .anns
        .expect(|frame| frame["type"] == "participant_removed" && frame["user_id"] == "cyd")
        .await;
    scene.ann.say(&scene.room, "old news").await;
    scene.ctl.run(&["room", "purge", "hall", "--older-than", "0d", "--yes"]).ends(0);
    scene.anns.until("message_deleted").await;
    scene.ctl.run(&["room", "remove", "hall", "bob"]).ends(0);
    for (dialect, socket) in &mut scene.bobs {
        match *dialect {
            "chatrooms" => drop(socket.until("participant_removed").await),
            "realtime" => {
                socket.send(json!({"msg": "still here?"})).await;
                socket.expect(|frame| frame["status"] == false).await;
            }
            _ => assert_eq!(socket.closed().await, 1000, "{dialect}"),
        }
    }
    scene.ctl.run(&["room", "delete", "hall", "--yes"]).ends(0);
    scene.anns.until("room_deleted").await;
    scene.ann.get(&format!("/api/chatrooms/{}", scene.room)).await.fails(404, "room_not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_come_and_go_at_once() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let ann = Person::new(&server, "ann").await;
    let admin = async || ann.post("/api/admin", json!({"status": {}})).await.status;
    assert_eq!(admin().await, 404);
    ctl.run(&["user", "promote", "ann"]).ends(0);
    assert_eq!(admin().await, 200);
    assert_eq!(ann.get("/api/users/me").await.is(200)["admin"], true);
    ctl.run(&["user", "demote", "ann", "--yes"]).ends(0);
    assert_eq!(admin().await, 404);
}
