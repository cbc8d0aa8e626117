//! Tables of Cassandra or ScyllaDB.
//!
//! All statements are made from the data of the tables (`statement.rs`) and prepared once. Plain
//! writes and reads may be repeated, at another node if one is slow; a conditional write is tried
//! once, and whoever asked settles an unknown outcome by a serial read. The driver's time-outs do
//! not cover everything, so that each call has one more around it.

mod checkup;
mod connect_error;
mod error;
mod reach;
mod schema;
mod statement;
#[cfg(test)]
mod tests;
mod values;

use std::collections::HashMap;
use std::future::Future;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::errors::ExecutionError;
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::policies::retry::{DefaultRetryPolicy, FallthroughRetryPolicy};
use scylla::policies::speculative_execution::SimpleSpeculativeExecutionPolicy;
use scylla::response::PagingState;
use scylla::response::query_result::QueryResult;
use scylla::statement::batch::{Batch, BatchType};
use scylla::statement::prepared::PreparedStatement;
use scylla::statement::{Consistency as Level, SerialConsistency};
use scylla::value::Row as CqlRow;

pub use self::checkup::{Checkup, Node};
pub use self::connect_error::ConnectError;
use self::error::{Action, Failure};
use self::reach::Reach;
pub use self::schema::SchemaError;
use self::statement::{Bind, Line};
use super::{
    Column, Compare, Consistency, Outcome, Page, Put, Row, Slice, Table, TableError, TableReply,
    Tables,
};

/// Time for connecting to the first node and reading what the cluster consists of.
const CONNECTING: Duration = Duration::from_secs(10);
/// A repeatable request is sent to another node if there is no answer after this time.
const SLOW: Duration = Duration::from_millis(300);
/// A connection is given up if nothing comes through it for twice this time.
const ALIVE: Duration = Duration::from_secs(2);
/// Interval of asking whether all nodes know of a change of the schema.
const AGREEING: Duration = Duration::from_millis(20);
/// Rows of a partition that are fetched at once.
const ROWS: i32 = 5_000;
/// Rows of a partition that are written at once; more are written in parts.
const BATCH: usize = 1_000;
/// Partitions that are written at once.
const PARTITIONS: usize = 32;

/// How to reach the cluster.
#[derive(Clone, Debug)]
pub struct Options {
    /// `host:port` of some nodes; the others are found.
    pub nodes: Vec<String>,
    /// Keyspace of the tables: letters, digits and underscores, at most 48.
    pub keyspace: String,
    /// The data centre whose nodes are used; None: all.
    pub datacenter: Option<String>,
    /// User and password.
    pub login: Option<(String, String)>,
    /// Time-out of a request.
    pub patience: Duration,
}

/// Tables of a keyspace.
pub struct Cql {
    session: Session,
    keyspace: String,
    patience: Duration,
    prepared: RwLock<HashMap<String, PreparedStatement>>,
    reach: Reach,
}

impl Cql {
    /// Connects, once: whoever starts a server tries again. The keyspace need not exist.
    pub async fn connect(options: Options) -> Result<Self, ConnectError> {
        let name = options.keyspace;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || name.len() > 48 || !name.chars().all(plain) {
            return Err(ConnectError::Keyspace(name));
        }
        let mut balancing = DefaultPolicy::builder().token_aware(true);
        if let Some(datacenter) = options.datacenter {
            balancing = balancing.prefer_datacenter(datacenter).permit_dc_failover(false);
        }
        let profile = ExecutionProfile::builder()
            .consistency(Level::LocalQuorum)
            .serial_consistency(Some(SerialConsistency::LocalSerial))
            .request_timeout(Some(options.patience))
            .load_balancing_policy(balancing.build())
            .retry_policy(Arc::new(DefaultRetryPolicy::new()))
            .speculative_execution_policy(Some(Arc::new(SimpleSpeculativeExecutionPolicy {
                max_retry_count: 1,
                retry_interval: SLOW,
            })))
            .build();
        let mut builder = SessionBuilder::new()
            .known_nodes(&options.nodes)
            .connection_timeout(CONNECTING / 2)
            .default_execution_profile_handle(profile.into_handle())
            .fetch_full_schema_metadata(false)
            .schema_agreement_interval(AGREEING)
            .refresh_metadata_on_auto_schema_agreement(false)
            .keepalive_interval(ALIVE)
            .keepalive_timeout(ALIVE);
        if let Some((user, password)) = options.login {
            builder = builder.user(user, password);
        }
        let building = tokio::time::timeout(CONNECTING, builder.build());
        let session = building.await.map_err(|_| ConnectError::Silent(CONNECTING))??;
        let (prepared, reach) = (RwLock::default(), Reach::new());
        Ok(Self { session, keyspace: name, patience: options.patience, prepared, reach })
    }

