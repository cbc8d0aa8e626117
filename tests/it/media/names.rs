//! File names belong to uploads and must not be misleading.

use serde_json::json;

use super::{path, upload};
use crate::support::{Body, Person, Server, people};

#[tokio::test]
async fn the_same_bytes_under_another_name_are_shown_and_saved_under_that_name() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = ann.room(&[&bob]).await;
    let secret = upload(&ann, "private+salary+list.txt", b"same").await;
    let agenda = upload(&ann, "agenda.txt", b"same").await;
    assert_eq!((&agenda["fileName"], &agenda["name"]), (&json!("agenda.txt"), &secret["name"]));
    assert_ne!(agenda["id"], secret["id"]);
    assert!(
        upload(&ann, "", b"same").await.get("fileName").is_none(),
        "no name is no other's name"
    );
    let body = json!({"content": "two", "mediaIds": [agenda["id"]]});
    ann.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201);
    assert_eq!(bob.history(&room).await[0]["media"], json!([agenda]));
    assert_eq!(
        upload(&ann, "agenda.txt", b"same").await["id"],
        agenda["id"],
        "the same again is the same"
    );
    let saved = |answer: &crate::support::Answer| {
        answer.header("content-disposition").split("''").nth(1).unwrap().to_owned()
    };
    assert_eq!(saved(&bob.get(&path(&agenda)).await), "agenda.txt");
    bob.get(&format!("{}?id={}", path(&agenda), secret["id"])).await.fails(404, "media_not_found");
    assert_eq!(
        saved(&ann.get(&format!("{}?id={}", path(&agenda), secret["id"])).await),
        "private%20salary%20list.txt"
    );
    assert_eq!(
        ann.get(&format!("{}?id=x", path(&agenda))).await.fails(400, "invalid_request")["field"],
        "id"
    );
}

#[tokio::test]
async fn a_file_in_a_room_is_saved_under_the_name_that_the_room_shows() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = ann.room(&[&bob]).await;
    upload(&ann, "ann-draft.txt", b"same").await;
    let bobs = upload(&bob, "bob-final.txt", b"same").await;
    bob.post(
        &format!("/api/chatrooms/{room}/messages"),
        json!({"content": "it", "mediaIds": [bobs["id"]]}),
    )
    .await
    .is(201);
    let shown = ann.history(&room).await[0]["media"][0].clone();
    assert_eq!(shown["fileName"], "bob-final.txt");
    for query in [String::new(), format!("?id={}", shown["id"])] {
        let saved = ann.get(&format!("{}{query}", path(&shown))).await;
        assert!(
            saved.header("content-disposition").ends_with("''bob-final.txt"),
            "{query}: {}",
            saved.header("content-disposition")
        );
    }
}

#[tokio::test]
async fn two_files_of_equal_bytes_on_one_message_are_two() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let (one, two) =
        (upload(&ann, "one.txt", b"same").await, upload(&ann, "two.txt", b"same").await);
    let body = json!({"content": "both", "mediaIds": [one["id"], two["id"]]});
    assert_eq!(
        ann.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201)["media"],
        json!([one, two])
    );
}

#[tokio::test]
async fn names_that_turn_around_are_refused() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    for name in [
        "invoice_%E2%80%AEfdp.exe",
        "a%E2%81%A6b.png",
        "%E2%80%8F.png",
        "a%E2%80%8Bb",
        "%EF%BB%BFa.txt",
    ] {
        let refused = ann
            .post(&format!("/api/media?fileName={name}"), Body::Raw(b"MZ".to_vec()))
            .await
            .fails(400, "invalid_request");
        assert!(
            refused["field"] == "fileName" && refused["message"].as_str().unwrap().contains("U+"),
            "{refused}"
        );
    }
    assert_eq!(
        upload(&ann, "%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80.txt", b"x").await["fileName"],
        "👩\u{200d}🚀.txt"
    );
}
