//! Threads that users follow. What is unread is counted from the replies when it is read.

#![expect(clippy::similar_names, reason = "a room and the root of a thread are called so")]

use std::cmp::Reverse;
use std::collections::HashMap;

use super::each::each;
use super::follow_rows::{self, Stands, thread_of};
use super::logged::{Step, StoredChange};
use super::own::Own;
use super::state::Snapshot;
use super::threads::{self, InThread};
use super::{find, heads, messages, mine};
use crate::model::{
    Event, Follow, FollowedThread, MessageId, Personal, RoomId, Seq, ThreadPlace, Timestamp, UserId,
};
use crate::store::cluster::tables::schema::people::FOLLOWS;
use crate::store::cluster::tables::{Put, Row, Slice};
use crate::store::cluster::{Cluster, known_users};
use crate::store::transfer::{FollowRecord, Key, Record};
use crate::store::{Missing, StoreError};

/// Version of rows that are loaded.
const LOADED: i64 = 1;

/// Follows the thread of a message, or no longer.
pub(in crate::store::cluster) async fn choose(
    at: &Cluster,
    room: RoomId,
    user: UserId,
    seq: Seq,
    following: bool,
) -> Result<Follow, StoreError> {
    let root = root_of(at, room, seq).await?;
    let head = heads::head(at, room).await?.ok_or(StoreError::NotFound(Missing::Room))?;
    let stood = stands(at, user, root).await?;
    let is_chosen = following || stood.chosen.is_some_and(|(chosen, _)| !chosen);
    let changed = stood.following() != following || !is_chosen;
    if changed {
        let now = Timestamp::now().0.saturating_mul(1000).max(stood.version + 1);
        let row = follow_rows::chosen(user, root, (following, head.seq), now);
        at.tables().write(vec![row]).await?;
    }
    answer(at, user, root, changed).await
}

/// Marks the thread of this message as read up to it.
pub(in crate::store::cluster) async fn read(
    at: &Cluster,
    room: RoomId,
    user: UserId,
    upto: Seq,
) -> Result<Follow, StoreError> {
    let root = root_of(at, room, upto).await?;
    let stood = stands(at, user, root).await?;
    let moves = stood.read() < upto;
    if moves {
        at.tables().write(vec![stood.set_read(user, root, upto)]).await?;
    }
    answer(at, user, root, moves).await
}

/// Makes replies above this mark unread in their threads, too.
pub(super) async fn read_back(
    at: &Cluster,
    room: RoomId,
    user: UserId,
    mark: Seq,
) -> Result<(), StoreError> {
    let slice = Slice::of(&FOLLOWS, [user.0.into()]).under([room.0.into()]);
    let rows = at.tables().read(slice).await?;
    let read_on = rows.iter().filter_map(|row| Some((thread_of(row)?, Stands::of(row))));
    let read_on: Vec<_> = read_on.filter(|(_, stood)| stood.read() > mark).collect();
    if read_on.is_empty() {
        return Ok(());
    }
    let puts = read_on.iter().map(|(root, stood)| stood.set_read(user, *root, mark));
    at.tables().write(puts.collect()).await?;
    for (root, stood) in read_on {
        if stood.following()
            && let Some(follow) = now(at, user, root).await?
        {
            tell_one(at, user, follow).await;
        }
    }
    Ok(())
}

async fn root_of(at: &Cluster, room: RoomId, seq: Seq) -> Result<MessageId, StoreError> {
    let named = messages::range(at, room, seq, seq).await?.pop();
    let named = named.ok_or(StoreError::NotFound(Missing::Message))?;
    Ok(MessageId { room, seq: named.thread.unwrap_or(seq) })
}

async fn stands(at: &Cluster, user: UserId, root: MessageId) -> Result<Stands, StoreError> {
    let slice = Slice::of(&FOLLOWS, [user.0.into()]).under([root.room.0.into(), root.seq.0.into()]);
    Ok(at.tables().read(slice).await?.first().map(Stands::of).unwrap_or_default())
}

async fn answer(
    at: &Cluster,
    user: UserId,
    root: MessageId,
    changed: bool,
) -> Result<Follow, StoreError> {
    let follow = now(at, user, root).await?.ok_or(StoreError::NotFound(Missing::Participant))?;
    if changed {
        tell_one(at, user, follow).await;
    }
    Ok(follow)
}

