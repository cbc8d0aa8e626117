//! Messages: posting and changing them, read marks, changes.

use std::sync::Arc;

use tracing::debug;

use super::access::{self, Actor, MessageAct};
use super::rooms::DECISIONS;
use super::{Caller, Chat, actor};
use crate::model::{
    Error, Marked, Message, MessageRef, NewMessage, Reaction, Result, Rev, RoomChanges, RoomFacts,
    RoomId, Seq, Session, SocketId, Stored, Window, check_client_id, check_text,
};
use crate::store::{Basis, Committed, Draft, MessageChange, Missing, Posted, StoreError, Whose};

/// Maximum number of attachments of one message.
const MAX_MEDIA: usize = 10;

impl Chat {
    /// Posts a message.
    pub async fn post(&self, session: &Session, room: RoomId, new: NewMessage) -> Result<Posted> {
        self.post_from(session, room, new, None).await
    }

    pub(super) async fn post_from(
        &self,
        session: &Session,
        room: RoomId,
        new: NewMessage,
        socket: Option<SocketId>,
    ) -> Result<Posted> {
        let mut draft = self.draft(session, room, new, socket)?;
        for attempt in 0..DECISIONS {
            let facts = self.known_facts(room, attempt == 0).await?;
            let basis = match poster(&facts, session) {
                // Memory may lag behind: a refusal must rest on the stored facts.
                Err(_) if attempt == 0 => continue,
                decided => decided?,
            };
            draft.mentions = self.mentions(&facts, actor(session), &draft.text);
            match self.store().post(room, basis, draft.clone()).await {
                Err(StoreError::Stale) => (),
                answer => return posted(answer),
            }
        }
        Err(Error::Unavailable)
    }

    /// Checks a message to be posted. Mentions are resolved once the author is known to be allowed
    /// to post.
    pub(super) fn draft(
        &self,
        session: &Session,
        room: RoomId,
        new: NewMessage,
        socket: Option<SocketId>,
    ) -> Result<Draft> {
        check_text("content", &new.text, self.0.rooms.max_message_chars)?;
        if let Some(id) = &new.client_id {
            check_client_id("clientId", id)?;
        }
        if new.media.len() > MAX_MEDIA {
            return Err(Error::invalid("mediaIds", "must have at most 10 entries"));
        }
        let reply_to = match new.reply_to {
            None => None,
            Some(key) => Some(in_room(room, key)?),
        };
        Ok(Draft {
            author: session.user,
            text: new.text,
            client_id: new.client_id,
            reply_to,
            media: new.media,
            socket,
            mentions: Vec::new(),
        })
    }

    /// Changes the text of one of the caller's messages and returns it. A message of another room
    /// is not found.
    pub async fn edit(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
        text: &str,
    ) -> Result<Message> {
        check_text("newContent", text, self.0.rooms.max_message_chars)?;
        let change = |facts: &RoomFacts| MessageChange::Edit {
            text: text.to_owned(),
            mentions: self.mentions(facts, actor(session), text),
        };
        let (_, done) =
            self.change_message(session, room, message, MessageAct::Edit, change).await?;
        done.message().cloned().ok_or(Error::MessageNotFound)
    }

    /// Deletes the content of a message.
    pub async fn delete_message(
        &self,
        caller: impl Into<Caller<'_>>,
        room: RoomId,
        message: MessageRef,
    ) -> Result<Stored> {
        let caller = caller.into();
        let change = |_: &RoomFacts| MessageChange::Delete;
        let (seq, done) =
            self.change_message(caller, room, message, MessageAct::Delete, change).await?;
        Ok(stored(room, seq, &done))
    }

    /// Adds (true) or removes a reaction. `Stored::repeated`: nothing changed. A custom emoji must
    /// exist to be added.
    pub async fn react(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
        reaction: Reaction,
        give: bool,
    ) -> Result<Stored> {
        if give {
            self.check_custom(&reaction).await?;
        }
        let change = move |_: &RoomFacts| {
            if give {
                MessageChange::React(reaction.clone())
            } else {
                MessageChange::Unreact(reaction.clone())
            }
        };
        let (seq, done) =
            self.change_message(session, room, message, MessageAct::React, change).await?;
        Ok(stored(room, seq, &done))
    }

    /// Looks up the room first: in a room that does not exist or that the caller may not see, no
    /// message is known. The change is built once it is allowed.
    async fn change_message(
        &self,
        caller: impl Into<Caller<'_>>,
        room: RoomId,
        message: MessageRef,
        act: MessageAct,
        change: impl Fn(&RoomFacts) -> MessageChange,
    ) -> Result<(Seq, Committed)> {
        let caller = caller.into();
        for attempt in 0..DECISIONS {
            let facts = self.known_facts(room, attempt == 0).await?;
            let who = caller.actor();
            if !who.server_admin {
                match access::take_part(&facts, who) {
                    // Memory may lag behind: a refusal must rest on the stored facts.
                    Err(_) if attempt == 0 => continue,
                    decided => decided?,
                };
            }
            let seq = in_room(room, message)?;
            let whose = match access::change_message(&facts, who, act) {
                Ok(whose) => whose,
                Err(_) if attempt == 0 => continue,
                Err(refusal) => return Err(self.refusal(room, seq, who, act, refusal).await),
            };
            let basis = member(&facts, who).unwrap_or(Basis::Facts(facts.room.facts_rev));
            let to = caller.attribution("message.delete", |powerless| {
                act == MessageAct::Delete
                    && access::change_message(&facts, powerless, act) != Ok(Whose::Any)
            });
            let store = self.store_for(to);
            match store.change_message(room, seq, basis, who.user, whose, change(&facts)).await {
                Ok(done) => {
                    debug!(user = caller.name(), room = room.key(), "Message changed.");
                    return Ok((seq, done));
                }
                Err(StoreError::Stale) => (),
                Err(StoreError::NotAuthor) if attempt == 0 => (),
                Err(other) => return Err(other.into()),
            }
        }
        Err(Error::Unavailable)
    }

