//! Acknowledged data survives any end of the server. `CHATCTL_TEST_LONG=1` repeats it more often.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::support::{Client, Json, Person, Server, Socket, people};

/// Maximum number of unacknowledged posts of one socket.
const IN_FLIGHT: usize = 16;

/// What one sender knows after the connection has ended.
#[derive(Default)]
struct Sent {
    acknowledged: BTreeMap<String, Json>,
    unknown: BTreeSet<String>,
}

/// Counts acknowledged posts of all senders; notifies when there are enough.
struct Tally {
    count: AtomicUsize,
    wanted: usize,
    reached: Notify,
}

/// Posts until the connection ends.
async fn send_until_the_end(
    mut socket: Socket,
    room: String,
    prefix: String,
    tally: Arc<Tally>,
) -> Sent {
    let mut sent = Sent::default();
    for number in 0.. {
        let id = format!("{prefix}-{number}");
        let frame = json!({
            "type": "chat_message", "room_id": room, "content": format!("text of {id}"),
            "client_id": id, "ref": id,
        });
        sent.unknown.insert(id);
        if !socket.try_send(frame).await {
            break;
        }
        if !settle(&mut socket, &mut sent, IN_FLIGHT, &tally).await {
            break;
        }
    }
    // Acknowledgements sent before the end count, even if they are read after it.
    settle(&mut socket, &mut sent, 0, &tally).await;
    sent
}

/// Reads until at most this number of posts is unacknowledged; false if the connection ended.
async fn settle(socket: &mut Socket, sent: &mut Sent, waiting: usize, tally: &Tally) -> bool {
    while sent.unknown.len() > waiting {
        let Some(frame) = socket.next_or_end().await else { return false };
        if frame["type"] != "message_sent" {
            assert!(frame["error"].is_null(), "a send was refused: {frame}");
            continue;
        }
        let id = frame["ref"].as_str().expect("the answer refers to its question").to_owned();
        sent.unknown.remove(&id);
        sent.acknowledged.insert(id, frame);
        if tally.count.fetch_add(1, Ordering::SeqCst) + 1 >= tally.wanted {
            tally.reached.notify_one();
        }
    }
    true
}

