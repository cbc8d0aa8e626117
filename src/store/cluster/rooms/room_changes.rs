//! Decides changes of facts: each is a commit of its own.

use std::collections::HashSet;
use std::sync::Arc;

use super::logged::{Step, StoredChange, StoredWho};
use super::orders::{Decided, Done, Order, Ready, Waiting};
use super::pins::is_pinned;
use super::state::{Accounts, Snapshot, accounts};
use super::stored::{StoredParticipant, StoredPin, StoredRetention, StoredRoom, entered};
use super::{messages, room_names};
use crate::model::rules::{Concerned, plan};
use crate::model::{
    AuditNote, Change, Event, LiveState, MessageId, Participant, Rev, RoomEvent, RoomFacts, Seq,
    SocketId, Timestamp, User, UserId, Who,
};
use crate::store::cluster::Cluster;
use crate::store::{Basis, Committed, Missing, RoomChange, StoreError, audit_notes};

/// Decides the one order of a batch.
pub(super) async fn decide(at: &Cluster, room: &Snapshot, waiting: &Waiting) -> Decided {
    let decided = match &waiting.order {
        Order::Room { basis, by, change } => change_of(at, room, *basis, *by, change).await,
        Order::Planned { facts_rev, rev, by, changes } => {
            planned(at, room, (*facts_rev, *rev), by, changes).await
        }
        Order::Post { .. } | Order::Message { .. } => return Decided::default(),
    };
    decided.unwrap_or_else(|error| Decided { done: vec![Err(error).into()], ..Decided::default() })
}

async fn change_of(
    at: &Cluster,
    room: &Snapshot,
    basis: Basis,
    by: Option<UserId>,
    change: &RoomChange,
) -> Result<Decided, StoreError> {
    let (ids, strangers) = concerned(room, change);
    let basis_user = if let Basis::Member { user, .. } = basis { Some(user) } else { None };
    let named = ids.iter().copied().chain(strangers.iter().copied());
    let others = by.into_iter().chain(basis_user).chain(room.room.owner.map(UserId));
    let accounts = accounts(at, named.chain(others)).await?;
    room.on_basis(basis, &accounts)?;
    let facts = facts_of(room, &ids, &accounts);
    let newcomers: Vec<User> =
        strangers.iter().filter_map(|user| accounts.get(user).cloned()).collect();
    let now = Timestamp::now();
    let mut changes = plan(&facts, change, &newcomers, now).map_err(StoreError::from)?;
    let release = room_names::prepare(at, room, &changes).await?;
    let mut pin = None;
    if let RoomChange::Pin(seq, pinned) = change {
        pin = pinning(at, room, *seq, *pinned, by, now).await?;
        if pin.is_none() {
            changes.clear();
        }
    }
    let socket = if let RoomChange::Remove { socket, .. } = change { *socket } else { None };
    let who = by.map_or(Who::Server, |user| room.who(user, &accounts));
    let new = New { at: now, by: who, socket, changes, pin };
    let note = new.note(&facts, change, room);
    let mut decided = store(at, room, &facts, new).await?;
    if let Some(done) = decided.done.first_mut() {
        (done.note, done.release) = (note, release);
    }
    Ok(decided)
}

/// Returns the participants needed to plan a change, in the order of joining, and the other users
/// named in it.
fn concerned(room: &Snapshot, change: &RoomChange) -> (Vec<UserId>, Vec<UserId>) {
    let members = room.members.list().iter().map(|member| member.user);
    let (needed, named) = match change.concerned() {
        Concerned::Everybody(users) => (members.collect(), users.to_vec()),
        Concerned::Users(users) => {
            let wanted: HashSet<UserId> = users.iter().copied().collect();
            let mut others = 0;
            let needed = members.filter(|user| {
                let other = !wanted.contains(user);
                others += usize::from(other);
                !other || others == 1
            });
            (needed.collect(), users)
        }
    };
    let strangers = named.into_iter().filter(|user| room.member(*user).is_none()).collect();
    (needed, strangers)
}

fn facts_of(room: &Snapshot, ids: &[UserId], accounts: &Accounts) -> RoomFacts {
    let members = ids.iter().filter_map(|user| room.member(*user));
    let participants: Vec<Participant> = members
        .map(|member| member.body.participant(member.user, accounts.get(&member.user)))
        .collect();
    RoomFacts { room: room.room(accounts), participants }
}

