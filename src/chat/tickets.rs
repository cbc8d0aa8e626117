//! Room tokens (`realtime`): single-use secrets that open one socket in one room.

use std::time::Duration;

use super::refusals::{self, Reason};
use super::tokens::{hash, new_secret};
use super::{Authenticated, Chat, access, actor};
use crate::model::{Client, Error, Result, RoomId, Session};
use crate::store::Ticket;

/// Lifetime of an unused ticket.
const LIFE: Duration = Duration::from_mins(1);

impl Chat {
    /// Creates a ticket for a room that the caller may enter (otherwise `RoomNotFound`): 40
    /// hexadecimal digits. The caller only enters when it is used.
    pub async fn issue_ticket(&self, session: &Session, room: RoomId) -> Result<String> {
        access::enter(&self.facts(room).await?, actor(session))?;
        let secret = new_secret()?;
        let ticket = Ticket { user: session.user, session: session.id, room };
        self.sessions().issue_ticket(ticket, hash(&secret)?, LIFE).await?;
        Ok(secret)
    }

    /// Uses up a ticket and returns its session and room. Anything else is `BadSession`, and
    /// logged.
    pub async fn take_ticket(
        &self,
        secret: &str,
        client: &Client,
    ) -> Result<(Authenticated, RoomId)> {
        let found = match hash(secret) {
            Ok(secret) => self.sessions().take_ticket(secret).await?,
            Err(_) => None,
        };
        let found = found.filter(|(session, _)| self.is_proven(session));
        let Some((session, room)) = found else {
            refusals::log(client, None, Reason::Ticket);
            return Err(Error::BadSession);
        };
        Ok((Authenticated { session, token_expires: None }, room))
    }
}
