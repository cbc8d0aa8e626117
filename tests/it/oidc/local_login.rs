//! `[auth] local_login = false`: nobody logs in with a password, and nobody sets one.

use serde_json::json;

use super::ann;
use crate::support::{Client, Ctl, Person, Provider, Server, Visitor};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_api_refuses_passwords_and_registration() {
    let provider = Provider::start();
    provider.knows(json!({"7": ann()})).await;
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let mut server = Server::start_in(data, &[]).await;
    let ctl = Ctl::of(&server);
    ctl.create("ben", &["--admin"]);
    ctl.run(&["bot", "create", "ci"]).ends(0);
    let ben = Person::known(&server, "ben").await;
    let bot = Person::known_by_token(&server, &ctl, "ci", "write").await;
    let link = ctl.one(&["user", "reset-link", "ben"]);
    let link = link["url"].as_str().unwrap().split_once("#reset=").unwrap().1.to_owned();
    for (key, value) in provider.settings(&[("AUTH__LOCAL_LOGIN", "false")]) {
        server.set(&key, &value);
    }
    server.restart().await;
    let client = Client::new(&server);
    let facts = client.get("/api/server").await.is(200);
    assert_eq!((&facts["localLogin"], &facts["registration"]), (&json!(false), &json!(false)));
    let (name, password) = ("ben", ben.password.as_str());
    let off = "local_login_off";
    let body = json!({"userId": name, "password": password});
    client.post("/api/login", body).await.fails(403, off);
    let new = json!({"userId": "cat", "password": "correct horse"});
    client.post("/api/users", new).await.fails(403, off);
    client.post("/api/reset/check", json!({"token": link})).await.fails(403, off);
    let reset = json!({"token": link, "password": "another horse"});
    client.post("/api/reset", reset).await.fails(403, off);
    let v1 = json!({"login": name, "password": password});
    client.post("/v1/login", v1.clone()).await.fails_v1(403, "forbidden");
    client.post("/v1/register", v1).await.fails_v1(403, "forbidden");
    let chats = json!({"login": name, "password": password});
    client.post("/auth/login", chats).await.fails_chats(403, "Forbidden");
    let realtime = json!({"username": name, "password": password});
    client.post("/Login", realtime).await.fails_realtime(403);
    let rooms = json!({"user_id": name, "password": password});
    client.post("/login", rooms).await.fails_rooms(403, "Forbidden");
    // Sessions, bots, tokens and the command line go on.
    let ben = ben.at(server.address());
    let change = json!({"password": "another horse", "currentPassword": password});
    ben.patch("/api/users/me", change).await.fails(403, off);
    ben.patch("/api/users/me", json!({"name": "Benjamin"})).await.is(200);
    bot.at(server.address()).get("/api/users/me").await.is(200);
    let ctl = Ctl::of(&server);
    ctl.create("dan", &[]);
    ctl.run(&["user", "reset-link", "ben"]).fails(7, "passwords is turned off");
    let browser = Visitor::of(&server.url());
    assert_eq!(browser.log_in("7").await, "/");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_needs_another_way_to_log_in() {
    let data = tempfile::tempdir().unwrap();
    let ctl = Ctl::at(data.path()).set("AUTH__LOCAL_LOGIN", "false");
    let refused = ctl.run(&["config", "check"]);
    refused.fails(6, "[auth] local_login must not be false without another way to log in");
    let with = |ctl: Ctl| ctl.set("OIDC__ISSUER", "https://id.example.org");
    let ctl = with(ctl).set("OIDC__CLIENT_ID", "chat");
    let ctl = ctl.set("SERVER__PUBLIC_URL", "https://chat.example.org");
    ctl.run(&["config", "check"]).ends(0);
}
