//! Reconnecting while rooms change: missed changes and live events meet without a gap.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Json, Person, Server, Socket, people};

/// Number of reconnects of a client.
const ROUNDS: usize = 60;

/// Repeats `busy` until `done` has ended.
async fn beside<T>(busy: impl AsyncFn(usize), done: impl Future<Output = T>) -> T {
    let stop = AtomicBool::new(false);
    let work = async {
        let mut round = 0;
        while !stop.load(Ordering::Relaxed) {
            busy(round).await;
            round += 1;
        }
    };
    let watch = async {
        let answer = done.await;
        stop.store(true, Ordering::Relaxed);
        answer
    };
    tokio::join!(work, watch).1
}

/// Opens a socket that requests the changes since these revs.
async fn resume(person: &Person, since: &BTreeMap<String, u64>) -> Socket {
    let mut socket = person.open().await;
    socket.send(json!({"type": "subscribe", "since": since})).await;
    socket
}

fn rev(frame: &Json) -> u64 {
    frame["rev"].as_u64().unwrap_or_else(|| panic!("no rev in {frame}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_live_event_overtakes_what_was_missed() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let others = [&ben];
    let rooms = join_all((0..6).map(|_| ann.room(&others))).await;
    let mut since: BTreeMap<String, u64> = BTreeMap::new();
    for room in &rooms {
        ann.say(room, "first").await;
        since.insert(room.clone(), 1);
    }
    let post = async |round: usize| {
        let text = format!("round {round}");
        join_all(rooms.iter().map(|room| ann.say(room, &text))).await;
    };
    let reconnect = async {
        for _ in 0..ROUNDS {
            let mut socket = resume(&ben, &since).await;
            let mut replayed = true;
            // Some live events after the reply as well.
            let mut live = 0;
            while replayed || live < 12 {
                let frame = socket.next().await;
                match frame["type"].as_str().expect("a type") {
                    "changes" => {
                        let room = frame["room_id"].as_str().expect("a room");
                        assert!(replayed, "after the answer nothing is replayed: {frame}");
                        let reached = since.get_mut(room).expect("a known room");
                        for message in frame["messages"].as_array().expect("messages") {
                            assert_eq!(rev(message), *reached + 1, "replayed in order: {frame}");
                            *reached += 1;
                        }
                    }
                    "chat_message" => {
                        let room = frame["room_id"].as_str().expect("a room");
                        let reached = since.get_mut(room).expect("a known room");
                        assert_eq!(rev(&frame), *reached + 1, "no gap, nothing twice: {frame}");
                        *reached += 1;
                        live += usize::from(!replayed);
                    }
                    "subscribed" => {
                        replayed = false;
                        for entry in frame["rooms"].as_array().expect("rooms") {
                            let room = entry["room_id"].as_str().expect("a room");
                            assert_eq!(rev(entry), since[room], "the answer says where it stands");
                        }
                    }
                    _ => (),
                }
            }
        }
    };
    beside(post, reconnect).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_left_and_entered_meanwhile_is_replayed_or_reset() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, ben, vic] = people(&server, ["ann", "ben", "vic"]).await;
    let room = ann.room(&[&ben, &vic]).await;
    let path = format!("/api/chatrooms/{room}/participants");
    let churn = async |_: usize| {
        ann.delete(&format!("{path}/vic")).await;
        ann.say(&room, "without").await;
        ann.post(&path, json!({"userId": "vic"})).await.is(201);
        ann.say(&room, "with").await;
    };
    let reconnect = async {
        let mut known = 1;
        let mut replayed = 0;
        for _ in 0..ROUNDS * 4 {
            let mut socket = resume(&vic, &BTreeMap::from([(room.clone(), known)])).await;
            let (before, answer) = socket.all_until(|frame| frame["type"] == "subscribed").await;
            let rooms = answer["rooms"].as_array().expect("rooms");
            let Some(entry) = rooms.iter().find(|entry| entry["room_id"] == room.as_str()) else {
                continue;
            };
            if entry["reset"] != true {
                let changes = before.iter().rfind(|frame| frame["type"] == "changes");
                let reached = changes.map_or(known, rev);
                assert_eq!(rev(entry), reached, "neither replayed nor reset: {before:?} {answer}");
                replayed += 1;
            }
            known = rev(entry);
        }
        assert!(replayed > 0, "at least one replay was seen");
    };
    beside(churn, reconnect).await;
}