/// Pins or unpins; None if nothing changes.
async fn pinning(
    at: &Cluster,
    room: &Snapshot,
    seq: Seq,
    pinned: bool,
    by: Option<UserId>,
    now: Timestamp,
) -> Result<Option<Step>, StoreError> {
    let missing = StoreError::NotFound(Missing::Message);
    let is_pinned = is_pinned(at, room.id, seq).await?.is_some();
    if !pinned {
        return if is_pinned { Ok(Some(Step::Unpinned { seq: seq.0 })) } else { Err(missing) };
    }
    // An expired message that is not pinned is gone, even if its content is not removed yet.
    if seq <= room.expired() && !is_pinned {
        return Err(missing);
    }
    let found = messages::these(at, room.id, vec![seq]).await?;
    if found.first().is_none_or(messages::Bare::is_deleted) {
        return Err(missing);
    }
    let pin = StoredPin { by: by.map(|user| user.0), at: now.0 };
    Ok((!is_pinned).then_some(Step::Pinned { seq: seq.0, pin }))
}

/// Steps that were planned outside, for the facts of this rev.
async fn planned(
    at: &Cluster,
    room: &Snapshot,
    (facts_rev, rev): (Rev, Rev),
    by: &Who,
    changes: &[Change],
) -> Result<Decided, StoreError> {
    if !room.stands() || room.room.facts_rev != facts_rev.0 {
        return Err(StoreError::Stale);
    }
    let members: Vec<UserId> = room.members.list().iter().map(|member| member.user).collect();
    let owner = room.room.owner.map(UserId);
    let accounts = accounts(at, members.iter().copied().chain(owner)).await?;
    let facts = facts_of(room, &members, &accounts);
    let changes = changes.iter().map(|change| moved(change, rev.next(), room)).collect::<Vec<_>>();
    let release = room_names::prepare(at, room, &changes).await?;
    let new = New { at: Timestamp::now(), by: by.clone(), socket: None, changes, pin: None };
    let mut decided = store(at, room, &facts, new).await?;
    if let Some(done) = decided.done.first_mut() {
        done.release = release;
    }
    Ok(decided)
}

/// A change that was planned as another rev, as the next one: messages came in between.
fn moved(change: &Change, planned: Rev, room: &Snapshot) -> Change {
    let rev = room.rev.next();
    let number = |known: Rev| if known == planned { rev } else { known };
    match change {
        Change::Updated(planned) => {
            let mut updated = planned.clone();
            updated.last_seq = room.seq;
            (updated.rev, updated.facts_rev) = (rev, rev);
            updated.mode_rev = number(updated.mode_rev);
            Change::Updated(updated)
        }
        Change::ParticipantAdded(new) => {
            Change::ParticipantAdded(Participant { since: number(new.since), ..new.clone() })
        }
        Change::ParticipantChanged(new) => {
            Change::ParticipantChanged(Participant { since: number(new.since), ..new.clone() })
        }
        other => other.clone(),
    }
}

/// A planned change.
struct New {
    at: Timestamp,
    by: Who,
    socket: Option<SocketId>,
    changes: Vec<Change>,
    pin: Option<Step>,
}

impl New {
    /// What the audit log says of it.
    fn note(&self, before: &RoomFacts, change: &RoomChange, room: &Snapshot) -> Option<AuditNote> {
        let id = before.room.id;
        if self.changes.is_empty() {
            return None;
        }
        if let RoomChange::Pin(seq, pinned) = change {
            return audit_notes::pinned(MessageId { room: id, seq: *seq }, *pinned);
        }
        if self.changes.iter().any(|change| matches!(change, Change::RoomDeleted)) {
            let left = |change: &&Change| matches!(change, Change::ParticipantRemoved(_));
            let left = self.changes.iter().filter(left).count();
            let members = room.members.list().len().saturating_sub(left);
            return audit_notes::room_removed(before, members as u64);
        }
        let mut after = before.clone();
        for change in &self.changes {
            after.apply(room.rev.next(), change);
        }
        audit_notes::room_changed(before, &after)
    }
}

