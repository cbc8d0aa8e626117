//! Creates the keyspace and its tables, and compares them with what this version needs.
//!
//! Only one process at a time may change the schema: `cluster init`, not every server.

use std::collections::BTreeMap;
use std::time::Duration;

use scylla::statement::Statement;

use super::error::Failure;
use super::statement::{add, full_name};
use super::{Bind, Cql};
use crate::store::cluster::tables::{Column, Order, Table, Type, Value};

/// A change of the schema has to reach all nodes.
const AGREEING: Duration = Duration::from_mins(1);

/// Why the schema could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SchemaError(String);

impl From<Failure> for SchemaError {
    fn from(failure: Failure) -> Self {
        Self(failure.to_string())
    }
}

impl Cql {
    /// Creates the keyspace unless it exists, with this number of replicas in each data centre.
    pub async fn create_keyspace(
        &self,
        replicas: &BTreeMap<String, u32>,
    ) -> Result<(), SchemaError> {
        let mut text = format!(
            "CREATE KEYSPACE IF NOT EXISTS \"{}\" WITH replication = \
             {{'class': 'NetworkTopologyStrategy'",
            self.keyspace
        );
        for (datacenter, count) in replicas {
            add(&mut text, format_args!(", '{}': {count}", datacenter.replace('\'', "''")));
        }
        text.push('}');
        if self.is_scylla().await {
            // Conditional writes are refused on tablets until version 2025.4.
            text.push_str(" AND tablets = {'enabled': false}");
        }
        self.change(&text).await?;
        self.learn().await
    }

    /// Drops the keyspace with everything in it.
    pub async fn drop_keyspace(&self) -> Result<(), SchemaError> {
        self.change(&format!("DROP KEYSPACE IF EXISTS \"{}\"", self.keyspace)).await
    }

    /// Creates the tables that do not exist and adds the columns that are missing.
    pub async fn create_tables(
        &self,
        tables: impl IntoIterator<Item = &'static Table>,
    ) -> Result<(), SchemaError> {
        let known = self.known().await?;
        let unified = self.has_unified_compaction().await;
        for table in tables {
            let Some(columns) = known.get(table.name) else {
                self.change(&create(&self.keyspace, table, unified)).await?;
                continue;
            };
            for column in table.all_columns().filter(|column| !columns.contains_key(column.name)) {
                let of = cql_type(column.of);
                let kind = if table.is_static(column.name) { " static" } else { "" };
                let name = full_name(&self.keyspace, table);
                let text = format!("ALTER TABLE {name} ADD \"{}\" {of}{kind}", column.name);
                self.change(&text).await?;
            }
        }
        self.learn().await
    }

    /// Returns what is missing or different, a sentence each; empty: the tables can be used.
    /// Columns that this version does not know are no difference.
    pub async fn differences(
        &self,
        tables: impl IntoIterator<Item = &'static Table>,
    ) -> Result<Vec<String>, SchemaError> {
        let known = self.known().await?;
        let mut found = Vec::new();
        for table in tables {
            let Some(columns) = known.get(table.name) else {
                found.push(format!("table {} does not exist", table.name));
                continue;
            };
            for column in table.all_columns() {
                let (name, wanted) = (column.name, cql_type(column.of));
                match columns.get(name) {
                    Some(of) if of == wanted => {}
                    Some(of) => found.push(format!(
                        "column {name} of table {} is of type {of} instead of {wanted}",
                        table.name
                    )),
                    None => found.push(format!("table {} has no column {name}", table.name)),
                }
            }
        }
        Ok(found)
    }

    /// The types of the columns of the tables of the keyspace.
    async fn known(&self) -> Result<BTreeMap<String, BTreeMap<String, String>>, SchemaError> {
        let rows = self
            .ask(
                "SELECT table_name, column_name, type FROM system_schema.columns WHERE \
                 keyspace_name = ?",
                vec![Bind::Value(Value::Text(self.keyspace.clone()))],
            )
            .await?;
        let mut known: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for row in rows {
            let mut texts = row.columns.into_iter().map(|value| value?.into_string());
            if let (Some(Some(table)), Some(Some(column)), Some(Some(of))) =
                (texts.next(), texts.next(), texts.next())
            {
                known.entry(table).or_default().insert(column, of);
            }
        }
        Ok(known)
    }

    async fn change(&self, text: &str) -> Result<(), SchemaError> {
        let mut statement = Statement::new(text);
        statement.set_request_timeout(Some(AGREEING));
        let changing = self.session.query_unpaged(statement, ());
        match tokio::time::timeout(2 * AGREEING, changing).await {
            Ok(done) => done.map(drop).map_err(|error| SchemaError::from(Failure::from(error))),
            Err(_) => Err(Failure::Silent.into()),
        }
    }

    /// Makes the driver read the schema, by which it finds the replicas of a row: otherwise it
    /// would do so after each change.
    async fn learn(&self) -> Result<(), SchemaError> {
        match tokio::time::timeout(AGREEING, self.session.refresh_metadata()).await {
            Ok(done) => done.map_err(|error| SchemaError(error.to_string())),
            Err(_) => Err(Failure::Silent.into()),
        }
    }

    /// Since version 5 of Cassandra; ScyllaDB calls itself an older one, and has what it needs by
    /// default.
    async fn has_unified_compaction(&self) -> bool {
        let version = self.text("SELECT release_version FROM system.local").await;
        let major = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        major >= Some(5)
    }

    /// Whether the node that answers is one of ScyllaDB, which alone has this table.
    async fn is_scylla(&self) -> bool {
        self.text("SELECT version FROM system.versions WHERE key = 'local'").await.is_some()
    }
}

/// `CREATE TABLE`.
pub(super) fn create(keyspace: &str, table: &Table, unified: bool) -> String {
    let mut text = format!("CREATE TABLE IF NOT EXISTS {} (", full_name(keyspace, table));
    for column in table.all_columns() {
        let kind = if table.is_static(column.name) { " static" } else { "" };
        add(&mut text, format_args!("\"{}\" {}{kind}, ", column.name, cql_type(column.of)));
    }
    let names = |columns: &[Column], after: &str| {
        let named: Vec<_> =
            columns.iter().map(|column| format!("\"{}\"{after}", column.name)).collect();
        named.join(", ")
    };
    add(&mut text, format_args!("PRIMARY KEY (({})", names(table.partition, "")));
    if !table.clustering.is_empty() {
        add(&mut text, format_args!(", {}", names(table.clustering, "")));
    }
    text.push_str("))");
    let mut with = Vec::new();
    if !table.clustering.is_empty() && table.order == Order::Descending {
        with.push(format!("CLUSTERING ORDER BY ({})", names(table.clustering, " DESC")));
    }
    if unified {
        with.push("compaction = {'class': 'UnifiedCompactionStrategy'}".to_owned());
    }
    if !with.is_empty() {
        add(&mut text, format_args!(" WITH {}", with.join(" AND ")));
    }
    text
}

fn cql_type(of: Type) -> &'static str {
    match of {
        Type::Int => "bigint",
        Type::Text => "text",
        Type::Bytes => "blob",
        Type::Flag => "boolean",
    }
}
