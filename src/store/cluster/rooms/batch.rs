//! A batch of posts and changes of messages with everything that they rest on, read at one rev of
//! the room.

use std::collections::{HashMap, HashSet, VecDeque};

use futures_util::future::try_join_all;

use super::messages::{self, Bare};
use super::names::Names;
use super::orders::{Order, Waiting};
use super::pins::is_pinned;
use super::state::{Accounts, Snapshot, accounts};
use crate::model::{Media, RoomId, Seq, UserId};
use crate::store::cluster::tables::Slice;
use crate::store::cluster::tables::schema::rooms::SENT;
use crate::store::cluster::{Cluster, media};
use crate::store::{Basis, Draft, MessageChange, StoreError};

/// A batch with everything read for it, at one rev of the room.
pub(super) struct Batch<'a> {
    pub(super) room: &'a Snapshot,
    pub(super) accounts: Accounts,
    pub(super) names: Names,
    /// Messages that the orders name.
    pub(super) rows: HashMap<Seq, Bare>,
    /// Messages to delete, and expired ones, that are pinned.
    pub(super) pinned: HashSet<Seq>,
    /// Client ids that were used before.
    pub(super) sent: HashMap<(UserId, String), Seq>,
    /// Attachments by the place of their order.
    pub(super) media: HashMap<usize, Result<Vec<Media>, StoreError>>,
}

impl<'a> Batch<'a> {
    /// Reads what the orders rest on.
    pub(super) async fn read(
        at: &Cluster,
        room: &'a Snapshot,
        orders: &VecDeque<Waiting>,
    ) -> Result<Self, StoreError> {
        let mut seqs = HashSet::new();
        let (mut deleted, mut sent) = (HashSet::new(), HashSet::new());
        let (mut users, mut attached) = (HashSet::new(), Vec::new());
        for (place, waiting) in orders.iter().enumerate() {
            match &waiting.order {
                Order::Post { basis, draft } => {
                    users.extend([Some(draft.author), user_of(*basis)].into_iter().flatten());
                    seqs.extend(draft.reply_to);
                    sent.extend(draft.client_id.clone().map(|id| (draft.author, id)));
                    if !draft.media.is_empty() {
                        attached.push((place, draft));
                    }
                }
                Order::Message { seq, basis, by, change, .. } => {
                    users.extend([*by, user_of(*basis)].into_iter().flatten());
                    seqs.insert(*seq);
                    if matches!(change, MessageChange::Delete) || *seq <= room.expired() {
                        deleted.insert(*seq);
                    }
                }
                Order::Room { .. } | Order::Planned { .. } => {}
            }
        }
        let (rows, pinned, sent, media) = tokio::try_join!(
            messages::these(at, room.id, seqs.into_iter().collect()),
            read_each(deleted, |seq| is_pinned(at, room.id, seq)),
            read_each(sent, |key| sent_as(at, room, key)),
            read_each(attached, |(place, draft)| attachable(at, room.id, place, draft)),
        )?;
        users.extend(rows.iter().map(|row| UserId(row.body.author)));
        users.extend(rows.iter().flat_map(|row| row.reactions.iter().map(|given| given.user)));
        let accounts = accounts(at, users).await?;
        Ok(Self {
            room,
            names: Names::within(room, &accounts),
            accounts,
            rows: rows.into_iter().map(|row| (row.seq, row)).collect(),
            pinned: pinned.into_iter().map(|(seq, ())| seq).collect(),
            sent: sent.into_iter().collect(),
            media: media.into_iter().map(|((place, _), media)| (place, media)).collect(),
        })
    }
}

/// Reads each at the same time; without those for which there is nothing.
async fn read_each<K: Clone, V, F>(
    keys: impl IntoIterator<Item = K>,
    read: impl Fn(K) -> F,
) -> Result<Vec<(K, V)>, StoreError>
where
    F: Future<Output = Result<Option<V>, StoreError>>,
{
    let reads = keys.into_iter().map(|key| {
        let found = read(key.clone());
        async move { Ok::<_, StoreError>(found.await?.map(|value| (key, value))) }
    });
    Ok(try_join_all(reads).await?.into_iter().flatten().collect())
}

/// Returns the user on whose membership a decision rests.
pub(super) fn user_of(basis: Basis) -> Option<UserId> {
    if let Basis::Member { user, .. } = basis { Some(user) } else { None }
}

async fn sent_as(
    at: &Cluster,
    room: &Snapshot,
    (author, client_id): (UserId, String),
) -> Result<Option<Seq>, StoreError> {
    use crate::store::cluster::tables::Bound::Including;
    let key = client_id.as_str();
    let slice = Slice::of(&SENT, [room.id.0.into(), author.0.into()])
        .between(Including(key.into()), Including(key.into()));
    let rows = at.tables().read(slice).await?;
    Ok(rows.first().and_then(|row| row.int("seq")).map(Seq))
}

async fn attachable(
    at: &Cluster,
    room: RoomId,
    _place: usize,
    draft: &Draft,
) -> Result<Option<Result<Vec<Media>, StoreError>>, StoreError> {
    Ok(Some(media::attachable(at, draft.author, &draft.media, Some(room)).await))
}
