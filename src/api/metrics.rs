//! `/metrics`: metrics in Prometheus format, and access to them.
//!
//! Modules record metrics with the macros of the `metrics` crate; the names are described here and
//! listed in docs/monitoring.md.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::CONTENT_TYPE;
use warp::http::{HeaderValue, Method, StatusCode};
use warp::path::FullPath;
use warp::reply::Response;

use super::chatrooms::Chatrooms;
use super::prefix::Removed;
use super::proxies::Seen;
use super::realtime::Realtime;
use super::rooms::Rooms;
use super::v1::V1;
use super::{Context, Dialect, operator, respond};
use crate::model::Error;

/// Interval in which observations are moved into their buckets, even without requests.
const UPKEEP: Duration = Duration::from_secs(5);
/// Buckets in seconds: from a commit on a fast disk to a request that nearly timed out.
const SECONDS: [f64; 12] =
    [0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];
/// Buckets of counts.
const COUNTS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
/// The metrics since the start. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    counted: PrometheusHandle,
    process: Collector,
}

impl Metrics {
    /// Installs the recorder of the process; there can be only one.
    pub fn install() -> Result<Self, BuildError> {
        let counted = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .set_buckets(&COUNTS)?
            .install_recorder()?;
        describe();
        begin();
        let process = Collector::default();
        process.describe();
        Ok(Self { counted, process })
    }

    /// Adds the id and the machine of this server, by which its series are told from those of others.
    pub fn name(&self, server: &str, host: &str) {
        let labels = [("server", server.to_owned()), ("host", host.to_owned())];
        gauge!("chatctl_server_info", &labels).set(1.0);
    }

    /// Keeps the memory of observations small while it is awaited.
    pub async fn keep(&self) {
        loop {
            tokio::time::sleep(UPKEEP).await;
            self.counted.run_upkeep();
        }
    }

    /// Returns all metrics in Prometheus format.
    pub fn text(&self) -> String {
        self.process.collect();
        process_figures(&self.counted.render(), cpu_seconds())
    }

    fn render(&self) -> Response {
        let mut response = Response::new(self.text().into());
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
        );
        response
    }
}

/// Returns the seconds of processor time used by this process.
fn cpu_seconds() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let seconds = |time: TimeVal| {
        Duration::from_micros(u64::try_from(time.num_microseconds()).unwrap_or(0)).as_secs_f64()
    };
    Some(seconds(usage.user_time()) + seconds(usage.system_time()))
}

/// Corrects two values of the process collector: it reports no limit as a limit of 0, and truncates
/// processor time to whole seconds.
fn process_figures(text: &str, cpu_seconds: Option<f64>) -> String {
    const LIMIT: &str = "process_virtual_memory_max_bytes";
    const CPU: &str = "process_cpu_seconds_total ";
    let unlimited = text.lines().any(|line| {
        line.strip_prefix(LIMIT)
            .is_some_and(|value| value.trim().parse::<f64>().is_ok_and(|value| value <= 0.0))
    });
    let mut right = String::with_capacity(text.len() + 16);
    for line in text.lines() {
        let of_limit = line.split_whitespace().any(|word| word == LIMIT);
        match cpu_seconds.filter(|_| line.starts_with(CPU)) {
            Some(seconds) => right.extend([CPU, seconds.to_string().as_str()]),
            None if unlimited && of_limit => continue,
            None => right.push_str(line),
        }
        right.push('\n');
    }
    right
}

/// Creates series that alerts may query before anything has happened.
fn begin() {
    gauge!("chatctl_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    for dialect in [Chatrooms::NAME, Rooms::NAME, V1::NAME, Realtime::NAME] {
        gauge!("chatctl_sockets", "dialect" => dialect).set(0.0);
        counter!("chatctl_deliveries_total", "dialect" => dialect).absolute(0);
        counter!("chatctl_encodings_total", "dialect" => dialect).absolute(0);
        for code in ["1000", "1001", "1006", "1013", "4401"] {
            counter!("chatctl_closes_total", "dialect" => dialect, "code" => code).absolute(0);
        }
    }
    for level in ["ERROR", "WARN", "INFO", "DEBUG"] {
        counter!("chatctl_log_lines_total", "level" => level).absolute(0);
    }
    for cause in ["hashing", "disk", "media"] {
        counter!("chatctl_unavailable_total", "cause" => cause).absolute(0);
    }
    for result in ["sent", "failed"] {
        counter!("chatctl_outgoing_webhook_requests_total", "result" => result).absolute(0);
    }
    for result in ["sent", "failed", "gone", "dropped"] {
        counter!("chatctl_push_notifications_total", "result" => result).absolute(0);
    }
    for result in ["answered", "failed"] {
        counter!("chatctl_slash_command_requests_total", "result" => result).absolute(0);
    }
    for limit in ["server", "address"] {
        counter!("chatctl_connections_refused_total", "reason" => limit).absolute(0);
    }
    counter!("chatctl_expired_messages_total").absolute(0);
    gauge!("chatctl_connections").set(0.0);
    counter!("chatctl_accept_failures_total").absolute(0);
    for result in ["ok", "refused", "limited"] {
        counter!("chatctl_logins_total", "result" => result).absolute(0);
    }
}

