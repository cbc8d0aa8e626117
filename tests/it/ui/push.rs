//! Push notifications in the web UI. The push service of Chromium cannot be reached in tests, so
//! that the page gets a substitute for it; what the service worker receives and shows is real.

use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::push::service::Service;
use crate::push::{Device, ON};
use crate::support::{Browser, Driver, PATIENCE, RoomPlan, Server, people};

const PATH: &str = "/api/users/me/push";

/// A connection to the browser itself, as developer tools have it.
struct Tools {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last: u64,
    events: Vec<Value>,
}

impl Tools {
    async fn of(browser: &Browser) -> Self {
        let url = format!("ws://{}", browser.devtools());
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        Self { socket, last: 0, events: Vec::new() }
    }

    /// Asks the browser, or a target in it, and returns the answer.
    async fn ask(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut frame = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = session {
            frame["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
        loop {
            let found = self.next().await;
            if found["id"] == self.last {
                assert!(found["error"].is_null(), "{method}: {found}");
                return found["result"].clone();
            }
            self.events.push(found);
        }
    }

    async fn next(&mut self) -> Value {
        let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("an answer");
        serde_json::from_str(frame.unwrap().unwrap().to_text().unwrap()).unwrap()
    }

    /// Waits for an event that gives a value.
    async fn event<T>(&mut self, wanted: impl Fn(&Value) -> Option<T>) -> T {
        loop {
            if let Some(found) = self.events.iter().find_map(&wanted) {
                return found;
            }
            let event = self.next().await;
            self.events.push(event);
        }
    }

    /// Attaches to the first target of a kind whose address contains a text.
    async fn attach(&mut self, kind: &str, address: &str) -> String {
        let all = self.ask(None, "Target.getTargets", json!({})).await;
        let all = all["targetInfos"].as_array().unwrap();
        let is_it = |target: &&Value| {
            target["type"] == kind && target["url"].as_str().unwrap().contains(address)
        };
        let target = all.iter().find(is_it).unwrap_or_else(|| panic!("{kind}: {all:?}"));
        let params = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.ask(None, "Target.attachToTarget", params).await;
        attached["sessionId"].as_str().unwrap().to_owned()
    }

    async fn permit(&mut self, server: &Server, setting: &str) {
        let params = json!({
            "permission": {"name": "notifications"}, "setting": setting, "origin": server.url(),
        });
        self.ask(None, "Browser.setPermission", params).await;
    }
}

/// Keeps the subscription of the page as a browser does, over reloads.
fn substitute(endpoint: &str, keys: &Value) -> String {
    let given = json!({"endpoint": endpoint, "expirationTime": null, "keys": keys});
    format!(
        "const made = () => ({{
             ...{given},
             toJSON: () => ({given}),
             unsubscribe: async () => Boolean(sessionStorage.removeItem('made') ?? true),
         }});
         PushManager.prototype.getSubscription = async () =>
             sessionStorage.getItem('made') ? made() : null;
         PushManager.prototype.subscribe = async ({{userVisibleOnly, applicationServerKey}}) => {{
             sessionStorage.setItem('made', `${{userVisibleOnly}} ${{applicationServerKey}}`);
             return made();
         }};"
    )
}

