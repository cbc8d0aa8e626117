//! Letters through a real mail server: a test letter, invitations, and log-ins on new devices.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod devices;
mod invitations;

use crate::support::{Ctl, Json, MailServer, Server};

/// A server that mails through this one, with these settings.
async fn mailing(mail: &MailServer, more: &[(&str, &str)]) -> Server {
    let public = [("SERVER__PUBLIC_URL", "https://chat.example/team"), ("SERVER__NAME", "Werk")];
    let settings = [&mail.settings()[..], &public, more].concat();
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let certificate = mail.certificate();
    let trusted = [("SSL_CERT_FILE", certificate.to_str().unwrap())];
    Server::start_under(data, &settings, &trusted).await
}

/// The next letter, without blocking the runtime.
async fn next(mut mail: MailServer) -> (MailServer, Json) {
    let waiting = tokio::task::spawn_blocking(move || {
        let letter = mail.next();
        (mail, letter)
    });
    waiting.await.unwrap()
}

fn subject(letter: &Json) -> &str {
    letter["headers"]["Subject"].as_str().unwrap()
}

fn text(letter: &Json) -> &str {
    letter["text"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_letter_is_taken_or_the_reason_is_told() {
    let mail = MailServer::start();
    let server = mailing(&mail, &[]).await;
    let ctl = Ctl::of(&server);
    let sent = ctl.all(&["mail", "test", "ann@example.org"]).remove(0);
    assert_eq!((&sent["sent"], &sent["to"]), (&true.into(), &"ann@example.org".into()), "{sent}");
    assert_eq!((&sent["server"], &sent["problem"]), (&"localhost".into(), &Json::Null), "{sent}");
    let (mail, letter) = next(mail).await;
    assert_eq!(letter["to"], serde_json::json!(["ann@example.org"]));
    assert_eq!(subject(&letter), "Test mail from Werk");
    ctl.run(&["mail", "test", "ann@example.org", "--language", "ko"]).ends(0);
    let (mail, letter) = next(mail).await;
    assert_eq!(subject(&letter), "Werk 테스트 메일");
    for wrong in ["ann", "Ann <ann@example.org>", "ann@example.org\nBcc: bob@example.org"] {
        let told = ctl.run(&["mail", "test", wrong]);
        assert!(told.ends(2).err.contains("is not an e-mail address"), "{told:?}");
    }
    let told = ctl.run(&["mail", "test", "ann@example.org", "--language", "fr"]);
    assert!(told.ends(2).err.contains("language must be en, ko, ru or zh"), "{told:?}");
    let audit = ctl.run(&["audit", "list", "--action", "mail", "-o", "jsonl"]);
    let lines: Vec<&str> = audit.ends(0).out.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("ann@example.org"), "{audit:?}");

    let refused = mailing(&mail, &[("MAIL__PASSWORD", "let me out")]).await;
    let told = Ctl::of(&refused).run(&["mail", "test", "ann@example.org", "-o", "json"]);
    assert!(told.ends(6).out.contains("535"), "{told:?}");
    let down = mailing(&mail, &[("MAIL__PORT", "1")]).await;
    let told = Ctl::of(&down).run(&["mail", "test", "ann@example.org"]);
    assert!(told.ends(6).out.contains("Connection refused"), "{told:?}");
    let plain = Server::start().await;
    let told = Ctl::of(&plain).run(&["mail", "test", "ann@example.org"]);
    assert!(told.ends(2).err.contains("[mail] is not set"), "{told:?}");
}
