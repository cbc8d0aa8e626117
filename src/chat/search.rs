//! Searching messages: of one room or of all rooms that the caller takes part in.

use super::Chat;
use crate::model::{Error, Message, Result, RoomId, Session, Snippet, WordQuery};
use crate::store::{Missing, StoreError};

/// A message that was found.
pub struct Hit {
    /// As it is now.
    pub message: Message,
    /// The part of its text around the first hit.
    pub snippet: Snippet,
}

/// What was found.
#[derive(Default)]
pub struct Hits {
    /// Newest first.
    pub hits: Vec<Hit>,
    /// Where the next page begins; None: there is none.
    pub cursor: Option<String>,
    /// The index is being made; older messages may be missing.
    pub indexing: bool,
}

impl Chat {
    /// Messages that hold all the words, newest first. Text without anything that could be found
    /// finds nothing.
    pub async fn search(
        &self,
        session: &Session,
        text: &str,
        room: Option<RoomId>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Hits> {
        if text.trim().is_empty() {
            return Err(Error::invalid("q", "must not be empty"));
        }
        let _turn = self.turn(session).await?;
        let rooms = match room {
            Some(room) => {
                self.take_part(session, room).await?;
                vec![room]
            }
            None => self.store().rooms_of(session.user).await?,
        };
        let Some(words) = WordQuery::parse(text) else { return Ok(Hits::default()) };
        let found =
            self.store().find_messages(&rooms, &words, after, limit).await.map_err(|error| {
                match error {
                    StoreError::NotFound(Missing::Cursor) => {
                        Error::invalid("before", "is no cursor")
                    }
                    other => other.into(),
                }
            })?;
        let hits = found
            .messages
            .into_iter()
            .map(|message| Hit { snippet: words.snippet(&message.text), message })
            .collect();
        Ok(Hits { hits, cursor: found.cursor, indexing: found.behind })
    }
}
