//! A room at one rev: what its log says of it, without texts.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::logged::{Step, StoredChange};
use super::stored::{StoredLast, StoredParticipant, StoredRetention, StoredRoom, named};
use crate::model::{Person, Rev, Room, RoomFacts, RoomId, Seq, Timestamp, User, UserId, Who};
use crate::store::cluster::{Cluster, known_users, users};
use crate::store::{Basis, Missing, StoreError};

/// Accounts by their ids; deleted ones are missing.
pub(super) type Accounts = HashMap<UserId, User>;

/// Returns the accounts of these users.
pub(super) async fn accounts(
    at: &Cluster,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<Accounts, StoreError> {
    let mut ids: Vec<UserId> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Accounts::new());
    }
    Ok(users::these(at, &ids).await?.into_iter().map(|user| (user.id, user)).collect())
}

/// A participant, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) user: UserId,
    /// Ascends in the order of joining.
    pub(super) entered: i64,
    pub(super) body: StoredParticipant,
}

/// Participants in the order of joining.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Members {
    list: Vec<Member>,
    places: HashMap<UserId, usize>,
}

impl Members {
    /// Returns them in the order of joining.
    pub(super) fn list(&self) -> &[Member] {
        &self.list
    }

    fn get(&self, user: UserId) -> Option<&Member> {
        self.list.get(*self.places.get(&user)?)
    }

    fn add(&mut self, member: Member) {
        self.remove(member.user);
        self.places.insert(member.user, self.list.len());
        self.list.push(member);
    }

    fn change(&mut self, user: UserId, body: &StoredParticipant) {
        if let Some(known) = self.places.get(&user).and_then(|place| self.list.get_mut(*place)) {
            known.body.clone_from(body);
        }
    }

    fn remove(&mut self, user: UserId) {
        if self.places.remove(&user).is_none() {
            return;
        }
        self.list.retain(|member| member.user != user);
        for (place, member) in self.list.iter().enumerate() {
            self.places.insert(member.user, place);
        }
    }
}

impl FromIterator<Member> for Members {
    fn from_iter<I: IntoIterator<Item = Member>>(members: I) -> Self {
        let mut list: Vec<Member> = members.into_iter().collect();
        list.sort_by_key(|member| member.entered);
        let places = list.iter().enumerate().map(|(place, member)| (member.user, place)).collect();
        Self { list, places }
    }
}

/// A room at one rev.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) id: RoomId,
    /// 0: the room does not exist.
    pub(super) rev: Rev,
    /// Seq of its newest message.
    pub(super) seq: Seq,
    /// Time of its newest message, or of its creation.
    pub(super) at: Timestamp,
    pub(super) room: StoredRoom,
    pub(super) kept: StoredRetention,
    pub(super) gone: bool,
    pub(super) members: Arc<Members>,
    pub(super) last: Option<Arc<StoredLast>>,
}

impl Snapshot {
    /// A room before its first change.
    pub(super) fn nothing(id: RoomId) -> Self {
        let room = StoredRoom {
            name: None,
            topic: None,
            description: None,
            public: false,
            archived: None,
            read_only: false,
            owner: None,
            created: 0,
            facts_rev: 0,
            mode_rev: 0,
            users: 0,
        };
        Self {
            id,
            rev: Rev(0),
            seq: Seq(0),
            at: Timestamp(0),
            room,
            kept: StoredRetention::default(),
            gone: false,
            members: Arc::default(),
            last: None,
        }
    }

    /// Returns whether the room exists.
    pub(super) fn stands(&self) -> bool {
        self.rev > Rev(0) && !self.gone
    }

    /// Returns a participant.
    pub(super) fn member(&self, user: UserId) -> Option<&Member> {
        self.members.get(user)
    }

    /// Returns the newest expired message.
    pub(super) fn expired(&self) -> Seq {
        Seq(self.kept.expired)
    }

    /// Returns the basis of decisions on this participant's messages.
    pub(super) fn basis_of(&self, user: UserId) -> Option<Rev> {
        Some(Rev(self.member(user)?.body.since.max(self.room.mode_rev)))
    }

    /// Returns a user as named in this room.
    pub(super) fn person(&self, account: &User) -> Person {
        named(account, self.member(account.id).map_or("", |member| &member.body.edited_name))
    }

    /// Returns a user as author of a message or change.
    pub(super) fn who(&self, user: UserId, accounts: &Accounts) -> Who {
        accounts.get(&user).map_or(Who::Deleted, |account| Who::User(self.person(account)))
    }

