//! Removes the content of expired messages, in steps.
//!
//! Which messages have expired is a fact of the room, in its log. The rows that this changes follow
//! from that, so they carry the rev up to which the room was read as their timestamp: to repeat a
//! step, or to be late with it, changes nothing. No row is removed, so there are no tombstones.

use super::stored::{Stored as _, history_partition};
use super::{erasure, log, messages, open, pins, projector};
use crate::model::{RoomId, Seq, Timestamp};
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::{MESSAGES, ROOM_STATE};
use crate::store::cluster::tables::{Put, Slice};
use crate::store::{Erased, Missing, StoreError};

/// Removes the content of the next expired messages.
pub(in crate::store::cluster) async fn erase(
    at: &Cluster,
    room: RoomId,
    count: u32,
) -> Result<Erased, StoreError> {
    let missing = StoreError::NotFound(Missing::Room);
    let snapshot = open::current(at, room).await?.ok_or(missing)?;
    let (rev, expired) = (snapshot.rev.0, snapshot.expired());
    let reached = Slice::of(&ROOM_STATE, [room.0.into()]).only(&["erased"]);
    let rows = at.tables().read(reached).await?;
    let erased = Seq(rows.first().and_then(|row| row.int("erased")).unwrap_or_default());
    if erased >= expired {
        return Ok(Erased::default());
    }
    let upto = expired.min(Seq(erased.0 + i64::from(count)));
    let pinned = pins::pinned(at, room).await?;
    let now = Timestamp::now();
    // Older rows of the log are gone.
    let logged_since = now.minus(log::LIFE);
    let (mut done, mut puts, mut logged) = (Erased::default(), Vec::new(), false);
    for bare in messages::range(at, room, erased.next(), upto).await? {
        let seq = bare.seq;
        if bare.is_deleted() || pinned.contains(&seq) {
            continue;
        }
        let blank = bare.body.blank(now.0);
        let cells = [
            ("gone", true.into()),
            ("mentions", Vec::<u8>::new().into()),
            ("body", blank.encode()?.into()),
        ];
        puts.push(Put::plain(&MESSAGES, rev, history_partition(room, seq), [seq.0.into()], cells));
        for media in &bare.body.media {
            puts.extend(projector::hanging(room, rev, (media.id().0, seq.0), None));
            done.media.push(media.id());
        }
        if let Some(root) = bare.thread {
            let of = (bare.body.created, None);
            puts.extend(projector::threaded(room, rev, (root.0, seq.0), of, true));
        }
        if Timestamp(bare.body.edited.unwrap_or(bare.body.created)) >= logged_since {
            puts.extend(projector::to_erase(room, rev, seq.0));
            logged = true;
        }
        done.messages += 1;
    }
    projector::write_all(at, &puts).await?;
    let cells = [("erased", upto.0.into())];
    let reached = Put::plain(&ROOM_STATE, upto.0, [room.0.into()], [], cells);
    projector::write_all(at, &[reached]).await?;
    if logged {
        erasure::start(at, room);
    }
    done.more = upto < expired;
    Ok(done)
}
