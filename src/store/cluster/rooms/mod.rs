//! Rooms: their logs, and what is derived from them.

mod commit;
mod logged;
mod reading;
mod stored;

pub(super) use commit::{add, change, change_message, commit_planned, facts, post};
pub(super) use reading::{
    cards, change_mine, changes, files, find, mark_read, of_user, page, pins, readers,
};

use crate::store::cluster::Cluster;

/// State of the rooms that this server has open.
#[derive(Default)]
pub(super) struct Rooms {}

/// Finishes what is being committed.
pub(super) async fn close(_at: &Cluster) {}
