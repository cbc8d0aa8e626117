//! Rooms: their logs, and what is derived from them.
//!
//! [`sequencer`] decides ([`decide`], [`room_changes`]) and commits to the [`log`]; [`projector`]
//! derives the rows of all other tables; [`open`] brings a room up to date. All others read what
//! is derived, from [`heads`] on.

mod accepting;
mod add;
mod batch;
mod cards;
mod changes;
mod cleanup;
mod client_ids;
mod comings;
mod commit;
mod committing;
mod contention;
mod decide;
mod directory;
mod each;
mod erasure;
mod expiry;
pub(super) mod exporting;
mod figures;
mod files;
mod find;
mod follow_rows;
mod follows;
mod forward;
mod forwarded;
mod heads;
mod history;
mod left_behind;
mod loading;
mod log;
mod logged;
mod marks;
mod messages;
mod mine;
#[cfg(test)]
mod model_tests;
mod names;
mod open;
mod orders;
mod own;
mod participants;
mod pins;
mod projector;
#[cfg(test)]
mod reading_tests;
mod registry;
mod room_changes;
mod room_names;
mod sequencer;
mod state;
mod stored;
#[cfg(test)]
mod tests;
mod texts;
mod threads;
mod traces;
mod unread;
mod view;

pub(super) use accepting::accept;
pub(super) use add::add;
pub(super) use cards::cards;
pub(super) use changes::changes;
pub(super) use cleanup::start;
pub(super) use comings::{Opened, opened, people};
pub(super) use commit::{Plan, change, change_message, commit_planned, facts, post};
pub(super) use directory::count;
pub(super) use expiry::erase as erase_expired;
pub(super) use figures::declare as declare_figures;
pub(super) use files::files;
pub(super) use find::{find, standing_messages};
pub(super) use follows::{
    all as follows, choose as follow_thread, list as followed, load as load_follow,
    read as read_thread, record as follow_record,
};
pub(super) use history::{page, thread};
pub(super) use left_behind::of as left_behind;
pub(super) use loading::Loading;
pub(super) use marks::{mark_read, mark_unread, readers};
pub(super) use mine::change_mine;
pub(super) use open::bring_up_to_date;
pub(super) use own::of_user;
pub(super) use pins::pins;
pub(super) use registry::Rooms;
#[cfg(test)]
pub(super) use texts::Texts;
pub(super) use texts::{all_revs, texts};
pub(super) use threads::summaries as thread_summaries;
pub(super) use traces::{forget, traces};

use crate::store::cluster::Cluster;

/// Finishes what is being committed.
pub(super) async fn close(at: &Cluster) {
    at.0.rooms.close().await;
}
