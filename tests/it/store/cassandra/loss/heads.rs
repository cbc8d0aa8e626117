//! Conditional writes of heads, and what writers were told of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chatctl::store::cluster::tables::cql::Cql;
use chatctl::store::cluster::tables::{
    Compare, Condition, Consistency, Outcome, Put, Row, Slice, TableError, Tables, Value,
};
use tokio::time::sleep;

use super::{PATIENCE, Progress};
use crate::store::tables::GUARDED;

/// Logs.
const LOGS: usize = 4;

/// What a writer knows of its commits: the head it moved to, by log and its own mark.
#[derive(Default)]
pub(super) struct Journal {
    applied: Vec<(usize, i64, String)>,
    refused: Vec<(usize, String)>,
    /// The longest an operation took.
    slowest: Duration,
    counts: BTreeMap<&'static str, u32>,
}

impl Journal {
    fn and(mut self, other: Self) -> Self {
        self.applied.extend(other.applied);
        self.refused.extend(other.refused);
        self.slowest = self.slowest.max(other.slowest);
        for (told, count) in other.counts {
            *self.counts.entry(told).or_default() += count;
        }
        self
    }
}

fn slice(log: usize) -> Slice {
    Slice::of(&GUARDED, vec![log.to_string().into()]).at(Consistency::Serial)
}

fn commit(log: usize, from: Option<i64>, mark: &str) -> Compare {
    let to = from.unwrap_or(0) + 1;
    let key = || vec![Value::from(log.to_string())];
    Compare {
        conditions: vec![Condition::Is(vec![], "head", from.map(Into::into))],
        puts: vec![
            Put::conditional(&GUARDED, key(), vec![], vec![("head", to.into())]),
            Put::conditional(&GUARDED, key(), vec![to.into()], vec![("body", mark.into())]),
        ],
    }
}

/// Moves heads until told to stop; an unknown outcome is settled by reading.
pub(super) async fn write(tables: Cql, server: usize, progress: Arc<Progress>) -> Journal {
    let mut journal = Journal::default();
    for n in 0.. {
        if progress.is_over() {
            break;
        }
        let (log, mark) = (n % LOGS, format!("{server}-{n}"));
        let began = Instant::now();
        let head = tables.read(slice(log).first(1)).await;
        let read = began.elapsed();
        let from = head.map(|rows| rows.first().and_then(|row| row.int("head")));
        let began = Instant::now();
        let outcome = match from {
            Ok(from) => tables.compare(commit(log, from, &mark)).await,
            Err(error) => {
                assert_eq!(error, TableError::Unavailable, "a read");
                Err(error)
            }
        };
        journal.slowest = journal.slowest.max(read).max(began.elapsed());
        let told = match outcome {
            Ok(Outcome::Applied) => {
                journal.applied.push((log, from.unwrap().unwrap_or(0) + 1, mark));
                progress.made();
                "applied"
            }
            Ok(Outcome::Refused) => {
                journal.refused.push((log, mark));
                "refused"
            }
            Err(TableError::Unavailable) => {
                journal.refused.push((log, mark));
                "unavailable"
            }
            // It may be found or not, but not twice.
            Err(TableError::Unknown) => "unknown",
        };
        *journal.counts.entry(told).or_default() += 1;
    }
    journal
}

async fn log_of(tables: &Cql, log: usize) -> Vec<Row> {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        match tables.read(slice(log)).await {
            Ok(rows) => return rows,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// Compares the logs with what was told to the writers.
pub(super) async fn check(tables: &Cql, journals: Vec<Journal>) {
    let mut logs = Vec::new();
    for log in 0..LOGS {
        logs.push(log_of(tables, log).await);
    }
    let journal = journals.into_iter().reduce(Journal::and).unwrap();
    eprintln!("{:?}, slowest {:?}", journal.counts, journal.slowest);
    for (log, rows) in logs.iter().enumerate() {
        let at: Vec<i64> = rows.iter().map(|row| row.int("at").unwrap()).collect();
        let head = rows[0].int("head").unwrap();
        assert_eq!(at, (1..=head).collect::<Vec<_>>(), "log {log} has no gap");
        let mut marks: Vec<_> = rows.iter().map(|row| row.text("body").unwrap()).collect();
        marks.sort_unstable();
        marks.dedup();
        assert_eq!(marks.len(), rows.len(), "nothing is in log {log} twice");
    }
    for (log, at, mark) in &journal.applied {
        let row = &logs[*log][usize::try_from(*at - 1).unwrap()];
        assert_eq!(row.text("body"), Some(mark.as_str()), "acknowledged at {at} of log {log}");
    }
    for (log, mark) in &journal.refused {
        let found = logs[*log].iter().any(|row| row.text("body") == Some(mark.as_str()));
        assert!(!found, "{mark} was refused, and is in log {log}");
    }
    assert!(journal.counts.contains_key("unknown"), "{:?}", journal.counts);
    assert!(journal.slowest < 4 * PATIENCE, "an operation took {:?}", journal.slowest);
}
