//! How one user sees rooms: their state, the newest message, and what is unread.

use super::each::each;
use super::heads::{self, State};
use super::messages;
use super::names::{Names, Needed};
use super::own::Own;
use super::stored::StoredParticipant;
use super::unread::Newest;
use super::{mine, participants};
use crate::model::{OwnSettings, RoomCard, RoomFacts, RoomId, Seq, UserId};
use crate::store::StoreError;
use crate::store::cluster::{Cluster, known_users};

/// Who sees the cards, and how much of the rooms.
pub(super) struct View<'a> {
    pub(super) at: &'a Cluster,
    /// None: an administrator, who sees no messages.
    pub(super) own: Option<Own>,
    /// Maximum number of participants per card.
    pub(super) participants: u32,
}

/// A card without names.
pub(super) struct Bare {
    pub(super) state: State,
    participants: Vec<(UserId, StoredParticipant)>,
    newest: Option<messages::Bare>,
    mark: Seq,
    unread: u32,
    mentions: u32,
    own: OwnSettings,
}

impl View<'_> {
    /// Reads those of the rooms that exist and are wanted, in the same order. `wanted` is told
    /// whether the user participates.
    pub(super) async fn bare(
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
        let participants = participants::first(at, &state, self.participants);
        let Some(own) = own else {
            let (participants, mark) = (participants.await?, Seq(0));
            let (newest, unread, mentions, own) = (None, 0, 0, OwnSettings::default());
            return Ok(Bare { state, participants, newest, mark, unread, mentions, own });
        };
        let chosen = mine::in_row(at, own.choices(id)).await?;
        let mark = chosen.own_mark(own.mark(id));
        let expired = state.expired();
        let (participants, newest, above) = futures_util::try_join!(
            participants,
            messages::newest(at, id, state.last.as_ref(), expired),
            Newest::above(at, id, mark, (expired, state.head.seq)),
        )?;
        let mut counts = (above.unread(mark), above.mentions(own.user, mark));
        if counts != (0, 0) && known_users::is_bot(at, own.user).await? {
            counts = (0, 0);
        }
        let (unread, mentions) = counts;
        let own = chosen.settings;
        Ok(Bare { state, participants, newest, mark, unread, mentions, own })
    }

    /// Completes cards with names.
    pub(super) async fn complete(&self, found: Vec<Bare>) -> Result<Vec<RoomCard>, StoreError> {
        let mut needed = Needed::default();
        for bare in &found {
            bare.needs(self.at, &mut needed);
        }
        let names = Names::read(self.at, needed).await?;
        Ok(found.into_iter().map(|bare| bare.card(&names)).collect())
    }
}

impl Bare {
    fn needs(&self, at: &Cluster, needed: &mut Needed) {
        if let Some(owner) = self.state.body.owner {
            needed.account(UserId(owner));
        }
        let id = self.state.id;
        if let Some(newest) = &self.newest {
            newest.needs(id, needed);
            if let Some(known) = participants::in_memory(at, &self.state) {
                let author = known.member(newest.author());
                let edited = author.map_or("", |member| &member.body.edited_name);
                needed.known(id, newest.author(), edited);
            } else if self.participants.len() == self.state.body.users as usize {
                needed.known(id, newest.author(), "");
            }
        }
        for (user, participant) in &self.participants {
            needed.account(*user);
            needed.known(id, *user, &participant.edited_name);
        }
    }

    fn card(self, names: &Names) -> RoomCard {
        let State { id, head, body, kept, .. } = self.state;
        let owner = body.owner.and_then(|owner| names.user(UserId(owner)));
        let participants = self
            .participants
            .into_iter()
            .map(|(user, stored)| stored.participant(user, names.user(user)));
        RoomCard {
            facts: RoomFacts {
                room: body.room(id, (head.rev, head.seq), kept, owner),
                participants: participants.collect(),
            },
            user_count: body.users,
            last_message: self.newest.map(|newest| newest.message(id, names)),
            mark: self.mark,
            unread: self.unread,
            mentions: self.mentions,
            own: self.own,
        }
    }
}
