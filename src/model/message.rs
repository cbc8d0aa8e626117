//! Messages, reactions, read marks, and the rules on their text.

use super::rules::is_blank;
use super::{Error, Media, MessageId, Reaction, Result, Rev, RoomId, Seq, Timestamp, UserId, Who};

/// One message of a room. A deleted one keeps its place and loses its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The room that holds it.
    pub room: RoomId,
    /// Its place there.
    pub seq: Seq,
    /// The room's rev at this message's last change.
    pub rev: Rev,
    /// Its author, called as they are called now; [`Who::Deleted`] when the account is gone.
    pub author: Who,
    /// Empty when deleted.
    pub text: String,
    /// When it was stored; never before an earlier message of the room.
    pub created: Timestamp,
    /// When it was last edited.
    pub edited: Option<Timestamp>,
    /// When it was deleted.
    pub deleted: Option<Timestamp>,
    /// The message it answers, of the same room.
    pub reply_to: Option<Seq>,
    /// What the sender called it; None where the server made one up.
    pub client_id: Option<String>,
    /// Every reaction, oldest first.
    pub reactions: Vec<ReactionCount>,
    /// Attachments.
    pub media: Vec<Media>,
}

impl Message {
    /// Its number on the server.
    pub fn id(&self) -> MessageId {
        MessageId { room: self.room, seq: self.seq }
    }
}

/// A kind of reaction and who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionCount {
    /// `like`, `love`, `laugh`, `sad`, `angry` or one emoji.
    pub reaction: Reaction,
    /// Login names, first giver first.
    pub users: Vec<String>,
}

/// Up to where a user has read a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadMark {
    /// The room.
    pub room: RoomId,
    /// Who has read.
    pub user: UserId,
    /// Everything up to this message counts as read.
    pub seq: Seq,
    /// When the mark was set.
    pub at: Timestamp,
    /// Messages above the mark that are not deleted.
    pub unread: u32,
}

/// Which messages of a room are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The newest.
    Latest,
    /// The newest below this one.
    Before(Seq),
    /// The oldest above this one.
    After(Seq),
    /// Half below (this one included), half above.
    Around(Seq),
    /// Only this one.
    One(Seq),
    /// The newest that are not deleted, after leaving out this many of them (`v1`'s offset).
    Offset(u32),
}

/// Checks the text of a message: 1 to `max` code points of which one can be seen, no U+0000.
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
