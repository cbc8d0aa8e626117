//! Letters about log-ins on new devices.

use serde_json::json;

use super::{mailing, next, subject, text};
use crate::support::{Answer, Client, Ctl, MailServer, Server};

/// Logs in with this program from this address, behind a proxy.
async fn log_in(server: &Server, program: &str, address: &str, languages: &str) -> Answer {
    let client = Client::new(server)
        .with("x-forwarded-for", address)
        .with("user-agent", program)
        .with("accept-language", languages);
    client.post("/api/login", json!({"userId": "ann", "password": "secret of ann"})).await
}

/// A server with ann, who has an address.
async fn with_ann(mail: &MailServer, more: &[(&str, &str)]) -> Server {
    let behind_a_proxy = [("SERVER__TRUSTED_PROXIES", "127.0.0.1")];
    let server = mailing(mail, &[&behind_a_proxy[..], more].concat()).await;
    let account = json!({"userId": "ann", "password": "secret of ann"});
    Client::new(&server).post("/api/users", account).await.is(201);
    Ctl::of(&server).run(&["user", "email", "ann", "ann@example.org"]).ends(0);
    server
}

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Firefox/127.0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_with_another_program_or_from_another_network_is_told() {
    let mail = MailServer::start();
    let server = with_ann(&mail, &[("AUTH__RESET_BY_MAIL", "true")]).await;
    // The first one, and those that are like it.
    for address in ["203.0.113.5", "203.0.113.5", "203.0.7.9"] {
        log_in(&server, "curl/8.5.0", address, "ko").await.is(200);
    }
    let token = log_in(&server, "curl/9", "203.0.113.6", "ko").await.is(200);
    // The first letter of all is that of a new program.
    log_in(&server, FIREFOX, "203.0.113.5", "fr, ru;q=0.5, en;q=0.4").await.is(200);
    let (mail, letter) = next(mail).await;
    assert_eq!(letter["to"], json!(["ann@example.org"]));
    assert_eq!(subject(&letter), "Новый вход в Werk");
    for part in
        ["Firefox, Windows", "203.0.113.5", "ann", " UTC", "https://chat.example/team/#/forgot"]
    {
        assert!(text(&letter).contains(part), "{part}: {letter}");
    }
    // The language that she has chosen counts more than that of the request.
    let token = token["token"].as_str().unwrap().to_owned();
    let ann = Client::new(&server).with("authorization", &format!("Bearer {token}"));
    ann.patch("/api/users/me/settings", json!({"language": "zh-CN"})).await.is(200);
    ann.patch("/api/users/me/settings", json!({"language": "z h"})).await.blames("language");
    let settings = ann.get("/api/users/me/settings").await.is(200);
    assert_eq!(settings["language"], "zh-CN");
    log_in(&server, FIREFOX, "198.51.100.7", "ru").await.is(200);
    let (mail, letter) = next(mail).await;
    assert_eq!(subject(&letter), "Werk 新设备登录提醒");
    assert!(text(&letter).contains("198.51.100.7"), "{letter}");
    // Three an hour.
    log_in(&server, "one/1", "198.51.100.7", "").await.is(200);
    let (_mail, letter) = next(mail).await;
    assert!(text(&letter).contains("one"), "{letter}");
    log_in(&server, "two/1", "198.51.100.7", "").await.is(200);
    server.wait_for_log(&["Too many log-ins on new devices: no mail."]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_can_be_turned_off_and_needs_an_address() {
    let mail = MailServer::start();
    let off = [("MAIL__NEW_DEVICE", "false")];
    let quiet = with_ann(&mail, &off).await;
    for program in ["one/1", "two/1"] {
        log_in(&quiet, program, "203.0.113.5", "").await.is(200);
    }
    let server = with_ann(&mail, &[]).await;
    Ctl::of(&server).run(&["user", "email", "ann", "--remove"]).ends(0);
    for program in ["one/1", "two/1"] {
        log_in(&server, program, "203.0.113.5", "").await.is(200);
    }
    Ctl::of(&server).run(&["user", "email", "ann", "ann@example.org"]).ends(0);
    log_in(&server, "three/1", "203.0.113.5", "").await.is(200);
    let (_mail, letter) = next(mail).await;
    assert!(text(&letter).contains("three"), "{letter}");
}
