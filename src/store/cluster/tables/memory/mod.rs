//! Tables in memory, with the semantics of Cassandra, for tests.
//!
//! Rows live as long as the value: an engine that is closed and opened again finds what it wrote,
//! and several engines over one value are several servers of one cluster. What a real cluster would
//! refuse, or would do without keeping its promises, panics (`misuse.rs`). Lives of rows count by
//! the clock of tokio, so that a test with paused time can let them end. [`Faults`] make it fail as
//! a cluster does.

mod faults;
mod link;
mod misuse;
mod partition;
mod state;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

pub use self::faults::Faults;
use self::faults::{Dice, Fate};
pub use self::link::Link;
use self::state::State;
use super::{
    Compare, Consistency, Outcome, Page, Put, Row, Slice, Table, TableError, TableReply, Tables,
};

/// Tables in memory; clones share them.
#[derive(Clone, Default)]
pub struct Memory(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    faults: Mutex<Option<Faults>>,
}

impl Memory {
    /// Empty tables that never fail.
    pub fn new() -> Self {
        Self::default()
    }

    /// Empty tables with these faults.
    pub fn with_faults(faults: Faults) -> Self {
        let state = Mutex::new(State::new(faults.seed));
        Self(Arc::new(Shared { state, faults: Mutex::new(Some(faults)) }))
    }

    /// From now on nothing fails or takes time; what was late has happened. A conditional write in
    /// doubt stays so until it is read.
    pub fn calm(&self) {
        *lock(&self.0.faults) = None;
        lock(&self.0.state).catch_up_at_once(Instant::now());
    }

    /// Uses these faults from now on; their seed counts only in [`Self::with_faults`].
    pub fn set_faults(&self, faults: Faults) {
        *lock(&self.0.faults) = Some(faults);
    }

    /// The connection of one server, which can be stopped, cut and killed.
    pub fn link(&self) -> Link {
        Link::new(self.clone())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Does a step of an operation, after and before the time it takes. With faults it runs in a
    /// task of its own: it goes on without whoever asked.
    async fn step<T: Send + 'static>(
        self: Arc<Self>,
        step: impl FnOnce(&mut State, Option<&Faults>, Instant) -> Result<T, TableError>
        + Send
        + 'static,
    ) -> Result<T, TableError> {
        let faults = lock(&self.faults).clone();
        let Some(faults) = faults else {
            yield_now().await;
            let (mut state, now) = (lock(&self.state), Instant::now());
            return step(&mut state, None, now);
        };
        let task = tokio::spawn(async move {
            let half = lock(&self.state).dice.latency(&faults) / 2;
            sleep(half).await;
            let done = {
                let (mut state, now) = (lock(&self.state), Instant::now());
                state.catch_up(now);
                step(&mut state, lock(&self.faults).as_ref(), now)
            };
            sleep(half).await;
            done
        });
        task.await.unwrap_or(Err(TableError::Unknown))
    }
}

