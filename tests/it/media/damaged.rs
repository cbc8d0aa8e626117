//! A stored file that changed on disk is detected, and never passed off as the upload.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{path, stored, upload};
use crate::support::{Ctl, Json, PATIENCE, Person, Server};

/// Returns everything received on a new connection until it ends.
async fn answered(server: &Server, ann: &Person, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        server.address(),
        ann.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is cut may end with an error.
    drop(timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap());
    let body =
        answer.windows(4).position(|end| end == b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
    answer.split_off(body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_changed_on_the_disk_is_cut_short_and_found() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let bytes: Vec<u8> = (0..500_000_u32).map(|n| (n % 251) as u8).collect();
    let media = upload(&ann, "table.bin", &bytes).await;
    let small = upload(&ann, "note.txt", b"a short text").await;
    assert_eq!(answered(&server, &ann, &path(&media)).await, bytes);
    let ctl = Ctl::of(&server);
    let check = || -> Json {
        ctl.run(&["doctor", "--only", "uploads", "-o", "jsonl"])
            .out
            .lines()
            .map(|line| serde_json::from_str::<Json>(line).unwrap())
            .collect()
    };
    assert_eq!(check()[0]["status"], "ok");
    for file in [&media, &small] {
        let place = stored(&server.data().join("media"), file["name"].as_str().unwrap());
        let length = fs::metadata(&place).unwrap().len();
        let mut damaged = File::options().write(true).open(&place).unwrap();
        damaged.seek(SeekFrom::Start(length / 2)).unwrap();
        damaged.write_all(b"\xff\xfe").unwrap();
        assert_eq!(fs::metadata(&place).unwrap().len(), length);
        let came = answered(&server, &ann, &path(file)).await;
        assert!((came.len() as u64) < length, "{} of {length} bytes came", came.len());
        server.wait_for_log(&["ERROR", "is damaged", file["name"].as_str().unwrap()]).await;
    }
    let found = check();
    assert!(
        found[0]["status"] == "failed"
            && found[0]["found"].as_str().unwrap().starts_with("2 files are damaged"),
        "{found}"
    );
}