    /// Checks that the room exists and that the basis of a decision is still valid.
    pub(super) fn on_basis(&self, basis: Basis, accounts: &Accounts) -> Result<(), StoreError> {
        if !self.stands() {
            return Err(gone(basis));
        }
        let holds = match basis {
            Basis::Member { user, since } => {
                accounts.contains_key(&user) && self.basis_of(user) == Some(since)
            }
            Basis::Facts(rev) => self.room.facts_rev == rev.0,
            Basis::Nobody => true,
        };
        if holds { Ok(()) } else { Err(StoreError::Stale) }
    }

    /// Returns the room without its participants.
    pub(super) fn room(&self, accounts: &Accounts) -> Room {
        let owner = self.room.owner.and_then(|owner| accounts.get(&UserId(owner)));
        self.room.room(self.id, (self.rev, self.seq), self.kept, owner)
    }

    /// Returns the room with its participants, joined with their accounts as they were a moment
    /// ago.
    pub(super) async fn facts(&self, at: &Cluster) -> Result<RoomFacts, StoreError> {
        let ids: Vec<UserId> = self.people().collect();
        Ok(self.facts_with(&known_users::accounts(at, &ids).await?))
    }

    /// Returns the room with its participants, joined with their accounts as they are now, for
    /// decisions that rest on those.
    pub(super) async fn exact_facts(&self, at: &Cluster) -> Result<RoomFacts, StoreError> {
        Ok(self.facts_with(&accounts(at, self.people()).await?))
    }

    /// Returns the participants and the owner.
    fn people(&self) -> impl Iterator<Item = UserId> {
        let members = self.members.list().iter().map(|member| member.user);
        members.chain(self.room.owner.map(UserId))
    }

    /// Returns the room with its participants, joined with these accounts.
    pub(super) fn facts_with(&self, accounts: &Accounts) -> RoomFacts {
        let members = self.members.list().iter();
        let participants = members
            .map(|member| member.body.participant(member.user, accounts.get(&member.user)))
            .collect();
        RoomFacts { room: self.room(accounts), participants }
    }

    /// Advances by the next change of the log.
    pub(super) fn apply(&mut self, change: &StoredChange) {
        if self.rev == Rev(0) {
            self.at = Timestamp(change.at);
        }
        self.rev = change.rev();
        if let Some(room) = &change.room {
            self.room.clone_from(room);
        }
        for step in &change.steps {
            self.apply_step(change, step);
        }
    }

    fn apply_step(&mut self, change: &StoredChange, step: &Step) {
        match step {
            Step::Posted { seq, message } => {
                self.seq = Seq(*seq);
                self.at = Timestamp(message.created);
                let last = StoredLast { seq: *seq, rev: change.rev, message: message.clone() };
                self.last = Some(Arc::new(last));
            }
            Step::Edited { seq, message } | Step::Deleted { seq, message, .. } => {
                if self.last.as_ref().is_some_and(|last| last.seq == *seq) {
                    let last = StoredLast { seq: *seq, rev: change.rev, message: message.clone() };
                    self.last = Some(Arc::new(last));
                }
            }
            Step::ParticipantAdded { user, entered, participant } => {
                Arc::make_mut(&mut self.members).add(Member {
                    user: UserId(*user),
                    entered: *entered,
                    body: participant.clone(),
                });
            }
            Step::ParticipantChanged { user, participant } => {
                Arc::make_mut(&mut self.members).change(UserId(*user), participant);
            }
            Step::ParticipantRemoved { user, .. } => {
                Arc::make_mut(&mut self.members).remove(UserId(*user));
            }
            Step::Retained { retention, .. } => {
                self.kept = *retention;
                let expired = |last: &&Arc<StoredLast>| last.seq <= retention.expired;
                if let Some(last) = self.last.as_ref().filter(expired) {
                    // Whoever needs it, because it is pinned, reads its row.
                    let message = last.message.blank(change.at);
                    self.last = Some(Arc::new(StoredLast { message, ..**last }));
                }
            }
            // Its participants are kept: what is derived from the deletion concerns them.
            Step::RoomDeleted => self.gone = true,
            Step::Reacted { .. }
            | Step::Unreacted { .. }
            | Step::Updated { .. }
            | Step::Pinned { .. }
            | Step::Unpinned { .. }
            | Step::Threaded { .. }
            | Step::Followed { .. } => {}
        }
    }
}

/// Returns the error for a decision about a room that is gone.
pub(super) fn gone(basis: Basis) -> StoreError {
    match basis {
        Basis::Member { .. } | Basis::Facts(_) => StoreError::Stale,
        Basis::Nobody => StoreError::NotFound(Missing::Room),
    }
}

/// Returns the key by which an unnamed private room of exactly these people is found.
pub(super) fn people_key(ids: impl IntoIterator<Item = UserId>) -> Vec<u8> {
    let mut ids: Vec<UserId> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut hash = Sha256::new();
    for id in ids {
        hash.update(id.0.to_be_bytes());
    }
    hash.finalize().to_vec()
}
