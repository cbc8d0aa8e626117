//! What may be subscribed, and where nothing can be.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::json;

use super::{Device, ON, PATH, node};
use crate::support::{Ctl, Json, Person, Server};

fn body(endpoint: &str) -> Json {
    let keys = node("keys", "");
    json!({"endpoint": endpoint, "keys": {"p256dh": keys["p256dh"], "auth": keys["auth"]}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_a_browser_gives_is_taken() {
    let server = Server::start_with(&[("PUSH__CONTACT", "mailto:ops@chat.example")]).await;
    let ann = Person::new(&server, "ann").await;
    let put = async |body: &Json| ann.request(Method::PUT, PATH, body.clone()).await;
    let good = body("https://push.example/1");
    put(&good).await.is(204);
    for endpoint in [
        "http://push.example/1",
        "https://127.0.0.1/1",
        "https://[::1]:8443/1",
        "http://127.0.0.1:80/1",
        "https://a:b@push.example/1",
        "javascript:alert(1)",
        "",
    ] {
        let mut bad = good.clone();
        bad["endpoint"] = json!(endpoint);
        put(&bad).await.blames("endpoint");
    }
    let point = good["keys"]["p256dh"].as_str().unwrap();
    let mut off = URL_SAFE_NO_PAD.decode(point).unwrap();
    off[64] ^= 1;
    for (key, value) in [
        ("p256dh", URL_SAFE_NO_PAD.encode(&off)),
        ("p256dh", "BA".to_owned()),
        ("p256dh", "not base64!".to_owned()),
        ("auth", "BA".to_owned()),
    ] {
        let mut bad = good.clone();
        bad["keys"][key] = json!(value);
        put(&bad).await.blames(&format!("keys.{key}"));
    }
    put(&json!({"endpoint": "https://push.example/2"})).await.fails(400, "invalid_request");
    let state = ann.get(PATH).await.is(200);
    assert_eq!(state["subscription"]["endpoint"], "https://push.example/1", "nothing was changed");
    for _ in 0..2 {
        ann.delete(PATH).await.is(204);
        assert!(ann.get(PATH).await.is(200)["subscription"].is_null());
    }
    let ctl = Ctl::of(&server);
    let token = ann.with_token(&ctl, "script", "write");
    token.request(Method::PUT, PATH, good).await.fails(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_a_contact_sends_none() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let state = ann.get(PATH).await.is(200);
    assert_eq!(state, json!({"available": false, "text": true}));
    ann.request(Method::PUT, PATH, body("https://push.example/1")).await.blames("endpoint");
    let ctl = Ctl::of(&server);
    assert_eq!(ctl.one(&["status"])["push"], "off");
    let found = ctl.all(&["doctor", "--only", "push"]);
    assert_eq!(found[0]["status"], "skipped", "{found:?}");
    // With https there is one.
    let public = [("SERVER__PUBLIC_URL", "https://chat.example/")];
    let server = Server::start_with(&public).await;
    let ann = Person::new(&server, "ann").await;
    let state = ann.get(PATH).await.is(200);
    assert_eq!(state["available"], true);
    assert_eq!(URL_SAFE_NO_PAD.decode(state["key"].as_str().unwrap()).unwrap().len(), 65);
    let found = Ctl::of(&server).set("SERVER__PUBLIC_URL", "https://chat.example/");
    let found = found.all(&["doctor", "--only", "push"]);
    assert_eq!(found[0]["status"], "ok", "{found:?}");
    let contact = [("PUSH__CONTACT", "mailto:ops@chat.example")];
    let server = Server::start_with(&contact).await;
    let ctl = Ctl::of(&server).set("PUSH__CONTACT", "mailto:ops@chat.example");
    let found = ctl.all(&["doctor", "--only", "push"]);
    assert_eq!(found[0]["status"], "warning", "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_says_which_devices_and_an_erasure_removes_them() {
    let server = Server::start_with(&ON).await;
    let service = super::Service::start().await;
    let [ann, bob] = crate::support::people(&server, ["ann", "bob"]).await;
    let _device = Device::subscribed(&ann, &service, "phone", json!({})).await;
    let ctl = Ctl::of(&server);
    let file = server.data().join("ann.zip");
    ctl.run(&["user", "export", "ann", file.to_str().unwrap()]).ends(0);
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&file).unwrap()).unwrap();
    let mut text = String::new();
    let mut sessions = archive.by_name("sessions.jsonl").unwrap();
    std::io::Read::read_to_string(&mut sessions, &mut text).unwrap();
    assert!(text.contains("\"push\":true") && !text.contains("/push/phone"), "{text}");
    let room = bob.room(&[&ann]).await;
    ctl.run(&["user", "erase", "ann", "--yes"]).ends(0);
    bob.say(&room, "is anybody there?").await;
}
