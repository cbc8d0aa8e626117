//! Invitations by mail.

use serde_json::json;

use super::{mailing, next, subject, text};
use crate::support::{Client, Ctl, Json, MailServer, Person, Server};

/// The token of the link in a letter.
fn token(letter: &Json) -> String {
    let link = text(letter).lines().find(|line| line.starts_with("https://")).unwrap();
    link.split_once("/#invite=").unwrap().1.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_address_gets_an_invitation_of_its_own() {
    let mail = MailServer::start();
    let server = mailing(&mail, &[("AUTH__REGISTRATION", "invite")]).await;
    let ctl = Ctl::of(&server).set("AUTH__REGISTRATION", "invite");
    let two =
        ["--mail", "ben@example.org", "--mail", "cyd@example.org", "--mail", "BEN@example.org"];
    let made = ctl.all(&[&["invite", "create", "--language", "ru"][..], &two].concat());
    assert_eq!(made.len(), 2, "{made:?}");
    assert_eq!((&made[0]["mailed_to"], &made[0]["uses"]), (&json!("ben@example.org"), &json!(1)));
    let (mail, one) = next(mail).await;
    let (mail, two) = next(mail).await;
    let mut to = [&one, &two].map(|letter| letter["to"][0].as_str().unwrap().to_owned());
    to.sort_unstable();
    assert_eq!(to, ["ben@example.org", "cyd@example.org"]);
    assert_eq!(subject(&one), "Приглашение в Werk");
    assert_ne!(token(&one), token(&two));
    let offer = Client::new(&server);
    let offer = offer.post("/api/invitations/check", json!({"token": token(&one)})).await;
    assert_eq!(offer.is(200)["valid"], true);
    let account = json!({"userId": "ben", "password": "long enough", "invitation": token(&one)});
    Client::new(&server).post("/api/users", account).await.is(201);
    let listed = ctl.all(&["invite", "list"]);
    assert_eq!(listed[0]["mailed_to"], "cyd@example.org");

    // An administrator in the web UI, whose name and address of the page are in the letter.
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    ada.patch("/api/users/me", json!({"name": "Ada L."})).await.is(200);
    assert_eq!(ada.get("/api/server").await.json()["mail"], true);
    let page = "https://other.example/chat/";
    let body =
        json!({"invite.create": {"mail": ["dan@example.org"], "page": page, "language": "ko"}});
    let items = ada.post("/api/admin", body).await.is(200)["items"].clone();
    let (_mail, letter) = next(mail).await;
    assert_eq!(subject(&letter), "Ada L.님이 Werk 채팅에 초대했습니다");
    let link = items[0]["url"].as_str().unwrap();
    assert!(link.starts_with("https://other.example/chat/#invite="), "{link}");
    assert!(text(&letter).lines().any(|line| line == link), "{letter}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_address_creates_nothing_and_an_unsent_letter_leaves_the_link() {
    let mail = MailServer::start();
    let server = mailing(&mail, &[("MAIL__PORT", "1")]).await;
    let ctl = Ctl::of(&server);
    let told = ctl.run(&["invite", "create", "--mail", "ben@example.org", "--mail", "nobody"]);
    assert!(told.ends(2).err.contains("\"nobody\" is not an e-mail address"), "{told:?}");
    assert!(ctl.all(&["invite", "list"]).is_empty());

    let told = ctl.run(&["invite", "create", "--mail", "ben@example.org", "-o", "json"]);
    assert!(told.ends(6).err.contains("not mailed to ben@example.org"), "{told:?}");
    let items: Json = serde_json::from_str(&told.out).unwrap();
    assert!(items[0]["problem"].is_string(), "{items}");
    let url = items[0]["url"].as_str().unwrap();
    let token = url.split_once("/#invite=").unwrap().1;
    let offer = Client::new(&server).post("/api/invitations/check", json!({"token": token})).await;
    assert_eq!(offer.is(200)["valid"], true);

    let plain = Server::start().await;
    let told = Ctl::of(&plain).run(&["invite", "create", "--mail", "ben@example.org"]);
    assert!(told.ends(2).err.contains("[mail] is not set"), "{told:?}");
    assert!(Ctl::of(&plain).all(&["invite", "list"]).is_empty());
    assert_eq!(Client::new(&plain).get("/api/server").await.json()["mail"], Json::Null);
}
