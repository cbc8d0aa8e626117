//! Live events and history of a room have the same order for all users.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Json, Person, Server, Socket, people};

const SENDERS: usize = 4;
const EACH: usize = 50;

async fn hear_all(mut socket: Socket) -> Vec<Json> {
    let mut heard = Vec::new();
    while heard.len() < SENDERS * EACH {
        heard.push(socket.until("chat_message").await);
    }
    heard
}

#[tokio::test]
async fn all_receivers_hear_all_senders_in_the_order_of_seq() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, ben, cyd, dan] = people(&server, ["ann", "ben", "cyd", "dan"]).await;
    let all = [&ann, &ben, &cyd, &dan];
    let room = ann.room(&all[1..]).await;
    let entered = join_all(all.map(|person| person.enter(&room))).await;
    let subscribed = join_all(all.map(Person::subscribe)).await;
    let hearing: Vec<_> = entered
        .into_iter()
        .chain(subscribed)
        .map(|socket| tokio::spawn(hear_all(socket)))
        .collect();
    // Two over sockets, two over REST.
    let by_socket = all[..2].iter().map(|person| async {
        let mut socket = person.open().await;
        let frames: Vec<_> = (0..EACH)
            .map(|number| {
                json!({
                    "type": "chat_message", "room_id": room,
                    "content": format!("{} {number}", person.login),
                })
            })
            .collect();
        socket.send_all(&frames).await;
        for _ in 0..EACH {
            socket.until("message_sent").await;
        }
    });
    let by_rest = all[2..].iter().map(|person| async {
        for number in 0..EACH {
            person.say(&room, &format!("{} {number}", person.login)).await;
        }
    });
    tokio::join!(join_all(by_socket), join_all(by_rest));
    let mut first: Option<Vec<Json>> = None;
    for task in hearing {
        let heard = task.await.expect("a receiver");
        let seqs: Vec<_> =
            heard.iter().map(|frame| frame["seq"].as_u64().expect("a number")).collect();
        assert_eq!(
            seqs,
            (1..=(SENDERS * EACH) as u64).collect::<Vec<_>>(),
            "in order, without a gap"
        );
        match &first {
            None => first = Some(heard),
            Some(first) => assert!(heard == *first, "all hear the same"),
        }
    }
    let live: Vec<_> = first
        .expect("somebody heard")
        .iter()
        .map(|frame| (frame["message_id"].clone(), frame["content"].clone()))
        .collect();
    let history: Vec<_> = ann
        .history(&room)
        .await
        .iter()
        .map(|message| (message["messageId"].clone(), message["content"].clone()))
        .collect();
    assert_eq!(live, history, "history equals what was heard");
    for person in all {
        let own: Vec<_> = history
            .iter()
            .filter_map(|(_, content)| {
                content.as_str()?.strip_prefix(&format!("{} ", person.login))
            })
            .collect();
        let wanted: Vec<_> = (0..EACH).map(|number| number.to_string()).collect();
        assert_eq!(own, wanted, "what one sender said one after the other stays so");
    }
}

#[tokio::test]
async fn live_events_bring_a_client_to_what_a_fresh_fetch_shows() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let mut watching = ben.enter(&room).await;
    let since = watching.join(&room).await["rev"].as_i64().expect("a number");
    let work = [&ann, &ben].map(|person| async {
        for number in 0..15 {
            let key = person.say(&room, &number.to_string()).await["messageId"]
                .as_str()
                .expect("a key")
                .to_owned();
            let path = format!("/api/chatrooms/{room}/messages/{key}");
            match number % 3 {
                0 => drop(
                    person
                        .patch(&path, json!({"newContent": format!("{number}, edited")}))
                        .await
                        .is(200),
                ),
                1 => drop(person.delete(&path).await.is(204)),
                _ => drop(
                    person
                        .post(&format!("{path}/reactions"), json!({"reactionType": "like"}))
                        .await
                        .is(201),
                ),
            }
        }
    });
    join_all(work).await;
    ann.say(&room, "the end").await;
    let (mut frames, last) = watching.all_until(|frame| frame["content"] == "the end").await;
    frames.push(last);
    frames.retain(|frame| frame["rev"].is_i64() && frame["type"] != "room_joined");
    let revs: Vec<_> = frames.iter().filter_map(|frame| frame["rev"].as_i64()).collect();
    assert_eq!(
        revs,
        (since + 1..=since + 61).collect::<Vec<_>>(),
        "every change once, in the order of rev"
    );
    let mut known: Vec<(Json, Option<String>)> = Vec::new();
    for frame in &frames {
        let content = frame["content"].as_str().map(str::to_owned);
        match frame["type"].as_str() {
            Some("chat_message") => known.push((frame["message_id"].clone(), content)),
            Some("message_edited" | "message_deleted") => {
                known
                    .iter_mut()
                    .filter(|(key, _)| *key == frame["message_id"])
                    .for_each(|entry| entry.1.clone_from(&content));
            }
            Some("reaction_added") => (),
            _ => panic!("an unexpected frame: {frame}"),
        }
    }
    let fetched: Vec<_> = ann
        .history(&room)
        .await
        .iter()
        .map(|message| {
            (message["messageId"].clone(), message["content"].as_str().map(str::to_owned))
        })
        .collect();
    assert_eq!(known, fetched);
    let replayed =
        ann.get(&format!("/api/chatrooms/{room}/changes?since={since}&limit=200")).await.is(200);
    let changed: HashSet<_> = replayed["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|message| message["messageId"].to_string())
        .collect();
    assert_eq!(changed.len(), fetched.len());
}
