//! Log-ins that a real OpenLDAP server checks.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod away;
mod command;
mod following;
mod linked;
mod transport;

use serde_json::json;

use crate::support::{Answer, Client, Ctl, Json, Server, Slapd};

/// A chat server that asks this directory, with more settings.
async fn asking(slapd: &Slapd, more: &[(&str, &str)]) -> Server {
    let own = slapd.settings();
    let own = own.iter().map(|(key, value)| (*key, value.as_str()));
    // The later of two is the one that counts.
    let settings: Vec<_> = own.chain(more.iter().copied()).collect();
    Server::start_with(&settings).await
}

/// The command line with the same settings, for a server that is stopped.
fn ctl(server: &Server, slapd: &Slapd, more: &[(&str, &str)]) -> Ctl {
    let ctl =
        slapd.settings().iter().fold(Ctl::of(server), |ctl, (key, value)| ctl.set(key, value));
    more.iter().fold(ctl, |ctl, (key, value)| ctl.set(key, value))
}

async fn log_in(server: &Server, login: &str, password: &str) -> Answer {
    let body = json!({"userId": login, "password": password});
    Client::new(server).post("/api/login", body).await
}

/// Logs in and returns a client with the session.
async fn enter(server: &Server, login: &str, password: &str) -> Client {
    let opened = log_in(server, login, password).await.is(200);
    Client::new(server).bearer(opened["token"].as_str().unwrap())
}

