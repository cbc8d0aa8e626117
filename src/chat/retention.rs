//! How long messages are kept, and the removal of those that have expired.
//!
//! That the messages of a room up to some seq have expired is a fact of the room
//! ([`Room::expired`]), one rev and one event for up to [`ANNOUNCED`] of them: history ends there at
//! once, and nothing up to there is unread. Then their content is removed in small steps, without
//! revs or events, which go on where they were after a restart.

mod clock;
mod memo;
mod millis;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use metrics::{counter, gauge};
use tracing::{info, warn};

use super::{Chat, Operator};
use crate::model::{
    MediaId, MessageId, Pin, Result, Retention, Room, RoomId, Seq, Timestamp, Window,
};
use crate::store::{Basis, MessageChange, RoomChange, RoomQuery, StoreError, Whose};

pub use clock::Jump;
pub use memo::{RetentionMemo, RetentionRun};

/// Maximum number of messages that expire with one rev.
const ANNOUNCED: i64 = 20_000;
/// Messages whose content is removed in one step.
const STEP: u32 = 100;
/// Messages that are examined together.
const PAGE: u32 = 500;
/// Rooms that are listed together.
const ROOMS: u32 = 500;
/// Time between two runs.
const EVERY: Duration = Duration::from_hours(24);
/// What one of several servers does at a time.
const WORK: &str = "retention";
/// A server that was not heard of for this time does it no more.
const LEAD: Duration = Duration::from_mins(5);

/// A room with what is in force in it.
#[derive(Clone, Debug)]
pub struct RetainedRoom {
    /// The room, as it was listed.
    pub room: Room,
    /// What is in force.
    pub retention: Retention,
}

/// Numbers of expired messages and their files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpiredMessages {
    /// Messages that were removed, or would be.
    pub messages: u64,
    /// Files that were moved to the trash, or would be.
    pub files: u64,
    /// Bytes of these files; 0 once they are removed.
    pub bytes: u64,
}

impl ExpiredMessages {
    /// Adds others.
    pub fn add(&mut self, others: Self) {
        self.messages += others.messages;
        self.files += others.files;
        self.bytes += others.bytes;
    }
}

/// The part of a room that has expired.
struct Part {
    upto: Seq,
    messages: u64,
    /// Files that are attached to the messages, with their sizes.
    files: BTreeMap<MediaId, u64>,
}

impl Chat {
    /// Returns what the server says of how long messages are kept.
    pub fn retention(&self) -> Retention {
        let config = self.config();
        Retention { days: config.retention.days, keep_pinned: config.retention.keep_pinned }
    }

    /// Returns the rooms in which messages expire, and those in which some have.
    pub async fn retained_rooms(&self) -> Result<Vec<RetainedRoom>> {
        let (server, mut found, mut after) = (self.retention(), Vec::new(), None);
        loop {
            let page = self.store().rooms(RoomQuery::After(after, ROOMS)).await?;
            let full = page.len() == ROOMS as usize;
            after = page.last().map(|card| card.facts.room.id);
            found.extend(page.into_iter().filter_map(|card| {
                let room = card.facts.room;
                let retention = server.of(room.retention);
                let wanted = retention.days > 0 || room.expired > Seq(0);
                wanted.then_some(RetainedRoom { room, retention })
            }));
            if !full {
                return Ok(found);
            }
        }
    }

    /// Counts what has expired in a room at this time and is not removed.
    pub async fn count_expired(
        &self,
        _: &Operator,
        of: &RetainedRoom,
        now: Timestamp,
    ) -> Result<ExpiredMessages> {
        let Some(limit) = of.retention.limit(now) else { return Ok(ExpiredMessages::default()) };
        let pins = self.store().pins(of.room.id).await?;
        let kept: Vec<Seq> = pins.iter().map(|pin| pin.message.seq).collect();
        let kept = if of.retention.keep_pinned { &kept[..] } else { &[] };
        let from = of.room.expired;
        let id = of.room.id;
        let Part { upto, mut messages, mut files } =
            self.part(id, (from, Seq(i64::MAX)), limit, kept).await?;
        if !of.retention.keep_pinned {
            for pin in overdue(&pins, from, limit) {
                messages += 1;
                files.extend(pin.message.media.iter().map(|media| (media.id, media.size)));
            }
        }
        for pin in &pins {
            let keeps = of.retention.keep_pinned || pin.message.seq > upto;
            if keeps || pin.message.created >= limit {
                files.retain(|id, _| pin.message.media.iter().all(|media| media.id != *id));
            }
        }
        self.leave_used(id, &mut files, upto).await?;
        let (count, bytes) = (files.len() as u64, files.values().sum());
        Ok(ExpiredMessages { messages, files: count, bytes })
    }

