//! TLS of the server: certificates renewed while it runs, and headers for browsers.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{Client, Server};

/// Creates a key and its certificate where the server reads them. Returns the certificate.
fn issue(folder: &Path) -> CertificateDer<'static> {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["chat.example".to_owned(), "localhost".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
    std::fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    certificate.der().clone()
}

async fn start(folder: &Path) -> Server {
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.join(name).display().to_string());
    Server::start_with(&[("SERVER__TLS_CERT", &cert), ("SERVER__TLS_KEY", &key)]).await
}

/// Opens a connection that only trusts this certificate.
async fn open(
    server: &Server,
    certificate: &CertificateDer<'static>,
) -> Result<TlsStream<TcpStream>, String> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| error.to_string())
}

async fn ask(stream: &mut TlsStream<TcpStream>, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 64 * 1024];
    let read = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).to_lowercase()
}

fn hang_up(server: &Server) {
    assert!(
        Command::new("sh")
            .args(["-c", "kill -HUP \"$0\"", &server.pid().to_string()])
            .status()
            .unwrap()
            .success()
    );
}

const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart_and_a_broken_one_never() {
    let folder = tempfile::tempdir().unwrap();
    let first = issue(folder.path());
    let server = start(folder.path()).await;
    let mut before = open(&server, &first).await.unwrap();
    let second = issue(folder.path());
    assert!(open(&server, &second).await.is_err(), "nobody has said that there is a new one");
    hang_up(&server);
    server.wait_for_log(&["[INFO]", "was reloaded"]).await;
    open(&server, &second).await.unwrap();
    assert!(open(&server, &first).await.is_err());
    assert!(ask(&mut before, HEALTH).await.starts_with("http/1.1 200 "), "connections go on");
    std::fs::write(
        folder.path().join("key.pem"),
        std::fs::read(folder.path().join("cert.pem")).unwrap(),
    )
    .unwrap();
    hang_up(&server);
    server
        .wait_for_log(&["[ERROR]", "stays unchanged", "contains a certificate and no private key"])
        .await;
    let mut after = open(&server, &second).await.unwrap();
    assert!(ask(&mut after, HEALTH).await.starts_with("http/1.1 200 "));
}

#[tokio::test]
async fn browsers_keep_to_https_and_so_do_cookies() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = issue(folder.path());
    let server = start(folder.path()).await;
    let mut stream = open(&server, &certificate).await.unwrap();
    let answer = ask(&mut stream, "GET /health HTTP/1.1\r\nHost: chat.example\r\n\r\n").await;
    assert!(answer.contains("strict-transport-security: max-age=31536000\r\n"), "{answer}");
    let answer = ask(&mut stream, "GET /health HTTP/1.1\r\nHost: localhost:8443\r\n\r\n").await;
    assert!(
        !answer.contains("strict-transport-security"),
        "it would hold for all of this machine: {answer}"
    );

    let server = Server::start_with(&[("SERVER__PUBLIC_URL", "https://chat.example")]).await;
    let client = Client::new(&server).with("host", "chat.example");
    client.post("/api/users", json!({"userId": "ann", "password": "long enough"})).await.is(201);
    let answer =
        client.post("/api/login", json!({"userId": "ann", "password": "long enough"})).await;
    assert!(answer.cookie("jwt_token").1.contains(&"secure".to_owned()), "{:?}", answer.headers);
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
    let answer = client.post("/login", json!({"user_id": "ann", "password": "long enough"})).await;
    assert!(answer.cookie("session").1.contains(&"secure".to_owned()), "{:?}", answer.headers);
    let line = server.wait_for_log(&["The first administrator", "#setup="]).await;
    assert!(line.contains("https://chat.example/#setup="), "{line}");
}
