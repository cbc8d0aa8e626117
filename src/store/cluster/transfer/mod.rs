//! Exports all data of a cluster as the records of every export, and loads those records into an
//! empty keyspace, where ids, seqs and revs are kept.
//!
//! An export reads while others write: each room is as it is when it is read. Exports of stopped
//! servers are of one point in time.

mod export;
mod load;
mod passwords;
#[cfg(test)]
mod tests;

pub use load::Loader;
