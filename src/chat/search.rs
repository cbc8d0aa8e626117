//! Searches messages in one or all rooms of the caller.

use super::Chat;
use crate::model::{
    Error, Has, Message, MessageQuery, Result, RoomId, Session, Snippet, Timestamp, WordQuery,
};
use crate::store::{Missing, StoreError};

/// What a caller searches for: at least a text, an author, a time or what a message has.
#[derive(Default)]
pub struct Search {
    /// All words must occur in the text of a message or the names of its files.
    pub text: Option<String>,
    /// In this room only.
    pub room: Option<RoomId>,
    /// Login name of the author.
    pub from: Option<String>,
    /// What a message has.
    pub has: Vec<Has>,
    /// Created then or later.
    pub since: Option<Timestamp>,
    /// Created earlier.
    pub until: Option<Timestamp>,
}

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
    /// The matching messages, newest first.
    pub hits: Vec<Hit>,
    /// Cursor of the next page; None: this is the last one.
    pub cursor: Option<String>,
    /// The index is being built; older messages may be missing.
    pub indexing: bool,
}

impl Search {
    fn is_open(&self) -> bool {
        self.from.is_none() && self.has.is_empty() && self.since.is_none() && self.until.is_none()
    }
}

impl Chat {
    /// Returns messages for which all of it holds, newest first. A text without searchable words
    /// matches nothing.
    pub async fn search(
        &self,
        session: &Session,
        search: Search,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Hits> {
        let text = search.text.as_deref().filter(|text| !text.trim().is_empty());
        if text.is_none() && search.is_open() {
            let why = if search.text.is_some() { "must not be empty" } else { "is required" };
            return Err(Error::invalid("q", why));
        }
        let _turn = self.turn(session).await?;
        let rooms = match search.room {
            Some(room) => {
                self.take_part(session, room).await?;
                vec![room]
            }
            None => self.store().rooms_of(session.user).await?,
        };
        let from = match &search.from {
            Some(login) => Some(self.user(session, login).await?.id),
            None => None,
        };
        let words = text.map(WordQuery::parse);
        if let Some(None) = words {
            return Ok(Hits::default());
        }
        let Search { has, since, until, .. } = search;
        let query = MessageQuery { words: words.flatten(), from, has, since, until };
        let found =
            self.store().find_messages(&rooms, &query, after, limit).await.map_err(|error| {
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
            .map(|message| Hit { snippet: query.snippet(&message.text), message })
            .collect();
        Ok(Hits { hits, cursor: found.cursor, indexing: found.behind })
    }
}
