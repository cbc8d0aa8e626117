//! Chromium, operated like a user would: a browser for each user.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::Person;

/// Nothing on a page takes this long.
pub(crate) const BROWSER_PATIENCE: Duration = Duration::from_secs(40);
/// Returns the texts of the messages on the page, oldest first.
const TEXTS: &str = "return [...document.querySelectorAll('message-item')].map((m) => \
                     m.querySelector('.text')?.textContent.trim() ?? '(deleted)')";

/// More than the number of focusable elements on any page.
const KEYS: usize = 60;

/// A chromedriver on a free port.
pub(crate) struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    /// Starts it, and waits for its port.
    pub(crate) fn start() -> Self {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            Some(line.ok()?.split("successfully on port ").nth(1)?.trim_end_matches('.').to_owned())
                .filter(|p| p.parse::<u16>().is_ok())
        });
        // Keep reading, otherwise it stalls at a full pipe.
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

/// A user at a browser.
pub(crate) struct Browser {
    name: &'static str,
    /// For actions without a method here.
    pub(crate) page: Client,
    profile: tempfile::TempDir,
}

impl Browser {
    /// Opens the registration page; `size` is the window size.
    pub(crate) async fn open(
        driver: &Driver,
        name: &'static str,
        address: &str,
        size: &str,
    ) -> Self {
        Self::open_at(driver, name, &format!("{address}/#/register"), size).await
    }

    /// Opens the registration page in a language.
    pub(crate) async fn open_in(
        driver: &Driver,
        name: &'static str,
        address: &str,
        size: &str,
        language: &str,
    ) -> Self {
        Self::start(driver, name, &format!("{address}/#/register"), size, language).await
    }

    /// Opens a page.
    pub(crate) async fn open_at(
        driver: &Driver,
        name: &'static str,
        page: &str,
        size: &str,
    ) -> Self {
        Self::start(driver, name, page, size, "en").await
    }

    /// Opens an empty page; certificates with this key are trusted (the base64 of the SHA-256 of
    /// its `SubjectPublicKeyInfo`).
    pub(crate) async fn trusting(driver: &Driver, name: &'static str, key: &str) -> Self {
        let trust = format!("--ignore-certificate-errors-spki-list={key}");
        Self::launch(driver, name, "about:blank", "1280,800", "en", &[&trust]).await
    }

    /// Opens the registration page under another name of the server, as people without https do.
    pub(crate) async fn named(
        driver: &Driver,
        name: &'static str,
        address: &str,
        host: &str,
    ) -> Self {
        let rule = format!("--host-resolver-rules=MAP {host} 127.0.0.1");
        let page = format!("http://{host}:{}/#/register", address.rsplit_once(':').unwrap().1);
        Self::launch(driver, name, &page, "1280,800", "en", &[&rule]).await
    }

    pub(crate) async fn start(
        driver: &Driver,
        name: &'static str,
        page: &str,
        size: &str,
        language: &str,
    ) -> Self {
        Self::launch(driver, name, &format!("http://{page}"), size, language, &[]).await
    }

