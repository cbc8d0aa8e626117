//! How long messages are kept: `room.retention` and `retention.run`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::{Call, items};
use crate::chat::{ExpiredMessages, GoesOn, RoomSettings};
use crate::model::{
    AuditNote, AuditTarget, MAX_RETENTION_DAYS, Retention, RoomRetention, Timestamp,
};

/// Set how long the messages of a room are kept.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRoomRetention {
    pub room: String,
    /// A number of days such as `90`, `forever`, or `default`: as `[retention]` says. Absent:
    /// unchanged.
    #[serde(default)]
    pub retention: Option<String>,
    /// Whether pinned messages are kept until they are unpinned. Absent: unchanged, or as
    /// `[retention]` says with `default`.
    #[serde(default)]
    pub keep_pinned: Option<bool>,
}

impl SetRoomRetention {
    /// Changes it if anything is given, and sends the room.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { room, retention, keep_pinned } = self;
        let (chat, server) = (admin.chat(), admin.chat().retention());
        let mut facts = admin.find_room(operator, &room).await?;
        let mut new = match retention.as_deref() {
            None => facts.room.retention,
            Some("default") => RoomRetention::default(),
            Some(text) => RoomRetention { days: Some(days(text)?), ..facts.room.retention },
        };
        new.keep_pinned = keep_pinned.or(new.keep_pinned);
        if retention.is_some() || keep_pinned.is_some() {
            let settings = RoomSettings { retention: Some(new), ..RoomSettings::default() };
            let changed = chat.change_settings(operator, facts.room.id, settings).await?;
            facts = (*changed.facts).clone();
        }
        output.item(items::Card::of(&facts).kept(server.of(facts.room.retention))).await
    }
}

/// Parses a number of days; `forever` is 0.
fn days(text: &str) -> Result<u32, Failure> {
    if text == "forever" {
        return Ok(0);
    }
    let days = text.strip_suffix('d').unwrap_or(text).parse().ok();
    days.filter(|days| (1..=MAX_RETENTION_DAYS).contains(days)).ok_or_else(|| {
        Failure::usage(format!(
            "the retention {text:?} must be a number of days from 1 to {MAX_RETENTION_DAYS}, \
             forever or default"
        ))
    })
}

/// Delete what has expired now, without waiting for the daily run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRetention {
    /// Only count it.
    #[serde(default)]
    pub dry_run: bool,
}

impl RunRetention {
    /// Sends an item for each room with something to delete.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let (chat, now) = (admin.chat(), Timestamp::now());
        if !self.dry_run {
            let target = AuditTarget::new("instance", "all", None);
            let note = AuditNote { target: Some(target), ..AuditNote::default() };
            chat.record(operator, note).await?;
            chat.begin_retention(operator, now).await?;
        }
        let goes_on = || -> GoesOn { Box::pin(std::future::ready(true)) };
        let mut all = ExpiredMessages::default();
        for of in chat.retained_rooms().await? {
            let found = if self.dry_run {
                chat.count_expired(operator, &of, now).await?
            } else {
                chat.expire_room(&of, now, &goes_on).await?
            };
            all.add(found);
            output.progress(all.messages, 0).await?;
            if found == ExpiredMessages::default() {
                continue;
            }
            let ExpiredMessages { messages, files, bytes } = found;
            let Retention { days, keep_pinned } = of.retention;
            output
                .item(items::ExpiredRoom {
                    room: of.room.id.key(),
                    name: of.room.name,
                    days,
                    keep_pinned,
                    messages,
                    files,
                    bytes: self.dry_run.then_some(bytes),
                    done: !self.dry_run,
                })
                .await?;
        }
        if !self.dry_run {
            chat.end_retention(now, all).await?;
        }
        Ok(())
    }
}
