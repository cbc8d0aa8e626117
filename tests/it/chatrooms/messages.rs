//! Posting, editing, deleting, replying, reacting.

use serde_json::json;

use crate::support::{Person, Server, has_exactly, is_millis, keys, people};

fn messages(room: &str) -> String {
    format!("/api/chatrooms/{room}/messages")
}

#[tokio::test]
async fn a_message_is_answered_whole() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let body = json!({
        "userId": "ANN", "content": "안녕하세요! 👋\n<b>", "clientId": "c-1", "unknown": {},
    });
    let message = ann.post(&messages(&room), body).await.is(201);
    has_exactly(
        &message,
        &["messageId", "roomId", "userId", "content", "createdAt", "seq", "rev", "clientId"],
    );
    assert_eq!(
        (&message["roomId"], &message["userId"], &message["content"]),
        (&json!(room), &json!("ann"), &json!("안녕하세요! 👋\n<b>"))
    );
    assert_eq!((&message["seq"], &message["clientId"]), (&json!(1), &json!("c-1")));
    let number = crate::support::number(&room) * 1_000_000_000 + 1;
    assert_eq!(message["messageId"], format!("msg{number}"));
    assert!(is_millis(&message["createdAt"]), "{message}");
    let mut stored = ann.history(&room).await.remove(0);
    let times = stored.as_object_mut().and_then(|stored| stored.remove("timestamp"));
    assert!(times.is_some_and(|at| crate::support::is_seconds(&at)));
    assert_eq!(stored, message);
    ann.post(&messages(&room), json!({"userId": "ben", "content": "hi"}))
        .await
        .fails(403, "forbidden");
}

#[tokio::test]
async fn a_client_id_is_used_once() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let (room, other) = (ann.room(&[&ben]).await, ann.room(&[&ben]).await);
    let mut socket = ben.enter(&room).await;
    let first =
        ann.post(&messages(&room), json!({"content": "first", "clientId": "once"})).await.is(201);
    let again = ann
        .post(&messages(&room), json!({"content": "another text", "clientId": "once"}))
        .await
        .is(200);
    assert_eq!(again, first);
    ben.post(&messages(&room), json!({"content": "ben's", "clientId": "once"})).await.is(201);
    ann.post(&messages(&other), json!({"content": "elsewhere", "clientId": "once"})).await.is(201);
    assert_eq!(ann.contents(&room).await, ["first", "ben's"]);
    let (before, _) = socket.all_until(|frame| frame["content"] == "ben's").await;
    assert_eq!(
        before.iter().filter(|frame| frame["type"] == "chat_message").count(),
        1,
        "a repeated send is broadcast once: {before:?}"
    );
    let plain = ann.post(&messages(&room), json!({"content": "without"})).await.is(201);
    assert!(
        !keys(&plain).contains(&"clientId"),
        "one that the server made up is never shown: {plain}"
    );
    for id in ["", "a\u{7}b", &"x".repeat(65)] {
        ann.post(&messages(&room), json!({"content": "x", "clientId": id}))
            .await
            .blames("clientId");
    }
    ann.post(&messages(&room), json!({"content": "x", "clientId": "x".repeat(64)})).await.is(201);
}

#[tokio::test]
async fn content_keeps_its_limits_in_code_points() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let longest = "😀".repeat(4000);
    let message = ann.say(&room, &longest).await;
    assert_eq!(message["content"], json!(longest));
    for content in ["", " ", "\n\t \u{3000}", "a\u{0}b", &"x".repeat(4001)] {
        ann.post(&messages(&room), json!({"content": content})).await.blames("content");
        let path = format!("{}/{}", messages(&room), message["messageId"].as_str().expect("a key"));
        ann.patch(&path, json!({"newContent": content})).await.blames("newContent");
    }
    ann.say(&room, " kept as it is \n").await;
    assert_eq!(ann.contents(&room).await, [longest.as_str(), " kept as it is \n"]);
}

