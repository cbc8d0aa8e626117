//! Dialect `chats`, its complete document.

mod auth;
mod input;
mod live;
mod membership;

use serde_json::json;
use sha2::{Digest, Sha512};

use crate::support::{Body, Chats, Json, Person, Server, has_exactly, is_millis, people, picture};

/// Returns the users of a chat.
fn users(chat: &Json) -> Vec<&Json> {
    chat["users"].as_array().expect("a list").iter().map(|place| &place["user"]).collect()
}

/// Returns the ids of the users of a chat.
fn ids(chat: &Json) -> Vec<i64> {
    users(chat).iter().map(|user| user["id"].as_i64().expect("a number")).collect()
}

#[tokio::test]
async fn a_chat_has_exactly_the_documented_keys() {
    let server = Server::start().await;
    let ann = Chats::with_profile(
        &server,
        "ann",
        json!({"name": "Ann Lee", "email": "Ann@example.org", "birth": "1999-01-31"}),
    )
    .await;
    let ben = Chats::new(&server, "ben").await;
    let chat = ben
        .post("/chats", json!({"name": "Study", "userIds": [ann.id], "more": {"x": 1}}))
        .await
        .succeeds();
    has_exactly(&chat, &["id", "name", "users", "createdAt", "_count"]);
    assert!(chat["id"].is_i64() && is_millis(&chat["createdAt"]), "{chat}");
    assert_eq!((&chat["name"], &chat["_count"]), (&json!("Study"), &json!({"users": 2})));
    for place in chat["users"].as_array().expect("a list") {
        has_exactly(place, &["user"]);
        has_exactly(&place["user"], &["id", "email", "name", "birth", "media", "createdAt"]);
        assert!(
            is_millis(&place["user"]["createdAt"]) && place["user"]["media"].is_null(),
            "{place}"
        );
    }
    let told: Vec<_> = users(&chat)
        .iter()
        .map(|user| [&user["id"], &user["email"], &user["name"], &user["birth"]].map(Json::clone))
        .collect();
    let stand_in = format!("user{}@users.invalid", ben.id);
    assert_eq!(
        told,
        [
            [json!(ann.id), json!("Ann@example.org"), json!("Ann Lee"), json!("1999-01-31")],
            [json!(ben.id), json!(stand_in), json!("ben"), json!("1970-01-01")]
        ]
    );
    assert_eq!(ann.chats().await, [chat], "the same for everybody in it");
}

#[tokio::test]
async fn a_picture_is_shown_with_exactly_the_documented_keys() {
    let server = Server::start().await;
    let (ann, ben) = (Chats::new(&server, "ann").await, Chats::new(&server, "ben").await);
    let bytes = picture(8, 8);
    let media = ann.post("/api/media?fileName=me.png", Body::Raw(bytes.clone())).await.is(201);
    ann.patch("/api/users/me", json!({"mediaId": media["id"]})).await.is(200);
    let chat = ben.chat("Study", &[ann.id]).await;
    let shown = &users(&chat)[0]["media"];
    has_exactly(shown, &["id", "name", "type", "userId", "isImage", "createdAt"]);
    let told = [&shown["id"], &shown["name"], &shown["type"], &shown["userId"], &shown["isImage"]]
        .map(Json::clone);
    assert_eq!(
        told,
        [
            media["id"].clone(),
            json!(hex::encode(Sha512::digest(&bytes))),
            json!("png"),
            json!(ann.id),
            json!(true)
        ]
    );
    assert!(is_millis(&shown["createdAt"]), "{shown}");
    ann.patch("/api/users/me", json!({"mediaId": null})).await.is(200);
    assert!(users(&ben.chats().await[0])[0]["media"].is_null());
}

