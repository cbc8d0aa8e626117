//! A real provider of OpenID Connect (`tests/oidc/provider.mjs`), and a browser without a page that
//! logs in there.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use reqwest::cookie::{CookieStore as _, Jar};
use serde_json::json;

use super::Json;

/// A running provider.
pub(crate) struct Provider {
    child: Child,
    port: String,
}

impl Provider {
    /// Starts one that knows nobody.
    pub(crate) fn start() -> Self {
        Self::at("0")
    }

    /// Starts it again, at the same address.
    pub(crate) fn again(&self) -> Self {
        Self::at(&self.port)
    }

    fn at(port: &str) -> Self {
        let mut child = Command::new("node")
            .args(["tests/oidc/provider.mjs", "target/test-tools/node_modules", port])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| line.unwrap().strip_prefix("port ").map(str::to_owned));
        let port = port.expect("the tools that tests/run installs");
        // Its pipe is read to the end, so that it is never full.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The settings of a server whose people log in here.
    pub(crate) fn settings(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let issuer = self.issuer();
        let own = [
            ("OIDC__ISSUER", &*issuer),
            ("OIDC__CLIENT_ID", "chat"),
            ("OIDC__CLIENT_SECRET", "very secret"),
            ("EGRESS__ALLOWED_NETWORKS", "127.0.0.1"),
        ];
        let all = own.iter().chain(more);
        all.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    /// Sets what is known of people, by their subjects.
    pub(crate) async fn knows(&self, people: Json) {
        self.set(json!({"people": people})).await;
    }

    /// Sets what is wrong with the answers.
    pub(crate) async fn errs(&self, wrong: Json) {
        self.set(json!({"wrong": wrong})).await;
    }

    /// Returns how many codes were to be exchanged.
    pub(crate) async fn exchanges(&self) -> u64 {
        let at = format!("{}/test", self.issuer());
        let answer = super::http().build().unwrap().get(at).send().await.unwrap();
        answer.json::<Json>().await.unwrap()["exchanges"].as_u64().unwrap()
    }

    async fn set(&self, body: Json) {
        let to = format!("{}/test", self.issuer());
        let answer = super::http().build().unwrap().post(to).body(body.to_string()).send().await;
        assert!(answer.unwrap().status().is_success());
    }

    /// Ends it.
    pub(crate) fn stop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A browser as the servers see it: it keeps cookies and follows redirects.
pub(crate) struct Visitor {
    http: reqwest::Client,
    jar: Arc<Jar>,
    /// `http://127.0.0.1:PORT` of the chat, with the path of `public_url`.
    chat: String,
}

impl Visitor {
    pub(crate) fn of(chat: &str) -> Self {
        let none = reqwest::redirect::Policy::none();
        let jar = Arc::new(Jar::default());
        let http = super::http().cookie_provider(Arc::clone(&jar)).redirect(none);
        Self { http: http.build().unwrap(), jar, chat: chat.to_owned() }
    }

    /// Fetches an address; returns the answer and where it leads.
    pub(crate) async fn get(&self, address: &str) -> (reqwest::Response, String) {
        let answer = self.http.get(address).send().await.unwrap();
        let location = answer.headers().get("location");
        let location = location.map(|l| l.to_str().unwrap().to_owned()).unwrap_or_default();
        (answer, location)
    }

    /// Asks for a path of the chat; returns where it leads.
    pub(crate) async fn leads(&self, path: &str) -> String {
        let (answer, location) = self.get(&format!("{}{path}", self.chat)).await;
        assert_eq!(answer.status(), 303, "{path}");
        location
    }

    /// Begins a log-in and enters a login name at the provider, empty to go back; returns the
    /// address of the callback, which was not fetched.
    pub(crate) async fn until_callback(&self, login: &str) -> String {
        let begun = self.leads("/api/oidc/login").await;
        self.until_callback_of(&begun, login).await
    }

    /// Enters a login name at the provider, which was asked with this address.
    pub(crate) async fn until_callback_of(&self, begun: &str, login: &str) -> String {
        assert!(begun.contains("code_challenge_method=S256"), "{begun}");
        let origin = reqwest::Url::parse(begun).unwrap().origin().ascii_serialization();
        let (_, mut next) = self.get(begun).await;
        if next.starts_with("/interaction/") {
            let form = format!("login={login}");
            let at = format!("{origin}{next}");
            let answer = self.http.post(&at).body(form).send().await.unwrap();
            let resumed = answer.headers().get("location").unwrap().to_str().unwrap().to_owned();
            (_, next) = self.get(&resumed).await;
        }
        assert!(next.contains("/api/oidc/callback?"), "{next}");
        next
    }

    /// Fetches the callback, at the address of this server whatever its host is; returns where it
    /// leads.
    pub(crate) async fn come_back(&self, callback: &str) -> String {
        let query = callback.split_once('?').unwrap().1;
        self.leads(&format!("/api/oidc/callback?{query}")).await
    }

    /// Logs in; returns where the browser ends: `/`, or the sign-in page with a code.
    pub(crate) async fn log_in(&self, login: &str) -> String {
        let callback = self.until_callback(login).await;
        self.come_back(&callback).await
    }

    /// Returns a cookie for this address, as `NAME=VALUE`.
    pub(crate) fn cookie(&self, url: &str, name: &str) -> String {
        let all = self.jar.cookies(&url.parse().unwrap()).unwrap();
        let all = all.to_str().unwrap();
        let found = all.split("; ").find(|cookie| cookie.starts_with(&format!("{name}=")));
        found.unwrap().to_owned()
    }

    /// Adds a cookie, also where https would be needed.
    pub(crate) fn add_cookie(&self, url: &str, cookie: &str) {
        self.jar.add_cookie_str(&cookie.replace("; Secure", ""), &url.parse().unwrap());
    }

    /// Returns the user of the session.
    pub(crate) async fn me(&self) -> Json {
        let answer = self.http.get(format!("{}/api/users/me", self.chat)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }
}
