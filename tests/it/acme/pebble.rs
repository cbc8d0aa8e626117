//! The real CA `pebble`, with a DNS server of these tests.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{NAME, NOBODY, Site, domains, handshake, keep, kept, made};
use crate::support::{PATIENCE, http};

/// A running CA.
struct Pebble {
    child: Child,
    folder: PathBuf,
    /// Ports of its API and of its management.
    ports: [u16; 2],
    dns: SocketAddr,
}

fn program() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/go/bin/pebble");
    if own.exists() { own } else { PathBuf::from("pebble") }
}

impl Pebble {
    /// Starts it. It asks these ports whether a name leads to the server.
    async fn start(folder: &Path, tls: u16, http: u16) -> Self {
        let (certificate, key, pem) = made("localhost", 90);
        std::fs::write(folder.join("ca.pem"), pem).unwrap();
        std::fs::write(folder.join("ca.key"), key).unwrap();
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let dns = serve_names();
        // Another process may take a port that was free.
        for _ in 0..5 {
            let ports = [free(), free()];
            let child = spawn(folder, ports, dns, tls, http);
            let mut it = Self { child, folder: folder.to_owned(), ports, dns };
            if it.answers(&certificate).await {
                return it;
            }
        }
        panic!("pebble does not start");
    }

    /// Stops it and starts another one, which knows nothing of the first, at the same address.
    async fn replace(&mut self, tls: u16, http: u16) {
        self.end();
        let pem = std::fs::read(self.folder.join("ca.pem")).unwrap();
        self.child = spawn(&self.folder, self.ports, self.dns, tls, http);
        assert!(self.answers(&CertificateDer::from_pem_slice(&pem).unwrap()).await);
    }

    fn end(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.ports[0])
    }

    /// Lines of the configuration for it.
    fn lines(&self, names: &[&str]) -> String {
        format!(
            "acme_domains = {names:?}\nacme_directory = {:?}\nacme_ca = \"{}\"",
            self.directory(),
            self.folder.join("ca.pem").display()
        )
    }

    /// Waits until it answers; false if it has ended.
    async fn answers(&mut self, certificate: &CertificateDer<'static>) -> bool {
        let began = std::time::Instant::now();
        while began.elapsed() < PATIENCE {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if self.get(certificate, "roots/0").await.is_ok() {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        false
    }

    async fn get(
        &self,
        trusted: &CertificateDer<'static>,
        path: &str,
    ) -> Result<Vec<u8>, reqwest::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).unwrap();
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
        let url = format!("https://localhost:{}/{path}", self.ports[1]);
        let answer = client.build()?.get(url).send().await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }

    /// The root of the certificates that it issues.
    async fn root(&self) -> CertificateDer<'static> {
        let pem = std::fs::read(self.folder.join("ca.pem")).unwrap();
        let trusted = CertificateDer::from_pem_slice(&pem).unwrap();
        let root = self.get(&trusted, "roots/0").await.unwrap();
        CertificateDer::from_pem_slice(&root).unwrap()
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(folder: &Path, ports: [u16; 2], dns: SocketAddr, tls: u16, http: u16) -> Child {
    let config = serde_json::json!({"pebble": {
        "listenAddress": format!("127.0.0.1:{}", ports[0]),
        "managementListenAddress": format!("127.0.0.1:{}", ports[1]),
        "certificate": folder.join("ca.pem"),
        "privateKey": folder.join("ca.key"),
        "httpPort": http,
        "tlsPort": tls,
        "retryAfter": {"authz": 1, "order": 1},
        "keyAlgorithm": "ecdsa",
        "domainBlocklist": ["blocked.example"],
    }});
    let file = folder.join("pebble.json");
    std::fs::write(&file, config.to_string()).unwrap();
    let mut command = Command::new(program());
    command.arg("-config").arg(&file).args(["-dnsserver", &dns.to_string()]);
    command.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("pebble: tests/run --all installs it")
}

/// Answers that `chat.example` and the names below it lead to this machine, and that there are no
/// others.
fn serve_names() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || answer_queries(stream));
        }
    });
    address
}

fn answer_queries(mut stream: TcpStream) -> Option<()> {
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length).ok()?;
        let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut query).ok()?;
        let mut name = String::new();
        let mut at = 12;
        while query[at] != 0 {
            let end = at + 1 + usize::from(query[at]);
            name = format!("{name}{}.", String::from_utf8_lossy(&query[at + 1..end]));
            at = end;
        }
        let question = query[12..at + 5].to_vec();
        let is_ours = name.to_ascii_lowercase().ends_with("chat.example.");
        let has_address = is_ours && query[at + 2] == 1;
        let code = if is_ours { 0 } else { 3 };
        let mut answer =
            [&query[..2], &[0x81, 0x80 | code, 0, 1, 0, u8::from(has_address)]].concat();
        answer.extend([0, 0, 0, 0]);
        answer.extend(question);
        if has_address {
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
        }
        let length = u16::try_from(answer.len()).ok()?.to_be_bytes();
        stream.write_all(&[&length[..], &answer].concat()).ok()?;
    }
}

fn port(address: &str) -> u16 {
    address.rsplit_once(':').unwrap().1.parse().unwrap()
}

/// A port at which nobody listens.
const CLOSED: u16 = 1;

