//! `/metrics`: what the server counts, as Prometheus text, and who may see it.
//!
//! Rooms count where things happen with the macros of the `metrics` crate; the names are described here and listed in the README.

use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::CONTENT_TYPE;
use warp::http::{HeaderValue, Method, StatusCode};
use warp::reply::Response;

use super::chatrooms::Chatrooms;
use super::proxies::Seen;
use super::{Dialect, respond};
use crate::model::Error;

/// How often what was observed is sorted into its buckets, also when nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);
/// Seconds; from a commit on a fast disk to a request that nearly timed out.
const SECONDS: [f64; 12] = [0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];
/// Numbers of things.
const COUNTS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
/// What has been counted since the start. Cloning makes another handle of the same.
#[derive(Clone)]
pub struct Metrics {
    counted: PrometheusHandle,
    process: Collector,
}

impl Metrics {
    /// Begins to count for the whole process; there can be one.
    pub fn install() -> Result<Self, BuildError> {
        let counted =
            PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?.set_buckets(&COUNTS)?.install_recorder()?;
        describe();
        let process = Collector::default();
        process.describe();
        Ok(Self { counted, process })
    }

    /// Keeps what was observed small, for as long as it is awaited.
    pub async fn keep(&self) {
        loop {
            tokio::time::sleep(UPKEEP).await;
            self.counted.run_upkeep();
        }
    }

    /// Everything, as Prometheus text.
    pub fn text(&self) -> String {
        self.process.collect();
        self.counted.render()
    }

    fn render(&self) -> Response {
        let mut response = Response::new(self.text().into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
        response
    }
}

fn describe() {
    describe_gauge!("chatctl_sockets", "Open WebSockets, by dialect");
    describe_gauge!("chatctl_connections", "Open connections, WebSockets included");
    describe_counter!("chatctl_connections_refused_total", "Connections and forwarded requests that were refused, by the limit: server, address");
    describe_counter!("chatctl_messages_total", "Messages that were stored");
    describe_counter!("chatctl_encodings_total", "Frames that were encoded, by dialect: once an event, whatever the number of sockets");
    describe_counter!("chatctl_deliveries_total", "Frames that were written to sockets, by dialect");
    describe_histogram!("chatctl_flush_frames", "Frames that were waiting for a socket when it was written to, by dialect");
    describe_gauge!("chatctl_store_queue", "Operations that wait for the writer");
    describe_gauge!("chatctl_event_queue", "Committed events that wait for delivery");
    describe_counter!("chatctl_closes_total", "WebSockets that ended, by dialect and close code");
    describe_histogram!("chatctl_commit_operations", "Operations of a commit");
    describe_histogram!("chatctl_commit_seconds", Unit::Seconds, "Time from the beginning of a transaction to its being on the disk");
    describe_histogram!("chatctl_request_seconds", Unit::Seconds, "Time to answer a request, by dialect, method, route and status");
    describe_gauge!("chatctl_backup_age_seconds", Unit::Seconds, "Time since the newest backup, where the server makes them by itself");
    describe_counter!("chatctl_logins_total", "Log-ins, by result: ok, refused, limited");
}

/// Answers `/metrics`: to everybody who reaches it (its own address), or to programs on this machine that came by themselves.
pub fn filter(metrics: &Metrics, to_everybody: bool) -> BoxedFilter<(Response,)> {
    let metrics = metrics.clone();
    warp::path("metrics")
        .and(warp::path::end())
        .and(warp::method())
        .and(warp::ext::optional::<Seen>())
        .map(move |method: Method, seen: Option<Seen>| {
            if !to_everybody && !seen.is_some_and(|seen| seen.near) {
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

/// The same on an address of its own, where there is nothing else.
pub fn alone(metrics: &Metrics) -> BoxedFilter<(Response,)> {
    let nothing = warp::any().map(|| Chatrooms::error(&Error::NotFound)).boxed();
    filter(metrics, true).or(nothing).unify().boxed()
}