/// Returns the change as it is stored, with its events: those for added users come first. `facts`
/// have the participants concerned.
async fn store(
    at: &Cluster,
    room: &Snapshot,
    facts: &RoomFacts,
    new: New,
) -> Result<Decided, StoreError> {
    let New { at: now, by, socket, changes, pin } = new;
    if changes.is_empty() {
        let committed = Committed { rev: room.rev, last_seq: room.seq, at: now, changes };
        let done = vec![Ok(Ready::Committed(committed)).into()];
        return Ok(Decided { done, ..Decided::default() });
    }
    let rev = room.rev.next();
    let mut steps = Steps { room, rev, owner: room.room.owner, entered: 0, list: Vec::new() };
    let mut after = facts.clone();
    for change in &changes {
        steps.add(change);
        after.apply(rev, change);
    }
    let Steps { owner, mut list, .. } = steps;
    list.extend(pin);
    let retention = StoredRetention::of(&after.room);
    if retention != room.kept {
        list.push(Step::Retained { after: room.kept.expired, retention });
    }
    let users = count(room, &changes);
    let stored = StoredRoom { owner, ..StoredRoom::of(&after.room, users) };
    let by_stored = StoredWho::from(&by);
    let change =
        StoredChange { rev: rev.0, at: now.0, by: by_stored, steps: list, room: Some(stored) };
    let mut events = added(at, room, &change, &changes, now).await?;
    let event = RoomEvent { room: room.id, rev, at: now, by, socket, changes: changes.clone() };
    events.push(Event::Room(Arc::new(event)));
    let committed = Committed { rev, last_seq: room.seq, at: now, changes };
    let done: Done = Ok(Ready::Committed(committed)).into();
    Ok(Decided { done: vec![done], changes: vec![change], events })
}

fn count(room: &Snapshot, changes: &[Change]) -> usize {
    let of = |wanted: fn(&Change) -> bool| changes.iter().filter(|change| wanted(change)).count();
    let added = of(|change| matches!(change, Change::ParticipantAdded(_)));
    let removed = of(|change| matches!(change, Change::ParticipantRemoved(_)));
    (room.members.list().len() + added).saturating_sub(removed)
}

/// Events for the users who become participants, with the room after the change.
async fn added(
    at: &Cluster,
    room: &Snapshot,
    change: &StoredChange,
    changes: &[Change],
    now: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let added = |change: &Change| match change {
        Change::ParticipantAdded(new) => Some(new.user),
        _ => None,
    };
    let added: Vec<UserId> = changes.iter().filter_map(added).collect();
    if added.is_empty() {
        return Ok(Vec::new());
    }
    let mut after = room.clone();
    after.apply(change);
    if !after.stands() {
        return Ok(Vec::new());
    }
    let facts = Arc::new(after.facts(at).await?);
    let event = |user| Event::RoomAdded {
        user,
        facts: Arc::clone(&facts),
        state: LiveState::Closed,
        at: now,
    };
    Ok(added.into_iter().map(event).collect())
}

/// Steps of a change, as stored.
struct Steps<'a> {
    room: &'a Snapshot,
    rev: Rev,
    /// Owner after the steps so far.
    owner: Option<i64>,
    entered: usize,
    list: Vec<Step>,
}

impl Steps<'_> {
    fn add(&mut self, change: &Change) {
        let step = match change {
            Change::Updated(room) => {
                self.owner = room.owner.map(|owner| owner.0);
                Step::Updated { owner: self.room.room.owner }
            }
            Change::ParticipantAdded(new) => {
                let entered = entered(self.rev, self.entered);
                self.entered += 1;
                let participant = StoredParticipant::of(new);
                Step::ParticipantAdded { user: new.user.0, entered, participant }
            }
            Change::ParticipantChanged(new) => {
                let participant = StoredParticipant::of(new);
                Step::ParticipantChanged { user: new.user.0, participant }
            }
            Change::ParticipantRemoved(person) => Step::ParticipantRemoved {
                user: person.id.0,
                login: person.login.clone(),
                name: person.name.clone(),
            },
            Change::RoomDeleted => Step::RoomDeleted,
            Change::Posted(_)
            | Change::Edited(_)
            | Change::Deleted(_)
            | Change::Reacted { .. }
            | Change::Unreacted { .. } => {
                debug_assert!(false, "changes of messages are stored by their own verbs");
                return;
            }
        };
        self.list.push(step);
    }
}
