//! Repeated errors, tested through the layer as it is used.

use tracing::{error, warn};

use super::*;
use crate::config::{self, LogFormat, LogLevel};

/// Returns the content of a log started and ended around `act`.
fn logged(act: impl FnOnce()) -> Vec<String> {
    logged_at(LogLevel::Info, act)
}

fn logged_at(level: LogLevel, act: impl FnOnce()) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let file = LogFile::open(dir.path(), &config::Log::default()).unwrap();
    let waiting = Waiting::new(&Config::default());
    let control = Control::new(file.clone(), level, waiting);
    let output = Arc::new(Output::new(control.clone(), LogFormat::Text, Queue::start(file), None));
    let layer = Lines { control: control.clone(), output: Arc::clone(&output) };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), act);
    drop(Logging { control, output });
    let path = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

fn is_stack(line: &str) -> bool {
    line.starts_with("    ")
}

#[test]
fn the_same_error_is_told_once_a_minute_with_one_stack_trace() {
    let lines = logged(|| {
        for n in 0..50 {
            error!(
                user = format!("user{n}"),
                store.error = "disk full",
                "The database failed while committing"
            );
        }
        error!("another one");
        warn!("no error");
        warn!("no error");
    });
    let told: Vec<_> = lines
        .iter()
        .filter(|line| !is_stack(line))
        .map(|line| line.split_once("] - ").unwrap_or_else(|| panic!("{line}")).1)
        .collect();
    let left_out =
        "The database failed while committing (49 more in the last minute) store.error=disk full";
    assert_eq!(
        told,
        [
            "The database failed while committing store.error=disk full",
            "another one",
            "no error",
            "no error",
            left_out
        ]
    );
    assert!(lines.iter().any(|line| is_stack(line)));
}

#[test]
fn errors_of_one_place_that_all_differ_are_bounded_and_so_are_stack_traces() {
    let lines = logged(|| {
        for n in 0..100 {
            error!("panicked at {n}");
        }
        error!("from another place, without a trace because there were enough");
    });
    assert_eq!(
        lines.iter().filter(|line| line.contains("- panicked at")).count(),
        11,
        "ten and the report of omitted lines"
    );
    assert!(
        lines.iter().any(|line| line.contains("panicked at 99 (90 more in the last minute)")),
        "{lines:?}"
    );
    let last = lines.iter().position(|line| line.contains("from another place")).unwrap();
    assert!(lines.get(last + 1).is_none_or(|line| !is_stack(line)));
}

#[test]
fn errors_that_are_no_fault_have_no_stack_trace() {
    let lines = logged(|| {
        error!(target: "chatctl::plain", "The server could not start: the port is in use");
        let (user, ip, reason) = ("ann", "192.0.2.1", "password");
        error!(target: "chatctl::refused", user, ip, reason, "Authentication failed.");
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[1].ends_with("[ann] - Authentication failed. ip=192.0.2.1 reason=password"),
        "{}",
        lines[1]
    );
}

#[test]
fn what_the_driver_of_the_database_warns_of_is_a_detail() {
    let act = || {
        error!(target: "scylla::cluster::worker", "cannot connect");
        warn!(target: "scylla", "cannot connect");
        tracing::info!(target: "scylla::client", "connected");
        warn!(target: "scyllabus", "another library");
        tracing::debug!(target: "chatctl::store", "own");
    };
    let levels = |lines: Vec<String>| -> Vec<String> {
        let level = |line: &String| line.split(['[', ']']).nth(3).map(str::to_owned);
        lines.iter().filter_map(level).collect()
    };
    assert_eq!(levels(logged(act)), ["WARN"]);
    assert_eq!(levels(logged_at(LogLevel::Debug, act)), ["DEBUG", "DEBUG", "WARN", "DEBUG"]);
}
