//! Messages that expire, through the real binary: what goes and what stays, who is told, and how it
//! goes on after a crash.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, params};
use serde_json::json;

use crate::support::{Body, Ctl, Json, Person, Server, V1, number, people, texts};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Nothing here takes this long.
const PATIENCE: Duration = Duration::from_mins(1);

fn database(server: &Server) -> Connection {
    let conn = Connection::open(server.data().join("chat.db")).unwrap();
    conn.busy_timeout(PATIENCE).unwrap();
    conn
}

/// Makes the messages of a room up to this one so many days older, and all files; the server is
/// stopped meanwhile.
async fn age(server: &mut Server, room: &str, upto: i64, days: i64) {
    assert!(server.terminate().await.success());
    let conn = database(server);
    let aged = "UPDATE messages SET created = created - ?3 WHERE room = ?1 AND seq <= ?2";
    conn.execute(aged, params![number(room), upto, days * DAY]).unwrap();
    conn.execute("UPDATE media SET created = created - ?1", [days * DAY]).unwrap();
    drop(conn);
    server.restart().await;
}

/// What the server remembers of its runs.
fn memo(server: &Server) -> Json {
    let sql = "SELECT CAST(value AS TEXT) FROM settings WHERE key = 'retention'";
    let text: Option<String> = database(server).query_row(sql, (), |row| row.get(0)).ok();
    text.map_or(Json::Null, |text| serde_json::from_str(&text).unwrap())
}

/// Number of messages of a room that have a text.
fn with_text(server: &Server, room: &str) -> i64 {
    let sql = "SELECT count(*) FROM messages WHERE room = ?1 AND text <> ''";
    database(server).query_row(sql, [number(room)], |row| row.get(0)).unwrap()
}

/// Waits until it is so.
async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let look = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, look).await.is_ok(), "{what}");
}

async fn upload(person: &Person, bytes: &[u8]) -> Json {
    person.post("/api/media", Body::Raw(bytes.to_vec())).await.is(201)
}

fn stored(media: &Path, file: &Json) -> PathBuf {
    let name = file["name"].as_str().unwrap();
    media.join(&name[..2]).join(name)
}

