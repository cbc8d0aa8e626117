//! Adding a room: its first commit.

use std::sync::Arc;
use std::time::Duration;

use super::committing::supersede;
use super::logged::{Step, StoredChange, StoredCommit, StoredWho};
use super::open::{catch_up, emit};
use super::registry::OpenRoom;
use super::state::{Accounts, Snapshot, accounts, people_key};
use super::stored::{StoredParticipant, StoredRoom, entered, role_to};
use super::{log, open, projector, room_names};
use crate::model::{Event, LiveState, Rev, RoomFacts, RoomId, Timestamp, UserId, Visibility};
use crate::store::cluster::claims::{self, Kind};
use crate::store::cluster::tables::schema::rooms::ROOMS_BY_PEOPLE;
use crate::store::cluster::tables::{Consistency, Outcome, Slice, TableError};
use crate::store::cluster::{Cluster, audit, ids};
use crate::store::{Added, Missing, NewRoom, StoreError, audit_notes};

/// Waits, in milliseconds, for a room that another server is adding.
const PATIENCE: [u64; 5] = [20, 50, 100, 200, 500];
/// Attempts to find out whether a room was added.
const TRIES: u32 = 5;

/// Adds a room, or finds the unnamed room of the same users.
pub(in crate::store::cluster) async fn add(
    at: &Cluster,
    new: NewRoom,
) -> Result<Added<RoomFacts>, StoreError> {
    if at.0.rooms.is_closing() {
        return Err(StoreError::Unavailable);
    }
    let people: Vec<UserId> = new.participants.iter().map(|(user, _)| *user).collect();
    let accounts = accounts(at, people.iter().copied().chain([new.owner])).await?;
    if people.iter().chain([&new.owner]).any(|user| !accounts.contains_key(user)) {
        return Err(StoreError::NotFound(Missing::User));
    }
    let unnamed = new.name.is_none() && new.visibility == Visibility::Private;
    let key = (unnamed && new.reuse).then(|| people_key(people.iter().copied()));
    if let Some(key) = &key
        && let Some(known) = of_people(at, key).await?
    {
        return Ok(Added { value: known.facts(at).await?, existed: true });
    }
    let id = RoomId(ids::take(at, ids::Kind::Room).await?);
    if let Some(key) = &key
        && let Some(known) = claim_people(at, id, key).await?
    {
        return Ok(Added { value: known.facts(at).await?, existed: true });
    }
    let name = new.name.as_deref().filter(|_| new.visibility == Visibility::Public);
    let claimed = match name {
        Some(name) => Some(room_names::claim(at, id, name).await?),
        None => None,
    };
    let change = first_change(id, &new, &accounts);
    match recorded(at, id, &change, &accounts).await {
        Ok(room) => Ok(Added { value: tell(at, &room, &accounts).await, existed: false }),
        Err(error) => {
            if error == StoreError::Unavailable
                && let Some(claimed) = claimed
            {
                claimed.release(at).await;
            }
            Err(error)
        }
    }
}

