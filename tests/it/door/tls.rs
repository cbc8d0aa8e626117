//! TLS of the server: certificates renewed while it runs, and headers for browsers.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{Client, Ctl, Server};

/// Creates a key and its certificate where the server reads them. Returns the certificate.
pub(super) fn issue(folder: &Path) -> CertificateDer<'static> {
    let files = [folder.join("cert.pem"), folder.join("key.pem")];
    issue_for(&["chat.example", "localhost"], &files)
}

/// Creates a key and its certificate for these names, in `[certificate, key]`.
fn issue_for(names: &[&str], files: &[PathBuf; 2]) -> CertificateDer<'static> {
    let key = rcgen::KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    std::fs::write(&files[0], certificate.pem()).unwrap();
    std::fs::write(&files[1], key.serialize_pem()).unwrap();
    std::fs::set_permissions(&files[1], Permissions::from_mode(0o600)).unwrap();
    certificate.der().clone()
}

async fn start(folder: &Path) -> Server {
    start_with(folder, &[]).await
}

/// Starts a server with the certificate of this folder and further keys.
pub(super) async fn start_with(folder: &Path, keys: &[(&str, &str)]) -> Server {
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.join(name).display().to_string());
    let own = [("SERVER__TLS_CERT", &*cert), ("SERVER__TLS_KEY", &*key)];
    Server::start_with(&[&own, keys].concat()).await
}

/// Opens a connection that only trusts this certificate.
async fn open(
    server: &Server,
    certificate: &CertificateDer<'static>,
) -> Result<TlsStream<TcpStream>, String> {
    open_as(server, certificate, "localhost").await
}

/// Opens a connection and offers these protocols.
pub(super) async fn open_offering(
    server: &Server,
    certificate: &CertificateDer<'static>,
    protocols: &[&str],
) -> Result<TlsStream<TcpStream>, String> {
    open_with(server, certificate, "localhost", protocols).await
}

/// Opens a connection to this name that only trusts this certificate.
async fn open_as(
    server: &Server,
    certificate: &CertificateDer<'static>,
    name: &'static str,
) -> Result<TlsStream<TcpStream>, String> {
    open_with(server, certificate, name, &[]).await
}

async fn open_with(
    server: &Server,
    certificate: &CertificateDer<'static>,
    name: &'static str,
    protocols: &[&str],
) -> Result<TlsStream<TcpStream>, String> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let name = ServerName::try_from(name).unwrap();
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

/// Sends a request without a body and without TLS, and reads until the end.
async fn ask_plainly(address: &str, request: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
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

#[tokio::test]
async fn each_name_has_its_certificate_and_a_new_name_needs_a_reload() {
    let folder = tempfile::tempdir().unwrap();
    let default = issue(folder.path());
    let all = folder.path().join("all");
    let pair = |name: &str| [all.join(format!("{name}.crt")), all.join(format!("{name}.key"))];
    let certbot = all.join("certbot");
    std::fs::create_dir_all(&certbot).unwrap();
    let one = issue_for(&["one.example"], &pair("one"));
    let files = [certbot.join("fullchain.pem"), certbot.join("privkey.pem")];
    let two = issue_for(&["*.two.example"], &files);
    let [cert, key] =
        ["cert.pem", "key.pem"].map(|name| folder.path().join(name).display().to_string());
    let server = Server::start_with(&[
        ("SERVER__TLS_CERT", &cert),
        ("SERVER__TLS_KEY", &key),
        ("SERVER__TLS_DIRECTORY", all.to_str().unwrap()),
    ])
    .await;
    open_as(&server, &default, "localhost").await.unwrap();
    open_as(&server, &one, "one.example").await.unwrap();
    open_as(&server, &two, "www.two.example").await.unwrap();
    let three = issue_for(&["three.example"], &pair("three"));
    assert!(open_as(&server, &three, "three.example").await.is_err());
    let ctl = Ctl::of(&server);
    ctl.run(&["reload"]).ends(0);
    open_as(&server, &three, "three.example").await.unwrap();
    let doctor = ctl.run(&["doctor", "--only", "certificate"]);
    assert!(doctor.ends(0).out.contains("4 certificates are valid"), "{doctor:?}");
    // A pair that cannot be used does not keep the others from being loaded.
    std::fs::write(&pair("one")[1], "broken").unwrap();
    let four = issue_for(&["four.example"], &pair("four"));
    let reloaded = ctl.one(&["reload"]);
    let warning = reloaded["warnings"][0].as_str().unwrap();
    assert!(warning.contains("one.key: it contains no private key"), "{warning}");
    assert!(!warning.contains("tls_"), "{warning}");
    server.wait_for_log(&["[ERROR]", "; the previous one stays in use: ", "one.key"]).await;
    open_as(&server, &one, "one.example").await.unwrap();
    open_as(&server, &four, "four.example").await.unwrap();
    assert!(ctl.run(&["doctor", "--only", "certificate"]).ends(6).out.contains("one.key"));
    std::fs::write(all.join("five.crt"), "broken").unwrap();
    ctl.run(&["reload"]).ends(0);
    let line = server.wait_for_log(&["[ERROR]", "five.crt"]).await;
    assert!(!line.contains("previous"), "{line}");
    // One that the server would not start with is refused.
    std::fs::write(&cert, "broken").unwrap();
    ctl.run(&["reload"]).fails(1, "cert.pem: it contains no certificate");
}

#[tokio::test]
async fn a_directory_without_host_names_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let all = folder.path().join("all");
    std::fs::create_dir_all(&all).unwrap();
    let pair = |name: &str| [all.join(format!("{name}.crt")), all.join(format!("{name}.key"))];
    issue_for(&[], &pair("none"));
    let data = folder.path().join("data");
    let ctl = Ctl::at(&data).set("SERVER__TLS_DIRECTORY", all.to_str().unwrap());
    ctl.run(&["config", "check"]).fails(6, "none.crt contains no host name");
    let refused = ctl.run(&["serve"]);
    assert!(refused.ends(1).err.contains("none.crt: it contains no host name"), "{refused:?}");
    let named = issue_for(&["one.example"], &pair("one"));
    ctl.run(&["config", "check"]).ends(0);
    let server = Server::start_with(&[("SERVER__TLS_DIRECTORY", all.to_str().unwrap())]).await;
    open_as(&server, &named, "one.example").await.unwrap();
    let ctl = Ctl::of(&server);
    let doctor = ctl.run(&["doctor", "--only", "certificate"]);
    assert!(doctor.out.contains("none.crt contains no host name"), "{doctor:?}");
    let reloaded = ctl.one(&["reload"]);
    assert!(reloaded["warnings"][0].as_str().unwrap().contains("none.crt"), "{reloaded}");
    std::fs::remove_file(&pair("one")[0]).unwrap();
    ctl.run(&["reload"]).fails(1, "none.crt: it contains no host name");
}