fn message(room: &str, seq: i64) -> String {
    format!("msg{}", number(room) * 1_000_000_000 + seq)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_messages_go_and_everybody_learns_it_once() {
    let mut server = Server::start_with(&[]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let (alone, shared) = (upload(&ann, b"only in an old one").await, upload(&ann, b"both").await);
    let post = async |text: &str, files: &[&Json]| {
        let ids: Vec<&Json> = files.iter().map(|file| &file["id"]).collect();
        let body = json!({"content": text, "mediaIds": ids});
        ann.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201)
    };
    post("the old plan", &[&alone, &shared]).await;
    for n in 2..=9 {
        ann.say(&room, &format!("old {n}")).await;
    }
    let pinned = message(&room, 4);
    ann.put(&format!("/api/chatrooms/{room}/pins/{pinned}")).await.is(204);
    let like = format!("/api/chatrooms/{room}/messages/{}/reactions", message(&room, 2));
    ben.post(&like, json!({"reactionType": "like"})).await;
    ben.put(&format!("/api/chatrooms/{room}/messages/{}/saved", message(&room, 3))).await;
    let quoting = json!({"content": "an answer", "replyTo": message(&room, 9)});
    ann.post(&format!("/api/chatrooms/{room}/messages"), quoting).await.is(201);
    post("the new plan", &[&shared]).await;
    assert_eq!(ben.card(&room).await["unreadCount"], 11);
    let ctl = Ctl::of(&server);
    age(&mut server, &room, 9, 100).await;
    let (ann, ben) = (Person::known(&server, "ann").await, Person::known(&server, "ben").await);
    let rev = ben.see(&room).await["rev"].as_i64().unwrap();
    let v1 = V1::log_in(&crate::support::Client::new(&server), "ben", "secret of ben").await;
    let (mut anns, mut bens) = (ann.enter(&room).await, ben.subscribe().await);

    assert_eq!(ctl.all(&["retention", "run", "--dry-run"]), Vec::<Json>::new(), "for ever");
    let card = ctl.one(&["room", "retention", &room, "90"]);
    assert_eq!(card["messages_kept"], "90 days, pinned messages for longer");
    assert_eq!(ctl.one(&["room", "show", &room])["retention_days"], 90);
    anns.until("room_updated").await;
    let going = ctl.all(&["retention", "run", "--dry-run"]).remove(0);
    assert_eq!((&going["room"], &going["messages"]), (&json!(room), &json!(8)));
    // The other file is used by a message that stays.
    assert_eq!((&going["files"], &going["done"]), (&json!(1), &json!(false)));
    assert_eq!(ann.history(&room).await.len(), 11, "a dry run changes nothing");
    ctl.run(&["retention", "run"]).fails(2, "8 messages in 1 room, with 1 file");
    let done = ctl.all(&["retention", "run", "--yes"]).remove(0);
    assert_eq!(
        (&done["messages"], &done["files"], &done["done"]),
        (&json!(8), &json!(1), &json!(true))
    );

    let told = anns.until("room_updated").await;
    assert_eq!(told["expired_seq"], 9, "{told}");
    let (between, _) = bens.all_until(|frame| frame["expired_seq"] == 9).await;
    assert!(between.iter().all(|frame| frame["type"] != "message_deleted"), "{between:?}");
    let rest = [anns.settle().await, bens.settle().await].concat();
    assert!(rest.is_empty(), "told once: {rest:?}");
    assert_eq!(ben.contents(&room).await, ["an answer", "the new plan"]);
    assert_eq!(v1.contents(number(&room)).await, ["an answer", "the new plan"]);
    let before = format!("/api/chatrooms/{room}/messages?before={}", message(&room, 10));
    assert_eq!(ben.get(&before).await.is(200)["messages"], json!([]));
    let card = ben.card(&room).await;
    assert_eq!((&card["unreadCount"], &card["lastSeq"]), (&json!(2), &json!(11)));
    assert_eq!((&card["expiredSeq"], &card["retentionDays"]), (&json!(9), &json!(90)));
    let changes = ben.get(&format!("/api/chatrooms/{room}/changes?since={rev}")).await.is(200);
    assert!(!changes["reset"].as_bool().unwrap_or(false));
    assert_eq!(changes["messages"], json!([]), "a client that comes back is told of the room only");
    // The quoted message is a deleted one; the pinned one is there.
    let thread = format!("/api/chatrooms/{room}/messages/{}/thread", message(&room, 10));
    let quoted = ann.get(&thread).await.is(200)["message"].clone();
    assert!(quoted.get("content").is_none() && quoted["deletedAt"].is_string(), "{quoted}");
    let pins = ann.get(&format!("/api/chatrooms/{room}/pins")).await.is(200);
    assert_eq!(pins["pins"][0]["message"]["content"], "old 4");
    let saved = ben.get("/api/users/me/saved").await.is(200);
    assert_eq!(saved["messages"], json!([]), "{saved}");
    until("the search follows", || with_text(&server, &room) == 3).await;
    let found = async || {
        let page = ben.get("/api/search?q=old").await.is(200);
        page["messages"].as_array().unwrap().len()
    };
    let searched = async {
        while found().await != 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, searched).await.unwrap();
    // The file that nothing uses any more is in the trash.
    let media = server.data().join("media");
    assert!(!stored(&media, &alone).exists() && stored(&media, &shared).exists());
    let exported = ctl.all(&["room", "export", &room]);
    let exported = json!(exported);
    let contents = texts(&exported, "content");
    assert_eq!(contents.iter().filter(|text| text.starts_with("old")).count(), 1, "{contents:?}");

    let audit = ctl.all(&["audit", "list", "--limit", "3"]);
    let actions = ["room.export", "retention.run", "room.retention"];
    assert_eq!(texts(&json!(audit), "action"), actions);
    let status = ctl.one(&["status"]);
    assert_eq!(
        (&status["retention_deleted"], &status["retention_problem"]),
        (&json!(8), &Json::Null)
    );
    // Without its pin nothing keeps the last one, however long messages are kept by now.
    ctl.run(&["room", "retention", &room, "forever"]).ends(0);
    ann.delete(&format!("/api/chatrooms/{room}/pins/{pinned}")).await.is(204);
    assert_eq!(with_text(&server, &room), 2);
    assert_eq!(ctl.all(&["retention", "run", "--yes"]), Vec::<Json>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_does_it_by_itself_and_rooms_differ() {
    let mut server = Server::start_with(&[]).await;
    let ann = Person::new(&server, "ann").await;
    let mut rooms = Vec::new();
    for name in ["usual", "archive", "fleeting", "strict"] {
        let room = ann.public_room(name).await;
        ann.say_all(&room, &["one", "two"]).await;
        let pin = format!("/api/chatrooms/{room}/pins/{}", message(&room, 1));
        ann.put(&pin).await.is(204);
        rooms.push(room);
    }
    let ctl = Ctl::of(&server);
    assert_eq!(ctl.one(&["room", "retention", "archive", "forever"])["messages_kept"], "for ever");
    ctl.run(&["room", "retention", "fleeting", "1"]).ends(0);
    ctl.run(&["room", "retention", "strict", "--no-keep-pinned"]).ends(0);
    for bad in ["0", "36501", "soon", "-1"] {
        ctl.run(&["room", "retention", "usual", bad]).ends(2);
    }
    for (room, days) in rooms.iter().zip([20, 20, 2, 20]) {
        age(&mut server, room, 1, days).await;
    }
    assert!(server.terminate().await.success());
    server.set("RETENTION__DAYS", "10");
    // The first look at a clock begins a day.
    database(&server).execute("DELETE FROM settings WHERE key = 'retention'", ()).unwrap();
    server.restart().await;
    until("the run ends", || memo(&server)["run"]["ended"].is_i64()).await;
    let ann = Person::known(&server, "ann").await;
    for (room, wanted) in rooms.iter().zip([&["two"][..], &["one", "two"], &["two"], &["two"]]) {
        assert_eq!(ann.contents(room).await, wanted);
    }
    let kept: Vec<i64> = rooms.iter().map(|room| with_text(&server, room)).collect();
    assert_eq!(kept, [2, 2, 2, 1], "pinned messages are kept but in the last room");
    let ctl = ctl.set("RETENTION__DAYS", "10");
    let card = ctl.one(&["room", "retention", "strict"]);
    assert_eq!(card["messages_kept"], "10 days");
    let card = ctl.one(&["room", "retention", "strict", "default"]);
    assert_eq!(card["messages_kept"], "10 days, pinned messages for longer");
    let facts = ann.get("/api/server").await.is(200);
    assert_eq!((&facts["retentionDays"], &facts["keepPinned"]), (&json!(10), &Json::Null));
    let metrics = ann.get("/metrics").await;
    assert!(metrics.text.contains("chatctl_expired_messages_total 1"), "{}", metrics.text);
    assert!(metrics.text.contains("chatctl_retention_last_run_timestamp_seconds "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_has_jumped_deletes_nothing_until_it_is_confirmed() {
    let mut server = Server::start_with(&[("RETENTION__DAYS", "90")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("hall").await;
    ann.say_all(&room, &["one", "two"]).await;
    let ctl = Ctl::of(&server).set("RETENTION__DAYS", "90");
    until("the first look", || memo(&server)["run"]["ended"].is_i64()).await;
    age(&mut server, &room, 1, 100).await;
    assert!(server.terminate().await.success());
    let mut known = memo(&server);
    for place in ["/looked", "/run/at"] {
        let at = known.pointer_mut(place).unwrap();
        *at = json!(at.as_i64().unwrap() - 30 * DAY);
    }
    let text = known.to_string();
    let set = "UPDATE settings SET value = CAST(?1 AS BLOB) WHERE key = 'retention'";
    database(&server).execute(set, [&text]).unwrap();
    server.restart().await;
    let line = server.wait_for_log(&["No expired messages are deleted", "moved forward"]).await;
    assert!(line.contains("chatctl retention run"), "{line}");
    let ann = Person::known(&server, "ann").await;
    assert_eq!(ann.contents(&room).await, ["one", "two"]);
    assert!(ctl.one(&["status"])["retention_problem"].as_str().unwrap().contains("the clock"));
    let found = ctl.run(&["doctor", "--only", "clock", "-o", "json"]);
    assert!(found.out.contains("expired messages are not deleted"), "{found:?}");
    // Only counting confirms nothing.
    assert_eq!(ctl.all(&["retention", "run", "--dry-run"])[0]["messages"], 1);
    assert!(memo(&server)["held"].is_object());
    assert_eq!(ctl.all(&["retention", "run", "--yes"])[0]["messages"], 1);
    assert_eq!(ann.contents(&room).await, ["two"]);
    assert!(memo(&server)["held"].is_null());
    assert_eq!(ctl.one(&["status"])["retention_problem"], Json::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_room_is_emptied_beside_writers_and_after_a_crash() {
    const MANY: i64 = 6_000;
    let mut server = Server::start_with(&[("RETENTION__DAYS", "90")]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    ann.say(&room, "first").await;
    assert!(server.terminate().await.success());
    let conn = database(&server);
    conn.execute(
        "WITH RECURSIVE n (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)
         INSERT INTO messages (room, seq, rev, author, text, created)
         SELECT ?1, n, m.rev + n - 1, m.author, 'old ' || n, m.created FROM n
         JOIN messages m ON m.room = ?1 AND m.seq = 1",
        params![number(&room), MANY],
    )
    .unwrap();
    conn.execute("UPDATE messages SET created = created - ?1", [100 * DAY]).unwrap();
    conn.execute(
        "UPDATE rooms SET last_seq = ?2, rev = rev + ?2 - 1 WHERE id = ?1",
        params![number(&room), MANY],
    )
    .unwrap();
    conn.execute("DELETE FROM settings WHERE key = 'retention'", ()).unwrap();
    drop(conn);
    server.restart().await;
    until("it has begun", || with_text(&server, &room) < MANY).await;
    server.kill9();
    let left = with_text(&server, &room);
    assert!(left > 0 && left % 100 == 0, "killed in the middle, between two steps: {left}");
    assert!(memo(&server)["run"]["ended"].is_null());
    server.restart().await;
    let (ann, ben) = (Person::known(&server, "ann").await, Person::known(&server, "ben").await);
    // History ends at once, while the content is still being removed, and others write.
    assert_eq!(ben.contents(&room).await, Vec::<String>::new());
    assert_eq!(ben.card(&room).await["unreadCount"], 0);
    let mut bens = ben.subscribe().await;
    let mut said = 0;
    while memo(&server)["run"]["ended"].is_null() {
        said += 1;
        ann.say(&room, &format!("new {said}")).await;
    }
    assert_eq!(memo(&server)["run"]["resumed"], true);
    let status = Ctl::of(&server).one(&["status"]);
    assert_eq!(status["retention_resumed"], true, "{status}");
    assert_eq!(with_text(&server, &room), said);
    let last = format!("new {said}");
    if said > 0 {
        let (frames, _) = bens.all_until(|frame| frame["content"] == last.as_str()).await;
        assert!(frames.iter().all(|frame| frame["type"] != "message_deleted"));
    }
    assert_eq!(ben.card(&room).await["unreadCount"], said);
    let next = ann.say(&room, "done").await;
    assert_eq!(next["seq"], MANY + said + 1, "numbers have no gap");
    assert_eq!(next["rev"].as_i64().unwrap(), ann.see(&room).await["rev"].as_i64().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_administrators_of_the_server_set_it() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("root", &["--admin"]);
    let administrator = Person::known(&server, "root").await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("hall").await;
    let asked = json!({"room.retention": {"room": room, "retention": "30", "keep_pinned": false}});
    ann.post("/api/admin", asked.clone()).await.is(404);
    let patched = ann.patch(&format!("/api/chatrooms/{room}"), json!({"retentionDays": 1})).await;
    assert_eq!(patched.status, 200, "an unknown field");
    assert_eq!(ann.see(&room).await.get("retentionDays"), None);
    let card = administrator.post("/api/admin", asked).await.is(200)["items"][0].clone();
    assert_eq!((&card["retention_days"], &card["keep_pinned"]), (&json!(30), &json!(false)));
    let seen = ann.see(&room).await;
    assert_eq!((&seen["retentionDays"], &seen["keepPinned"]), (&json!(30), &json!(false)));
    let entry = &ctl.all(&["audit", "list", "--action", "room.retention"])[0];
    assert_eq!(entry["after"]["retention_days"], 30, "{entry}");
    administrator.post("/api/admin", json!({"retention.run": {}})).await.is(200);
}
