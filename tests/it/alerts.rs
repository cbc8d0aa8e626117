//! Alerts: a real HTTP receiver, and a real mail server that requires STARTTLS and a password.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader as AsyncReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::service::reload::Configured;
use crate::support::{Client, Ctl, Json, MailServer, PATIENCE, Server};

/// Answers of the receiver.
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A receiver of webhooks.
struct Receiver {
    address: String,
    received: mpsc::UnboundedReceiver<Json>,
    serving: JoinHandle<()>,
}

impl Receiver {
    /// Starts one at this address, with this answer to everything.
    async fn at(address: &str, answer: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, received) = mpsc::unbounded_channel();
        let answer: Arc<str> = answer.into();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sender, answer) = (sender.clone(), Arc::clone(&answer));
                tokio::spawn(async move {
                    if let Some(body) = receive(stream, &answer).await {
                        drop(sender.send(body));
                    }
                });
            }
        });
        Self { address, received, serving }
    }

    async fn start() -> Self {
        Self::at("127.0.0.1:0", OK).await
    }

    /// The text of the next webhook.
    async fn next(&mut self) -> String {
        let body = timeout(PATIENCE, self.received.recv()).await.expect("a webhook").unwrap();
        assert_eq!(crate::support::keys(&body), ["text"]);
        body["text"].as_str().unwrap().to_owned()
    }

    /// Whether nothing more has arrived.
    fn is_empty(&mut self) -> bool {
        self.received.try_recv().is_err()
    }

    fn url(&self) -> String {
        format!("http://{}/hooks/SECRET", self.address)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Reads a request, answers it, and returns its body.
async fn receive(stream: TcpStream, answer: &str) -> Option<Json> {
    let mut stream = AsyncReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    stream.write_all(answer.as_bytes()).await.ok()?;
    serde_json::from_slice(&body).ok()
}

/// A server that sends alerts to the receiver, and to private addresses.
async fn alerting(receiver: &Receiver, more: &[(&str, &str)]) -> Server {
    let url = receiver.url();
    let own = [
        ("LOG__ALERTS__SLACK_WEBHOOK", url.as_str()),
        ("EGRESS__ALLOWED_NETWORKS", "127.0.0.0/8,::1"),
        ("LIMITS__ENABLED", "false"),
    ];
    Server::start_with(&[&own[..], more].concat()).await
}

async fn fails_to_log_in(server: &Server, times: usize) {
    let client = Client::new(server);
    for _ in 0..times {
        client.post("/api/login", json!({"userId": "nobody", "password": "x"})).await.is(401);
    }
}

/// What the check of the running server finds.
fn doctor(server: &Server) -> String {
    Ctl::of(server).run(&["doctor", "--only", "alerts"]).out
}

#[cfg(debug_assertions)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_is_one_alert_and_a_note_when_it_is_over() {
    let mut receiver = Receiver::start().await;
    let server = alerting(
        &receiver,
        &[("PLANTED_PANIC", "/api/users/me"), ("LOG__ALERTS__RECOVERED_AFTER_SECONDS", "1")],
    )
    .await;
    for _ in 0..5 {
        Client::new(&server).get("/api/users/me").await.fails(500, "internal");
    }
    let alert = receiver.next().await;
    assert!(alert.starts_with("*[chatctl ") && alert.contains("] panicked at "), "{alert}");
    assert!(alert.contains(": planted"), "{alert}");
    let over = receiver.next().await;
    assert!(over.contains("] Over: panicked at "), "{over}");
    assert!(over.contains("occurred 5 times"), "{over}");
    assert!(receiver.is_empty());
    let sent = "\nchatctl_alerts_total{target=\"webhook\",result=\"sent\"} 2\n";
    let counted =
        async { while !Client::new(&server).get("/metrics").await.text.contains(sent) {} };
    timeout(PATIENCE, counted).await.expect("both are counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_logins_are_an_alert_from_the_configured_number() {
    let mut receiver = Receiver::start().await;
    let server = alerting(&receiver, &[("LOG__ALERTS__LOGIN_FAILURES_PER_MINUTE", "5")]).await;
    fails_to_log_in(&server, 4).await;
    Ctl::of(&server).run(&["log", "alert-test"]).ends(0);
    let test = receiver.next().await;
    assert!(test.contains("This is a test"), "four are no alert: {test}");
    fails_to_log_in(&server, 6).await;
    let alert = receiver.next().await;
    assert!(alert.contains("Many log-ins fail"), "{alert}");
    assert!(alert.contains("5 credentials were refused from"), "{alert}");
    assert!(alert.contains("chatctl log tail --level error"), "{alert}");
    assert!(receiver.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_that_cannot_be_sent_arrives_later_and_is_never_about_itself() {
    let receiver =
        Receiver::at("127.0.0.1:0", "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n").await;
    let server = alerting(&receiver, &[("LOG__ALERTS__LOGIN_FAILURES_PER_MINUTE", "1")]).await;
    fails_to_log_in(&server, 1).await;
    let warning = server.wait_for_log(&["[WARN]", "An alert cannot be sent to webhook"]).await;
    assert!(warning.contains("answered 500"), "{warning}");
    assert!(!warning.contains("SECRET"), "{warning}");
    let found = doctor(&server);
    assert!(found.contains("an alert cannot be sent to webhook 127.0.0.1"), "{found}");
    let metrics = Client::new(&server).get("/metrics").await.text;
    assert!(metrics.contains("\nchatctl_alerts_failing{target=\"webhook\"} 1\n"), "{metrics}");
    let address = receiver.address.clone();
    drop(receiver);
    let mut receiver = loop {
        // The port is free when the old one is gone.
        if let Ok(listener) = TcpListener::bind(&address).await {
            drop(listener);
            break Receiver::at(&address, OK).await;
        }
        tokio::task::yield_now().await;
    };
    let alert = receiver.next().await;
    assert!(alert.contains("Many log-ins fail"), "{alert}");
    server.wait_for_log(&["[INFO]", "can be sent to webhook 127.0.0.1 again"]).await;
    assert!(receiver.is_empty());
    let errors = server.output().iter().filter(|line| line.contains("[ERROR]")).count();
    assert_eq!(errors, 1, "the log-in");
    let found = doctor(&server);
    assert!(found.contains("all can be reached"), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_tells_which_targets_can_be_reached_and_lets_what_waits_be_sent() {
    let address = Receiver::start().await.address.clone();
    let url = format!("http://{address}/hooks/SECRET");
    let mut server = Server::start_with(&[
        ("LOG__ALERTS__SLACK_WEBHOOK", url.as_str()),
        ("LOG__ALERTS__LOGIN_FAILURES_PER_MINUTE", "1"),
        ("EGRESS__ALLOWED_NETWORKS", "127.0.0.1"),
    ])
    .await;
    let found = doctor(&server);
    assert!(found.contains("nothing has been sent to webhook 127.0.0.1 yet"), "{found}");
    let ctl = Ctl::of(&server);
    let failing = |count: u8| format!("\nchatctl_alerts_failing{{target=\"webhook\"}} {count}\n");
    let metrics = async || Client::new(&server).get("/metrics").await.text;
    ctl.run(&["log", "alert-test"]).ends(1);
    let found = doctor(&server);
    assert!(found.contains("an alert cannot be sent to webhook 127.0.0.1"), "{found}");
    assert!(metrics().await.contains(&failing(1)));
    fails_to_log_in(&server, 1).await;
    let failed = "\nchatctl_alerts_total{target=\"webhook\",result=\"failed\"} ";
    let attempts = async |wanted: u64| {
        let reached = async {
            loop {
                let text = metrics().await;
                let rest = text.split_once(failed).unwrap().1;
                if rest.lines().next().unwrap().parse::<u64>().unwrap() >= wanted {
                    break;
                }
            }
        };
        timeout(PATIENCE, reached).await.expect("attempts");
    };
    // The next attempt of its own is four seconds away.
    attempts(3).await;
    let mut receiver = Receiver::at(&address, OK).await;
    ctl.run(&["log", "alert-test"]).ends(0);
    let [test, alert] = [receiver.next().await, receiver.next().await];
    assert!(test.contains("This is a test"), "{test}");
    assert!(alert.contains("Many log-ins fail"), "{alert}");
    let found = doctor(&server);
    assert!(found.contains("all can be reached"), "{found}");
    assert!(metrics().await.contains(&failing(0)));
    server.terminate().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_addresses_are_refused_and_redirects_are_not_followed() {
    let mut elsewhere = Receiver::start().await;
    let answer =
        format!("HTTP/1.1 307 There\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url());
    let receiver = Receiver::at("127.0.0.1:0", &answer).await;
    let mut server = alerting(&receiver, &[]).await;
    let said = Ctl::of(&server).run(&["log", "alert-test"]);
    said.ends(1);
    assert!(said.out.contains("answered 307"), "{said:?}");
    assert!(said.err.contains("no alert can be sent to webhook 127.0.0.1"), "{said:?}");
    assert!(!said.err.contains("answered"), "the reason is said once: {said:?}");
    // The table has the outcome of each target.
    let row = said.out.lines().last().unwrap();
    assert!(row.starts_with("webhook") && row.contains(" no "), "{said:?}");
    assert!(elsewhere.is_empty());
    server.terminate().await;
    for url in ["http://127.0.0.1:1/x", "http://[::1]:1/x", "http://localhost:1/x"] {
        let said =
            Ctl::of(&server).set("LOG__ALERTS__SLACK_WEBHOOK", url).run(&["log", "alert-test"]);
        said.ends(1);
        assert!(said.out.contains("add it to [egress] allowed_networks"), "{url}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_changes_the_targets() {
    let [mut one, mut two] = [Receiver::start().await, Receiver::start().await];
    let it = Configured::start("").await;
    let to = |receiver: &Receiver| {
        format!(
            "[egress]\nallowed_networks = [\"127.0.0.1\"]\n[log.alerts]\nslack_webhook = \
             \"{}\"\nlogin_failures_per_minute = 1\n",
            receiver.url()
        )
    };
    let (in_force, need_restart) = it.reload(&to(&one));
    assert_eq!(need_restart, json!([]));
    assert_eq!(in_force[1], "log.alerts.login_failures_per_minute");
    fails_to_log_in(&it.server, 1).await;
    assert!(one.next().await.contains("Many log-ins fail"));
    it.reload(&to(&two));
    fails_to_log_in(&it.server, 1).await;
    assert!(two.next().await.contains("Many log-ins fail"));
    assert!(one.is_empty());
    let noted = it.ctl().run(&["audit", "list", "--action", "config.reload", "-o", "jsonl"]).out;
    assert!(noted.contains("log.alerts.slack_webhook") && !noted.contains("SECRET"), "{noted}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_cannot_work_are_refused() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let said = ctl.run(&["log", "alert-test"]);
    said.ends(2);
    assert!(said.err.contains("no alerts are configured"), "{said:?}");
    for (settings, why) in [
        (&[("LOG__ALERTS__SLACK_WEBHOOK", "hooks.slack.com/x")][..], "slack_webhook must be a URL"),
        (&[("LOG__ALERTS__MAIL_TO", "a@example.org")], "mail_to requires host and from in [mail]"),
        (&[("LOG__ALERTS__AT_MOST_PER_HOUR", "0")], "remove slack_webhook and mail_to"),
        (
            &[("LOG__ALERTS__SLACK_WEBHOOK", "http://10.0.0.1/x")],
            "[log.alerts] slack_webhook: 10.0.0.1 is a private address",
        ),
        (
            &[
                ("LOG__ALERTS__MAIL_TO", "a@example.org"),
                ("MAIL__FROM", "a@example.org"),
                ("MAIL__HOST", "127.0.0.1"),
            ],
            "[mail] host: 127.0.0.1 is a private address",
        ),
        (&[("MAIL__HOST", "mail.example:25")], "must be a name without port or scheme; use port"),
        (&[("MAIL__PORT", "0")], "must be from 1 to 65535"),
        (&[("MAIL__PORT", "70000")], "must be from 1 to 65535"),
        (&[("MAIL__FROM", "nobody")], "from must be an e-mail address"),
        (&[("MAIL__USER", "u")], "user and password must be given together"),
        (
            &[("MAIL__USER", "u"), ("MAIL__PASSWORD", "p"), ("MAIL__SECURITY", "none")],
            "security must not be none with a password",
        ),
        (&[("EGRESS__ALLOWED_NETWORKS", "localhost")], "neither an address nor a network"),
    ] {
        let ctl = settings.iter().fold(ctl.clone(), |ctl, (key, value)| ctl.set(key, value));
        let said = ctl.run(&["config", "check"]);
        assert!(said.code == 6 && said.err.contains(why), "{why}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_recipient_gets_a_mail_through_starttls_with_a_password() {
    let mut mail = MailServer::start();
    let certificate = mail.certificate();
    let port = mail.port.clone();
    let settings = [
        ("LOG__ALERTS__MAIL_TO", "ann@example.org, Ben <ben@example.org>"),
        ("LOG__ALERTS__LOGIN_FAILURES_PER_MINUTE", "1"),
        ("MAIL__HOST", "localhost"),
        ("MAIL__PORT", &port),
        ("MAIL__USER", "chat"),
        ("MAIL__PASSWORD", "let me in"),
        ("MAIL__FROM", "Chat <chat@example.org>"),
        ("EGRESS__ALLOWED_NETWORKS", "127.0.0.1,::1"),
        ("SERVER__PUBLIC_URL", "https://채팅.example"),
    ];
    let data = tempfile::Builder::new().prefix("chatctl-").tempdir().unwrap();
    let trusted = [("SSL_CERT_FILE", certificate.to_str().unwrap())];
    let mut server = Server::start_under(data, &settings, &trusted).await;
    let login = json!({"userId": "김민준", "password": "x"});
    Client::new(&server).post("/api/login", login).await.is(401);
    let (mail, received) = tokio::task::spawn_blocking(move || {
        let received = [mail.next(), mail.next()];
        (mail, received)
    })
    .await
    .unwrap();
    let mut to: Vec<&Json> = received.iter().map(|one| &one["to"][0]).collect();
    to.sort_unstable_by_key(|to| to.as_str());
    assert_eq!(to, ["ann@example.org", "ben@example.org"]);
    for one in &received {
        assert_eq!((&one["tls"], &one["user"]), (&json!(true), &json!("chat")));
        assert_eq!(one["from"], "chat@example.org");
        let headers = &one["headers"];
        let subject = headers["Subject"].as_str().unwrap();
        assert!(subject.starts_with("[chatctl ") && subject.ends_with("] Many log-ins fail"));
        assert_eq!(headers["From"], "Chat <chat@example.org>");
        assert!(headers["Date"].is_string() && headers["Message-ID"].is_string(), "{headers}");
        assert!(one["text"].as_str().unwrap().contains("1 credential was refused at "), "{one}");
    }
    server.terminate().await;
    // Without the certificate, nothing is sent, and neither with a wrong password.
    let ctl = settings.iter().fold(Ctl::of(&server), |ctl, (key, value)| ctl.set(key, value));
    let said = ctl.run(&["log", "alert-test"]);
    said.ends(1);
    assert!(said.out.contains("certificate"), "{said:?}");
    let mut wrong = ctl.set("MAIL__PASSWORD", "let me out").command(&["log", "alert-test"]);
    let output = wrong.env("SSL_CERT_FILE", &certificate).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("535"), "{said}");
    drop(mail);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_not_shown() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server)
        .set("LOG__ALERTS__SLACK_WEBHOOK", "https://hooks.example/T0/B0/hush-hush")
        .set("MAIL__USER", "chat")
        .set("MAIL__PASSWORD", "hush-hush");
    let said = ctl.run(&["config", "show", "--effective"]);
    said.ends(0);
    assert!(said.out.contains("slack_webhook = \"********\""), "{said:?}");
    assert!(said.out.contains("password = \"********\""), "{said:?}");
    assert!(!said.out.contains("hush-hush"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_says_nothing_is_given_up() {
    // Accepts connections, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    let server = Server::start().await;
    let ctl = Ctl::of(&server)
        .set("LOG__ALERTS__MAIL_TO", "ann@example.org")
        .set("MAIL__HOST", "127.0.0.1")
        .set("MAIL__PORT", &port)
        .set("MAIL__SECURITY", "none")
        .set("MAIL__FROM", "chat@example.org")
        .set("EGRESS__ALLOWED_NETWORKS", "127.0.0.1");
    let mut server = server;
    server.terminate().await;
    let said = tokio::task::spawn_blocking(move || ctl.run(&["log", "alert-test"])).await.unwrap();
    said.ends(1);
    assert!(said.out.contains("did not answer within"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_receiver_repeats_of_the_address_is_not_shown() {
    let answer = "HTTP/1.1 404 No\r\ncontent-length: 31\r\n\r\nCannot POST /hooks/SECRET\x1b[31m\n";
    let receiver = Receiver::at("127.0.0.1:0", answer).await;
    let server = alerting(&receiver, &[]).await;
    let said = Ctl::of(&server).run(&["log", "alert-test"]);
    said.ends(1);
    assert!(
        said.out.contains("answered 404") && !format!("{said:?}").contains("SECRET"),
        "{said:?}"
    );
    let receiver =
        Receiver::at("127.0.0.1:0", "HTTP/1.1 403 No\r\ncontent-length: 13\r\n\r\ninvalid_token")
            .await;
    let server = alerting(&receiver, &[]).await;
    let said = Ctl::of(&server).run(&["log", "alert-test"]);
    assert!(said.out.contains("answered 403 Forbidden invalid_token"), "{said:?}");
}

#[test]
fn a_mistake_beside_a_secret_is_told_without_it() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("c.toml");
    for text in [
        "[mail]\npassword = \"HUSH\" x\n",
        "[mail]\npassword = HUSH\n",
        "[mail]\npassword = [\"HUSH\"]\n",
        "[log.alerts]\nslack_webhook = [\"http://HUSH\"]\n",
        "[backup.s3]\nendpoint = \"https://u:HUSH@s3.example/x\"\n",
    ] {
        fs::write(&file, text).unwrap();
        let said = Ctl::at(&home.path().join("data")).run(&[
            "config",
            "check",
            "--config",
            file.to_str().unwrap(),
        ]);
        assert_ne!(said.code, 0, "{text}");
        assert!(!format!("{said:?}").contains("HUSH"), "{text}: {said:?}");
    }
}
