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
