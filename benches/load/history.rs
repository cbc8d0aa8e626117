//! Measures reading: the newest messages of a large room over HTTP.

use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{self, Listener};
use super::dialects::Dialect;
use super::floor;
use super::server::Server;

/// Messages in the room.
const MESSAGES: usize = 100_000;
/// Connections that ask at the same time.
const CONNECTIONS: usize = 8;
/// The largest file of the web UI.
const FILE: &str = "/js/types.js";

/// Prints requests per second, beside a file of the same server and a scan of the same rows.
pub(super) async fn measure(server: &Server, span: Duration) {
    let room = server.room().await;
    // The room is in use.
    let _present = Listener::join(server, Dialect::Chatrooms, &room).await;
    while client::sent_to(server, &room).await < MESSAGES {
        client::send(server, &room, 10, 32, Duration::from_secs(1)).await;
    }
    let number = room.trim_start_matches("room").trim_start_matches('0');
    println!(
        "\nhistory, {CONNECTIONS} connections; floor: the rows of a page read by key, without a server"
    );
    println!(
        "{:>22} {:>8} {:>12} {:>22} {:>8}",
        "request", "bytes", "requests/s", "server CPU us/request", "x floor"
    );
    let rows = scan_cost(server, number.parse().unwrap(), span);
    for (name, path) in [
        ("file", FILE.to_owned()),
        ("50 of 100,000", format!("/api/chatrooms/{room}/messages?limit=50")),
        ("50 of 100,000, v1", format!("/v1/rooms/{number}/messages?limit=50")),
    ] {
        let cpu = server.cpu();
        let Answers { count, bytes, took } = repeat(server, &path, span).await;
        let cost = (server.cpu().saturating_sub(cpu)).as_secs_f64() * 1e6 / f64::from(count);
        let rate = f64::from(count) / took.as_secs_f64();
        println!("{name:>22} {bytes:>8} {rate:>12.0} {cost:>22.1} {:>8.1}", cost / rows);
    }
    println!("{:>22} {:>8} {:>12} {rows:>22.1}", "floor", "", "");
}

/// What several connections were answered.
pub(super) struct Answers {
    pub(super) count: u32,
    /// Length of a body.
    bytes: usize,
    pub(super) took: Duration,
}

/// Repeats a request on several connections.
pub(super) async fn repeat(server: &Server, path: &str, span: Duration) -> Answers {
    let began = Instant::now();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(ask(server.address.clone(), request(server, path), span)))
        .collect();
    let (mut count, mut bytes) = (0, 0);
    for client in clients {
        let (answers, length) = client.await.unwrap();
        count += answers;
        bytes = length;
    }
    Answers { count, bytes, took: began.elapsed() }
}

fn request(server: &Server, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        server.address, server.token
    )
}

/// Repeats a request on one connection; returns the number of answers and the length of a body.
async fn ask(address: String, request: String, span: Duration) -> (u32, usize) {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (began, mut count, mut length) = (Instant::now(), 0, 0);
    let mut buffer = Vec::new();
    while began.elapsed() < span {
        stream.write_all(request.as_bytes()).await.unwrap();
        buffer.clear();
        let head = loop {
            assert!(stream.read_buf(&mut buffer).await.unwrap() > 0, "the server has closed");
            if let Some(at) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let text = std::str::from_utf8(&buffer[..head]).unwrap().to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 200"), "{text}");
        let header = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        length = header.unwrap().parse().unwrap();
        while buffer.len() < head + length {
            stream.read_buf(&mut buffer).await.unwrap();
        }
        count += 1;
    }
    (count, length)
}

/// Returns the microseconds for reading the rows of a page.
fn scan_cost(server: &Server, room: i64, span: Duration) -> f64 {
    let file = server.directory().join("chat.db");
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
    let rows = "SELECT seq, rev, author, text, created FROM messages WHERE room = ?1 ORDER BY seq \
                DESC LIMIT 50";
    let (began, mut count, mut bytes) = (Instant::now(), 0_u32, 0);
    let before = floor::thread_time();
    while began.elapsed() < span {
        let mut rows = database.prepare_cached(rows).unwrap();
        let mut rows = rows.query(params![room]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            bytes += row.get_ref(3).unwrap().as_bytes().unwrap().len();
        }
        count += 1;
    }
    assert!(bytes > 0, "the room has messages");
    floor::thread_time().saturating_sub(before).as_secs_f64() * 1e6 / f64::from(count)
}
