//! Creating, listing and deleting rooms.

use serde_json::json;

use crate::support::{Json, Person, Rooms, Server, has_exactly, people, texts};

async fn listed(user: &Rooms) -> Json {
    user.get("/rooms").await.is(200)
}

#[tokio::test]
async fn a_room_is_public_and_its_creator_is_its_admin() {
    let server = Server::start().await;
    let (ann, ben) = (Rooms::new(&server, "ann").await, Rooms::new(&server, "ben").await);
    assert_eq!(listed(&ann).await, json!([]));
    let room = ann.post("/rooms", json!({"name": "Lounge", "more": 1})).await.is(201);
    has_exactly(&room, &["room_id", "name", "owner"]);
    assert_eq!((&room["name"], &room["owner"]), (&json!("Lounge"), &json!("ann")));
    assert_eq!(listed(&ben).await, json!([room]));
    let seen = ben
        .native()
        .get(&format!("/api/chatrooms/{}", room["room_id"].as_str().expect("a key")))
        .await
        .is(200);
    assert_eq!((&seen["roomId"], &seen["visibility"]), (&room["room_id"], &json!("public")));
    assert_eq!(
        (&seen["participants"][0]["userId"], &seen["participants"][0]["role"]),
        (&json!("ann"), &json!("admin"))
    );
}

#[tokio::test]
async fn names_of_public_rooms_are_unique() {
    let server = Server::start().await;
    let ann = Rooms::new(&server, "ann").await;
    ann.room("Lounge").await;
    for name in ["Lounge", "lounge", "LOUNGE"] {
        ann.post("/rooms", json!({"name": name})).await.fails_rooms(400, "AlreadyExist");
    }
    assert_eq!(texts(&listed(&ann).await, "name"), ["Lounge"], "nothing of it is stored");
}

#[tokio::test]
async fn public_rooms_and_mine_are_listed_oldest_first() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let cyd = Rooms::new(&server, "cyd").await;
    let first = ann.public_room("First").await;
    let nameless =
        ann.post("/api/chatrooms", json!({"targetUserIds": ["cyd"]})).await.is(201)["roomId"]
            .clone();
    ann.room(&[&ben]).await;
    let last = cyd.room("Last").await;
    ann.say(&first, "the newest activity").await;
    let rooms = listed(&cyd).await;
    let wanted = json!([
        {"room_id": first, "name": "First", "owner": "ann"},
        {"room_id": nameless, "name": "", "owner": "ann"},
        {"room_id": last, "name": "Last", "owner": "cyd"},
    ]);
    assert_eq!(rooms, wanted, "not the private room of others");
}

#[tokio::test]
async fn a_room_is_deleted_by_those_who_may() {
    let server = Server::start().await;
    let (ann, ben) = (Rooms::new(&server, "ann").await, Rooms::new(&server, "ben").await);
    let rooms = [ann.room("One").await, ann.room("Two").await, ann.room("Three").await];
    let inside = ben.open(&rooms[0]).await;
    for room in &rooms {
        ben.delete(&format!("/rooms/{room}")).await.fails_rooms(401, "Unauthorized");
    }
    inside.close().await;
    let number = rooms[1].trim_start_matches("room").trim_start_matches('0');
    for path in [
        rooms[0].clone(),
        number.to_owned(),
        format!("room{}", rooms[2].trim_start_matches("room").trim_start_matches('0')),
    ] {
        assert_eq!(ann.delete(&format!("/rooms/{path}")).await.is(204), Json::Null);
        ann.delete(&format!("/rooms/{path}")).await.fails_rooms(400, "InvalidParameter");
    }
    assert_eq!(listed(&ben).await, json!([]));
}

#[tokio::test]
async fn a_private_room_of_others_is_a_room_that_is_not_there() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let ben = Rooms::new(&server, "ben").await;
    let room = ann.room(&[]).await;
    let foreign = ben.delete(&format!("/rooms/{room}")).await;
    let unknown = ben.delete("/rooms/room999").await;
    unknown.fails_rooms(400, "InvalidParameter");
    assert_eq!((foreign.status, &foreign.text), (unknown.status, &unknown.text));
    let foreign = ben.handshake(&format!("/rooms/{room}")).await;
    let unknown = ben.handshake("/rooms/room999").await;
    unknown.fails_rooms(400, "InvalidParameter");
    assert_eq!((foreign.status, &foreign.text), (unknown.status, &unknown.text));
}

#[tokio::test]
async fn the_rooms_of_a_deleted_user_pass_on_or_wait() {
    let server = Server::start().await;
    let (ann, ben, cyd) = (
        Rooms::new(&server, "ann").await,
        Rooms::new(&server, "ben").await,
        Rooms::new(&server, "cyd").await,
    );
    // The older one is processed first.
    let (empty, shared) = (ann.room("Empty").await, ann.room("Shared").await);
    let mut stays = ben.open(&shared).await;
    ann.delete("/users/me").await.is(204);
    let left = stays.next().await;
    assert_eq!((&left["action"], &left["room_id"]), (&json!("leave"), &json!(shared)));
    assert_eq!(texts(&listed(&cyd).await, "owner"), ["", "ben"]);
    let (_socket, entered) = cyd.enter(&empty).await;
    assert_eq!(
        (&entered["first"], &entered["users"]),
        (&json!(true), &json!([{"user_id": "cyd", "name": "cyd"}]))
    );
    assert_eq!(texts(&listed(&cyd).await, "owner"), ["cyd", "ben"]);
    cyd.delete(&format!("/rooms/{empty}")).await.is(204);
}
