//! `user erase`: nothing of the person is left, and nothing else is touched.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde_json::json;

use super::{DOCUMENT, EARLIER, NEEDLE, Scene, TEXTS, upload};
use crate::support::{
    Client, Ctl, Json, Person, Realtime, Rooms, Server, V1, number, people, picture, texts,
};

/// What each dialect shows of the hall, by its name.
async fn views(scene: &Scene) -> Vec<(&'static str, String)> {
    let client = Client::new(&scene.server);
    let (name, password, room) = ("ben", "secret of ben", number(&scene.hall));
    let rooms = Rooms::log_in(&client, name, password).await;
    let v1 = V1::log_in(&client, name, password).await;
    let realtime = Realtime::log_in(&client, name, password).await;
    let chats = crate::support::Chats::log_in(&client, name, password).await;
    let changes = scene.ben.get(&format!("/api/chatrooms/{}/changes?since=0", scene.hall)).await;
    vec![
        ("chatrooms", json!(scene.ben.history(&scene.hall).await).to_string()),
        ("changes", changes.text),
        ("v1", json!(v1.history(room).await).to_string()),
        ("rooms", json!(rooms.enter(&scene.hall).await.1).to_string()),
        ("chats", json!(chats.chats().await).to_string()),
        // Without history: new messages only.
        ("realtime", realtime.get("/Room").await.text),
    ]
}

/// Fails unless nothing of Ann is left, and everything of the others is there.
async fn nothing_is_left(scene: &Scene) {
    for (dialect, shown) in views(scene).await {
        assert!(!shown.contains(NEEDLE), "{dialect}: {shown}");
        assert!(!shown.contains("\"ann\""), "{dialect}: {shown}");
    }
    for text in [NEEDLE.as_bytes(), EARLIER.as_bytes(), DOCUMENT, b"at lunch", b"ann@example.org"] {
        // The log of the server and the audit log keep names, not contents.
        assert_eq!(scene.holds(text), [""; 0].map(std::path::PathBuf::from), "{text:?}");
    }
    for file in [&scene.picture, &scene.document] {
        assert_eq!(scene.files_named(file), [""; 0].map(std::path::PathBuf::from), "{file}");
    }
    scene.finds("xylozanzibar", 0).await;
    scene.finds("stays", 3).await;
    let stays = whole_history(scene).await;
    let texts: Vec<&str> = stays.iter().filter_map(|said| said["content"].as_str()).collect();
    let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    assert_eq!(
        texts,
        ["stays: written by ben", "stays: written by cyd", "stays: with a file"],
        "{stays:?}"
    );
    assert!(
        stays.windows(2).all(|pair| {
            pair[0]["seq"].as_i64().unwrap() + 1 == pair[1]["seq"].as_i64().unwrap()
        })
    );
    assert_eq!(
        stays[0]["reactions"],
        json!([{"reactionType": "like", "userIds": ["cyd"]}]),
        "only Ann's reaction is gone"
    );
    let name = scene.shared["name"].as_str().unwrap();
    let file = scene.cyd.get(&format!("/api/media/{name}")).await;
    assert_eq!((file.status, &file.bytes[..]), (200, &b"the same bytes of two people"[..]));
    assert_eq!(
        scene.ben.card(&scene.hall).await["unreadCount"],
        2,
        "the messages of others after his own"
    );
    assert_eq!(scene.ben.get("/api/users/me/saved").await.is(200)["messages"], json!([]));
    scene.ben.get("/api/users/ann").await.fails(404, "user_not_found");
    let login = json!({"userId": "ann", "password": scene.ann.password});
    Client::new(&scene.server).post("/api/login", login).await.fails(401, "invalid_credentials");
}

/// All messages of the room, oldest first.
async fn whole_history(scene: &Scene) -> Vec<Json> {
    let mut all = scene.ben.history(&scene.hall).await;
    while all[0]["seq"] != 1 {
        let (room, first) = (&scene.hall, &all[0]["seq"]);
        let page = format!("/api/chatrooms/{room}/messages?limit=200&before={first}");
        let body = scene.ben.get(&page).await.is(200);
        let mut older = body["messages"].as_array().unwrap().clone();
        assert!(!older.is_empty(), "nothing before {first}");
        older.append(&mut all);
        all = older;
    }
    all
}

