//! What a user has of their own in rooms in which they do not take part any more.

use std::collections::{HashMap, HashSet};

use super::follow_rows::{Stands, thread_of};
use super::{find, heads, own};
use crate::model::{Follow, MessageId, RoomId, Seq, UserId};
use crate::store::cluster::tables::Slice;
use crate::store::cluster::tables::schema::people::FOLLOWS;
use crate::store::cluster::{Cluster, personal};
use crate::store::{LeftBehind, StoreError};

/// Returns drafts, followed threads and saved messages of such rooms.
pub(in crate::store::cluster) async fn of(
    at: &Cluster,
    user: UserId,
) -> Result<LeftBehind, StoreError> {
    let follows = async { Ok(at.tables().read(Slice::of(&FOLLOWS, [user.0.into()])).await?) };
    let (follows, mut drafts, mut saved, own) = futures_util::try_join!(
        follows,
        personal::all_drafts(at, user),
        personal::all_saved(at, user),
        own::of_user(at, user),
    )?;
    let followed = follows.iter().filter_map(|row| {
        let (root, stands) = (thread_of(row)?, Stands::of(row));
        let read = stands.read();
        stands.following().then_some(Follow { root, following: true, read, unread: None })
    });
    let mut follows: Vec<Follow> = followed.collect();
    let own: HashSet<RoomId> = own.into_iter().collect();
    let mut left: HashSet<RoomId> = HashSet::new();
    let named = follows.iter().map(|follow| follow.root.room);
    let named = named.chain(drafts.iter().map(|draft| draft.place.room));
    let named: HashSet<RoomId> = named.chain(saved.iter().map(|saved| saved.room)).collect();
    for room in named.difference(&own) {
        if heads::head(at, *room).await?.is_some() {
            left.insert(*room);
        }
    }
    follows.retain(|follow| left.contains(&follow.root.room));
    follows.sort_unstable_by_key(|follow| (follow.root.room, follow.root.seq));
    drafts.retain(|draft| left.contains(&draft.place.room));
    drafts.sort_unstable_by_key(|draft| draft.place);
    saved.retain(|saved| left.contains(&saved.room));
    saved.sort_unstable();
    let mut wanted: HashMap<RoomId, Vec<Seq>> = HashMap::new();
    for place in &saved {
        wanted.entry(place.room).or_default().push(place.seq);
    }
    let standing = find::standing_messages(at, wanted).await?;
    saved.retain(|place| standing.contains_key(&MessageId { room: place.room, seq: place.seq }));
    Ok(LeftBehind { drafts, follows, saved })
}