/// Returns all messages of the room, page by page.
async fn whole_history(person: &Person, room: &str) -> Vec<Json> {
    let mut all: Vec<Json> = Vec::new();
    loop {
        let after = all.last().map_or(0, |message| message["seq"].as_i64().expect("a number"));
        let page = person
            .get(&format!("/api/chatrooms/{room}/messages?after={after}&limit=200"))
            .await
            .is(200);
        let page = page["messages"].as_array().expect("a list");
        if page.is_empty() {
            return all;
        }
        all.extend(page.iter().cloned());
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed() {
    let long = std::env::var_os("CHATCTL_TEST_LONG").is_some();
    let (rounds, wanted) = if long { (25, 5_000) } else { (3, 400) };
    let mut server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let all = people(&server, ["ann", "ben", "cyd"]).await;
    let room = all[0].room(&[&all[1], &all[2]]).await;
    let mut everything = BTreeSet::new();
    for round in 0..rounds {
        let tally = Arc::new(Tally { count: AtomicUsize::new(0), wanted, reached: Notify::new() });
        let mut senders = Vec::new();
        for person in &all {
            let person = person.at(server.address());
            // One socket receives its own messages, one does not.
            for (kind, socket) in [("in", person.enter(&room).await), ("out", person.open().await)]
            {
                let prefix = format!("{round}-{}-{kind}", person.login);
                senders.push((
                    person.clone(),
                    tokio::spawn(send_until_the_end(
                        socket,
                        room.clone(),
                        prefix,
                        Arc::clone(&tally),
                    )),
                ));
            }
        }
        tally.reached.notified().await;
        server.kill9();
        let mut known = Vec::new();
        for (person, task) in senders {
            known.push((person, task.await.expect("a sender")));
        }
        server.restart().await;
        let reader = all[0].at(server.address());
        let stored = by_client_id(&whole_history(&reader, &room).await, &everything);
        for (id, frame) in known.iter().flat_map(|(_, sent)| &sent.acknowledged) {
            let seq = stored.get(id).unwrap_or_else(|| panic!("{id} was acknowledged and is lost"));
            assert_eq!(json!(seq), frame["seq"], "{id} keeps its place");
        }
        // Repeating all unacknowledged posts results in each message once.
        let repeated = known
            .iter()
            .map(|(person, sent)| repeat(person.at(server.address()), &room, &sent.unknown));
        join_all(repeated).await;
        everything.extend(
            known
                .iter()
                .flat_map(|(_, sent)| sent.acknowledged.keys().chain(&sent.unknown).cloned()),
        );
        let stored = by_client_id(&whole_history(&reader, &room).await, &everything);
        assert_eq!(
            stored.keys().collect::<BTreeSet<_>>(),
            everything.iter().collect::<BTreeSet<_>>()
        );
    }
}

/// Posts again with the same client ids.
async fn repeat(person: Person, room: &str, ids: &BTreeSet<String>) {
    for id in ids {
        let answer = person
            .post(
                &format!("/api/chatrooms/{room}/messages"),
                json!({"content": format!("text of {id}"), "clientId": id}),
            )
            .await;
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        assert_eq!(answer.json()["content"], json!(format!("text of {id}")));
    }
}

/// Returns `seq` by client id. Fails unless each message exists once, with its own text, and `seq`
/// has no gaps.
fn by_client_id(history: &[Json], known: &BTreeSet<String>) -> BTreeMap<String, i64> {
    let mut stored = BTreeMap::new();
    for (index, message) in history.iter().enumerate() {
        assert_eq!(message["seq"], json!(index + 1), "seq has no gap");
        let id = message["content"]
            .as_str()
            .and_then(|text| text.strip_prefix("text of "))
            .expect("the text that was sent")
            .to_owned();
        let before = stored.insert(id.clone(), message["seq"].as_i64().expect("a number"));
        assert!(before.is_none(), "{id} is there twice");
    }
    let missing: Vec<_> = known.iter().filter(|id| !stored.contains_key(*id)).collect();
    assert!(missing.is_empty(), "lost: {missing:?}");
    stored
}

#[tokio::test]
async fn every_answer_of_success_outlives_a_kill() {
    let mut server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let gone = ben.again().await;
    let room = ann.room(&[&ben]).await;
    let greeting = ann.socket("ann", "/chat").await.next().await;
    let sent = ann.say_all(&room, &["one", "two", "three"]).await;
    let at = |rest: &str| format!("/api/chatrooms/{room}{rest}");
    ann.patch(&at("/name"), json!({"name": "Kept"})).await.is(200);
    ann.post(&at("/participants"), json!({"userId": "cyd", "role": "sub-admin"})).await.is(201);
    ann.patch(&at("/participants/ann/name"), json!({"edited_name": "A"})).await.is(200);
    ann.patch(&at(&format!("/messages/{}", sent[0])), json!({"newContent": "uno"})).await.is(200);
    ann.delete(&at(&format!("/messages/{}", sent[1]))).await.is(204);
    cyd.post(&at(&format!("/messages/{}/reactions", sent[2])), json!({"reactionType": "like"}))
        .await
        .is(201);
    ben.patch("/api/users/me", json!({"name": "Ben B."})).await.is(200);
    gone.post("/api/logout", json!({})).await.is(204);
    let read = ben.post(&at(&format!("/messages/{}/read", sent[0])), json!({})).await.is(200);
    let before = (
        ann.see(&room).await,
        ann.history(&room).await,
        ben.card(&room).await["unreadCount"].clone(),
    );
    assert_eq!((&before.2, &read["unreadCount"]), (&json!(1), &json!(1)));
    server.kill9();
    server.restart().await;
    let [ann, ben, gone] = [&ann, &ben, &gone].map(|person| person.at(server.address()));
    assert_eq!(
        (
            ann.see(&room).await,
            ann.history(&room).await,
            ben.card(&room).await["unreadCount"].clone()
        ),
        before,
        "tokens and all else live on"
    );
    assert_eq!(ben.get("/api/users/me").await.is(200)["name"], "Ben B.");
    gone.get("/api/users/me").await.fails(401, "invalid_token");
    assert_eq!(
        ann.socket("ann", "/chat").await.next().await["epoch"],
        greeting["epoch"],
        "the epoch is that of the database"
    );
    let next = ann.say(&room, "four").await;
    assert_eq!(next["seq"], 4);
}

#[tokio::test]
async fn a_stop_is_graceful() {
    let mut server = Server::start_with(&[("SERVER__SHUTDOWN_GRACE_SECONDS", "3")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let mut native = ann.enter(&room).await;
    let mut foreign = ann
        .bare()
        .bearer(&ann.token)
        .socket("ann", &format!("/v1/rooms/{}/chat", crate::support::number(&room)))
        .await;
    // The echo shows that it has entered the room.
    foreign.send(json!({"text": "here"})).await;
    assert_eq!(foreign.next().await["text"], "here");
    native.say("before the stop").await;
    assert_eq!(foreign.next().await["text"], "before the stop");
    // Neither an idle connection nor an incomplete request delays the stop.
    let mut half = TcpStream::connect(server.address()).await.expect("a connection");
    half.write_all(b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        .await
        .expect("half a request");
    let _idle = TcpStream::connect(server.address()).await.expect("a connection");
    server.ask_to_stop();
    assert_eq!((native.closed().await, foreign.closed().await), (1001, 1001));
    let status = server.exit().await;
    assert_eq!(status.code(), Some(0));
    drop(half.read(&mut [0; 1]).await);
    server.restart().await;
    assert_eq!(ann.at(server.address()).contents(&room).await, ["here", "before the stop"]);
}

#[tokio::test]
async fn what_was_acknowledged_before_a_stop_under_load_is_there() {
    let mut server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let tally = Arc::new(Tally { count: AtomicUsize::new(0), wanted: 200, reached: Notify::new() });
    let sender = tokio::spawn(send_until_the_end(
        ann.enter(&room).await,
        room.clone(),
        "stop".to_owned(),
        Arc::clone(&tally),
    ));
    tally.reached.notified().await;
    let status = server.terminate().await;
    assert_eq!(status.code(), Some(0));
    let sent = sender.await.expect("a sender");
    server.restart().await;
    let history = whole_history(&ann.at(server.address()), &room).await;
    let stored = by_client_id(&history, &sent.acknowledged.keys().cloned().collect());
    assert!(
        stored.keys().all(|id| sent.acknowledged.contains_key(id) || sent.unknown.contains(id))
    );
}

#[tokio::test]
async fn what_is_stored_is_for_the_server_alone_and_holds_no_secret_as_it_was_typed() {
    let mut server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    ann.room(&[]).await;
    let session = Client::new(&server)
        .post("/v1/login", json!({"login": "ann", "password": ann.password}))
        .await
        .is(200);
    let session = session["session_id"].as_str().expect("a text").to_owned();
    server.terminate().await;
    let mut files = Vec::new();
    walk(server.data(), &mut files);
    assert!(files.iter().any(|path| path.ends_with("chat.db")), "{files:?}");
    for path in &files {
        let mode = path.metadata().expect("a file").permissions().mode();
        // A group may be permitted to read the log, for log shipping.
        let open =
            if path.components().any(|part| part.as_os_str() == "logs") { 0o027 } else { 0o077 };
        assert_eq!(mode & open, 0, "{} is open to others: {mode:o}", path.display());
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(path).expect("a file");
        let signature = ann.token.rsplit('.').next().expect("a token");
        for secret in [ann.password.as_str(), &session, signature] {
            assert!(
                !bytes.windows(secret.len()).any(|part| part == secret.as_bytes()),
                "{} holds a secret",
                path.display()
            );
        }
    }
}

fn walk(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, files);
        }
        files.push(path);
    }
}
