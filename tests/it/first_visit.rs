//! The first visit of the web UI in Chromium: bytes fetched before log-in and before reading, and
//! their origins.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "prints the exact size")]

use serde_json::json;

use crate::support::{Browser, Driver, Person, Server};

/// Maximum number of bytes sent until log-in is possible, including response headers, which
/// Chromium counts as 300 each.
const MOST: u64 = 100_000;
/// Maximum number of bytes until a room is shown.
const MOST_READING: u64 = 105_000;
const FETCHED: &str = "const all = [performance.getEntriesByType('navigation')[0], \
                       ...performance.getEntriesByType('resource')];
    return {files: all.length, bytes: all.reduce((sum, entry) => sum + entry.encodedBodySize, 0),
        sent: all.reduce((sum, entry) => sum + entry.encodedBodySize + 300, 0),
        unpacked: all.reduce((sum, entry) => sum + entry.decodedBodySize, 0),
        foreign: all.map((entry) => new URL(entry.name)).filter((url) => url.origin !== \
                       location.origin).map(String)}";

/// Returns the bytes fetched so far; no response is counted twice, since nothing is cached yet.
async fn fetched(browser: &Browser, what: &str) -> u64 {
    let sums = browser.page.execute(FETCHED, Vec::new()).await.unwrap();
    assert_eq!(sums["foreign"], json!([]), "only this server is asked");
    let (bytes, unpacked) = (sums["bytes"].as_u64().unwrap(), sums["unpacked"].as_u64().unwrap());
    let sent = sums["sent"].as_u64().unwrap();
    println!(
        "{what}: {sent} bytes, of them {bytes} ({unpacked} unpacked) in the bodies of {} answers",
        sums["files"]
    );
    assert!(unpacked > 2 * bytes, "what is sent is compressed");
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_visit_fetches_less_than_a_hundred_kilobytes() {
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
        let form = fetched(&browser, &format!("{language}, to sign in")).await;
        assert!(form < MOST, "{form} bytes");
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
        let room = fetched(&browser, &format!("{language}, to read a room")).await;
        assert!(room < MOST_READING, "{room} bytes");
        browser.close().await;
    }
}
