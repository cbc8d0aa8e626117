//! Push notifications through the real binary, to a real HTTP server that stands for a push service,
//! and decrypted by libraries that the server does not use.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and helpers are tests too")]

mod choosing;
mod delivering;
pub(crate) mod service;
mod subscribing;

use std::io::Write;
use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::json;

use self::service::{Push, Service};
use crate::support::{Json, Person, Server};

/// Sends notifications, also to this machine.
pub(crate) const ON: [(&str, &str); 3] = [
    ("PUSH__CONTACT", "mailto:ops@chat.example"),
    ("EGRESS__ALLOWED_NETWORKS", "127.0.0.0/8,::1"),
    ("LIMITS__ENABLED", "false"),
];

const PATH: &str = "/api/users/me/push";

/// A browser on a device of a person.
pub(crate) struct Device {
    keys: Json,
    name: String,
}

fn node(mode: &str, input: &str) -> Json {
    let mut child = Command::new("node")
        .args(["tests/push/browser.cjs", mode])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "the tools that tests/run installs");
    serde_json::from_slice(&done.stdout).unwrap()
}

impl Device {
    /// A device that is not subscribed yet.
    pub(crate) fn new(name: &str) -> Self {
        Self { keys: node("keys", ""), name: name.to_owned() }
    }

    /// The keys that its browser gives; the private one is ignored.
    pub(crate) fn keys(&self) -> &Json {
        &self.keys
    }

    /// Subscribes the log-in of a person, with these choices.
    pub(crate) async fn subscribed(
        person: &Person,
        service: &Service,
        name: &str,
        chosen: Json,
    ) -> Self {
        let device = Self::new(name);
        let mut body = device.body(service);
        for (key, value) in chosen.as_object().unwrap() {
            body[key] = value.clone();
        }
        person.request(Method::PUT, PATH, body).await.is(204);
        device
    }

    fn body(&self, service: &Service) -> Json {
        json!({
            "endpoint": service.url(&self.name),
            "expirationTime": null,
            "keys": {"p256dh": self.keys["p256dh"], "auth": self.keys["auth"]},
        })
    }

    /// Decrypts a notification for this device, and checks that this server has signed it for this
    /// service.
    #[track_caller]
    pub(crate) fn opens(&self, push: &Push, key: &str) -> Json {
        assert_eq!(push.name, self.name, "for this device");
        let input = json!({
            "keys": self.keys, "body": push.body, "authorization": push.header("authorization"),
        });
        let opened = node("open", &input.to_string());
        assert_eq!(opened["key"], key);
        let claims = &opened["claims"];
        assert_eq!(claims["aud"], push.origin);
        assert_eq!(claims["sub"], "mailto:ops@chat.example");
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let left = claims["exp"].as_u64().unwrap().checked_sub(now.as_secs()).unwrap();
        assert!((3600..=24 * 3600).contains(&left), "valid for {left} s");
        assert_eq!(opened["header"], json!({"typ": "JWT", "alg": "ES256"}));
        assert_eq!(push.header("content-encoding"), "aes128gcm");
        opened["told"].clone()
    }
}

/// The public key of the server.
async fn key(person: &Person) -> String {
    let state = person.get(PATH).await.is(200);
    assert_eq!(state["available"], true, "{state}");
    state["key"].as_str().unwrap().to_owned()
}

/// What a server sends to one device of `ann`, and what `bob` says.
struct Scene {
    server: Server,
    service: Service,
    ann: Person,
    bob: Person,
    device: Device,
    key: String,
}

impl Scene {
    async fn new(settings: &[(&str, &str)], chosen: Json) -> Self {
        let server = Server::start_with(&[&ON[..], settings].concat()).await;
        let service = Service::start().await;
        let [ann, bob] = crate::support::people(&server, ["ann", "bob"]).await;
        let key = key(&ann).await;
        let device = Device::subscribed(&ann, &service, "phone", chosen).await;
        Self { server, service, ann, bob, device, key }
    }

    /// The next notification of the device.
    async fn told(&mut self) -> Json {
        let push = self.service.next().await;
        self.device.opens(&push, &self.key)
    }

    /// The text of the next notification.
    async fn hears(&mut self, text: &str) {
        let told = self.told().await;
        assert_eq!(told["text"], text, "{told}");
    }
}
