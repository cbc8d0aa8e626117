//! What users say about themselves for a time, as those who share a room with them see it.

use super::Chat;
use crate::model::{Event, Person, Result, RoomId, Session, Timestamp, User};

impl Chat {
    /// Returns users with a status who share a room with the caller, and the caller, ascending by
    /// id, at most [`MAX_STATUSES`](crate::store::MAX_STATUSES). Others see the status of a user as
    /// well if they may see the user; here are those whose names the caller sees all the time.
    pub async fn statuses(&self, session: &Session) -> Result<Vec<User>> {
        let _turn = self.turn(session).await?;
        Ok(self.store().statuses(session.user, Timestamp::now()).await?)
    }

    /// Tells everybody who shares a room with this user, and the user's own sockets, what their
    /// status is now. The change is stored already, so a failure only means that clients see it
    /// with the next list.
    pub(super) async fn tell_status(&self, user: &User) {
        let rooms: Vec<RoomId> = match self.store().rooms_of(user.id).await {
            Ok(rooms) => rooms,
            Err(error) => {
                tracing::warn!(%error, user = user.login, "The status was not sent to others");
                return;
            }
        };
        let person = Person { id: user.id, login: user.login.clone(), name: user.name.clone() };
        let at = Timestamp::now();
        let status = user.status_at(at).cloned();
        self.0.bus.publish(Event::StatusChanged { person, status, rooms, at });
    }
}
