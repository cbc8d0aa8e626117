//! Reads rooms for an export.

use std::collections::HashMap;

use super::client_ids;
use super::each::each;
use super::messages::{self, Bare};
use super::stored::{ALL, Stored as _, StoredPin};
use super::{mine, open};
use crate::model::{RoomId, Seq, Timestamp};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::Slice;
use crate::store::cluster::tables::schema::rooms::{ALL_ROOMS, MARKS, PINS};
use crate::store::transfer::{
    Key, MessageRecord, ParticipantRecord, PinRecord, ReactionRecord, RoomRecord,
};

/// Rooms listed at once.
const LISTED: u32 = 1_000;

/// Returns all rooms, ascending by id.
pub(in crate::store::cluster) async fn all(at: &Cluster) -> Result<Vec<RoomId>, StoreError> {
    let mut listing = super::directory::Listing::after(&ALL_ROOMS, None);
    let mut found = Vec::new();
    while let Some(some) = listing.next(at, LISTED).await? {
        found.extend(some);
    }
    Ok(found)
}

/// Returns a room and its participants in the order of joining; None if it is gone.
pub(in crate::store::cluster) async fn room(
    at: &Cluster,
    id: RoomId,
) -> Result<Option<(RoomRecord, Vec<ParticipantRecord>)>, StoreError> {
    let Some(now) = open::current(at, id).await? else { return Ok(None) };
    let room = &now.room;
    let record = RoomRecord {
        id: Key::Number(id.0),
        name: room.name.clone(),
        topic: room.topic.clone(),
        description: room.description.clone(),
        visibility: if room.public { "public" } else { "private" }.to_owned(),
        archived: room.archived.map(Timestamp),
        read_only: room.read_only,
        retention_days: now.kept.days,
        keep_pinned: now.kept.keep_pinned,
        expired: now.kept.expired,
        owner: room.owner.map(Key::Number),
        rev: now.rev.0,
        facts_rev: room.facts_rev,
        created: Timestamp(room.created),
    };
    let marks = at.tables().read(Slice::of(&MARKS, [id.0.into()])).await?;
    let mark_of = |row: &crate::store::cluster::tables::Row| {
        Some((row.int("user")?, (row.int("seq")?, row.int("at")?)))
    };
    let marks: HashMap<i64, (i64, i64)> = marks.iter().filter_map(mark_of).collect();
    let members = each(now.members.list().to_vec(), |member| {
        let (mark, mark_at) = marks.get(&member.user.0).copied().unwrap_or((0, member.body.joined));
        Box::pin(async move {
            let mine = mine::read(at, id, member.user, member.body.joined).await?;
            let record = ParticipantRecord {
                room: Key::Number(id.0),
                user: Key::Number(member.user.0),
                role: member.body.role().as_str().to_owned(),
                edited_name: member.body.edited_name,
                since: member.body.since,
                joined: Timestamp(member.body.joined),
                mark: Some(mark),
                mark_at: Timestamp(mark_at),
                unread_from: mine.unread_from(Seq(mark)).map(|from| from.0),
                muted: false,
                notify: None,
                favourite: false,
            };
            Ok(record.with(mine.settings))
        })
    });
    Ok(Some((record, members.await?)))
}

/// Returns the next messages of a room after this one, about `count`; none after the last.
pub(in crate::store::cluster) async fn messages(
    at: &Cluster,
    id: RoomId,
    after: Seq,
    count: i64,
) -> Result<Vec<MessageRecord>, StoreError> {
    let Some(now) = open::current(at, id).await? else { return Ok(Vec::new()) };
    let to = now.seq.min(Seq(after.0 + count));
    if to <= after {
        return Ok(Vec::new());
    }
    let pins = at.tables().read(Slice::of(&PINS, [id.0.into()])).await?;
    let mut pinned = HashMap::new();
    for row in pins.iter().filter(|row| row.flag("present") == Some(true)) {
        if let (Some(seq), Some(body)) = (row.int("seq"), row.bytes("body")) {
            let StoredPin { by, at } = StoredPin::decode(body)?;
            pinned.insert(seq, PinRecord { user: by.map(Key::Number), at: Timestamp(at) });
        }
    }
    let found = messages::range(at, id, after.next(), to).await?;
    Ok(found.into_iter().map(|bare| record(id, bare, &mut pinned)).collect())
}

fn record(id: RoomId, bare: Bare, pinned: &mut HashMap<i64, PinRecord>) -> MessageRecord {
    let body = bare.body;
    let reactions = bare.reactions.into_iter().map(|given| ReactionRecord {
        user: Key::Number(given.user.0),
        reaction: given.reaction,
        at: given.at,
    });
    MessageRecord {
        room: Key::Number(id.0),
        seq: Key::Number(bare.seq.0),
        rev: bare.rev.0,
        author: Key::Number(body.author),
        text: body.text,
        time: Timestamp(body.created),
        edited: body.edited.map(Timestamp),
        deleted: body.deleted.map(Timestamp),
        reply_to: body.reply_to.map(Key::Number),
        client_id: client_ids::shown(body.client_id),
        media: body.media.iter().map(|media| Key::Number(media.id().0)).collect(),
        mentions_all: body.mentions.contains(&ALL.0),
        mentions: body
            .mentions
            .into_iter()
            .filter(|user| *user != ALL.0)
            .map(Key::Number)
            .collect(),
        reactions: reactions.collect(),
        pinned: pinned.remove(&bare.seq.0),
    }
}
