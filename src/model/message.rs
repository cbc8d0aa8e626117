//! Messages, reactions, read marks, and rules for their text.

use super::rules::is_blank;
use super::{Error, Media, MessageId, Reaction, Result, Rev, RoomId, Seq, Timestamp, UserId, Who};

/// A message of a room. A deleted one keeps its position and loses its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The room of the message.
    pub room: RoomId,
    /// The position in the room.
    pub seq: Seq,
    /// Rev of the message's last change.
    pub rev: Rev,
    /// Author, with the current name; [`Who::Deleted`] if the account was deleted.
    pub author: Who,
    /// Empty when deleted.
    pub text: String,
    /// Time of posting; never before an earlier message of the room.
    pub created: Timestamp,
    /// Time of the last edit.
    pub edited: Option<Timestamp>,
    /// Time of deletion.
    pub deleted: Option<Timestamp>,
    /// The message it replies to, in the same room.
    pub reply_to: Option<Seq>,
    /// If it is a reply: the message with which its chain of replies begins, in the same room.
    pub thread: Option<Seq>,
    /// Id given by the sender; None if the server created one.
    pub client_id: Option<String>,
    /// All reactions, oldest first.
    pub reactions: Vec<ReactionCount>,
    /// Attachments.
    pub media: Vec<Media>,
}

impl Message {
    /// Returns its id on the server.
    pub fn id(&self) -> MessageId {
        MessageId { room: self.room, seq: self.seq }
    }
}

/// A reaction and the users who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionCount {
    /// `like`, `love`, `laugh`, `sad`, `angry` or one emoji.
    pub reaction: Reaction,
    /// Login names, in the order of reacting.
    pub users: Vec<String>,
}

/// The position up to which a user has read a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadMark {
    /// The room.
    pub room: RoomId,
    /// The reader.
    pub user: UserId,
    /// Last message read.
    pub seq: Seq,
    /// Time of setting the mark.
    pub at: Timestamp,
    /// Number of messages above the mark that are not deleted.
    pub unread: u32,
}

/// Selects messages of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The newest.
    Latest,
    /// The newest below this one.
    Before(Seq),
    /// The oldest above this one.
    After(Seq),
    /// Half below (including this one), half above.
    Around(Seq),
    /// Only this one.
    One(Seq),
    /// The newest that are not deleted, skipping this many (`offset` of `v1`).
    Offset(u32),
}

/// Checks the text of a message: 1 to `max` code points, at least one visible, no U+0000.
pub fn check_text(field: &'static str, text: &str, max: usize) -> Result<()> {
    if is_blank(text) {
        return Err(Error::Empty(field));
    }
    if text.contains('\0') {
        return Err(Error::invalid(field, "must not contain U+0000"));
    }
    if text.chars().count() > max {
        return Err(Error::TooLong(field, max));
    }
    Ok(())
}

/// Checks a client id: 1 to 64 printable characters.
pub fn check_client_id(field: &'static str, id: &str) -> Result<()> {
    let length = id.chars().count();
    if (1..=64).contains(&length) && !id.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Error::invalid(field, "must be 1 to 64 printable characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_counted_in_code_points() {
        assert!(check_text("content", &"책".repeat(4000), 4000).is_ok());
        assert!(matches!(
            check_text("content", &"책".repeat(4001), 4000),
            Err(Error::TooLong("content", 4000))
        ));
        assert!(matches!(check_text("content", " \n\t", 4000), Err(Error::Empty("content"))));
        assert!(matches!(
            check_text("content", "\u{3164}\u{200b}", 4000),
            Err(Error::Empty("content"))
        ));
        assert!(matches!(check_text("content", "a\0b", 4000), Err(Error::Invalid { .. })));
    }
}
