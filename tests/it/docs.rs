//! The API reference: the description for clients, and the page that renders it.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::support::{Browser, Client, Ctl, Driver, Json, Person, Server, Slapd, people};

#[tokio::test]
async fn the_description_is_sound() {
    let server = Server::start().await;
    let all = Client::new(&server).get("/api/openapi.json").await.is(200);
    assert!(
        all["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")),
        "{}",
        all["openapi"]
    );
    assert!(all["info"]["title"].is_string() && all["info"]["version"].is_string());
    let paths = all["paths"].as_object().expect("paths");
    assert!(paths.len() > 50 && paths.keys().all(|path| path.starts_with('/')));
    let mut references = BTreeSet::new();
    collect(&all, &mut references);
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a reference inside the description");
        assert!(all.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let tags: Vec<_> = all["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .map(|tag| tag["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(
        tags,
        ["chatrooms", "chats", "rooms", "v1", "realtime", "hooks", "administration", "operator"]
    );
    let carriers = all["components"]["securitySchemes"].as_object().expect("carriers");
    for operation in paths.values().flat_map(|item| item.as_object().expect("an item").values()) {
        for way in operation["security"].as_array().expect("carriers of an operation") {
            assert!(
                way.as_object().expect("a way").keys().all(|name| carriers.contains_key(name)),
                "{way}"
            );
        }
        assert!(tags.contains(&operation["tags"][0].as_str().expect("a tag")));
    }
}

#[tokio::test]
async fn description_and_page_are_served_like_files() {
    let server = Server::start().await;
    let client = Client::new(&server);
    for (path, kind) in
        [("/api/openapi.json", "application/json"), ("/docs", "text/html; charset=utf-8")]
    {
        let whole = client.get(path).await;
        whole.is_text(200);
        assert_eq!(
            (whole.header("content-type"), whole.header("cache-control")),
            (kind, "no-cache"),
            "{path}"
        );
        assert!(
            whole.header("content-security-policy").starts_with("default-src 'self';"),
            "{path}"
        );
        let known = client.with("if-none-match", whole.header("etag")).get(path).await;
        assert_eq!((known.status, known.bytes.len()), (304, 0), "{path}");
        let zipped = client.with("accept-encoding", "gzip").get(path).await;
        assert_eq!(zipped.header("content-encoding"), "gzip", "{path}");
        assert!(
            zipped.bytes.starts_with(&[0x1f, 0x8b]) && zipped.bytes.len() < whole.bytes.len(),
            "{path}"
        );
        let head = client.request(Method::HEAD, path, "").await;
        assert_eq!((head.status, head.bytes.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-length"), whole.bytes.len().to_string(), "{path}");
        let other = client.request(Method::POST, path, "").await;
        assert_eq!((other.status, other.header("allow")), (405, "GET, HEAD"), "{path}");
    }
    client.delete("/api/openapi.json").await.fails(405, "method_not_allowed");
}

#[tokio::test]
async fn every_example_of_a_command_succeeds() {
    let slapd = Slapd::start();
    let settings = slapd.settings();
    let mut settings: Vec<_> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    // An account is linked there, and nobody logs in.
    settings.extend([("OIDC__ISSUER", "https://id.invalid"), ("OIDC__CLIENT_ID", "chat")]);
    // A letter that cannot be sent is a problem that the command reports.
    settings.extend([("MAIL__HOST", "mail.invalid"), ("MAIL__FROM", "chat@example.org")]);
    let server = Server::start_with(&settings).await;
    let [ann, bob, cyd] = people(&server, ["ann", "bob", "cyd"]).await;
    assert_eq!(ann.room(&[&bob, &cyd]).await, "room001");
    let ctl = Ctl::of(&server);
    ctl.create("chief", &["--admin"]);
    // Nobody answers there.
    let url = "https://tickets.invalid/chat";
    ctl.one(&["outgoing-webhook", "create", url, "--room", "room001", "--name", "tickets"]);
    let chief = Person::known(&server, "chief").await;
    let all = chief.get("/api/openapi.json").await.is(200);
    let examples = all["paths"]["/api/admin"]["post"]["requestBody"]["content"]["application/json"]
        ["schema"]["examples"]
        .clone();
    for command in examples.as_array().expect("a list") {
        let answer = chief.post("/api/admin", command.clone()).await;
        assert_eq!(answer.status, 200, "{command}: {}", answer.text);
        assert!(answer.is(200)["items"].is_array(), "{command}");
    }
}

/// Returns the number of visible routes on the page.
const SHOWN: &str = "return [...document.querySelectorAll('details.operation')].filter((one) => \
                     one.checkVisibility()).length";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_every_route_and_asks_nobody_else() {
    let server = Server::start().await;
    let all = Client::new(&server).get("/api/openapi.json").await.is(200);
    let routes: usize = all["paths"]
        .as_object()
        .expect("paths")
        .values()
        .map(|item| item.as_object().expect("an item").len())
        .sum();
    let driver = Driver::start();
    let reader = Browser::open(&driver, "reader", server.address(), "390,844").await;
    reader.has("login-form").await;
    reader.errors().await;
    reader
        .page
        .goto(&format!("http://{}/docs#v1.History", server.address()))
        .await
        .expect("the page");
    reader.has("main:not([aria-busy]) details.operation[open] dl.fields").await;
    assert_eq!(reader.page.execute(SHOWN, Vec::new()).await.expect("a number"), json!(routes));
    let text = "return document.getElementById('v1.History').textContent";
    let text = reader.page.execute(text, Vec::new()).await.expect("a text").to_string();
    for part in [
        "/v1/rooms/{id}/messages",
        "limit",
        "1 to 1000",
        "X-Session-Id",
        "room_not_found",
        "created_at",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(
        reader.page.execute(wide, Vec::new()).await.expect("an answer"),
        json!(false),
        "the page is wider than the phone"
    );
    reader.picture("docs-phone").await;
    // A slash focuses the search; frames are found by their name.
    reader.fill("body", "/").await;
    reader.wait("the search", "return document.activeElement.id === 'search'").await;
    reader.fill("#search", "participant_changed").await;
    reader.wait("one route", &format!("return (() => {{ {SHOWN} }})() === 1")).await;
    reader.click("details.operation:not([hidden]) > summary").await;
    reader.has(".frames details.schema").await;
    reader
        .click("details.operation:not([hidden]) .frames details.schema:last-child > summary")
        .await;
    reader.has(".frames details.schema[open] .plain").await;
    reader.picture("docs-frames").await;
    let home = format!("http://{}/", server.address());
    let fetched = reader.fetched().await;
    assert!(
        fetched.iter().any(|url| url.ends_with("/api/openapi.json"))
            && fetched.iter().all(|url| url.starts_with(&home)),
        "{fetched:?}"
    );
    assert_eq!(reader.errors().await, [""; 0]);
    reader.close().await;
}

fn collect(value: &Json, found: &mut BTreeSet<String>) {
    match value {
        Json::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Json::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, found));
        }
        Json::Array(items) => items.iter().for_each(|value| collect(value, found)),
        _ => (),
    }
}
