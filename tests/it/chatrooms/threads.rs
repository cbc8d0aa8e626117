//! Threads: a message with all replies.

use serde_json::json;

use crate::support::{Json, Server, has_exactly, people, texts};

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