/// What a log-in is sent as, in each dialect, and how it succeeds.
type Offer = (&'static str, fn(&str, &str) -> Json, u16);

const OFFERS: [Offer; 6] = [
    ("/api/login", |login, password| json!({"userId": login, "password": password}), 200),
    ("/v1/login", |login, password| json!({"login": login, "password": password}), 200),
    ("/auth/login", |login, password| json!({"login": login, "password": password}), 200),
    (
        "/auth/login",
        |login, password| json!({"email": format!("{login}@corp.example"), "password": password}),
        200,
    ),
    ("/login", |login, password| json!({"user_id": login, "password": password}), 205),
    ("/Login", |login, password| json!({"username": login, "password": password}), 200),
];

/// Fails unless a dialect refused a log-in as it refuses a wrong password.
#[track_caller]
fn refuses(path: &str, answer: &Answer) {
    match path {
        "/api/login" => drop(answer.fails(401, "invalid_credentials")),
        "/v1/login" => answer.fails_v1(422, "wrong_credentials"),
        "/auth/login" => answer.fails_chats(400, "Invalid email or password"),
        "/login" => answer.fails_rooms(404, "NotFound"),
        _ => assert_eq!(answer.is(200), json!({"status": false})),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_dialect_logs_in_with_the_password_of_the_directory() {
    let slapd = Slapd::start();
    for (path, body, status) in OFFERS {
        // Each begins without an account.
        let filter = ("LDAP__USER_FILTER", "(|(uid={login})(mail={login}))");
        let server = asking(&slapd, &[filter, ("LIMITS__ENABLED", "false")]).await;
        let client = Client::new(&server);
        refuses(path, &client.post(path, body("ann", "wrong wrong")).await);
        assert_eq!(Ctl::of(&server).all(&["user", "list"]), [] as [Json; 0], "nothing is created");
        for _ in 0..2 {
            let opened = client.post(path, body("ann", "ann's secret")).await;
            assert_eq!(opened.status, status, "{path}: {}", opened.text);
            if path == "/Login" {
                assert_eq!(opened.json(), json!({"status": true}));
            }
        }
        let account = Ctl::of(&server).one(&["user", "show", "ann"]);
        assert_eq!(account["display_name"], "Ann Example", "{account}");
        assert_eq!(account["email"], "ann@corp.example");
        assert_eq!((&account["admin"], &account["digests"]), (&json!(false), &json!(false)));
        refuses(path, &client.post(path, body("ann", "wrong wrong")).await);
        refuses(path, &client.post(path, body("ann", "bob's secret")).await);
        if path != "/api/login" && path != "/auth/login" {
            let unknown = client.post(path, body("eve", "ann's secret")).await;
            // Only this one tells who is unknown.
            match path {
                "/v1/login" => unknown.fails_v1(422, "user_not_found"),
                _ => refuses(path, &unknown),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_is_never_part_of_a_filter() {
    let slapd = Slapd::start();
    let server = asking(&slapd, &[("LIMITS__ENABLED", "false")]).await;
    log_in(&server, "ann", "ann's secret").await.is(200);
    for typed in [
        "*",
        "a*",
        "*)(uid=*",
        "ann)(|(uid=*",
        "ann)(objectClass=*",
        "nobody)(|(uid=ann)",
        "\\61nn",
        "ann\\",
        "{login}",
        "uid=ann,ou=people,dc=example,dc=org",
    ] {
        for secret in ["ann's secret", "*", "x"] {
            log_in(&server, typed, secret).await.fails(401, "invalid_credentials");
        }
    }
    assert_eq!(Ctl::of(&server).all(&["user", "list"]).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_password_opens_nothing() {
    let slapd = Slapd::start();
    // This directory accepts a bind without a password, as nobody.
    assert!(slapd.accepts("ann", ""), "the directory of this test must be so careless");
    let server = asking(&slapd, &[("LIMITS__ENABLED", "false")]).await;
    for _ in 0..2 {
        for (path, body, _) in OFFERS {
            let answer = Client::new(&server).post(path, body("ann", "")).await;
            assert!(
                answer.status >= 400 || answer.json() == json!({"status": false}),
                "{path}: {} {}",
                answer.status,
                answer.text
            );
        }
        // Once more with an account.
        log_in(&server, "ann", "ann's secret").await.is(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_digest_is_no_password_of_the_directory() {
    let slapd = Slapd::start();
    let (md5, sha1) =
        ("9cdfb439c7876e703e307864c9167a15", "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33");
    let server = asking(&slapd, &[("LIMITS__ENABLED", "false")]).await;
    let client = Client::new(&server);
    let offer = |password: &str| json!({"username": "ann", "password": password});
    let refused = async |secret: &str| {
        assert_eq!(client.post("/Login", offer(secret)).await.is(200), json!({"status": false}));
    };
    for secret in [md5, sha1] {
        // Even if the password itself looks like one: nobody can tell them apart.
        slapd.set("ann", "userPassword", secret);
        refused(secret).await;
        client.post("/api/login", json!({"userId": "ann", "password": secret})).await.is(200);
        refused(secret).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_finds_several_entries_opens_none() {
    let slapd = Slapd::start();
    let filter = ("LDAP__USER_FILTER", "(|(uid={login})(sn={login}))");
    let server = asking(&slapd, &[filter]).await;
    for secret in ["ann's secret", "bob's secret"] {
        log_in(&server, "Example", secret).await.fails(401, "invalid_credentials");
    }
    server.wait_for_log(&["[Example]", "has several entries for a name"]).await;
    server.wait_for_log(&["Authentication failed.", "reason=directory"]).await;
    log_in(&server, "ann", "ann's secret").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_are_counted_before_the_directory_is_asked() {
    let slapd = Slapd::start();
    let limit = ("LIMITS__LOGIN_FAILURES_PER_MINUTE_PER_ACCOUNT", "3");
    let server = asking(&slapd, &[limit]).await;
    for _ in 0..3 {
        log_in(&server, "bob", "wrong").await.fails(401, "invalid_credentials");
    }
    log_in(&server, "bob", "bob's secret").await.fails(429, "rate_limited");
    for _ in 0..5 {
        log_in(&server, "ann", "ann's secret").await.is(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_only_created_where_they_may() {
    let slapd = Slapd::start();
    slapd.add_person("room7");
    slapd.add_person("eve");
    let filter = ("LDAP__USER_FILTER", "(|(uid={login})(mail={login}))");
    let server = asking(&slapd, &[filter, ("LIMITS__ENABLED", "false")]).await;
    // Reserved for rooms; and a name that is taken by an account with a password of its own.
    log_in(&server, "room7", "room7's secret").await.fails(401, "invalid_credentials");
    log_in(&server, "room7@corp.example", "room7's secret").await.fails(401, "invalid_credentials");
    server.wait_for_log(&["No account can be created for", "\"room7\" is no valid"]).await;
    Ctl::of(&server).create("eve", &["--email", "bob@corp.example"]);
    log_in(&server, "eve", "eve's secret").await.fails(401, "invalid_credentials");
    log_in(&server, "eve", "secret of eve").await.is(200);
    log_in(&server, "eve@corp.example", "eve's secret").await.fails(401, "invalid_credentials");
    server.wait_for_log(&["the name \"eve\" is taken", &slapd.id("eve")]).await;
    // The address belongs to somebody else.
    log_in(&server, "bob", "bob's secret").await.fails(401, "invalid_credentials");
    server.wait_for_log(&["its e-mail address belongs to another account"]).await;
    assert_eq!(Ctl::of(&server).all(&["user", "list"]).len(), 1);

    let only_linked = ("LDAP__CREATE_ACCOUNTS", "false");
    let server = asking(&slapd, &[only_linked]).await;
    log_in(&server, "ann", "ann's secret").await.fails(401, "invalid_credentials");
    let id = slapd.id("ann");
    server.wait_for_log(&["create_accounts is false", &id]).await;
    let ctl = Ctl::of(&server);
    assert_eq!(ctl.all(&["user", "list"]), [] as [Json; 0]);
    ctl.create("annie", &[]);
    ctl.run(&["user", "link", "annie", "--ldap", &id]).ends(0);
    let annie = enter(&server, "ann", "ann's secret").await;
    assert_eq!(annie.get("/api/users/me").await.is(200)["userId"], "annie");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_many_first_log_ins_at_once_one_account_comes() {
    let slapd = Slapd::start();
    let server = asking(&slapd, &[("LIMITS__ENABLED", "false")]).await;
    let all = (0..8).map(|_| log_in(&server, "ann", "ann's secret"));
    for answer in futures_util::future::join_all(all).await {
        answer.is(200);
    }
    assert_eq!(Ctl::of(&server).all(&["user", "list"]).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_local_log_ins_only_the_directory_is_asked() {
    let slapd = Slapd::start();
    let server = asking(&slapd, &[("AUTH__LOCAL_LOGIN", "false")]).await;
    Ctl::of(&server).create("root", &["--admin"]);
    log_in(&server, "root", "secret of root").await.fails(401, "invalid_credentials");
    log_in(&server, "ann", "ann's secret").await.is(200);
    log_in(&server, "ann", "wrong").await.fails(401, "invalid_credentials");
}
