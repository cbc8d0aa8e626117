//! Measures reading: the newest messages of a large room over HTTP.

use std::time::{Duration, Instant};

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
    let rows = floor::scan_cost(&server.directory().join("chat.db"), number.parse().unwrap(), span);
    for (name, path) in [
        ("file", FILE.to_owned()),
        ("50 of 100,000", format!("/api/chatrooms/{room}/messages?limit=50")),
        ("50 of 100,000, v1", format!("/v1/rooms/{number}/messages?limit=50")),
    ] {
        let cpu = server.cpu();
        let Answers { count, bytes, took, .. } = repeat(server, &path, span).await;
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
    /// Duration of each request, sorted.
    pub(super) each: Vec<Duration>,
}

/// Repeats a request on several connections.
pub(super) async fn repeat(server: &Server, path: &str, span: Duration) -> Answers {
    repeat_on(CONNECTIONS, server, path, span).await
}

/// Repeats a request on this number of connections.
pub(super) async fn repeat_on(
    connections: usize,
    server: &Server,
    path: &str,
    span: Duration,
) -> Answers {
    let began = Instant::now();
    let clients: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(ask(server.address.clone(), request(server, path), span)))
        .collect();
    let (mut each, mut bytes) = (Vec::new(), 0);
    for client in clients {
        let (answers, length) = client.await.unwrap();
        each.extend(answers);
        bytes = length;
    }
    each.sort_unstable();
    let count = u32::try_from(each.len()).unwrap();
    Answers { count, bytes, took: began.elapsed(), each }
}

fn request(server: &Server, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        server.address, server.token
    )
}

/// Repeats a request on one connection; returns the duration of each and the length of a body.
async fn ask(address: String, request: String, span: Duration) -> (Vec<Duration>, usize) {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (began, mut each, mut length) = (Instant::now(), Vec::new(), 0);
    let mut buffer = Vec::new();
    while began.elapsed() < span {
        let asked = Instant::now();
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
        each.push(asked.elapsed());
    }
    (each, length)
}
