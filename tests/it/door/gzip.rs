//! Compression of answers.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::json;

use crate::support::{Person, Server};

#[tokio::test]
async fn large_answers_are_compressed_for_clients_that_accept_it() {
    let server = Server::start_with(&[("SERVER__ALLOWED_ORIGINS", "https://app.example")]).await;
    let ann = Person::new(&server, "ann").await;
    for number in 0..10 {
        ann.public_room(&format!("Room {number}")).await;
    }
    let path = "/api/chatrooms?scope=mine";
    let plain = ann.get(path).await;
    plain.is(200);
    assert!(plain.headers.get("content-encoding").is_none(), "{:?}", plain.headers);
    assert_eq!(plain.header("vary"), "Accept-Encoding");

    let zipped = ann.with("accept-encoding", "br, gzip").get(path).await;
    assert_eq!(zipped.status, 200);
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert_eq!(zipped.header("vary"), "Accept-Encoding");
    assert_eq!(zipped.header("content-length"), zipped.bytes.len().to_string());
    let mut text = String::new();
    GzDecoder::new(&zipped.bytes[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text);
    assert!(zipped.bytes.len() * 2 < plain.bytes.len());

    let zips = ann.with("accept-encoding", "gzip");
    let app = zips.with("origin", "https://app.example").get(path).await;
    let vary: Vec<_> = app.headers.get_all("vary").iter().collect();
    assert_eq!(vary, ["Accept-Encoding", "Origin"]);
    // A page of another site could ask for this again and again, and see the size.
    let foreign = zips.with("sec-fetch-site", "cross-site").get(path).await;
    foreign.is(200);
    assert!(foreign.headers.get("content-encoding").is_none(), "{:?}", foreign.headers);
    let small = zips.get("/api/users/me").await;
    small.is(200);
    let login = json!({"userId": ann.login, "password": ann.password});
    let token = zips.post("/api/login", login).await;
    token.is(200);
    for answer in [small, token] {
        assert!(answer.headers.get("content-encoding").is_none(), "{:?}", answer.headers);
    }
}
