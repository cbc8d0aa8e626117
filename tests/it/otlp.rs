//! The log, sent to a collector that decodes OTLP/HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod collector;

use std::collections::BTreeMap;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::service::reload::Configured;
use crate::support::{Client, Ctl, PATIENCE, Person, Server};
use collector::{Collector, text, values};

/// Time, level and text of a record, as far as a line of the file has them.
fn line_of(record: &LogRecord) -> String {
    let nanos = record.time_unix_nano;
    assert_eq!(nanos, record.observed_time_unix_nano);
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanos.into()).unwrap();
    let at = format!("{}.{:03}Z", &at.format(&Rfc3339).unwrap()[..19], at.millisecond());
    format!("[{at}] [{}] {}", record.severity_text, text(record))
}

/// The same of the lines of the file that are sent.
fn lines_in(log: &str) -> Vec<String> {
    let lines = log.lines().filter(|line| line.starts_with('['));
    let own = [
        "The log cannot be sent",
        "The log can be sent",
        "The receiver of the log",
        "were not sent:",
        "was not sent:",
        "could not be sent before the end",
    ];
    let sent = lines.filter(|line| !own.iter().any(|own| line.contains(own)));
    sent.map(|line| {
        let (head, message) = line.split_once(" - ").unwrap();
        let mut parts = head.split("] [");
        let (at, level) = (parts.next().unwrap(), parts.next().unwrap());
        format!("{at}] [{level}] {message}")
    })
    .collect()
}

/// Fails unless each line of the file was sent exactly once. Lines have pairs after the text.
fn same(records: &[LogRecord], log: &str) {
    let mut sent: Vec<String> = records.iter().map(line_of).collect();
    let mut written = lines_in(log);
    sent.sort_unstable();
    written.sort_unstable();
    assert_eq!(sent.len(), written.len(), "sent: {sent:#?}\nwritten: {written:#?}");
    for (sent, written) in sent.iter().zip(&written) {
        assert!(written.starts_with(sent), "{sent} is not {written}");
    }
}

/// A server that sends its log to this address.
async fn shipping(url: &str, more: &[(&str, &str)]) -> Server {
    let own = [
        ("LOG__SHIP__OTLP_ENDPOINT", url),
        ("EGRESS__ALLOWED_NETWORKS", "127.0.0.0/8"),
        ("LIMITS__ENABLED", "false"),
    ];
    Server::start_with(&[&own[..], more].concat()).await
}

async fn metric(server: &Server, name: &str) -> u64 {
    let text = Client::new(server).get("/metrics").await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().parse().unwrap()
}

/// Waits until a metric has a value.
async fn measures(server: &Server, name: &str, wanted: u64) {
    let waiting = async { while metric(server, name).await != wanted {} };
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{name} is never {wanted}"));
}

async fn fails_to_log_in(server: &Server, name: &str) {
    let login = json!({"userId": name, "password": "x"});
    Client::new(server).post("/api/login", login).await.is(401);
}

/// What the check of the running server finds.
fn doctor(server: &Server) -> String {
    Ctl::of(server).run(&["doctor", "--only", "otlp"]).out
}

const QUEUE: &str = "chatctl_otlp_dropped_total{reason=\"queue\"} ";

