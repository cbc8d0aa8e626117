//! Threads: a message with all replies.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;

use crate::support::{Json, Person, Server, has_exactly, people, texts};

#[tokio::test]
async fn a_thread_has_the_replies_to_a_message_and_to_its_replies() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben]).await;
    let keys = ann.say_all(&room, &["question", "other"]).await;
    let messages = format!("/api/chatrooms/{room}/messages");
    let thread = |key: &Json| format!("{messages}/{}/thread", key.as_str().unwrap());
    let alone = ann.get(&thread(&json!(keys[0]))).await.is(200);
    has_exactly(&alone, &["chatroomId", "message", "replyCount", "messages"]);
    assert_eq!((&alone["replyCount"], &alone["messages"]), (&json!(0), &json!([])));

    let mut answers: Vec<Json> = vec![json!(keys[0])];
    for text in ["first", "second", "third"] {
        let body = json!({"content": text, "replyTo": answers.last()});
        answers.push(ben.post(&messages, body).await.is(201)["messageId"].clone());
    }
    ann.say_all(&room, &["between"]).await;
    for key in &answers {
        let whole = ann.get(&thread(key)).await.is(200);
        has_exactly(&whole, &["chatroomId", "message", "replyCount", "lastReplyAt", "messages"]);
        assert_eq!(whole["message"]["messageId"], json!(keys[0]));
        assert_eq!(texts(&whole["messages"], "content"), ["first", "second", "third"]);
        assert_eq!(whole["lastReplyAt"], whole["messages"][2]["createdAt"]);
    }
    let page = |query: &str| format!("{}?{query}", thread(&answers[0]));
    let newest = ann.get(&page("limit=2")).await.is(200);
    assert_eq!(texts(&newest["messages"], "content"), ["second", "third"]);
    let before = newest["messages"][0]["messageId"].as_str().unwrap();
    let older = ann.get(&page(&format!("limit=2&before={before}"))).await.is(200);
    assert_eq!(texts(&older["messages"], "content"), ["first"]);
    assert_eq!(older["replyCount"], 3);
    ann.get(&page("before=nonsense")).await.fails(400, "invalid_request");

    ben.delete(&format!("{messages}/{}", answers[3].as_str().unwrap())).await.is(204);
    let fewer = ann.get(&thread(&answers[0])).await.is(200);
    assert_eq!(fewer["replyCount"], 2);
    assert_eq!(fewer["lastReplyAt"], fewer["messages"][1]["createdAt"]);
    for unknown in ["msg9000000001", "nonsense"] {
        ann.get(&thread(&json!(unknown))).await.fails(404, "message_not_found");
    }
    cyd.get(&thread(&answers[0])).await.fails(404, "room_not_found");
}

/// Answers a message, and returns the key of the reply.
async fn answer(person: &Person, room: &str, to: &str, text: &str) -> String {
    let body = json!({"content": text, "replyTo": to});
    let reply = person.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201);
    reply["messageId"].as_str().unwrap().to_owned()
}

