//! Changes made here are immediately visible to sockets of `chatrooms`.

use serde_json::json;

use crate::support::{Chats, Server, Socket, is, people};

#[tokio::test]
async fn changes_are_told_to_the_sockets_of_the_room() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let [mut hers, mut his, mut theirs] =
        [ann.subscribe().await, ben.subscribe().await, cyd.subscribe().await];
    let editor = Chats::log_in(&ann, "ann", &ann.password).await;

    let chat = editor.chat("Study", &[ben.id]).await;
    let (path, room) = (
        format!("/chats/{}", chat["id"]),
        json!(format!("room{:03}", chat["id"].as_i64().expect("a number"))),
    );
    for socket in [&mut hers, &mut his] {
        let added = socket.until("room_added").await;
        assert_eq!((&added["room"]["roomId"], &added["room"]["name"]), (&room, &json!("Study")));
    }

    editor.patch(&path, json!({"name": "Studies"})).await.succeeds();
    for socket in [&mut hers, &mut his] {
        let updated = socket.until("room_updated").await;
        assert_eq!((&updated["room_id"], &updated["name"]), (&room, &json!("Studies")));
    }

    editor.patch(&path, json!({"userIds": [ann.id, cyd.id]})).await.succeeds();
    assert_eq!(theirs.until("room_added").await["room"]["roomId"], room);
    let added = hers.until("participant_added").await;
    assert_eq!((&added["room_id"], &added["user_id"]), (&room, &json!("cyd")));
    for socket in [&mut hers, &mut his] {
        let removed = socket.until("participant_removed").await;
        assert_eq!((&removed["room_id"], &removed["user_id"]), (&room, &json!("ben")));
    }
    assert!(
        his.unread().all(|frame| frame["type"] != "participant_added"),
        "who is removed hears nothing else of that step"
    );

    let of_the_room = |frame: &serde_json::Value| frame["room_id"] == room;
    editor.delete(&path).await.succeeds();
    for socket in [&mut hers, &mut theirs] {
        assert_eq!(socket.until("room_deleted").await["room_id"], room);
    }
    editor.chat("Later", &[ben.id]).await;
    his.silent_until(of_the_room, is("room_added")).await;
}

#[tokio::test]
async fn who_is_left_out_hears_no_more() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let editor = Chats::log_in(&ann, "ann", &ann.password).await;
    let cyd = Chats::new(&server, "cyd").await;
    let room = editor.room(&[ben.id]).await.to_string();
    let mut his: Socket = ben.enter(&room).await;
    ann.say(&room, "before").await;
    his.hears("before").await;
    editor.patch(&format!("/chats/{room}"), json!({"userIds": [ann.id, cyd.id]})).await.succeeds();
    ann.say(&room, "behind his back").await;
    his.until("participant_removed").await;
    his.refused(
        json!({"type": "chat_message", "room_id": room, "content": "still here"}),
        "not_in_room",
    )
    .await;
    assert!(his.unread().all(|frame| frame["content"] != "behind his back"));
    assert_eq!(ann.contents(&room).await, ["before", "behind his back"]);
}
