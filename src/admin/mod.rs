//! Administration: what a command does, said in calls of [`Chat`](crate::chat::Chat) and of the store's own upkeep.
//!
//! What may live here: no parsing of arguments, no printing.

pub mod backup;
pub mod outcome;

pub use outcome::{Failure, Kind, Output, Reply};