/// The threads that a person follows: the first message of each, and how many replies are unread.
async fn list(person: &Person) -> Vec<(String, u64)> {
    let page = person.get("/api/users/me/threads").await.is(200);
    let threads = page["threads"].as_array().unwrap().iter();
    let text =
        |thread: &Json| thread["message"]["content"].as_str().unwrap_or("(deleted)").to_owned();
    threads.map(|thread| (text(thread), thread["unreadCount"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn threads_are_followed_listed_and_read() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben]).await;
    let keys = ann.say_all(&room, &["one", "two"]).await;
    let mut phone = ann.subscribe().await;
    let reply = answer(&ben, &room, &keys[0], "to one").await;
    let told = phone.until("thread_updated").await;
    has_exactly(
        &told,
        &[
            "type",
            "room_id",
            "message_id",
            "reply_id",
            "seq",
            "sender_id",
            "created_at",
            "deleted",
            "timestamp",
        ],
    );
    assert_eq!((&told["message_id"], &told["reply_id"]), (&json!(keys[0]), &json!(reply)));
    let told = phone.until("thread_changed").await;
    assert_eq!((&told["message_id"], &told["following"]), (&json!(keys[0]), &json!(true)));
    assert_eq!(told["unread_seq"], 3);
    answer(&ben, &room, &keys[1], "to two").await;
    phone.until("thread_changed").await;
    assert_eq!(list(&ann).await, [("two".to_owned(), 1), ("one".to_owned(), 1)]);
    assert_eq!(list(&ben).await, [("two".to_owned(), 0), ("one".to_owned(), 0)]);
    assert_eq!(list(&cyd).await, []);
    let page = ann.get("/api/users/me/threads?limit=1").await.is(200);
    let of_page = &page["threads"][0];
    has_exactly(of_page, &["roomId", "message", "lastReply", "replyCount", "unreadCount"]);
    assert_eq!(of_page["lastReply"]["threadId"], json!(keys[1]));
    let next = format!("/api/users/me/threads?limit=1&before={}", page["cursor"].as_str().unwrap());
    assert_eq!(ann.get(&next).await.is(200)["threads"][0]["message"]["content"], "one");
    ann.get("/api/users/me/threads?before=nonsense").await.blames("before");

    // Read in the thread, on another device.
    let of = |key: &str, what: &str| format!("/api/chatrooms/{room}/messages/{key}/thread/{what}");
    ann.post(&of(&reply, "read"), json!({})).await.is(204);
    let told = phone.until("thread_changed").await;
    has_exactly(
        &told,
        &["type", "room_id", "message_id", "following", "last_read_seq", "timestamp"],
    );
    assert_eq!(list(&ann).await, [("two".to_owned(), 1), ("one".to_owned(), 0)]);
    ann.post("/api/users/me/threads/read", json!({})).await.is(204);
    assert_eq!(list(&ann).await, [("two".to_owned(), 0), ("one".to_owned(), 0)]);
}

#[tokio::test]
async fn threads_are_unfollowed_and_left() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben]).await;
    let keys = ann.say_all(&room, &["one", "two"]).await;
    let reply = answer(&ben, &room, &keys[0], "to one").await;
    answer(&ben, &room, &keys[1], "to two").await;
    ann.post("/api/users/me/threads/read", json!({})).await.is(204);
    let of = |key: &str, what: &str| format!("/api/chatrooms/{room}/messages/{key}/thread/{what}");
    ann.delete(&of(&reply, "follow")).await.is(204);
    answer(&ben, &room, &keys[0], "unheard").await;
    assert_eq!(list(&ann).await, [("two".to_owned(), 0)]);
    ann.put(&of(&keys[0], "follow")).await.is(204);
    assert_eq!(list(&ann).await[0], ("one".to_owned(), 1));
    let follows = ann.get("/api/users/me/threads/followed").await.is(200);
    assert_eq!(follows["threads"].as_array().unwrap().len(), 2);
    for unknown in ["msg9000000001", "nonsense"] {
        ann.put(&of(unknown, "follow")).await.fails(404, "message_not_found");
        ann.post(&of(unknown, "read"), json!({})).await.fails(404, "message_not_found");
    }
    cyd.put(&of(&keys[0], "follow")).await.fails(404, "room_not_found");

    // An archived room is read on, and followed; whoever leaves sees nothing of it any more.
    ann.patch(&format!("/api/chatrooms/{room}"), json!({"archived": true})).await.is(200);
    ann.post("/api/users/me/threads/read", json!({})).await.is(204);
    ann.delete(&of(&keys[0], "follow")).await.is(204);
    ann.put(&of(&keys[0], "follow")).await.is(204);
    ben.delete(&format!("/api/chatrooms/{room}/participants/ben")).await.is(204);
    assert_eq!(list(&ben).await, []);
    let none = ben.get("/api/users/me/threads/followed").await.is(200);
    assert_eq!(none["threads"], json!([]));
}

#[tokio::test]
async fn the_conversation_is_told_how_many_replies_a_message_has() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben]).await;
    let keys = ann.say_all(&room, &["one", "two"]).await;
    let reply = answer(&ben, &room, &keys[0], "first").await;
    let last = answer(&ann, &room, &reply, "second").await;
    let path = |query: &str| format!("/api/chatrooms/{room}/threads?{query}");
    let found = ben.get(&path("from=1&to=50")).await.is(200);
    has_exactly(&found, &["roomId", "threads"]);
    let threads = found["threads"].as_array().unwrap();
    assert_eq!(threads.len(), 1);
    has_exactly(
        &threads[0],
        &["messageId", "replyCount", "lastReplyAt", "lastReplySeq", "repliers"],
    );
    assert_eq!((&threads[0]["messageId"], &threads[0]["replyCount"]), (&json!(keys[0]), &json!(2)));
    assert_eq!(
        threads[0]["repliers"],
        json!([{"userId": "ann", "name": "ann"}, {"userId": "ben", "name": "ben"}])
    );
    let history = ben.history(&room).await;
    assert_eq!(history[3]["threadId"], json!(keys[0]));
    assert_eq!(threads[0]["lastReplyAt"], history[3]["createdAt"]);
    ann.delete(&format!("/api/chatrooms/{room}/messages/{last}")).await.is(204);
    let keyed = format!("from={}&to={}", keys[0], keys[1]);
    assert_eq!(ben.get(&path(&keyed)).await.is(200)["threads"][0]["replyCount"], 1);
    assert_eq!(ben.get(&path("from=2&to=50")).await.is(200)["threads"], json!([]));
    ben.get(&path("from=1")).await.blames("to");
    ben.get(&path("from=x&to=2")).await.blames("from");
    ben.get(&path("from=1&to=1001")).await.blames("to");
    ben.get(&path("from=1&to=1000")).await.is(200);
    cyd.get(&path("from=1&to=9")).await.fails(404, "room_not_found");
}
