//! Which engine keeps the chat: the one place that the rest of the program asks. Everything above
//! the seam names this module and never an engine itself.
//!
//! Today there is one, embedded SQLite. It also has what a server elsewhere would not: a file that
//! can be checked, copied, compacted and migrated ([`upkeep`]), which only administration asks for.

pub use super::sqlite::{OpenError, Options, Sqlite as Embedded, engine as version, upkeep};
