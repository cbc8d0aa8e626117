//! Visits of the web UI in Chromium, the first one and later ones: requests, bytes and round trips
//! before log-in and before reading, and their origins.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "prints the exact size")]

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rcgen::PublicKeyData;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{Browser, Driver, Line, Person, Server, Traffic};

/// Maximum number of bytes sent until log-in is possible, including response headers, which
/// Chromium counts as 300 each.
const MOST: u64 = 90_000;
/// Maximum number of requests until then.
const MOST_REQUESTS: u64 = 20;
/// Maximum number of round trips until then on a new connection, of which two open it.
const MOST_ROUND_TRIPS: usize = 6;
/// Maximum number of bytes until a room is shown.
const MOST_READING: u64 = 100_000;
/// So far that everything that is sent together arrives together, however busy this machine is.
const FAR: Duration = Duration::from_millis(400);
/// A slow mobile network: 1.6 Mbit/s.
const SLOW: (Duration, u32) = (Duration::from_millis(150), 200_000);
const FETCHED: &str = "const all = [performance.getEntriesByType('navigation')[0], \
                       ...performance.getEntriesByType('resource')];
    return {files: all.length, bytes: all.reduce((sum, entry) => sum + entry.encodedBodySize, 0),
        sent: all.reduce((sum, entry) => sum + entry.encodedBodySize + 300, 0),
        unpacked: all.reduce((sum, entry) => sum + entry.decodedBodySize, 0),
        foreign: all.map((entry) => new URL(entry.name)).filter((url) => url.origin !== \
                       location.origin).map(String)}";

