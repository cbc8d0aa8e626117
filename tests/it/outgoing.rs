//! Outgoing webhooks through the real binary, to a real HTTP receiver.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and helpers are tests too")]

mod order;
pub(crate) mod receiver;
mod repeating;
mod replies;
mod scope;
mod trying;

use self::receiver::Receiver;
use crate::support::{Ctl, Json, PATIENCE, Person, RoomPlan, Server};

/// Permits the addresses of these tests.
const OPEN: [(&str, &str); 1] = [("EGRESS__ALLOWED_NETWORKS", "127.0.0.0/8,::1")];

/// A server with the administrator `ann` and the rooms `hall` and `attic`.
struct House {
    server: Server,
    ctl: Ctl,
    ann: Person,
    hall: String,
    attic: String,
}

impl House {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let server = Server::start_with(settings).await;
        let ctl = settings.iter().fold(Ctl::of(&server), |ctl, (key, value)| ctl.set(key, value));
        ctl.create("ann", &["--admin"]);
        let ann = Person::known(&server, "ann").await;
        let public = |name| RoomPlan { name: Some(name), public: true };
        let hall = ann.room_like(&[], public("hall")).await;
        let attic = ann.room_like(&[], public("attic")).await;
        Self { server, ctl, ann, hall, attic }
    }

    /// Creates a webhook for `hall` that sends to the receiver; returns its secret.
    fn webhook(&self, name: &str, receiver: &Receiver, more: &[&str]) -> String {
        let url = receiver.url();
        let first = ["outgoing-webhook", "create", &url, "--name", name, "--room", "hall"];
        let made = self.ctl.one(&[&first[..], more].concat());
        made["secret"].as_str().unwrap().to_owned()
    }

    fn show(&self, name: &str) -> Json {
        self.ctl.one(&["outgoing-webhook", "show", name])
    }

    /// Waits until the webhook has this state.
    async fn until(&self, name: &str, state: &str) -> Json {
        self.until_it(name, |shown| shown["state"] == state).await
    }

    /// Waits until everything was accepted, and noted.
    async fn until_sent(&self, name: &str) -> Json {
        self.until_it(name, |shown| shown["state"] == "active" && shown["unsent"] == 0).await
    }

    async fn until_it(&self, name: &str, is_wanted: impl Fn(&Json) -> bool) -> Json {
        let search = async {
            loop {
                let shown = self.show(name);
                if is_wanted(&shown) {
                    return shown;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the state comes")
    }

    /// Kills the server and starts it again.
    async fn die_and_return(&mut self) {
        self.server.kill9();
        self.server.restart().await;
        self.ann = self.ann.at(self.server.address());
    }
}

/// `TYPE TEXT` of an event.
fn told(event: &Json) -> String {
    let message = &event["data"]["message"];
    format!("{} {}", event["type"].as_str().unwrap(), message["text"].as_str().unwrap())
}
