//! Threads: what is shown of them in the conversation, and those that a user follows.
//!
//! Nothing is counted when a reply is posted: what is unread is computed when it is read, from the
//! replies that exist, so that no count can be wrong for long.

use super::{Message, MessageId, Person, RoomId, Seq, Timestamp};

/// Number of authors of replies that [`ThreadSummary::repliers`] has at most.
pub const REPLIERS: usize = 3;

/// What the conversation shows below the first message of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadSummary {
    /// The message with which it begins.
    pub root: Seq,
    /// Number of replies that are not deleted; never 0.
    pub replies: u32,
    /// The newest of them.
    pub last_seq: Seq,
    /// Time of the newest of them.
    pub last: Timestamp,
    /// Authors of the newest replies, each once, the newest first; without deleted users.
    pub repliers: Vec<Person>,
}

/// How a user stands to a thread. Whoever starts a thread, answers in it or is mentioned in it
/// follows it, until they choose otherwise; who answers again follows again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    /// The message with which it begins.
    pub root: MessageId,
    /// Whether the user follows it.
    pub following: bool,
    /// How far the user has read it: in the thread, or in the conversation of its room, in which
    /// the replies stand, too. What is above is unread, except replies of their own.
    pub read: Seq,
    /// The newest unread reply.
    pub unread: Option<Seq>,
}

/// A thread that a user follows, with at least one reply that is not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedThread {
    /// The message with which it begins; may be deleted.
    pub root: Message,
    /// The newest reply that is not deleted.
    pub last: Message,
    /// Number of replies that are not deleted.
    pub replies: u32,
    /// Number of those that are unread, see [`Follow::read`].
    pub unread: u32,
}

impl FollowedThread {
    /// Returns its position in the list.
    pub fn place(&self) -> ThreadPlace {
        ThreadPlace { at: self.last.created, room: self.last.room, seq: self.last.seq }
    }
}

/// Position in the list of followed threads, which is descending by it: that of the newest reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ThreadPlace {
    /// Time of the newest reply.
    pub at: Timestamp,
    /// Room of the thread.
    pub room: RoomId,
    /// The newest reply.
    pub seq: Seq,
}

impl std::fmt::Display for ThreadPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}-{}", self.at.0, self.room.0, self.seq.0)
    }
}

impl std::str::FromStr for ThreadPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Result<Vec<i64>, _> = text.split('-').map(str::parse).collect();
        match parts.map_err(|_| ())?[..] {
            [at, room, seq] => Ok(Self { at: Timestamp(at), room: RoomId(room), seq: Seq(seq) }),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        let place = ThreadPlace { at: Timestamp(5), room: RoomId(7), seq: Seq(12) };
        assert_eq!(place.to_string().parse(), Ok(place));
        for bad in ["", "1-2", "1-2-3-4", "a-1-2"] {
            assert_eq!(bad.parse::<ThreadPlace>(), Err(()), "{bad}");
        }
    }
}
