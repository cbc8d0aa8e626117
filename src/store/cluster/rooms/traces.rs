//! What a user has left in rooms: messages, reactions, and rows of rooms that they have left.

use std::collections::HashSet;

use super::each::each;
use super::stored::{Stored as _, StoredParticipant, bucket_of_seq};
use super::{heads, open};
use crate::model::{Reaction, RoomId, Seq, Timestamp, UserId};
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::{
    MARKS, MARKS_BY_USER, MESSAGES, MINE, PARTICIPANTS, REACTIONS, ROOMS_BY_USER,
};
use crate::store::cluster::tables::{Bound, Put, Row, Slice, Table};
use crate::store::{StoreError, Traces};

/// Above the timestamp of every mark, which is a seq.
const AFTER_MARKS: i64 = 1 << 40;
/// How much later than now the choices of a user may be, in microseconds.
const LATER: i64 = 60_000_000;

/// Examines a part of the history of a room.
pub(in crate::store::cluster) async fn traces(
    at: &Cluster,
    user: UserId,
    room: RoomId,
    after: Seq,
    count: u32,
) -> Result<Traces, StoreError> {
    let Some(snapshot) = open::current(at, room).await? else { return Ok(Traces::default()) };
    let from = Seq(after.0.max(0) + 1);
    let to = Seq(snapshot.seq.0.min(after.0.max(0).saturating_add(i64::from(count))));
    if from > to {
        return Ok(Traces::default());
    }
    let (messages, reactions) = futures_util::try_join!(
        rows(at, &MESSAGES, &["author", "gone"], room, (from, to)),
        rows(at, &REACTIONS, &["present", "at"], room, (from, to)),
    )?;
    let (mut written, mut gone) = (Vec::new(), HashSet::new());
    for row in &messages {
        let Some(seq) = row.int("seq").map(Seq) else { continue };
        if row.flag("gone") == Some(true) {
            gone.insert(seq);
        } else if row.int("author") == Some(user.0) {
            written.push(seq);
        }
    }
    written.sort_unstable();
    let given = reactions
        .iter()
        .filter(|row| row.int("user") == Some(user.0) && row.flag("present") == Some(true));
    let given = given.filter_map(|row| {
        let time = Timestamp(row.int("at").unwrap_or_default());
        Some((Seq(row.int("seq")?), Reaction::stored(row.text("reaction")?.to_owned()), time))
    });
    let mut reactions: Vec<_> = given.filter(|(seq, ..)| !gone.contains(seq)).collect();
    reactions.sort_by_key(|(seq, _, time)| (*seq, *time));
    Ok(Traces { written, reactions, next: (to < snapshot.seq).then_some(to) })
}

async fn rows(
    at: &Cluster,
    table: &'static Table,
    columns: &'static [&'static str],
    room: RoomId,
    (from, to): (Seq, Seq),
) -> Result<Vec<Row>, StoreError> {
    let pages = each(bucket_of_seq(from)..=bucket_of_seq(to), |bucket| {
        let slice = Slice::of(table, [room.0.into(), bucket.into()])
            .between(Bound::Including(from.0.into()), Bound::Including(to.0.into()))
            .only(columns);
        Box::pin(async move { Ok(at.tables().read(slice).await?) })
    });
    Ok(pages.await?.into_iter().flatten().collect())
}

/// Removes names, marks and choices of a user from the rooms that they have left.
pub(in crate::store::cluster) async fn forget(
    at: &Cluster,
    user: UserId,
) -> Result<(), StoreError> {
    let rooms = at.tables().read(Slice::of(&ROOMS_BY_USER, [user.0.into()])).await?;
    let left = rooms.iter().filter(|row| row.flag("present") != Some(true));
    for room in left.filter_map(|row| row.int("room")).map(RoomId) {
        forget_in(at, user, room).await?;
    }
    Ok(())
}

async fn forget_in(at: &Cluster, user: UserId, room: RoomId) -> Result<(), StoreError> {
    let end = Timestamp::now().0.saturating_mul(1000).saturating_add(LATER);
    let mut puts = vec![
        Put::plain(&MINE, end, [user.0.into()], [room.0.into()], []).deleted(),
        Put::plain(&MARKS, AFTER_MARKS, [room.0.into()], [user.0.into()], []).deleted(),
        Put::plain(&MARKS_BY_USER, AFTER_MARKS, [user.0.into()], [room.0.into()], []).deleted(),
    ];
    let slice = Slice::of(&PARTICIPANTS, [room.0.into()]).under([user.0.into()]);
    let known = at.tables().read(slice).await?;
    let body = known.first().filter(|row| row.flag("present") != Some(true));
    if let Some(body) = body.and_then(|row| row.bytes("body"))
        && let Some(head) = heads::head(at, room).await?
    {
        // Readers need `since`, with which the row stays; no change of a user who has left follows.
        let body = StoredParticipant {
            login: String::new(),
            edited_name: String::new(),
            ..StoredParticipant::decode(body)?
        };
        let cells = [("body", body.encode()?.into())];
        let timestamp = head.rev.0 + 1;
        puts.push(Put::plain(&PARTICIPANTS, timestamp, [room.0.into()], [user.0.into()], cells));
    }
    Ok(at.tables().write(puts).await?)
}