#[tokio::test]
async fn whoever_makes_a_chat_is_in_it() {
    let server = Server::start().await;
    let (ann, ben, cyd) = (
        Chats::new(&server, "ann").await,
        Chats::new(&server, "ben").await,
        Chats::new(&server, "cyd").await,
    );
    let both = [ann.id, ben.id];
    assert_eq!(ids(&ben.chat("unlisted", &[ann.id]).await), both);
    assert_eq!(ids(&ben.chat("listed", &[ben.id, ann.id]).await), both);
    assert_eq!(ids(&ben.chat("twice", &[ann.id, ann.id]).await), both);
    assert_eq!(ids(&ben.chat("alone", &[ben.id]).await), [ben.id]);
    assert_eq!(
        ids(&cyd.chat("all", &[cyd.id, ben.id, ann.id]).await),
        [ann.id, ben.id, cyd.id],
        "ordered by id"
    );
    let again = (ben.chat("unlisted", &[ann.id]).await, ben.chats().await.len());
    assert_eq!((ids(&again.0), again.1), (both.to_vec(), 6), "a second room, not the first again");
}

#[tokio::test]
async fn everybody_in_a_chat_is_a_member() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let chat = Chats::log_in(&ann, "ann", &ann.password).await.room(&[ben.id, cyd.id]).await;
    let seen = ben.see(&chat.to_string()).await;
    let roles: Vec<_> = seen["participants"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|participant| participant["role"].clone())
        .collect();
    assert_eq!(
        (roles, &seen["visibility"], &seen["ownerId"]),
        (vec![json!("member"); 3], &json!("private"), &json!("ann"))
    );
}

#[tokio::test]
async fn chats_are_paged_in_the_order_of_their_ids() {
    let server = Server::start().await;
    let (ann, ben) = (Chats::new(&server, "ann").await, Chats::new(&server, "ben").await);
    let mut made = Vec::new();
    for number in 0..7 {
        made.push(ann.chat(&format!("chat {number}"), &[ben.id]).await);
        ben.chat("not hers", &[ben.id]).await;
    }
    // Neither activity nor a change affects the order.
    ann.patch(&format!("/chats/{}", made[0]["id"]), json!({})).await.succeeds();
    ann.post(&format!("/api/chatrooms/{}/messages", made[1]["id"]), json!({"content": "here"}))
        .await
        .is(201);
    let down: Vec<_> = made.iter().rev().cloned().collect();
    let page = async |query: &str| ann.get(&format!("/chats{query}")).await.succeeds();
    for query in [
        "",
        "?",
        "?page[order]=desc",
        "?page%5Border%5D=desc",
        "?page[size]=50&page[index]=0",
        "?size=1&order=asc",
    ] {
        assert_eq!(page(query).await, json!(down), "{query}");
    }
    assert_eq!(page("?page[order]=asc").await, json!(made));
    assert_eq!(page("?page%5Bsize%5D=3").await, json!(down[..3]));
    assert_eq!(page("?page[size]=3&page[index]=1").await, json!(down[3..6]));
    assert_eq!(page("?page%5Bsize%5D=3&page%5Bindex%5D=2").await, json!(down[6..]));
    assert_eq!(page("?page%5bsize%5d=3&page[index]=1&page%5Border]=asc").await, json!(made[3..6]));
    assert_eq!(page("?page[size]=3&page[index]=3").await, json!([]));
    assert_eq!(page("?page[size]=100&page[index]=18446744073709551616").await, json!([]));
    for (key, values) in [
        ("size", ["0", "101", "-1", "x", "", "%FF"]),
        ("index", ["-1", "x", "1.5", "", "%2B1", "%FF"]),
        ("order", ["ASC", "up", "", "0", "%20asc", "%FF"]),
    ] {
        for value in values {
            ann.get(&format!("/chats?page[{key}]={value}"))
                .await
                .fails_chats(400, &format!("Invalid page[{key}]"));
            ann.get(&format!("/chats?page%5B{key}%5D={value}"))
                .await
                .fails_chats(400, &format!("Invalid page[{key}]"));
        }
    }
}

