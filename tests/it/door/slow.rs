//! Clients that send or read as slowly as possible.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{connect, rest};
use crate::support::{PATIENCE, Server};

const IMPATIENT: (&str, &str) = ("LIMITS__STALL_SECONDS", "1");

#[tokio::test]
async fn a_body_that_trickles_is_not_waited_for() {
    let server = Server::start_with(&[IMPATIENT]).await;
    let (mut reading, mut writing) = connect(&server).await.into_split();
    writing
        .write_all(
            b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{",
        )
        .await
        .unwrap();
    let trickle = async {
        // Often enough never to stall for a second.
        while writing.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = [0; 64];
    let read = tokio::select! {
        read = tokio::time::timeout(PATIENCE, reading.read(&mut answer)) => {
            read.expect("an answer").unwrap()
        }
        () = trickle => unreachable!("it goes on for ever"),
    };
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn a_slow_body_that_goes_on_is_taken() {
    let server = Server::start_with(&[IMPATIENT]).await;
    let mut stream = connect(&server).await;
    let body = r#"{"userId":"ann","password":"long enough"}"#;
    let head = format!(
        "POST /api/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \
         {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for piece in [&body[..10], &body[10..]] {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stream.write_all(piece.as_bytes()).await.unwrap();
    }
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

#[tokio::test]
async fn answers_that_nobody_reads_end_the_connection() {
    let server =
        Server::start_with(&[IMPATIENT, ("LIMITS__MAX_CONNECTIONS_PER_ADDRESS", "2")]).await;
    let mut deaf = connect(&server).await;
    let asked = "GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(200);
    deaf.write_all(asked.as_bytes()).await.unwrap();
    let other = connect(&server).await;
    // Both places of this address are taken until the server closes one connection.
    let probe = async {
        loop {
            let mut stream = connect(&server).await;
            stream
                .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .await
                .unwrap();
            if rest(&mut stream).await.starts_with("HTTP/1.1 200 ") {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, probe)
        .await
        .expect("the connection that reads nothing is ended");
    drop((deaf, other));
}

/// Sends a request on a connection that is kept, and reads the answer.
async fn ask(stream: &mut tokio::net::TcpStream) {
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let read = tokio::time::timeout(PATIENCE, stream.read_buf(&mut answer)).await;
        assert_ne!(read.expect("an answer").unwrap(), 0, "{}", String::from_utf8_lossy(&answer));
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_client_that_ends_its_side_gets_the_answer() {
    let server = Server::start().await;
    let mut stream = connect(&server).await;
    let body = r#"{"userId":"ann","password":"long enough"}"#;
    let request = format!(
        "POST /api/users HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time() {
    let server = Server::start_with(&[("LIMITS__KEEP_ALIVE_SECONDS", "1")]).await;
    let mut stream = connect(&server).await;
    ask(&mut stream).await;
    ask(&mut stream).await;
    assert_eq!(rest(&mut stream).await, "", "closed without an answer to nothing");
}

#[tokio::test]
async fn idle_connections_do_not_delay_the_stop() {
    let mut server = Server::start_with(&[
        ("LIMITS__KEEP_ALIVE_SECONDS", "3600"),
        ("SERVER__SHUTDOWN_GRACE_SECONDS", "3600"),
    ])
    .await;
    let mut stream = connect(&server).await;
    ask(&mut stream).await;
    assert!(server.terminate().await.success());
    assert_eq!(rest(&mut stream).await, "");
}
