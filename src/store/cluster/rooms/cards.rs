//! Room cards: the rooms in lists, as one user sees them.

use std::cmp::Reverse;

use super::directory::Listing;
use super::each::each;
use super::heads::{self, State};
use super::messages;
use super::names::{Names, Needed};
use super::own::Own;
use super::stored::StoredParticipant;
use super::unread::Newest;
use super::{mine, participants};
use crate::model::{RoomCard, RoomFacts, RoomId, Seq, UserId};
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
            view.listed(Listing::after(&PUBLIC_ROOMS, after), limit, entered_or_open).await
        }
        RoomQuery::Visible { user, limit } => visible(at, user, limit).await,
        RoomQuery::After(after, limit) => {
            let view = View { at, own: None, participants: FEW };
            view.listed(Listing::after(&ALL_ROOMS, after), limit, |_, _| true).await
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

/// Who sees the cards, and how much of the rooms.
struct View<'a> {
    at: &'a Cluster,
    /// None: an administrator, who sees no messages.
    own: Option<Own>,
    /// Maximum number of participants per card.
    participants: u32,
}

/// A card without names.
struct Bare {
    state: State,
    participants: Vec<(UserId, StoredParticipant)>,
    newest: Option<messages::Bare>,
    mark: Seq,
    unread: u32,
    mentions: u32,
    muted: bool,
}

impl View<'_> {
    /// Returns the first rooms of a list that are wanted.
    async fn listed(
        &self,
        mut listing: Listing,
        limit: u32,
        wanted: fn(&State, bool) -> bool,
    ) -> Result<Vec<RoomCard>, StoreError> {
        let mut found = Vec::new();
        while found.len() < limit as usize
            && let Some(ids) = listing.next(self.at, limit.min(PART)).await?
        {
            found.extend(self.bare(ids, wanted).await?);
        }
        found.truncate(limit as usize);
        self.complete(found).await
    }

    /// Reads those of the rooms that exist and are wanted, in the same order. `wanted` is told
    /// whether the user participates.
    async fn bare(
        &self,
        ids: Vec<RoomId>,
        wanted: fn(&State, bool) -> bool,
    ) -> Result<Vec<Bare>, StoreError> {
        let found = each(ids, |id| {
            Box::pin(async move {
                let own = self.own.as_ref().filter(|own| own.has(id));
                match heads::state(self.at, id).await? {
                    Some(state) if wanted(&state, own.is_some()) => {
                        self.card(state, own).await.map(Some)
                    }
                    _ => Ok(None),
                }
            })
        });
        Ok(found.await?.into_iter().flatten().collect())
    }

    async fn card(&self, state: State, own: Option<&Own>) -> Result<Bare, StoreError> {
        let (at, id) = (self.at, state.id);
        let participants = participants::first(at, id, state.body.users, self.participants);
        let Some(own) = own else {
            let (participants, mark) = (participants.await?, Seq(0));
            let (newest, unread, mentions, muted) = (None, 0, 0, false);
            return Ok(Bare { state, participants, newest, mark, unread, mentions, muted });
        };
        let mark = own.mark(id);
        let (participants, newest, above, muted) = futures_util::try_join!(
            participants,
            messages::newest(at, id, state.last.as_ref()),
            Newest::above(at, id, mark, state.head.seq),
            mine::is_muted(at, own.choices(id)),
        )?;
        let (unread, mentions) = (above.unread(mark), above.mentions(own.user, mark));
        Ok(Bare { state, participants, newest, mark, unread, mentions, muted })
    }

    /// Completes cards with names.
    async fn complete(&self, found: Vec<Bare>) -> Result<Vec<RoomCard>, StoreError> {
        let mut needed = Needed::default();
        for bare in &found {
            bare.needs(&mut needed);
        }
        let names = Names::read(self.at, needed).await?;
        Ok(found.into_iter().map(|bare| bare.card(&names)).collect())
    }
}

impl Bare {
    fn needs(&self, needed: &mut Needed) {
        if let Some(owner) = self.state.body.owner {
            needed.account(UserId(owner));
        }
        let id = self.state.id;
        if let Some(newest) = &self.newest {
            newest.needs(id, needed);
            if self.participants.len() == self.state.body.users as usize {
                needed.known(id, newest.author(), "");
            }
        }
        for (user, participant) in &self.participants {
            needed.account(*user);
            needed.known(id, *user, &participant.edited_name);
        }
    }

    fn card(self, names: &Names) -> RoomCard {
        let State { id, head, body, .. } = self.state;
        let owner = body.owner.and_then(|owner| names.user(UserId(owner)));
        let participants = self
            .participants
            .into_iter()
            .map(|(user, stored)| stored.participant(user, names.user(user)));
        RoomCard {
            facts: RoomFacts {
                room: body.room(id, head.rev, head.seq, owner),
                participants: participants.collect(),
            },
            user_count: body.users,
            last_message: self.newest.map(|newest| newest.message(id, names)),
            mark: self.mark,
            unread: self.unread,
            mentions: self.mentions,
            muted: self.muted,
        }
    }
}
