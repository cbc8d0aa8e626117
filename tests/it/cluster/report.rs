//! The table at the end of a run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::checker::Verdict;
use super::shared::Pulse;

/// What happened during a fault.
#[derive(Debug)]
pub(super) struct Row {
    fault: String,
    took: Duration,
    acknowledged: usize,
    pause: Duration,
}

impl Row {
    pub(super) fn new(fault: &str, took: Duration, pulse: Pulse) -> Self {
        let (acknowledged, pause) = (pulse.count, pulse.longest);
        Self { fault: fault.to_owned(), took, acknowledged, pause }
    }
}

/// Returns the table: faults and what was acknowledged meanwhile, what was measured, and what the
/// checker found.
pub(super) fn table(rows: &[Row], notes: &[String], verdict: &Verdict) -> String {
    let mut by_fault: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        by_fault.entry(&row.fault).or_default().push(row);
    }
    let head = ("fault", "times", "longest", "acknowledged", "longest pause");
    let mut out =
        format!("{:<20} {:>5} {:>9} {:>13} {:>14}\n", head.0, head.1, head.2, head.3, head.4);
    for (fault, rows) in by_fault {
        let longest = rows.iter().map(|row| row.took).max().unwrap_or_default();
        let pause = rows.iter().map(|row| row.pause).max().unwrap_or_default();
        let count: usize = rows.iter().map(|row| row.acknowledged).sum();
        let (times, longest, pause) = (rows.len(), seconds(longest), seconds(pause));
        writeln!(out, "{fault:<20} {times:>5} {longest:>9} {count:>13} {pause:>14}").unwrap();
    }
    for note in notes {
        writeln!(out, "{note}").unwrap();
    }
    let facts = [
        ("operations acknowledged", verdict.acknowledged),
        ("operations without an answer", verdict.unknown),
        ("events received", verdict.received),
        ("heard again after a reconnection", verdict.again),
        ("lost", verdict.lost.len()),
        ("doubled", verdict.doubled.len()),
        ("out of order", verdict.disorder.len()),
        ("wrong answers", verdict.strange.len()),
    ];
    for (name, count) in facts {
        writeln!(out, "{name:<32} {count:>8}").unwrap();
    }
    for (kind, list) in verdict.faults() {
        for what in list.iter().take(20) {
            writeln!(out, "{kind}: {what}").unwrap();
        }
        if list.len() > 20 {
            writeln!(out, "{kind}: and {} more", list.len() - 20).unwrap();
        }
    }
    out
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
