//! What the configuration lets appear: the accent colour, the message of the day, and API tokens of
//! one's own.

use serde_json::json;

use crate::support::{Browser, Client, Driver, Person, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_has_its_colour_and_its_message() {
    let motd = "Maintenance on <b>Sunday</b>.\nAsk Ann.";
    let settings =
        [("SERVER__NAME", "Pier Nine"), ("SERVER__ACCENT", "#7a2fd0"), ("SERVER__MOTD", motd)];
    let server = Server::start_with(&settings).await;
    let driver = Driver::start();
    let page = Browser::open(&driver, "own", server.address(), "1280,800").await;
    page.reads("login-form .motd", motd).await;
    // Violet, where the default is green.
    let hue = "const canvas = document.createElement('canvas').getContext('2d'); \
               canvas.fillStyle = getComputedStyle(document.querySelector('.logo'))\
               .backgroundColor; canvas.fillRect(0, 0, 1, 1); const [r, g, b] = \
               canvas.getImageData(0, 0, 1, 1).data; return b > r && r > g";
    page.wait("violet", hue).await;
    page.picture("sign-in").await;
    let manifest = Client::new(&server).get("/manifest.webmanifest").await.is(200);
    assert_eq!(
        (&manifest["name"], &manifest["theme_color"]),
        (&json!("Pier Nine"), &json!("#7a2fd0"))
    );
    page.register("ann", "Ann").await;
    page.reads("empty-state .motd", motd).await;
    page.picture("start").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_create_and_revoke_tokens_in_their_settings() {
    let server = Server::start_with(&[("AUTH__PERSONAL_TOKENS", "true")]).await;
    let ann = Person::new(&server, "ann").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "tokens", server.address(), "1280,900", &ann).await;
    // Those of the time before the log-in.
    page.errors().await;
    page.go("#/profile").await;
    page.click("token-list .create-token").await;
    page.click("room-dialog .foot .primary").await;
    page.has("room-dialog #token-name[aria-invalid]").await;
    page.fill("room-dialog #token-name", "Laptop").await;
    page.lacks("room-dialog #token-scope option[value=admin]").await;
    page.click("room-dialog .foot .primary").await;
    let secret = page
        .wait("the token", "return document.querySelector('room-dialog #new-secret')?.value")
        .await;
    page.click("room-dialog .foot .button").await;
    page.has("token-list li[data-token=Laptop]").await;
    page.run("document.querySelector('token-list').scrollIntoView()").await;
    page.picture("list").await;
    let program = ann.bearer(secret.as_str().unwrap());
    assert_eq!(program.get("/api/users/me").await.is(200)["userId"], "ann");
    page.click("token-list li[data-token=Laptop] .end").await;
    page.lacks("token-list li").await;
    program.get("/api/users/me").await.is(401);
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;

    // Where it is not permitted, there is nothing to see.
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let page = Browser::at_home(&driver, "no-tokens", server.address(), "1280,900", &ann).await;
    page.go("#/profile").await;
    page.has("session-list li").await;
    page.has("token-list[hidden]").await;
    page.close().await;
}
