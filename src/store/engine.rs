//! Selects the storage engine. Everything above the store names this module and never an engine
//! itself.
//!
//! SQLite is the only engine. Unlike an external server it has a file that can be checked, copied,
//! compacted and migrated ([`upkeep`]), which only administration does.

pub use super::sqlite::{OpenError, Options, Sqlite as Embedded, engine as version, upkeep};
