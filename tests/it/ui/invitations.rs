//! Invitations in the web UI: an administrator makes one, and somebody registers with it.

use serde_json::json;

use crate::support::{Browser, Ctl, Driver, MailServer, Person, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_invited_to_a_room_and_registers() {
    let env = [("AUTH__REGISTRATION", "invite"), ("SERVER__NAME", "Pier Nine")];
    let server = Server::start_with(&env).await;
    let ctl = Ctl::of(&server).set("AUTH__REGISTRATION", "invite");
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    ada.patch("/api/users/me", json!({"name": "Ada L."})).await.is(200);
    let room = ada.public_room("Study").await;
    ada.say(&room, "welcome").await;
    let driver = Driver::start();
    let (page, theirs) = tokio::join!(
        Browser::at_home(&driver, "invites", server.address(), "1280,800", &ada),
        Browser::open(&driver, "invited", server.address(), "390,844")
    );
    // Nobody is asked to register without an invitation.
    theirs.go("#/sign-in").await;
    theirs.has("login-form #password").await;
    theirs.lacks("login-form a[href='#/register']").await;
    for browser in [&page, &theirs] {
        browser.errors().await;
    }

    page.go("#/server/invitations").await;
    page.reads("server-invitations", "No invitations yet.").await;
    page.click(".add-invitation").await;
    page.click("room-dialog .choices input").await;
    page.picture("create").await;
    page.click("room-dialog .foot .primary").await;
    let script = "return document.querySelector('room-dialog #invite-link')?.value";
    let link = page.wait("the link", script).await.as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("http://{}/#invite=", server.address())), "{link}");
    let drawn = "const qr = document.querySelector('room-dialog .qr'); \
                 return qr?.complete && qr.naturalWidth > 0";
    page.wait("the QR code", drawn).await;
    page.picture("link").await;
    page.click("room-dialog .copy").await;
    page.reads("room-dialog .copy", "Copied").await;
    page.click("room-dialog .foot .button").await;
    page.reads("tr[data-invitation='1'] .rooms", "Study").await;
    page.reads("tr[data-invitation='1'] .left", "1 / 1").await;
    page.reads("tr[data-invitation='1'] .state", "Valid").await;
    let time = "return /\\d\\d:\\d\\d$/.test(document.querySelector(\"tr[data-invitation='1'] .expires \
                time\").textContent)";
    page.wait("the time at which it ends", time).await;
    page.picture("list").await;

    let hash = link.split_once('#').unwrap().1;
    theirs.go(&format!("#{hash}")).await;
    theirs.reads("invite-form h2", "Ada L. invites you to Pier Nine").await;
    theirs.reads("invite-form .offer li", "Study").await;
    theirs.picture("asks").await;
    theirs.click("invite-form .langs button[lang=ko]").await;
    theirs.has("invite-form .langs button[lang=ko][aria-current=true]").await;
    theirs.reads("invite-form h2", "Pier Nine").await;
    theirs.reads("invite-form button[type=submit]", "계정 만들기").await;
    theirs.picture("korean").await;
    theirs.click("invite-form .langs button[lang=en]").await;
    theirs.reads("invite-form h2", "Ada L. invites you to Pier Nine").await;
    theirs.fill("invite-form #user", "ada").await;
    theirs.fill("invite-form #password", "short").await;
    theirs.click("invite-form button[type=submit]").await;
    theirs.has("invite-form #password[aria-invalid]").await;
    theirs.fill("invite-form #password", " but longer").await;
    theirs.click("invite-form button[type=submit]").await;
    theirs.reads("invite-form .error", "This name is taken").await;
    theirs.clear("invite-form #user").await;
    theirs.fill("invite-form #user", "cyd").await;
    theirs.click("invite-form button[type=submit]").await;
    theirs.reads("chat-app room-list a.row", "Study").await;
    theirs.go(&format!("#{hash}")).await;
    theirs.reads("invite-form .notice", "already been used").await;
    theirs.picture("used").await;
    let errors = theirs.errors().await;
    assert!(errors.iter().all(|error| error.contains("409")), "{errors:?}");

    // Revoked, and for somebody who is signed in.
    page.go("#/server").await;
    page.go("#/server/invitations").await;
    page.reads("tr[data-invitation='1'] .state", "Used up").await;
    page.click("tr[data-invitation='1'] .more").await;
    page.click("row-menu .revoke-invitation").await;
    page.click("room-dialog .foot .primary").await;
    page.lacks("tr[data-invitation='1']").await;
    theirs.run("location.reload()").await;
    theirs.reads("invite-form .notice", "does not exist or was revoked").await;
    let made = ctl.one(&["invite", "create"]);
    let other = made["url"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    theirs.go(&format!("#{other}")).await;
    theirs.reads("invite-form", "You are signed in as cyd").await;
    theirs.click("invite-form a.primary").await;
    theirs.has("chat-app room-list").await;
    // Somebody who has an account joins the rooms with it.
    let attic = ada.public_room("Attic").await;
    let made = ctl.one(&["invite", "create", "--guest", "--room", &attic]);
    let other = made["url"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    theirs.go(&format!("#{other}")).await;
    theirs.reads("invite-form .offer", "As cyd, you join these rooms").await;
    theirs.picture("joins").await;
    theirs.click("invite-form button.primary").await;
    theirs.reads("chat-app room-list", "Attic").await;
    assert_eq!(page.errors().await, [""; 0]);
    page.close().await;
    theirs.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_invited_as_a_guest() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let [study, _] = [ada.public_room("Study").await, ada.public_room("Attic").await];
    ada.say(&study, "welcome").await;
    let driver = Driver::start();
    let (page, theirs) = tokio::join!(
        Browser::at_home(&driver, "invites-guests", server.address(), "1280,800", &ada),
        Browser::open(&driver, "invited-guest", server.address(), "390,844")
    );
    page.go("#/server/invitations").await;
    page.click(".add-invitation").await;
    page.has("room-dialog #invite-kind").await;
    let choose = "const kind = document.querySelector('room-dialog #invite-kind'); \
                  kind.value = 'guest'; kind.dispatchEvent(new Event('change', {bubbles: true}))";
    page.run(choose).await;
    page.click("room-dialog .foot .primary").await;
    page.reads("room-dialog .notice", "Choose at least one room").await;
    page.picture("needs-a-room").await;
    page.click("room-dialog .choices input").await;
    page.click("room-dialog .foot .primary").await;
    let script = "return document.querySelector('room-dialog #invite-link')?.value";
    let link = page.wait("the link", script).await.as_str().unwrap().to_owned();
    page.click("room-dialog .foot .button").await;
    page.reads("tr[data-invitation='1'] .rooms .tag", "Guest").await;
    page.picture("list").await;

    let hash = link.split_once('#').unwrap().1;
    theirs.go(&format!("#{hash}")).await;
    for (language, says) in [
        ("ko", "게스트로 참여합니다"),
        ("ru", "как гость"),
        ("zh", "访客身份"),
        ("en", "join as a guest"),
    ] {
        theirs.click(&format!("invite-form .langs button[lang={language}]")).await;
        theirs.reads("invite-form .as-guest", says).await;
        theirs.picture(language).await;
    }
    theirs.fill("invite-form #user", "gil").await;
    theirs.fill("invite-form #password", "long enough").await;
    theirs.click("invite-form button[type=submit]").await;
    theirs.reads("chat-app room-list a.row", "Study").await;
    assert_eq!(ctl.one(&["user", "show", "gil"])["guest"], true);
    for browser in [&page, &theirs] {
        // Nobody was signed in at first.
        assert!(browser.errors().await.iter().all(|error| error.contains("401")));
    }
    page.close().await;
    theirs.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_mails_invitations() {
    let mail = MailServer::start();
    let public = [("AUTH__REGISTRATION", "invite"), ("SERVER__NAME", "Pier Nine")];
    let settings = [&mail.settings()[..], &public].concat();
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let certificate = mail.certificate();
    let trusted = [("SSL_CERT_FILE", certificate.to_str().unwrap())];
    let server = Server::start_under(data, &settings, &trusted).await;
    Ctl::of(&server).create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let driver = Driver::start();
    let page = Browser::at_home(&driver, "mails", server.address(), "1280,800", &ada).await;
    page.errors().await;
    page.go("#/server/invitations").await;
    page.click(".add-invitation").await;
    page.fill("room-dialog #invite-mail", "nobody").await;
    page.click("room-dialog .foot .primary").await;
    page.reads("room-dialog .notice", "is not an e-mail address").await;
    page.clear("room-dialog #invite-mail").await;
    page.fill("room-dialog #invite-mail", "ben@example.org, cyd@example.org").await;
    page.picture("addresses").await;
    page.click("room-dialog .foot .primary").await;
    page.reads("room-dialog [data-mailed='ben@example.org'] .meta", "Sent.").await;
    page.reads("room-dialog [data-mailed='cyd@example.org'] .meta", "Sent.").await;
    page.picture("mailed").await;
    page.click("room-dialog .foot .button").await;
    page.reads("tr[data-invitation='1'] .mailed", "ben@example.org").await;
    page.picture("mailed-list").await;
    let letters = tokio::task::spawn_blocking(move || {
        let mut mail = mail;
        [mail.next(), mail.next()]
    });
    for letter in letters.await.unwrap() {
        assert!(letter["headers"]["Subject"].as_str().unwrap().contains("Pier Nine"), "{letter}");
        let link = format!("http://{}/#invite=", server.address());
        assert!(letter["text"].as_str().unwrap().contains(&link), "{letter}");
    }
    // A 400 for the wrong address is an error on the console.
    page.errors().await;
    // What is chosen is known to the server, which writes letters in it.
    page.go("#/profile").await;
    page.wait("the choice of languages", "return Boolean(document.querySelector('#language'))")
        .await;
    let choose = "const choice = document.querySelector('#language'); choice.value = 'ko'; \
                  choice.dispatchEvent(new Event('change', { bubbles: true })); return true";
    page.wait("another language", choose).await;
    page.wait("the page in Korean", "return document.documentElement.lang === 'ko'").await;
    let stored = "return fetch('api/users/me/settings').then((answer) => answer.json()).then(({ \
                  language }) => language === 'ko')";
    page.wait("the stored language", stored).await;
}
