//! A real Cassandra: one node for all tests of the process, on request.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use chatctl::store::cluster::tables::cql::{Cql, Options};
use chatctl::store::cluster::tables::{
    Compare, Outcome, Page, Put, Row, Slice, Table, TableReply, Tables, Value, schema,
};
use tokio::sync::OnceCell;

use super::tables::{GUARDED, PLAIN, SINGLE};

/// Whether tests on it are wanted: set by `tests/run`.
pub(crate) fn is_wanted() -> bool {
    std::env::var_os("CHATCTL_CASSANDRA").is_some()
}

/// A running node.
pub(crate) struct Cassandra {
    /// `127.A.B.C:9042`.
    pub(crate) address: String,
}

impl Cassandra {
    /// Its data centre.
    pub(crate) const DATACENTER: &str = "datacenter1";
}

/// Returns the node; the first call starts it. It ends with the process.
pub(crate) fn cassandra() -> &'static Cassandra {
    static NODE: OnceLock<Cassandra> = OnceLock::new();
    NODE.get_or_init(|| {
        let (found, address) = channel();
        // The kernel ends the node when the thread that started it ends, so that thread stays.
        std::thread::spawn(move || run(&found));
        let address = address.recv().unwrap().unwrap_or_else(|log| panic!("{log}"));
        Cassandra { address }
    })
}

/// Runs a node; sends its address, or the last lines that it wrote.
fn run(found: &Sender<Result<String, String>>) {
    let mut child = Command::new("setpriv")
        .args(["--pdeathsig", "TERM"])
        .arg(root().join("tests/cassandra/node"))
        .arg("--temporary")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("setpriv is there");
    let (mut last, mut address) = (VecDeque::new(), None);
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        if let Some((_, rest)) = line.split_once("Starting listening for CQL clients on /") {
            address = rest.split_whitespace().next().map(str::to_owned);
        }
        // It says that it listens before it does.
        if line.contains("Startup complete") {
            found.send(Ok(address.take().unwrap())).unwrap();
        }
        last.push_back(line);
        if last.len() > 50 {
            last.pop_front();
        }
    }
    // Nobody listens any more if it ran.
    let log = last.make_contiguous().join("\n");
    drop(found.send(Err(format!("Cassandra does not run (tests/run installs it):\n{log}"))));
    drop(child.wait());
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().find(|path| path.join("tests/cassandra/node").exists());
    root.expect("the tests are in a checkout").to_path_buf()
}

/// Connects to the keyspace of all tests, which the first call creates.
pub(crate) async fn connect() -> Cql {
    static CREATED: OnceCell<()> = OnceCell::const_new();
    let cql = Box::pin(Cql::connect(options("chatctl"))).await.unwrap();
    Box::pin(CREATED.get_or_init(async || {
        cql.create_keyspace(&BTreeMap::from([(Cassandra::DATACENTER.to_owned(), 1)]))
            .await
            .unwrap();
        cql.create_tables(schema::all().chain([&PLAIN, &GUARDED, &SINGLE])).await.unwrap();
    }))
    .await;
    cql
}

pub(crate) fn options(keyspace: &str) -> Options {
    Options {
        nodes: vec![cassandra().address.clone()],
        keyspace: keyspace.to_owned(),
        datacenter: Some(Cassandra::DATACENTER.to_owned()),
        login: None,
        tls: None,
        // One machine does everything, and the disk is busy.
        patience: Duration::from_secs(10),
    }
}

/// Returns tables that are empty, in the keyspace of all tests.
pub(crate) async fn tables() -> Apart {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    Apart { inner: connect().await, world: NEXT.fetch_add(1, Ordering::Relaxed) }
}

/// A part of shared tables that nobody else uses: the first value of each partition key tells to
/// whom the partition belongs. Creating the tables anew for each test would take seconds.
pub(crate) struct Apart {
    inner: Cql,
    world: i64,
}

/// Integers of a test are between plus and minus half of this.
const REACH: i64 = 1 << 46;

impl Apart {
    fn hide(&self, partition: &mut [Value]) {
        match &mut partition[0] {
            Value::Int(value) => {
                assert!(value.unsigned_abs() < REACH.unsigned_abs() / 2, "{value}");
                *value += self.world * REACH;
            }
            Value::Text(text) => text.insert_str(0, &format!("{}/", self.world)),
            Value::Bytes(bytes) => drop(bytes.splice(0..0, self.world.to_be_bytes())),
            Value::Flag(_) => panic!("a partition of two"),
        }
    }

    /// None: a row of another test.
    fn reveal(&self, table: &'static Table, row: &Row) -> Option<Row> {
        let mut cells: Vec<Option<Value>> =
            table.all_columns().map(|column| row.get(column.name).cloned()).collect();
        match cells[0].as_mut().unwrap() {
            Value::Int(value) => {
                *value -= self.world * REACH;
                if value.unsigned_abs() >= REACH.unsigned_abs() / 2 {
                    return None;
                }
            }
            Value::Text(text) => *text = text.strip_prefix(&format!("{}/", self.world))?.to_owned(),
            Value::Bytes(bytes) => {
                *bytes = bytes.strip_prefix(&self.world.to_be_bytes())?.to_vec();
            }
            Value::Flag(_) => panic!("a partition of two"),
        }
        Some(Row::new(table, cells))
    }
}

impl Tables for Apart {
    fn read(&self, mut slice: Slice) -> TableReply<'_, Vec<Row>> {
        self.hide(&mut slice.partition);
        let table = slice.table;
        Box::pin(async move {
            let rows = self.inner.read(slice).await?;
            Ok(rows.iter().filter_map(|row| self.reveal(table, row)).collect())
        })
    }

    fn write(&self, mut puts: Vec<Put>) -> TableReply<'_, ()> {
        for put in &mut puts {
            self.hide(&mut put.partition);
        }
        self.inner.write(puts)
    }

    fn compare(&self, mut compare: Compare) -> TableReply<'_, Outcome> {
        for put in &mut compare.puts {
            self.hide(&mut put.partition);
        }
        self.inner.compare(compare)
    }

    fn scan<'a>(
        &'a self,
        table: &'static Table,
        from: Option<&'a [u8]>,
        limit: u32,
    ) -> TableReply<'a, Page> {
        Box::pin(async move {
            let page = self.inner.scan(table, from, limit).await?;
            let rows = page.rows.iter().filter_map(|row| self.reveal(table, row)).collect();
            Ok(Page { rows, next: page.next })
        })
    }

    fn ping(&self) -> TableReply<'_, ()> {
        self.inner.ping()
    }
}
