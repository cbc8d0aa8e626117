//! Signing in with a password that the LDAP directory checks.

use crate::support::{Browser, Ctl, Driver, Server, Slapd};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_the_directory_sign_in_and_change_no_password_here() {
    let mut slapd = Slapd::start();
    let settings = slapd.settings();
    let settings: Vec<_> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let server = Server::start_with(&settings).await;
    Ctl::of(&server).create("root", &["--admin"]);
    let driver = Driver::start();
    let sign_in = format!("{}/#/sign-in", server.address());
    let page = Browser::open_at(&driver, "ldap", &sign_in, "1280,900").await;
    page.fill("login-form #user", "ann").await;
    page.fill("login-form #password", "wrong").await;
    page.click("login-form button[type=submit]").await;
    page.has("login-form #password[aria-invalid]").await;
    slapd.stop();
    page.clear("login-form #password").await;
    page.fill("login-form #password", "ann's secret").await;
    page.click("login-form button[type=submit]").await;
    page.has("login-form .notice:not([hidden])").await;
    page.picture("away").await;
    slapd.restart();
    page.click("login-form button[type=submit]").await;
    page.has("room-list").await;
    page.go("#/profile").await;
    page.reads("password-form .elsewhere", "managed by your organization’s directory").await;
    page.lacks("password-form form:not([hidden])").await;
    page.picture("password").await;
    page.click(".sign-out").await;

    // Whoever has a password of their own changes it.
    page.has("login-form #password").await;
    page.fill("login-form #user", "root").await;
    page.fill("login-form #password", "secret of root").await;
    page.click("login-form button[type=submit]").await;
    page.has("room-list").await;
    page.go("#/profile").await;
    page.has("password-form form:not([hidden]) #old-password").await;
    page.lacks("password-form .elsewhere:not([hidden])").await;
    page.close().await;
}