fn describe() {
    describe_gauge!("chatctl_build_info", "Always 1; labels have the version of the program");
    describe_gauge!(
        "chatctl_server_info",
        "Always 1; labels have the id of the server, which is in its log, and the name of its host"
    );
    describe_counter!(
        "chatctl_alerts_total",
        "Alerts, by target (webhook, mail) and result: sent, failed, dropped"
    );
    describe_gauge!("chatctl_alerts_failing", "Targets of alerts that are out of reach");
    describe_counter!(
        "chatctl_outgoing_webhook_requests_total",
        "Requests of outgoing webhooks, by result: sent, failed"
    );
    describe_counter!(
        "chatctl_push_notifications_total",
        "Push notifications, by result: sent, failed, gone (the device is not subscribed any more), dropped (too many waited)"
    );
    describe_counter!(
        "chatctl_slash_command_requests_total",
        "Requests of slash commands to their programs, by result: answered, failed"
    );
    describe_counter!("chatctl_otlp_sent_total", "Log records sent to the OTLP receiver");
    describe_counter!(
        "chatctl_otlp_dropped_total",
        "Log records not sent to the OTLP receiver, by reason: queue, refused, rejected, ended"
    );
    describe_gauge!("chatctl_otlp_queue", "Log records waiting for the OTLP receiver");
    describe_gauge!(
        "chatctl_otlp_failing",
        "1 while the OTLP receiver is out of reach or refuses records; else 0"
    );
    describe_counter!("chatctl_log_lines_total", "Log lines, by level");
    describe_counter!("chatctl_logins_total", "Log-ins, by result: ok, refused, limited");
    describe_storage();
    describe_cluster();
    describe_traffic();
}

fn describe_cluster() {
    describe_histogram!(
        "chatctl_cluster_request_seconds",
        Unit::Seconds,
        "Time of a request to the nodes of the database, by operation: read, write, compare (a \
         conditional write)"
    );
    describe_counter!(
        "chatctl_cluster_request_failures_total",
        "Requests to the nodes of the database that failed, by operation"
    );
    describe_counter!(
        "chatctl_room_commits_total",
        "Conditional writes into rooms, by result: made, lost to another server, unavailable, \
         unknown"
    );
    describe_counter!(
        "chatctl_forwarded_posts_total",
        "Messages that another server was asked to write, by result: answered, or unanswered and \
         written here"
    );
    describe_counter!(
        "chatctl_cluster_unknown_total",
        "Commits whose outcome was unknown at first, by outcome: made, lost, unsettled"
    );
    describe_gauge!("chatctl_bus_connected", "1 while events of other servers arrive; else 0");
    describe_gauge!("chatctl_bus_subscriptions", "Rooms and users whose events are received");
    describe_counter!("chatctl_bus_published_total", "Messages published to other servers");
    describe_counter!(
        "chatctl_bus_unpublished_total",
        "Messages to other servers that Redis did not take; rooms catch up without them"
    );
    describe_counter!("chatctl_bus_received_total", "Messages received from other servers");
    describe_counter!("chatctl_bus_losses_total", "Times at which messages may have been lost");
    describe_counter!(
        "chatctl_bus_recoveries_total",
        "Reads of what a room or a user may have missed, by of: room, user"
    );
    describe_histogram!(
        "chatctl_bus_round_trip_seconds",
        Unit::Seconds,
        "Time until a message of this server to itself has come back, through its queue and Redis"
    );
}

fn describe_storage() {
    describe_counter!(
        "chatctl_expired_messages_total",
        "Messages deleted by this server because they had expired"
    );
    describe_gauge!(
        "chatctl_retention_last_run_timestamp_seconds",
        Unit::Seconds,
        "End of the last deletion of expired messages, as a Unix timestamp; absent before"
    );
    describe_gauge!(
        "chatctl_store_failing",
        "1 while writes or reads of the database fail, or damage was found; else 0"
    );
    describe_counter!("chatctl_commit_failures_total", "Commits that failed");
    describe_counter!(
        "chatctl_unavailable_total",
        "Operations temporarily refused, by cause: commit, read, slow, busy, replaced, search \
         (database), hashing (passwords), disk (uploads)"
    );
    describe_gauge!("chatctl_database_bytes", Unit::Bytes, "Size of the database file");
    describe_gauge!("chatctl_database_wal_bytes", Unit::Bytes, "Size of the write-ahead log");
    describe_gauge!("chatctl_search_index_bytes", Unit::Bytes, "Size of the search index");
    describe_gauge!("chatctl_search_lag_messages", "Messages not yet in the search index");
    describe_gauge!("chatctl_media_bytes", Unit::Bytes, "Size of the uploaded files");
    describe_gauge!(
        "chatctl_disk_free_bytes",
        Unit::Bytes,
        "Free bytes on the disk, by directory: data, media, backups"
    );
    describe_gauge!(
        "chatctl_certificate_end_timestamp_seconds",
        Unit::Seconds,
        "Expiry of the TLS certificate, in seconds since 1970"
    );
    describe_gauge!(
        "chatctl_certificate_left_ratio",
        "Share of its lifetime, or of the last 90 days, that the TLS certificate has left"
    );
    describe_gauge!(
        "chatctl_acme_failing_names",
        "Names for which the last attempt to obtain a TLS certificate failed"
    );
    describe_counter!(
        "chatctl_acme_attempts_total",
        "Attempts to obtain a TLS certificate, by result: ok, failed"
    );
    describe_backups();
    describe_gauge!("chatctl_users", "Accounts, including disabled ones");
    describe_gauge!("chatctl_rooms", "Rooms, by visibility: public, private");
    describe_gauge!("chatctl_store_queue", "Operations waiting to be stored");
    describe_histogram!("chatctl_commit_operations", "Operations per commit");
    describe_histogram!(
        "chatctl_commit_seconds",
        Unit::Seconds,
        "Time from the start of a transaction until it is on disk"
    );
}

