//! The list of rooms: unread messages, participants, order.

use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Person, Server, has_exactly, keys, people, texts};

#[tokio::test]
async fn my_rooms_come_with_what_is_new_in_them() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["Ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let empty = ann.card(&room).await;
    let wanted = [
        "roomId",
        "name",
        "createdAt",
        "participants",
        "userCount",
        "ownerId",
        "visibility",
        "state",
        "rev",
        "lastSeq",
        "unreadCount",
        "mentionCount",
        "muted",
    ];
    has_exactly(&empty, &wanted);
    assert_eq!(
        (&empty["unreadCount"], &empty["mentionCount"], &empty["muted"]),
        (&json!(0), &json!(0), &json!(false))
    );
    let mentions = ["@ann", "hello @ANN!", "(@Ann)", "@ann,@ann"];
    let others = ["ann", "@anna", "a@ann", "x@ann.example", "@ben"];
    ben.say_all(&room, &mentions).await;
    ben.say_all(&room, &others).await;
    ann.say(&room, "@ann I tell myself").await;
    let card = ann.card(&room).await;
    assert_eq!(
        (&card["unreadCount"], &card["lastSeq"]),
        (&json!(0), &json!(10)),
        "sending marks what is before it as read"
    );
    assert_eq!(card["mentionCount"], 0);
    ben.say_all(&room, &mentions).await;
    ben.say_all(&room, &others[..2]).await;
    let card = ann.card(&room).await;
    assert_eq!((&card["unreadCount"], &card["mentionCount"]), (&json!(6), &json!(4)), "{card}");
    assert_eq!(
        (&card["lastMessage"]["content"], &card["lastMessage"]["seq"]),
        (&json!("@anna"), &json!(16))
    );
    assert_eq!(ben.card(&room).await["unreadCount"], 0);
    assert_eq!(ann.get("/api/chatrooms?scope=mine").await.is(200)["chatrooms"][0], card);
}

#[tokio::test]
async fn rooms_come_with_the_newest_activity_first() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let rooms = [ann.room(&[]).await, ann.room(&[]).await, ann.room(&[]).await];
    for index in [1, 2, 0] {
        ann.say(&rooms[index], "now").await;
        // Events within one millisecond have no order between rooms.
        let said = SystemTime::now();
        while said.elapsed().unwrap_or_default() < Duration::from_millis(2) {
            tokio::task::yield_now().await;
        }
    }
    let list = ann.get("/api/chatrooms").await.is(200);
    assert_eq!(texts(&list["chatrooms"], "roomId"), [&rooms[0], &rooms[2], &rooms[1]]);
    has_exactly(&list, &["chatrooms"]);
}

#[tokio::test]
async fn the_directory_lists_public_rooms_to_everybody() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    ann.room(&[&ben]).await;
    let room = ann.public_room("Lounge").await;
    ann.say(&room, "not shown outside").await;
    let answer = ben.get("/api/chatrooms?scope=public").await;
    let list = answer.is(200);
    assert_eq!(texts(&list["chatrooms"], "roomId"), [&room]);
    assert!(
        !keys(&list["chatrooms"][0]).contains(&"lastMessage") && !answer.text.contains("not shown"),
        "{}",
        answer.text
    );
    ben.get("/api/chatrooms?scope=all").await.blames("scope");
}

#[tokio::test]
async fn a_list_shows_the_first_ten_participants_and_how_many_there_are() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let logins: Vec<_> = (0..12).map(|number| format!("guest{number}")).collect();
    let register = async |login: &String| {
        drop(
            ann.bare()
                .post("/api/users", json!({"userId": login, "password": "long enough"}))
                .await
                .is(201),
        );
    };
    join_all(logins.iter().map(register)).await;
    let made = ann.post("/api/chatrooms", json!({"targetUserIds": logins})).await.is(201);
    assert_eq!(made["participants"].as_array().map(Vec::len), Some(13));
    let card = ann.card(made["roomId"].as_str().expect("a roomId")).await;
    assert_eq!(
        (card["participants"].as_array().map(Vec::len), &card["userCount"]),
        (Some(10), &json!(13))
    );
}

#[tokio::test]
async fn unread_is_what_came_after_the_mark_and_was_not_deleted() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let sent = ben.say_all(&room, &["one", "two @ann", "three", "four", "five"]).await;
    let read = async |key: &str| {
        ann.post(&format!("/api/chatrooms/{room}/messages/{key}/read"), json!({"userId": "ann"}))
            .await
            .is(200)
    };
    let delete = async |key: &str| {
        ben.delete(&format!("/api/chatrooms/{room}/messages/{key}")).await.is(204)
    };
    let unread = async || ann.card(&room).await["unreadCount"].as_i64();
    assert_eq!(unread().await, Some(5));
    delete(&sent[1]).await;
    assert_eq!(unread().await, Some(4));
    assert_eq!(ann.card(&room).await["mentionCount"], 0, "a deleted mention is none");
    let marked = read(&sent[2]).await;
    has_exactly(&marked, &["roomId", "messageId", "userId", "readAt", "unreadCount"]);
    assert_eq!(
        (&marked["roomId"], &marked["messageId"], &marked["userId"]),
        (&json!(room), &json!(sent[2]), &json!("ann"))
    );
    assert_eq!(marked["unreadCount"], 2);
    delete(&sent[0]).await;
    assert_eq!(unread().await, Some(2), "what was read was not unread");
    delete(&sent[4]).await;
    assert_eq!(unread().await, Some(1));
    let back = read(&sent[0]).await;
    assert_eq!(
        (&back["unreadCount"], unread().await),
        (&json!(1), Some(1)),
        "the mark never moves back"
    );
    read(&sent[4]).await;
    assert_eq!(unread().await, Some(0));
    ben.say(&room, "six").await;
    assert_eq!(unread().await, Some(1));
}
