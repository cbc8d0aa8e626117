//! What users have begun to write and have not sent. A draft that was removed stays as a row with
//! an empty text, so that a write that is late does not bring it back.

use std::collections::HashSet;

use super::next_version;
use crate::model::{
    DraftPlace, Event, MAX_DRAFTS, Missing, Personal, RoomId, Seq, SocketId, Timestamp, Unsent,
    UserId,
};
use crate::store::StoreError;
use crate::store::cluster::tables::schema::people::DRAFTS;
use crate::store::cluster::tables::{Put, Row, Slice, Value};
use crate::store::cluster::{Cluster, rooms};

/// Replaces the draft of a place, or removes it if the text is empty.
pub(in crate::store::cluster) async fn change(
    at: &Cluster,
    user: UserId,
    place: DraftPlace,
    text: String,
    reply_to: Option<Seq>,
    socket: Option<SocketId>,
) -> Result<Unsent, StoreError> {
    let rooms = rooms::of_user(at, user).await?;
    if !rooms.contains(&place.room) {
        return Err(StoreError::NotFound(Missing::Participant));
    }
    let slice = Slice::of(&DRAFTS, [user.0.into()]).under([place.room.0.into(), thread_of(place)]);
    let row = at.tables().read(slice).await?.into_iter().next();
    let before = row.as_ref().and_then(from_row);
    let reply_to = reply_to.filter(|_| !text.is_empty());
    let (old, old_reply) = before.as_ref().map_or(("", None), |b| (b.text.as_str(), b.reply_to));
    let same = old == text && old_reply == reply_to;
    let now = Timestamp::now();
    let time = before.as_ref().map_or(now, |before| now.max(Timestamp(before.at.0 + 1)));
    let new = Unsent { place, text, reply_to, at: time };
    if same {
        return Ok(before.unwrap_or(new));
    }
    if old.is_empty() {
        make_room(at, user, &rooms).await?;
    }
    let version = next_version(row.and_then(|row| row.int("version")));
    at.tables().write(vec![put(user, &new, version)]).await?;
    let change = Personal::Draft(new.clone(), socket);
    at.emit(Event::Personal { user, change, at: now }).await;
    Ok(new)
}

/// Makes room for one more: those of rooms that the user has left give way.
async fn make_room(at: &Cluster, user: UserId, rooms: &[RoomId]) -> Result<(), StoreError> {
    let rows = at.tables().read(Slice::of(&DRAFTS, [user.0.into()])).await?;
    let held = rows.iter().filter_map(|row| Some((from_row(row)?, row.int("version"))));
    let held = held.filter(|(draft, _)| !draft.text.is_empty());
    let (here, away): (Vec<_>, Vec<_>) =
        held.partition(|(draft, _)| rooms.contains(&draft.place.room));
    let most = MAX_DRAFTS as usize;
    if here.len() + away.len() < most {
        return Ok(());
    }
    if here.len() >= most {
        return Err(StoreError::TooManyDrafts);
    }
    let gone = away.into_iter().map(|(draft, version)| {
        let empty = Unsent { text: String::new(), reply_to: None, ..draft };
        put(user, &empty, next_version(version))
    });
    Ok(at.tables().write(gone.collect()).await?)
}

/// Returns the drafts of a user in their rooms, the latest first.
pub(in crate::store::cluster) async fn of_user(
    at: &Cluster,
    user: UserId,
) -> Result<Vec<Unsent>, StoreError> {
    let rooms = rooms::of_user(at, user).await?;
    let mut found = in_rooms(at, user, &rooms).await?;
    found.sort_by_key(|draft| (std::cmp::Reverse(draft.at), draft.place));
    found.truncate(MAX_DRAFTS as usize);
    Ok(found)
}

async fn in_rooms(at: &Cluster, user: UserId, rooms: &[RoomId]) -> Result<Vec<Unsent>, StoreError> {
    let rooms: HashSet<RoomId> = rooms.iter().copied().collect();
    let mut drafts = all(at, user).await?;
    drafts.retain(|draft| rooms.contains(&draft.place.room));
    Ok(drafts)
}

/// Returns the drafts of a user, also those of rooms that they have left, in no order.
pub(in crate::store::cluster) async fn all(
    at: &Cluster,
    user: UserId,
) -> Result<Vec<Unsent>, StoreError> {
    let rows = at.tables().read(Slice::of(&DRAFTS, [user.0.into()])).await?;
    Ok(rows.iter().filter_map(from_row).filter(|draft| !draft.text.is_empty()).collect())
}

fn from_row(row: &Row) -> Option<Unsent> {
    let some = |column| row.int(column).filter(|seq| *seq != 0).map(Seq);
    Some(Unsent {
        place: DraftPlace { room: RoomId(row.int("room")?), thread: some("thread") },
        text: row.text("text")?.to_owned(),
        reply_to: some("reply_to"),
        at: Timestamp(row.int("at")?),
    })
}

fn thread_of(place: DraftPlace) -> Value {
    place.thread.map_or(0, |seq| seq.0).into()
}

fn put(user: UserId, draft: &Unsent, version: i64) -> Put {
    let key = [draft.place.room.0.into(), thread_of(draft.place)];
    let cells = [
        ("text", draft.text.clone().into()),
        ("reply_to", draft.reply_to.map_or(0, |seq| seq.0).into()),
        ("at", draft.at.0.into()),
        ("version", version.into()),
    ];
    Put::plain(&DRAFTS, version, [user.0.into()], key, cells)
}