#[cfg(debug_assertions)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_line_is_a_record_with_its_attributes() {
    let mut collector = Collector::start().await;
    let mut server = shipping(
        &collector.url(),
        &[
            ("LOG__LEVEL", "debug"),
            ("LOG__SHIP__HEADERS", "Authorization: Bearer hush-hush"),
            ("SERVER__PUBLIC_URL", "https://chat.example"),
            ("PLANTED_PANIC", "/api/users/me"),
        ],
    )
    .await;
    let id =
        Client::new(&server).get("/health").await.is(200)["server"].as_str().unwrap().to_owned();
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    ann.enter(&room).await.close().await;
    fails_to_log_in(&server, "김민준").await;
    Client::new(&server).get("/api/users/me").await.fails(500, "internal");
    let pid = format!("{} as a number", server.pid());
    server.terminate().await;
    let mut records = Vec::new();
    while !records.iter().any(|record| text(record) == "Server stopped.") {
        let request = collector.request().await;
        assert_eq!(request.head[0], "POST /v1/logs HTTP/1.1");
        for header in [
            "content-type: application/x-protobuf",
            "content-encoding: gzip",
            "authorization: Bearer hush-hush",
        ] {
            assert!(request.head.iter().any(|line| line == header), "{header}: {:?}", request.head);
        }
        let origin = [
            ("service.instance.id", id.as_str()),
            ("service.name", "chatctl"),
            ("service.version", env!("CARGO_PKG_VERSION")),
        ];
        let origin = origin.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(request.resource, BTreeMap::from(origin));
        records.extend(request.records);
    }
    same(&records, &server.log_files());
    let of = |begin: &str| records.iter().find(|record| text(record).starts_with(begin)).unwrap();
    let attributes = |begin: &str, more: &[(&str, &str)]| {
        let all = [("process.pid", pid.as_str()), ("server.address", "chat.example")];
        let all =
            all.iter().chain(more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        assert_eq!(values(&of(begin).attributes), all.collect(), "{begin}");
    };
    attributes(
        "Authentication failed.",
        &[
            ("user.name", "김민준"),
            ("client.address", "127.0.0.1"),
            ("chatctl.dialect", "chatrooms"),
            ("chatctl.reason", "unknown"),
        ],
    );
    attributes("User entered the room.", &[("user.name", "ann"), ("chatctl.room", &room)]);
    attributes("Server stopped.", &[]);
    let answered = values(&of("request answered").attributes);
    assert_eq!(answered["http.request.method"], "POST");
    assert_eq!(answered["http.response.status_code"], "201 as a number");
    let panicked = of("panicked at ");
    let traced = values(&panicked.attributes);
    assert!(traced["exception.stacktrace"].lines().count() > 3, "{traced:?}");
    assert_eq!(traced["exception.message"], text(panicked));
    for (begin, level, number) in [
        ("panicked at ", "ERROR", 17),
        ("User entered the room.", "INFO", 9),
        ("request answered", "DEBUG", 5),
    ] {
        let record = of(begin);
        assert_eq!((record.severity_text.as_str(), record.severity_number), (level, number));
    }
    let said = Ctl::of(&server)
        .set("LOG__SHIP__HEADERS", "Authorization: Bearer hush-hush")
        .run(&["config", "show", "--effective"]);
    said.ends(0);
    assert!(said.out.contains("headers = [\"********\"]"), "{said:?}");
    assert!(!said.out.contains("hush-hush"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_collector_delays_nobody_and_loses_nothing() {
    let mut collector = Collector::start().await;
    collector.open.send_replace(false);
    let mut server = shipping(&collector.url(), &[("LOG__LEVEL", "debug")]).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    for n in 0..200 {
        ann.say(&room, &format!("message {n}")).await;
    }
    assert!(collector.received.try_recv().is_err());
    assert_eq!(metric(&server, "chatctl_otlp_sent_total ").await, 0);
    collector.open.send_replace(true);
    server.terminate().await;
    let records = collector.until("Server stopped.").await;
    assert!(records.len() > 200, "{}", records.len());
    same(&records, &server.log_files());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_was_down_gets_what_waited_once() {
    let gone = Collector::start().await;
    let (address, url) = (gone.address.clone(), gone.url());
    drop(gone);
    let mut server = shipping(&url, &[]).await;
    let warning = server.wait_for_log(&["[WARN]", "The log cannot be sent to 127.0.0.1"]).await;
    assert!(warning.contains("Connection refused"), "{warning}");
    fails_to_log_in(&server, "nobody").await;
    assert_eq!(metric(&server, "chatctl_otlp_failing ").await, 1);
    let found = doctor(&server);
    assert!(found.contains("the log cannot be sent to the OTLP receiver"), "{found}");
    let mut collector = Collector::at(&address, None).await;
    server.wait_for_log(&["[INFO]", "The log can be sent to 127.0.0.1 again."]).await;
    let found = doctor(&server);
    assert!(found.contains("the log is sent to the OTLP receiver"), "{found}");
    measures(&server, "chatctl_otlp_failing ", 0).await;
    server.terminate().await;
    same(&collector.until("Server stopped.").await, &server.log_files());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_counted_and_temporary_ones_tried_again() {
    let mut collector = Collector::start().await;
    let answers = Arc::clone(&collector.answers);
    answers.then("400 Bad Request", "", b"no");
    let mut server = shipping(&collector.url(), &[]).await;
    let refused = "chatctl_otlp_dropped_total{reason=\"refused\"} ";
    let warning = server.wait_for_log(&["[WARN]", "(it answered 400 Bad Request)."]).await;
    let lost = metric(&server, refused).await;
    assert!(lost > 0 && warning.contains(&format!(" {lost} log record")), "{warning}");
    let found = doctor(&server);
    assert!(found.contains("refuses the log: it answered 400 Bad Request"), "{found}");
    assert!(found.contains("they are only in the log files"), "{found}");
    // With pauses that grow, so many attempts would last for minutes.
    for _ in 0..6 {
        answers.then("429 Too Many Requests", "retry-after: 0\r\n", b"");
        answers.then("503 Service Unavailable", "retry-after: 0\r\n", b"");
    }
    fails_to_log_in(&server, "ann").await;
    let records = collector.until("Authentication failed.").await;
    let failed = |records: &[LogRecord]| {
        records.iter().filter(|record| text(record).starts_with("Authentication failed.")).count()
    };
    assert_eq!(failed(&records), 1);
    let partial = ExportLogsPartialSuccess {
        rejected_log_records: 1,
        error_message: "one is too old".to_owned(),
    };
    let body = ExportLogsServiceResponse { partial_success: Some(partial) }.encode_to_vec();
    answers.then("200 OK", "content-type: application/x-protobuf\r\n", &body);
    fails_to_log_in(&server, "ben").await;
    assert_eq!(failed(&collector.until("Authentication failed.").await), 1);
    measures(&server, "chatctl_otlp_dropped_total{reason=\"rejected\"} ", 1).await;
    assert_eq!(metric(&server, refused).await, lost);
    server.terminate().await;
    collector.until("Server stopped.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_beyond_the_queue_is_dropped_and_counted() {
    let mut collector = Collector::start().await;
    collector.open.send_replace(false);
    let more = [("LOG__LEVEL", "debug"), ("LOG__SHIP__QUEUE", "50")];
    let mut server = shipping(&collector.url(), &more).await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    for _ in 0..200 {
        ann.say(&room, "a message").await;
    }
    assert!(metric(&server, QUEUE).await > 0);
    collector.open.send_replace(true);
    // The request that was not answered, and what was in the queue.
    let mut records = collector.request().await.records;
    records.extend(collector.request().await.records);
    server.wait_for_log(&["[WARN]", "not sent: the queue was full."]).await;
    let dropped = usize::try_from(metric(&server, QUEUE).await).unwrap();
    server.terminate().await;
    records.extend(collector.until("Server stopped.").await);
    assert_eq!(records.len() + dropped, lines_in(&server.log_files()).len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stop_does_not_wait_long_for_a_collector_that_is_silent() {
    let collector = Collector::start().await;
    collector.open.send_replace(false);
    let mut server = shipping(&collector.url(), &[]).await;
    let found = doctor(&server);
    assert!(found.contains("nothing has been sent to the OTLP receiver yet"), "{found}");
    assert!(server.terminate().await.success());
    assert!(server.log_files().contains(" could not be sent before the end."));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_changes_the_collector_and_the_permitted_addresses() {
    let [mut one, mut two] = [Collector::start().await, Collector::start().await];
    let it = Configured::start("").await;
    let to = |collector: &Collector| {
        format!("[log.ship]\notlp_endpoint = \"{}/custom\"\n", collector.url())
    };
    let none = json!([]);
    it.write(&to(&one));
    let found = doctor(&it.server);
    assert!(found.contains("changed, but not yet loaded: log.ship.otlp_endpoint"), "{found}");
    assert_eq!(it.reload(&to(&one)), (json!(["log.ship.otlp_endpoint"]), none.clone()));
    let warning = it.server.wait_for_log(&["[WARN]", "The log cannot be sent to"]).await;
    assert!(warning.contains("add it to [egress] allowed_networks"), "{warning}");
    let allowed = "[egress]\nallowed_networks = [\"127.0.0.1\"]\n";
    let in_force = json!(["egress.allowed_networks"]);
    assert_eq!(it.reload(&format!("{allowed}{}", to(&one))), (in_force, none));
    let request = one.request().await;
    assert_eq!(request.head[0], "POST /custom HTTP/1.1");
    it.reload(&format!("{allowed}{}", to(&two)));
    fails_to_log_in(&it.server, "ann").await;
    two.until("Authentication failed.").await;
    it.reload(allowed);
    let found = doctor(&it.server);
    assert!(found.contains("skipped") && found.contains("the log is not sent"), "{found}");
    fails_to_log_in(&it.server, "ben").await;
    it.server.wait_for_log(&["[ERROR]", "[ben]"]).await;
    it.reload(&format!("{allowed}{}", to(&two)));
    fails_to_log_in(&it.server, "cleo").await;
    let names = |records: &[LogRecord]| -> Vec<String> {
        let of = |record: &LogRecord| values(&record.attributes).remove("user.name");
        let failed = records.iter().filter(|record| text(record).starts_with("Authentication"));
        failed.filter_map(of).collect()
    };
    assert_eq!(names(&two.until("Authentication failed.").await), ["cleo"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_authority_is_trusted_if_it_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    let pair = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, pair.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der()).unwrap();
    let tls = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key)
        .unwrap();
    let tls = TlsAcceptor::from(Arc::new(tls));
    let mut collector = Collector::at("127.0.0.1:0", Some(tls)).await;
    let to = format!(
        "[egress]\nallowed_networks = [\"127.0.0.1\"]\n[log.ship]\notlp_endpoint = \
         \"https://{}\"\n",
        collector.address
    );
    let it = Configured::start(&to).await;
    let warning = it.server.wait_for_log(&["[WARN]", "The log cannot be sent to"]).await;
    assert!(warning.contains("invalid peer certificate"), "{warning}");
    it.reload(&format!("{to}tls_ca = {ca:?}\n"));
    collector.request().await;
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let ctl = Ctl::at(&home.path().join("data"));
    for (key, value, why) in [
        ("OTLP_ENDPOINT", "otlp.example:4318", "otlp_endpoint must be a URL"),
        ("OTLP_ENDPOINT", "http://u:HUSH@otlp.example", "must not contain a password"),
        ("OTLP_ENDPOINT", "http://otlp.example:99999", "the port is not valid"),
        ("HEADERS", "HUSH", "entry 1 of 1 must have the form"),
        ("HEADERS", "a: b, a b: HUSH", "entry 2 of 2 must have the form"),
        ("HEADERS", "content-LENGTH: 7", "is content-LENGTH, which the server sets itself"),
        ("OTLP_ENDPOINT", "http://127.1:4318", "127.0.0.1 is a private address; to permit it"),
        ("OTLP_ENDPOINT", "http://[::1]:4318", "add it to [egress] allowed_networks"),
        ("QUEUE", "0", "queue must be at least 1"),
    ] {
        let said = ctl.clone().set(&format!("LOG__SHIP__{key}"), value).run(&["config", "check"]);
        assert!(said.code == 6 && said.err.contains(why), "{why}: {said:?}");
        assert!(!said.err.contains("HUSH"), "{said:?}");
    }
    let ctl = ctl.set("LOG__SHIP__OTLP_ENDPOINT", "https://otlp.example");
    ctl.run(&["config", "check"]).ends(0);
    let ca = home.path().join("ca.pem");
    let ctl = ctl.set("LOG__SHIP__TLS_CA", ca.to_str().unwrap());
    for why in ["No such file", "it contains no certificate"] {
        let said = ctl.run(&["config", "check"]);
        assert!(
            said.code == 6 && said.err.contains("[log.ship] tls_ca cannot be used"),
            "{said:?}"
        );
        assert!(said.err.contains(why), "{said:?}");
        std::fs::write(&ca, "").unwrap();
    }
}