    /// Measures an operation, takes note of its outcome, and says what a failure means.
    async fn noted<T>(
        &self,
        action: Action,
        operation: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, TableError> {
        let began = Instant::now();
        let outcome = operation.await;
        self.reach.took(action, began.elapsed());
        match outcome {
            Ok(done) => {
                self.reach.succeeded();
                Ok(done)
            }
            Err(failure) => {
                self.reach.failed(action, &failure.cause());
                Err(failure.meaning(action))
            }
        }
    }

    /// Bounds a call of the driver, which has a time-out of its own for what it expects.
    async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, ExecutionError>>,
    ) -> Result<T, Failure> {
        let limit = self.patience + Duration::from_secs(1);
        Ok(tokio::time::timeout(limit, call).await.map_err(|_| Failure::Silent)??)
    }

    async fn prepare(&self, text: &str) -> Result<PreparedStatement, Failure> {
        let known = self.prepared.read().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let preparing = async { Ok(self.session.prepare(text).await?) };
        // Nothing has been sent that could have an effect.
        let prepared = self.within(preparing).await.map_err(|failure| match failure {
            Failure::Silent => ExecutionError::EmptyPlan.into(),
            other => other,
        })?;
        let mut cache = self.prepared.write().unwrap_or_else(PoisonError::into_inner);
        cache.insert(text.to_owned(), prepared.clone());
        Ok(prepared)
    }

    /// Reads rows of these columns, all pages or one.
    async fn rows(
        &self,
        prepared: PreparedStatement,
        values: Vec<Bind>,
        from: Option<&[u8]>,
        all: bool,
        mut each: impl FnMut(CqlRow),
    ) -> Result<Option<Vec<u8>>, Failure> {
        let mut place = from.map_or_else(PagingState::start, PagingState::new_from_raw_bytes);
        loop {
            let page = self.session.execute_single_page(&prepared, &values, place);
            let (result, next) = self.within(page).await?;
            for row in typed(result)? {
                each(row);
            }
            match next.into_paging_control_flow() {
                ControlFlow::Break(()) => return Ok(None),
                ControlFlow::Continue(next) if all => place = next,
                ControlFlow::Continue(next) => {
                    return Ok(next.as_bytes_slice().map(|bytes| bytes.to_vec()));
                }
            }
        }
    }

    async fn select(&self, slice: &Slice) -> Result<Vec<Row>, Failure> {
        let line = statement::select(&self.keyspace, slice);
        let mut prepared = self.prepare(&line.text).await?;
        prepared.set_consistency(match slice.consistency {
            Consistency::Quorum => Level::LocalQuorum,
            Consistency::Serial => Level::LocalSerial,
            Consistency::One => Level::LocalOne,
        });
        prepared.set_is_idempotent(true);
        prepared.set_page_size(ROWS);
        let columns = statement::selected(slice);
        let mut rows = Vec::new();
        let add = |row| rows.push(values::row(slice.table, &slice.partition, &columns, row));
        self.rows(prepared, line.values, None, true, add).await?;
        Ok(rows)
    }

    /// Sends statements of one partition: one alone, or a batch.
    async fn send(&self, lines: Vec<Line>, repeatable: bool) -> Result<QueryResult, Failure> {
        let mut batch = Batch::new(BatchType::Unlogged);
        let mut values = Vec::new();
        for line in lines {
            let mut prepared = self.prepare(&line.text).await?;
            prepared.set_is_idempotent(repeatable);
            if !repeatable {
                prepared.set_retry_policy(Some(Arc::new(FallthroughRetryPolicy::new())));
            }
            batch.append_statement(prepared);
            values.push(line.values);
        }
        if let [scylla::statement::batch::BatchStatement::PreparedStatement(one)] =
            &batch.statements[..]
        {
            let values = values.remove(0);
            return self.within(self.session.execute_unpaged(one, values)).await;
        }
        batch.set_is_idempotent(repeatable);
        if !repeatable {
            batch.set_retry_policy(Some(Arc::new(FallthroughRetryPolicy::new())));
        }
        self.within(self.session.batch(&batch, values)).await
    }