    async fn launch(
        driver: &Driver,
        name: &'static str,
        page: &str,
        size: &str,
        language: &str,
        more: &[&str],
    ) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut args = vec![
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
        ];
        let own = [
            format!("--lang={language}"),
            format!("--window-size={size}"),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        args.extend(own.iter().map(String::as_str).chain(more.iter().copied()));
        let options = json!({"args": args, "prefs": {"intl.accept_languages": language}});
        let capabilities = [
            ("goog:chromeOptions".to_owned(), options),
            ("goog:loggingPrefs".to_owned(), json!({"browser": "ALL"})),
        ];
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities.into_iter().collect())
            .connect(&driver.url)
            .await
            .unwrap();
        client.goto(page).await.unwrap();
        Self { name, page: client, profile }
    }

    /// Waits until a script returns something truthy; returns it.
    pub(crate) async fn wait(&self, what: &str, script: &str) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.page.execute(script, Vec::new()).await.unwrap_or_default();
            if !matches!(answer, Value::Null | Value::Bool(false)) {
                return answer;
            }
            if began.elapsed() > BROWSER_PATIENCE {
                let body = self
                    .page
                    .execute("return document.body.innerText", Vec::new())
                    .await
                    .unwrap_or_default();
                self.picture("failed").await;
                panic!(
                    "{} waits in vain: {what}\n{}",
                    self.name,
                    body.as_str().unwrap_or_default()
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until an element exists.
    pub(crate) async fn has(&self, selector: &str) {
        self.wait(
            selector,
            &format!("return document.querySelector({}) !== null", json!(selector)),
        )
        .await;
    }

    /// Acts on the element that `find` finds; on the new one if the page draws it anew before the
    /// browser gets to it, as it would under the hand of a user.
    async fn acts(
        &self,
        find: impl AsyncFn(&Client) -> Result<Element, CmdError>,
        act: impl AsyncFn(Element) -> Result<(), CmdError>,
    ) {
        let began = Instant::now();
        loop {
            let done = match find(&self.page).await {
                Ok(element) => act(element).await,
                Err(error) => Err(error),
            };
            match done {
                Err(error) if error.is_stale_element_reference() || error.is_no_such_element() => {
                    assert!(began.elapsed() < BROWSER_PATIENCE, "{} never holds still", self.name);
                }
                done => return done.unwrap(),
            }
        }
    }

    /// Waits for an element and acts on it.
    async fn acts_on(&self, selector: &str, act: impl AsyncFn(Element) -> Result<(), CmdError>) {
        self.has(selector).await;
        self.acts(async |page| page.find(Locator::Css(selector)).await, act).await;
    }

    /// Moves the mouse to an element.
    pub(crate) async fn point_at(&self, selector: &str) {
        let act = async |element| {
            let there = PointerAction::MoveToElement { element, duration: None, x: 0., y: 0. };
            let mouse = MouseActions::new("mouse".to_owned()).then(there);
            self.page.perform_actions(mouse).await
        };
        self.acts_on(selector, act).await;
    }

    /// Waits for an element and clicks it.
    pub(crate) async fn click(&self, selector: &str) {
        self.acts_on(selector, async |element| element.click().await).await;
    }

    /// Waits for an element and types into it.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        self.acts_on(selector, async |element| element.send_keys(text).await).await;
    }

    /// Waits for a field and empties it.
    pub(crate) async fn clear(&self, selector: &str) {
        self.acts_on(selector, async |element| element.clear().await).await;
    }

    /// Sends keys to the focused element.
    pub(crate) async fn press(&self, keys: &str) {
        let find = async |page: &Client| page.active_element().await;
        self.acts(find, async |element| element.send_keys(keys).await).await;
    }

    pub(crate) async fn key(&self, key: Key) {
        self.press(&char::from(key).to_string()).await;
    }

    /// Presses a key until an element matching the selector has the focus.
    pub(crate) async fn go_to(&self, key: Key, selector: &str) {
        let there = format!("return document.activeElement.matches({})", json!(selector));
        for _ in 0..KEYS {
            if self.page.execute(&there, Vec::new()).await.unwrap() == json!(true) {
                return;
            }
            self.key(key).await;
        }
        panic!("no key leads to {selector}");
    }

    /// Waits until an element matching the selector has received the focus.
    pub(crate) async fn focuses(&self, selector: &str) {
        self.wait(
            &format!("the focus on {selector}"),
            &format!("return document.activeElement.matches({})", json!(selector)),
        )
        .await;
    }

    /// Fills in the registration form.
    pub(crate) async fn register(&self, login: &str, name: &str) {
        self.fill("#user", login).await;
        self.fill("#name", name).await;
        self.fill("#password", "correct horse").await;
        self.click("login-form button[type=submit]").await;
        self.has("chat-app room-list").await;
    }

    /// Logs in again with the password set by `register`.
    pub(crate) async fn sign_in(&self, login: &str) {
        self.fill("login-form #user", login).await;
        self.fill("login-form #password", "correct horse").await;
        self.click("login-form button[type=submit]").await;
        self.has("chat-app room-list").await;
    }

    /// Opens the page and logs in a registered user.
    pub(crate) async fn at_home(
        driver: &Driver,
        name: &'static str,
        address: &str,
        size: &str,
        person: &Person,
    ) -> Self {
        let browser = Self::open_at(driver, name, &format!("{address}/#/sign-in"), size).await;
        browser.fill("login-form #user", &person.login).await;
        browser.fill("login-form #password", &person.password).await;
        browser.click("login-form button[type=submit]").await;
        browser.has("chat-app room-list").await;
        browser
    }

    /// Sends a message in the open room.
    pub(crate) async fn say(&self, text: &str) {
        self.fill("message-composer textarea", &format!("{text}{}", char::from(Key::Enter))).await;
    }

    /// Waits until the page shows exactly these messages.
    pub(crate) async fn shows(&self, texts: &[&str]) {
        let script = format!(
            "const texts = (() => {{ {TEXTS} }})(); return JSON.stringify(texts) === {}",
            json!(json!(texts).to_string())
        );
        self.wait(&format!("the messages {texts:?}"), &script).await;
    }

    /// Waits for a connection state of the page.
    pub(crate) async fn connection_is(&self, state: &str) {
        self.wait(
            state,
            &format!("return document.documentElement.dataset.connection === {}", json!(state)),
        )
        .await;
    }

    /// Returns the errors in the console of the page, including security policy violations, since
    /// the last call.
    pub(crate) async fn errors(&self) -> Vec<String> {
        let lines = self.page.issue_cmd(Console).await.unwrap();
        let lines = lines.as_array().unwrap().iter().filter(|line| line["level"] == "SEVERE");
        lines.map(|line| line["message"].to_string()).collect()
    }

    /// Asks for something that only developers can ask a browser.
    pub(crate) async fn ask(&self, command: &'static str, parameters: Value) -> Value {
        self.page.issue_cmd(Devtools(command, parameters)).await.unwrap()
    }

    /// Returns the address of the developer tools, `HOST:PORT/PATH`.
    pub(crate) fn devtools(&self) -> String {
        let file = self.profile.path().join("DevToolsActivePort");
        let text = std::fs::read_to_string(file).unwrap();
        let (port, path) = text.trim().split_once('\n').unwrap();
        format!("127.0.0.1:{port}{path}")
    }

    /// Returns the origins of everything the page has fetched.
    pub(crate) async fn fetched(&self) -> Vec<String> {
        let script = "return performance.getEntriesByType('resource').map((entry) => entry.name)";
        serde_json::from_value(self.page.execute(script, Vec::new()).await.unwrap()).unwrap()
    }

    /// Saves a screenshot in `target/screenshots`, for inspection.
    pub(crate) async fn picture(&self, name: &str) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/target/screenshots");
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(
            format!("{folder}/{}-{name}.png", self.name),
            self.page.screenshot().await.unwrap(),
        )
        .unwrap();
    }

    /// Closes the browser.
    pub(crate) async fn close(self) {
        self.page.close().await.unwrap();
    }
}

/// Requests the console; a command of chromedriver.
#[derive(Debug)]
struct Console;

impl WebDriverCompatibleCommand for Console {
    fn endpoint(
        &self,
        base_url: &Url,
        session_id: Option<&str>,
    ) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base_url.join(&format!("session/{}/se/log", session_id.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({"type": "browser"}).to_string()))
    }
}

/// A command of the Chrome `DevTools` Protocol and its parameters.
#[derive(Debug)]
struct Devtools(&'static str, Value);

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(
        &self,
        base_url: &Url,
        session_id: Option<&str>,
    ) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base_url.join(&format!("session/{}/goog/cdp/execute", session_id.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({"cmd": self.0, "params": self.1}).to_string()))
    }
}
