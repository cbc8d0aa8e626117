//! `/api/media`: type detection of uploads, permissions of downloads, and cleaning up.

use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha512};

use crate::support::{Body, Json, Person, Server, has_exactly, people, picture};

async fn upload(person: &Person, query: &str, bytes: &[u8]) -> Json {
    person.post(&format!("/api/media{query}"), Body::Raw(bytes.to_vec())).await.is(201)
}

fn path(media: &Json) -> String {
    format!("/api/media/{}", media["name"].as_str().expect("a name"))
}

#[tokio::test]
async fn a_picture_is_uploaded_attached_and_fetched() {
    let server = Server::start().await;
    let [ann, ben, eve] = people(&server, ["ann", "ben", "eve"]).await;
    let room = ann.room(&[&ben]).await;
    let bytes = picture(40, 30);
    let media = upload(&ann, "?fileName=C%3A%5C%EC%B1%85%20%221%22.png", &bytes).await;
    has_exactly(
        &media,
        &["id", "name", "type", "isImage", "size", "width", "height", "fileName", "createdAt"],
    );
    assert_eq!(media["name"], hex::encode(Sha512::digest(&bytes)), "called by what is stored");
    assert_eq!(
        (&media["type"], &media["isImage"], &media["size"]),
        (&json!("png"), &json!(true), &json!(bytes.len()))
    );
    assert_eq!(
        (&media["width"], &media["height"], &media["fileName"]),
        (&json!(40), &json!(30), &json!("책 \"1\".png"))
    );
    assert_eq!(
        upload(&ann, "?fileName=%EC%B1%85%20%221%22.png", &bytes).await["id"],
        media["id"],
        "the same again is the same"
    );
    ben.get(&path(&media)).await.fails(404, "media_not_found");
    let mut socket = ben.enter(&room).await;
    let body = json!({"content": "look", "mediaIds": [media["id"]]});
    let message = ann.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201);
    assert_eq!(message["media"], json!([media]));
    let heard = socket.until("chat_message").await;
    assert_eq!(heard["media"], json!([media]), "everything that a page needs to leave room for it");
    assert_eq!(ben.history(&room).await[0]["media"], json!([media]));
    let answer = ben.get(&path(&media)).await;
    assert_eq!((answer.status, &answer.bytes[..]), (200, &bytes[..]));
    for (header, wanted) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
        ("cache-control", "private, no-cache"),
        ("content-disposition", "inline; filename*=UTF-8''%EC%B1%85%20%221%22.png"),
        ("cross-origin-resource-policy", "same-origin"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(answer.header(header), wanted, "{header}");
    }
    let tag = answer.header("etag").to_owned();
    let known = ben.with("if-none-match", &tag).get(&path(&media)).await;
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    eve.get(&path(&media)).await.fails(404, "media_not_found");
    ann.bare().get(&path(&media)).await.fails(401, "invalid_token");
    let frame = json!({
        "type": "chat_message", "room_id": room, "content": "again", "media_ids": [media["id"]],
    });
    ann.open().await.ask(frame).await;
    assert_eq!(socket.until("chat_message").await["media"], json!([media]));
    ann.delete(&format!("/api/chatrooms/{room}/participants/ben")).await.is(204);
    ben.with("if-none-match", &tag).get(&path(&media)).await.fails(404, "media_not_found");
}

#[tokio::test]
async fn parts_of_a_file_are_fetched() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let media = upload(&ann, "", &bytes).await;
    let part = async |range: &str| ann.with("range", range).get(&path(&media)).await;
    for (range, from, to) in [
        ("bytes=0-9", 0, 9),
        ("bytes=100000-199999", 100_000, 199_999),
        ("bytes=199990-", 199_990, 199_999),
        ("bytes=-5", 199_995, 199_999),
    ] {
        let answer = part(range).await;
        assert_eq!(
            (answer.status, answer.header("content-range")),
            (206, format!("bytes {from}-{to}/200000").as_str()),
            "{range}"
        );
        assert_eq!(answer.bytes[..], bytes[from..=to], "{range}");
    }
    let outside = part("bytes=200000-").await;
    assert_eq!((outside.status, outside.header("content-range")), (416, "bytes */200000"));
    for whole in ["bytes=5-4", "bytes=0-1,4-5", "lines=1-2"] {
        assert_eq!(part(whole).await.status, 200, "{whole}");
    }
    let stale =
        ann.with("range", "bytes=0-9").with("if-range", "\"other\"").get(&path(&media)).await;
    assert_eq!((stale.status, stale.bytes.len()), (200, 200_000));
}

#[tokio::test]
async fn nothing_that_could_act_in_a_browser_is_shown_there() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let rows: [(&[u8], &str, &str); 5] = [
        (b"<!DOCTYPE html><script>alert(1)</script>", "html", "a.png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "txt", "a.svg"),
        (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "bin", "broken.png"),
        (b"%PDF-1.7 \n", "pdf", "a\"b\r.pdf"),
        (b"\0\x01\x02", "bin", ""),
    ];
    for (bytes, kind, name) in rows {
        let query = if name.is_empty() {
            String::new()
        } else {
            format!("?fileName={}", name.replace('"', "%22").replace('\r', ""))
        };
        let media = ann
            .with("content-type", "image/png")
            .post(&format!("/api/media{query}"), Body::Raw(bytes.to_vec()))
            .await
            .is(201);
        assert_eq!((&media["type"], &media["isImage"]), (&json!(kind), &json!(false)), "{name}");
        let answer = ann.get(&path(&media)).await;
        assert_eq!(
            (answer.header("content-type"), answer.header("x-content-type-options")),
            ("application/octet-stream", "nosniff")
        );
        assert!(
            answer.header("content-disposition").starts_with("attachment; filename*=UTF-8''"),
            "{}",
            answer.header("content-disposition")
        );
        assert_eq!(&answer.bytes[..], bytes);
    }
}