    /// Leaves out files that messages above this one, other rooms, profiles or emoji use.
    async fn leave_used(
        &self,
        room: RoomId,
        files: &mut BTreeMap<MediaId, u64>,
        mut upto: Seq,
    ) -> Result<()> {
        let ids: Vec<MediaId> = files.keys().copied().collect();
        for some in ids.chunks(PAGE as usize) {
            for used in self.store().used_elsewhere(some, room).await? {
                files.remove(&used);
            }
        }
        while !files.is_empty() {
            let page = self.store().messages(room, Window::After(upto), PAGE).await?;
            let Some(last) = page.last() else { break };
            upto = last.seq;
            for media in page.iter().flat_map(|message| &message.media) {
                files.remove(&media.id);
            }
        }
        Ok(())
    }

    /// Lets what has expired in a room at this time go, step by step; nothing else if `goes_on`
    /// says no. It is no error if the room is gone.
    pub async fn expire_room(
        &self,
        of: &RetainedRoom,
        now: Timestamp,
        goes_on: &(dyn Fn() -> GoesOn + Sync),
    ) -> Result<ExpiredMessages> {
        match self.expire(of, now, goes_on).await {
            Err(crate::model::Error::RoomNotFound) => Ok(ExpiredMessages::default()),
            done => done,
        }
    }

    async fn expire(
        &self,
        of: &RetainedRoom,
        now: Timestamp,
        goes_on: &(dyn Fn() -> GoesOn + Sync),
    ) -> Result<ExpiredMessages> {
        let id = of.room.id;
        let mut done = ExpiredMessages::default();
        // What an earlier run has begun.
        if of.room.expired > Seq(0) && !self.erase_expired(id, goes_on, &mut done).await? {
            return Ok(done);
        }
        let Some(limit) = of.retention.limit(now) else { return Ok(done) };
        let mut expired = of.room.expired;
        while goes_on().await {
            let end = Seq(expired.0.saturating_add(ANNOUNCED));
            let upto = self.part(id, (expired, end), limit, &[]).await?.upto;
            if upto <= expired {
                break;
            }
            expired = upto;
            let change = RoomChange::Expire(upto);
            self.store().change_room(id, Basis::Nobody, None, change).await?;
            if !self.erase_expired(id, goes_on, &mut done).await? {
                return Ok(done);
            }
        }
        if !of.retention.keep_pinned {
            let pins = self.store().pins(id).await?;
            for pin in overdue(&pins, expired, limit) {
                done.add(self.remove_pinned(pin).await?);
            }
        }
        Ok(done)
    }

