//! A forgotten password: the server mails a link through a real mail server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;

use crate::support::{Client, Ctl, Json, MailServer, Person, Server};

/// A server that mails through this one, with these accounts, each with an address at example.org.
async fn mailing(mail: &MailServer, more: &[(&str, &str)], people: &[&str]) -> Server {
    let public = [
        ("AUTH__RESET_BY_MAIL", "true"),
        ("SERVER__PUBLIC_URL", "https://chat.example/team"),
        ("SERVER__NAME", "Werk"),
    ];
    let settings = [&mail.settings()[..], &public, more].concat();
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let certificate = mail.certificate();
    let trusted = [("SSL_CERT_FILE", certificate.to_str().unwrap())];
    let server = Server::start_under(data, &settings, &trusted).await;
    for person in people {
        let address = format!("{person}@example.org");
        Ctl::of(&server).create(person, &["--email", &address]);
    }
    server
}

/// The next letter, without blocking the runtime.
async fn next(mut mail: MailServer) -> (MailServer, Json) {
    let waiting = tokio::task::spawn_blocking(move || {
        let letter = mail.next();
        (mail, letter)
    });
    waiting.await.unwrap()
}

/// The token of the link in a letter.
fn token(letter: &Json) -> String {
    let text = letter["text"].as_str().unwrap();
    let link = text.lines().find(|line| line.starts_with("https://")).unwrap();
    link.strip_prefix("https://chat.example/team/#reset=").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_goes_to_the_address_of_the_account_and_works_once() {
    let mail = MailServer::start();
    let server = mailing(&mail, &[("LIMITS__ENABLED", "false")], &["bob", "ann"]).await;
    let anybody = Client::new(&server);
    assert_eq!(anybody.get("/api/server").await.json()["resetByMail"], true);
    let by_administrator = Ctl::of(&server).one(&["user", "reset-link", "bob"]);
    let ask = async |body: Json| anybody.post("/api/reset/mail", body).await.is(204);
    ask(json!({"user": " Bob ", "language": "ko-KR"})).await;
    let (mail, letter) = next(mail).await;
    assert_eq!(letter["to"], json!(["bob@example.org"]));
    assert_eq!(letter["headers"]["Subject"], "Werk 비밀번호 재설정");
    assert!(letter["text"].as_str().unwrap().contains("bob 계정"), "{letter}");
    let first = token(&letter);
    // By the address, in a language without texts.
    ask(json!({"user": "BOB@example.org", "language": "tlh"})).await;
    let (mail, letter) = next(mail).await;
    assert_eq!(letter["headers"]["Subject"], "New password for Werk");
    let second = token(&letter);
    let check =
        async |token: &str| anybody.post("/api/reset/check", json!({"token": token})).await.status;
    assert_eq!((check(&first).await, check(&second).await), (403, 200), "a newer one ends it");
    let url = by_administrator["url"].as_str().unwrap().to_owned();
    let administrators = url.split_once("#reset=").unwrap().1;
    assert_eq!(check(administrators).await, 200, "strangers end no link of an administrator");
    let body = json!({"token": second, "password": "a new password"});
    anybody.post("/api/reset", body.clone()).await.is(200);
    anybody.post("/api/reset", body).await.is(403);
    assert_eq!(check(administrators).await, 403, "the new password ended it");
    let login = json!({"userId": "bob", "password": "a new password"});
    anybody.post("/api/login", login).await.is(200);
    // A login name that is the address of another person, and an address that is not hers any more.
    Ctl::of(&server).create("ann@example.org", &[]);
    ask(json!({"user": "ann@example.org"})).await;
    let (mail, letter) = next(mail).await;
    assert_eq!(letter["to"], json!(["ann@example.org"]));
    assert!(letter["text"].as_str().unwrap().contains("account ann on"), "{letter}");
    let ann = Person::known(&server, "ann").await;
    assert_eq!(check(&token(&letter)).await, 200);
    ann.patch("/api/users/me", json!({"email": "ann@example.net"})).await.is(200);
    assert_eq!(check(&token(&letter)).await, 403, "it went to another address");
    let logged = server.wait_for_log(&["[bob] - Link for a new password mailed."]).await;
    assert!(!logged.contains(&first) && !logged.contains("example.org"), "{logged}");
    // Filters distrust ids of other domains.
    assert!(letter["headers"]["Message-ID"].as_str().unwrap().ends_with("@example.org>"));
    drop(mail);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_learns_nothing_and_others_get_no_mail() {
    let mail = MailServer::start();
    let off = [("LIMITS__ENABLED", "false")];
    let server = mailing(&mail, &off, &["bob", "disabled"]).await;
    let ctl = Ctl::of(&server);
    ctl.create("plain", &[]);
    ctl.run(&["bot", "create", "ci"]).ends(0);
    ctl.run(&["user", "disable", "disabled"]).ends(0);
    let anybody = Client::new(&server);
    for user in ["nobody", "plain", "ci", "disabled", "disabled@example.org", "a b", "", "@"] {
        let answer = anybody.post("/api/reset/mail", json!({"user": user})).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{user}");
        server.wait_for_log(&["A new password was asked for: no account"]).await;
    }
    for wrong in [json!({}), json!({"user": 5}), json!([])] {
        anybody.post("/api/reset/mail", wrong).await.is(400);
    }
    // The first letter of all is that of somebody who may have one.
    anybody.post("/api/reset/mail", json!({"user": "bob"})).await.is(204);
    let (_mail, letter) = next(mail).await;
    assert_eq!(letter["to"], json!(["bob@example.org"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_gets_three_letters_an_hour_and_an_address_asks_ten_times() {
    let mail = MailServer::start();
    let behind_a_proxy = [("SERVER__TRUSTED_PROXIES", "127.0.0.1")];
    let server = mailing(&mail, &behind_a_proxy, &["bob", "ann"]).await;
    let from = |address: &str| Client::new(&server).with("x-forwarded-for", address);
    let anybody = from("203.0.113.5");
    let ask = async |user: &str| anybody.post("/api/reset/mail", json!({"user": user})).await;
    let mut mail = mail;
    for _ in 0..3 {
        ask("bob").await.is(204);
        mail = next(mail).await.0;
    }
    ask("bob").await.is(204);
    server.wait_for_log(&["A new password was asked for too often: no mail"]).await;
    for _ in 0..6 {
        ask("ann").await.is(204);
    }
    ask("ann").await.fails(429, "rate_limited");
    from("203.0.113.6").post("/api/reset/mail", json!({"user": "nobody"})).await.is(204);
    for _ in 0..3 {
        let (same, letter) = next(mail).await;
        assert_eq!(letter["to"], json!(["ann@example.org"]));
        mail = same;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_mail_offers_nothing_and_a_refusal_is_a_warning() {
    let mail = MailServer::start();
    let plain = Server::start().await;
    let unwanted = mailing(&mail, &[("AUTH__RESET_BY_MAIL", "false")], &[]).await;
    for server in [&plain, &unwanted] {
        let anybody = Client::new(server);
        assert_eq!(anybody.get("/api/server").await.json()["resetByMail"], Json::Null);
        let asked = anybody.post("/api/reset/mail", json!({"user": "bob"})).await;
        asked.fails(404, "not_found");
    }
    let refused = mailing(&mail, &[("MAIL__PASSWORD", "let me out")], &["bob"]).await;
    Client::new(&refused).post("/api/reset/mail", json!({"user": "bob"})).await.is(204);
    let warned = refused.wait_for_log(&["[WARN]", "cannot be mailed"]).await;
    assert!(warned.contains("535") && !warned.contains("let me out"), "{warned}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_logs_in_to_the_mail_server_and_the_check_of_the_configuration_says_what_is_missing()
{
    let mail = MailServer::start();
    let server = mailing(&mail, &[], &[]).await;
    let ctl = Ctl::of(&server);
    let told = ctl.run(&["doctor", "--only", "mail"]).ends(0).out.clone();
    assert!(told.contains("localhost answers and takes the log-in of [mail]"), "{told}");

    let server = mailing(&mail, &[("MAIL__PASSWORD", "let me out")], &[]).await;
    let told = Ctl::of(&server).run(&["doctor", "--only", "mail"]).ends(6).out.clone();
    assert!(told.contains("the mail server localhost cannot be used: "), "{told}");
    assert!(told.contains("Check host, port, security, user and password in [mail]."), "{told}");

    let server = mailing(&mail, &[("MAIL__PORT", "1")], &[]).await;
    let told = Ctl::of(&server).run(&["doctor", "--only", "mail"]).ends(6).out.clone();
    assert!(told.contains("the mail server localhost cannot be used: "), "{told}");

    let folder = tempfile::tempdir().unwrap();
    let ctl = Ctl::at(folder.path()).set("AUTH__RESET_BY_MAIL", "true");
    let told = ctl.set("MAIL__HOST", "localhost").run(&["config", "check"]).ends(0).err.clone();
    assert!(
        told.contains(
            "warning: [auth] reset_by_mail has no effect without [mail] from and [server] \
             public_url."
        ),
        "{told}"
    );
}