impl Tables for Memory {
    fn read(&self, slice: Slice) -> TableReply<'_, Vec<Row>> {
        misuse::check_slice(&slice);
        let shared = Arc::clone(&self.0);
        Box::pin(shared.step(move |state, faults, now| {
            fail(&mut state.dice, faults.map(|faults| faults.reads))?;
            if slice.consistency == Consistency::Serial {
                state.decide(slice.table, &slice.partition, now);
            }
            Ok(state.read(&slice, now))
        }))
    }

    fn write(&self, puts: Vec<Put>) -> TableReply<'_, ()> {
        misuse::check_write(&puts);
        let shared = Arc::clone(&self.0);
        Box::pin(shared.step(move |state, faults, now| {
            let failing = faults.filter(|faults| state.dice.happens(faults.writes));
            let Some(faults) = failing else {
                for put in &puts {
                    state.write(put, now);
                }
                return Ok(());
            };
            fail_write(state, faults, puts, now)
        }))
    }

    fn compare(&self, compare: Compare) -> TableReply<'_, Outcome> {
        misuse::check_compare(&compare);
        let shared = Arc::clone(&self.0);
        Box::pin(shared.step(move |state, faults, now| {
            let failing = faults.filter(|faults| state.dice.happens(faults.compares));
            if let Some(faults) = failing {
                return fail_compare(state, faults, compare, now);
            }
            state.decide(compare.puts[0].table, &compare.puts[0].partition, now);
            if !state.holds(&compare, now) {
                return Ok(Outcome::Refused);
            }
            state.commit(&compare, now);
            Ok(Outcome::Applied)
        }))
    }

    fn scan<'a>(
        &'a self,
        table: &'static Table,
        from: Option<&'a [u8]>,
        limit: u32,
    ) -> TableReply<'a, Page> {
        let (shared, from) = (Arc::clone(&self.0), from.map(<[u8]>::to_vec));
        Box::pin(shared.step(move |state, faults, now| {
            fail(&mut state.dice, faults.map(|faults| faults.reads))?;
            Ok(state.scan(table, from.as_deref(), limit, now))
        }))
    }

    fn ping(&self) -> TableReply<'_, ()> {
        let shared = Arc::clone(&self.0);
        Box::pin(
            shared
                .step(|state, faults, _| fail(&mut state.dice, faults.map(|faults| faults.reads))),
        )
    }
}

fn fail(dice: &mut Dice, chance: Option<u64>) -> Result<(), TableError> {
    let failed = chance.is_some_and(|chance| dice.happens(chance));
    if failed { Err(TableError::Unavailable) } else { Ok(()) }
}

/// Each partition has a fate of its own, unless the write is refused as a whole.
fn fail_write(
    state: &mut State,
    faults: &Faults,
    puts: Vec<Put>,
    now: Instant,
) -> Result<(), TableError> {
    if Fate::draw(&mut state.dice) == Fate::Refused {
        return Err(TableError::Unavailable);
    }
    let mut parts: Vec<Vec<Put>> = Vec::new();
    for put in puts {
        let same =
            |part: &&mut Vec<Put>| part[0].table == put.table && part[0].partition == put.partition;
        match parts.iter_mut().find(same) {
            Some(part) => part.push(put),
            None => parts.push(vec![put]),
        }
    }
    for part in parts {
        match Fate::draw(&mut state.dice) {
            Fate::Done => part.iter().for_each(|put| state.write(put, now)),
            Fate::Late => {
                let due = now + state.dice.within(&faults.late);
                state.delay(due, part);
            }
            Fate::Lost | Fate::Refused => {}
        }
    }
    Err(TableError::Unknown)
}

fn fail_compare(
    state: &mut State,
    faults: &Faults,
    compare: Compare,
    now: Instant,
) -> Result<Outcome, TableError> {
    let fate = Fate::draw(&mut state.dice);
    if fate == Fate::Refused {
        return Err(TableError::Unavailable);
    }
    match state.dice.roll(6) {
        // The node has tried it twice: the first try was made, and the second one refused.
        0 => {
            state.decide(compare.puts[0].table, &compare.puts[0].partition, now);
            if state.holds(&compare, now) {
                state.commit(&compare, now);
            }
            return Ok(Outcome::Refused);
        }
        // Nobody waits for the node any more, which goes on trying.
        1 => {
            let due = now + state.dice.within(&faults.late);
            state.try_again(due, compare);
            return Err(TableError::Unknown);
        }
        _ => {}
    }
    if fate != Fate::Lost {
        state.decide(compare.puts[0].table, &compare.puts[0].partition, now);
        let holds = state.holds(&compare, now);
        match fate {
            Fate::Done if holds => state.commit(&compare, now),
            Fate::Late if holds => {
                let alone = state.dice.roll(2) == 0;
                let due = alone.then(|| now + state.dice.within(&faults.late));
                state.doubt(due, compare);
            }
            _ => {}
        }
    }
    Err(TableError::Unknown)
}
