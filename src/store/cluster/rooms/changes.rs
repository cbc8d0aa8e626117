//! Changes of a room after a rev.

use std::collections::HashMap;

use super::logged::{StoredChange, StoredCommit};
use super::messages::{self, Bare};
use super::open;
use super::stored::{self, Stored as _};
use crate::model::{Changes, Rev, RoomId, Seq};
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::ROOM_LOG;
use crate::store::cluster::tables::{Bound, Slice};
use crate::store::{Missing, StoreError};

/// A page ends once its texts have this many bytes.
const PAGE_BYTES: usize = 256 * 1024;
/// Rows of the log that are read together.
const ROWS: u32 = 50;
/// Messages that are read together.
const PART: usize = 256;

/// Returns the changes of a room after `since`.
pub(in crate::store::cluster) async fn changes(
    at: &Cluster,
    room: RoomId,
    since: Rev,
    epoch: Option<&str>,
    limit: u32,
) -> Result<Changes, StoreError> {
    let ours = at.0.settings.epoch.clone();
    let Some(snapshot) = open::current(at, room).await? else {
        return Err(StoreError::NotFound(Missing::Room));
    };
    let head = snapshot.rev;
    let other_past = epoch.is_some_and(|theirs| theirs != ours);
    let mut changes = Changes {
        epoch: ours,
        rev: head,
        more: false,
        reset: other_past || since > head || since.0 < 0,
        room: None,
        messages: Vec::new(),
    };
    if changes.reset {
        return Ok(changes);
    }
    let Some(page) =
        read(at, room, since, (snapshot.expired(), head), limit.max(1) as usize).await?
    else {
        changes.reset = true;
        return Ok(changes);
    };
    if snapshot.room.facts_rev > since.0 {
        changes.room = Some(snapshot.facts(at).await?);
    }
    if let Some(reached) = page.reached {
        (changes.rev, changes.more) = (reached, true);
    }
    changes.messages = messages::complete(at, &snapshot, page.messages).await?;
    Ok(changes)
}

/// Messages of a page.
#[derive(Default)]
struct Page {
    messages: Vec<Bare>,
    /// Bytes of their texts.
    bytes: usize,
    /// Rev up to which the changes are complete, if there are more.
    reached: Option<Rev>,
}

/// A rev of the log, and the message that it concerns.
type Named = (Rev, Option<Seq>);

impl Page {
    /// Adds the messages of these revs; true if the page is full.
    async fn take(
        &mut self,
        at: &Cluster,
        room: RoomId,
        named: &[Named],
        (expired, head, limit): (Seq, Rev, usize),
    ) -> Result<bool, StoreError> {
        let seqs = named.iter().filter_map(|(_, seq)| *seq).collect();
        // What has expired is told by the facts.
        let told = |bare: &Bare| bare.seq > expired || !bare.is_deleted();
        let found = messages::these(at, room, seqs).await?.into_iter().filter(told);
        let mut current: HashMap<Seq, Bare> = found.map(|bare| (bare.seq, bare)).collect();
        for (rev, seq) in named {
            // A message comes at its last change. One that changes while it is read comes now, since
            // that change is above the rev that is answered.
            let is_last = |bare: &Bare| bare.rev <= *rev || bare.rev > head;
            let Some(seq) = seq.filter(|seq| current.get(seq).is_some_and(is_last)) else {
                continue;
            };
            let Some(bare) = current.remove(&seq) else { continue };
            if self.messages.iter().any(|known| known.seq == seq) {
                continue;
            }
            if self.messages.len() == limit || self.bytes >= PAGE_BYTES {
                self.reached = Some(Rev(rev.0 - 1));
                return Ok(true);
            }
            self.bytes += bare.body.text.len();
            self.messages.push(bare);
        }
        Ok(false)
    }
}

/// Reads the log and the messages it names. None: the log no longer has all changes after `since`.
async fn read(
    at: &Cluster,
    room: RoomId,
    since: Rev,
    (expired, head): (Seq, Rev),
    limit: usize,
) -> Result<Option<Page>, StoreError> {
    let mut page = Page::default();
    let mut reached = since;
    while reached < head {
        let Some(found) = next(at, room, reached, head).await? else { return Ok(None) };
        let named: Vec<Named> = found.iter().map(|change| (change.rev(), change.seq())).collect();
        // A page needs few of the messages that a part of the log may name.
        for part in named.chunks(limit.min(PART)) {
            if page.take(at, room, part, (expired, head, limit)).await? {
                return Ok(Some(page));
            }
        }
        reached = named.last().map_or(reached, |(rev, _)| *rev);
    }
    Ok(Some(page))
}

/// Returns the next changes of the log up to `upto`, at least one. None: the log no longer has them.
pub(super) async fn next(
    at: &Cluster,
    room: RoomId,
    since: Rev,
    upto: Rev,
) -> Result<Option<Vec<StoredChange>>, StoreError> {
    let bucket = stored::bucket_of_rev(since.next());
    let slice = Slice::of(&ROOM_LOG, stored::log_partition(room, bucket))
        .between(Bound::Excluding(since.0.into()), Bound::Open)
        .first(ROWS);
    let (mut found, mut expected) = (Vec::new(), since.next());
    for row in at.tables().read(slice).await? {
        let Some(body) = row.bytes("body") else { continue };
        for change in StoredCommit::decode(body)?.changes {
            let rev = change.rev();
            if rev <= since || rev > upto {
                continue;
            }
            if rev != expected {
                return Ok(None);
            }
            expected = rev.next();
            found.push(change);
        }
    }
    Ok((!found.is_empty()).then_some(found))
}
