//! Three nodes of which some stop and die: what was acknowledged stays, in order, once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chatctl::store::cluster::tables::cql::{Cql, Options};
use chatctl::store::cluster::tables::{
    Compare, Condition, Consistency, Outcome, Put, Row, Slice, TableError, Tables, Value,
};
use tokio::time::sleep;

use super::{Node, create};
use crate::store::tables::GUARDED;

/// Time-out of a request.
const PATIENCE: Duration = Duration::from_secs(2);
/// Servers, each with a connection of its own, that write to the same logs.
const SERVERS: usize = 3;
/// Logs.
const LOGS: usize = 4;

/// Three nodes cost 3 GB of memory and a minute: only with `CHATCTL_CASSANDRA=3`.
fn is_wanted() -> bool {
    std::env::var("CHATCTL_CASSANDRA").is_ok_and(|nodes| nodes == "3")
}

/// Three nodes of one cluster, and where their data is.
struct Three {
    nodes: Vec<Node>,
    dir: tempfile::TempDir,
}

impl Three {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut three = Self { nodes: Vec::new(), dir };
        for n in 0..3 {
            let node = three.node(n);
            three.nodes.push(node);
        }
        three
    }

    fn node(&self, n: usize) -> Node {
        // Beside other processes of the machine.
        let of = std::process::id() % 60_000;
        let address = |n| format!("127.{}.{}.{}", 2 + of / 250, 2 + of % 250, 11 + n);
        Node::at(&self.dir.path().join(n.to_string()), &address(n), &address(0))
    }

    async fn connect(&self) -> Cql {
        let nodes = self.nodes.iter().map(|node| node.address.clone()).collect();
        let options =
            Options { nodes, patience: PATIENCE, ..super::options(&self.nodes[0], "loss") };
        Box::pin(Cql::connect(options)).await.unwrap()
    }
}

impl Drop for Three {
    fn drop(&mut self) {
        for node in &self.nodes {
            node.kill();
        }
    }
}

/// What a writer knows of its commits: the head it moved to, by log and its own mark.
#[derive(Default)]
struct Journal {
    applied: Vec<(usize, i64, String)>,
    refused: Vec<(usize, String)>,
    /// The longest an operation took.
    slowest: Duration,
    counts: BTreeMap<&'static str, u32>,
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
async fn write(
    tables: Arc<Cql>,
    server: usize,
    journal: Arc<Mutex<Journal>>,
    stop: Arc<AtomicBool>,
) {
    for n in 0.. {
        if stop.load(Ordering::SeqCst) {
            return;
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
        let mut journal = journal.lock().unwrap();
        journal.slowest = journal.slowest.max(read).max(began.elapsed());
        let told = match outcome {
            Ok(Outcome::Applied) => {
                journal.applied.push((log, from.unwrap().unwrap_or(0) + 1, mark));
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

/// Stops and kills nodes; between two outages commits go on.
async fn outages(three: &mut Three, journal: &Mutex<Journal>) {
    // Waits until so many more commits are acknowledged.
    let progress = async |count: usize, what: &str| {
        let acknowledged = || journal.lock().unwrap().applied.len();
        let (before, until) = (acknowledged(), Instant::now() + Duration::from_mins(1));
        while acknowledged() < before + count {
            assert!(
                Instant::now() < until,
                "no progress {what}: {:?}",
                journal.lock().unwrap().counts
            );
            sleep(Duration::from_millis(50)).await;
        }
    };
    progress(50, "at all").await;
    for n in 0..3 {
        three.nodes[n].stop();
        progress(20, "without a node that stands still").await;
        three.nodes[n].go_on();
        progress(5, "with all again").await;
    }
    three.nodes[1].kill();
    progress(20, "without a dead node").await;
    three.nodes[1] = three.node(1);
    progress(20, "with a node that is back").await;

    // Two of three: nothing can be acknowledged, and nobody waits for ever.
    three.nodes[0].stop();
    three.nodes[2].stop();
    sleep(3 * PATIENCE).await;
    let before = journal.lock().unwrap().applied.len();
    sleep(PATIENCE).await;
    assert_eq!(journal.lock().unwrap().applied.len(), before, "by one node of three");
    three.nodes[0].go_on();
    three.nodes[2].go_on();
    progress(20, "after the outage").await;

    // All at once lose their power.
    for node in &three.nodes {
        node.kill();
    }
    for n in 0..3 {
        three.nodes[n] = three.node(n);
    }
    progress(20, "after all have died").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_stop_and_die_and_nothing_acknowledged_is_lost() {
    if !is_wanted() {
        return;
    }
    let mut three = Three::start();
    let first = three.connect().await;
    create(&first, 3).await;
    assert_eq!(first.checkup().await.unwrap().nodes.len(), 3);
    let (journal, stop) =
        (Arc::new(Mutex::new(Journal::default())), Arc::new(AtomicBool::new(false)));
    let mut writers = Vec::new();
    for server in 0..SERVERS {
        let tables = Arc::new(three.connect().await);
        writers.push(tokio::spawn(write(tables, server, Arc::clone(&journal), Arc::clone(&stop))));
    }
    outages(&mut three, &journal).await;
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    let again = three.connect().await;
    let mut logs = Vec::new();
    for log in 0..LOGS {
        logs.push(log_of(&again, log).await);
    }
    check(&logs, &journal.lock().unwrap());
}

/// Compares the logs with what was told to the writers.
fn check(logs: &[Vec<Row>], journal: &Journal) {
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