    /// Examines the messages above the first of these places, at most up to the second: how far they
    /// are older than `limit`. One that is not ends it, so that a message never goes before an
    /// older one.
    async fn part(
        &self,
        room: RoomId,
        (after, end): (Seq, Seq),
        limit: Timestamp,
        kept: &[Seq],
    ) -> Result<Part> {
        let mut part = Part { upto: after, messages: 0, files: BTreeMap::new() };
        'pages: while part.upto < end {
            let page = self.store().messages(room, Window::After(part.upto), PAGE).await?;
            if page.is_empty() {
                break;
            }
            for message in page {
                if message.created >= limit || message.seq > end {
                    break 'pages;
                }
                part.upto = message.seq;
                if message.deleted.is_none() && !kept.contains(&message.seq) {
                    part.messages += 1;
                    part.files.extend(message.media.iter().map(|media| (media.id, media.size)));
                }
            }
        }
        Ok(part)
    }

    /// Removes the content of what has expired; false: not all of it, since it should not go on.
    async fn erase_expired(
        &self,
        room: RoomId,
        goes_on: &(dyn Fn() -> GoesOn + Sync),
        done: &mut ExpiredMessages,
    ) -> Result<bool> {
        loop {
            let began = Instant::now();
            let step = self.store().erase_expired(room, STEP).await?;
            done.messages += step.messages;
            done.files += self.discard_expired(&step.media).await?;
            counter!("chatctl_expired_messages_total").increment(step.messages);
            if !step.more {
                return Ok(true);
            }
            if !goes_on().await {
                return Ok(false);
            }
            // Leaves half of the write capacity to users who send messages.
            tokio::time::sleep(began.elapsed()).await;
        }
    }

    /// Removes a pinned message that has expired.
    async fn remove_pinned(&self, pin: &Pin) -> Result<ExpiredMessages> {
        let MessageId { room, seq } = pin.message.id();
        let files: Vec<MediaId> = pin.message.media.iter().map(|media| media.id).collect();
        let removed = self
            .store()
            .change_message(room, seq, Basis::Nobody, None, Whose::Any, MessageChange::Delete)
            .await;
        match removed {
            Ok(_) => {
                let files = self.discard_expired(&files).await?;
                counter!("chatctl_expired_messages_total").increment(1);
                Ok(ExpiredMessages { messages: 1, files, bytes: 0 })
            }
            Err(StoreError::NotFound(_)) => Ok(ExpiredMessages::default()),
            Err(other) => Err(other.into()),
        }
    }

    /// Removes a message that is no longer pinned, if only that has kept it: it is in no history,
    /// also if messages are kept for longer by now.
    pub(super) async fn forget_unpinned(&self, room: &Room, seq: Seq) -> Result<()> {
        if seq > room.expired {
            return Ok(());
        }
        let found = self.store().messages(room.id, Window::One(seq), 1).await?;
        for message in found.into_iter().filter(|message| message.deleted.is_none()) {
            let at = message.created;
            self.remove_pinned(&Pin { message, by: None, at }).await?;
        }
        Ok(())
    }

    /// Removes what has expired, once a day; to be called every hour. Of several servers, one does
    /// it.
    pub async fn keep_retention(&self) -> Result<()> {
        if !self.store().lead(WORK, LEAD).await? {
            return Ok(());
        }
        let now = Timestamp::now();
        let mut memo = self.retention_memo().await?;
        memo.measure();
        let due = memo.is_due(now, EVERY);
        if let Some(jump) = Jump::between(memo.looked, now) {
            if due && memo.held.is_none() && !self.retained_rooms().await?.is_empty() {
                warn!("No expired messages are deleted: {jump}. {}", Jump::REMEDY);
                memo.held = Some(jump);
                self.remember(&memo).await?;
            }
            // Without anything to delete, the clock may be as it is.
            if memo.held.is_some() || !due {
                return Ok(());
            }
        }
        (memo.looked, memo.held) = (Some(now), None);
        if !due {
            return self.remember(&memo).await;
        }
        memo.begin(now);
        self.remember(&memo).await?;
        let chat = self.clone();
        let goes_on = move || -> GoesOn {
            let chat = chat.clone();
            Box::pin(async move { matches!(chat.store().lead(WORK, LEAD).await, Ok(true)) })
        };
        let mut done = ExpiredMessages::default();
        for room in self.retained_rooms().await? {
            done.add(self.expire_room(&room, now, &goes_on).await?);
            if !goes_on().await {
                return Ok(());
            }
        }
        self.end_retention(now, done).await
    }

    /// Notes that the operator begins a run, which confirms the clock.
    pub async fn begin_retention(&self, _: &Operator, now: Timestamp) -> Result<()> {
        let mut memo = self.retention_memo().await?;
        (memo.looked, memo.held) = (Some(now), None);
        memo.begin(now);
        self.remember(&memo).await
    }

    /// Notes the end of a run that began at this time.
    pub async fn end_retention(&self, began: Timestamp, done: ExpiredMessages) -> Result<()> {
        let mut memo = self.retention_memo().await?;
        let ExpiredMessages { messages, files, .. } = done;
        let resumed = memo.run.is_some_and(|run| run.resumed);
        let ended = Some(Timestamp::now());
        memo.run = Some(RetentionRun { at: began, ended, messages, files, resumed });
        memo.measure();
        if resumed {
            info!(
                "The deletion of expired messages was interrupted and has been resumed; deleted \
                 since then: {messages}."
            );
        } else if messages > 0 {
            info!("Expired messages were deleted: {messages}.");
        }
        self.remember(&memo).await
    }

    /// Returns what is remembered of the last run.
    pub async fn retention_memo(&self) -> Result<RetentionMemo> {
        let memo = self.store().retention_memo().await?;
        Ok(memo.map(|memo| RetentionMemo::parse(&memo)).unwrap_or_default())
    }

    async fn remember(&self, memo: &RetentionMemo) -> Result<()> {
        Ok(self.store().set_retention_memo(memo.text()).await?)
    }
}

/// The answer to whether a run goes on.
pub type GoesOn = std::pin::Pin<Box<dyn Future<Output = bool> + Send>>;

/// The pinned messages up to this one that have expired.
fn overdue(pins: &[Pin], upto: Seq, limit: Timestamp) -> impl Iterator<Item = &Pin> {
    pins.iter().filter(move |pin| pin.message.seq <= upto && pin.message.created < limit)
}

impl RetentionMemo {
    /// Sets the gauge.
    fn measure(&self) {
        if let Some(ended) = self.run.as_ref().and_then(|run| run.ended) {
            #[expect(clippy::cast_precision_loss, reason = "seconds")]
            gauge!("chatctl_retention_last_run_timestamp_seconds").set((ended.0 / 1000) as f64);
        }
    }
}
