//! What only its user sees: preferences, saved messages, drafts, and subscriptions of devices.

mod drafts;
mod preferences;
pub(super) mod push;
mod saved;
mod transfer;

pub(super) use drafts::{all as all_drafts, change as change_draft, of_user as drafts};
pub(super) use preferences::{change as change_preferences, of_user as preferences};
pub(super) use saved::{all as all_saved, change as save_message, of_user as saved};
pub(super) use transfer::{load_preferences, load_saved, preferences_record, saved_record};

use super::Cluster;
use super::tables::Put;
use super::tables::schema::people::{DRAFTS, FOLLOWS, PREFERENCES, PUSH_SUBSCRIPTIONS, SAVED};
use crate::model::{Timestamp, UserId};
use crate::store::StoreError;

/// How much later than now the rows of a deleted user may be, in microseconds.
const LATER: i64 = 60_000_000;

/// Returns the version of a row that follows one with this version: the time in microseconds, or
/// more.
fn next_version(before: Option<i64>) -> i64 {
    let now = Timestamp::now().0.saturating_mul(1000);
    before.map_or(now, |before| now.max(before + 1))
}

/// Removes everything of a deleted user.
pub(super) async fn forget(at: &Cluster, user: UserId) -> Result<(), StoreError> {
    let end = next_version(None) + LATER;
    at.tables().write(push::user_gone(at, user, end).await?).await?;
    let gone = [&PREFERENCES, &SAVED, &FOLLOWS, &DRAFTS, &PUSH_SUBSCRIPTIONS]
        .map(|table| Put::plain(table, end, [user.0.into()], [], []).deleted());
    Ok(at.tables().write(gone.into()).await?)
}
