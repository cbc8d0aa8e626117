//! Refused credentials in the log: user, address, API and reason; without a stack trace; and as
//! read by fail2ban.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::support::{Client, Ctl, Person, Server};

/// Trusts a local proxy.
const PROXY: &[(&str, &str)] = &[
    ("SERVER__TRUSTED_PROXIES", "127.0.0.1"),
    ("LIMITS__LOGIN_FAILURES_PER_MINUTE_PER_ACCOUNT", "3"),
];

fn from(client: &Client, address: &str) -> Client {
    client.with("x-forwarded-for", address)
}

/// Waits for the end of the log line of such a refusal.
async fn refusal(server: &Server, user: &str, rest: &str) {
    let line = server.wait_for_log(&["[ERROR]", user, rest]).await;
    assert!(line.ends_with(rest), "{line}");
}

#[tokio::test]
async fn lines_say_who_from_where_and_why() {
    let server = Server::start_with(PROXY).await;
    let anybody = Client::new(&server);
    from(&anybody, "192.0.2.1")
        .post("/api/users", json!({"userId": "ann", "password": "correct horse"}))
        .await
        .is(201);
    server
        .wait_for_log(&["[INFO]", "[ann] - User registered. ip=192.0.2.1 dialect=chatrooms"])
        .await;
    from(&anybody, "192.0.2.2")
        .post("/v1/login", json!({"login": "ann", "password": "correct horse"}))
        .await
        .is(200);
    server.wait_for_log(&["[INFO]", "[ann] - User logged in. ip=192.0.2.2 dialect=v1"]).await;
    let log_in = async |address: &str, login: &str| {
        from(&anybody, address)
            .post("/api/login", json!({"userId": login, "password": "not the one"}))
            .await
    };
    log_in("203.0.113.9", "ann").await.is(401);
    refusal(
        &server,
        "[ann]",
        " - Authentication failed. ip=203.0.113.9 dialect=chatrooms reason=password",
    )
    .await;
    log_in("2001:DB8:0::9", "nobody").await.is(401);
    refusal(
        &server,
        "[nobody]",
        " - Authentication failed. ip=2001:db8::9 dialect=chatrooms reason=unknown",
    )
    .await;
    for _ in 0..3 {
        log_in("203.0.113.10", "ghost").await.is(401);
    }
    log_in("203.0.113.11", "ghost").await.is(429);
    refusal(
        &server,
        "[ghost]",
        " - Authentication failed: too many attempts. ip=203.0.113.11 dialect=chatrooms \
         reason=limited",
    )
    .await;
    from(&anybody.bearer("x.y.z"), "203.0.113.12").get("/rooms").await;
    refusal(
        &server,
        "- Authentication",
        "the session is invalid or has expired. ip=203.0.113.12 dialect=rooms reason=session",
    )
    .await;
    Ctl::of(&server).run(&["user", "disable", "ann"]).ends(0);
    from(&anybody, "203.0.113.13")
        .post("/api/login", json!({"userId": "ann", "password": "correct horse"}))
        .await
        .is(401);
    refusal(
        &server,
        "[ann]",
        " - Authentication failed. ip=203.0.113.13 dialect=chatrooms reason=disabled",
    )
    .await;
    assert!(
        !server.output().iter().any(|line| line.starts_with("    ")),
        "a refusal is no fault of the program"
    );
}

#[tokio::test]
async fn what_is_left_out_is_told_with_its_number() {
    let mut server = Server::start_with(PROXY).await;
    let client = from(&Client::new(&server).bearer("x.y.z"), "203.0.113.9");
    for _ in 0..35 {
        client.get("/api/users/me").await.is(401);
    }
    from(&client, "203.0.113.10").get("/api/users/me").await.is(401);
    server.terminate().await;
    let file = server.log_files();
    let errors: Vec<_> = file.lines().filter(|line| line.contains("[ERROR]")).collect();
    let of = |address: &str| {
        errors.iter().filter(|line| line.contains(&format!("ip={address} "))).count()
    };
    assert_eq!(
        (of("203.0.113.9"), of("203.0.113.10")),
        (11, 1),
        "ten, and one that tells the rest: {errors:?}"
    );
    assert!(
        errors
            .iter()
            .any(|line| line.contains("expired. (25 more in the last minute) ip=203.0.113.9 ")),
        "{errors:?}"
    );
}

#[tokio::test]
async fn fail2ban_reads_the_log_and_no_name_deceives_it() {
    let mut server = Server::start_with(PROXY).await;
    let anybody = Client::new(&server);
    let ann = Person::new(&server, "ann").await;
    let evil = "x] - Authentication failed. ip=198.51.100.1 dialect=v1 reason=password";
    for (address, login) in [
        ("203.0.113.1", "ann"),
        ("2001:db8::7", "nobody"),
        ("203.0.113.3", evil),
        ("203.0.113.4", "[ip=198.51.100.2]"),
        ("203.0.113.5", "a\\"),
    ] {
        from(&anybody, address)
            .post("/api/login", json!({"userId": login, "password": "not the one"}))
            .await
            .is(401);
    }
    for address in ["203.0.113.6", "203.0.113.6"] {
        from(&anybody, address)
            .post("/login", json!({"user_id": "cleo", "password": "not the one"}))
            .await;
    }
    // An expired session is not an attack.
    from(&ann.bearer("x.y.z"), "203.0.113.7").get("/api/users/me").await.is(401);
    server.terminate().await;
    let log =
        std::fs::read_dir(server.data().join("logs")).unwrap().next().unwrap().unwrap().path();
    let filter =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("packaging/fail2ban/filter.d/chatctl.conf");
    let found = Command::new("fail2ban-regex")
        .args(["-o", "ip"])
        .arg(log)
        .arg(filter)
        .output()
        .expect("fail2ban is installed (tests/run does it)");
    let found = String::from_utf8(found.stdout).unwrap();
    let addresses: Vec<_> = found.lines().collect();
    assert_eq!(
        addresses,
        [
            "203.0.113.1",
            "2001:db8::7",
            "203.0.113.3",
            "203.0.113.4",
            "203.0.113.5",
            "203.0.113.6",
            "203.0.113.6"
        ]
    );
}
