//! Log-in through a real provider of OpenID Connect.

use serde_json::json;

use crate::support::{Client, Ctl, Json, Person, Provider, Server, Visitor};

mod local_login;
mod operator;

/// A server whose people log in at this provider.
async fn start(provider: &Provider, more: &[(&str, &str)]) -> Server {
    let settings = provider.settings(more);
    let settings: Vec<(&str, &str)> = settings.iter().map(|(k, v)| (&**k, &**v)).collect();
    Server::start_with(&settings).await
}

fn ann() -> Json {
    json!({
        "preferred_username": "ann",
        "name": "Ann Lee",
        "email": "ann@example.org",
        "email_verified": true,
        "groups": ["staff"],
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_gets_an_account_and_finds_it_again() {
    let provider = Provider::start();
    provider.knows(json!({"7": ann()})).await;
    let more = [("OIDC__ROOMS", "lobby,attic"), ("OIDC__LABEL", "Log in at work")];
    let server = start(&provider, &more).await;
    let ctl = Ctl::of(&server);
    ctl.create("root", &["--admin"]);
    let lobby = ctl.one(&["room", "create", "lobby", "--owner", "root", "--public"]);
    let facts = Client::new(&server).get("/api/server").await.is(200);
    assert_eq!(facts["oidc"], json!({"label": "Log in at work"}));
    assert!(facts.get("localLogin").is_none(), "{facts}");
    let browser = Visitor::of(&server.url());
    assert_eq!(browser.log_in("7").await, "/");
    let me = browser.me().await;
    assert_eq!(
        (&me["userId"], &me["name"], &me["email"], me["admin"] == true),
        (&json!("ann"), &json!("Ann Lee"), &json!("ann@example.org"), false)
    );
    let shown = ctl.one(&["user", "show", "ann"]);
    let subject = format!("{}#7", provider.issuer());
    assert_eq!(shown["identities"], json!([{"source": "oidc", "subject": subject}]));
    assert_eq!((&shown["rooms"], &shown["sessions"]), (&json!(1), &json!(1)));
    let members = ctl.all(&["room", "members", lobby["room"].as_str().unwrap()]);
    assert!(members.iter().any(|member| member["name"] == "ann"), "{members:?}");
    server.wait_for_log(&["[attic]", "A new user was not added to a room"]).await;
    // In another browser, under another name, with another address.
    let moved = json!({"preferred_username": "ann2", "name": "A", "email": "a@example.net"});
    provider.knows(json!({"7": moved})).await;
    let other = Visitor::of(&server.url());
    assert_eq!(other.log_in("7").await, "/");
    let again = other.me().await;
    assert_eq!(again["email"], "a@example.net", "the address follows");
    assert_eq!((&again["userId"], &again["name"]), (&me["userId"], &me["name"]));
    let log = server.wait_for_log(&["[ann]", "User logged in."]).await;
    assert!(!log.contains("very secret"), "{log}");
    // The audit log has what the log-ins have changed.
    let audit = ctl.all(&["audit", "list", "--action", "user.log_in"]);
    assert_eq!(audit.len(), 2, "{audit:?}");
    assert!(audit.iter().all(|entry| entry["actor"]["name"] == "oidc"), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_not_for_this_browser_or_not_valid_are_refused() {
    let provider = Provider::start();
    provider.knows(json!({"7": ann()})).await;
    let server = start(&provider, &[("LIMITS__ENABLED", "false")]).await;
    let browser = Visitor::of(&server.url());
    // Without a question, with one of another browser, and with another state.
    assert_eq!(browser.come_back("?code=a&state=b").await, "/#/sign-in/expired");
    let callback = browser.until_callback("7").await;
    let stranger = Visitor::of(&server.url());
    assert_eq!(stranger.come_back(&callback).await, "/#/sign-in/expired");
    stranger.until_callback("7").await;
    assert_eq!(stranger.come_back(&callback).await, "/#/sign-in/expired");
    let other = callback.replace("state=", "state=x");
    assert_eq!(browser.come_back(&other).await, "/#/sign-in/expired");
    assert_eq!(browser.come_back(&callback).await, "/#/sign-in/expired", "it was used up");
    assert_eq!(provider.exchanges().await, 0, "no code was shown to the provider");
    // The provider names another issuer, and another code.
    for (part, other) in [("&iss=", "&iss=x"), ("code=", "code=x")] {
        let callback = browser.until_callback("7").await.replace(part, other);
        assert_eq!(browser.come_back(&callback).await, "/#/sign-in/refused", "{part}");
    }
    let long_ago = 1_000_000_000;
    for wrong in [
        json!({"claims": {"nonce": "another"}}),
        json!({"claims": {"nonce": null}}),
        json!({"claims": {"aud": "another"}}),
        json!({"claims": {"aud": ["chat", "another"]}}),
        json!({"claims": {"iss": "https://id.example.org"}}),
        json!({"claims": {"exp": long_ago, "iat": long_ago}}),
        json!({"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}),
        json!({"key": "second"}),
        json!({"key": "second", "kid": "first"}),
    ] {
        provider.errs(wrong.clone()).await;
        assert_eq!(browser.log_in("7").await, "/#/sign-in/refused", "{wrong}");
        server.wait_for_log(&["OpenID Connect has failed: the ID token is not valid"]).await;
    }
    server.wait_for_log(&["Authentication failed."]).await;
    let ctl = Ctl::of(&server);
    ctl.run(&["user", "show", "ann"]).ends(3);
    // Nothing was wrong with the rest of what the provider does.
    provider.errs(json!({})).await;
    let callback = browser.until_callback("7").await;
    assert_eq!(browser.come_back(&callback).await, "/");
    // The code is refused a second time, even to a browser that has the cookie again.
    let callback = browser.until_callback("7").await;
    let cookie = browser.cookie(&server.url(), "oidc_login");
    assert_eq!(browser.come_back(&callback).await, "/");
    browser.add_cookie(&server.url(), &cookie);
    assert_eq!(browser.come_back(&callback).await, "/#/sign-in/refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_keys_of_the_provider_are_fetched() {
    let provider = Provider::start();
    provider.knows(json!({"7": ann()})).await;
    let server = start(&provider, &[]).await;
    assert_eq!(Visitor::of(&server.url()).log_in("7").await, "/");
    provider.errs(json!({"key": "second", "keys": ["second"]})).await;
    assert_eq!(Visitor::of(&server.url()).log_in("7").await, "/");
    // The clocks may differ by some seconds.
    let now = chatctl::model::Timestamp::now().unix_seconds();
    provider.errs(json!({"key": "second", "keys": ["second"], "claims": {"exp": now - 5}})).await;
    assert_eq!(Visitor::of(&server.url()).log_in("7").await, "/");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_works_while_the_provider_is_away() {
    let mut provider = Provider::start();
    let issuer = provider.issuer();
    provider.stop();
    let server = start(&provider, &[("LIMITS__ENABLED", "false")]).await;
    let browser = Visitor::of(&server.url());
    assert_eq!(browser.leads("/api/oidc/login").await, "/#/sign-in/unavailable");
    server.wait_for_log(&["The OpenID Connect provider cannot be used", &issuer]).await;
    Person::new(&server, "local").await;
    // It comes back, and goes away while somebody logs in.
    let mut provider = provider.again();
    provider.knows(json!({"7": ann()})).await;
    while browser.leads("/api/oidc/login").await == "/#/sign-in/unavailable" {
        tokio::task::yield_now().await;
    }
    let callback = browser.until_callback("7").await;
    provider.stop();
    assert_eq!(browser.come_back(&callback).await, "/#/sign-in/unavailable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gets_no_session_is_told_why() {
    let provider = Provider::start();
    let server = start(&provider, &[("OIDC__CREATE_ACCOUNTS", "true")]).await;
    let ctl = Ctl::of(&server);
    ctl.create("ben", &["--email", "ben@example.org"]);
    let with = |name: &str, value: Json| {
        let mut claims = ann();
        claims[name] = value;
        claims
    };
    let people = json!({
        "taken": with("preferred_username", json!("BEN")),
        "invalid": with("preferred_username", json!("a/b c")),
        "nameless": with("preferred_username", json!("")),
        "double": with("email", json!("Ben@example.org")),
        "7": ann(),
    });
    provider.knows(people).await;
    for (subject, why) in [
        ("", "denied"),
        ("taken", "taken"),
        ("invalid", "name"),
        ("nameless", "name"),
        ("double", "email"),
    ] {
        let browser = Visitor::of(&server.url());
        assert_eq!(browser.log_in(subject).await, format!("/#/sign-in/{why}"), "{subject}");
    }
    let browser = Visitor::of(&server.url());
    assert_eq!(browser.log_in("7").await, "/");
    ctl.run(&["user", "disable", "ann"]).ends(0);
    assert_eq!(browser.log_in("7").await, "/#/sign-in/disabled");
    server.wait_for_log(&["Authentication failed."]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provider_decides_who_is_an_administrator() {
    let provider = Provider::start();
    let groups = |groups: &[&str]| {
        let mut claims = ann();
        claims["groups"] = json!(groups);
        json!({"7": claims})
    };
    let more = [
        ("OIDC__SCOPES", "openid,profile,email,groups"),
        ("OIDC__ADMIN_CLAIM", "groups"),
        ("OIDC__ADMIN_VALUE", "chat admins"),
    ];
    let server = start(&provider, &more).await;
    let ctl = Ctl::of(&server);
    let browser = Visitor::of(&server.url());
    let is_admin = async |people: Json| {
        provider.knows(people).await;
        assert_eq!(browser.log_in("7").await, "/");
        browser.me().await["admin"] == true
    };
    assert!(!is_admin(groups(&["staff"])).await);
    assert!(is_admin(groups(&["staff", "chat admins"])).await);
    assert!(is_admin(groups(&["staff"])).await, "nobody else is an administrator");
    server.wait_for_log(&["[ann]", "there is no other administrator: it stays"]).await;
    ctl.create("root", &["--admin"]);
    assert!(!is_admin(groups(&["staff"])).await);
    let root = ctl.one(&["user", "show", "root"]);
    assert_eq!(root["admin"], true, "the provider does not decide of those it does not know");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verified_address_links_an_account_where_that_is_configured() {
    let provider = Provider::start();
    let mut unverified = ann();
    unverified["email_verified"] = json!(false);
    provider.knows(json!({"7": ann(), "8": unverified})).await;
    let server = start(&provider, &[("OIDC__LINK_BY_EMAIL", "true")]).await;
    let ctl = Ctl::of(&server);
    ctl.create("anna", &["--email", "ann@example.org"]);
    let before = Person::known(&server, "anna").await;
    let browser = Visitor::of(&server.url());
    assert_eq!(browser.log_in("8").await, "/#/sign-in/email");
    before.get("/api/users/me").await.is(200);
    let browser = Visitor::of(&server.url());
    assert_eq!(browser.log_in("7").await, "/");
    assert_eq!(browser.me().await["userId"], "anna");
    // Somebody else may have made the account with this address.
    before.get("/api/users/me").await.is(401);
    let password = json!({"userId": "anna", "password": "secret of anna"});
    Client::new(&server).post("/api/login", password).await.is(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_below_a_path_is_returned_to() {
    let provider = Provider::start();
    provider.knows(json!({"7": ann()})).await;
    let public = [("SERVER__PUBLIC_URL", "https://chat.example.org/team/")];
    let server = start(&provider, &public).await;
    let browser = Visitor::of(&format!("{}/team", server.url()));
    let begun = browser.get(&format!("{}/team/api/oidc/login", server.url())).await;
    let cookie = begun.0.headers().get("set-cookie").unwrap().to_str().unwrap();
    for part in ["oidc_login=", "; Path=/team", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let uri = "redirect_uri=https%3A%2F%2Fchat.example.org%2Fteam%2Fapi%2Foidc%2Fcallback";
    assert!(begun.1.contains(uri), "{}", begun.1);
    // What is limited to https is not sent here, so the cookie is added.
    let callback = browser.until_callback_of(&begun.1, "7").await;
    browser.add_cookie(&server.url(), cookie);
    assert_eq!(browser.come_back(&callback).await, "/team/");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_provider_there_is_no_such_log_in() {
    let server = Server::start().await;
    let client = Client::new(&server);
    assert!(client.get("/api/server").await.is(200).get("oidc").is_none());
    for path in ["/api/oidc/login", "/api/oidc/callback?code=a&state=b"] {
        client.get(path).await.fails(404, "not_found");
    }
}
