//! Messages.
use super::Chat;
use crate::model::{Marked, MediaId, Message, MessageRef, Reaction, Result, Rev, RoomChanges, RoomId, Session, Stored, Timestamp, Window};
use crate::store::Posted;

/// A message to be.
#[derive(Clone, Debug, Default)]
pub struct NewMessage {
    /// Its text.
    pub text: String,
    /// The client's own name for it.
    pub client_id: Option<String>,
    /// The message it answers; `Some(None)`: a key that cannot be read.
    pub reply_to: Option<MessageRef>,
    /// Attachments.
    pub media: Vec<MediaId>,
}

impl Chat {
    /// Says something.
    pub async fn post(&self, session: &Session, room: RoomId, new: NewMessage) -> Result<Posted> {
        todo!()
    }
    /// Changes the text of one's own message; answers it as it is now. A message of another room is not found.
    pub async fn edit(&self, session: &Session, room: RoomId, message: MessageRef, text: &str) -> Result<Message> {
        todo!()
    }
    /// Takes the content away.
    pub async fn delete_message(&self, session: &Session, room: RoomId, message: MessageRef) -> Result<Stored> {
        todo!()
    }
    /// Gives (true) or takes back a reaction. `Stored::repeated`: it was so already.
    pub async fn react(&self, session: &Session, room: RoomId, message: MessageRef, reaction: Reaction, give: bool) -> Result<Stored> {
        todo!()
    }
    /// Everything up to this message is read.
    pub async fn mark_read(&self, session: &Session, room: RoomId, message: MessageRef) -> Result<Marked> {
        todo!()
    }
    /// A page of history, ascending by seq.
    pub async fn history(&self, session: &Session, room: RoomId, window: Window, limit: u32) -> Result<Vec<Message>> {
        todo!()
    }
    /// What changed since a rev.
    pub async fn changes(&self, session: &Session, room: RoomId, since: Rev, epoch: Option<&str>, limit: u32) -> Result<RoomChanges> {
        todo!()
    }
}
