//! What users have begun to write and have not sent. Nobody else sees it.

use super::{Error, Result, RoomId, Seq, Timestamp, is_blank};

/// Maximum number of drafts of a user.
pub const MAX_DRAFTS: u32 = 200;

/// Maximum length of a draft, in characters: more than of a message, since nobody shortens what is
/// not finished.
pub const MAX_DRAFT: usize = 8_000;

/// Where a draft belongs. A user has one draft for each room and one for each thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DraftPlace {
    /// The room.
    pub room: RoomId,
    /// The first message of the thread; None: the room itself.
    pub thread: Option<Seq>,
}

/// A message that a user has begun to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// Where it belongs.
    pub place: DraftPlace,
    /// The text; empty: there is no draft any more.
    pub text: String,
    /// The message it replies to.
    pub reply_to: Option<Seq>,
    /// Time of the last change. Of two changes of the same draft, the later one has the later time,
    /// except that a new draft may have the time at which the one before it was removed.
    pub at: Timestamp,
}

/// Checks the text of a draft and returns it as it is stored: a blank one is none.
pub fn check_draft(field: &'static str, text: String) -> Result<String> {
    if is_blank(&text) {
        return Ok(String::new());
    }
    if text.chars().count() > MAX_DRAFT {
        return Err(Error::TooLong(field, MAX_DRAFT));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_kept_as_it_was_written() {
        let check = |text: &str| check_draft("content", text.to_owned());
        assert_eq!(check(" two\n lines ").as_deref(), Ok(" two\n lines "));
        assert_eq!(check(" \n\t").as_deref(), Ok(""));
        assert!(check(&"책".repeat(MAX_DRAFT)).is_ok());
        let long = check(&"책".repeat(MAX_DRAFT + 1));
        assert_eq!(long, Err(Error::TooLong("content", MAX_DRAFT)));
    }
}
