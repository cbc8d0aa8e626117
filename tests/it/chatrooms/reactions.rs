//! Reactions: which ones are equal, and their limits.

use serde_json::json;

use crate::support::{Server, people};

#[tokio::test]
async fn an_emoji_with_and_without_its_selector_is_one_reaction() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = ann.room(&[&bob]).await;
    let message = ann.say(&room, "hi").await["messageId"].as_str().unwrap().to_owned();
    let path = format!("/api/chatrooms/{room}/messages/{message}/reactions");
    let given = ann.post(&path, json!({"reactionType": "❤"})).await.is(201);
    assert_eq!(given["reactionType"], "❤\u{fe0f}");
    bob.post(&path, json!({"reactionType": "❤\u{fe0f}"})).await.is(201);
    bob.post(&path, json!({"reactionType": "❤"})).await.is(200);
    assert_eq!(
        ann.history(&room).await[0]["reactions"],
        json!([{"reactionType": "❤\u{fe0f}", "userIds": ["ann", "bob"]}])
    );
    let mut socket = bob.enter(&room).await;
    socket
        .send(json!({"type": "remove_reaction", "message_id": message, "reaction_type": "❤"}))
        .await;
    assert_eq!(socket.until("reaction_removed").await["reaction_type"], "❤\u{fe0f}");
    ann.delete(&format!("{path}/%E2%9D%A4%EF%B8%8F")).await.is(204);
    assert!(
        ann.history(&room).await[0]
            .get("reactions")
            .is_none_or(|reactions| reactions == &json!([]))
    );
}

#[tokio::test]
async fn a_message_has_at_most_fifty_kinds_and_twenty_of_one_user() {
    let server = Server::start().await;
    let [ann, bob, cho] = people(&server, ["ann", "bob", "cho"]).await;
    let room = ann.room(&[&bob, &cho]).await;
    let message = ann.say(&room, "hi").await["messageId"].as_str().unwrap().to_owned();
    let path = format!("/api/chatrooms/{room}/messages/{message}/reactions");
    let kinds: Vec<String> = ('\u{1f600}'..='\u{1f632}').map(String::from).collect();
    for (who, kinds) in [(&ann, &kinds[..20]), (&bob, &kinds[20..40]), (&cho, &kinds[40..50])] {
        for kind in kinds {
            who.post(&path, json!({"reactionType": kind})).await.is(201);
        }
    }
    ann.post(&path, json!({"reactionType": kinds[20]})).await.fails(409, "too_many_reactions");
    ann.post(&path, json!({"reactionType": kinds[0]})).await.is(200);
    cho.post(&path, json!({"reactionType": kinds[50]})).await.fails(409, "too_many_reactions");
    cho.post(&path, json!({"reactionType": kinds[0]})).await.is(201);
    let mut socket = cho.enter(&room).await;
    socket
        .send(json!({
            "type": "add_reaction", "message_id": message, "reaction_type": kinds[50], "ref": "r",
        }))
        .await;
    assert_eq!(
        socket.expect(|frame| frame["error"].is_string()).await["error"],
        "too_many_reactions"
    );
    cho.delete(&format!("{path}/{}", kinds[40])).await.is(204);
    cho.post(&path, json!({"reactionType": kinds[50]})).await.is(201);
}