async fn tell_one(at: &Cluster, user: UserId, follow: Follow) {
    let change = Personal::Thread(follow);
    at.emit(Event::Personal { user, change, at: Timestamp::now() }).await;
}

/// Returns how a user stands to a thread; None: they do not participate in its room.
async fn now(at: &Cluster, user: UserId, root: MessageId) -> Result<Option<Follow>, StoreError> {
    let rooms = [root.room];
    let (own, stood) =
        futures_util::try_join!(Own::these(at, user, &rooms), stands(at, user, root))?;
    if !own.has(root.room) {
        return Ok(None);
    }
    let Some(room) = heads::state(at, root.room).await? else { return Ok(None) };
    let mark = own_mark(at, &own, root.room).await?.max(room.expired());
    let read = mark.max(stood.read());
    let above = threads::replies(at, root.room, root.seq, read).await?;
    let mut unread = above.iter().rfind(|reply| is_unread(reply, user)).map(|reply| reply.seq);
    if unread.is_some() && known_users::is_bot(at, user).await? {
        unread = None;
    }
    Ok(Some(Follow { root, following: stood.following(), read, unread }))
}

/// Returns how far the user has read a room, as the user sees it.
async fn own_mark(at: &Cluster, own: &Own, room: RoomId) -> Result<Seq, StoreError> {
    let mine = mine::in_row(at, own.choices(room)).await?;
    Ok(mine.own_mark(own.mark(room)))
}

/// Returns whether a reply above the mark is unread.
fn is_unread(reply: &InThread, user: UserId) -> bool {
    !reply.gone && reply.author != Some(user)
}

/// Tells those whom these changes have follow a thread; in the background, since the room goes on
/// without it.
pub(super) fn tell(at: &Cluster, room: &Snapshot, changes: &[StoredChange]) {
    let mut concerned: Vec<(UserId, MessageId)> = Vec::new();
    for step in changes.iter().flat_map(|change| &change.steps) {
        let Step::Followed { root, users, author } = step else { continue };
        let root = MessageId { room: room.id, seq: Seq(*root) };
        let users = users.iter().copied().chain(author.map(|(user, _)| user)).map(UserId);
        let members = users.filter(|user| room.member(*user).is_some());
        concerned.extend(members.map(|user| (user, root)));
    }
    concerned.sort_unstable_by_key(|(user, root)| (*user, root.room, root.seq));
    concerned.dedup();
    if concerned.is_empty() {
        return;
    }
    let at = at.clone();
    tokio::spawn(async move {
        for (user, root) in concerned {
            // Without it the user's pages learn of it when they ask the next time.
            if let Ok(Some(follow)) = now(&at, user, root).await
                && follow.following
            {
                tell_one(&at, user, follow).await;
            }
        }
    });
}

/// The threads that a user follows in one of their rooms.
struct OfRoom {
    room: RoomId,
    /// How far the user has read the room, and its newest message.
    read: Seq,
    newest: Seq,
    threads: Vec<(Seq, Stands)>,
}

/// Returns the threads that a user follows, by their rooms.
async fn by_room(at: &Cluster, user: UserId) -> Result<Vec<OfRoom>, StoreError> {
    let rows = async { Ok(at.tables().read(Slice::of(&FOLLOWS, [user.0.into()])).await?) };
    let (rows, own) = futures_util::try_join!(rows, Own::all(at, user))?;
    let mut rooms: HashMap<RoomId, Vec<(Seq, Stands)>> = HashMap::new();
    for row in &rows {
        let (Some(root), stands) = (thread_of(row), Stands::of(row)) else { continue };
        if stands.following() && own.has(root.room) {
            rooms.entry(root.room).or_default().push((root.seq, stands));
        }
    }
    let own = &own;
    let found = each(rooms, |(room, threads)| {
        Box::pin(async move {
            let Some(state) = heads::state(at, room).await? else { return Ok(None) };
            // What has expired is read, also where it is kept because it is pinned.
            let read = own_mark(at, own, room).await?.max(state.expired());
            Ok(Some(OfRoom { room, read, newest: state.head.seq, threads }))
        })
    });
    Ok(found.await?.into_iter().flatten().collect())
}

