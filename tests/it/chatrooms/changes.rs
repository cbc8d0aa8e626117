//! Changes since a rev, for clients that were offline.

use serde_json::json;

use crate::support::{Json, Person, Server, each, has_exactly, keys, people, texts};

async fn changes(person: &Person, room: &str, query: &str) -> Json {
    let body = person.get(&format!("/api/chatrooms/{room}/changes?{query}")).await.is(200);
    let allowed = ["epoch", "rev", "more", "reset", "room", "messages"];
    assert!(keys(&body).iter().all(|key| allowed.contains(key)), "{body}");
    assert!(
        body["epoch"].is_string()
            && body["rev"].is_i64()
            && body["more"].is_boolean()
            && body["messages"].is_array(),
        "{body}"
    );
    body
}

async fn rev(person: &Person, room: &str) -> i64 {
    person.see(room).await["rev"].as_i64().expect("a number")
}

#[tokio::test]
async fn what_changed_comes_in_the_order_of_rev_each_message_once() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let sent = ann.say_all(&room, &["one", "two", "three", "four"]).await;
    let since = rev(&ann, &room).await;
    let path = |index: usize| format!("/api/chatrooms/{room}/messages/{}", sent[index]);
    ann.patch(&path(2), json!({"newContent": "drei"})).await.is(200);
    ann.delete(&path(0)).await.is(204);
    ben.post(&format!("{}/reactions", path(1)), json!({"reactionType": "like"})).await.is(201);
    ann.patch(&path(2), json!({"newContent": "trois"})).await.is(200);
    ben.say(&room, "five").await;
    let missed = changes(&ben, &room, &format!("since={since}")).await;
    has_exactly(&missed, &["epoch", "rev", "more", "messages"]);
    assert_eq!((&missed["rev"], &missed["more"]), (&json!(since + 5), &json!(false)));
    assert_eq!(each(&missed["messages"], "seq"), [&json!(1), &json!(2), &json!(3), &json!(5)]);
    assert_eq!(
        each(&missed["messages"], "rev"),
        [&json!(since + 2), &json!(since + 3), &json!(since + 4), &json!(since + 5)]
    );
    assert_eq!(texts(&missed["messages"], "content"), ["", "two", "trois", "five"]);
    assert_eq!(
        missed["messages"][1]["reactions"],
        json!([{"reactionType": "like", "userIds": ["ben"]}])
    );
    assert!(missed["messages"][0]["deletedAt"].is_string());
    ben.delete(&format!("{}/reactions/like", path(1))).await.is(204);
    let missed = changes(&ben, &room, &format!("since={}", since + 5)).await;
    assert_eq!(each(&missed["messages"], "seq"), [&json!(2)]);
    assert!(
        missed["messages"][0].get("reactions").is_none(),
        "absent things are left out: {missed}"
    );
    let nothing = changes(&ben, &room, &format!("since={}", since + 6)).await;
    assert_eq!((&nothing["messages"], &nothing["rev"]), (&json!([]), &json!(since + 6)));
}

#[tokio::test]
async fn pages_lead_from_rev_to_rev() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let said: Vec<_> = (1..=9).map(|number| number.to_string()).collect();
    ann.say_all(&room, &said.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (mut since, mut seen) = (0, Vec::new());
    loop {
        let page = changes(&ann, &room, &format!("since={since}&limit=4")).await;
        let messages = page["messages"].as_array().expect("a list");
        assert!(messages.len() <= 4);
        seen.extend(
            messages.iter().map(|message| message["content"].as_str().expect("a text").to_owned()),
        );
        let next = page["rev"].as_i64().expect("a number");
        assert!(next > since, "a page leads on: {page}");
        since = next;
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(seen, said);
    assert_eq!(since, rev(&ann, &room).await);
    for limit in ["0", "-1", "201", "x"] {
        ann.get(&format!("/api/chatrooms/{room}/changes?since=0&limit={limit}"))
            .await
            .blames("limit");
    }
    for since in ["-1", "x", "1.5"] {
        ann.get(&format!("/api/chatrooms/{room}/changes?since={since}")).await.blames("since");
    }
}

#[tokio::test]
async fn the_room_is_told_when_it_changed() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben]).await;
    ann.say(&room, "hello").await;
    let path = |rest: &str| format!("/api/chatrooms/{room}{rest}");
    for change in ["rename", "add", "role", "edited name", "remove", "display name"] {
        let since = rev(&ann, &room).await;
        assert!(changes(&ann, &room, &format!("since={since}")).await.get("room").is_none());
        match change {
            "rename" => ann.patch(&path("/name"), json!({"name": "Now"})).await.is(200),
            "add" => ann.post(&path("/participants"), json!({"userId": "cyd"})).await.is(201),
            "role" => {
                ann.patch(&path("/participants/ann/role"), json!({"role": "admin"})).await.is(200)
            }
            "edited name" => ann
                .patch(&path("/participants/ben/name"), json!({"edited_name": "B"}))
                .await
                .is(200),
            "remove" => ann.delete(&path("/participants/cyd")).await.is(204),
            _ => {
                let mut socket = ann.enter(&room).await;
                ben.patch("/api/users/me", json!({"name": "Ben B."})).await.is(200);
                socket.until("participant_changed").await
            }
        };
        let missed = changes(&ann, &room, &format!("since={since}")).await;
        // The state follows the sockets, not the changes.
        let stateless = |room: &Json| {
            room.as_object()
                .expect("a room")
                .clone()
                .into_iter()
                .filter(|(key, _)| key != "state")
                .collect::<Json>()
        };
        assert_eq!(stateless(&missed["room"]), stateless(&ann.see(&room).await), "after {change}");
        assert_eq!(
            (&missed["messages"], missed["rev"].as_i64()),
            (&json!([]), Some(since + 1)),
            "after {change}"
        );
    }
    cyd.get(&path("/changes?since=0")).await.fails(404, "room_not_found");
}

#[tokio::test]
async fn a_position_that_is_not_this_databases_is_reset() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    ann.say_all(&room, &["one", "two"]).await;
    let fresh = changes(&ann, &room, "since=0").await;
    assert!(fresh.get("reset").is_none());
    let epoch = fresh["epoch"].as_str().expect("a text").to_owned();
    let now = rev(&ann, &room).await;
    let same = changes(&ann, &room, &format!("since={now}&epoch={epoch}")).await;
    assert!(same.get("reset").is_none(), "{same}");
    for query in [
        format!("since={now}&epoch=another"),
        format!("since={}", now + 1),
        format!("since=1000000&epoch={epoch}"),
    ] {
        let reset = changes(&ann, &room, &query).await;
        assert_eq!((&reset["reset"], &reset["epoch"]), (&json!(true), &json!(epoch)), "{query}");
    }
}