#[tokio::test]
async fn a_certificate_that_no_client_accepts_is_refused_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    issue_for(&[], &files);
    let [cert, key] = files.each_ref().map(|file| file.display().to_string());
    let data = folder.path().join("data");
    let ctl = Ctl::at(&data).set("SERVER__TLS_CERT", &cert).set("SERVER__TLS_KEY", &key);
    let why = "contains no host name or IP address (subjectAltName)";
    ctl.run(&["config", "check"]).fails(6, why);
    let refused = ctl.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.ends(1).err.contains(why), "{refused:?}");
    let good = issue_for(&["localhost"], &files);
    ctl.run(&["config", "check"]).ends(0);
    let server = start(folder.path()).await;
    issue_for(&[], &files);
    let ctl = Ctl::of(&server);
    ctl.run(&["reload"]).fails(1, why);
    open(&server, &good).await.unwrap();
    assert!(ctl.run(&["doctor", "--only", "certificate"]).ends(6).out.contains("no host name"));
}

#[tokio::test]
async fn plain_requests_are_redirected_to_our_own_names_only() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = issue(folder.path());
    let [cert, key] =
        ["cert.pem", "key.pem"].map(|name| folder.path().join(name).display().to_string());
    let keys = [
        ("SERVER__TLS_CERT", &*cert),
        ("SERVER__TLS_KEY", &*key),
        ("SERVER__REDIRECT_LISTEN", "127.0.0.1:0"),
    ];
    let mut server = Server::start_with(&keys).await;
    let line = server.wait_for_log(&["Redirecting http://"]).await;
    let plain = line.split("http://").nth(1).unwrap().trim_end_matches(" to https.").to_owned();
    let port = server.address().rsplit_once(':').unwrap().1;
    let answer = ask_plainly(&plain, "GET /rooms/a%20b?q=1&r=%2F", "chat.example").await;
    assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
    let location = format!("location: https://chat.example:{port}/rooms/a%20b?q=1&r=%2F\r\n");
    assert!(answer.contains(&location), "{answer}");
    assert!(!answer.contains("strict-transport-security"), "{answer}");
    let posted = ask_plainly(&plain, "POST /api/login", "chat.example:80").await;
    assert!(posted.starts_with("HTTP/1.1 308 "), "{posted}");
    let strange = ask_plainly(&plain, "GET /", "evil.example").await;
    assert!(strange.starts_with("HTTP/1.1 421 ") && !strange.contains("location"), "{strange}");
    // With a public URL, every request is redirected there.
    server.terminate().await;
    server.set("SERVER__PUBLIC_URL", "https://public.example/team");
    server.set("SERVER__HSTS_SECONDS", "0");
    server.restart().await;
    let line = server.wait_for_log(&["Redirecting http://"]).await;
    let plain = line.split("http://").nth(1).unwrap().trim_end_matches(" to https.").to_owned();
    let answer = ask_plainly(&plain, "GET /docs", "evil.example").await;
    assert!(answer.contains("location: https://public.example/team/docs\r\n"), "{answer}");
    for request in ["GET /team", "POST /team", "GET /team/", "GET /"] {
        let answer = ask_plainly(&plain, request, "evil.example").await;
        assert!(answer.contains("location: https://public.example/team/\r\n"), "{answer}");
    }
    let mut stream = open(&server, &certificate).await.unwrap();
    let answer = ask(&mut stream, "GET /health HTTP/1.1\r\nHost: chat.example\r\n\r\n").await;
    assert!(!answer.contains("strict-transport-security"), "{answer}");
}

#[test]
fn a_redirect_needs_tls() {
    let folder = tempfile::tempdir().unwrap();
    let ctl = Ctl::at(folder.path()).set("SERVER__REDIRECT_LISTEN", "127.0.0.1:80");
    ctl.run(&["config", "check"])
        .fails(6, "redirect_listen requires tls_cert, tls_directory or acme_domains");
}
