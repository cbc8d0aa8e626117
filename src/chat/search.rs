//! Searches messages in one or all rooms of the caller.

use super::Chat;
use crate::model::{Error, Message, Result, RoomId, Session, Snippet, WordQuery};
use crate::store::{Missing, StoreError};

/// A matching message.
pub struct Hit {
    /// The current message.
    pub message: Message,
    /// The part of its text around the first match.
    pub snippet: Snippet,
}

/// A page of results.
#[derive(Default)]
pub struct Hits {
    /// Returns the sessions of a user, newest first.
    pub hits: Vec<Hit>,
    /// Cursor of the next page; None: this is the last one.
    pub cursor: Option<String>,
    /// The index is being built; older messages may be missing.
    pub indexing: bool,
}

impl Chat {
    /// Returns messages that contain all words, newest first. A text without searchable words
    /// matches nothing.
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
                        Error::invalid("before", "is not a cursor of this search")
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