#[tokio::test]
async fn only_the_author_edits_and_only_while_a_participant() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben, &cyd]).await;
    let message = ben.say(&room, "frist").await;
    let path = format!("{}/{}", messages(&room), message["messageId"].as_str().expect("a key"));
    ann.patch(&path, json!({"newContent": "admins neither"})).await.fails(403, "forbidden");
    ben.patch(&path, json!({"userId": "ann", "newContent": "x"})).await.fails(403, "forbidden");
    let edited = ben.patch(&path, json!({"newContent": "first"})).await.is(200);
    has_exactly(
        &edited,
        &["messageId", "roomId", "userId", "content", "createdAt", "seq", "rev", "editedAt"],
    );
    assert_eq!(
        (&edited["content"], &edited["seq"], &edited["createdAt"]),
        (&json!("first"), &json!(1), &message["createdAt"])
    );
    assert!(
        edited["rev"].as_i64() > message["rev"].as_i64() && is_millis(&edited["editedAt"]),
        "{edited}"
    );
    assert_eq!(ann.contents(&room).await, ["first"]);
    ann.delete(&format!("/api/chatrooms/{room}/participants/ben")).await.is(204);
    ben.patch(&path, json!({"newContent": "too late"})).await.fails(404, "room_not_found");
}

#[tokio::test]
async fn author_and_admins_delete() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben, &cyd]).await;
    let sent =
        ben.say_all(&room, &["by the author", "by the admin", "by the sub-admin", "kept"]).await;
    let path = |index: usize| format!("{}/{}", messages(&room), sent[index]);
    cyd.delete(&path(0)).await.fails(403, "forbidden");
    ben.delete(&path(0)).await.is(204);
    ann.delete(&path(1)).await.is(204);
    ann.patch(
        &format!("/api/chatrooms/{room}/participants/cyd/role"),
        json!({"role": "sub-admin"}),
    )
    .await
    .is(200);
    cyd.request(reqwest::Method::DELETE, &path(2), json!({"userId": "cyd"})).await.is(204);
    ben.request(reqwest::Method::DELETE, &path(3), json!({"userId": "ann"}))
        .await
        .fails(403, "forbidden");
    let history = ann.history(&room).await;
    for message in &history[..3] {
        has_exactly(
            message,
            &["messageId", "roomId", "userId", "createdAt", "deletedAt", "seq", "rev", "timestamp"],
        );
    }
    assert_eq!(
        history.iter().map(|message| message["seq"].as_i64()).collect::<Vec<_>>(),
        [Some(1), Some(2), Some(3), Some(4)]
    );
    assert_eq!(history[3]["content"], "kept");
}

#[tokio::test]
async fn in_a_room_without_an_admin_only_the_author_deletes() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let sent = ben.say_all(&room, &["mine"]).await;
    ann.delete(&format!("{}/{}", messages(&room), sent[0])).await.fails(403, "forbidden");
    ben.delete(&format!("{}/{}", messages(&room), sent[0])).await.is(204);
}

#[tokio::test]
async fn nothing_more_happens_to_a_deleted_message() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let sent = ann.say_all(&room, &["soon gone"]).await;
    let path = format!("{}/{}", messages(&room), sent[0]);
    ann.post(&format!("{path}/reactions"), json!({"reactionType": "like"})).await.is(201);
    ann.delete(&path).await.is(204);
    ann.patch(&path, json!({"newContent": "back"})).await.fails(404, "message_not_found");
    ann.delete(&path).await.fails(404, "message_not_found");
    ben.post(&format!("{path}/reactions"), json!({"reactionType": "like"}))
        .await
        .fails(404, "message_not_found");
    ann.delete(&format!("{path}/reactions/like")).await.fails(404, "message_not_found");
    let unknown = format!("{}/msg99", messages(&room));
    ann.patch(&unknown, json!({"newContent": "x"})).await.fails(404, "message_not_found");
    ann.delete(&unknown).await.fails(404, "message_not_found");
    ann.post(&format!("{unknown}/read"), json!({})).await.fails(404, "message_not_found");
    ann.post(&format!("{unknown}/reactions"), json!({"reactionType": "like"}))
        .await
        .fails(404, "message_not_found");
}

#[tokio::test]
async fn a_message_of_another_room_is_not_found_in_this_one() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let (room, other) = (ann.room(&[]).await, ann.room(&[]).await);
    let sent = ann.say_all(&room, &["here"]).await;
    let wrong = format!("{}/{}", messages(&other), sent[0]);
    ann.patch(&wrong, json!({"newContent": "there"})).await.fails(404, "message_not_found");
    ann.delete(&wrong).await.fails(404, "message_not_found");
    ann.post(&messages(&other), json!({"content": "re", "replyTo": sent[0]}))
        .await
        .fails(404, "message_not_found");
    assert_eq!(ann.contents(&room).await, ["here"]);
}

