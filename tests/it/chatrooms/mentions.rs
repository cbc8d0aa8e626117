//! Mentions in messages.

use serde_json::json;

use crate::support::{Person, Server, people};

/// Returns how often the message mentions a user who has read everything before it.
async fn mentions(speaker: &Person, listener: &Person, room: &str, text: &str) -> i64 {
    let before = listener.card(room).await["mentionCount"].as_i64().unwrap_or_default();
    speaker.say(room, text).await;
    listener.card(room).await["mentionCount"].as_i64().unwrap_or_default() - before
}

#[tokio::test]
async fn the_longest_login_of_a_participant_is_mentioned_and_no_other() {
    let server = Server::start().await;
    let [ann, bob, second, lee, minji, tanaka] =
        people(&server, ["ann", "bob", "bob-2", "bob.lee", "김민지", "田中"]).await;
    let room = ann.room(&[&bob, &second, &lee, &minji, &tanaka]).await;
    for (text, who, times) in [
        ("@bob.lee hi", &bob, 0),
        ("@BOB.lee hi", &lee, 1),
        ("@bob-2 hi", &bob, 0),
        ("@bob-2 hi", &second, 1),
        ("@bob. @bob's", &bob, 1),
        ("x@bob", &bob, 0),
        ("안녕@김민지님", &minji, 1),
        ("@田中さん、おはよう", &tanaka, 1),
        ("@bobさん", &bob, 1),
    ] {
        assert_eq!(mentions(&ann, who, &room, text).await, times, "{text} {}", who.login);
    }
    let other = ann.room(&[&bob]).await;
    assert_eq!(mentions(&ann, &bob, &other, "@bob.lee hi").await, 1, "bob.lee is not there");
}

#[tokio::test]
async fn an_edit_mentions_by_the_same_rule() {
    let server = Server::start().await;
    let [ann, bob, lee] = people(&server, ["ann", "bob", "bob.lee"]).await;
    let room = ann.room(&[&bob, &lee]).await;
    let message = ann.say(&room, "@bob").await;
    let path = format!("/api/chatrooms/{room}/messages/{}", message["messageId"].as_str().unwrap());
    ann.patch(&path, json!({"newContent": "@bob.lee's"})).await.is(200);
    assert_eq!(
        (&bob.card(&room).await["mentionCount"], &lee.card(&room).await["mentionCount"]),
        (&json!(0), &json!(1))
    );
}

#[tokio::test]
async fn all_are_mentioned_by_who_may_do_that() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let [ann, bob, cyd] = people(&server, ["ann", "bob", "cyd"]).await;
    let room = ann.room(&[&bob, &cyd]).await;
    for (text, times) in [("@all look", 1), ("@All님", 1), ("@all @bob @all", 1), ("@allen", 0)] {
        assert_eq!(mentions(&ann, &bob, &room, text).await, times, "{text}");
    }
    assert_eq!(ann.card(&room).await["mentionCount"], 0);
    assert_eq!(cyd.card(&room).await["mentionCount"], 3);
    // An edit and a deletion take it back.
    let said = ann.say(&room, "@all").await;
    let path = format!("/api/chatrooms/{room}/messages/{}", said["messageId"].as_str().unwrap());
    assert_eq!(cyd.card(&room).await["mentionCount"], 4);
    ann.patch(&path, json!({"newContent": "all"})).await.is(200);
    assert_eq!(cyd.card(&room).await["mentionCount"], 3);
    ann.patch(&path, json!({"newContent": "@all"})).await.is(200);
    ann.delete(&path).await.is(204);
    assert_eq!(cyd.card(&room).await["mentionCount"], 3);
}

#[tokio::test]
async fn here_mentions_those_who_are_online() {
    let server = Server::start().await;
    let [ann, bob, cyd] = people(&server, ["ann", "bob", "cyd"]).await;
    let room = ann.room(&[&bob, &cyd]).await;
    let socket = bob.subscribe().await;
    ann.say(&room, "@here").await;
    assert_eq!(bob.card(&room).await["mentionCount"], 1);
    assert_eq!(cyd.card(&room).await["mentionCount"], 0);
    drop(socket);
}

#[tokio::test]
async fn a_participant_called_all_is_meant_by_that_name() {
    let server = Server::start().await;
    let [ann, bob, all] = people(&server, ["ann", "bob", "all"]).await;
    let room = ann.room(&[&bob, &all]).await;
    assert_eq!(mentions(&ann, &bob, &room, "@all").await, 0);
    assert_eq!(mentions(&ann, &all, &room, "@all").await, 1);
}
