//! The web UI with what an earlier visit has left: before the server has answered, without a network, after an update of the server, and with a file that cannot be loaded.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use serde_json::json;

use crate::support::{Browser, Driver, Line, Proxy, RoomPlan, Server, people};

/// So long that what is shown before an answer is seen by the test.
const FAR: Duration = Duration::from_millis(400);
/// Remembers what was shown while the server had not answered yet.
const EARLY: &str = "window.early = ''; const look = () => {
        const answered = performance.getEntriesByType('resource').some(({name, responseEnd}) => \
                     name.endsWith('/api/users/me') && responseEnd);
        if (!answered) early = [...document.querySelectorAll('message-item .text')].map((text) => \
                     text.textContent).join() || early;
        if (!answered) setTimeout(look, 10);
    };
    look();";
/// Another version of the joined files.
const OTHER: &str = "0123456789abcdef";

impl Browser {
    /// Waits until the page and its state are kept. `version` is that of the files, "" for any.
    pub(crate) async fn is_kept(&self, version: &str) {
        let script = format!(
            "const look = async () => {{
                const names = (await caches.keys()).filter((name) => \
             name.startsWith('files {version}'));
                const pages = await Promise.all(names.map(async (name) => (await \
             caches.open(name)).match('./')));
                const state = await (await caches.open('state')).match('kept-state');
                window.kept = Boolean(navigator.serviceWorker.controller && state && \
             pages.some(Boolean));
             }};
             look();
             return window.kept"
        );
        self.wait("the page to be kept", &script).await;
    }

    /// Returns the version of the page's files.
    async fn version(&self) -> String {
        let script = "return document.querySelector('script[type=module]').src.split('/').at(-3)";
        let version = self.page.execute(script, Vec::new()).await.unwrap();
        version.as_str().unwrap().to_owned()
    }

    async fn goes_to(&self, hash: &str) {
        self.page.execute(&format!("location.hash = {}", json!(hash)), Vec::new()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_network_rooms_and_unsent_messages_are_there() {
    let server = Server::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let room = bob.room_like(&[&ann], RoomPlan { name: Some("Study"), public: false }).await;
    bob.say(&room, "hello").await;
    let proxy = Proxy::to(server.address()).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "offline", proxy.address(), "1280,800", &ann).await;
    page.goes_to(&format!("#/{room}")).await;
    page.shows(&["hello"]).await;
    page.is_kept("").await;

    proxy.cut();
    page.connection_is("offline").await;
    page.say("unsent").await;
    page.page.refresh().await.unwrap();
    page.shows(&["hello", "unsent"]).await;
    page.has("room-list a.row[aria-current]").await;
    page.has("message-item[data-state=pending]").await;
    page.has("connection-banner[data-state=offline]").await;
    page.picture("reloaded").await;
    assert_eq!(bob.contents(&room).await, ["hello"]);

    // What happened meanwhile comes with the connection.
    bob.say(&room, "meanwhile").await;
    proxy.heal();
    page.connection_is("online").await;
    page.shows(&["hello", "meanwhile", "unsent"]).await;
    page.wait(
        "everything is sent",
        "return document.querySelector('message-item[data-state=pending]') === null",
    )
    .await;
    assert_eq!(bob.contents(&room).await, ["hello", "meanwhile", "unsent"]);

    // Whoever opens the page after signing out finds nothing, with and without a network.
    page.goes_to("#/profile").await;
    page.click("button.sign-out").await;
    page.has("login-form #password").await;
    proxy.cut();
    page.page.refresh().await.unwrap();
    page.has("app-root > empty-state").await;
    page.picture("signed-out").await;
    let found = "const done = arguments[arguments.length - 1];
        caches.open('state').then((cache) => cache.match('kept-state')).then((found) => \
                 done(Boolean(found)))";
    assert_eq!(page.page.execute_async(found, Vec::new()).await.unwrap(), json!(false));
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_earlier_visit_has_left_is_shown_before_the_answer_and_to_nobody_else() {
    let server = Server::start().await;
    let [ann, bob, eve] = people(&server, ["ann", "bob", "eve"]).await;
    let room = bob.room_like(&[&ann], RoomPlan { name: Some("Study"), public: false }).await;
    let kept = bob.say_all(&room, &["hello", "secret"]).await;
    let line = Line::to(server.address(), FAR, None).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "kept", line.address(), "1280,800", &ann).await;
    page.ask("Page.addScriptToEvaluateOnNewDocument", json!({"source": EARLY})).await;
    page.goes_to(&format!("#/{room}")).await;
    page.shows(&["hello", "secret"]).await;
    page.connection_is("online").await;
    page.is_kept("").await;

    // What is shown is what was there; what happened meanwhile comes with the answer.
    page.page.goto("about:blank").await.unwrap();
    bob.delete(&format!("/api/chatrooms/{room}/messages/{}", kept[1])).await.is(204);
    bob.say(&room, "new").await;
    page.page.goto(&format!("http://{}/#/{room}", line.address())).await.unwrap();
    page.shows(&["hello", "(deleted)", "new"]).await;
    let early = "return window.early";
    assert_eq!(page.page.execute(early, Vec::new()).await.unwrap(), json!("hello,secret"));
    page.has("message-list .unread").await;
    page.connection_is("online").await;
    page.wait(
        "nothing is unread",
        "return document.querySelector('room-list .badge') === null && !document.title.startsWith('(')",
    )
    .await;

    // Somebody else has signed in meanwhile, in whatever way.
    let log_in = "const done = arguments[arguments.length - 1];
        fetch('api/login', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: \
                  JSON.stringify({userId: 'eve', password: 'secret of eve'})}).then((answer) => \
                  done(answer.status))";
    assert_eq!(page.page.execute_async(log_in, Vec::new()).await.unwrap(), json!(200));
    page.page.goto("about:blank").await.unwrap();
    page.page.goto(&format!("http://{}/#/rooms", line.address())).await.unwrap();
    page.wait("the other user", "return localStorage.getItem('signedIn') === 'eve'").await;
    page.connection_is("online").await;
    page.wait(
        "nothing of the first user",
        "return document.querySelector('room-list') && document.querySelector('room-list a.row') \
         === null && !document.body.textContent.includes('Study')",
    )
    .await;

    // The session is ended elsewhere: what was kept goes with it.
    page.is_kept("").await;
    page.page.goto("about:blank").await.unwrap();
    for session in eve.get("/api/sessions").await.is(200)["sessions"].as_array().unwrap() {
        let id = session["id"].as_str().map_or_else(|| session["id"].to_string(), str::to_owned);
        if session["current"] != json!(true) {
            eve.delete(&format!("/api/sessions/{id}")).await.is(204);
        }
    }
    page.page.goto(&format!("http://{}/#/rooms", line.address())).await.unwrap();
    page.has("login-form #password").await;
    let left = "const done = arguments[arguments.length - 1];
        caches.open('state').then((cache) => cache.match('kept-state')).then((found) => \
                done([Boolean(found), localStorage.getItem('signedIn')]))";
    assert_eq!(page.page.execute_async(left, Vec::new()).await.unwrap(), json!([false, null]));
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_update_one_reload_brings_the_new_page() {
    let mut server = Server::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let room = ann.public_room("Lobby").await;
    let proxy = Proxy::to(server.address()).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "updated", proxy.address(), "1280,800", &ann).await;
    page.is_kept("").await;
    let first = page.version().await;
    assert_ne!(first, OTHER);

    server.set("UI_VERSION", OTHER);
    server.restart().await;
    proxy.lead_to(server.address());
    proxy.cut();
    proxy.heal();
    page.connection_is("online").await;
    // The open page goes on with the files of its version, which the server has no longer.
    page.goes_to("#/profile").await;
    page.has("settings-page button.sign-out").await;
    let fetched = page.fetched().await;
    let later = fetched.iter().find(|url| url.ends_with("/settings-page.js")).unwrap();
    assert!(later.contains(&first), "{later}");

    page.page.refresh().await.unwrap();
    page.has("settings-page button.sign-out").await;
    assert_eq!(page.version().await, OTHER);
    page.is_kept(OTHER).await;
    proxy.cut();
    page.page.refresh().await.unwrap();
    page.has("room-list a.row").await;
    assert_eq!(page.version().await, OTHER);
    proxy.heal();

    // Who develops the page sees each change: nothing is kept.
    server.set("UI", "files");
    server.restart().await;
    proxy.lead_to(server.address());
    proxy.cut();
    proxy.heal();
    page.page.refresh().await.unwrap();
    page.goes_to(&format!("#/{room}")).await;
    page.has("message-composer textarea").await;
    page.wait(
        "no worker and no files",
        "const look = async () => {
            const there = await navigator.serviceWorker.getRegistration();
            window.left = !there && (await caches.keys()).every((name) => \
         !name.startsWith('files '));
         };
         look();
         return window.left",
    )
    .await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_loaded_is_tried_again_and_then_told() {
    let server = Server::start().await;
    let driver = Driver::start();
    let page = Browser::open(&driver, "unloaded", server.address(), "1280,800").await;
    page.has("login-form #password").await;
    page.ask("Network.enable", json!({})).await;
    for file in ["*/js/main.js", "*/i18n/en.json"] {
        page.ask("Network.setBlockedURLs", json!({"urls": [file]})).await;
        page.page.execute("sessionStorage.clear()", Vec::new()).await.unwrap();
        page.page.refresh().await.unwrap();
        page.has("main.unloaded button").await;
        page.wait(
            "a second attempt before",
            "return Number(sessionStorage.getItem('reloadedAt')) > 0 && \
             performance.getEntriesByType('navigation')[0].type === 'reload'",
        )
        .await;
        page.picture("told").await;
        page.ask("Network.setBlockedURLs", json!({"urls": []})).await;
        page.click("main.unloaded button").await;
        page.has("login-form #password").await;
    }
    page.close().await;
}