fn describe_backups() {
    describe_gauge!(
        "chatctl_backup_last_success_timestamp_seconds",
        Unit::Seconds,
        "Time of the newest backup, in seconds since 1970; 0 if there is none"
    );
    describe_counter!(
        "chatctl_backup_failures_total",
        "Backups that failed or contain damaged data, and copies that failed"
    );
    describe_gauge!(
        "chatctl_backup_copy_last_success_timestamp_seconds",
        Unit::Seconds,
        "Time at which the server last copied a backup to the bucket, in seconds since 1970; 0 if \
         it has not yet since its start"
    );
    describe_gauge!(
        "chatctl_backup_age_seconds",
        Unit::Seconds,
        "Time since the newest backup if the server makes backups; if there is none yet, since the \
         start"
    );
}

fn describe_traffic() {
    describe_counter!(
        "chatctl_accept_failures_total",
        "Connections that could not be accepted, for example without free file descriptors"
    );
    describe_gauge!("chatctl_sockets", "Open WebSockets, by dialect");
    describe_gauge!("chatctl_connections", "Open connections, including WebSockets");
    describe_counter!(
        "chatctl_connections_refused_total",
        "Refused connections and forwarded requests, by limit: server, address"
    );
    describe_counter!("chatctl_messages_total", "Messages stored");
    describe_counter!(
        "chatctl_encodings_total",
        "Frames encoded, by dialect: once per event, regardless of the number of sockets"
    );
    describe_counter!("chatctl_deliveries_total", "Frames written to sockets, by dialect");
    describe_histogram!(
        "chatctl_flush_frames",
        "Frames of a room written together, by dialect: once for all its WebSockets"
    );
    describe_gauge!("chatctl_event_queue", "Committed events waiting for delivery");
    describe_counter!("chatctl_closes_total", "WebSockets closed, by dialect and close code");
    describe_histogram!(
        "chatctl_request_seconds",
        Unit::Seconds,
        "Time to answer a request, by dialect, method, route and status"
    );
}

/// Answers `/metrics`: to all clients that reach it (on its own address), or only to local programs
/// without a proxy.
pub fn filter(metrics: &Metrics, to_everybody: bool) -> BoxedFilter<(Response,)> {
    let metrics = metrics.clone();
    warp::path("metrics")
        .and(warp::path::end())
        .and(warp::path::full())
        .and(warp::method())
        .and(warp::ext::optional::<Removed>())
        .and(warp::ext::optional::<Seen>())
        .map(move |path: FullPath, method, removed: Option<Removed>, seen: Option<Seen>| {
            let is_exact = path.as_str() == "/metrics" && removed.is_none();
            if !is_exact || !(to_everybody || seen.is_some_and(|seen| seen.near)) {
                return Chatrooms::error(&Error::NotFound);
            }
            match method {
                Method::GET => metrics.render(),
                Method::HEAD => respond::empty(StatusCode::OK),
                _ => Chatrooms::error(&Error::MethodNotAllowed("GET, HEAD".to_owned())),
            }
        })
        .boxed()
}

/// Serves `/metrics` on an address of its own, with nothing else but `/health`.
pub fn alone(metrics: &Metrics, context: &Context) -> BoxedFilter<(Response,)> {
    let nothing = warp::any().map(|| Chatrooms::error(&Error::NotFound)).boxed();
    filter(metrics, true).or(operator::filter(context)).unify().or(nothing).unify().boxed()
}

#[cfg(test)]
mod tests {
    use super::process_figures;

    #[test]
    fn no_limit_is_left_out_and_seconds_are_not_cut() {
        let of = |limit| {
            format!(
                "# HELP process_virtual_memory_max_bytes Most.\n# TYPE \
                 process_virtual_memory_max_bytes gauge\nprocess_virtual_memory_max_bytes \
                 {limit}\nprocess_cpu_seconds_total 3\nother 1\n"
            )
        };
        assert_eq!(
            process_figures(&of("0"), Some(3.25)),
            "process_cpu_seconds_total 3.25\nother 1\n"
        );
        assert_eq!(process_figures(&of("4096"), None), of("4096"));
    }
}
