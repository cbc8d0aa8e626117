//! The protocol of rooms as a model: several servers over one set of tables that fail, clients that
//! repeat what was not answered, and a check of what everybody was told against what is stored.
//!
//! A run is drawn from a seed, which is printed; `CHATCTL_MODEL_SEEDS=2000` tries that many, and
//! `CHATCTL_MODEL_SEED=17` repeats one. That the check sees anything is shown by planted mistakes
//! ([`Mutant`]): for each of them it must fail.

mod check;
mod client;
mod names;
mod run;
mod wires;

pub(super) use run::Dice;

pub(super) use client::draft;
pub(super) use run::new_user;

use super::committing::Committing;
use super::logged::StoredChange;
use super::open::emit;
use super::projector;
use super::registry::OpenRoom;
use super::state::Snapshot;
use crate::model::Event;
use crate::store::cluster::Cluster;

/// Seeds of an ordinary run of the tests.
const SEEDS: u64 = 40;
/// Seeds within which each planted mistake must be found.
const MUTANT_SEEDS: u64 = 400;

/// A planted mistake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store::cluster) enum Mutant {
    #[default]
    None,
    /// What another server committed and did not derive is not derived by whoever reads it.
    NoRepair,
    /// A commit of unknown outcome is not recognised when it has happened.
    NoToken,
    /// A message is acknowledged before its rows are derived.
    AnswerBeforeProjecting,
    /// Numbers are given by the memory of a server, and not by comparing the head.
    NumbersBeforeCompare,
    /// A name is taken over from a room that may be about to get it.
    TakeOverUnseen,
    /// A post that was forwarded without an answer is written with a new client id.
    ForwardedAnew,
}

/// Answers a commit, and derives its rows a little later.
pub(super) async fn answer_early(
    at: &Cluster,
    open: &OpenRoom,
    before: &Snapshot,
    after: Snapshot,
    changes: Vec<StoredChange>,
    events: Vec<Event>,
) -> Committing {
    let (late, before) = (at.clone(), before.clone());
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        drop(projector::project(&late, &before, &changes).await);
    });
    emit(at, events).await;
    Committing::Happened(open.share(after))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn seeds() -> std::ops::Range<u64> {
    match number("CHATCTL_MODEL_SEED") {
        Some(one) => one..one + 1,
        None => 0..number("CHATCTL_MODEL_SEEDS").unwrap_or(SEEDS),
    }
}

#[test]
fn the_promises_hold_under_faults() {
    let mut total = run::Figures::default();
    for seed in seeds() {
        eprintln!("seed {seed}");
        let (figures, broken) = run::run(seed, Mutant::None);
        assert!(broken.is_empty(), "seed {seed}: {broken:#?}");
        total.add(&figures);
    }
    eprintln!("{total:?}");
    if seeds().count() == 1 {
        return;
    }
    assert!(total.repeated > 0 && total.unanswered > 0 && total.killed > 0, "{total:?}");
    let (asked, lost) = (total.wires.asked, total.wires.lost);
    assert!(
        lost > 0 && asked > lost,
        "posts were forwarded, with and without an answer: {total:?}"
    );
}

#[test]
fn names_stay_unique_under_faults() {
    let mut rooms = 0;
    for seed in seeds() {
        eprintln!("seed {seed}");
        let (added, broken) = names::run(seed, Mutant::None);
        assert!(broken.is_empty(), "seed {seed}: {broken:#?}");
        rooms += added;
    }
    assert!(rooms > 0, "nothing happened");
}

#[test]
fn each_planted_mistake_is_found() {
    for mutant in [
        Mutant::NoRepair,
        Mutant::NoToken,
        Mutant::AnswerBeforeProjecting,
        Mutant::NumbersBeforeCompare,
        Mutant::ForwardedAnew,
    ] {
        let found = (0..MUTANT_SEEDS).find_map(|seed| {
            let (_, broken) = run::run(seed, mutant);
            broken.into_iter().next().map(|broken| (seed, broken))
        });
        eprintln!("{mutant:?}: {found:?}");
        assert!(found.is_some(), "{mutant:?} was not found");
    }
    let mutant = Mutant::TakeOverUnseen;
    let found = (0..MUTANT_SEEDS).find(|seed| !names::run(*seed, mutant).1.is_empty());
    eprintln!("{mutant:?}: {found:?}");
    assert!(found.is_some(), "{mutant:?} was not found");
}
