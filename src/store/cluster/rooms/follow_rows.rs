//! Rows of the threads that a user follows ([`FOLLOWS`]).
//!
//! Their cells are written by different hands, each with timestamps of its own: what posts cause
//! carries the rev of the post, the mark its own seq, a choice its version, and what was marked as
//! unread a version of its own. So none of them undoes another, whatever the order in which they arrive.

use crate::model::{MessageId, RoomId, Seq, Timestamp, UserId};
use crate::store::cluster::tables::schema::people::FOLLOWS;
use crate::store::cluster::tables::{Put, Row, Value};

/// What is stored of a user and a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stands {
    /// The user has started it, answered in it, or was mentioned in it.
    caused: bool,
    /// The user's newest reply in it.
    answered: Seq,
    /// What the user has chosen, and the newest message of the room at that time.
    pub(super) chosen: Option<(bool, Seq)>,
    /// The last reply ever read in the thread itself.
    furthest: Seq,
    /// The first reply marked as unread, and what `furthest` was at that time.
    unread: Option<(Seq, Seq)>,
    pub(super) version: i64,
    unread_version: i64,
}

impl Stands {
    /// Reads a row.
    pub(super) fn of(row: &Row) -> Self {
        let seq = |column| Seq(row.int(column).unwrap_or_default());
        Self {
            caused: row.flag("caused") == Some(true),
            answered: seq("answered"),
            chosen: row.flag("chosen").map(|chosen| (chosen, seq("chosen_at"))),
            furthest: seq("read"),
            unread: Some((seq("unread_from"), seq("unread_read"))).filter(|(from, _)| from.0 > 0),
            version: row.int("version").unwrap_or_default(),
            unread_version: row.int("unread_version").unwrap_or_default(),
        }
    }

    /// Returns the last reply read in the thread itself: lower after marking messages as unread,
    /// until the user reads on.
    pub(super) fn read(&self) -> Seq {
        match self.unread {
            Some((from, furthest)) if furthest == self.furthest => Seq(from.0 - 1),
            _ => self.furthest,
        }
    }

    /// Returns the row with which the user has read the thread up to this reply, even if that is
    /// less than before.
    pub(super) fn set_read(&self, user: UserId, root: MessageId, upto: Seq) -> Put {
        if upto > self.furthest {
            return read(user, root, upto);
        }
        let version = Timestamp::now().0.saturating_mul(1000).max(self.unread_version + 1);
        let from = if upto < self.furthest { upto.next() } else { Seq(0) };
        let cells: [(&'static str, Value); 3] = [
            ("unread_from", from.0.into()),
            ("unread_read", self.furthest.0.into()),
            ("unread_version", version.into()),
        ];
        put(user.0, root, version, cells.to_vec())
    }

    /// Returns whether the user follows the thread: who has unfollowed it follows it again by
    /// answering.
    pub(super) fn following(&self) -> bool {
        match self.chosen {
            None => self.caused,
            Some((true, _)) => true,
            Some((false, at)) => self.answered > at,
        }
    }

    /// Returns whether anything but the mark is known.
    pub(super) fn is_decided(&self) -> bool {
        self.caused || self.chosen.is_some()
    }
}

/// Returns the thread of a row.
pub(super) fn thread_of(row: &Row) -> Option<MessageId> {
    Some(MessageId { room: RoomId(row.int("room")?), seq: Seq(row.int("root")?) })
}

/// A post with this rev has the user follow the thread; `answered` is their own reply.
pub(super) fn caused(user: i64, root: MessageId, rev: i64, answered: Option<i64>) -> Put {
    let mut cells: Vec<(&'static str, Value)> = vec![("caused", true.into())];
    cells.extend(answered.map(|seq| ("answered", seq.into())));
    put(user, root, rev, cells)
}

/// The user has chosen to follow the thread or not, when this message was the newest.
pub(super) fn chosen(
    user: UserId,
    root: MessageId,
    (following, newest): (bool, Seq),
    version: i64,
) -> Put {
    let cells: [(&'static str, Value); 3] =
        [("chosen", following.into()), ("chosen_at", newest.0.into()), ("version", version.into())];
    put(user.0, root, version, cells.to_vec())
}

/// The user has read up to this reply.
pub(super) fn read(user: UserId, root: MessageId, seq: Seq) -> Put {
    put(user.0, root, seq.0, vec![("read", seq.0.into())])
}

fn put(user: i64, root: MessageId, timestamp: i64, cells: Vec<(&'static str, Value)>) -> Put {
    let key = [root.room.0.into(), root.seq.0.into()];
    Put::plain(&FOLLOWS, timestamp, [user.into()], key, cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_counts_until_the_user_answers_again() {
        let none = Stands::default();
        assert!(!none.following() && !none.is_decided());
        let caused = Stands { caused: true, answered: Seq(5), ..none };
        assert!(caused.following());
        let left = Stands { chosen: Some((false, Seq(7))), ..caused };
        assert!(!left.following() && left.is_decided());
        assert!(Stands { answered: Seq(8), ..left }.following());
        assert!(Stands { chosen: Some((true, Seq(7))), ..none }.following());
    }

    #[test]
    fn what_was_marked_as_unread_counts_until_the_user_reads_on() {
        let read = Stands { furthest: Seq(9), ..Stands::default() };
        assert_eq!(read.read(), Seq(9));
        let back = Stands { unread: Some((Seq(5), Seq(9))), ..read };
        assert_eq!(back.read(), Seq(4));
        assert_eq!(Stands { furthest: Seq(10), ..back }.read(), Seq(10));
    }
}
