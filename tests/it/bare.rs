//! Invalid or excessive HTTP is answered without a body and ends the connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Client, PATIENCE, Server};

/// Returns everything sent in reply to these bytes until the connection ends.
async fn answered(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.expect("somebody listens");
    // The server may have closed before reading everything.
    drop(stream.write_all(bytes).await);
    let mut answer = Vec::new();
    drop(timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the connection ends"));
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn malformed_requests_are_answered_bare() {
    let server = Server::start().await;
    let many = (0..200).fold(String::new(), |headers, n| format!("{headers}X-Pad-{n}: 0\r\n"));
    let requests: [(&[u8], &str); 4] = [
        (b"NONSENSE\r\n\r\n", "400 Bad Request"),
        (b"GET /api/users HTTP/1.1\r\nHost: x\r\nbroken header\r\n\r\n", "400 Bad Request"),
        (b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", "400 Bad Request"),
        (
            &format!("GET /api/users HTTP/1.1\r\nHost: x\r\n{many}\r\n").into_bytes(),
            "431 Request Header Fields Too Large",
        ),
    ];
    for (request, status) in requests {
        let answer = answered(&server, request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        assert!(
            answer.to_lowercase().contains("content-length: 0\r\n") && answer.ends_with("\r\n\r\n"),
            "{answer}"
        );
    }
    Client::new(&server).get("/health").await.is(200);
}
