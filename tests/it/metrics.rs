//! `/metrics`: values and access.

use serde_json::json;

use crate::support::{Client, PATIENCE, Server, V1, people};

/// Waits until a series has this value.
async fn becomes(client: &Client, series: &str, wanted: &str) {
    let line = format!("{series} {wanted}");
    shows(client, &line, |text| text.lines().any(|shown| shown == line)).await;
}

/// Waits until the page has something.
async fn shows(client: &Client, what: &str, is_there: impl Fn(&str) -> bool) {
    let mut text = String::new();
    let look = async {
        loop {
            let answer = client.get("/metrics").await;
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (200, "text/plain; version=0.0.4; charset=utf-8")
            );
            text = answer.text;
            if is_there(&text) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, look).await.is_ok();
    assert!(in_time, "{what} is never shown:\n{text}");
}

#[tokio::test]
async fn what_happens_is_counted() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let client = Client::new(&server);
    let room = ann.room(&[&ben]).await;
    let number = crate::support::number(&room);
    let mut native = [ann.enter(&room).await, ben.enter(&room).await];
    let foreign = V1::log_in(&client, "ben", &ben.password).await.open(number).await;
    becomes(&client, "chatctl_sockets{dialect=\"chatrooms\"}", "2").await;
    becomes(&client, "chatctl_sockets{dialect=\"v1\"}", "1").await;
    becomes(&client, "chatctl_messages_total", "0").await;
    let before = client.get("/metrics").await.text;
    let encoded = |text: &str, dialect: &str| {
        let name = format!("chatctl_encodings_total{{dialect=\"{dialect}\"}} ");
        text.lines()
            .find_map(|line| line.strip_prefix(&name))
            .map_or(0, |count| count.parse::<u64>().expect("a number"))
    };
    native[0].say("hello").await;
    native[1].hears("hello").await;
    becomes(&client, "chatctl_messages_total", "1").await;
    let after = client.get("/metrics").await.text;
    assert_eq!(encoded(&after, "v1") - encoded(&before, "v1"), 1, "once a dialect");
    becomes(&client, "chatctl_logins_total{result=\"ok\"}", "3").await;
    client.post("/api/login", json!({"userId": "ann", "password": "not the one"})).await.is(401);
    becomes(&client, "chatctl_logins_total{result=\"refused\"}", "1").await;
    let [first, second] = native;
    first.close().await;
    second.close().await;
    foreign.close().await;
    becomes(&client, "chatctl_sockets{dialect=\"chatrooms\"}", "0").await;
    becomes(&client, "chatctl_closes_total{dialect=\"chatrooms\",code=\"1000\"}", "2").await;
    client.get("/api/nothing/at/all").await.is(404);
    becomes(&client, "chatctl_store_queue", "0").await;
    let text = client.get("/metrics").await.text;
    for part in [
        "chatctl_request_seconds_count{dialect=\"chatrooms\",method=\"POST\",route=\"/api/login\",\
         status=\"401\"} 1",
        "chatctl_request_seconds_count{dialect=\"chatrooms\",method=\"any\",route=\"unknown\",\
         status=\"404\"} 1",
        "chatctl_commit_seconds_bucket{le=\"10\"}",
        "chatctl_commit_operations_sum",
        "chatctl_event_queue 0",
        "chatctl_flush_frames_count{dialect=\"chatrooms\"}",
        "chatctl_deliveries_total{dialect=\"v1\"}",
        "chatctl_connections ",
        "process_resident_memory_bytes ",
        "process_cpu_seconds_total ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains("ann") && !text.contains("room001"), "no names of users or rooms");
}

