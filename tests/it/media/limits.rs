//! Limits of uploads: unused bytes of one user, a nearly full disk, memory, and files that announce
//! an excessive size.

use std::fs;

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::upload;
use crate::support::{Body, PATIENCE, Person, Server, heavy_picture, people};

#[tokio::test]
async fn files_that_no_message_holds_have_a_limit_in_sum() {
    let server = Server::start_with(&[
        ("MEDIA__MAX_BYTES", "100000"),
        ("MEDIA__MAX_UNUSED_BYTES_PER_USER", "250000"),
    ])
    .await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = ann.room(&[&bob]).await;
    let file = |n: u8| vec![n; 100_000];
    let sent = join_all((0..8).map(|n| ann.post("/api/media", Body::Raw(file(n))))).await;
    let kept: Vec<_> = sent
        .iter()
        .filter(|answer| answer.status == 201)
        .map(crate::support::Answer::json)
        .collect();
    assert!(kept.len() <= 2, "at once they are no more than one after the other: {}", kept.len());
    for answer in sent.iter().filter(|answer| answer.status != 201) {
        answer.fails(429, "rate_limited");
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 60);
    }
    for n in 20..24 {
        // Parallel uploads may have caused each other to be refused.
        drop(ann.post("/api/media", Body::Raw(file(n))).await);
    }
    ann.post("/api/media", Body::Raw(file(9))).await.fails(429, "rate_limited");
    upload(&bob, "", &file(9)).await;
    // Files used in messages no longer count.
    let mine = rusqlite::Connection::open(server.data().join("chat.db")).unwrap();
    let ids: Vec<i64> = mine
        .prepare("SELECT id FROM media WHERE owner = ?1")
        .unwrap()
        .query_map([ann.id], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(ids.len(), 2);
    ann.post(
        &format!("/api/chatrooms/{room}/messages"),
        json!({"content": "all", "mediaIds": ids}),
    )
    .await
    .is(201);
    upload(&ann, "", &file(10)).await;
}

#[tokio::test]
async fn messages_go_through_where_the_disk_is_too_full_for_uploads() {
    let server = Server::start_with(&[("MEDIA__MIN_FREE_BYTES", "9000000000000000000")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    ann.post("/api/media", "x").await.fails(503, "unavailable");
    server.wait_for_log(&["ERROR", "An upload was refused", "min_free_bytes"]).await;
    ann.post(&format!("/api/chatrooms/{room}/messages"), json!({"content": "x"})).await.is(201);
}

#[tokio::test]
async fn a_file_that_says_that_it_is_too_large_is_refused_before_it_is_sent() {
    let server = Server::start_with(&[("MEDIA__MAX_BYTES", "100000")]).await;
    let ann = Person::new(&server, "ann").await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /api/media HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: \
         100001\r\nExpect: 100-continue\r\n\r\n",
        server.address(),
        ann.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    timeout(PATIENCE, stream.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 413");
}

/// Returns the peak memory of the process in KiB.
fn peak(server: &Server) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok()
        })
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_pictures_at_once_take_hardly_more_memory_than_one() {
    let server = Server::start_with(&[("MEDIA__MAX_UNUSED_BYTES_PER_USER", "1000000000")]).await;
    let ann = Person::new(&server, "ann").await;
    let picture = heavy_picture(16, 16, 5_000_000);
    upload(&ann, "", &picture).await;
    let one = peak(&server);
    let all = join_all((0..40).map(|_| ann.post("/api/media", Body::Raw(picture.clone())))).await;
    assert!(all.iter().all(|answer| answer.status == 201));
    let many = peak(&server);
    assert!(many < one * 2.0, "{one} KiB for one, {many} KiB for 40");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jpeg_of_empty_segments_does_not_multiply() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    upload(&ann, "", &heavy_picture(16, 16, 12_000_000)).await;
    let one = peak(&server);
    let bytes = [vec![0xff, 0xd8, 0xff, 0xe0, 0, 2], [0xff, 0xe1, 0, 2].repeat(3_000_000)].concat();
    assert_eq!(upload(&ann, "", &bytes).await["type"], "bin");
    let crafted = peak(&server);
    assert!(
        crafted < one * 1.5,
        "{one} KiB for a picture, {crafted} KiB for as many bytes of nothing"
    );
}