/// Returns the oldest unnamed room of exactly these people that is not archived.
async fn of_people(at: &Cluster, key: &[u8]) -> Result<Option<Arc<Snapshot>>, StoreError> {
    let rows = at.tables().read(Slice::of(&ROOMS_BY_PEOPLE, [key.to_vec().into()])).await?;
    for row in rows.iter().filter(|row| row.flag("present").unwrap_or_default()) {
        let Some(room) = row.int("room") else { continue };
        let found = open::current(at, RoomId(room)).await?;
        if let Some(found) = found.filter(|room| is_of(room, key)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn is_of(room: &Snapshot, key: &[u8]) -> bool {
    let people = || room.members.list().iter().map(|member| member.user);
    room.stands()
        && !room.room.public
        && room.room.name.is_none()
        && room.room.archived.is_none()
        && people_key(people()) == key
}

/// Claims these people for a new room, so that two servers do not add one each at the same time.
/// Returns the room that was added first. A claim counts only as long as its room is of these
/// people: of a room that changed since, or was never added, it is passed on.
async fn claim_people(
    at: &Cluster,
    id: RoomId,
    key: &[u8],
) -> Result<Option<Arc<Snapshot>>, StoreError> {
    let key_text = hex::encode(key);
    let Some(other) = claims::claim(at, Kind::People, &key_text, id.0).await? else {
        return Ok(None);
    };
    let open = at.0.rooms.open(RoomId(other.holder));
    let mut found = catch_up(at, &open, Consistency::Serial).await?;
    for wait in PATIENCE {
        // Its server may be about to add it.
        if found.rev > Rev(0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(wait)).await;
        found = catch_up(at, &open, Consistency::Serial).await?;
    }
    if is_of(&found, key) {
        return Ok(Some(found));
    }
    let free = found.rev > Rev(0) || supersede(at, &open, &found).await?;
    if free && claims::replace(at, Kind::People, &key_text, other, id.0).await? {
        return Ok(None);
    }
    Err(StoreError::Unavailable)
}

fn first_change(id: RoomId, new: &NewRoom, accounts: &Accounts) -> StoredChange {
    let (rev, now) = (Rev(1), Timestamp::now());
    let member = |(place, (user, role)): (usize, &(UserId, crate::model::Role))| {
        let login = accounts.get(user).map(|account| account.login.clone()).unwrap_or_default();
        let participant = StoredParticipant {
            login,
            role: role_to(*role),
            edited_name: String::new(),
            since: rev.0,
            joined: now.0,
        };
        Step::ParticipantAdded { user: user.0, entered: entered(rev, place), participant }
    };
    let steps: Vec<Step> = new.participants.iter().enumerate().map(member).collect();
    let room = StoredRoom {
        name: new.name.clone(),
        public: new.visibility == Visibility::Public,
        owner: Some(new.owner.0),
        created: now.0,
        facts_rev: rev.0,
        users: u32::try_from(steps.len()).unwrap_or(u32::MAX),
        ..Snapshot::nothing(id).room
    };
    let by = accounts.get(&new.owner).map_or(StoredWho::Deleted, |account| StoredWho::User {
        id: account.id.0,
        login: account.login.clone(),
        name: account.name.clone(),
    });
    StoredChange { rev: rev.0, at: now.0, by, steps, room: Some(room) }
}

/// Commits the first change, with its entry in the audit log.
async fn recorded(
    at: &Cluster,
    id: RoomId,
    change: &StoredChange,
    accounts: &Accounts,
) -> Result<Arc<Snapshot>, StoreError> {
    let note = || {
        let mut after = Snapshot::nothing(id);
        after.apply(change);
        audit_notes::room_added(&after.facts_with(accounts))
    };
    let entry = audit::begin(at, note).await?;
    audit::settle(at, entry, commit(at, id, change).await, |_| true).await
}

/// Commits the first change. Nobody else knows the id, except one who looks at a claim.
async fn commit(
    at: &Cluster,
    id: RoomId,
    change: &StoredChange,
) -> Result<Arc<Snapshot>, StoreError> {
    let before = Snapshot::nothing(id);
    let mut after = before.clone();
    after.apply(change);
    let token = log::token()?;
    let row = StoredCommit { token, changes: vec![change.clone()] };
    let open = at.0.rooms.open(id);
    match log::commit(at, &before, &after, &row).await {
        Ok(Outcome::Applied) => {
            let changes = [change.clone()];
            let after = projector::project(at, &before, &changes).await;
            Ok(open.share(after.map_err(|_| StoreError::Unknown)?))
        }
        Err(TableError::Unavailable) => Err(StoreError::Unavailable),
        Ok(Outcome::Refused) | Err(TableError::Unknown) => settled(at, &open, token).await,
    }
}

/// Finds out whether the first change was made. If not, ensures that it never is: a node may still
/// be trying to write it, and the name of the room is only free once that is in vain.
async fn settled(at: &Cluster, open: &OpenRoom, token: u64) -> Result<Arc<Snapshot>, StoreError> {
    for _ in 0..TRIES {
        let tail = log::tail(at, open.id, Rev(0), Consistency::Serial).await;
        let tail = tail.map_err(|_| StoreError::Unknown)?;
        let now = catch_up(at, open, Consistency::Serial).await;
        let now = now.map_err(|_| StoreError::Unknown)?;
        match tail.first() {
            Some(first) if first.token == token => return Ok(now),
            // Somebody who wants its name has ensured it.
            Some(_) => return Err(StoreError::Unavailable),
            // It was made just now.
            None if now.rev > Rev(0) => {}
            None => match supersede(at, open, &now).await {
                Ok(true) => return Err(StoreError::Unavailable),
                Ok(false) => {}
                Err(_) => return Err(StoreError::Unknown),
            },
        }
    }
    Err(StoreError::Unknown)
}

/// Tells the participants of the new room.
async fn tell(at: &Cluster, room: &Snapshot, accounts: &Accounts) -> RoomFacts {
    let facts = room.facts_with(accounts);
    let (shared, now) = (Arc::new(facts.clone()), room.at);
    let event = |user| Event::RoomAdded {
        user,
        facts: Arc::clone(&shared),
        state: LiveState::Closed,
        at: now,
    };
    emit(at, facts.participants.iter().map(|participant| event(participant.user)).collect()).await;
    facts
}
