//! Certificates by ACME: the configuration, a CA that does not answer, and the real CA `pebble`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod pebble;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{Ctl, PATIENCE, Server, http};

/// A directory at which nobody listens.
const NOBODY: &str = "https://127.0.0.1:1/dir";
const NAME: &str = "chat.example";

/// A server that obtains certificates, with a configuration file that can be changed.
struct Site {
    server: Server,
    folder: TempDir,
}

impl Site {
    /// Starts with these further lines in `[server]`.
    async fn start(lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
        Self::start_in(folder, data, lines).await
    }

    async fn start_in(folder: TempDir, data: TempDir, lines: &str) -> Self {
        write(&folder, lines);
        let file = folder.path().join("config.toml").display().to_string();
        let keys = [("CONFIG", &*file), ("METRICS__LISTEN", "127.0.0.1:0")];
        Self { server: Server::start_in(data, &keys).await, folder }
    }

    fn write(&self, lines: &str) {
        write(&self.folder, lines);
    }

    fn ctl(&self) -> Ctl {
        let file = self.folder.path().join("config.toml");
        Ctl::of(&self.server).set("CONFIG", file.to_str().unwrap())
    }

    /// Waits until all names were looked at since the start. Returns the metrics.
    async fn metrics(&self) -> String {
        self.metrics_with("\nchatctl_acme_failing_names ").await
    }

    /// Waits until the metrics contain a text.
    async fn metrics_with(&self, wanted: &str) -> String {
        let line = self.server.wait_for_log(&["Metrics on http://"]).await;
        let address = line.split("Metrics on ").nth(1).unwrap().trim_end_matches('.').to_owned();
        let client = http().build().unwrap();
        let began = std::time::Instant::now();
        loop {
            let text = client.get(format!("{address}/metrics")).send().await.unwrap().text().await;
            let text = text.unwrap();
            if text.contains(wanted) {
                return text;
            }
            assert!(began.elapsed() < PATIENCE, "{wanted:?} is never in {text}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Returns how many orders this process has begun.
    fn orders(&self) -> usize {
        let lines = self.server.output();
        lines.iter().filter(|line| line.contains("Requesting a TLS certificate for ")).count()
    }
}

fn write(folder: &TempDir, lines: &str) {
    let text = format!("[server]\nacme_accept_terms = true\n{lines}\n");
    std::fs::write(folder.path().join("config.toml"), text).unwrap();
}

/// Opens a connection to this name; returns the certificate of the server.
async fn handshake(
    server: &Server,
    trusted: &CertificateDer<'static>,
    name: &'static str,
) -> Result<CertificateDer<'static>, String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let connected =
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).unwrap(), stream);
    let connected = connected.await.map_err(|error| error.to_string())?;
    Ok(connected.get_ref().1.peer_certificates().unwrap()[0].clone())
}

/// Creates a self-signed certificate for a name that lives for 90 days, of which these are left.
/// Returns it, and PEM text of key and certificate.
fn made(name: &str, days_left: i64) -> (CertificateDer<'static>, String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_after = OffsetDateTime::now_utc() + Duration::days(days_left);
    params.not_before = params.not_after - Duration::days(90);
    let certificate = params.self_signed(&key).unwrap();
    (certificate.der().clone(), key.serialize_pem(), certificate.pem())
}

/// The file in which the server keeps a certificate.
fn kept(data: &Path, directory: &str, name: &str) -> PathBuf {
    let ca = directory.trim_start_matches("https://").replace([':', '/'], "_");
    data.join("acme").join(ca).join(format!("{name}.pem"))
}

/// Puts a certificate where the server would have kept it. Returns the certificate.
fn keep(data: &Path, directory: &str, name: &str, days_left: i64) -> CertificateDer<'static> {
    let (certificate, key, pem) = made(name, days_left);
    let file = kept(data, directory, name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, format!("{key}{pem}")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    certificate
}

fn domains(directory: &str) -> String {
    format!("acme_domains = [\"{NAME}\"]\nacme_directory = \"{directory}\"")
}