/// Whether these tests run: pebble is a program in Go that takes a minute to build, so only
/// `tests/run --all` installs it.
fn is_wanted() -> bool {
    std::env::var_os("CHATCTL_TEST_PEBBLE").is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_issued_kept_and_renewed() {
    if !is_wanted() {
        return;
    }
    let mut it = Site::start(&domains(NOBODY)).await;
    it.server.wait_for_log(&["[ERROR]", "has issued no TLS certificate for"]).await;
    let folder = tempfile::tempdir().unwrap();
    let mut ca = Pebble::start(folder.path(), port(it.server.address()), CLOSED).await;
    let lines = format!("{}\nacme_contact = \"admin@example.org\"", ca.lines(&["Chat.Example"]));
    it.write(&lines);
    it.ctl().run(&["reload"]).ends(0);
    let line = it.server.wait_for_log(&["[INFO]", "has issued a TLS certificate for"]).await;
    assert!(line.contains("chat.example, valid until 20"), "{line}");
    it.server
        .wait_for_log(&["[INFO]", "The TLS certificate ", "chat.example.pem was loaded"])
        .await;
    let root = ca.root().await;
    let first = handshake(&it.server, &root, NAME).await.unwrap();
    handshake(&it.server, &root, "other.example").await.unwrap_err();
    let status = it.ctl().one(&["status"]);
    assert!(status["certificate_problem"].is_null(), "{status}");
    let file = kept(it.server.data(), &ca.directory(), NAME);
    for file in [file.clone(), file.with_file_name("account.key")] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    // Without the CA, a restart serves what is kept.
    ca.end();
    it.server.terminate().await;
    it.server.restart().await;
    assert_eq!(handshake(&it.server, &root, NAME).await.unwrap(), first);
    let metrics = it.metrics().await;
    assert!(metrics.contains("\nchatctl_acme_failing_names 0\n"), "{metrics}");
    assert_eq!(it.orders(), 0);
    // Time for a renewal; the CA has lost the account meanwhile.
    it.server.terminate().await;
    let old = keep(it.server.data(), &ca.directory(), NAME, 25);
    it.server.restart().await;
    it.server.wait_for_log(&["[WARN]", "has issued no TLS certificate for"]).await;
    handshake(&it.server, &old, NAME).await.unwrap();
    ca.replace(port(it.server.address()), CLOSED).await;
    it.ctl().run(&["reload"]).ends(0);
    it.server.wait_for_log(&["[INFO]", "has issued a TLS certificate for"]).await;
    it.server
        .wait_for_log(&["[INFO]", "The TLS certificate ", "chat.example.pem was loaded"])
        .await;
    let second = handshake(&it.server, &ca.root().await, NAME).await.unwrap();
    assert!(second != first && second != old);
    assert_eq!(it.orders(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_leads_elsewhere_does_not_hold_up_the_others() {
    if !is_wanted() {
        return;
    }
    let it = Site::start(&domains(NOBODY)).await;
    it.server.wait_for_log(&["[ERROR]", "has issued no TLS certificate for"]).await;
    let folder = tempfile::tempdir().unwrap();
    let ca = Pebble::start(folder.path(), port(it.server.address()), CLOSED).await;
    it.write(&ca.lines(&["nowhere.example", "blocked.example", "one.chat.example", NAME]));
    it.ctl().run(&["reload"]).ends(0);
    let elsewhere = it.server.wait_for_log(&["[ERROR]", "for nowhere.example (tls-alpn"]).await;
    assert!(elsewhere.contains("nowhere.example"), "{elsewhere}");
    let blocked = it.server.wait_for_log(&["[ERROR]", "for blocked.example (tls-alpn"]).await;
    assert!(blocked.contains("(rejectedIdentifier)"), "{blocked}");
    let root = ca.root().await;
    for name in ["one.chat.example", NAME] {
        it.server.wait_for_log(&["was loaded", &format!("/{name}.pem")]).await;
        handshake(&it.server, &root, name).await.unwrap();
    }
    handshake(&it.server, &root, "nowhere.example").await.unwrap_err();
    it.metrics_with("\nchatctl_acme_failing_names 2\n").await;
    // A certificate that is no longer wanted is no longer served.
    it.write(&ca.lines(&[NAME]));
    it.ctl().run(&["reload"]).ends(0);
    handshake(&it.server, &root, NAME).await.unwrap();
    handshake(&it.server, &root, "one.chat.example").await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_challenge_is_explained_and_port_80_is_tried_next() {
    if !is_wanted() {
        return;
    }
    let redirect = "\nredirect_listen = [\"127.0.0.1:0\"]";
    let it = Site::start(&format!("{}{redirect}", domains(NOBODY))).await;
    it.server.wait_for_log(&["[ERROR]", "has issued no TLS certificate for"]).await;
    let line = it.server.wait_for_log(&["Redirecting http://"]).await;
    let plain = line.split("http://").nth(1).unwrap().trim_end_matches(" to https.").to_owned();
    let folder = tempfile::tempdir().unwrap();
    let ca = Pebble::start(folder.path(), CLOSED, port(&plain)).await;
    it.write(&format!("{}{redirect}", ca.lines(&[NAME])));
    it.ctl().run(&["reload"]).ends(0);
    let parts = ["[ERROR]", "has issued no", "chat.example (tls-alpn-01, port 443)", "localhost:"];
    let line = it.server.wait_for_log(&parts).await;
    assert!(line.contains("connection refused") || line.contains("connect"), "{line}");
    it.ctl().run(&["reload"]).ends(0);
    it.server.wait_for_log(&["[INFO]", "Requesting", "(http-01, port 80)"]).await;
    it.server.wait_for_log(&["[INFO]", "has issued a TLS certificate for"]).await;
    it.server.wait_for_log(&["was loaded"]).await;
    handshake(&it.server, &ca.root().await, NAME).await.unwrap();
    // The answers are only there while an order is pending.
    let other = format!("http://{plain}/.well-known/acme-challenge/x");
    let client = http().redirect(reqwest::redirect::Policy::none());
    let answer = client.build().unwrap().get(other).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 421);
}
