//! Two-step log-in: setting it up, logging in to every dialect, and who turns it off.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod required;

use chatctl::model::Timestamp;
use reqwest::Method;
use serde_json::json;
use totp_rs::{Builder, Secret};

use crate::support::{Answer, Body, Client, Ctl, Json, Person, Server};

const PATH: &str = "/api/users/me/second_factor";
/// The body of a log-in.
type Offer = fn(&Person) -> Json;

const OPTIONAL: (&str, &str) = ("AUTH__SECOND_FACTOR", "optional");

/// An authenticator app.
pub(crate) struct App {
    secret: String,
    /// When it was set up, so that codes do not depend on how long a test takes.
    since: i64,
}

impl App {
    pub(crate) fn new(secret: &str) -> Self {
        Self { secret: secret.to_owned(), since: Timestamp::now().unix_seconds() }
    }

    /// The code that is shown this many steps after the set-up. The server takes it for more than
    /// half a minute, if it is not negative.
    pub(crate) fn shows(&self, steps: i64) -> String {
        let secret = Secret::try_from_base32(&self.secret).unwrap();
        let totp = Builder::new().with_secret(secret).build().unwrap();
        totp.generate(u64::try_from(self.since + 30 * steps).unwrap()).to_string()
    }
}

/// Sets a second factor up, without bringing it into force.
async fn set_up(person: &Person) -> App {
    let made = person.post(PATH, json!({"password": person.password})).await.is(200);
    App::new(made["secret"].as_str().unwrap())
}