    /// Writes rows of one partition.
    async fn write_partition(&self, puts: Vec<Put>) -> Result<(), TableError> {
        let mut written = false;
        for part in puts.chunks(BATCH) {
            let lines = part.iter().map(|put| statement::plain(&self.keyspace, put)).collect();
            if let Err(meaning) = self.noted(Action::Write, self.send(lines, true)).await {
                return Err(if written { TableError::Unknown } else { meaning });
            }
            written = true;
        }
        Ok(())
    }
}

fn typed(result: QueryResult) -> Result<Vec<CqlRow>, Failure> {
    let odd = |error: &dyn std::fmt::Display| Failure::Odd(error.to_string());
    let rows = result.into_rows_result().map_err(|error| odd(&error))?;
    let typed = rows.rows::<CqlRow>().map_err(|error| odd(&error))?;
    typed.collect::<Result<_, _>>().map_err(|error| odd(&error))
}

/// Whether a conditional write was applied: the first column of each row that it answers.
fn applied(result: QueryResult) -> Result<Outcome, Failure> {
    let rows = typed(result)?;
    let first = rows.first().and_then(|row| row.columns.first()?.as_ref()?.as_boolean());
    match first {
        Some(true) => Ok(Outcome::Applied),
        Some(false) => Ok(Outcome::Refused),
        None => Err(Failure::Odd("no [applied]".to_owned())),
    }
}

impl Tables for Cql {
    fn read(&self, slice: Slice) -> TableReply<'_, Vec<Row>> {
        Box::pin(async move { Box::pin(self.noted(Action::Read, self.select(&slice))).await })
    }

    fn write(&self, puts: Vec<Put>) -> TableReply<'_, ()> {
        Box::pin(async move {
            let parts = partitions(puts);
            let writing = parts.into_iter().map(|puts| self.write_partition(puts));
            let done: Vec<_> = stream::iter(writing).buffer_unordered(PARTITIONS).collect().await;
            if done.iter().all(Result::is_ok) {
                return Ok(());
            }
            let nothing = done.iter().all(|done| *done == Err(TableError::Unavailable));
            Err(if nothing { TableError::Unavailable } else { TableError::Unknown })
        })
    }

    fn compare(&self, compare: Compare) -> TableReply<'_, Outcome> {
        Box::pin(async move {
            let lines = statement::guarded(&self.keyspace, &compare);
            let writing = async { self.send(lines, false).await.and_then(applied) };
            self.noted(Action::Compare, writing).await
        })
    }

    fn scan<'a>(
        &'a self,
        table: &'static Table,
        from: Option<&'a [u8]>,
        limit: u32,
    ) -> TableReply<'a, Page> {
        Box::pin(async move {
            let columns: Vec<Column> = table.all_columns().copied().collect();
            let mut rows = Vec::new();
            let reading = async {
                let mut prepared = self.prepare(&statement::scan(&self.keyspace, table)).await?;
                prepared.set_is_idempotent(true);
                prepared.set_page_size(i32::try_from(limit.max(1)).unwrap_or(ROWS));
                let add = |row| rows.push(values::row(table, &[], &columns, row));
                self.rows(prepared, Vec::new(), from, false, add).await
            };
            let next = Box::pin(self.noted(Action::Read, reading)).await?;
            Ok(Page { rows, next })
        })
    }

    fn ping(&self) -> TableReply<'_, ()> {
        Box::pin(async move {
            let slice = Slice::of(&super::schema::people::IDS, vec!["ping".into()]);
            self.read(slice).await.map(drop)
        })
    }
}

/// The rows of each partition, in the order in which they were given.
fn partitions(puts: Vec<Put>) -> Vec<Vec<Put>> {
    let mut parts: Vec<Vec<Put>> = Vec::new();
    let mut known = HashMap::new();
    for put in puts {
        let at = *known.entry((put.table.name, put.partition.clone())).or_insert(parts.len());
        if at == parts.len() {
            parts.push(Vec::new());
        }
        parts[at].push(put);
    }
    parts
}
