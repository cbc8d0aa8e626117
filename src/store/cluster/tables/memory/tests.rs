//! Tests of the faults: each kind happens, and none breaks what a cluster would keep.

use std::sync::Arc;
use std::time::Duration;

use super::{Faults, Memory};
use crate::store::cluster::tables::schema::people::IDS;
use crate::store::cluster::tables::schema::rooms::MARKS;
use crate::store::cluster::tables::{
    Compare, Condition, Consistency, Outcome, Put, Slice, TableError, Tables,
};

fn step(kind: &str, from: Option<i64>, to: i64) -> Compare {
    let cells = vec![("next", to.into())];
    let conditions = vec![Condition::Is(vec![], "next", from.map(Into::into))];
    Compare { conditions, puts: vec![Put::conditional(&IDS, vec![kind.into()], vec![], cells)] }
}

async fn next(tables: &dyn Tables, kind: &str, consistency: Consistency) -> Option<i64> {
    loop {
        let slice = Slice::of(&IDS, vec![kind.into()]).at(consistency);
        if let Ok(rows) = tables.read(slice).await {
            return rows.first().and_then(|row| row.int("next"));
        }
    }
}

/// What happened in a run with this seed: outcomes, and whether an unknown one had happened.
async fn run(seed: u64) -> Vec<(Result<Outcome, TableError>, Option<i64>)> {
    let memory = Memory::with_faults(Faults::often(seed));
    let (mut held, mut told) = (None, Vec::new());
    // Those that may be made later.
    let mut open: Vec<Option<i64>> = Vec::new();
    for to in 1..200 {
        let outcome = memory.compare(step("users", held, to)).await;
        let now = next(&memory, "users", Consistency::Serial).await;
        match outcome {
            Ok(Outcome::Applied) => assert_eq!(now, Some(to), "seed {seed}"),
            // Nobody else writes: this one was made, or an earlier one.
            Ok(Outcome::Refused) => {
                assert!(now == Some(to) || open.contains(&now), "seed {seed}: {now:?} at {to}");
            }
            Err(TableError::Unavailable) => {
                assert!(now == held || open.contains(&now), "seed {seed}");
            }
            Err(TableError::Unknown) => {
                open.push(Some(to));
                assert!(now == held || open.contains(&now), "seed {seed}");
            }
        }
        held = now;
        told.push((outcome, now));
    }
    told
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_may_be_either() {
    let mut fates = [0; 3];
    for seed in 0..20 {
        for (outcome, now) in run(seed).await.windows(2).map(|two| (two[1].0, two[1].1 != two[0].1))
        {
            match outcome {
                Err(TableError::Unknown) => fates[usize::from(now)] += 1,
                Err(TableError::Unavailable) => fates[2] += 1,
                Ok(_) => {}
            }
        }
    }
    assert!(fates.iter().all(|count| *count > 20), "{fates:?}");
}

#[tokio::test(start_paused = true)]
async fn a_seed_repeats_a_run() {
    assert_eq!(run(7).await, run(7).await);
    assert_ne!(run(7).await, run(8).await);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_failed_may_come_late_and_older_ones_lose() {
    let (mut late, mut lost) = (0, 0);
    for seed in 0..200 {
        let memory = Memory::with_faults(Faults { writes: 1000, ..Faults::often(seed) });
        let mark = |seq: i64| {
            Put::plain(&MARKS, seq, vec![1.into()], vec![1.into()], vec![("seq", seq.into())])
        };
        let seq = async |memory: &Memory| {
            memory.set_faults(Faults::none(0));
            let rows = memory.read(Slice::of(&MARKS, vec![1.into()])).await.unwrap();
            rows.first().and_then(|row| row.int("seq"))
        };
        let failed = memory.write(vec![mark(5)]).await.unwrap_err();
        let before = seq(&memory).await;
        memory.calm();
        let after = seq(&memory).await;
        assert!(failed == TableError::Unknown || after.is_none(), "seed {seed}");
        late += u64::from(before.is_none() && after == Some(5));
        lost += u64::from(failed == TableError::Unknown && after.is_none());
        memory.write(vec![mark(3)]).await.unwrap();
        assert_eq!(seq(&memory).await, after.or(Some(3)), "seed {seed}");
    }
    assert!(late > 10 && lost > 10, "{late} {lost}");
}

#[tokio::test(start_paused = true)]
async fn a_link_is_stopped_cut_and_killed_alone() {
    let memory = Memory::with_faults(Faults::none(1));
    let (one, two) = (memory.link(), memory.link());
    let wait = Duration::from_mins(1);

    one.cut();
    let failed = one.compare(step("rooms", None, 1)).await;
    assert_eq!(failed, Err(TableError::Unavailable));
    assert_eq!(two.compare(step("rooms", None, 1)).await, Ok(Outcome::Applied));

    one.open();
    one.stop();
    let stopped = one.clone();
    let task = tokio::spawn(async move { stopped.compare(step("rooms", Some(1), 2)).await });
    tokio::time::sleep(wait).await;
    assert!(!task.is_finished());
    assert_eq!(next(&two, "rooms", Consistency::Serial).await, Some(1));
    one.open();
    assert_eq!(task.await.unwrap(), Ok(Outcome::Applied));

    // On its way when the process dies, it happens all the same.
    let one = Arc::new(one);
    let killed = Arc::clone(&one);
    let task = tokio::spawn(async move { killed.compare(step("rooms", Some(2), 3)).await });
    tokio::task::yield_now().await;
    one.kill();
    one.open();
    tokio::time::sleep(wait).await;
    assert!(!task.is_finished());
    assert_eq!(next(&two, "rooms", Consistency::Serial).await, Some(3));
}
