//! Counts unread messages and mentions when they are read: nothing is counted when a message is
//! posted, so that a message to many costs the same as one to two.

use super::stored::{self, MESSAGE_BUCKET};
use crate::model::{RoomId, Seq, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::MESSAGES;
use crate::store::cluster::tables::{Bound, Slice};

/// Counts are exact up to this number; above it, deleted messages may be counted.
const EXACT: usize = 999;
/// Maximum number of partitions read for a count.
const MAX_BUCKETS: i64 = 10;

/// The newest messages of a room, as far as counts need them.
pub(super) struct Newest {
    last: i64,
    /// The newest expired message: none up to it is unread.
    expired: i64,
    /// Seqs of deleted messages, descending.
    gone: Vec<i64>,
    /// Messages that mention somebody, descending by seq: seq, author, and the column that says
    /// whom.
    mentions: Vec<(i64, i64, Vec<u8>)>,
}

impl Newest {
    /// Reads the messages above `mark` that have not expired, or as many as exact counts need.
    pub(super) async fn above(
        at: &Cluster,
        room: RoomId,
        mark: Seq,
        (expired, last): (Seq, Seq),
    ) -> Result<Self, StoreError> {
        let (mark, expired) = (mark.max(expired), expired.0);
        let mut newest = Self { last: last.0, expired, gone: Vec::new(), mentions: Vec::new() };
        let mut standing = 0;
        let mut upto = last.0;
        for _ in 0..MAX_BUCKETS {
            if upto <= mark.0 || standing > EXACT {
                break;
            }
            let first = stored::bucket_of_seq(Seq(upto)) * MESSAGE_BUCKET + 1;
            let from = first.max(mark.0 + 1);
            let slice = Slice::of(&MESSAGES, stored::history_partition(room, Seq(upto)))
                .between(Bound::Including(from.into()), Bound::Including(upto.into()))
                .only(&["author", "gone", "mentions"]);
            for row in at.tables().read(slice).await?.iter().rev() {
                let Some(seq) = row.int("seq") else { continue };
                if row.flag("gone") == Some(true) {
                    newest.gone.push(seq);
                    continue;
                }
                standing += 1;
                if let Some(users) = row.bytes("mentions").filter(|users| !users.is_empty()) {
                    let author = row.int("author").unwrap_or_default();
                    newest.mentions.push((seq, author, users.to_vec()));
                }
            }
            upto = from - 1;
        }
        Ok(newest)
    }

    /// Returns the number of messages above the mark that are not deleted.
    pub(super) fn unread(&self, mark: Seq) -> u32 {
        let mark = mark.0.max(self.expired);
        let gone = self.gone.iter().take_while(|seq| **seq > mark).count();
        let above = u32::try_from(self.last - mark).unwrap_or_default();
        above.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX))
    }

    /// Returns the number of messages above the mark that mention the user.
    pub(super) fn mentions(&self, user: UserId, mark: Seq) -> u32 {
        let mark = mark.0.max(self.expired);
        let above = self.mentions.iter().take_while(|(seq, ..)| *seq > mark);
        let own = above.filter(|(_, author, users)| {
            stored::mentions(users, user)
                || (*author != user.0 && stored::mentions(users, stored::ALL))
        });
        u32::try_from(own.count()).unwrap_or(u32::MAX)
    }
}
