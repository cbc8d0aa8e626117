//! What only the user sees, also in rooms that they have left, and what they have pinned.

use serde_json::json;

use super::{Gathering, PAGE};
use crate::admin::Call;
use crate::admin::outcome::Failure;
use crate::model::{Follow, MessageId, RoomId, SavedPlace, Unsent, Who};

impl Gathering<'_> {
    /// Lists saved messages. Those of others are named, not quoted. Those of rooms that the user
    /// has `left` come last.
    pub(super) async fn saved(&mut self, left: Vec<SavedPlace>) -> Result<(), Failure> {
        let Call { admin, operator, .. } = *self.call;
        self.archive.file("saved.jsonl", 0).await?;
        let mut after = None;
        loop {
            let page = admin.chat().saved_of(operator, self.user.id, after, PAGE).await?;
            for saved in &page {
                self.saved_line(saved.place()).await?;
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = Some(last.place()),
                _ => break,
            }
        }
        for place in left {
            self.saved_line(place).await?;
        }
        Ok(())
    }

    async fn saved_line(
        &mut self,
        SavedPlace { at, room, seq }: SavedPlace,
    ) -> Result<(), Failure> {
        let message = MessageId { room, seq };
        let line = json!({"message": message.key(), "room": room.key(), "time": at.millis()});
        self.archive.line(line).await
    }

    /// Lists the threads that the user follows, by the messages with which they begin.
    pub(super) async fn threads(&mut self, left: Vec<Follow>) -> Result<(), Failure> {
        let Call { admin, operator, .. } = *self.call;
        self.archive.file("threads.jsonl", 0).await?;
        let here = admin.chat().follows_of(operator, self.user.id).await?;
        for Follow { root, read, .. } in here.into_iter().chain(left) {
            let line =
                json!({"message": root.key(), "room": root.room.key(), "read_up_to": read.0});
            self.archive.line(line).await?;
        }
        Ok(())
    }

    /// Lists what the user has begun to write.
    pub(super) async fn drafts(&mut self, left: Vec<Unsent>) -> Result<(), Failure> {
        let Call { admin, operator, .. } = *self.call;
        self.archive.file("drafts.jsonl", 0).await?;
        let here = admin.chat().drafts_of(operator, self.user.id).await?;
        for draft in here.into_iter().chain(left) {
            let room = draft.place.room;
            let key = |seq| MessageId { room, seq }.key();
            let line = json!({
                "room": room.key(),
                "thread": draft.place.thread.map(key),
                "content": draft.text,
                "reply_to": draft.reply_to.map(key),
                "time": draft.at.millis(),
            });
            self.archive.line(line).await?;
        }
        Ok(())
    }

    /// Lists the messages that the user has pinned, in all rooms.
    pub(super) async fn pins(&mut self) -> Result<(), Failure> {
        let Call { admin, operator, .. } = *self.call;
        self.archive.file("pins.jsonl", 0).await?;
        let mut after = None;
        loop {
            let page = admin.chat().all_rooms(operator, after, PAGE).await?;
            for card in &page {
                self.pins_of(card.facts.room.id).await?;
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = Some(last.facts.room.id),
                _ => return Ok(()),
            }
        }
    }

    async fn pins_of(&mut self, room: RoomId) -> Result<(), Failure> {
        let Call { admin, operator, .. } = *self.call;
        for pin in admin.chat().pins_of(operator, room).await? {
            if pin.by.as_ref().and_then(Who::id) != Some(self.user.id) {
                continue;
            }
            let line = json!({
                "message": pin.message.id().key(),
                "room": room.key(),
                "time": pin.at.millis(),
            });
            self.archive.line(line).await?;
        }
        Ok(())
    }
}
