//! Names that only differ for machines: spaces, case, invisible characters.

use serde_json::json;

use crate::support::{Client, Person, RoomPlan, Server, people};

#[tokio::test]
async fn a_greek_name_is_one_account_in_small_and_capital_letters() {
    let server = Server::start().await;
    let person = Person::new(&server, "Σίσυφος").await;
    let anybody = Client::new(&server);
    for login in ["ΣΊΣΥΦΟΣ", "σίσυφος", "σίσυφοσ"] {
        anybody
            .post("/api/login", json!({"userId": login, "password": person.password}))
            .await
            .is(200);
        anybody
            .post("/api/users", json!({"userId": login, "password": "another one"}))
            .await
            .fails(409, "already_exists");
    }
}

#[tokio::test]
async fn spaces_make_no_other_name() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room =
        ann.room_like(&[], RoomPlan { name: Some("  General \u{a0}  talk "), public: true }).await;
    assert_eq!(ann.see(&room).await["name"], "General talk");
    for name in ["General talk", " general talk", "GENERAL\u{a0}TALK", "general \u{3000} talk"] {
        ben.post(
            "/api/chatrooms",
            json!({"targetUserIds": [], "name": name, "visibility": "public"}),
        )
        .await
        .fails(409, "already_exists");
    }
    let other = ben.public_room("other").await;
    ben.patch(&format!("/api/chatrooms/{other}/name"), json!({"name": " general  talk"}))
        .await
        .fails(409, "already_exists");
    assert_eq!(
        ben.patch("/api/users/me", json!({"name": "  Ben \u{a0} Lee "})).await.is(200)["name"],
        "Ben Lee"
    );
}

#[tokio::test]
async fn what_cannot_be_seen_is_empty() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    for blank in ["\u{200b}", "\u{2060}\u{2060}", "\u{2800}", "\u{3164}", " \u{a0}\u{feff}"] {
        ann.post(&format!("/api/chatrooms/{room}/messages"), json!({"content": blank}))
            .await
            .blames("content");
        ann.post(
            "/api/chatrooms",
            json!({"targetUserIds": [], "name": blank, "visibility": "public"}),
        )
        .await
        .blames("name");
    }
    ann.say(&room, "\u{200b}.").await;
}
