//! Pinned messages: listing them, pinning and taking pins off.

use tracing::debug;

use super::access::{self, Act};
use super::{Chat, actor};
use crate::model::{Error, MessageRef, Pin, Result, RoomId, Session};
use crate::store::RoomChange;

/// Pins of a room.
const MAX_PINS: usize = 100;

impl Chat {
    /// Pinned messages, those pinned last first.
    pub async fn pins(&self, session: &Session, room: RoomId) -> Result<Vec<Pin>> {
        access::take_part(&self.facts(room).await?, actor(session))?;
        Ok(self.store().pins(room).await?)
    }

    /// Pins a message (true) or takes it off. Pinning what is pinned changes nothing; a message
    /// without a pin: `MessageNotFound`.
    pub async fn pin(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
        pinned: bool,
    ) -> Result<()> {
        let allowed = |facts: &_| access::manage(facts, actor(session), Act::Pin);
        // Whether the caller may is decided before the message is looked up: refusals tell nothing
        // about what was said.
        allowed(&self.facts(room).await?)?;
        let seq = message
            .id()
            .filter(|id| id.room == room)
            .map(|id| id.seq)
            .ok_or(Error::MessageNotFound)?;
        if pinned {
            let there = self.store().pins(room).await?;
            if there.len() >= MAX_PINS && !there.iter().any(|pin| pin.message.seq == seq) {
                return Err(Error::invalid(
                    "messageId",
                    format!(
                        "cannot be pinned: the room has {MAX_PINS} pinned messages; unpin one \
                         first"
                    ),
                ));
            }
        }
        let done = self.change_room(session, room, |facts| {
            allowed(facts)?;
            Ok(RoomChange::Pin(seq, pinned))
        });
        match done.await {
            Err(Error::RoomNotFound) if self.store().room(room).await?.is_some() => {
                Err(Error::MessageNotFound)
            }
            other => {
                debug!(user = session.login, room = room.key(), pinned, "Pin changed.");
                other.map(drop)
            }
        }
    }
}
