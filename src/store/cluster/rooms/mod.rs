//! Rooms: their logs, and what is derived from them.

mod cards;
mod changes;
mod commit;
mod directory;
mod each;
mod files;
mod find;
mod heads;
mod history;
mod logged;
mod marks;
mod messages;
mod mine;
mod names;
mod own;
mod participants;
mod pins;

mod stored;
mod unread;

pub(super) use cards::cards;
pub(super) use changes::changes;
pub(super) use commit::{add, change, change_message, commit_planned, facts, post};
pub(super) use files::files;
pub(super) use find::find;
pub(super) use history::page;
pub(super) use marks::{mark_read, readers};
pub(super) use mine::change_mine;
pub(super) use own::of_user;
pub(super) use pins::pins;

use crate::store::cluster::Cluster;

/// State of the rooms that this server has open.
#[derive(Default)]
pub(super) struct Rooms {}

/// Finishes what is being committed.
pub(super) async fn close(_at: &Cluster) {}