/// Turns two-step log-in on; returns the recovery codes.
async fn turn_on(person: &Person) -> (App, Vec<String>) {
    let app = set_up(person).await;
    let made = person.post(&format!("{PATH}/confirm"), json!({"code": app.shows(0)})).await.is(200);
    let codes = made["recoveryCodes"].as_array().unwrap().iter();
    (app, codes.map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn log_in(server: &Server, person: &Person, code: Option<&str>) -> Answer {
    let mut body = json!({"userId": person.login, "password": person.password});
    if let Some(code) = code {
        body["code"] = code.into();
    }
    Client::new(server).post("/api/login", body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_set_up_with_the_password_and_confirmed_with_a_code() {
    let server = Server::start_with(&[OPTIONAL, ("SERVER__NAME", "Pier: Nine")]).await;
    let ann = Person::new(&server, "ann").await;
    let other = ann.again().await;
    let program = ann.with_token(&Ctl::of(&server), "ci", "write");
    let off = json!({"available": true, "enabled": false, "required": false, "recoveryCodes": 0});
    assert_eq!(ann.get(PATH).await.is(200), off);
    ann.post(PATH, json!({})).await.blames("password");
    ann.post(PATH, json!({"password": "wrong wrong"})).await.fails(403, "forbidden");
    program.post(PATH, json!({"password": ann.password})).await.fails(403, "forbidden");
    let confirm = format!("{PATH}/confirm");
    ann.post(&confirm, json!({"code": "123456"})).await.blames("code");

    let made = ann.post(PATH, json!({"password": ann.password})).await.is(200);
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32, "160 bits in Base32");
    assert_eq!(
        made["url"],
        format!("otpauth://totp/Pier%20%20Nine:ann?secret={secret}&issuer=Pier%20%20Nine")
    );
    let picture = made["qrCode"].as_str().unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>"), "{picture}");
    log_in(&server, &ann, None).await.is(200);
    assert_eq!(ann.get(PATH).await.is(200), off, "set up is not in force");

    let app = App::new(secret);
    ann.post(&confirm, json!({"code": app.shows(40)})).await.blames("code");
    // The code of the step before this one is taken too. It is when the step ends meanwhile that
    // it is not.
    let confirmed = loop {
        let app = App::new(secret);
        let answer = ann.post(&confirm, json!({"code": app.shows(-1)})).await;
        if answer.status == 200 || App::new(secret).shows(0) == app.shows(0) {
            break answer.is(200);
        }
    };
    let codes = confirmed["recoveryCodes"].as_array().unwrap();
    assert!(codes.len() == 10 && codes[0].as_str().unwrap().len() == 19, "{codes:?}");
    ann.post(&confirm, json!({"code": app.shows(1)})).await.fails(409, "already_exists");
    ann.post(PATH, json!({"password": ann.password})).await.fails(409, "already_exists");
    assert_eq!(
        ann.get(PATH).await.is(200),
        json!({"available": true, "enabled": true, "required": false, "recoveryCodes": 10})
    );
    // Like a new password, it ends the other sessions.
    other.get("/api/users/me").await.is(401);
    program.get("/api/users/me").await.is(401);
    ann.post("/api/refresh", Body::Nothing).await.is(200);
    let token = ann.with_token(&Ctl::of(&server), "later", "read");
    token.get("/api/users/me").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_logs_in_once_and_so_does_a_recovery_code() {
    let mut server = Server::start_with(&[OPTIONAL]).await;
    let ann = Person::new(&server, "ann").await;
    let (app, codes) = turn_on(&ann).await;
    log_in(&server, &ann, None).await.fails(401, "second_factor_required");
    log_in(&server, &ann, Some("")).await.fails(401, "second_factor_required");
    let mut wrong = ann.clone();
    wrong.password = "wrong wrong".to_owned();
    log_in(&server, &wrong, None).await.fails(401, "invalid_credentials");
    log_in(&server, &wrong, Some(&app.shows(1))).await.fails(401, "invalid_credentials");
    log_in(&server, &ann, Some(&app.shows(0))).await.fails(401, "invalid_credentials");
    let both = [app.shows(1), app.shows(1)];
    let (one, two) =
        tokio::join!(log_in(&server, &ann, Some(&both[0])), log_in(&server, &ann, Some(&both[1])));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "of two log-ins with one code, one wins");
    server.wait_for_log(&["Authentication failed.", "reason=code"]).await;
    server.restart().await;
    let mut ann = ann.at(server.address());
    log_in(&server, &ann, Some(&app.shows(1))).await.fails(401, "invalid_credentials");
    log_in(&server, &ann, Some(&format!(" {} ", codes[4].to_uppercase()))).await.is(200);
    log_in(&server, &ann, Some(&codes[4])).await.fails(401, "invalid_credentials");
    assert_eq!(ann.get(PATH).await.is(200)["recoveryCodes"], 9);

    let renew = format!("{PATH}/recovery_codes");
    let body = |password: &str, code: &str| json!({"password": password, "code": code});
    ann.post(&renew, body("wrong wrong", &codes[5])).await.fails(403, "forbidden");
    ann.post(&renew, body(&ann.password, "000000")).await.blames("code");
    let new = ann.post(&renew, body(&ann.password, &codes[5])).await.is(200);
    log_in(&server, &ann, Some(&codes[6])).await.fails(401, "invalid_credentials");
    let new = new["recoveryCodes"][0].as_str().unwrap();
    log_in(&server, &ann, Some(new)).await.is(200);
    // A new password changes nothing about it.
    let change = json!({"password": "another secret", "currentPassword": ann.password});
    ann.patch("/api/users/me", change).await.is(200);
    ann.password = "another secret".to_owned();
    log_in(&server, &ann, None).await.fails(401, "second_factor_required");

    let off = format!("{PATH}/off");
    ann.post(&off, json!({"password": ann.password})).await.blames("code");
    ann.post(&off, body("wrong wrong", &codes[0])).await.fails(403, "forbidden");
    ann.post(&off, body(&ann.password, "000000")).await.blames("code");
    assert!(ann.get(PATH).await.is(200)["enabled"].as_bool().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_dialect_takes_a_code_and_refuses_a_log_in_without_one() {
    let server = Server::start_with(&[OPTIONAL, ("LIMITS__ENABLED", "false")]).await;
    let client = Client::new(&server);
    let logs_in: [(&str, Offer, u16); 6] = [
        ("/api/login", |p| json!({"userId": p.login, "password": p.password}), 200),
        ("/v1/login", |p| json!({"login": p.login, "password": p.password}), 200),
        ("/auth/login", |p| json!({"login": p.login, "password": p.password}), 200),
        ("/auth/login", |p| json!({"email": "e@example.org", "password": p.password}), 200),
        ("/login", |p| json!({"user_id": p.login, "password": p.password}), 205),
        ("/Login", |p| json!({"username": p.login, "password": p.password}), 200),
    ];
    let ann = Person::new(&server, "ann").await;
    ann.patch("/api/users/me", json!({"email": "e@example.org"})).await.is(200);
    let (_, codes) = turn_on(&ann).await;
    for (at, (path, body, status)) in logs_in.iter().enumerate() {
        let refuses = |answer: &Answer, missing: bool| match *path {
            "/api/login" if missing => drop(answer.fails(401, "second_factor_required")),
            "/api/login" => drop(answer.fails(401, "invalid_credentials")),
            "/v1/login" => answer.fails_v1(422, "wrong_credentials"),
            "/auth/login" => answer.fails_chats(400, "Invalid email or password"),
            "/login" => answer.fails_rooms(404, "NotFound"),
            _ => assert_eq!(answer.is(200), json!({"status": false})),
        };
        let mut body = body(&ann);
        refuses(&client.post(path, body.clone()).await, true);
        body["code"] = "000000".into();
        refuses(&client.post(path, body.clone()).await, false);
        body["code"] = codes[at].as_str().into();
        let opened = client.post(path, body.clone()).await;
        assert_eq!(opened.status, *status, "{path}: {}", opened.text);
        if *path == "/Login" {
            assert_eq!(opened.json(), json!({"status": true}));
        }
        refuses(&client.post(path, body).await, false);
    }
    // Programs that cannot send one use an API token, in every dialect.
    let token = ann.with_token(&Ctl::of(&server), "old-client", "read").token;
    client.with("x-session-id", &token).get("/v1/info").await.is(200);
    client.bearer(&token).get("/chats").await.is(200);
    client.with("cookie", &format!("session={token}")).get("/users/me").await.is(200);
    client.with("cookie", &format!("chat_session={token}")).get("/Room").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_codes_are_failed_log_ins() {
    let server =
        Server::start_with(&[OPTIONAL, ("LIMITS__LOGIN_FAILURES_PER_MINUTE_PER_ACCOUNT", "4")])
            .await;
    let ann = Person::new(&server, "ann").await;
    let (app, _) = turn_on(&ann).await;
    for _ in 0..4 {
        // That a code is missing is no guess.
        log_in(&server, &ann, None).await.fails(401, "second_factor_required");
        log_in(&server, &ann, Some("000000")).await.fails(401, "invalid_credentials");
    }
    log_in(&server, &ann, Some(&app.shows(1))).await.fails(429, "rate_limited");
    log_in(&server, &ann, None).await.fails(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_turn_it_off_with_and_without_a_running_server() {
    let mut server = Server::start_with(&[OPTIONAL]).await;
    let ctl = Ctl::of(&server);
    let [mut ann, ben] = crate::support::people(&server, ["ann", "ben"]).await;
    let (_, codes) = turn_on(&ann).await;
    turn_on(&ben).await;
    assert_eq!(ctl.one(&["user", "show", "ann"])["second_factor"], true);
    // A link for a new password is no way around it.
    let link = ctl.one(&["user", "reset-link", "ann"]);
    let token = link["url"].as_str().unwrap().split_once("#reset=").unwrap().1;
    let reset = json!({"token": token, "password": "another secret"});
    Client::new(&server).post("/api/reset", reset).await.is(200);
    ann.password = "another secret".to_owned();
    log_in(&server, &ann, None).await.fails(401, "second_factor_required");

    assert_eq!(ctl.one(&["user", "reset-second-factor", "ANN"])["second_factor"], false);
    log_in(&server, &ann, None).await.is(200);
    log_in(&server, &ann, Some(&codes[0])).await.is(200);
    ctl.run(&["user", "reset-second-factor", "nobody"]).ends(3);
    let changed = |action: &str| {
        let said = ctl.run(&["audit", "export", "--action", action]);
        let lines = said.ends(0).out.lines();
        lines.map(|line| serde_json::from_str::<Json>(line).unwrap()).collect::<Vec<_>>()
    };
    let entries = changed("user.reset_second_factor");
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(
        (&entries[0]["before"], &entries[0]["after"], &entries[0]["target"]["name"]),
        (&json!({"second_factor": true}), &json!({"second_factor": false}), &json!("ann"))
    );
    assert!(server.terminate().await.success());
    assert_eq!(ctl.one(&["user", "reset-second-factor", "ben"])["second_factor"], false);
    let entries = changed("user.reset_second_factor");
    assert_eq!(entries.len(), 2, "{entries:?}");
    server.restart().await;
    log_in(&server, &ben, None).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_setting_no_code_is_asked_for() {
    let mut server = Server::start_with(&[OPTIONAL]).await;
    let [ann, ben] = crate::support::people(&server, ["ann", "ben"]).await;
    let (_, codes) = turn_on(&ann).await;
    server.set("AUTH__SECOND_FACTOR", "off");
    server.restart().await;
    let (ann, ben) = (ann.at(server.address()), ben.at(server.address()));
    log_in(&server, &ann, None).await.is(200);
    log_in(&server, &ann, Some("000000")).await.is(200);
    let refused = ben.post(PATH, json!({"password": ben.password})).await;
    refused.fails(403, "forbidden");
    assert!(refused.text.contains("turned off on this server"), "{}", refused.text);
    assert_eq!(
        ben.get(PATH).await.is(200),
        json!({"available": false, "enabled": false, "required": false, "recoveryCodes": 0})
    );
    assert_eq!(
        ann.get(PATH).await.is(200),
        json!({"available": false, "enabled": true, "required": false, "recoveryCodes": 10})
    );
    let off = json!({"password": ann.password, "code": codes[0]});
    ann.request(Method::POST, &format!("{PATH}/off"), off).await.is_text(204);
    server.set("AUTH__SECOND_FACTOR", "optional");
    server.restart().await;
    log_in(&server, &ann, None).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exports_contain_it() {
    let server = Server::start_with(&[OPTIONAL]).await;
    let ann = Person::new(&server, "ann").await;
    let (app, codes) = turn_on(&ann).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.jsonl");
    let file = file.to_str().unwrap();
    Ctl::of(&server).run(&["export", file]).ends(0);
    let data = tempfile::tempdir().unwrap();
    let ctl = Ctl::at(data.path());
    ctl.run(&["import", file]).ends(0);
    assert_eq!(ctl.one(&["user", "show", "ann"])["second_factor"], true);
    let copy = Server::start_in(data, &[OPTIONAL]).await;
    log_in(&copy, &ann, None).await.fails(401, "second_factor_required");
    log_in(&copy, &ann, Some(&app.shows(0))).await.fails(401, "invalid_credentials");
    log_in(&copy, &ann, Some(&app.shows(1))).await.is(200);
    log_in(&copy, &ann, Some(&codes[0])).await.is(200);
}