impl Browser {
    /// Waits until the service worker shows these notifications, each `TITLE: BODY`, sorted.
    async fn notifies(&self, wanted: &[&str]) {
        let script = format!(
            "const look = async () => {{
                 const registration = await navigator.serviceWorker.getRegistration();
                 const shown = (await registration?.getNotifications()) ?? [];
                 window.shown = shown.map(({{title, body}}) => `${{title}}: ${{body}}`).sort();
             }};
             look();
             return JSON.stringify(window.shown) === {}",
            json!(json!(wanted).to_string())
        );
        self.wait(&format!("the notifications {wanted:?}"), &script).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_subscribed_shows_messages_and_opens_them() {
    let server = Server::start_with(&[&ON[..], &[("PUSH__DELAY_SECONDS", "0")]].concat()).await;
    let mut service = Service::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let direct = bob.room(&[&ann]).await;
    let hall = bob.room_like(&[&ann], RoomPlan { name: Some("Hall"), public: false }).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "push", server.address(), "1280,800", &ann).await;
    let mut tools = Tools::of(&page).await;
    tools.permit(&server, "granted").await;
    let device = Device::new("laptop");
    let script = substitute(&service.url("laptop"), device.keys());
    page.ask("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await;
    page.page.refresh().await.unwrap();
    page.wait("the worker", "return Boolean(navigator.serviceWorker.controller)").await;
    page.errors().await;

    // The switch.
    page.go("#/profile").await;
    page.reads("push-settings [role=status]", "This device is not notified").await;
    page.lacks("push-settings #push-on:checked").await;
    page.hides("push-settings #push-all").await;
    page.click("push-settings #push-on").await;
    page.reads("push-settings [role=status]", "This device is notified of mentions").await;
    page.has("push-settings #push-on:checked").await;
    let state = ann.get(PATH).await.is(200);
    let made = page.run("return sessionStorage.getItem('made')").await;
    assert_eq!(made, format!("true {}", state["key"].as_str().unwrap()));
    page.picture("on").await;
    let mine = page.run("return fetch('api/users/me/push').then((answer) => answer.json())").await;
    assert_eq!(mine["subscription"]["endpoint"], service.url("laptop"), "{mine}");
    assert_eq!(
        (&mine["subscription"]["all"], &mine["subscription"]["text"]),
        (&json!(false), &json!(true))
    );
    page.click("push-settings #push-all").await;
    page.wait(
        "all messages",
        "window.all ??= 0; fetch('api/users/me/push').then((a) => a.json()).then((state) => \
         window.all = state.subscription.all); return window.all === true",
    )
    .await;
    page.page.refresh().await.unwrap();
    page.has("push-settings #push-all:checked").await;
    page.has("session-list .push:not([hidden])").await;
    page.go("#/rooms").await;

    // What the server sends is what the worker shows.
    let origin = server.url();
    let tab = tools.attach("page", &origin).await;
    tools.ask(Some(&tab), "ServiceWorker.enable", json!({})).await;
    let registration = tools
        .event(|event| {
            let all = event["params"]["registrations"].as_array()?;
            all.first()?["registrationId"].as_str().map(str::to_owned)
        })
        .await;
    let key = state["key"].as_str().unwrap();
    let ids = bob.say_all(&hall, &["come to **the pier**"]).await;
    let told = device.opens(&service.next().await, key);
    assert_eq!(told["message_id"], ids[0]);
    let deliver = |told: &Value| json!({"origin": origin, "registrationId": registration, "data": told.to_string()});
    tools.ask(Some(&tab), "ServiceWorker.deliverPushMessage", deliver(&told)).await;
    page.notifies(&["Hall: bob: come to the pier"]).await;
    bob.say(&direct, "hello").await;
    let hello = device.opens(&service.next().await, key);
    tools.ask(Some(&tab), "ServiceWorker.deliverPushMessage", deliver(&hello)).await;
    page.notifies(&["Hall: bob: come to the pier", "bob: hello"]).await;
    // Read on another device.
    let path =
        format!("/api/chatrooms/{direct}/messages/{}/read", hello["message_id"].as_str().unwrap());
    ann.post(&path, json!({})).await.is(200);
    page.notifies(&["Hall: bob: come to the pier"]).await;
    // Without a text, in the language of the page; and something that nobody knows.
    let hidden = json!({"type": "message", "room_id": direct, "message_id": "msg1", "room_name": null,
        "sender": "bob", "text": null, "unread": 7});
    tools.ask(Some(&tab), "ServiceWorker.deliverPushMessage", deliver(&hidden)).await;
    page.notifies(&["Hall: bob: come to the pier", "bob: New message"]).await;

    // A click opens the message in the page that is open.
    let worker = tools.attach("service_worker", "sw.js").await;
    let click = "registration.getNotifications().then((all) => self.dispatchEvent(new \
                 NotificationEvent('notificationclick', {notification: all.find(({title}) => title \
                 === 'Hall')})))";
    tools
        .ask(Some(&worker), "Runtime.evaluate", json!({"expression": click, "awaitPromise": true}))
        .await;
    page.shows(&["come to the pier"]).await;
    let hash = page.run("return location.hash").await;
    assert!(hash.as_str().unwrap().starts_with(&format!("#/{hall}")), "{hash}");

    // Off, and blocked.
    page.go("#/profile").await;
    page.click("push-settings #push-on").await;
    page.reads("push-settings [role=status]", "This device is not notified").await;
    page.notifies(&[]).await;
    assert_eq!(page.run("return sessionStorage.getItem('made')").await, Value::Null);
    let mine = page.run("return fetch('api/users/me/push').then((answer) => answer.json())").await;
    assert_eq!(mine["subscription"], Value::Null, "{mine}");
    assert_eq!(page.errors().await, [""; 0]);
    tools.permit(&server, "denied").await;
    page.page.refresh().await.unwrap();
    page.reads("push-settings [role=status]", "blocked in your browser settings").await;
    page.has("push-settings #push-on:disabled").await;
    page.picture("blocked").await;
    ann.request(Method::DELETE, PATH, crate::support::Body::Nothing).await.is(204);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_the_subscription_of_the_browser() {
    let server = Server::start_with(&ON).await;
    let service = Service::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "push-out", server.address(), "1280,800", &ann).await;
    let mut tools = Tools::of(&page).await;
    tools.permit(&server, "granted").await;
    let device = Device::new("laptop");
    let script = substitute(&service.url("laptop"), device.keys());
    page.ask("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await;
    page.page.refresh().await.unwrap();
    page.wait("the worker", "return Boolean(navigator.serviceWorker.controller)").await;
    page.go("#/profile").await;
    page.click("push-settings #push-on").await;
    page.has("push-settings #push-on:checked").await;
    page.click("button.sign-out").await;
    page.has("login-form #password").await;
    page.wait("it is ended", "return sessionStorage.getItem('made') === null").await;
    assert_eq!(page.run("return localStorage.getItem('push')").await, Value::Null);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_without_https_does_not_blame_the_browser() {
    let server = Server::start().await;
    let driver = Driver::start();
    let page = Browser::named(&driver, "push-http", server.address(), "chat.test").await;
    page.register("ann", "Ann").await;
    page.go("#/profile").await;
    // Push notifications of the server need the same.
    page.reads(
        "notification-settings [role=status]",
        "only work at an address that begins with https://",
    )
    .await;
    page.hides("notification-settings button").await;
    page.close().await;
}
