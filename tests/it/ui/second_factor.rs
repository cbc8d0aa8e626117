//! Two-step login: turning it on and off in the settings, and signing in with a code.

use serde_json::json;

use crate::second_factor::App;
use crate::support::{Browser, Client, Ctl, Driver, Person, Server};

const SUBMIT: &str = "room-dialog .foot .primary";

/// Turns two-step login on in the settings; returns the key and the recovery codes.
async fn turn_on(page: &Browser, password: &str) -> (String, Vec<String>) {
    page.go("#/profile").await;
    page.click("second-factor .turn-on").await;
    page.click(SUBMIT).await;
    page.has("room-dialog #factor-password[aria-invalid]").await;
    page.fill("room-dialog #factor-password", "wrong").await;
    page.click(SUBMIT).await;
    page.has("room-dialog #factor-password[aria-invalid]").await;
    page.clear("room-dialog #factor-password").await;
    page.fill("room-dialog #factor-password", password).await;
    page.click(SUBMIT).await;
    page.wait("the QR code", "return document.querySelector('.qr img')?.naturalWidth > 0").await;
    page.picture("scan").await;
    let key = page.wait("the key", "return document.querySelector('.key')?.textContent").await;
    let key = key.as_str().unwrap().replace(' ', "");
    page.fill("room-dialog #factor-code", "000000").await;
    page.click(SUBMIT).await;
    page.has("room-dialog #factor-code[aria-invalid]").await;
    page.clear("room-dialog #factor-code").await;
    page.fill("room-dialog #factor-code", &App::new(&key).shows(0)).await;
    page.click(SUBMIT).await;
    page.has("room-dialog .recovery li:nth-child(10)").await;
    page.picture("codes").await;
    let codes = "return document.querySelector('.recovery')?.innerText";
    let codes = page.wait("the codes", codes).await;
    let codes: Vec<String> = codes.as_str().unwrap().lines().map(str::to_owned).collect();
    (key, codes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_turned_on_used_and_turned_off() {
    let server = Server::start_with(&[("AUTH__SECOND_FACTOR", "optional")]).await;
    let ann = Person::new(&server, "ann").await;
    let driver = Driver::start();
    let sign_in = format!("{}/#/sign-in", server.address());
    let (page, phone) = tokio::join!(
        Browser::at_home(&driver, "factor", server.address(), "1280,900", &ann),
        Browser::open_at(&driver, "factor-phone", &sign_in, "390,844")
    );
    let (key, codes) = turn_on(&page, &ann.password).await;
    let saved = "return decodeURIComponent(document.querySelector('.save').href)";
    let saved = page.wait("the file", saved).await;
    assert!(saved.as_str().unwrap().ends_with(&format!(",{}\n", codes.join("\n"))), "{saved}");
    page.click("room-dialog .copy").await;
    page.reads("room-dialog .copy", "Copied").await;
    page.click("room-dialog .foot .button").await;
    page.reads("second-factor .state", "10 recovery codes left").await;
    page.picture("on").await;

    phone.fill("login-form #user", "ann").await;
    phone.fill("login-form #password", &ann.password).await;
    phone.click("login-form button[type=submit]").await;
    phone.has("sign-in-code input[autocomplete=one-time-code][inputmode=numeric]").await;
    phone.focuses("#sign-in-code").await;
    phone.picture("code").await;
    // Back, and what was typed is still there.
    phone.click("sign-in-code .back").await;
    phone.lacks("sign-in-code").await;
    phone.click("login-form button[type=submit]").await;
    phone.fill("#sign-in-code", "000000").await;
    phone.click("sign-in-code button[type=submit]").await;
    phone.has("#sign-in-code[aria-invalid]").await;
    phone.clear("#sign-in-code").await;
    phone.fill("#sign-in-code", &App::new(&key).shows(1)).await;
    phone.click("sign-in-code button[type=submit]").await;
    phone.has("chat-app room-list").await;
    phone.go("#/profile").await;
    phone.click(".sign-out").await;
    phone.fill("login-form #user", "ann").await;
    phone.fill("login-form #password", &ann.password).await;
    phone.click("login-form button[type=submit]").await;
    phone.click("sign-in-code .other").await;
    phone.has("#sign-in-code[inputmode=text]").await;
    phone.fill("#sign-in-code", &codes[0]).await;
    phone.click("sign-in-code button[type=submit]").await;
    phone.has("chat-app room-list").await;

    page.click("second-factor .new-codes").await;
    page.fill("room-dialog #factor-password", &ann.password).await;
    page.fill("room-dialog #factor-code", &codes[1]).await;
    page.click(SUBMIT).await;
    page.has("room-dialog .recovery li:nth-child(10)").await;
    let first = "return document.querySelector('.recovery li')?.textContent";
    let first = page.wait("a new code", first).await;
    page.click("room-dialog .foot .button").await;
    page.click("second-factor .turn-off").await;
    page.fill("room-dialog #factor-password", &ann.password).await;
    page.fill("room-dialog #factor-code", &codes[2]).await;
    page.click(SUBMIT).await;
    page.has("room-dialog #factor-code[aria-invalid]").await;
    page.clear("room-dialog #factor-code").await;
    page.fill("room-dialog #factor-code", first.as_str().unwrap()).await;
    page.picture("turn-off").await;
    page.click(SUBMIT).await;
    page.has("second-factor .turn-on").await;
    let body = json!({"userId": "ann", "password": ann.password});
    ann.bare().post("/api/login", body).await.is(200);
    for browser in [&page, &phone] {
        let errors = browser.errors().await;
        let expected = |error: &String| ["400", "401", "403"].iter().any(|e| error.contains(e));
        assert!(errors.iter().all(expected), "{errors:?}");
    }
    page.close().await;
    phone.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_turn_it_off_for_others() {
    let server = Server::start_with(&[("AUTH__SECOND_FACTOR", "optional")]).await;
    Ctl::of(&server).create("ada", &["--admin"]);
    let (ada, bob) = (Person::known(&server, "ada").await, Person::new(&server, "bob").await);
    let path = "/api/users/me/second_factor";
    let made = bob.post(path, json!({"password": bob.password})).await.is(200);
    let code = App::new(made["secret"].as_str().unwrap()).shows(0);
    bob.post(&format!("{path}/confirm"), json!({"code": code})).await.is(200);
    let body = json!({"userId": "bob", "password": bob.password});
    let anybody = Client::new(&server);
    anybody.post("/api/login", body.clone()).await.fails(401, "second_factor_required");
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "factor-off", server.address(), "1280,900", &ada).await;
    page.go("#/server/people").await;
    page.click("server-users tr[data-user=ada] .more").await;
    page.has("row-menu .reset-link").await;
    page.lacks("row-menu .reset-second-factor").await;
    page.key(fantoccini::key::Key::Escape).await;
    page.click("server-users tr[data-user=bob] .more").await;
    page.click("row-menu .reset-second-factor").await;
    page.picture("asks").await;
    page.click(SUBMIT).await;
    page.lacks("room-dialog dialog").await;
    anybody.post("/api/login", body).await.is(200);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_not_offered_there_is_nothing_to_see() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "no-factor", server.address(), "1280,900", &ann).await;
    page.go("#/profile").await;
    page.has("session-list li").await;
    page.has("second-factor[hidden]").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_leads_through_what_the_server_requires() {
    let server = Server::start_with(&[("AUTH__SECOND_FACTOR", "required")]).await;
    let body = json!({"userId": "ann", "password": "secret of ann"});
    Client::new(&server).post("/api/users", body).await.is(201);
    let driver = Driver::start();
    let sign_in = format!("{}/#/sign-in", server.address());
    let page = Browser::open_at(&driver, "factor-required", &sign_in, "390,844").await;
    page.fill("login-form #user", "ann").await;
    page.fill("login-form #password", "secret of ann").await;
    page.click("login-form button[type=submit]").await;
    page.reads("sign-in-factor", "This server requires two-step login").await;
    page.picture("asks").await;
    page.click("sign-in-factor .back").await;
    page.lacks("sign-in-factor").await;
    page.click("login-form button[type=submit]").await;
    page.click("sign-in-factor button[type=submit]").await;
    page.wait("the QR code", "return document.querySelector('.qr img')?.naturalWidth > 0").await;
    page.picture("scan").await;
    let key = page.wait("the key", "return document.querySelector('.key')?.textContent").await;
    let app = App::new(&key.as_str().unwrap().replace(' ', ""));
    page.fill("input#sign-in-factor", "000000").await;
    page.click("sign-in-factor button[type=submit]").await;
    page.has("input#sign-in-factor[aria-invalid]").await;
    page.clear("input#sign-in-factor").await;
    page.fill("input#sign-in-factor", &app.shows(0)).await;
    page.click("sign-in-factor button[type=submit]").await;
    page.has("sign-in-factor .recovery li:nth-child(10)").await;
    page.picture("codes").await;
    page.click("sign-in-factor .done").await;
    page.has("chat-app room-list").await;
    page.go("#/profile").await;
    page.reads("second-factor .kept", "you cannot turn it off").await;
    page.lacks("second-factor .turn-off").await;
    page.picture("kept").await;
    page.close().await;

    // Somebody new is led there as well.
    let register = format!("{}/#/register", server.address());
    let page = Browser::open_at(&driver, "factor-required-new", &register, "1280,900").await;
    page.fill("login-form #user", "ben").await;
    page.fill("login-form #password", "secret of ben").await;
    page.click("login-form button[type=submit]").await;
    page.reads("sign-in-factor", "This server requires two-step login").await;
    page.close().await;

    // And whoever opens an invitation, or a link for a new password.
    let ctl = Ctl::of(&server);
    let invited = ctl.one(&["invite", "create"])["url"].as_str().unwrap().to_owned();
    let reset = ctl.one(&["user", "reset-link", "ben"])["url"].as_str().unwrap().to_owned();
    for (link, form, user) in [(invited, "invite-form", Some("#user")), (reset, "reset-form", None)]
    {
        let place = format!("{}/#{}", server.address(), link.split_once('#').unwrap().1);
        let page = Browser::open_at(&driver, "factor-required-link", &place, "1280,900").await;
        if let Some(user) = user {
            page.fill(&format!("{form} {user}"), "cat").await;
        }
        page.fill(&format!("{form} #password"), "secret of cat").await;
        page.click(&format!("{form} button[type=submit]")).await;
        page.reads("sign-in-factor", "This server requires two-step login").await;
        page.close().await;
    }
}
