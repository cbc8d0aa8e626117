//! Room tokens: a secret that opens one socket in one room, once (`realtime`).

use std::time::Duration;

use super::refusals::{self, Reason};
use super::tokens::{hash, new_secret};
use super::{Authenticated, Chat, access, actor};
use crate::model::{Client, Error, Result, RoomId, Session};
use crate::store::Ticket;

/// How long a ticket waits for its socket.
const LIFE: Duration = Duration::from_mins(1);

impl Chat {
    /// A ticket into a room that the caller may enter (else `RoomNotFound`): 40 hexadecimal digits.
    /// Nobody enters before it is used.
    pub async fn issue_ticket(&self, session: &Session, room: RoomId) -> Result<String> {
        access::enter(&self.facts(room).await?, actor(session))?;
        let secret = new_secret()?;
        let ticket = Ticket { user: session.user, session: session.id, room };
        self.sessions().issue_ticket(ticket, hash(&secret)?, LIFE).await?;
        Ok(secret)
    }

    /// Whose ticket this is and into which room; from now on it is used. Anything else is
    /// `BadSession`, and logged.
    pub async fn take_ticket(
        &self,
        secret: &str,
        client: &Client,
    ) -> Result<(Authenticated, RoomId)> {
        let found = match hash(secret) {
            Ok(secret) => self.sessions().take_ticket(secret).await?,
            Err(_) => None,
        };
        let Some((session, room)) = found else {
            refusals::log(client, None, Reason::Ticket);
            return Err(Error::BadSession);
        };
        Ok((Authenticated { session, token_expires: None }, room))
    }
}
