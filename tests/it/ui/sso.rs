//! Signing in through the provider of the server: the button, the way there and back, and what is
//! said when it fails.

use serde_json::json;

use crate::support::{Browser, Ctl, Driver, Person, Provider, Server};

const BUTTON: &str = "sign-in-sso a.button";

async fn start(provider: &Provider, more: &[(&str, &str)]) -> Server {
    let settings = provider.settings(more);
    let settings: Vec<(&str, &str)> = settings.iter().map(|(k, v)| (&**k, &**v)).collect();
    Server::start_with(&settings).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_leads_to_the_provider_and_back_to_the_place_that_was_opened() {
    let provider = Provider::start();
    let people = json!({
        "7": {"preferred_username": "ann", "name": "Ann Lee"},
        "8": {"preferred_username": "ben"},
    });
    provider.knows(people).await;
    let server = start(&provider, &[("OIDC__LABEL", "Log in at work"), ("OIDC__ROOMS", "lobby")]);
    let server = server.await;
    let ben = Person::new(&server, "ben").await;
    let room = ben.public_room("lobby").await;
    let driver = Driver::start();
    let opened = format!("{}/#/{room}", server.address());
    let page = Browser::open_at(&driver, "sso", &opened, "1280,900").await;
    page.reads(BUTTON, "Log in at work").await;
    page.has("login-form form #password").await;
    page.picture("button").await;
    // Whoever goes back at the provider is told so.
    page.click(BUTTON).await;
    page.click("#go").await;
    page.reads("sign-in-sso .notice", "You cancelled signing in.").await;
    page.picture("cancelled").await;
    page.go(&format!("#/{room}")).await;
    page.click(BUTTON).await;
    page.fill("#login", "7").await;
    page.click("#go").await;
    page.has("chat-app message-composer").await;
    let at = format!("return location.hash === '#/{room}'");
    page.wait("the room that was opened", &at).await;
    // Nobody was signed in, and the provider has no icon.
    let errors = page.errors().await;
    let expected = |error: &String| error.contains("401") || error.contains("favicon.ico");
    assert!(errors.iter().all(expected), "{errors:?}");
    page.close().await;
    // A name that somebody has, in another language, on a phone.
    let sign_in = format!("{}/#/sign-in", server.address());
    let phone = Browser::start(&driver, "sso-phone", &sign_in, "390,844", "ko").await;
    phone.click(BUTTON).await;
    phone.fill("#login", "8").await;
    phone.click("#go").await;
    phone.has("sign-in-sso .notice:not([hidden])").await;
    phone.reads("sign-in-sso .notice", "이 서버의 다른 계정이 같은 사용자 이름을 사용하고 있습니다. 관리자에게 계정 연결을 요청해 주세요.").await;
    phone.picture("taken").await;
    phone.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_passwords_there_is_only_the_button() {
    let provider = Provider::start();
    provider.knows(json!({"7": {"preferred_username": "ann", "name": "Ann Lee"}})).await;
    let server = start(&provider, &[("AUTH__LOCAL_LOGIN", "false")]).await;
    Ctl::of(&server).create("root", &["--admin"]);
    let driver = Driver::start();
    let page = Browser::open(&driver, "sso-alone", server.address(), "1280,900").await;
    page.reads(BUTTON, "Sign in with SSO").await;
    page.has("login-form form[hidden]").await;
    page.has("sign-in-sso .or[hidden]").await;
    page.picture("alone").await;
    page.click(BUTTON).await;
    page.fill("#login", "7").await;
    page.click("#go").await;
    page.has("chat-app room-list").await;
    page.go("#/profile").await;
    page.has("settings-page section[hidden] password-form").await;
    page.close().await;
}
