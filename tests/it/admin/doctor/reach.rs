//! Checks of how the server is reached: certificate, registration, proxies, WebSocket; and doctor
//! over HTTP.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::json;

use super::{finds, mode, stopped};
use crate::support::{Ctl, Json, Person, Server};

/// Creates a self-signed certificate with this validity and its key, in two files.
fn certificate(folder: &Path, name: &str, years: (i32, i32)) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (params.not_before, params.not_after) =
        (date_time_ymd(years.0, 1, 1), date_time_ymd(years.1, 1, 1));
    let made = params.self_signed(&key).unwrap();
    let file = |ending: &str, text: String| {
        let path = folder.join(format!("{name}.{ending}"));
        fs::write(&path, text).unwrap();
        mode(&path, 0o600);
        path.to_str().unwrap().to_owned()
    };
    (file("crt", made.pem()), file("key", key.serialize_pem()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_looked_at() {
    let server = stopped(0).await;
    let home = tempfile::tempdir().unwrap();
    let with = |pair: (&str, &str)| {
        Ctl::of(&server).set("SERVER__TLS_CERT", pair.0).set("SERVER__TLS_KEY", pair.1)
    };
    let (good, key) = certificate(home.path(), "good", (2020, 2999));
    finds(&with((&good, &key)), "certificate", "ok", "it is valid until 2999-01-01", "");
    let (old, old_key) = certificate(home.path(), "old", (2010, 2020));
    finds(&with((&old, &old_key)), "certificate", "failed", "it expired on 2020-01-01", "Renew");
    let (early, early_key) = certificate(home.path(), "early", (2990, 2999));
    finds(
        &with((&early, &early_key)),
        "certificate",
        "failed",
        "it is valid only from 2990-01-01",
        "clock",
    );
    finds(
        &with((&good, &old_key)),
        "certificate",
        "failed",
        "is not the key of the certificate in",
        "tls_key",
    );
    finds(
        &with(("/nowhere", &key)),
        "certificate",
        "failed",
        "cannot use /nowhere: No such file",
        "tls_cert",
    );
    finds(
        &with((&key, &key)),
        "certificate",
        "failed",
        "contains a private key and no certificate",
        "tls_cert",
    );
    mode(Path::new(&key), 0o644);
    finds(&with((&good, &key)), "certificate", "warning", "can read the key", "chmod o=");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_network_can_do_is_told() {
    let server =
        Server::start_with(&[("SERVER__LISTEN", "0.0.0.0:0"), ("AUTH__REGISTRATION", "open")])
            .await;
    let ctl = Ctl::of(&server);
    finds(&ctl, "registration", "warning", "http://0.0.0.0:", "registration = \"closed\"");
    let still = stopped(0).await;
    let ctl = Ctl::of(&still);
    finds(&ctl, "registration", "ok", "other machines cannot reach", "");
    finds(
        &ctl.clone().set("SERVER__LISTEN", "[::]:8080"),
        "registration",
        "warning",
        "[::]:8080",
        "registration = \"closed\"",
    );
    finds(
        &ctl.clone().set("SERVER__LISTEN", "[::]:8080").set("AUTH__REGISTRATION", "closed"),
        "registration",
        "ok",
        "only administrators",
        "",
    );
    finds(
        &ctl.clone().set("SERVER__LISTEN", "[::]:8080").set("AUTH__REGISTRATION", "invite"),
        "registration",
        "ok",
        "with invitations",
        "",
    );
    let public = ctl.clone().set("SERVER__PUBLIC_URL", "https://chat.example");
    finds(&public, "registration", "warning", "https://chat.example", "registration = \"closed\"");
    finds(
        &public,
        "proxy",
        "warning",
        "https://chat.example reaches the server through a proxy",
        "trusted_proxies = [\"127.0.0.1\"",
    );
    finds(
        &public.clone().set("SERVER__TRUSTED_PROXIES", "127.0.0.1"),
        "proxy",
        "ok",
        "trusted: 127.0.0.1",
        "",
    );
    finds(
        &ctl.set("SERVER__TRUSTED_PROXIES", "0.0.0.0/0"),
        "proxy",
        "failed",
        "any client can forge its address",
        "your proxies only",
    );
    finds(&public, "websocket", "skipped", "no server is running", "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_is_opened_through_the_public_url() {
    let server = Server::start_with(&[("METRICS__LISTEN", "127.0.0.1:0")]).await;
    let ctl = Ctl::of(&server);
    let url = |url: &str| ctl.clone().set("SERVER__PUBLIC_URL", url);
    finds(&url(&server.url()), "websocket", "ok", "a WebSocket opens", "");
    let line = server.wait_for_log(&["Metrics on http://"]).await;
    let elsewhere =
        format!("http://{}", line.split("http://").nth(1).unwrap().trim_end_matches(['.', '/']));
    finds(
        &url(&elsewhere),
        "websocket",
        "failed",
        "answers a WebSocket handshake with 404",
        "proxy",
    );
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    finds(&url(&gone), "websocket", "failed", "cannot be reached from here", "firewall");
    // A peer without TLS cannot be tested with it.
    finds(
        &url(&server.url().replace("http:", "https:")),
        "websocket",
        "failed",
        "TLS with https://",
        "certificate",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_is_opened_through_tls() {
    let home = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(home.path(), "own", (2020, 2999));
    let server = tls_server(&cert, &key);
    let ctl = Ctl::at(&home.path().join("data"));
    let url = format!("https://localhost:{}", server.1);
    let told = ctl.set("SERVER__PUBLIC_URL", &url);
    finds(&told, "websocket", "failed", "TLS with https://localhost", "certificate");
    let mut trusting = told.command(&["doctor", "--only", "websocket", "-o", "jsonl"]);
    let output = trusting.env("SSL_CERT_FILE", &cert).output().unwrap();
    let said: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["status"], "ok", "{said}");
    drop(server.0);
}

/// A server with TLS, ended on drop.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn tls_server(cert: &str, key: &str) -> (Ending, u16) {
    let data = Path::new(cert).parent().unwrap().join("data");
    let ctl = Ctl::at(&data)
        .set("SERVER__TLS_CERT", cert)
        .set("SERVER__TLS_KEY", key)
        .set("SERVER__LISTEN", "127.0.0.1:0");
    let mut child = ctl.command(&["serve"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines
        .find_map(|line| line.split_once("Listening on https://127.0.0.1:")?.1.trim().parse().ok())
        .unwrap();
    // Keeps reading, so that the server is never blocked.
    std::thread::spawn(move || lines.count());
    (Ending(child), port)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_ask_over_http_and_mend_only_here() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("root", &["--admin"]);
    let root = Person::known(&server, "root").await;
    let answer =
        root.post("/api/admin", json!({"doctor": {"only": ["schema", "websocket"]}})).await.is(200);
    assert_eq!(
        (answer["items"][0]["status"].as_str(), answer["items"][1]["status"].as_str()),
        (Some("ok"), Some("skipped")),
        "{answer}"
    );
    root.post("/api/admin", json!({"doctor": {"fix": true}})).await.fails(403, "not_permitted");
    root.post("/api/admin", json!({"doctor": {"only": ["nothing"]}})).await.fails(400, "usage");
    mode(server.data(), 0o755);
    let answer =
        root.post("/api/admin", json!({"doctor": {"only": ["permissions"]}})).await.is(200);
    assert_eq!(
        (answer["items"][0]["status"].as_str(), answer["problems"].as_str()),
        (Some("failed"), Some("1 problem was found")),
        "{answer}"
    );
}
