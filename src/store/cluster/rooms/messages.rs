//! Reads rows of messages and their reactions, and completes them with names.

use super::each::each;
use super::names::{Names, Needed};
use super::state::Snapshot;
use super::stored::{self, MESSAGE_BUCKET, Stored as _, StoredLast, StoredMessage};
use crate::model::{Message, Reaction, ReactionCount, Rev, RoomId, Seq, Timestamp, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::{MESSAGES, REACTIONS};
use crate::store::cluster::tables::{Bound, Row, Slice, Table};

/// Messages are read as one range if at most this many that are not wanted are between them.
const NEAR: i64 = 8;

/// A message with ids instead of names.
#[derive(Clone, Debug)]
pub(super) struct Bare {
    pub(super) seq: Seq,
    /// Rev of its last change, including reactions.
    pub(super) rev: Rev,
    pub(super) body: StoredMessage,
    pub(super) reactions: Vec<Given>,
    /// The message with which its thread begins, if it is a reply.
    pub(super) thread: Option<Seq>,
}

/// A reaction of a user.
#[derive(Clone, Debug)]
pub(super) struct Given {
    rev: Rev,
    pub(super) at: Timestamp,
    pub(super) reaction: String,
    pub(super) user: UserId,
}

impl Bare {
    fn of(row: &Row) -> Result<Option<Self>, StoreError> {
        let (Some(seq), Some(rev), Some(body)) =
            (row.int("seq"), row.int("rev"), row.bytes("body"))
        else {
            return Ok(None);
        };
        let body = StoredMessage::decode(body)?;
        let thread = row.int("thread").map(Seq);
        Ok(Some(Self { seq: Seq(seq), rev: Rev(rev), body, reactions: Vec::new(), thread }))
    }

    /// Returns whether it is deleted.
    pub(super) fn is_deleted(&self) -> bool {
        self.body.deleted.is_some()
    }

    /// Returns its author.
    pub(super) fn author(&self) -> UserId {
        UserId(self.body.author)
    }

    /// Names the users that it needs.
    pub(super) fn needs(&self, room: RoomId, needed: &mut Needed) {
        needed.shown(room, self.author());
        for given in &self.reactions {
            needed.account(given.user);
        }
    }

    /// Returns the message with these names.
    pub(super) fn message(self, room: RoomId, names: &Names) -> Message {
        let author = names.who(room, self.author());
        let mut counts: Vec<ReactionCount> = Vec::new();
        for given in self.reactions {
            let Some(user) = names.user(given.user) else { continue };
            let login = user.login.clone();
            match counts.iter_mut().find(|count| count.reaction.as_str() == given.reaction) {
                Some(known) => known.users.push(login),
                None => counts.push(ReactionCount {
                    reaction: Reaction::stored(given.reaction),
                    users: vec![login],
                }),
            }
        }
        let mut message = self.body.message(room, self.seq, self.rev, author);
        (message.reactions, message.thread) = (counts, self.thread);
        message
    }
}

/// Returns the messages from `from` to `to`, both included, ascending.
pub(super) async fn range(
    at: &Cluster,
    room: RoomId,
    from: Seq,
    to: Seq,
) -> Result<Vec<Bare>, StoreError> {
    let (messages, reactions) = futures_util::try_join!(
        rows(at, &MESSAGES, room, (from, to)),
        rows(at, &REACTIONS, room, (from, to)),
    )?;
    let mut found = Vec::with_capacity(messages.len());
    for row in &messages {
        found.extend(Bare::of(row)?);
    }
    found.sort_by_key(|bare| bare.seq);
    for row in &reactions {
        let Some(seq) = row.int("seq").map(Seq) else { continue };
        if let Ok(place) = found.binary_search_by_key(&seq, |bare| bare.seq)
            && let Some(bare) = found.get_mut(place)
        {
            bare.react(row);
        }
    }
    for bare in &mut found {
        bare.reactions.sort_by_key(|given| given.rev);
    }
    Ok(found)
}

impl Bare {
    fn react(&mut self, row: &Row) {
        let (Some(rev), Some(reaction), Some(user)) =
            (row.int("rev"), row.text("reaction"), row.int("user"))
        else {
            return;
        };
        self.rev = self.rev.max(Rev(rev));
        if row.flag("present") == Some(true) && !self.is_deleted() {
            let at = Timestamp(row.int("at").unwrap_or_default());
            let (rev, user) = (Rev(rev), UserId(user));
            self.reactions.push(Given { rev, at, reaction: reaction.to_owned(), user });
        }
    }
}

async fn rows(
    at: &Cluster,
    table: &'static Table,
    room: RoomId,
    (from, to): (Seq, Seq),
) -> Result<Vec<Row>, StoreError> {
    if from > to {
        return Ok(Vec::new());
    }
    let pages = each(stored::bucket_of_seq(from)..=stored::bucket_of_seq(to), |bucket| {
        let slice = Slice::of(table, [room.0.into(), bucket.into()])
            .between(Bound::Including(from.0.into()), Bound::Including(to.0.into()));
        Box::pin(async move { Ok(at.tables().read(slice).await?) })
    });
    Ok(pages.await?.into_iter().flatten().collect())
}

/// Returns the messages from `from` to `to`, both included, ascending, without reactions.
pub(super) async fn bodies(
    at: &Cluster,
    room: RoomId,
    from: Seq,
    to: Seq,
) -> Result<Vec<(Seq, StoredMessage)>, StoreError> {
    let mut found = Vec::new();
    for row in rows(at, &MESSAGES, room, (from, to)).await? {
        found.extend(Bare::of(&row)?.map(|bare| (bare.seq, bare.body)));
    }
    Ok(found)
}

/// Returns these messages, in no particular order; unknown ones are omitted.
pub(super) async fn these(
    at: &Cluster,
    room: RoomId,
    mut seqs: Vec<Seq>,
) -> Result<Vec<Bare>, StoreError> {
    seqs.sort_unstable();
    seqs.dedup();
    let mut runs: Vec<(Seq, Seq)> = Vec::new();
    for seq in &seqs {
        match runs.last_mut() {
            Some((_, to)) if seq.0 - to.0 <= NEAR => *to = *seq,
            _ => runs.push((*seq, *seq)),
        }
    }
    let found = each(runs, |(from, to)| Box::pin(range(at, room, from, to))).await?;
    let wanted = |bare: &Bare| seqs.binary_search(&bare.seq).is_ok();
    Ok(found.into_iter().flatten().filter(wanted).collect())
}

/// Returns up to `limit` seqs of messages that are not deleted, above the first and descending from
/// the second, after skipping `skip` of them.
pub(super) async fn standing(
    at: &Cluster,
    room: RoomId,
    (above, upto): (Seq, Seq),
    skip: usize,
    limit: usize,
) -> Result<Vec<Seq>, StoreError> {
    let (mut found, mut left) = (Vec::new(), skip);
    let mut upto = upto.0;
    while upto > above.0 && found.len() < limit {
        // Most often the newest messages are wanted, and few of them are deleted.
        let wanted = i64::try_from(limit - found.len() + left).unwrap_or(MESSAGE_BUCKET);
        let first = stored::bucket_of_seq(Seq(upto)) * MESSAGE_BUCKET + 1;
        let from = (upto - wanted.min(MESSAGE_BUCKET) + 1).max(first).max(above.0 + 1);
        let slice = Slice::of(&MESSAGES, stored::history_partition(room, Seq(upto)))
            .between(Bound::Including(from.into()), Bound::Including(upto.into()))
            .only(&["gone"]);
        for row in at.tables().read(slice).await?.iter().rev() {
            let Some(seq) = row.int("seq") else { continue };
            if row.flag("gone") == Some(true) {
                continue;
            }
            if left > 0 {
                left -= 1;
            } else if found.len() < limit {
                found.push(Seq(seq));
            }
        }
        upto = from - 1;
    }
    Ok(found)
}

/// Returns the newest message above `expired` that is not deleted; `last` is the newest one of the
/// room's state.
pub(super) async fn newest(
    at: &Cluster,
    room: RoomId,
    last: Option<&StoredLast>,
    expired: Seq,
) -> Result<Option<Bare>, StoreError> {
    let mut seq = last.map(|last| Seq(last.seq)).filter(|last| *last > expired);
    while let Some(place) = seq {
        let found = range(at, room, place, place).await?.pop();
        if let Some(found) = found.filter(|bare| !bare.is_deleted()) {
            return Ok(Some(found));
        }
        seq = standing(at, room, (expired, Seq(place.0 - 1)), 0, 1).await?.pop();
    }
    Ok(None)
}

/// Returns one message in its current version.
pub(super) async fn one(
    at: &Cluster,
    room: &Snapshot,
    seq: Seq,
) -> Result<Option<Message>, StoreError> {
    let found = these(at, room.id, vec![seq]).await?;
    Ok(complete(at, room, found).await?.pop())
}

/// Completes messages of a room with names.
pub(super) async fn complete(
    at: &Cluster,
    room: &Snapshot,
    found: Vec<Bare>,
) -> Result<Vec<Message>, StoreError> {
    let mut needed = Needed::default();
    for bare in &found {
        bare.needs(room.id, &mut needed);
    }
    needed.known_in(room);
    let names = Names::read(at, needed).await?;
    Ok(found.into_iter().map(|bare| bare.message(room.id, &names)).collect())
}
