//! `[auth] second_factor = "required"` or `"administrators"`: nobody gets round setting it up.

use serde_json::json;

use super::{App, PATH, log_in, set_up, turn_on};
use crate::service::reload::Configured;
use crate::support::{Answer, Body, Client, Ctl, Json, Person, Provider, Server, Visitor, people};

const REQUIRED: (&str, &str) = ("AUTH__SECOND_FACTOR", "required");
const NO_LIMITS: (&str, &str) = ("LIMITS__ENABLED", "false");
const BEGIN: &str = "/api/login/second_factor";
const CONFIRM: &str = "/api/login/second_factor/confirm";

async fn post(server: &Server, path: &str, person: &Person, code: Option<&str>) -> Answer {
    let mut body = json!({"userId": person.login, "password": person.password});
    if let Some(code) = code {
        body["code"] = code.into();
    }
    Client::new(server).post(path, body).await
}

/// Leads somebody through the set-up; returns what the log-in answers.
async fn led(server: &Server, person: &Person) -> (App, Json) {
    log_in(server, person, None).await.fails(401, "second_factor_setup_required");
    let made = post(server, BEGIN, person, None).await.is(200);
    assert!(made["qrCode"].as_str().unwrap().starts_with("<svg "), "{made}");
    let app = App::new(made["secret"].as_str().unwrap());
    let opened = post(server, CONFIRM, person, Some(&app.shows(0))).await.is(200);
    (app, opened)
}

