//! Pinned messages: listing, pinning and unpinning.

use tracing::debug;

use super::access::{self, Act};
use super::rooms::{DECISIONS, action_of};
use super::{Caller, Chat, actor};
use crate::model::{Error, MessageRef, Pin, Result, RoomId, Seq, Session};
use crate::store::{Basis, RoomChange, StoreError};

/// Maximum number of pins in a room.
const MAX_PINS: usize = 100;

impl Chat {
    /// Returns the pinned messages, most recently pinned first.
    pub async fn pins(&self, session: &Session, room: RoomId) -> Result<Vec<Pin>> {
        access::take_part(&self.facts(room).await?, actor(session))?;
        Ok(self.store().pins(room).await?)
    }

    /// Pins (true) or unpins a message. Pinning a pinned message changes nothing; unpinning one
    /// that is not pinned: `MessageNotFound`.
    pub async fn pin(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
        pinned: bool,
    ) -> Result<()> {
        let allowed = |facts: &_| access::manage(facts, actor(session), Act::Pin);
        // Permission is checked before the message is looked up, so that a refusal does not reveal
        // messages.
        allowed(&self.facts(room).await?)?;
        let seq = message
            .id()
            .filter(|id| id.room == room)
            .map(|id| id.seq)
            .ok_or(Error::MessageNotFound)?;
        for _ in 0..DECISIONS {
            let facts = self.facts(room).await?;
            allowed(&facts)?;
            // Counted after the facts are read: a pin added in between changes the basis.
            if pinned {
                self.check_place_for_pin(room, seq).await?;
            }
            let (basis, change) =
                (Basis::Facts(facts.room.facts_rev), RoomChange::Pin(seq, pinned));
            let to = Caller::from(session).attribution(action_of(&change), |powerless| {
                access::manage(&facts, powerless, Act::Pin).is_err()
            });
            match self.store_for(to).change_room(room, basis, Some(session.user), change).await {
                Ok(_) => {
                    debug!(user = session.login, room = room.key(), pinned, "Pin changed.");
                    if !pinned {
                        self.forget_unpinned(&facts.room, seq).await?;
                    }
                    return Ok(());
                }
                Err(StoreError::Stale) => (),
                Err(StoreError::NotFound(_)) if self.store().room(room).await?.is_some() => {
                    return Err(Error::MessageNotFound);
                }
                Err(other) => return Err(other.into()),
            }
        }
        Err(Error::Unavailable)
    }

    /// Refuses a pin beyond the maximum.
    async fn check_place_for_pin(&self, room: RoomId, seq: Seq) -> Result<()> {
        let there = self.store().pins(room).await?;
        if there.len() >= MAX_PINS && !there.iter().any(|pin| pin.message.seq == seq) {
            return Err(Error::invalid(
                "messageId",
                format!(
                    "cannot be pinned: the room has {MAX_PINS} pinned messages; unpin one first"
                ),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::world::World;
    use crate::config::Config;
    use crate::model::{MessageId, NewMessage};

    #[tokio::test]
    async fn pins_at_the_same_time_do_not_exceed_the_limit() {
        let world = World::new(&Config::default()).await;
        let ann = world.user("ann").await;
        let room = world.room(&ann, &[]).await;
        for number in 0..MAX_PINS + 2 {
            world.chat.post(&ann, room, NewMessage::text(number.to_string())).await.unwrap();
        }
        let pin = async |seq: usize| {
            let seq = Seq(i64::try_from(seq).unwrap());
            world.chat.pin(&ann, room, MessageRef::Id(MessageId { room, seq }), true).await
        };
        for seq in 1..MAX_PINS {
            pin(seq).await.unwrap();
        }
        let done = tokio::join!(pin(MAX_PINS), pin(MAX_PINS + 1), pin(MAX_PINS + 2));
        let pinned = [done.0, done.1, done.2].iter().filter(|done| done.is_ok()).count();
        assert_eq!(pinned, 1);
        assert_eq!(world.chat.pins(&ann, room).await.unwrap().len(), MAX_PINS);
    }
}