#[tokio::test]
async fn every_room_that_one_takes_part_in_is_a_chat() {
    let server = Server::start().await;
    let (ann, ben, cyd) = (
        Person::new(&server, "ann").await,
        Person::new(&server, "Борис").await,
        Person::new(&server, "cyd").await,
    );
    cyd.patch("/api/users/me", json!({"name": "Cyd Li"})).await.is(200);
    ann.room(&[&ben]).await;
    ann.room(&[&ben, &cyd]).await;
    ann.room(&[]).await;
    ann.public_room("Lobby").await;
    ben.public_room("Elsewhere").await;
    let names = async |person: &Person| {
        let chats = Chats::log_in(person, &person.login, &person.password)
            .await
            .get("/chats?page[order]=asc")
            .await
            .succeeds();
        chats
            .as_array()
            .expect("a list")
            .iter()
            .map(|chat| chat["name"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&ann).await,
        ["Борис", "Борис, Cyd Li", "ann", "Lobby"],
        "those without a name are called by the others"
    );
    assert_eq!(names(&ben).await, ["ann", "ann, Cyd Li", "Elsewhere"]);
}

#[tokio::test]
async fn a_made_up_name_is_cut() {
    let server = Server::start().await;
    let (ann, ben, cyd) = (
        Person::new(&server, "ann").await,
        Person::new(&server, "ben").await,
        Person::new(&server, "cyd").await,
    );
    ben.patch("/api/users/me", json!({"name": "я".repeat(60)})).await.is(200);
    ann.room(&[&ben, &cyd]).await;
    let chats = Chats::log_in(&ann, "ann", &ann.password).await.chats().await;
    assert_eq!(chats[0]["name"], format!("{}, cy", "я".repeat(60)));
}

#[tokio::test]
async fn contacts_are_kept_from_others_where_that_is_configured() {
    let server = Server::start_with(&[("AUTH__SHOW_EMAILS", "false")]).await;
    let profile =
        |name: &str| json!({"email": format!("{name}@example.org"), "birth": "1999-01-31"});
    let (ann, ben) = (
        Chats::with_profile(&server, "ann", profile("ann")).await,
        Chats::with_profile(&server, "ben", profile("ben")).await,
    );
    let chat = ann.chat("Study", &[ben.id]).await;
    let told = |chat: &Json| {
        users(chat)
            .iter()
            .map(|user| (user["email"].clone(), user["birth"].clone()))
            .collect::<Vec<_>>()
    };
    let own = |name: &str| (json!(format!("{name}@example.org")), json!("1999-01-31"));
    let hidden = |id: i64| (json!(format!("user{id}@users.invalid")), json!("1970-01-01"));
    assert_eq!(told(&chat), [own("ann"), hidden(ben.id)]);
    assert_eq!(told(&ben.chats().await[0]), [hidden(ann.id), own("ben")]);
    let changed =
        ben.patch(&format!("/chats/{}", chat["id"]), json!({"name": "Studies"})).await.succeeds();
    assert_eq!(told(&changed), [hidden(ann.id), own("ben")]);
}

#[tokio::test]
async fn a_deleted_chat_is_gone_for_everybody() {
    let server = Server::start().await;
    let (ann, ben) = (Chats::new(&server, "ann").await, Chats::new(&server, "ben").await);
    let (kept, gone) = (ann.room(&[ben.id]).await, ann.room(&[ben.id]).await);
    assert_eq!(
        ben.delete(&format!("/chats/{gone}")).await.is(200),
        json!({"status": "success", "data": null})
    );
    for person in [&ann, &ben] {
        person.delete(&format!("/chats/{gone}")).await.fails_chats(404, "Chat not found");
        person
            .patch(&format!("/chats/{gone}"), json!({"name": "?"}))
            .await
            .fails_chats(404, "Chat not found");
        let left = person.chats().await;
        assert_eq!(left.iter().map(|chat| chat["id"].as_i64()).collect::<Vec<_>>(), [Some(kept)]);
    }
}