#[test]
fn what_cannot_be_obtained_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ctl = Ctl::at(folder.path()).set("SERVER__ACME_DOMAINS", NAME);
    let terms = "[server] acme_accept_terms must be true: certificates are only issued";
    ctl.run(&["config", "check"]).fails(6, terms);
    assert!(ctl.run(&["serve"]).ends(2).err.contains(terms));
    let ctl = ctl.set("SERVER__ACME_ACCEPT_TERMS", "yes");
    assert_eq!(ctl.run(&["config", "check"]).ends(0).err, "");
    let checked = ctl
        .clone()
        .set("SERVER__PUBLIC_URL", "https://other.example")
        .run(&["config", "check", "-o", "json"]);
    let warning = "acme_domains does not contain other.example, the host of public_url";
    let both = [&checked.ends(0).out, &checked.err];
    assert!(both.iter().all(|text| text.contains(warning)), "{checked:?}");
    let same = ctl.clone().set("SERVER__PUBLIC_URL", "https://CHAT.example/below");
    assert_eq!(same.run(&["config", "check"]).ends(0).err, "");
    for (key, value, why) in [
        ("SERVER__ACME_DOMAINS", "*.chat.example", "a wildcard"),
        ("SERVER__ACME_DOMAINS", "192.0.2.1", "an IP address"),
        ("SERVER__ACME_DIRECTORY", "http://ca.example/dir", "must be the https URL"),
        ("SERVER__ACME_CONTACT", "ann", "must be an e-mail address"),
        ("SERVER__LISTEN", "unix:/tmp/x.sock", "requires HOST:PORT in listen"),
        ("SERVER__ACME_CA", "/nowhere/ca.pem", "cannot use /nowhere/ca.pem: No such file"),
    ] {
        ctl.clone().set(key, value).run(&["config", "check"]).fails(6, why);
    }
    let refused = ctl.set("SERVER__ACME_CA", "/nowhere/ca.pem").run(&["serve"]);
    assert!(refused.ends(1).err.contains("cannot use /nowhere/ca.pem"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_does_not_wait_for_the_ca_and_a_restart_does_not_hurry_it() {
    let mut it = Site::start(&domains(NOBODY)).await;
    let line = it.server.wait_for_log(&["[WARN]", "no valid TLS certificate for"]).await;
    assert!(line.contains("connections to it are refused until 127.0.0.1:1 has"), "{line}");
    let line = it.server.wait_for_log(&["[ERROR]", "has issued no TLS certificate for"]).await;
    for part in ["chat.example (tls-alpn-01, port 443): ", "refused", "; next attempt at "] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    let (other, ..) = made(NAME, 90);
    handshake(&it.server, &other, NAME).await.unwrap_err();
    let doctor = it.ctl().run(&["doctor", "--only", "acme", "--only", "certificate"]);
    let found = "the CA was not asked for chat.example, because it cannot be reached: ";
    assert!(doctor.ends(6).out.replace('\n', " ").contains(found), "{doctor:?}");
    it.ctl().run(&["config", "check"]).ends(0);
    let status = it.ctl().one(&["status"]);
    assert!(status["certificate_problem"].as_str().unwrap().starts_with("chat.example: "));
    assert!(status["certificate_end"].is_null(), "{status}");
    let metrics = it.metrics().await;
    assert!(metrics.contains("\nchatctl_acme_failing_names 1\n"), "{metrics}");
    assert!(metrics.contains("chatctl_acme_attempts_total{result=\"failed\"} 1\n"), "{metrics}");
    // The pause goes on after a restart; a reload ends it.
    it.server.terminate().await;
    it.server.restart().await;
    let line = it.server.wait_for_log(&["[WARN]", "no valid TLS certificate for"]).await;
    assert!(line.contains("; next attempt at "), "{line}");
    it.metrics().await;
    assert_eq!(it.orders(), 0);
    it.ctl().run(&["reload"]).ends(0);
    it.server.wait_for_log(&["[ERROR]", "has issued no TLS certificate for"]).await;
    assert_eq!(it.orders(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_stays_in_use_while_it_cannot_be_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let present = keep(data.path(), NOBODY, NAME, 20);
    let it = Site::start_in(folder, data, &domains(NOBODY)).await;
    it.server.wait_for_log(&["[WARN]", "has issued no TLS certificate for chat.example"]).await;
    handshake(&it.server, &present, NAME).await.unwrap();
    let doctor = it.ctl().run(&["doctor", "--only", "acme"]);
    assert!(doctor.ends(0).out.contains("warning"), "{doctor:?}");
    let status = it.ctl().one(&["status"]);
    assert!(status["certificate_end"].as_str().is_some_and(|end| end.ends_with('Z')), "{status}");
    let lines = it.server.output();
    assert!(!lines.iter().any(|line| line.contains("no valid TLS certificate")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_not_due_asks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let present = keep(data.path(), NOBODY, NAME, 80);
    let it = Site::start_in(folder, data, &domains(NOBODY)).await;
    let metrics = it.metrics().await;
    assert!(metrics.contains("\nchatctl_acme_failing_names 0\n"), "{metrics}");
    assert_eq!(it.orders(), 0);
    handshake(&it.server, &present, NAME).await.unwrap();
    let doctor = it.ctl().run(&["doctor", "--only", "acme", "--only", "certificate"]);
    assert!(doctor.ends(0).out.contains("it is valid until"), "{doctor:?}");
    // A damaged file is replaced as soon as the CA issues another one.
    std::fs::write(kept(it.server.data(), NOBODY, NAME), "broken").unwrap();
    let reloaded = it.ctl().one(&["reload"]);
    assert!(reloaded["warnings"][0].as_str().unwrap().contains("chat.example.pem"), "{reloaded}");
    it.server.wait_for_log(&["[ERROR]", "has issued no TLS certificate for chat.example"]).await;
    handshake(&it.server, &present, NAME).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_certificate_of_the_files_is_used_until_then_and_names_follow_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (own, key, pem) = made("own.example", 90);
    std::fs::write(folder.path().join("cert.pem"), pem).unwrap();
    std::fs::write(folder.path().join("key.pem"), key).unwrap();
    let files = ["cert.pem", "key.pem"].map(|file| folder.path().join(file).display().to_string());
    let tls = format!("tls_cert = \"{}\"\ntls_key = \"{}\"\n", files[0], files[1]);
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let two = keep(data.path(), NOBODY, "two.example", 80);
    let it = Site::start_in(folder, data, &tls).await;
    handshake(&it.server, &own, "own.example").await.unwrap();
    let lines = format!("{tls}acme_domains = [\"one.example\"]\nacme_directory = \"{NOBODY}\"");
    it.write(&lines);
    let reloaded = it.ctl().one(&["reload"]);
    assert_eq!(reloaded["need_restart"], serde_json::json!([]), "{reloaded}");
    it.server.wait_for_log(&["[ERROR]", "has issued no TLS certificate for one.example"]).await;
    handshake(&it.server, &own, "own.example").await.unwrap();
    it.write(&lines.replace("one.example", "two.example"));
    it.ctl().run(&["reload"]).ends(0);
    handshake(&it.server, &two, "two.example").await.unwrap();
}