#[tokio::test]
async fn bad_uploads_leave_nothing() {
    let server = Server::start_with(&[("MEDIA__MAX_BYTES", "100000")]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    ann.post("/api/media", "").await.fails(400, "invalid_request");
    ann.post("/api/media?fileName=a%0Ab", "x").await.fails(400, "invalid_request");
    ann.post(&format!("/api/media?fileName={}", "x".repeat(256)), "x")
        .await
        .fails(400, "invalid_request");
    ann.bare().post("/api/media", "x").await.fails(401, "invalid_token");
    for size in [100_001, 5_000_000] {
        ann.post("/api/media", Body::Raw(vec![b'x'; size])).await.fails(413, "too_large");
        ann.post("/api/media", Body::Chunked(vec![b'x'; size])).await.fails(413, "too_large");
    }
    upload(&ann, "", &vec![b'x'; 100_000]).await;
    for name in ["x", &"0".repeat(128), &"Z".repeat(128), "..%2F..%2Fchat.db"] {
        ann.get(&format!("/api/media/{name}")).await.fails(404, "media_not_found");
    }
    ann.request(Method::PUT, "/api/media", Body::Nothing).await.fails(405, "method_not_allowed");
    let unfinished = server.data().join("media/unfinished");
    assert_eq!(std::fs::read_dir(&unfinished).expect("a folder").count(), 0);
    let media = upload(&ann, "", b"mine").await;
    let room = ben.room(&[]).await;
    for ids in [
        json!([media["id"]]),
        json!([99]),
        json!("x"),
        json!([1.5]),
        json!([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    ] {
        let refused = ben
            .post(
                &format!("/api/chatrooms/{room}/messages"),
                json!({"content": "x", "mediaIds": ids}),
            )
            .await;
        assert_eq!(refused.fails(400, "invalid_request")["field"], "mediaIds");
    }
    assert!(ben.history(&room).await.is_empty());
}

#[tokio::test]
async fn a_profile_picture_is_shown_to_everybody() {
    let server = Server::start().await;
    let [ann, ben, eve] = people(&server, ["ann", "ben", "eve"]).await;
    let room = ann.room(&[&ben]).await;
    let mut socket = ben.enter(&room).await;
    let media = upload(&ann, "", &picture(8, 8)).await;
    let me = ann.patch("/api/users/me", json!({"mediaId": media["id"]})).await.is(200);
    assert_eq!(me["media"], media);
    socket.until("participant_changed").await;
    let seen = ben.see(&room).await;
    let ann_there = seen["participants"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|person| person["userId"] == "ann")
        .expect("ann")
        .clone();
    assert_eq!(ann_there["media"], media);
    assert_eq!(eve.get("/api/users/ann").await.is(200)["media"], media);
    assert_eq!(eve.get(&path(&media)).await.status, 200);
    for bad in [
        json!(upload(&ann, "", b"a text").await["id"]),
        json!(upload(&eve, "", &picture(9, 9)).await["id"]),
        json!(99),
        json!("x"),
    ] {
        assert_eq!(
            ann.patch("/api/users/me", json!({"mediaId": bad})).await.fails(400, "invalid_request")
                ["field"],
            "mediaId"
        );
    }
    assert!(
        ann.patch("/api/users/me", json!({"mediaId": null})).await.is(200).get("media").is_none()
    );
    eve.get(&path(&media)).await.fails(404, "media_not_found");
}

#[tokio::test]
async fn what_nothing_refers_to_is_collected_after_a_day() {
    let mut server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let (kept, lost) = (upload(&ann, "", b"kept").await, upload(&ann, "", b"lost").await);
    ann.post(
        &format!("/api/chatrooms/{room}/messages"),
        json!({"content": "x", "mediaIds": [kept["id"]]}),
    )
    .await
    .is(201);
    server.terminate().await;
    // Simulates a day passing for the files, and leftovers of an unfinished upload.
    let database = rusqlite::Connection::open(server.data().join("chat.db")).expect("the database");
    database.execute("UPDATE media SET created = created - 25 * 3600000", ()).expect("a change");
    drop(database);
    let directory = server.data().join("media");
    let files = |name: &str| directory.join(&name[..2]).join(name);
    let orphan = files(&"ab".repeat(64));
    std::fs::create_dir_all(orphan.parent().expect("a folder")).expect("a folder");
    let old = std::fs::File::create(&orphan).expect("a file");
    old.set_modified(std::time::SystemTime::now() - std::time::Duration::from_hours(25))
        .expect("a time");
    server.restart().await;
    server.wait_for_log(&["2 unused files were removed"]).await;
    let ann = ann.at(server.address());
    assert_eq!(ann.get(&path(&kept)).await.bytes[..], b"kept"[..]);
    ann.get(&path(&lost)).await.fails(404, "media_not_found");
    assert!(!files(lost["name"].as_str().expect("a name")).exists() && !orphan.exists());
}