#[tokio::test]
async fn only_peers_on_this_machine_see_them_unless_they_have_an_address_of_their_own() {
    let server = Server::start().await;
    let client = Client::new(&server);
    client.get("/metrics").await.is_text(200);
    for header in [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "via",
        "x-forwarded-proto",
        "x-forwarded-server",
        "cf-connecting-ip",
        "true-client-ip",
        "x-client-ip",
    ] {
        client.with(header, "for=192.0.2.1").get("/metrics").await.fails(404, "not_found");
    }
    for host in ["chat.example", "chat.example:8080", "192.0.2.1:8080"] {
        client.with("host", host).get("/metrics").await.fails(404, "not_found");
    }
    for host in ["localhost", "[::1]:8080", "127.0.0.1"] {
        client.with("host", host).get("/metrics").await.is_text(200);
    }
    client.post("/metrics", "").await.fails(405, "method_not_allowed");
    let behind = Server::start_with(&[("SERVER__TRUSTED_PROXIES", "127.0.0.1")]).await;
    Client::new(&behind).get("/metrics").await.fails(404, "not_found");
    let own = Server::start_with(&[("METRICS__LISTEN", "127.0.0.1:0")]).await;
    Client::new(&own).get("/metrics").await.is_text(404);
    let line = own.wait_for_log(&["Metrics on http://"]).await;
    let address =
        line.split("http://").nth(1).expect("an address").trim_end_matches(['.', '/']).to_owned();
    let apart = Client::at(&address);
    apart.with("x-forwarded-for", "192.0.2.1").get("/metrics").await.is_text(200);
    apart.get("/metrics/").await.fails(404, "not_found");
    apart.get("/api/users/me").await.fails(404, "not_found");
    assert_eq!(apart.get("/health").await.is(200)["status"], "ok");
}

#[tokio::test]
async fn they_are_at_exactly_one_path() {
    let server = Server::start_with(&[("SERVER__PUBLIC_URL", "http://localhost:1/team")]).await;
    let client = Client::new(&server);
    client.get("/metrics?x=1").await.is_text(200);
    // A proxy that blocks `/metrics`, or removes `/team`, passes these on.
    for path in ["/metrics/", "/team/metrics", "/team/metrics/", "/team/team/metrics"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
    }
    client.post("/team/metrics", "").await.fails(404, "not_found");
}

#[tokio::test]
async fn what_an_alert_asks_for_is_there_from_the_start() {
    let data = tempfile::tempdir().expect("a directory");
    // No backup can be created there.
    std::os::unix::fs::symlink("/nowhere/at/all", data.path().join("backups")).expect("a link");
    let server = Server::start_in(data, &[("BACKUP__EVERY_HOURS", "24")]).await;
    let client = Client::new(&server);
    becomes(&client, "chatctl_sockets{dialect=\"realtime\"}", "0").await;
    becomes(&client, "chatctl_closes_total{dialect=\"rooms\",code=\"1000\"}", "0").await;
    becomes(&client, "chatctl_deliveries_total{dialect=\"v1\"}", "0").await;
    becomes(&client, "chatctl_store_failing", "0").await;
    becomes(&client, "chatctl_commit_failures_total", "0").await;
    becomes(&client, "chatctl_unavailable_total{cause=\"commit\"}", "0").await;
    becomes(&client, "chatctl_search_lag_messages", "0").await;
    becomes(&client, "chatctl_backup_last_success_timestamp_seconds", "0").await;
    let version = format!("chatctl_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"));
    for part in [
        version.as_str(),
        "chatctl_database_bytes ",
        "chatctl_disk_free_bytes{place=\"data\"} ",
        "chatctl_backup_age_seconds ",
        "chatctl_backup_failures_total ",
    ] {
        shows(&client, part, |text| text.contains(part)).await;
    }
    let text = client.get("/metrics").await.text;
    assert!(!text.contains("\nprocess_virtual_memory_max_bytes 0"), "no limit is no limit of 0");
    let cpu = text
        .lines()
        .find_map(|line| line.strip_prefix("process_cpu_seconds_total "))
        .expect("the processor time");
    assert!(cpu.parse::<f64>().expect("a number") > 0.0, "{cpu}");
}

#[test]
fn every_metric_is_documented() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/monitoring.md")).expect("a page");
    let described = std::fs::read_to_string(root.join("src/api/metrics.rs")).expect("a source");
    let names: Vec<_> = described
        .split("describe_")
        .filter_map(|part| part.split('"').nth(1))
        .filter(|name| name.starts_with("chatctl_"))
        .collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "{name} is not in docs/monitoring.md");
    }
}
