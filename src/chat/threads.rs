//! Threads that the caller follows: the list of them, and how far they are read. Sockets of the same
//! user are notified.

use super::Chat;
use super::messages::in_room;
use crate::model::{Error, Follow, FollowedThread, MessageRef, Result, RoomId, Session};

impl Chat {
    /// Has the caller follow the thread of a message, or no longer. Neither fails if it was done
    /// before.
    pub async fn follow_thread(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
        following: bool,
    ) -> Result<Follow> {
        self.take_part(session, room).await?;
        let seq = in_room(room, message)?;
        Ok(self.store().follow_thread(room, session.user, seq, following).await?)
    }

    /// Marks the thread of this message as read up to it.
    pub async fn read_thread(
        &self,
        session: &Session,
        room: RoomId,
        upto: MessageRef,
    ) -> Result<Follow> {
        self.take_part(session, room).await?;
        let seq = in_room(room, upto)?;
        Ok(self.store().read_thread(room, session.user, seq).await?)
    }

    /// Returns all threads that the caller follows, in no order.
    pub async fn follows(&self, session: &Session) -> Result<Vec<Follow>> {
        let _turn = self.turn(session).await?;
        Ok(self.store().follows(session.user).await?)
    }

    /// Returns a page of the threads that the caller follows and that have replies, the one with
    /// the newest reply first: those after `after`, the position of the last one of the page before.
    pub async fn followed_threads(
        &self,
        session: &Session,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<FollowedThread>> {
        let after = after.map(str::parse).transpose();
        let after =
            after.map_err(|()| Error::invalid("before", "is not a position in this list"))?;
        let _turn = self.turn(session).await?;
        Ok(self.store().followed(session.user, after, limit).await?)
    }

    /// Marks all threads that the caller follows as read, as they are now. Replies that come
    /// meanwhile stay unread.
    pub async fn read_all_threads(&self, session: &Session) -> Result<()> {
        for follow in self.follows(session).await? {
            let Some(unread) = follow.unread else { continue };
            match self.store().read_thread(follow.root.room, session.user, unread).await {
                // The caller has left the room meanwhile, or it is gone.
                Ok(_) | Err(crate::store::StoreError::NotFound(_)) => (),
                Err(other) => return Err(other.into()),
            }
        }
        Ok(())
    }
}
