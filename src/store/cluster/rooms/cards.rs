//! Room cards: the rooms in lists, as one user sees them.

use std::cmp::Reverse;

use super::directory::Listing;
use super::heads::State;
use super::own::Own;
use super::view::{Bare, View};
use crate::model::{RoomCard, RoomId, UserId};
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::{ALL_ROOMS, PUBLIC_ROOMS, ROOM_STATE};
use crate::store::{RoomQuery, StoreError};

/// Default number of participants per card.
const FEW: u32 = 10;
/// Rooms of a list that are read together.
const PART: u32 = 256;
/// Rows per page of a walk over all rooms.
const SCANNED: u32 = 1_000;

/// Returns cards of rooms.
pub(in crate::store::cluster) async fn cards(
    at: &Cluster,
    which: RoomQuery<'_>,
) -> Result<Vec<RoomCard>, StoreError> {
    match which {
        RoomQuery::Of { user, participants } => {
            let own = Own::all(at, user).await?;
            let ids: Vec<RoomId> = own.rooms.iter().copied().collect();
            let view = View { at, own: Some(own), participants };
            let mut found = view.bare(ids, |_, _| true).await?;
            found.sort_by_key(|bare| Reverse((bare.state.at, bare.state.id)));
            view.complete(found).await
        }
        RoomQuery::Page { user, descending, offset, limit, participants } => {
            let own = Own::all(at, user).await?;
            let mut ids: Vec<RoomId> = own.rooms.iter().copied().collect();
            if descending {
                ids.reverse();
            }
            let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
            let ids = ids.into_iter().skip(skipped).take(limit as usize).collect();
            let view = View { at, own: Some(own), participants };
            view.complete(view.bare(ids, |_, _| true).await?).await
        }
        RoomQuery::These(user, ids) => {
            let own = Own::these(at, user, ids).await?;
            let mut ids: Vec<RoomId> = ids.iter().copied().filter(|id| own.has(*id)).collect();
            ids.sort_unstable();
            ids.dedup();
            let view = View { at, own: Some(own), participants: FEW };
            view.complete(view.bare(ids, |_, _| true).await?).await
        }
        RoomQuery::Public { user, after, limit } => {
            let own = Some(Own::all(at, user).await?);
            let view = View { at, own, participants: FEW };
            let entered_or_open = |state: &State, member| {
                state.body.public && (state.body.archived.is_none() || member)
            };
            listed(view, Listing::after(&PUBLIC_ROOMS, after), limit, entered_or_open).await
        }
        RoomQuery::Visible { user, limit } => visible(at, user, limit).await,
        RoomQuery::After(after, limit) => {
            let view = View { at, own: None, participants: FEW };
            listed(view, Listing::after(&ALL_ROOMS, after), limit, |_, _| true).await
        }
        RoomQuery::Named(name, limit) => {
            let view = View { at, own: None, participants: FEW };
            view.complete(view.bare(named(at, name, limit).await?, |_, _| true).await?).await
        }
    }
}

/// Returns the newest rooms that the user may see, ascending by id, without participants.
async fn visible(at: &Cluster, user: UserId, limit: u32) -> Result<Vec<RoomCard>, StoreError> {
    let own = Own::all(at, user).await?;
    let mut mine: Vec<RoomId> = own.rooms.iter().copied().collect();
    let view = View { at, own: Some(own), participants: 0 };
    let seen =
        |state: &State, member| member || (state.body.public && state.body.archived.is_none());
    let mut listing = Listing::newest(&PUBLIC_ROOMS);
    let mut found: Vec<Bare> = Vec::new();
    while found.len() < limit as usize {
        let listed = listing.next(at, PART).await?;
        let ended = listed.is_none();
        let mut ids = listed.unwrap_or_default();
        // Own rooms above the end of this page have their place in it.
        let end = if ended { None } else { ids.last().copied() };
        if ids.is_empty() && !ended {
            continue;
        }
        while let Some(id) = mine.pop_if(|id| end.is_none_or(|end| *id >= end)) {
            ids.push(id);
        }
        ids.sort_unstable_by_key(|id| Reverse(*id));
        ids.dedup();
        found.extend(view.bare(ids, seen).await?);
        if ended {
            break;
        }
    }
    found.truncate(limit as usize);
    found.reverse();
    view.complete(found).await
}

/// Returns the first rooms of exactly this name, ascending by id: walks over all rooms.
async fn named(at: &Cluster, name: &str, limit: u32) -> Result<Vec<RoomId>, StoreError> {
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let page = at.tables().scan(&ROOM_STATE, from.as_deref(), SCANNED).await?;
        for row in &page.rows {
            if let Some(state) = State::of(row)?
                && state.body.name.as_deref() == Some(name)
            {
                found.push(state.id);
            }
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    found.sort_unstable();
    found.truncate(limit as usize);
    Ok(found)
}

/// Returns the first rooms of a list that are wanted.
async fn listed(
    view: View<'_>,
    mut listing: Listing,
    limit: u32,
    wanted: fn(&State, bool) -> bool,
) -> Result<Vec<RoomCard>, StoreError> {
    let mut found = Vec::new();
    while found.len() < limit as usize
        && let Some(ids) = listing.next(view.at, limit.min(PART)).await?
    {
        found.extend(view.bare(ids, wanted).await?);
    }
    found.truncate(limit as usize);
    view.complete(found).await
}
