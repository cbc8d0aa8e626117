//! Limits of connections, in total and per address.

use tokio::io::AsyncWriteExt;

use super::{connect, rest};
use crate::support::{Client, PATIENCE, Person, Server};

/// Opens a socket once the limit allows it.
async fn opens(client: &Client) {
    let opened = async {
        while client.handshake("/chat").await.status != 101 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, opened).await.expect("there is room again");
}

#[tokio::test]
async fn behind_a_declared_proxy_each_client_has_its_own_connections() {
    let keys =
        [("SERVER__TRUSTED_PROXIES", "127.0.0.1"), ("LIMITS__MAX_CONNECTIONS_PER_ADDRESS", "3")];
    let server = Server::start_with(&keys).await;
    let ann = Person::new(&server, "ann").await;
    let from = |address: &str| ann.with("x-forwarded-for", address);
    let one = from("203.0.113.1");
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(one.socket("one", "/chat").await);
    }
    let refused = one.handshake("/chat").await;
    refused.fails(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    one.get("/api/users/me").await.fails(503, "unavailable");
    let two = from("203.0.113.2");
    for _ in 0..3 {
        held.push(two.socket("two", "/chat").await);
    }
    two.handshake("/chat").await.fails(503, "unavailable");
    from("203.0.113.3").get("/api/users/me").await.is(200);
    drop(held);
    opens(&one).await;
}

#[tokio::test]
async fn a_connection_too_many_is_told_so() {
    let server = Server::start_with(&[("LIMITS__MAX_CONNECTIONS_PER_ADDRESS", "2")]).await;
    let _held = (connect(&server).await, connect(&server).await);
    let answer = rest(&mut connect(&server).await).await;
    assert!(
        answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n")
            && answer.contains("Retry-After: 1\r\n"),
        "{answer:?}"
    );
    server
        .wait_for_log(&[
            "[WARN]",
            "127.0.0.1 was refused: [limits] max_connections_per_address is reached",
        ])
        .await;
    rest(&mut connect(&server).await).await;
    assert_eq!(
        server.output().iter().filter(|line| line.contains("was refused")).count(),
        1,
        "once a minute"
    );
}

#[tokio::test]
async fn files_of_unix_sockets_have_the_mode_that_is_wanted() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.sock");
    let listen = format!("127.0.0.1:0,unix:{}", path.display());
    let mut server = Server::start_with(&[("SERVER__LISTEN", &listen)]).await;
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o666);
    server.terminate().await;
    server.set("SERVER__UNIX_SOCKET_MODE", "0660");
    server.restart().await;
    assert_eq!(mode(), 0o660);
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 404 "),
        "what comes through a Unix socket may be a proxy: {answer}"
    );
}
