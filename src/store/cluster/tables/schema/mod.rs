//! The tables of the keyspace, as data: CQL and the tables in memory are both made from it.

pub mod people;
pub mod rooms;

use super::Table;

/// Returns all tables.
pub fn all() -> impl Iterator<Item = &'static Table> {
    rooms::TABLES.iter().chain(people::TABLES).copied()
}
