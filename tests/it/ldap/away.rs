//! A directory that cannot be asked.

use serde_json::json;

use super::{OFFERS, asking, log_in};
use crate::support::{Client, Ctl, Slapd};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn local_accounts_log_in_while_the_directory_is_away() {
    let mut slapd = Slapd::start();
    slapd.stop();
    // The server starts without it.
    let server = asking(&slapd, &[("LIMITS__ENABLED", "false")]).await;
    Ctl::of(&server).create("root", &["--admin"]);
    log_in(&server, "root", "secret of root").await.is(200);
    let client = Client::new(&server);
    let away = async || {
        for (path, body, _) in OFFERS {
            let answer = client.post(path, body("ann", "ann's secret")).await;
            assert_eq!(answer.status, 503, "{path}: {}", answer.text);
        }
        log_in(&server, "ann", "wrong").await.fails(503, "unavailable");
    };
    away().await;
    server.wait_for_log(&["The LDAP directory cannot be asked", "Connection refused"]).await;

    slapd.restart();
    let session = log_in(&server, "ann", "ann's secret").await.is(200);
    log_in(&server, "ann", "wrong").await.fails(401, "invalid_credentials");
    slapd.stop();
    away().await;
    // Who is logged in stays.
    let ann = client.bearer(session["token"].as_str().unwrap());
    ann.get("/api/users/me").await.is(200);
    log_in(&server, "root", "secret of root").await.is(200);
    slapd.restart();
    log_in(&server, "ann", "ann's secret").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_directory_does_not_answer_is_not_counted_as_wrong() {
    let mut slapd = Slapd::start();
    slapd.stop();
    let limit = ("LIMITS__LOGIN_FAILURES_PER_MINUTE_PER_ACCOUNT", "2");
    let server = asking(&slapd, &[limit]).await;
    for _ in 0..4 {
        log_in(&server, "ann", "wrong").await.fails(503, "unavailable");
    }
    slapd.restart();
    log_in(&server, "ann", "ann's secret").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_directory_that_says_nothing_holds_nobody_else_up() {
    let slapd = Slapd::start();
    let more = [
        ("LDAP__TIMEOUT_SECONDS", "2"),
        ("LDAP__MAX_CONNECTIONS", "1"),
        ("LIMITS__ENABLED", "false"),
    ];
    let server = asking(&slapd, &more).await;
    Ctl::of(&server).create("root", &[]);
    log_in(&server, "ann", "ann's secret").await.is(200);
    slapd.pause();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let (client, body) =
                (Client::new(&server), json!({"userId": "ann", "password": "ann's secret"}));
            tokio::spawn(async move { client.post("/api/login", body).await })
        })
        .collect();
    // Meanwhile.
    for _ in 0..5 {
        log_in(&server, "root", "secret of root").await.is(200);
    }
    for one in waiting {
        one.await.unwrap().fails(503, "unavailable");
    }
    server.wait_for_log(&["The LDAP directory cannot be asked", "did not answer within 2 s"]).await;
    slapd.resume();
    log_in(&server, "ann", "ann's secret").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_set_up_is_no_wrong_password() {
    let slapd = Slapd::start();
    for (more, said) in [
        (("LDAP__BIND_PASSWORD", "nonsense"), "it refuses \"cn=reader"),
        (("LDAP__BASE", "ou=nowhere,dc=example,dc=org"), "it has no entry \"ou=nowhere"),
        // Referrals are not followed.
        (("LDAP__BASE", "dc=other"), "a referral to another server, which is not followed"),
    ] {
        let server = asking(&slapd, &[more]).await;
        log_in(&server, "ann", "ann's secret").await.fails(503, "unavailable");
        server.wait_for_log(&["The LDAP directory cannot be asked", said]).await;
    }
}