/// The audit entry names the person by number only.
fn is_recorded(scene: &Scene, times: usize) {
    let ctl = Ctl::of(&scene.server);
    let entries = ctl.all(&["audit", "list", "--action", "user.erase"]);
    assert_eq!(entries.len(), times, "{entries:?}");
    let target = json!({"kind": "user", "id": scene.ann.id.to_string(), "name": null});
    for entry in &entries {
        assert_eq!((&entry["target"], &entry["before"]), (&target, &Json::Null));
    }
    let all = ctl.all(&["audit", "list"]);
    assert!(
        all.iter().all(|entry| entry["action"] != "message.delete"
            && entry["action"] != "user.delete"
            && entry["action"] != "user.disable"),
        "{all:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_an_erased_person_is_left() {
    let scene = Scene::new().await;
    let ctl = Ctl::of(&scene.server);
    scene.finds("xylozanzibar", 2 * TEXTS.len() + 2).await;
    // It is in all of these places before.
    let before = views(&scene).await;
    let shown: Vec<&str> =
        before.iter().filter(|(_, shown)| shown.contains(NEEDLE)).map(|(name, _)| *name).collect();
    for dialect in ["chatrooms", "changes", "v1"] {
        assert!(shown.contains(&dialect), "{before:?}");
    }
    let held = scene.holds(NEEDLE.as_bytes());
    for name in ["chat.db", "search.db"] {
        let is_there =
            held.iter().any(|path| path.file_name().unwrap().to_string_lossy().starts_with(name));
        assert!(is_there, "{name}: {held:?}");
    }
    assert_eq!(scene.files_named(&scene.picture).len(), 2, "the file and its preview");

    let asked = ctl.run(&["user", "erase", "ann"]);
    asked.ends(2);
    for part in [
        "leaves 1 room; deletes 1 private room without other members",
        "Erases the content of 13 messages, 1 reaction and 4 files",
    ] {
        assert!(asked.err.contains(part), "{asked:?}");
    }
    let dry = ctl.one(&["user", "erase", "ann", "--dry-run"]);
    assert_eq!((&dry["messages_erased"], &dry["done"]), (&json!(13), &json!(false)));
    scene.ann.get("/api/users/me").await.is(200);

    let mut anns = scene.ann.open().await;
    let mut bens = scene.ben.enter(&scene.hall).await;
    let done = ctl.one(&["user", "erase", "ANN", "--yes"]);
    assert_eq!(
        ["messages_erased", "reactions_erased", "files_erased", "files_kept"]
            .map(|key| done[key].as_i64().unwrap()),
        [13, 1, 4, 1],
        "{done}"
    );
    assert_eq!(done["done"], true);
    assert_eq!(anns.closed().await, 4401);
    let told = bens
        .expect(|frame| frame["type"] == "message_deleted" && frame["message_id"] == scene.anns)
        .await;
    assert!(!told.to_string().contains(NEEDLE));
    nothing_is_left(&scene).await;
    is_recorded(&scene, 1);
    ctl.run(&["user", "erase", "ann", "--yes"]).fails(3, "\"ann\" does not exist");
    ctl.run(&["user", "erase", "ann", "--yes", "--if-exists"]).ends(0);
    ctl.run(&["db", "check"]).ends(0);
    // The name is free, and who takes it has nothing of Ann.
    let other = Person::new(&scene.server, "ann").await;
    assert_ne!(other.id, scene.ann.id);
    assert_eq!(other.get("/api/chatrooms").await.is(200)["chatrooms"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_forgets_too() {
    let mut scene = Scene::new().await;
    let ctl = Ctl::of(&scene.server);
    scene.finds("xylozanzibar", 2 * TEXTS.len() + 2).await;
    assert!(scene.server.terminate().await.success());
    assert!(!scene.holds(NEEDLE.as_bytes()).is_empty());
    let done = ctl.one(&["user", "erase", "ann", "--yes"]);
    assert_eq!((&done["messages_erased"], &done["files_erased"]), (&json!(13), &json!(4)));
    for text in [NEEDLE.as_bytes(), EARLIER.as_bytes(), DOCUMENT, b"at lunch"] {
        assert_eq!(scene.holds(text), [""; 0].map(std::path::PathBuf::from));
    }
    let scene = scene.again().await;
    nothing_is_left(&scene).await;
    is_recorded(&scene, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_was_killed_is_finished_by_the_same_command() {
    let mut scene = Scene::new().await;
    let more: Vec<String> = (0..400).map(|n| format!("xylozanzibar {n}")).collect();
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    scene.ann.say_all(&scene.hall, &more).await;
    let ctl = Ctl::of(&scene.server);
    let mut bens = scene.ben.enter(&scene.hall).await;
    let mut erasing = ctl.command(&["user", "erase", "ann", "--yes"]);
    let mut erasing =
        erasing.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    for _ in 0..40 {
        bens.until("message_deleted").await;
    }
    scene.server.kill9();
    assert!(!erasing.wait().unwrap().success());
    let mut scene = scene.again().await;
    let left = scene.ben.history(&scene.hall).await;
    assert!(json!(left).to_string().contains(NEEDLE), "it was killed before the end");
    let shown = Ctl::of(&scene.server).one(&["user", "show", "ann"]);
    assert_eq!(shown["disabled"], true, "nobody can log in meanwhile");
    Ctl::of(&scene.server).run(&["user", "erase", "ann", "--yes"]).ends(0);
    nothing_is_left_of_names(&scene);
    nothing_is_left(&scene).await;
    is_recorded(&scene, 2);
    scene = scene.again().await;
    nothing_is_left(&scene).await;
}

/// No account or member has the name.
fn nothing_is_left_of_names(scene: &Scene) {
    let ctl = Ctl::of(&scene.server);
    for list in [&["user", "list"][..], &["room", "members", &scene.hall]] {
        let all = json!(ctl.all(list));
        let names: BTreeSet<&str> = texts(&all, "name").into_iter().collect();
        assert_eq!(names, BTreeSet::from(["ben", "cyd"]), "{list:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dry_run_counts_is_what_goes() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let ctl = Ctl::of(&server);
    let room = ann.room(&[&ben]).await;
    for (by, name) in [(&ann, "own"), (&ben, "other")] {
        let said = by.say(&room, name).await["messageId"].take();
        let path = format!("/api/chatrooms/{room}/messages/{}/reactions", said.as_str().unwrap());
        ann.post(&path, json!({"reactionType": "like"})).await.is(201);
    }
    // Of Ann's files, one is an emoji, one has the bytes of that emoji, and one those of Ben's.
    let (emoji, shared) = (picture(10, 10), picture(11, 11));
    let file = server.data().join("emoji.png");
    std::fs::write(&file, &emoji).unwrap();
    ctl.run(&["emoji", "add", "anns_own", file.to_str().unwrap(), "--owner", "ann"]).ends(0);
    upload(&ann, "same.png", &emoji).await;
    upload(&ann, "shared.png", &shared).await;
    upload(&ben, "shared.png", &shared).await;
    upload(&ann, "alone.png", &picture(12, 12)).await;
    let dry = ctl.one(&["user", "erase", "ann", "--dry-run"]);
    let done = ctl.one(&["user", "erase", "ann", "--yes"]);
    let keys = ["messages_erased", "reactions_erased", "files_erased", "file_bytes", "files_kept"];
    for key in keys.into_iter().chain(["rooms_left", "rooms_deleted", "sessions_ended"]) {
        assert_eq!(dry[key], done[key], "{key}: {dry} {done}");
    }
    let counts = keys.map(|key| done[key].as_i64().unwrap());
    assert_eq!((counts[0], counts[1], counts[2], counts[4]), (1, 2, 3, 2), "{done}");
    assert_eq!(ctl.all(&["emoji", "list"]).len(), 1, "it is used by others");
}