#[tokio::test]
async fn an_answer_names_what_it_answers() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let sent = ann.say_all(&room, &["question"]).await;
    let reply =
        ann.post(&messages(&room), json!({"content": "answer", "replyTo": sent[0]})).await.is(201);
    assert_eq!(reply["replyTo"], json!(sent[0]));
    assert_eq!(ann.history(&room).await[1]["replyTo"], json!(sent[0]));
    for unknown in ["msg99", "msg0", "nonsense"] {
        ann.post(&messages(&room), json!({"content": "x", "replyTo": unknown}))
            .await
            .fails(404, "message_not_found");
    }
    ann.post(&messages(&room), json!({"content": "x", "replyTo": 7})).await.blames("replyTo");
    assert_eq!(ann.contents(&room).await, ["question", "answer"]);
}

#[tokio::test]
async fn reactions_are_given_once_and_taken_back() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let sent = ann.say_all(&room, &["react to me"]).await;
    let path = format!("{}/{}/reactions", messages(&room), sent[0]);
    let given = ben.post(&path, json!({"userId": "ben", "reactionType": "like"})).await.is(201);
    has_exactly(&given, &["messageId", "userId", "reactionType", "createdAt"]);
    assert_eq!(
        (&given["messageId"], &given["userId"], &given["reactionType"]),
        (&json!(sent[0]), &json!("ben"), &json!("like"))
    );
    let rev = ann.see(&room).await["rev"].clone();
    assert_eq!(
        ben.post(&path, json!({"reactionType": "like"})).await.is(200),
        given,
        "again the same is the same"
    );
    assert_eq!(ann.see(&room).await["rev"], rev);
    ann.post(&path, json!({"reactionType": "like"})).await.is(201);
    for kind in ["love", "laugh", "sad", "angry", "👍🏽", "🇰🇷", "👨‍👩‍👧"] {
        ben.post(&path, json!({"reactionType": kind})).await.is(201);
    }
    for kind in ["", "hate", "LIKE", "👍👍", "x", "👍 "] {
        ben.post(&path, json!({"reactionType": kind})).await.blames("reactionType");
    }
    ben.post(&path, json!({"userId": "ann", "reactionType": "sad"})).await.fails(403, "forbidden");
    let reactions = ann.history(&room).await[0]["reactions"].clone();
    assert_eq!(reactions.as_array().map(Vec::len), Some(8));
    assert_eq!(
        reactions[0],
        json!({"reactionType": "like", "userIds": ["ben", "ann"]}),
        "the first comes first"
    );
    ben.delete(&format!("{path}/like")).await.is(204);
    ben.delete(&format!("{path}/%F0%9F%91%8D%F0%9F%8F%BD")).await.is(204);
    let reactions = ann.history(&room).await[0]["reactions"].clone();
    assert_eq!(reactions.as_array().map(Vec::len), Some(7));
    let rev = ann.see(&room).await["rev"].clone();
    ben.delete(&format!("{path}/like")).await.is(204);
    assert_eq!(ann.see(&room).await["rev"], rev, "what is not there cannot be taken back");
}

#[tokio::test]
async fn an_answer_to_what_is_gone_is_told_so_whatever_else_is_wrong() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let sent = ann.say_all(&room, &["gone soon"]).await;
    let own = ann.post("/api/media?fileName=a.txt", "mine").await.is(201)["id"].clone();
    let foreign = ben.post("/api/media?fileName=b.txt", "not mine").await.is(201)["id"].clone();
    ann.delete(&format!("{}/{}", messages(&room), sent[0])).await.is(204);
    for gone in [sent[0].as_str(), "msg99"] {
        for files in [json!([own]), json!([foreign])] {
            ann.post(&messages(&room), json!({"content": "x", "replyTo": gone, "mediaIds": files}))
                .await
                .fails(404, "message_not_found");
        }
    }
    let sent = ann.say_all(&room, &["still here"]).await;
    ann.post(&messages(&room), json!({"content": "x", "replyTo": sent[0], "mediaIds": [foreign]}))
        .await
        .blames("mediaIds");
    ann.post(&messages(&room), json!({"content": "x", "replyTo": sent[0], "mediaIds": [own]}))
        .await
        .is(201);
}
