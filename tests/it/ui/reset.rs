//! A forgotten password: the administrator creates a link, and its user sets a new one.

use serde_json::json;

use crate::support::{Browser, Client, Ctl, Driver, MailServer, Person, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_sets_a_new_password_once() {
    let server = Server::start().await;
    Ctl::of(&server).create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let bob = Person::new(&server, "bob").await;
    let driver = Driver::start();
    let (page, his) = tokio::join!(
        Browser::at_home(&driver, "reset", server.address(), "1280,800", &ada),
        Browser::open(&driver, "reset-bob", server.address(), "390,844")
    );
    for browser in [&page, &his] {
        // Those of the time before the log-in.
        browser.errors().await;
    }
    page.go("#/server/people").await;
    page.click("server-users tr[data-user=bob] .more").await;
    page.click("row-menu .reset-link").await;
    page.click("room-dialog .foot .primary").await;
    let link = page
        .wait("the link", "return document.querySelector('room-dialog #reset-link')?.value")
        .await;
    page.picture("link").await;
    page.click("room-dialog .copy").await;
    page.reads("room-dialog .copy", "Copied").await;
    let link = link.as_str().unwrap();
    let hash = link.split_once('#').unwrap().1;
    assert!(link.starts_with(&format!("http://{}/#reset=", server.address())), "{link}");
    page.click("room-dialog .foot .button").await;
    page.lacks(".secret").await;
    // A link alone changes nothing.
    bob.get("/api/users/me").await.is(200);

    his.go(&format!("#{hash}")).await;
    his.reads("reset-form .owner", "@bob").await;
    his.picture("asks").await;
    his.click("reset-form .langs button[lang=ru]").await;
    his.reads("reset-form h2", "Новый пароль").await;
    his.picture("russian").await;
    his.click("reset-form .langs button[lang=en]").await;
    his.reads("reset-form h2", "Set a new password").await;
    his.fill("reset-form #password", "short").await;
    his.click("reset-form button[type=submit]").await;
    his.has("reset-form #password[aria-invalid]").await;
    his.fill("reset-form #password", " but longer").await;
    his.click("reset-form button[type=submit]").await;
    his.has("chat-app room-list").await;
    bob.get("/api/users/me").await.is(401);
    let login = |password: &str| json!({"userId": "bob", "password": password});
    bob.bare().post("/api/login", login("short but longer")).await.is(200);
    bob.bare().post("/api/login", login(&bob.password)).await.is(401);

    // Used once.
    his.go(&format!("#{hash}")).await;
    his.reads("reset-form .notice", "has been used or has expired").await;
    his.picture("used").await;
    let refused = Client::new(&server);
    let token = hash.split_once('=').unwrap().1;
    refused.post("/api/reset/check", json!({"token": token})).await.is(403);
    let again = json!({"token": token, "password": "another password"});
    refused.post("/api/reset", again).await.is(403);
    let entries = Ctl::of(&server).all(&["audit", "list", "--user", "bob"]);
    let did = |action: &str| entries.iter().find(|entry| entry["action"] == action).unwrap();
    assert_eq!(did("user.reset_link")["actor"]["name"], "ada");
    assert_eq!(did("user.reset_link")["after"]["scope"], "reset");
    assert_eq!(did("user.reset_password")["actor"]["name"], "bob");
    assert_eq!(did("user.reset_password")["after"]["password"], "changed");
    for browser in [&page, &his] {
        let errors = browser.errors().await;
        assert!(errors.iter().all(|error| error.contains("403")), "{errors:?}");
    }
    page.close().await;
    his.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_for_people_who_may_sign_in_and_end_with_the_next_one() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("bob", &[]);
    ctl.run(&["bot", "create", "ci"]).ends(0);
    let link = || {
        let made = ctl.one(&["user", "reset-link", "bob", "--expires", "2h"]);
        made["url"].as_str().unwrap().split_once("#reset=").unwrap().1.to_owned()
    };
    let (first, second) = (link(), link());
    let anybody = Client::new(&server);
    let check =
        async |token: &str| anybody.post("/api/reset/check", json!({"token": token})).await.status;
    assert_eq!((check(&first).await, check(&second).await), (403, 200));
    // What a link opens is the page for a new password, and nothing else.
    for carried in [second.clone(), format!("cct_{second}")] {
        let stranger = anybody.bearer(&carried);
        stranger.get("/api/users/me").await.is(401);
    }
    let listed = ctl.run(&["token", "list"]);
    assert_eq!(listed.ends(0).out.lines().count(), 1, "{listed:?}");
    ctl.run(&["user", "reset-link", "ci"]).ends(4);
    ctl.run(&["user", "reset-link", "nobody"]).ends(3);
    ctl.run(&["user", "reset-link", "bob", "--expires", "8d"]).ends(2);
    ctl.run(&["user", "disable", "bob"]).ends(0);
    ctl.run(&["user", "reset-link", "bob"]).ends(4);
    assert_eq!(check(&second).await, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_for_signing_in_offers_a_link_by_mail() {
    let mut mail = MailServer::start();
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let public = [("AUTH__RESET_BY_MAIL", "true"), ("SERVER__PUBLIC_URL", "http://chat.example")];
    let certificate = mail.certificate();
    let trusted = [("SSL_CERT_FILE", certificate.to_str().unwrap())];
    let server =
        Server::start_under(data, &[&mail.settings()[..], &public].concat(), &trusted).await;
    Ctl::of(&server).create("ada", &["--admin"]);
    Ctl::of(&server).create("bob", &["--email", "bob@example.org"]);
    let driver = Driver::start();
    let page = Browser::open(&driver, "forgot", server.address(), "390,844").await;
    page.has("login-form form").await;
    page.lacks("login-form .forgot").await;
    page.go("#/sign-in").await;
    page.click("login-form .forgot").await;
    page.has("forgot-form form").await;
    page.picture("asks").await;
    page.click("forgot-form button[type=submit]").await;
    page.has("forgot-form #who[aria-invalid]").await;
    page.fill("forgot-form #who", "bob@example.org").await;
    page.click("forgot-form button[type=submit]").await;
    page.reads("forgot-form .sent", "on its way").await;
    page.picture("sent").await;
    let letter = tokio::task::spawn_blocking(move || mail.next()).await.unwrap();
    let text = letter["text"].as_str().unwrap();
    let link = text.lines().find(|line| line.starts_with("http://chat.example/#")).unwrap();
    page.go(link.strip_prefix("http://chat.example/").unwrap()).await;
    page.reads("reset-form .owner", "@bob").await;
    page.fill("reset-form #password", "a new password").await;
    page.click("reset-form button[type=submit]").await;
    page.has("chat-app room-list").await;
    // Nobody has forgotten a password while signed in.
    page.go("#/forgot").await;
    page.has("chat-app room-list").await;
    // Nor is a new link mailed then; to everybody else it is.
    let used = link.strip_prefix("http://chat.example/").unwrap();
    page.go(used).await;
    page.reads("reset-form .notice", "Ask an administrator").await;
    page.lacks("reset-form a[href='#/forgot']").await;
    let other = Browser::open(&driver, "forgot-used", server.address(), "390,844").await;
    other.go(used).await;
    other.reads("reset-form .notice", "You can request a new one by e-mail").await;
    other.picture("used").await;
    other.click("reset-form a[href='#/forgot']").await;
    other.has("forgot-form #who").await;
    other.close().await;
    let errors = page.errors().await;
    assert!(
        errors.iter().all(|error| error.contains("401") || error.contains("403")),
        "{errors:?}"
    );
    page.close().await;
}
