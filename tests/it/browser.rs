//! The web UI in Chromium: two people in two browsers talk, one of them loses the connection and misses nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

use crate::support::{Proxy, Server};

/// Nothing on a page takes that long.
const PATIENCE: Duration = Duration::from_secs(40);
/// What the messages on the page say, oldest first.
const TEXTS: &str = "return [...document.querySelectorAll('message-item')].map((m) => m.querySelector('.text')?.textContent.trim() ?? '(deleted)')";

/// A chromedriver on a free port.
struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    fn start() -> Self {
        let mut child = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines
            .find_map(|line| Some(line.ok()?.split("successfully on port ").nth(1)?.trim_end_matches('.').to_owned()).filter(|p| p.parse::<u16>().is_ok()));
        // Read on, or it stops at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: format!("http://127.0.0.1:{}", port.unwrap()) }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A person at a browser.
struct Browser {
    name: &'static str,
    page: Client,
    _profile: tempfile::TempDir,
}

impl Browser {
    async fn open(driver: &Driver, name: &'static str, address: &str, size: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--lang=en",
            &format!("--window-size={size}"),
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let options = json!({"args": args, "prefs": {"intl.accept_languages": "en"}});
        let capabilities = [("goog:chromeOptions".to_owned(), options), ("goog:loggingPrefs".to_owned(), json!({"browser": "ALL"}))];
        let page = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities.into_iter().collect())
            .connect(&driver.url)
            .await
            .unwrap();
        page.goto(&format!("http://{address}/#/register")).await.unwrap();
        Self { name, page, _profile: profile }
    }

    /// Waits until a script answers something true; answers that.
    async fn wait(&self, what: &str, script: &str) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.page.execute(script, Vec::new()).await.unwrap_or_default();
            if !matches!(answer, Value::Null | Value::Bool(false)) {
                return answer;
            }
            if began.elapsed() > PATIENCE {
                let body = self.page.execute("return document.body.innerText", Vec::new()).await.unwrap_or_default();
                self.picture("failed").await;
                panic!("{} waits in vain: {what}\n{}", self.name, body.as_str().unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn has(&self, selector: &str) {
        self.wait(selector, &format!("return document.querySelector({}) !== null", json!(selector))).await;
    }

    async fn click(&self, selector: &str) {
        self.has(selector).await;
        self.page.find(Locator::Css(selector)).await.unwrap().click().await.unwrap();
    }

    async fn fill(&self, selector: &str, text: &str) {
        self.has(selector).await;
        self.page.find(Locator::Css(selector)).await.unwrap().send_keys(text).await.unwrap();
    }

    async fn register(&self, login: &str, name: &str) {
        self.fill("#user", login).await;
        self.fill("#name", name).await;
        self.fill("#password", "correct horse").await;
        self.click("login-form button[type=submit]").await;
        self.has("chat-app room-list").await;
    }

    async fn say(&self, text: &str) {
        self.fill("message-composer textarea", &format!("{text}{}", char::from(Key::Enter))).await;
    }

    /// Waits until the page shows exactly these messages.
    async fn shows(&self, texts: &[&str]) {
        let script = format!("const texts = (() => {{ {TEXTS} }})(); return JSON.stringify(texts) === {}", json!(json!(texts).to_string()));
        self.wait(&format!("the messages {texts:?}"), &script).await;
    }

    async fn connection_is(&self, state: &str) {
        self.wait(state, &format!("return document.documentElement.dataset.connection === {}", json!(state))).await;
    }

    async fn picture(&self, name: &str) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/target/screenshots");
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(format!("{folder}/{}-{name}.png", self.name), self.page.screenshot().await.unwrap()).unwrap();
    }

    async fn close(self) {
        self.page.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_talk_in_two_browsers_and_an_interruption_loses_nothing() {
    let server = Server::start().await;
    let proxy = Proxy::to(server.address()).await;
    let driver = Driver::start();
    let ann = Browser::open(&driver, "ann", server.address(), "1440,900").await;
    let bob = Browser::open(&driver, "bob", proxy.address(), "1440,900").await;
    ann.register("ann", "Ann Lee").await;
    bob.register("bob", "김민지").await;

    ann.click("room-list button.new-room").await;
    ann.fill("room-dialog #room-name", "Study").await;
    ann.fill("room-dialog #people", "bob").await;
    ann.click("room-dialog li[data-user=bob]").await;
    ann.click("room-dialog button[type=submit]").await;
    ann.has("message-composer textarea").await;
    bob.click("room-list a.row").await;
    ann.say("hello").await;
    bob.shows(&["hello"]).await;
    bob.say("안녕하세요").await;
    ann.shows(&["hello", "안녕하세요"]).await;
    ann.has("member-list [data-presence=here]").await;
    // A sign of typing goes out once in two seconds: keys are pressed until one is due.
    let sees_typing = "return document.querySelector('typing-line').textContent.includes('김민지')";
    let began = Instant::now();
    while ann.page.execute(sees_typing, Vec::new()).await.unwrap() != json!(true) {
        assert!(began.elapsed() < PATIENCE, "nobody is seen typing");
        bob.fill("message-composer textarea", "x").await;
    }
    bob.page.find(Locator::Css("message-composer textarea")).await.unwrap().clear().await.unwrap();
    ann.picture("talks").await;

    proxy.cut();
    bob.connection_is("offline").await;
    ann.say("one").await;
    ann.say("two").await;
    ann.say("three").await;
    ann.shows(&["hello", "안녕하세요", "one", "two", "three"]).await;
    // Up edits the last message.
    ann.wait("all is sent", "return document.querySelector('message-item[data-state=pending]') === null").await;
    ann.fill("message-composer textarea", &char::from(Key::Up).to_string()).await;
    ann.fill("message-composer textarea", &format!(", edited{}", char::from(Key::Enter))).await;
    ann.shows(&["hello", "안녕하세요", "one", "two", "three, edited"]).await;
    ann.wait("the tools", "const m = document.querySelectorAll('message-item')[3]; m.querySelector('.tools .delete')?.click(); return document.querySelector('dialog[open] button.danger') !== null").await;
    ann.click("dialog[open] button.danger").await;
    ann.shows(&["hello", "안녕하세요", "one", "(deleted)", "three, edited"]).await;
    bob.say("while away").await;
    bob.has("message-item[data-state=pending]").await;
    bob.picture("offline").await;

    proxy.heal();
    bob.connection_is("online").await;
    let all = ["hello", "안녕하세요", "one", "(deleted)", "three, edited", "while away"];
    bob.shows(&all).await;
    ann.shows(&all).await;
    bob.wait("all is sent", "return document.querySelector('message-item[data-state=pending]') === null").await;
    bob.picture("back").await;

    // The same after a reload: nothing was only on the page.
    bob.page.refresh().await.unwrap();
    bob.shows(&all).await;
    bob.page.goto(&format!("http://{}/#/profile", proxy.address())).await.unwrap();
    bob.click("button.sign-out").await;
    bob.has("login-form").await;
    ann.close().await;
    bob.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_composed_words_are_not_sent_and_a_phone_has_room_for_everything() {
    let server = Server::start().await;
    let driver = Driver::start();
    let ann = Browser::open(&driver, "phone", server.address(), "390,844").await;
    ann.register("ann", "Ann").await;
    ann.page.goto(&format!("http://{}/#/rooms", server.address())).await.unwrap();
    ann.has("room-list button.new").await;
    ann.wait(
        "a room",
        "window.made ??= fetch('/api/chatrooms', {method: 'POST', body: '{\"targetUserIds\":[],\"name\":\"방\"}'}); return document.querySelector('room-list a.row') !== null",
    )
    .await;
    ann.click("room-list a.row").await;
    ann.fill("message-composer textarea", "만화책").await;
    // Enter that ends a composition belongs to the input method.
    let composing = "const box = document.querySelector('message-composer textarea');
        box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}));
        return box.value === '만화책' && document.querySelector('message-item') === null";
    ann.wait("the half-composed word stays", composing).await;
    ann.say("").await;
    ann.shows(&["만화책"]).await;
    let overflow = ann.page.execute("return document.documentElement.scrollWidth > document.documentElement.clientWidth", Vec::new()).await.unwrap();
    assert_eq!(overflow, json!(false), "the page is wider than the phone");
    ann.picture("conversation").await;
    ann.close().await;
}