fn with(person: &Person, token: &str) -> Client {
    person.bare().bearer(token)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_leads_to_the_set_up_and_to_nothing_else() {
    let server = Server::start_with(&[REQUIRED, NO_LIMITS]).await;
    let ann = Person::registered(&server, "ann").await;
    let mut wrong = ann.clone();
    wrong.password = "wrong wrong".to_owned();
    for path in [BEGIN, CONFIRM] {
        let code = (path == CONFIRM).then_some("000000");
        post(&server, path, &wrong, code).await.fails(401, "invalid_credentials");
    }
    log_in(&server, &wrong, None).await.fails(401, "invalid_credentials");
    let refused = log_in(&server, &ann, None).await;
    assert!(refused.text.contains("web UI"), "{}", refused.text);
    for code in [None, Some("000000"), Some("")] {
        log_in(&server, &ann, code).await.fails(401, "second_factor_setup_required");
    }
    // Nothing was set up, so nothing confirms it.
    post(&server, CONFIRM, &ann, Some("000000")).await.blames("code");
    let first = post(&server, BEGIN, &ann, None).await.is(200);
    let first = App::new(first["secret"].as_str().unwrap());
    let made = post(&server, BEGIN, &ann, None).await.is(200);
    let app = App::new(made["secret"].as_str().unwrap());
    post(&server, CONFIRM, &ann, Some(&first.shows(0))).await.blames("code");
    post(&server, CONFIRM, &ann, Some("")).await.blames("code");
    log_in(&server, &ann, Some(&app.shows(0))).await.fails(401, "second_factor_setup_required");
    assert_eq!(Ctl::of(&server).all(&["user", "sessions", "ann"]).len(), 0);

    let code = app.shows(0);
    let both =
        [post(&server, CONFIRM, &ann, Some(&code)), post(&server, CONFIRM, &ann, Some(&code))];
    let both = futures_util::future::join_all(both).await;
    let mut statuses: Vec<_> = both.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "of two confirmations one wins");
    let opened = both.iter().find(|answer| answer.status == 200).unwrap().json();
    let codes = opened["recoveryCodes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    let session = with(&ann, opened["token"].as_str().unwrap());
    session.get("/api/users/me").await.is(200);
    session.post("/api/refresh", Body::Nothing).await.is(200);
    // From now on it is as with everybody who has one.
    log_in(&server, &ann, None).await.fails(401, "second_factor_required");
    post(&server, BEGIN, &ann, None).await.fails(409, "already_exists");
    post(&server, CONFIRM, &ann, Some(&app.shows(1))).await.fails(409, "already_exists");
    log_in(&server, &ann, Some(codes[0].as_str().unwrap())).await.is(200);
    // It stays on.
    let state = session.get(PATH).await.is(200);
    assert_eq!((&state["enabled"], &state["required"]), (&json!(true), &json!(true)));
    let off = json!({"password": ann.password, "code": codes[1]});
    let kept = session.post(&format!("{PATH}/off"), off).await;
    kept.fails(403, "forbidden");
    assert!(kept.text.contains("cannot be turned off"), "{}", kept.text);
    log_in(&server, &ann, None).await.fails(401, "second_factor_required");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_dialects_refuse_the_log_in_and_say_why_if_they_can() {
    let server = Server::start_with(&[REQUIRED, NO_LIMITS]).await;
    let ann = Person::registered(&server, "ann").await;
    let client = Client::new(&server);
    let (login, password) = (&ann.login, &ann.password);
    for code in [None, Some("000000")] {
        let with = |mut body: Json| {
            if let Some(code) = code {
                body["code"] = code.into();
            }
            body
        };
        let v1 = with(json!({"login": login, "password": password}));
        client.post("/v1/login", v1.clone()).await.fails_v1(422, "wrong_credentials");
        let chats = client.post("/auth/login", v1).await;
        assert_eq!(chats.status, 400, "{}", chats.text);
        let rooms = client.post("/login", with(json!({"user_id": login, "password": password})));
        let rooms = rooms.await;
        rooms.fails_rooms(404, "NotFound");
        let realtime = with(json!({"username": login, "password": password}));
        let realtime = client.post("/Login", realtime).await;
        assert_eq!(realtime.is(200)["status"], false);
        for answer in [&chats, &rooms, &realtime] {
            assert!(answer.text.contains("set it up by signing in"), "{}", answer.text);
        }
    }
    // Nor does a registration that is also a log-in open anything.
    let body = json!({"login": "ben", "password": "long enough"});
    client.post("/v1/register", body).await.fails_v1(422, "wrong_credentials");
    assert_eq!(Ctl::of(&server).all(&["user", "sessions", "ben"]).len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_ends_the_sessions_of_those_who_have_none() {
    let rule = |rule: &str| format!("[auth]\nsecond_factor = \"{rule}\"\n");
    let it = Configured::start(&rule("optional")).await;
    let server = &it.server;
    let [ann, ben, cyd] = people(server, ["ann", "ben", "cyd"]).await;
    turn_on(&ben).await;
    // Set up is not in force.
    set_up(&cyd).await;
    let room = ann.room(&[&ben]).await;
    let program = ann.with_token(&it.ctl(), "ci", "write");
    let (mut anns, mut programs) = (ann.enter(&room).await, program.enter(&room).await);
    let (in_force, _) = it.reload(&rule("required"));
    assert_eq!(in_force, json!(["auth.second_factor"]));
    anns.closed().await;
    server.wait_for_log(&["2 sessions of 2 people ended", "two-step login"]).await;
    for gone in [&ann, &cyd] {
        gone.get("/api/users/me").await.fails(401, "invalid_token");
        gone.post("/api/refresh", Body::Nothing).await.fails(401, "invalid_token");
        gone.handshake("/chat").await.is(401);
        let change = json!({"password": "another secret", "currentPassword": gone.password});
        gone.patch("/api/users/me", change).await.fails(401, "invalid_token");
        gone.post(PATH, json!({"password": gone.password})).await.fails(401, "invalid_token");
        log_in(server, gone, None).await.fails(401, "second_factor_setup_required");
    }
    ben.get("/api/users/me").await.is(200);
    // API tokens go on, and set nothing up.
    program.get("/api/users/me").await.is(200);
    programs.say("still here").await;
    program.post(PATH, json!({"password": ann.password})).await.fails(403, "forbidden");
    let (_, opened) = led(server, &ann).await;
    with(&ann, opened["token"].as_str().unwrap()).get("/api/users/me").await.is(200);
    // Nobody else is led through it once the rule is gone.
    it.reload(&rule("optional"));
    log_in(server, &cyd, None).await.is(200);
    post(server, BEGIN, &cyd, None).await.blames("userId");
    post(server, CONFIRM, &cyd, Some("000000")).await.blames("code");
    assert_eq!(it.ctl().all(&["user", "sessions", "cyd"]).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_ends_them_too() {
    let mut server = Server::start_with(&[NO_LIMITS]).await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    server.set(REQUIRED.0, REQUIRED.1);
    server.restart().await;
    server.wait_for_log(&["2 sessions of 2 people ended"]).await;
    for gone in [ann.at(server.address()), ben.at(server.address())] {
        gone.get("/api/users/me").await.is(401);
    }
    let (_, opened) = led(&server, &ann.at(server.address())).await;
    server.restart().await;
    let session = ann.at(server.address()).bare().bearer(opened["token"].as_str().unwrap());
    session.get("/api/users/me").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_alone_may_be_required_to() {
    let server = Server::start_with(&[(REQUIRED.0, "administrators"), NO_LIMITS]).await;
    let ctl = Ctl::of(&server);
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let mut socket = ann.open().await;
    assert_eq!(ann.get(PATH).await.is(200)["required"], false);
    ctl.run(&["user", "promote", "ann"]).ends(0);
    let token = ann.with_token(&ctl, "root", "admin");
    socket.closed().await;
    ann.get("/api/users/me").await.is(401);
    ann.post("/api/admin", json!({"user.list": {}})).await.fails(404, "not_found");
    token.post("/api/admin", json!({"user.list": {}})).await.is(200);
    ben.get("/api/users/me").await.is(200);
    let (app, opened) = led(&server, &ann).await;
    let session = with(&ann, opened["token"].as_str().unwrap());
    session.post("/api/admin", json!({"user.list": {}})).await.is(200);
    // What is reset must be set up again.
    ctl.run(&["user", "reset-second-factor", "ann"]).ends(0);
    session.get("/api/users/me").await.is(401);
    log_in(&server, &ann, Some(&app.shows(1))).await.fails(401, "second_factor_setup_required");
    ctl.run(&["user", "demote", "ann", "--yes"]).ends(0);
    log_in(&server, &ann, None).await.is(200);
    // The first administrator, and those of the command line.
    ctl.create("root", &["--admin"]);
    let root = Person::named(&server, "root");
    led(&server, &root).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_links_nor_invitations_nor_marks_get_round_it() {
    let server = Server::start_with(&[REQUIRED, NO_LIMITS]).await;
    let ctl = Ctl::of(&server);
    let mut ann = Person::registered(&server, "ann").await;
    let client = Client::new(&server);
    let link = ctl.one(&["user", "reset-link", "ann"]);
    let token = link["url"].as_str().unwrap().split_once("#reset=").unwrap().1;
    client.bearer(token).get("/api/users/me").await.is(401);
    let reset = client
        .post("/api/reset", json!({"token": token, "password": "another secret"}))
        .await
        .is(200);
    assert!(reset.get("token").is_none(), "{reset}");
    ann.password = "another secret".to_owned();
    log_in(&server, &ann, None).await.fails(401, "second_factor_setup_required");
    let made = ctl.one(&["invite", "create"]);
    let token = made["url"].as_str().unwrap().split_once("#invite=").unwrap().1;
    let body = json!({"userId": "ben", "password": "secret of ben", "invitation": token});
    client.post("/api/users", body).await.is(201);
    let mut ben = Person::named(&server, "ben");
    log_in(&server, &ben, None).await.fails(401, "second_factor_setup_required");
    // A program has none, until it is a person again.
    ctl.run(&["user", "mark", "ben", "--bot"]).ends(0);
    let bot = ben.again().await;
    let mut socket = bot.open().await;
    ctl.run(&["user", "mark", "ben", "--no-bot"]).ends(0);
    socket.closed().await;
    bot.get("/api/users/me").await.is(401);
    // A new password, given by an administrator, opens nothing.
    ctl.run_with(&["user", "passwd", "ben", "--password-stdin"], "third secret\n").ends(0);
    ben.password = "third secret".to_owned();
    let (app, _) = led(&server, &ben).await;
    log_in(&server, &ben, Some(&app.shows(1))).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_decides_for_its_own_log_ins() {
    let provider = Provider::start();
    provider.knows(json!({"7": {"preferred_username": "ann", "groups": []}})).await;
    let settings = provider.settings(&[REQUIRED]);
    let settings: Vec<(&str, &str)> = settings.iter().map(|(k, v)| (&**k, &**v)).collect();
    let mut server = Server::start_with(&settings).await;
    let browser = Visitor::of(&server.url());
    assert_eq!(browser.log_in("7").await, "/");
    assert_eq!(browser.me().await["userId"], "ann");
    server.restart().await;
    assert_eq!(Ctl::of(&server).all(&["user", "sessions", "ann"]).len(), 1);
    // A password of the same account must have one.
    Ctl::of(&server).run_with(&["user", "passwd", "ann", "--password-stdin"], "long enough\n");
    let body = json!({"userId": "ann", "password": "long enough"});
    let refused = Client::new(&server).post("/api/login", body).await;
    refused.fails(401, "second_factor_setup_required");
}
