//! The steps of a job: one room at a time.

use std::time::Duration;

use super::Work;
use super::queue::{self, Job};
use crate::model::rules::{plan_departure, plan_handover, plan_rename, shown_name};
use crate::model::{Change, Participant, Person, RoomFacts, RoomId, Timestamp, User, UserId, Who};
use crate::store::StoreError;
use crate::store::cluster::tables::schema::rooms::ROOMS_BY_USER;
use crate::store::cluster::tables::{Bound, Slice};
use crate::store::cluster::{Cluster, rooms, users};

/// A change that has not been made after this time is prevented before its job is dropped.
const ABANDONED: Duration = Duration::from_mins(1);
/// A deleted user is looked for in rooms until this long after the deletion: a server that had not
/// seen it may still have added them to one.
const LINGER: Duration = Duration::from_mins(1);

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// There may be more rooms.
    Done(RoomId),
    /// That was the last room, or there is nothing to do.
    Finished,
    /// It is too early: the change that the job belongs to is being made.
    Waiting,
    /// The job is looked at again much later.
    Lingering,
}

/// Executes one step of a job.
pub(super) async fn step(at: &Cluster, job: &Job) -> Result<Step, StoreError> {
    if !users::has_reached(at, job.user, job.version).await? {
        if !is_older(job, ABANDONED) {
            return Ok(Step::Waiting);
        }
        let prevented = users::prevent(at, job.user, job.version).await?;
        return Ok(if prevented { Step::Finished } else { Step::Waiting });
    }
    match &job.work {
        Work::Farewell { login, name } => farewell(at, job, login, name).await,
        Work::Name => {
            let Some(user) = users::read(at, job.user).await? else { return Ok(Step::Finished) };
            users::list_again(at, &user).await?;
            let user = user.stored.user(job.user);
            in_next(at, job, &|facts, _| told(facts, &user)).await
        }
        Work::Succession => {
            let Some(user) = users::read(at, job.user).await? else { return Ok(Step::Finished) };
            let user = user.stored.user(job.user);
            in_next(at, job, &|facts, _| {
                (Who::Server, plan_handover(&current(facts, &user), user.id))
            })
            .await
        }
    }
}

/// Commits a plan in the next room of the user.
async fn in_next(at: &Cluster, job: &Job, plan: rooms::Plan<'_>) -> Result<Step, StoreError> {
    let mut rooms = rooms::of_user(at, job.user).await?;
    rooms.retain(|room| *room > job.cursor);
    let Some(room) = rooms.into_iter().min() else { return Ok(Step::Finished) };
    rooms::commit_planned(at, room, plan).await?;
    Ok(Step::Done(room))
}

/// Leaves the next room that the user is, or was, in: they may own it still.
async fn farewell(at: &Cluster, job: &Job, login: &str, name: &str) -> Result<Step, StoreError> {
    let slice = Slice::of(&ROOMS_BY_USER, [job.user.0.into()])
        .between(Bound::Excluding(job.cursor.0.into()), Bound::Open)
        .first(1);
    let rows = at.tables().read(slice).await?;
    let plan = |facts: &RoomFacts, owner: Option<UserId>| {
        let edited = facts.participant(job.user).map_or("", |leaving| &leaving.edited_name);
        let person = Person {
            id: job.user,
            login: login.to_owned(),
            name: shown_name(edited, name).to_owned(),
        };
        let changes = plan_departure(facts, &person, owner == Some(job.user));
        (person.into(), changes)
    };
    if let Some(room) = rows.first().and_then(|row| row.int("room")).map(RoomId) {
        rooms::commit_planned(at, room, &plan).await?;
        return Ok(Step::Done(room));
    }
    users::unlist(at, job.user, job.version).await?;
    if !is_older(job, LINGER) {
        return Ok(Step::Lingering);
    }
    let all = at.tables().read(Slice::of(&ROOMS_BY_USER, [job.user.0.into()])).await?;
    let present = all.iter().filter(|row| row.flag("present") == Some(true));
    for room in present.filter_map(|row| row.int("room")).map(RoomId) {
        rooms::commit_planned(at, room, &plan).await?;
    }
    Ok(Step::Finished)
}

/// Returns the steps that tell a room of the user, by the user.
fn told(facts: &RoomFacts, user: &User) -> (Who, Vec<Change>) {
    let facts = current(facts, user);
    let by = facts.participant(user.id).map(Participant::person);
    (by.map_or(Who::Server, Who::from), plan_rename(&facts, user.id))
}

/// Returns the facts with this participant as their account is now.
fn current(facts: &RoomFacts, user: &User) -> RoomFacts {
    let mut facts = facts.clone();
    if let Some(known) = facts.participants.iter_mut().find(|known| known.user == user.id) {
        known.name.clone_from(&user.name);
        known.media.clone_from(&user.media);
        known.account = user.flags();
    }
    facts
}

fn is_older(job: &Job, span: Duration) -> bool {
    job.at.plus(span) < Timestamp::now()
}

/// Notes the outcome of a step; true if the job is over for now.
pub(super) async fn note(at: &Cluster, job: &mut Job, step: Step) -> Result<bool, StoreError> {
    match step {
        Step::Done(room) => {
            queue::advance(at, job, room).await?;
            job.cursor = room;
            Ok(false)
        }
        Step::Finished => queue::done(at, job).await.map(|()| true),
        Step::Waiting | Step::Lingering => Ok(true),
    }
}
