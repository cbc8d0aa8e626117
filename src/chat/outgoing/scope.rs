//! Which rooms a webhook sends: those it was created for, or all public rooms that are not archived,
//! which come and go.

use tracing::debug;

use super::sender::{Halt, Sender};
use crate::chat::Chat;
use crate::model::{Result, Room, RoomId};
use crate::store::RoomQuery;

/// Rooms that are read together.
const ROOMS: u32 = 500;

impl Chat {
    /// Returns the public rooms that are not archived.
    pub(super) async fn open_rooms(&self) -> Result<Vec<Room>> {
        let (mut open, mut after) = (Vec::new(), None);
        loop {
            let page = self.store().rooms(RoomQuery::After(after, ROOMS)).await?;
            let Some(last) = page.last() else { return Ok(open) };
            after = Some(last.facts.room.id);
            open.extend(page.into_iter().map(|card| card.facts.room).filter(Room::is_open));
        }
    }
}

impl Sender {
    /// Returns the rooms that may have changed although nobody told of it.
    pub(super) async fn changed(&mut self) -> Vec<RoomId> {
        if !self.webhook.all_public {
            return self.places.keys().copied().collect();
        }
        let open = match self.chat.open_rooms().await {
            Ok(open) => open,
            Err(error) => {
                debug!(%error, "The public rooms were not read; they are read again later");
                return self.places.keys().copied().collect();
            }
        };
        self.closed.clear();
        let is_ahead = |room: &Room| self.places.get(&room.id).is_none_or(|at| at.rev < room.rev);
        open.into_iter().filter(is_ahead).map(|room| room.id).collect()
    }

    /// Returns the rooms for which it was woken, without those that are not open.
    pub(super) fn woken(&mut self) -> Vec<RoomId> {
        let mut rooms = Vec::new();
        for (room, is_updated) in self.waker.take() {
            if is_updated {
                self.closed.remove(&room);
            }
            if !self.closed.contains(&room) {
                rooms.push(room);
            }
        }
        rooms
    }

    /// Learns where a webhook of all public rooms goes on in a room; `Closed` if that is not open.
    pub(super) async fn enter(&mut self, room: RoomId) -> Result<(), Halt> {
        let found = self.chat.store().enter_webhook(self.webhook.id, room).await;
        let found = found.map_err(|_| Halt::Later)?.ok_or(Halt::Closed)?;
        let known = self.places.entry(room).or_insert(found);
        if known.progress() < found.progress() {
            *known = found;
        }
        Ok(())
    }

    /// `Closed` if the webhook sends public rooms only, and this one is not open any more.
    pub(super) async fn need_open(&self, room: RoomId) -> Result<(), Halt> {
        if !self.webhook.all_public {
            return Ok(());
        }
        let facts = self.chat.store().room(room).await.map_err(|_| Halt::Later)?;
        if facts.is_some_and(|facts| facts.room.is_open()) { Ok(()) } else { Err(Halt::Closed) }
    }

    /// Sends a room no more until it is opened again.
    pub(super) fn close(&mut self, room: RoomId) {
        self.places.remove(&room);
        self.names.remove(&room);
        self.closed.insert(room);
    }
}
