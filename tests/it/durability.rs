//! Acknowledged means durable: the server is killed under load, and stopped gracefully under load.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "the count is the proof")]

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Json, Person, Server, Socket, is, people};

const SENDERS: usize = 6;

/// Messages that must have been acknowledged before the server is killed.
fn enough() -> usize {
    if std::env::var_os("CHATCTL_TEST_LONG").is_some() { 20_000 } else { 600 }
}

/// Sends until the socket breaks; answers the client ids that were acknowledged and the number sent.
async fn flood(mut socket: Socket, sender: usize, acknowledged: tokio::sync::mpsc::UnboundedSender<String>) -> usize {
    for n in 0.. {
        let id = client_id(sender, n);
        if socket.try_send(json!({"type": "chat_message", "content": text(&id), "client_id": id})).await.is_err() {
            return n;
        }
        // Several on their way, so that the kill falls between write, commit and answer.
        while let Some(frame) = if n % 8 == 7 { socket.try_next().await } else { None } {
            let sent = frame["type"] == "message_sent";
            if sent {
                acknowledged.send(frame["client_id"].as_str().unwrap().to_owned()).unwrap();
            }
            if sent && frame["client_id"] == id {
                break;
            }
        }
        if socket.is_broken() {
            return n + 1;
        }
    }
    unreachable!("senders go on until the server is killed")
}

fn client_id(sender: usize, n: usize) -> String {
    format!("s{sender}-{n}")
}

fn text(id: &str) -> String {
    format!("text of {id}")
}

/// Every message of the room, oldest first.
async fn all_messages(person: &Person, room: &str) -> Vec<Json> {
    let mut all: Vec<Json> = Vec::new();
    loop {
        let after = all.last().map_or(0, |message| message["seq"].as_i64().unwrap());
        let page = person.get(&format!("/api/chatrooms/{room}/messages?after={after}&limit=200")).await.is(200);
        let page = page["messages"].as_array().unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page.iter().cloned());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_under_load_has_every_acknowledged_message_once() {
    let mut server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = ann.room(&[&bob]).await;
    let (acknowledge, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let socket = ann.enter(&room).await;
        let acknowledge = acknowledge.clone();
        senders.spawn(async move { (sender, flood(socket, sender, acknowledge).await) });
    }
    drop(acknowledge);
    let mut known = Vec::new();
    while known.len() < enough() {
        known.push(acknowledged.recv().await.unwrap());
    }
    server.kill9();
    let sent: HashMap<usize, usize> = senders.join_all().await.into_iter().collect();
    while let Some(id) = acknowledged.recv().await {
        known.push(id);
    }

    server.restart().await;
    let ann = ann.at(server.address());
    let stored = all_messages(&ann, &room).await;
    let mut by_id: HashMap<&str, &Json> = HashMap::new();
    for (place, message) in stored.iter().enumerate() {
        assert_eq!(message["seq"].as_i64(), i64::try_from(place + 1).ok(), "a gap or a double at {message}");
        let id = message["clientId"].as_str().unwrap();
        assert!(by_id.insert(id, message).is_none(), "{id} is there twice");
        assert_eq!(message["content"], text(id));
    }
    let lost: Vec<_> = known.iter().filter(|id| !by_id.contains_key(id.as_str())).collect();
    println!("sent {}, acknowledged {}, stored {}, lost {}", sent.values().sum::<usize>(), known.len(), stored.len(), lost.len());
    assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");

    // What was not acknowledged is sent again with the same client ids: nothing is doubled, nothing is missing.
    let mut socket = ann.enter(&room).await;
    for (sender, count) in &sent {
        for n in 0..*count {
            let id = client_id(*sender, n);
            let answer = socket.ask(json!({"type": "chat_message", "content": text(&id), "client_id": id})).await;
            assert_eq!((&answer["type"], &answer["client_id"]), (&json!("message_sent"), &json!(id)), "{answer}");
        }
    }
    let after = all_messages(&ann, &room).await;
    assert_eq!(after.len(), sent.values().sum::<usize>());
    assert_eq!(after[..stored.len()].iter().map(|m| &m["messageId"]).collect::<Vec<_>>(), stored.iter().map(|m| &m["messageId"]).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_stop_closes_sockets_with_1001_and_keeps_what_was_begun() {
    let mut server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = ann.room(&[&bob]).await;
    let (mut anns, mut bobs) = (ann.enter(&room).await, bob.subscribe().await);
    let frames: Vec<Json> = (0..50).map(|n| json!({"type": "chat_message", "content": format!("m{n}")})).collect();
    anns.send_all(&frames).await;
    anns.until("message_sent").await;
    server.ask_to_stop();
    assert_eq!(anns.closed().await, 1001);
    assert_eq!(bobs.closed().await, 1001);
    let acknowledged = 1 + anns.unread().filter(|frame| is("message_sent")(frame)).count();
    let status = tokio::time::timeout(Duration::from_mins(1), server.exit()).await.unwrap();
    assert_eq!(status.code(), Some(0));
    server.restart().await;
    let stored = all_messages(&bob.at(server.address()), &room).await;
    assert!(stored.len() >= acknowledged, "{} stored, {acknowledged} acknowledged", stored.len());
}
