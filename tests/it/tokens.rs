//! Bots, API tokens and webhooks, from the command line to the APIs.

use reqwest::Method;
use serde_json::json;

use crate::support::{Body, Client, Ctl, Json, Person, RoomPlan, Server};

/// A server with the administrator `ann`, who is in the public room `hall`.
async fn hall(settings: &[(&str, &str)]) -> (Server, Ctl, Person, String) {
    let server = Server::start_with(settings).await;
    let ctl = Ctl::of(&server);
    ctl.create("ann", &["--admin"]);
    let ann = Person::known(&server, "ann").await;
    let hall = ann.room_like(&[], RoomPlan { name: Some("hall"), public: true }).await;
    (server, ctl, ann, hall)
}

fn text(object: &Json, key: &str) -> String {
    object[key].as_str().unwrap_or_else(|| panic!("no {key} in {object}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_are_managed_with_and_without_a_running_server() {
    for running in [true, false] {
        let (mut server, ctl, _, hall) = hall(&[]).await;
        let address = server.address().to_owned();
        if !running {
            assert!(server.terminate().await.success());
        }
        let bot = ctl.one(&["bot", "create", "deploy", "--name", "Deploys", "--room", "hall"]);
        assert_eq!(
            (&bot["name"], &bot["display_name"], &bot["bot"], &bot["guest"], &bot["admin"]),
            (&json!("deploy"), &json!("Deploys"), &json!(true), &json!(false), &json!(false))
        );
        ctl.one(&["bot", "create", "quiet", "--guest"]);
        let again = ["bot", "create", "deploy"];
        ctl.run(&again).ends(4);
        assert_eq!(ctl.one(&[&again[..], &["--if-not-exists"]].concat())["id"], bot["id"]);
        ctl.run(&["bot", "create", "lost", "--room", "nowhere"]).ends(3);
        let bots = ctl.all(&["bot", "list"]);
        assert_eq!(
            bots.iter().map(|bot| text(bot, "name")).collect::<Vec<_>>(),
            ["deploy", "quiet"]
        );
        let members = ctl.all(&["room", "members", "hall"]);
        assert!(members.iter().any(|member| member["name"] == "deploy"), "{members:?}");

        let create = ["token", "create", "deploy", "--name", "ci", "--expires", "90d"];
        let made = ctl.one(&create);
        let secret = text(&made, "token");
        assert!(secret.starts_with("cct_") && secret.len() == 44, "{made}");
        assert_eq!((&made["scope"], &made["user"]), (&json!("read"), &json!("deploy")));
        assert!(made["expires"].is_string() && made["last_used"].is_null(), "{made}");
        ctl.run(&create).ends(4);
        assert!(ctl.one(&[&create[..], &["--if-not-exists"]].concat())["token"].is_null());
        ctl.one(&["token", "create", "ann", "--name", "mine", "--scope", "admin"]);
        for (arguments, code) in [
            (&["token", "create", "deploy", "--name", "x", "--scope", "admin"][..], 7),
            (&["token", "create", "nobody", "--name", "x"], 3),
            (&["token", "create", "deploy", "--name", ""], 2),
            (&["token", "create", "deploy", "--name", "x", "--expires", "0s"], 2),
            (&["token", "create", "deploy", "--name", "x", "--expires", "11y"], 2),
            (&["token", "create", "deploy", "--name", "x", "--scope", "webhook"], 2),
            (&["token", "revoke", "deploy", "other"], 3),
            (&["token", "revoke", "deploy", "other", "--if-exists"], 0),
            (&["bot", "delete", "ann", "--yes"], 7),
            (&["bot", "delete", "quiet"], 2),
        ] {
            ctl.run(arguments).ends(code);
        }
        let listed = ctl.run(&["token", "list", "-o", "jsonl"]);
        assert_eq!(listed.ends(0).out.lines().count(), 2, "{listed:?}");
        assert!(!listed.out.contains("cct_"), "{listed:?}");
        assert_eq!(ctl.one(&["token", "revoke", "deploy", "ci"])["name"], "ci");
        assert!(ctl.all(&["token", "list", "deploy"]).is_empty());

        let hook = ctl.one(&["webhook", "create", "hall", "--name", "CI: main"]);
        let url = text(&hook, "url");
        assert_eq!((&hook["user"], &hook["room"]), (&json!("hook-ci-main"), &json!(hall)));
        if running {
            assert!(url.starts_with(&format!("http://{address}/hooks/cct_")), "{url}");
        }
        let public = ctl.clone().set("SERVER__PUBLIC_URL", "https://chat.example.org/talk/");
        if !running {
            let url = text(&public.one(&["webhook", "create", "hall", "--name", "two"]), "url");
            assert!(url.starts_with("https://chat.example.org/talk/hooks/cct_"), "{url}");
            public.run(&["webhook", "delete", "hall", "two", "--yes"]).ends(0);
        }
        ctl.run(&["webhook", "create", "hall", "--name", "CI: main"]).ends(4);
        let again = ["webhook", "create", "hall", "--name", "CI: main", "--if-not-exists"];
        assert!(ctl.one(&again)["url"].is_null());
        for list in [&["webhook", "list"][..], &["webhook", "list", "hall"]] {
            let listed = ctl.all(list);
            assert_eq!((listed.len(), &listed[0]["name"]), (1, &json!("CI: main")), "{listed:?}");
        }
        ctl.run(&["webhook", "delete", "hall", "CI: main"]).ends(2);
        ctl.run(&["webhook", "delete", "hall", "CI: main", "--yes"]).ends(0);
        ctl.run(&["webhook", "delete", "hall", "CI: main", "--yes"]).ends(3);
        assert!(ctl.all(&["webhook", "list"]).is_empty());
        let bot = ctl.one(&["user", "show", "hook-ci-main"]);
        assert_eq!((&bot["disabled"], &bot["guest"]), (&json!(true), &json!(true)));
        ctl.run(&["bot", "delete", "deploy", "--yes"]).ends(0);
        ctl.run(&["user", "show", "deploy"]).ends(3);
    }
}

#[tokio::test]
async fn every_dialect_takes_a_token_where_it_takes_its_own() {
    let (server, ctl, ann, hall) = hall(&[]).await;
    ctl.one(&["bot", "create", "deploy", "--room", "hall"]);
    let bot = Person::known_by_token(&server, &ctl, "deploy", "write").await;
    let (nobody, token) = (Client::new(&server), &bot.token);
    let cookie = |name: &str| nobody.with("cookie", &format!("{name}={token}"));
    for (client, path, status) in [
        (nobody.bearer(token), "/api/chatrooms", 200),
        (cookie("jwt_token"), "/api/chatrooms", 200),
        (nobody.bearer(token), "/chats", 200),
        (cookie("session"), "/users/me", 200),
        (nobody.bearer(token), "/rooms", 200),
        (nobody.with("x-session-id", token), "/v1/info", 200),
        (cookie("chat_session"), "/Room", 200),
        (nobody.bearer(token), "/Room", 200),
        // Only the whole token is one.
        (nobody.bearer(&token[4..]), "/api/chatrooms", 401),
        (nobody.with("x-session-id", &token[4..]), "/v1/info", 401),
        (nobody.bearer(&format!("{token}0")), "/api/chatrooms", 401),
    ] {
        client.get(path).await.is_text(status);
    }
    assert_eq!(bot.get("/api/users/me").await.is(200)["bot"], true);
    // What it does is done by its account, over sockets too.
    let mut listening = ann.enter(&hall).await;
    bot.enter(&hall).await.say("deployed").await;
    let heard = listening.hears("deployed").await;
    assert_eq!(
        heard["sender_id"].as_str().or(heard["user_id"].as_str()),
        Some("deploy"),
        "{heard}"
    );
    let number = crate::support::number(&hall);
    let v1 = nobody.with("x-session-id", token);
    let mut socket = v1.socket("deploy", &format!("/v1/rooms/{number}/chat")).await;
    socket.send(json!({"text": "over v1"})).await;
    listening.hears("over v1").await;
    // A log-in is not possible.
    for password in ["", "deploy", "secret of deploy"] {
        let refused =
            nobody.post("/api/login", json!({"userId": "deploy", "password": password})).await;
        assert!((400..500).contains(&refused.status), "{refused:?}");
    }
    let used = &ctl.all(&["token", "list", "deploy"])[0];
    assert!(used["last_used"].is_string(), "{used}");
}

#[tokio::test]
async fn a_token_does_not_manage_its_account() {
    let (_server, ctl, ann, _) = hall(&[]).await;
    let [write, admin] = ["write", "admin"].map(|scope| ann.with_token(&ctl, scope, scope));
    let sessions = ann.get("/api/sessions").await.is(200);
    let all = sessions["sessions"].as_array().unwrap();
    assert_eq!(all.len(), 1, "tokens are no log-ins: {sessions}");
    let own = format!("/api/sessions/{}", all[0]["id"].to_string().trim_matches('"'));
    let secret = "secret of ann";
    let password = json!({"password": "another secret", "currentPassword": secret});
    for token in [&write, &admin] {
        for (method, path, body) in [
            (Method::PATCH, "/api/users/me", Body::Json(password.clone())),
            (Method::PATCH, "/api/users/me", Body::Json(json!({"email": "ann@example.org"}))),
            (Method::DELETE, "/api/users/me", Body::Nothing),
            (Method::POST, "/api/logout", Body::Nothing),
            (Method::DELETE, &*own, Body::Nothing),
        ] {
            token.request(method, path, body).await.fails(403, "forbidden");
        }
        token.patch("/api/users/me", json!({"name": "Ann"})).await.is(200);
    }
    write.post("/api/admin", json!({"status": {}})).await.is(404);
    admin.post("/api/admin", json!({"status": {}})).await.is(200);
    // It has the role of its account no longer than the account.
    ctl.run(&["user", "demote", "ann", "--yes"]).ends(0);
    admin.post("/api/admin", json!({"status": {}})).await.is(404);
    ann.get("/api/users/me").await.is(200);
}

#[tokio::test]
async fn a_token_ends_with_its_sockets() {
    let (server, ctl, _, hall) = hall(&[("AUTH__TOKEN_RECHECK_SECONDS", "1")]).await;
    ctl.one(&["bot", "create", "deploy", "--room", "hall"]);
    let one = Person::known_by_token(&server, &ctl, "deploy", "write").await;
    let mut socket = one.enter(&hall).await;
    ctl.run(&["token", "revoke", "deploy", "write"]).ends(0);
    assert_eq!(socket.closed().await, 4401);
    one.get("/api/users/me").await.fails(401, "invalid_token");

    // Its expiry is not extended by use.
    let create = ["token", "create", "deploy", "--name", "brief", "--expires", "5s"];
    let brief = Client::new(&server).bearer(&text(&ctl.one(&create), "token"));
    let mut socket = brief.socket("brief", "/chat").await;
    assert_eq!(socket.closed().await, 4401);
    brief.get("/api/users/me").await.fails(401, "invalid_token");

    let two = Person::known_by_token(&server, &ctl, "deploy", "read").await;
    let mut socket = two.open().await;
    ctl.run(&["user", "disable", "deploy"]).ends(0);
    assert_eq!(socket.closed().await, 4401);
    two.get("/api/users/me").await.fails(401, "invalid_token");
    ctl.run(&["user", "enable", "deploy"]).ends(0);
    two.get("/api/users/me").await.fails(401, "invalid_token");
}

#[tokio::test]
async fn a_bot_that_is_a_guest_sees_its_rooms_only() {
    let (server, ctl, ann, hall) = hall(&[]).await;
    let attic = ann.room_like(&[], RoomPlan { name: Some("attic"), public: true }).await;
    ctl.one(&["bot", "create", "deploy", "--guest", "--room", "hall"]);
    let bot = Person::known_by_token(&server, &ctl, "deploy", "write").await;
    bot.say(&hall, "deployed").await;
    bot.get(&format!("/api/chatrooms/{attic}")).await.fails(404, "room_not_found");
    bot.post(&format!("/api/chatrooms/{attic}/join"), Body::Nothing)
        .await
        .fails(404, "room_not_found");
    let rooms = bot.get("/api/chatrooms").await.is(200);
    assert_eq!(rooms["chatrooms"].as_array().unwrap().len(), 1, "{rooms}");
}

#[tokio::test]
async fn the_address_of_a_webhook_is_no_token() {
    let (server, ctl, ..) = hall(&[]).await;
    let url = text(&ctl.one(&["webhook", "create", "hall", "--name", "CI"]), "url");
    let secret = url.rsplit('/').next().unwrap();
    let nobody = Client::new(&server);
    nobody.bearer(secret).get("/api/users/me").await.fails(401, "invalid_token");
    nobody.with("x-session-id", secret).get("/v1/info").await.is_text(401);
    let cookie = nobody.with("cookie", &format!("jwt_token={secret}"));
    cookie.get("/api/chatrooms").await.fails(401, "invalid_token");
    nobody.bearer(secret).handshake("/chat").await.is_text(401);
}

/// What a program sends, and the text that it becomes.
fn sent(name: &str) -> (Vec<u8>, &'static str, String) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hooks");
    let (kind, form) = if name.starts_with("gitlab") {
        ("application/x-www-form-urlencoded", "form")
    } else {
        ("application/json", "json")
    };
    let read = |end: &str| std::fs::read(folder.join(format!("{name}.{end}"))).expect("a fixture");
    (read(form), kind, String::from_utf8(read("md")).expect("a text").trim_end().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_post_through_a_webhook() {
    let (mut server, ctl, ann, hall) =
        hall(&[("LOG__LEVEL", "trace"), ("SERVER__PUBLIC_URL", "http://localhost/talk")]).await;
    let url = text(&ctl.one(&["webhook", "create", "hall", "--name", "Robot"]), "url");
    let path = url.strip_prefix("http://localhost").unwrap();
    let secret = path.strip_prefix("/talk/hooks/").unwrap().to_owned();
    let nobody = Client::new(&server);
    let post = async |path: &str, kind: &str, body: Vec<u8>| {
        nobody.with("content-type", kind).post(path, Body::Raw(body)).await
    };
    let mut listening = ann.enter(&hall).await;
    for name in ["grafana", "alertmanager", "gitlab-push", "uptime-kuma"] {
        let (body, kind, wanted) = sent(name);
        let answer = post(path, kind, body).await;
        assert_eq!((answer.status, &*answer.text), (200, "ok"), "{name}");
        assert_eq!(text(&listening.until("chat_message").await, "content").trim_end(), wanted);
    }
    let last = ann.history(&hall).await.pop().unwrap();
    assert_eq!(last["userId"].as_str().or(last["senderId"].as_str()), Some("hook-robot"), "{last}");
    let hello = || br#"{"text":"hello"}"#.to_vec();
    let json = "application/json";
    // The path of `public_url` may have been removed by a proxy.
    assert_eq!(post(&format!("/hooks/{secret}"), json, hello()).await.status, 200);
    let wrong = format!("/talk/hooks/cct_{}", "0".repeat(40));
    for (path, body, status, word) in [
        (wrong.as_str(), hello(), 404, "no_service"),
        ("/talk/hooks/", hello(), 404, "no_service"),
        ("/talk/hooks/nonsense", hello(), 404, "no_service"),
        (path, b"{}".to_vec(), 400, "no_text"),
        (path, b"{".to_vec(), 400, "invalid_payload"),
    ] {
        let answer = post(path, json, body).await;
        assert_eq!((answer.status, &*answer.text), (status, word), "{path}");
    }
    nobody.get(path).await.is_text(405);
    // No token of another kind posts.
    let token = ann.with_token(&ctl, "write", "write").token;
    assert_eq!(post(&format!("/talk/hooks/{token}"), json, hello()).await.status, 404);
    let change = async |arguments: &[&str], status: u16, word: &str| {
        ctl.run(arguments).ends(0);
        let answer = post(path, json, hello()).await;
        assert_eq!((answer.status, &*answer.text), (status, word), "{arguments:?}");
    };
    change(&["room", "read-only", "hall"], 403, "action_prohibited").await;
    change(&["room", "read-only", "hall", "--off"], 200, "ok").await;
    change(&["room", "archive", "hall"], 410, "channel_is_archived").await;
    change(&["room", "unarchive", "hall"], 200, "ok").await;
    change(&["webhook", "delete", "hall", "Robot", "--yes"], 404, "no_service").await;
    let texts = ann.contents(&hall).await;
    assert_eq!(texts.iter().filter(|text| *text == "hello").count(), 3, "{texts:?}");
    assert!(server.terminate().await.success());
    let log = server.log_files() + &server.output().join("\n");
    assert!(log.contains("A webhook posted a message"), "{log}");
    for secret in [&secret[4..], &token[4..]] {
        assert!(!log.contains(secret), "the log contains a token");
    }
}

#[tokio::test]
async fn a_webhook_is_limited_like_a_user() {
    let (server, ctl, ..) = hall(&[("LIMITS__REQUESTS_PER_MINUTE_PER_USER", "3")]).await;
    let url = text(&ctl.one(&["webhook", "create", "hall", "--name", "CI"]), "url");
    let path = url.split_once(server.address()).unwrap().1;
    let client = Client::new(&server);
    let mut seen = Vec::new();
    for _ in 0..4 {
        let answer = client.post(path, json!({"text": "hello"})).await;
        if answer.status == 429 {
            assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
        }
        seen.push((answer.status, answer.text));
    }
    let ok = (200, "ok".to_owned());
    assert_eq!(seen, [ok.clone(), ok.clone(), ok, (429, "rate_limited".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_create_tokens_of_their_own_where_the_server_permits_it() {
    let (server, ctl, ann, hall) = hall(&[("AUTH__PERSONAL_TOKENS", "true")]).await;
    let bob = Person::new(&server, "bob").await;
    let facts = Client::new(&server).get("/api/server").await.is(200);
    assert_eq!(facts["personalTokens"], true);
    let made = bob.post("/api/tokens", json!({"name": "laptop", "expiresDays": 30})).await.is(201);
    assert_eq!((&made["scope"], &made["name"]), (&json!("read"), &json!("laptop")));
    assert!(made["expires"].is_string() && made["lastUsed"].is_null(), "{made}");
    let program = bob.bearer(&text(&made, "token"));
    assert_eq!(program.get("/api/users/me").await.is(200)["userId"], "bob");
    bob.post("/api/tokens", json!({"name": "laptop"})).await.is(409);
    bob.post("/api/tokens", json!({"name": "x", "scope": "all"})).await.is(400);
    bob.post("/api/tokens", json!({"name": "x", "expiresDays": 0})).await.is(400);
    // No more than the person may do, and not by a token.
    bob.post("/api/tokens", json!({"name": "x", "scope": "admin"})).await.is(403);
    ann.post("/api/tokens", json!({"name": "x", "scope": "admin"})).await.is(201);
    let writer = bob.post("/api/tokens", json!({"name": "writer", "scope": "write"})).await.is(201);
    let writer = bob.bearer(&text(&writer, "token"));
    writer.post(&format!("/api/chatrooms/{hall}/join"), json!({})).await.is(200);
    writer.post("/api/tokens", json!({"name": "more"})).await.is(403);

    let listed = bob.get("/api/tokens").await.is(200);
    let named = |list: &Json| {
        list["tokens"].as_array().unwrap().iter().map(|t| text(t, "name")).collect::<Vec<_>>()
    };
    assert_eq!(named(&listed), ["writer", "laptop"]);
    assert!(listed["tokens"][0].get("token").is_none(), "{listed}");
    let id = &made["id"];
    ann.request(Method::DELETE, &format!("/api/tokens/{id}"), Body::Nothing).await.is(404);
    bob.request(Method::DELETE, &format!("/api/tokens/{id}"), Body::Nothing).await.is_text(204);
    program.get("/api/users/me").await.is(401);
    assert_eq!(named(&bob.get("/api/tokens").await.is(200)), ["writer"]);
    assert_eq!(ctl.all(&["token", "list", "bob"]).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_are_present_without_being_online() {
    let (server, ctl, ann, hall) = hall(&[]).await;
    ctl.one(&["bot", "create", "deploy", "--room", "hall"]);
    let bot = Person::known_by_token(&server, &ctl, "deploy", "write").await;
    let mut listening = bot.enter(&hall).await;
    let mut socket = ann.open().await;
    let joined = socket.join(&hall).await;
    assert_eq!(joined["online"], json!(["ann"]), "{joined}");
    assert_eq!(joined["online_count"], 1, "{joined}");
    assert_eq!(ctl.one(&["status"])["users_connected"], 1);
    // It receives what is said.
    socket.say("hello").await;
    listening.hears("hello").await;
    // Nobody is told that it leaves either.
    listening.close().await;
    let told = socket.settle().await;
    assert!(told.iter().all(|frame| frame["type"] != "user_left"), "{told:?}");
}