    /// Reports that the message does not exist, or is not the caller's, before what the room
    /// refuses.
    async fn refusal(
        &self,
        room: RoomId,
        seq: Seq,
        who: Actor,
        act: MessageAct,
        refusal: Error,
    ) -> Error {
        match self.message(room, seq).await {
            Err(missing) => missing,
            Ok(found) if act == MessageAct::Edit && found.author.id() != who.user => {
                Error::Forbidden
            }
            Ok(_) => refusal,
        }
    }

    /// Returns a message that exists and is not deleted.
    pub(super) async fn message(&self, room: RoomId, seq: Seq) -> Result<Message> {
        let found = self.store().messages(room, Window::One(seq), 1).await?;
        found
            .into_iter()
            .next()
            .filter(|message| message.deleted.is_none())
            .ok_or(Error::MessageNotFound)
    }

    /// Returns the place of an existing message, in a room of the caller.
    pub(super) async fn existing(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
    ) -> Result<Seq> {
        self.take_part(session, room).await?;
        let seq = in_room(room, message)?;
        if self.store().messages(room, Window::One(seq), 1).await?.is_empty() {
            return Err(Error::MessageNotFound);
        }
        Ok(seq)
    }

    /// Marks everything up to this message as read.
    pub async fn mark_read(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
    ) -> Result<Marked> {
        let seq = self.existing(session, room, message).await?;
        let mark = self.store().mark_read(room, session.user, seq).await.map_err(not_mine)?;
        Ok(Marked { mark, login: session.login.clone() })
    }

    /// Returns all marks at or above a message, that is, its readers. Asked with the oldest message
    /// on screen, it gives the position of every relevant mark.
    pub async fn readers(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
    ) -> Result<Vec<Marked>> {
        self.take_part(session, room).await?;
        let seq = in_room(room, message)?;
        if self.store().messages(room, Window::One(seq), 1).await?.is_empty() {
            return Err(Error::MessageNotFound);
        }
        let marks = self.store().readers(room, seq).await?;
        Ok(marks.into_iter().map(|(mark, login)| Marked { mark, login }).collect())
    }

    /// Returns the changes since a rev.
    pub async fn changes(
        &self,
        session: &Session,
        room: RoomId,
        since: Rev,
        epoch: Option<&str>,
        limit: u32,
    ) -> Result<RoomChanges> {
        self.take_part(session, room).await?;
        let changes = self.store().changes(room, since, epoch, limit).await?;
        Ok(RoomChanges { room, changes, state: self.0.hub.state(room) })
    }

    /// Returns the room if the caller is a participant. Memory may lag behind: a refusal rests on
    /// the stored facts.
    pub(super) async fn take_part(
        &self,
        session: &Session,
        room: RoomId,
    ) -> Result<Arc<RoomFacts>> {
        let known = self.known_facts(room, true).await?;
        if access::take_part(&known, actor(session)).is_ok() {
            return Ok(known);
        }
        let stored = self.known_facts(room, false).await?;
        access::take_part(&stored, actor(session))?;
        Ok(stored)
    }

    /// Returns participants and roles: from the live room if `memory` is set, otherwise as stored.
    pub(super) async fn known_facts(&self, room: RoomId, memory: bool) -> Result<Arc<RoomFacts>> {
        match self.0.hub.facts(room).filter(|_| memory) {
            Some(facts) => Ok(facts),
            None => Ok(Arc::new(self.facts(room).await?)),
        }
    }
}

/// The basis of a participant's change of messages.
fn member(facts: &RoomFacts, who: Actor) -> Result<Basis> {
    access::take_part(facts, who)
        .map(|own| Basis::Member { user: own.user, since: facts.basis_of(own) })
}

/// The basis of a post.
pub(super) fn poster(facts: &RoomFacts, session: &Session) -> Result<Basis> {
    access::post(facts, actor(session))
        .map(|own| Basis::Member { user: own.user, since: facts.basis_of(own) })
}

/// Converts the store's answer to a post.
pub(super) fn posted(answer: Result<Posted, StoreError>) -> Result<Posted> {
    if let Ok(Posted { message, repeated }) = &answer {
        debug!(
            user = message.author.login(),
            room = message.room.key(),
            repeated,
            "Message {} stored.",
            message.id().key()
        );
    }
    answer.map_err(|error| match error {
        StoreError::NotFound(Missing::Media) => {
            Error::invalid("mediaIds", "must only have files of your own")
        }
        other => other.into(),
    })
}

/// Answers users who are no longer in a room like non-participants.
pub(super) fn not_mine(error: StoreError) -> Error {
    if error == StoreError::NotFound(Missing::Participant) {
        Error::RoomNotFound
    } else {
        error.into()
    }
}

/// Returns the seq of a message that must be in this room.
pub(super) fn in_room(room: RoomId, message: MessageRef) -> Result<Seq> {
    message.id().filter(|id| id.room == room).map(|id| id.seq).ok_or(Error::MessageNotFound)
}

fn stored(room: RoomId, seq: Seq, done: &Committed) -> Stored {
    Stored {
        message: crate::model::MessageId { room, seq },
        rev: done.rev,
        at: done.at,
        client_id: None,
        repeated: !done.changed(),
    }
}
