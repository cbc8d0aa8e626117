//! Walks through everything that a user has left in rooms, also in those that they have left.

use std::collections::VecDeque;

use super::Call;
use super::outcome::Failure;
use crate::model::{Error, RoomId, Seq, UserId};
use crate::store::Traces;

/// Number of rooms per page.
const PAGE: u32 = 500;

/// Where a walk is.
pub(super) struct Walk {
    user: UserId,
    /// Rooms that were read and not entered.
    rooms: VecDeque<RoomId>,
    /// The last room that was read.
    last: Option<RoomId>,
    /// Whether there are no rooms after it.
    is_end: bool,
    /// The next part of a room.
    part: Option<(RoomId, Seq)>,
}

impl Walk {
    /// Begins with the first room.
    pub(super) fn of(user: UserId) -> Self {
        Self { user, rooms: VecDeque::new(), last: None, is_end: false, part: None }
    }

    /// Walks only through what is above a message in one room.
    pub(super) fn above(user: UserId, room: RoomId, after: Seq) -> Self {
        Self { is_end: true, part: Some((room, after)), ..Self::of(user) }
    }

    /// Returns what the user has left in the next part of a room; None: that was all.
    pub(super) async fn next(
        &mut self,
        call: &Call<'_>,
    ) -> Result<Option<(RoomId, Traces)>, Failure> {
        let Call { admin, operator, .. } = *call;
        loop {
            if let Some((room, from)) = self.part.take() {
                match admin.chat().traces_of(operator, self.user, room, from).await {
                    // It was deleted meanwhile.
                    Err(Error::RoomNotFound) => {}
                    found => {
                        let found = found?;
                        self.part = found.next.map(|next| (room, next));
                        return Ok(Some((room, found)));
                    }
                }
            } else if let Some(room) = self.rooms.pop_front() {
                self.part = Some((room, Seq(0)));
            } else if self.is_end {
                return Ok(None);
            } else {
                let page = admin.chat().all_rooms(operator, self.last, PAGE).await?;
                self.is_end = page.len() < PAGE as usize;
                self.rooms.extend(page.iter().map(|card| card.facts.room.id));
                self.last = self.rooms.back().copied().or(self.last);
            }
        }
    }
}