/// Returns the requests and bytes so far; no response is counted twice, since nothing is cached
/// yet.
async fn fetched(browser: &Browser, what: &str) -> (u64, u64) {
    let sums = browser.page.execute(FETCHED, Vec::new()).await.unwrap();
    assert_eq!(sums["foreign"], json!([]), "only this server is asked");
    let (bytes, unpacked) = (sums["bytes"].as_u64().unwrap(), sums["unpacked"].as_u64().unwrap());
    let sent = sums["sent"].as_u64().unwrap();
    println!(
        "{what}: {sent} bytes, of them {bytes} ({unpacked} unpacked) in the bodies of {} answers",
        sums["files"]
    );
    assert!(unpacked > 2 * bytes, "what is sent is compressed");
    (sums["files"].as_u64().unwrap(), sent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_visit_fetches_few_files_and_bytes() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.public_room("Lobby").await;
    ann.say(&room, "hello").await;
    let driver = Driver::start();
    for language in ["en", "ko", "ru", "zh"] {
        let browser =
            Browser::open_in(&driver, language, server.address(), "1280,800", language).await;
        browser.has("login-form #password").await;
        browser
            .wait(
                "its own language",
                &format!("return document.documentElement.lang === '{language}'"),
            )
            .await;
        let (files, form) = fetched(&browser, &format!("{language}, to sign in")).await;
        assert!(form <= MOST && files <= MOST_REQUESTS, "{files} files, {form} bytes");
        browser.page.goto(&format!("http://{}/#/sign-in", server.address())).await.unwrap();
        browser
            .wait(
                "the form to sign in",
                "return document.querySelector('login-form #user') !== null && \
                 document.querySelector('login-form #name') === null",
            )
            .await;
        browser.fill("login-form #user", &ann.login).await;
        browser.fill("login-form #password", &ann.password).await;
        browser.click("login-form button[type=submit]").await;
        browser.click("room-list a.row").await;
        browser.shows(&["hello"]).await;
        let (_, room) = fetched(&browser, &format!("{language}, to read a room")).await;
        assert!(room < MOST_READING, "{room} bytes");
        browser.close().await;
    }
}

/// A server with TLS, and what a browser trusts it by.
async fn start_tls(folder: &std::path::Path) -> (Server, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let files = ["cert.pem", "key.pem"].map(|name| folder.join(name));
    std::fs::write(&files[0], certificate.pem()).unwrap();
    std::fs::write(&files[1], key.serialize_pem()).unwrap();
    let trusted = BASE64_STANDARD.encode(Sha256::digest(key.subject_public_key_info()));
    let [cert, key] = files.each_ref().map(|file| file.to_str().unwrap());
    let server = Server::start_with(&[("SERVER__TLS_CERT", cert), ("SERVER__TLS_KEY", key)]).await;
    (server, trusted)
}

/// Opens the page until log-in is possible; returns what was received for that.
async fn visit(browser: &Browser, url: &str, line: &Line, what: &str) -> Traffic {
    browser.page.goto("about:blank").await.unwrap();
    let before = line.traffic(Traffic::NONE);
    browser.page.goto(url).await.unwrap();
    let after = browser
        .wait(
            "the form to sign in",
            "return document.querySelector('login-form #password') !== null && performance.now()",
        )
        .await;
    let traffic = line.traffic(before);
    let sums = browser.page.execute(FETCHED, Vec::new()).await.unwrap();
    println!(
        "{what}: {:.2} s, {} requests, {} bytes received, {} round trips, {} connections",
        after.as_f64().unwrap() / 1000.0,
        sums["files"],
        traffic.bytes,
        traffic.round_trips,
        traffic.connections,
    );
    assert!(sums["files"].as_u64().unwrap() <= MOST_REQUESTS, "{sums}");
    traffic
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_from_far_away_needs_few_round_trips() {
    let folder = tempfile::tempdir().unwrap();
    let (server, trusted) = start_tls(folder.path()).await;
    let driver = Driver::start();
    let line = Line::to(server.address(), FAR, None).await;
    let url = format!("https://{}/", line.address().replace("127.0.0.1", "localhost"));
    let mut attempts = 1..=3;
    let (browser, first) = loop {
        let browser = Browser::trusting(&driver, "far", &trusted).await;
        let first = visit(&browser, &url, &line, "first visit, TLS, 400 ms").await;
        // It is an upper bound: if this machine is busy, what is sent together arrives in parts.
        if first.round_trips <= MOST_ROUND_TRIPS || attempts.next().is_none() {
            break (browser, first);
        }
        browser.close().await;
    };
    assert!(first.round_trips <= MOST_ROUND_TRIPS, "{first:?}");
    let protocol = "return performance.getEntriesByType('navigation')[0].nextHopProtocol";
    assert_eq!(browser.page.execute(protocol, Vec::new()).await.unwrap(), "h2");
    let second = visit(&browser, &url, &line, "second visit, TLS, 400 ms").await;
    assert!(second.bytes * 4 < first.bytes && second.round_trips <= 3, "{second:?}");
    // A WebSocket opens a connection of its own.
    browser.page.goto(&format!("{url}#/register")).await.unwrap();
    browser.register("ann", "Ann").await;
    browser.connection_is("online").await;
    let errors = browser.errors().await;
    assert!(errors.iter().all(|error| error.contains("401")), "{errors:?}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visits_on_a_slow_network_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, trusted) = start_tls(folder.path()).await;
    let plain = Server::start().await;
    let driver = Driver::start();
    for (server, scheme) in [(&plain, "http"), (&tls, "https")] {
        let line = Line::to(server.address(), SLOW.0, Some(SLOW.1)).await;
        let browser = Browser::trusting(&driver, "slow", &trusted).await;
        let url = format!("{scheme}://{}/", line.address().replace("127.0.0.1", "localhost"));
        let first = visit(&browser, &url, &line, &format!("first visit, {scheme}, slow")).await;
        assert!(first.bytes as u64 <= MOST, "{first:?}");
        let second = visit(&browser, &url, &line, &format!("second visit, {scheme}, slow")).await;
        assert!(second.bytes * 4 < first.bytes, "{second:?}");
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_as_they_are_in_the_folder_are_the_same_page() {
    let server = Server::start_with(&[("UI", "files")]).await;
    let driver = Driver::start();
    let browser = Browser::open(&driver, "files", server.address(), "1280,800").await;
    browser.register("ann", "Ann").await;
    browser.connection_is("online").await;
    let fetched = browser.fetched().await;
    let joined = fetched.iter().filter(|url| url.contains("/assets/")).count();
    if cfg!(debug_assertions) {
        assert!(joined == 0 && fetched.len() > 60, "{fetched:?}");
    } else {
        assert!(joined > 0, "optimised builds show the joined files");
    }
    browser.close().await;
}