/// Returns all threads that a user follows. Threads of rooms that are read to the end are not read.
pub(in crate::store::cluster) async fn all(
    at: &Cluster,
    user: UserId,
) -> Result<Vec<Follow>, StoreError> {
    let threads = by_room(at, user).await?.into_iter().flat_map(|of| {
        let OfRoom { room, read, newest, threads } = of;
        threads
            .into_iter()
            .map(move |(seq, stands)| (MessageId { room, seq }, read.max(stands.read()), newest))
    });
    let bot = known_users::is_bot(at, user).await?;
    let found = each(threads.collect::<Vec<_>>(), |(root, read, newest)| {
        Box::pin(async move {
            let above = if read < newest && !bot {
                threads::replies(at, root.room, root.seq, read).await?
            } else {
                Vec::new()
            };
            let unread = above.iter().rfind(|reply| is_unread(reply, user));
            let unread = unread.map(|reply| reply.seq);
            Ok(Follow { root, following: true, read, unread })
        })
    });
    found.await
}

/// A thread of the list, with ids instead of messages.
struct Listed {
    root: MessageId,
    last: ThreadPlace,
    replies: u32,
    unread: u32,
}

/// Returns a page of the threads that a user follows, that with the newest reply first.
pub(in crate::store::cluster) async fn list(
    at: &Cluster,
    user: UserId,
    after: Option<ThreadPlace>,
    limit: u32,
) -> Result<Vec<FollowedThread>, StoreError> {
    let threads = by_room(at, user).await?.into_iter().flat_map(|of| {
        let OfRoom { room, read, threads, .. } = of;
        threads
            .into_iter()
            .map(move |(seq, stands)| (MessageId { room, seq }, read.max(stands.read())))
    });
    let bot = known_users::is_bot(at, user).await?;
    let found = each(threads.collect::<Vec<_>>(), |(root, read)| {
        Box::pin(async move {
            let mut replies = threads::replies(at, root.room, root.seq, Seq(0)).await?;
            replies.retain(|reply| !reply.gone);
            let unread =
                replies.iter().filter(|reply| reply.seq > read && !bot && is_unread(reply, user));
            let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            Ok(replies.last().map(|last| Listed {
                root,
                last: ThreadPlace { at: last.at, room: root.room, seq: last.seq },
                replies: count(replies.len()),
                unread: count(unread.count()),
            }))
        })
    });
    let mut found: Vec<Listed> = found.await?.into_iter().flatten().collect();
    found.retain(|thread| after.is_none_or(|after| thread.last < after));
    found.sort_unstable_by_key(|thread| Reverse(thread.last));
    found.truncate(limit as usize);
    complete(at, found).await
}

async fn complete(at: &Cluster, found: Vec<Listed>) -> Result<Vec<FollowedThread>, StoreError> {
    let mut wanted: HashMap<RoomId, Vec<Seq>> = HashMap::new();
    for thread in &found {
        wanted.entry(thread.root.room).or_default().extend([thread.root.seq, thread.last.seq]);
    }
    let mut messages = find::these_messages(at, wanted).await?;
    let threads = found.into_iter().filter_map(|thread| {
        let last = MessageId { room: thread.last.room, seq: thread.last.seq };
        Some(FollowedThread {
            root: messages.remove(&thread.root)?,
            last: messages.remove(&last)?,
            replies: thread.replies,
            unread: thread.unread,
        })
    });
    Ok(threads.collect())
}

/// Returns the record of a row for an export.
pub(in crate::store::cluster) fn record(row: &Row) -> Option<Record> {
    let (root, stands) = (thread_of(row)?, Stands::of(row));
    stands.is_decided().then_some(())?;
    Some(Record::Follow(FollowRecord {
        user: Key::Number(row.int("user")?),
        room: Key::Number(root.room.0),
        root: Key::Number(root.seq.0),
        following: stands.following(),
        read: Some(stands.read().0).filter(|read| *read > 0).map(Key::Number),
    }))
}

/// Returns the rows of a record of an export.
pub(in crate::store::cluster) fn load(record: &FollowRecord) -> Option<Vec<Put>> {
    let user = UserId(record.user.number()?);
    let root = MessageId { room: RoomId(record.room.number()?), seq: Seq(record.root.number()?) };
    let mut puts = vec![follow_rows::chosen(user, root, (record.following, Seq(0)), LOADED)];
    let read = record.read.as_ref().and_then(Key::number);
    puts.extend(read.map(|read| follow_rows::read(user, root, Seq(read))));
    Some(puts)
}
