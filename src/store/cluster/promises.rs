//! What the engine relies on from its tables, as checks that run against any of them: those in
//! memory, Cassandra, ScyllaDB, or whatever else answers CQL.
//!
//! They write to partitions of negative ids and should run in a keyspace of their own.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join_all;

use super::tables::schema::people::CLAIMS;
use super::tables::schema::rooms::{MARKS, MESSAGES, PINS, ROOM_LOG};
use super::tables::{
    Bound, Compare, Condition, Consistency, Outcome, Put, Row, Slice, TableError, Tables, Value,
};

/// Writers that compete for one head.
const WRITERS: i64 = 4;
/// Commits of each of them.
const COMMITS: i64 = 10;
/// Lifetime of a row that must expire, and how long it is waited for.
const LIFE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(200);

/// Why a promise does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It was seen not to hold.
    #[error("{0}")]
    Seen(String),
    /// It could not be tried.
    #[error("cannot be tried: {0}")]
    Untried(#[from] TableError),
}

type Trial<'a> = Pin<Box<dyn Future<Output = Result<(), Broken>> + Send + 'a>>;

/// A promise: what it says, and how it is tried.
pub struct Promise {
    /// The promise in words.
    pub says: &'static str,
    trial: for<'a> fn(&'a dyn Tables, i64) -> Trial<'a>,
}

impl Promise {
    /// Tries it. `place` is a negative number that no other trial has used.
    pub async fn tried(&self, tables: &dyn Tables, place: i64) -> Result<(), Broken> {
        (self.trial)(tables, place).await
    }
}

macro_rules! promises {
    ($($says:literal => $trial:ident),* $(,)?) => {
        /// All promises.
        pub const PROMISES: &[Promise] = &[
            $(Promise { says: $says, trial: |tables, place| Box::pin($trial(tables, place)) }),*
        ];
    };
}

promises! {
    "what is written is read at once" => read_at_once,
    "of two writes the larger timestamp wins, in any order" => larger_timestamp_wins,
    "a removal does not remove what is newer" => removal_spares_newer,
    "rows are sorted, in both directions, also within a range" => sorted,
    "rows of one partition are written together" => together,
    "a row expires" => expires,
    "a conditional write needs its condition, and otherwise writes nothing" => conditional,
    "of conditional writes at the same time, one is made" => one_of_many,
    "a head that many writers move has no gap, and each of its rows is there" => no_gap,
    "static columns stay without rows" => statics_stay,
    "a walk over a table finds each row once" => walk,
}

fn seen(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken::Seen(otherwise())) }
}

fn ints(rows: &[Row], column: &str) -> Vec<Option<i64>> {
    rows.iter().map(|row| row.int(column)).collect()
}

fn mark(room: i64, user: i64, seq: i64, timestamp: i64) -> Put {
    let cells = vec![("seq", Value::Int(seq)), ("at", Value::Int(1))];
    Put::plain(&MARKS, timestamp, [room.into()], [user.into()], cells)
}

async fn marks(tables: &dyn Tables, room: i64) -> Result<Vec<Option<i64>>, Broken> {
    Ok(ints(&tables.read(Slice::of(&MARKS, [room.into()])).await?, "seq"))
}

async fn read_at_once(tables: &dyn Tables, place: i64) -> Result<(), Broken> {
    for seq in 1..=20 {
        tables.write(vec![mark(place, 1, seq, seq)]).await?;
        let found = marks(tables, place).await?;
        seen(found == [Some(seq)], || format!("{seq} was written, {found:?} was read"))?;
    }
    Ok(())
}

async fn larger_timestamp_wins(tables: &dyn Tables, place: i64) -> Result<(), Broken> {
    for seq in [7, 9, 8, 9, 3] {
        tables.write(vec![mark(place, 1, seq, seq)]).await?;
    }
    let found = marks(tables, place).await?;
    seen(found == [Some(9)], || format!("{found:?} instead of 9"))
}

async fn removal_spares_newer(tables: &dyn Tables, place: i64) -> Result<(), Broken> {
    tables.write(vec![mark(place, 1, 5, 5), mark(place, 2, 7, 7)]).await?;
    tables.write(vec![mark(place, 1, 0, 6).deleted(), mark(place, 2, 0, 6).deleted()]).await?;
    let found = marks(tables, place).await?;
    seen(found == [Some(7)], || format!("{found:?} instead of 7 alone"))
}

fn message(room: i64, seq: i64) -> Put {
    let cells = vec![("rev", Value::Int(seq)), ("body", Value::Bytes(vec![1, 2, 3]))];
    Put::plain(&MESSAGES, seq, [room.into(), 0.into()], [seq.into()], cells)
}

async fn sorted(tables: &dyn Tables, place: i64) -> Result<(), Broken> {
    tables.write([3, 1, 5, 4, 2].map(|seq| message(place, seq)).to_vec()).await?;
    let all = || Slice::of(&MESSAGES, [place.into(), 0.into()]);
    let middle =
        all().between(Bound::Excluding(Value::Int(1)), Bound::Including(Value::Int(4))).first(2);
    let slices =
        [(all(), vec![1, 2, 3, 4, 5]), (all().newest(2), vec![5, 4]), (middle, vec![2, 3])];
    for (slice, wanted) in slices {
        let found = ints(&tables.read(slice).await?, "seq");
        let wanted: Vec<_> = wanted.into_iter().map(Some).collect();
        seen(found == wanted, || format!("{found:?} instead of {wanted:?}"))?;
    }
    Ok(())
}

async fn together(tables: &dyn Tables, place: i64) -> Result<(), Broken> {
    for round in 1..=10 {
        let puts = (1..=5).map(|user| mark(place, user, round, round)).collect();
        let (written, found) = tokio::join!(tables.write(puts), marks(tables, place));
        written?;
        let found: BTreeSet<_> = found?.into_iter().collect();
        seen(found.len() <= 1, || format!("a read saw a part of a write: {found:?}"))?;
    }
    Ok(())
}

async fn expires(tables: &dyn Tables, place: i64) -> Result<(), Broken> {
    tables.write(vec![mark(place, 1, 1, 1).living(LIFE), mark(place, 2, 2, 2)]).await?;
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        match marks(tables, place).await?.as_slice() {
            [Some(2)] => return Ok(()),
            found if tokio::time::Instant::now() > end => {
                return Err(Broken::Seen(format!("after {PATIENCE:?} there is still {found:?}")));
            }
            _ => tokio::time::sleep(LOOK).await,
        }
    }
}

fn claim(key: &str, holder: i64, conditions: Vec<Condition>) -> Compare {
    let cells = vec![("holder", Value::Int(holder)), ("at", Value::Int(1))];
    let put = Put::conditional(&CLAIMS, ["check".into(), key.into()], [], cells);
    Compare { conditions, puts: vec![put] }
}

async fn holder(tables: &dyn Tables, key: &str) -> Result<Option<i64>, Broken> {
    let slice = Slice::of(&CLAIMS, ["check".into(), key.into()]).at(Consistency::Serial);
    Ok(tables.read(slice).await?.first().and_then(|row| row.int("holder")))
}

async fn conditional(tables: &dyn Tables, place: i64) -> Result<(), Broken> {
    let key = place.to_string();
    let held_by = |who: i64| Condition::Is(vec![], "holder", Some(Value::Int(who)));
    let steps = [
        (claim(&key, 1, vec![held_by(9)]), Outcome::Refused, None),
        (claim(&key, 1, vec![Condition::Absent(vec![])]), Outcome::Applied, Some(1)),
        (claim(&key, 2, vec![Condition::Absent(vec![])]), Outcome::Refused, Some(1)),
        (claim(&key, 3, vec![held_by(1)]), Outcome::Applied, Some(3)),
        (claim(&key, 4, vec![held_by(1)]), Outcome::Refused, Some(3)),
    ];
    for (n, (compare, wanted, left)) in steps.into_iter().enumerate() {
        let outcome = tables.compare(compare).await?;
        let found = holder(tables, &key).await?;
        seen(outcome == wanted && found == left, || {
            format!("step {n}: {outcome:?} with {found:?}, instead of {wanted:?} with {left:?}")
        })?;
    }
    Ok(())
}

async fn one_of_many(tables: &dyn Tables, place: i64) -> Result<(), Broken> {
    let key = place.to_string();
    let all = (1..=8).map(|who| tables.compare(claim(&key, who, vec![Condition::Absent(vec![])])));
    let (mut applied, mut unknown) = (0, 0);
    for outcome in join_all(all).await {
        match outcome {
            Ok(Outcome::Applied) => applied += 1,
            Ok(Outcome::Refused) => (),
            // Those that lose a race may time out.
            Err(TableError::Unknown) => unknown += 1,
            Err(error) => return Err(error.into()),
        }
    }
    let held = holder(tables, &key).await?;
    seen(applied <= 1 && held.is_some() && applied + unknown >= 1, || {
        format!("{applied} were made, {unknown} are unknown, the holder is {held:?}")
    })
}

/// Moves the head of a log by one, as a commit of a room does.
fn commit(room: i64, head: Option<i64>) -> Compare {
    let (next, partition) = (head.unwrap_or(0) + 1, [room.into(), 0.into()]);
    let moved = vec![("head_rev", Value::Int(next))];
    let body = vec![("body", Value::Bytes(next.to_be_bytes().to_vec()))];
    Compare {
        conditions: vec![Condition::Is(vec![], "head_rev", head.map(Value::Int))],
        puts: vec![
            Put::conditional(&ROOM_LOG, partition.clone(), [], moved),
            Put::conditional(&ROOM_LOG, partition, [next.into()], body),
        ],
    }
}

async fn log(tables: &dyn Tables, room: i64) -> Result<Vec<Row>, Broken> {
    let slice = Slice::of(&ROOM_LOG, [room.into(), 0.into()]).at(Consistency::Serial);
    Ok(tables.read(slice).await?)
}

async fn write_log(tables: &dyn Tables, room: i64) -> Result<(), Broken> {
    let mut done = 0;
    while done < COMMITS {
        let head = log(tables, room).await?.first().and_then(|row| row.int("head_rev"));
        match tables.compare(commit(room, head)).await {
            Ok(Outcome::Applied) => done += 1,
            // The next read settles it.
            Ok(Outcome::Refused) | Err(TableError::Unknown) => (),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn no_gap(tables: &dyn Tables, place: i64) -> Result<(), Broken> {
    let writers = (0..WRITERS).map(|_| write_log(tables, place));
    join_all(writers).await.into_iter().collect::<Result<(), _>>()?;
    let rows = log(tables, place).await?;
    let head = rows.first().and_then(|row| row.int("head_rev")).unwrap_or(0);
    let found = ints(&rows, "rev");
    seen(head >= WRITERS * COMMITS && found == (1..=head).map(Some).collect::<Vec<_>>(), || {
        format!("the head is {head}, the rows are {found:?}")
    })
}

async fn statics_stay(tables: &dyn Tables, place: i64) -> Result<(), Broken> {
    let mut first = commit(place, None);
    first.puts.truncate(1);
    tables.compare(first).await?;
    let rows = log(tables, place).await?;
    let found: Vec<_> = rows.iter().map(|row| (row.int("head_rev"), row.int("rev"))).collect();
    seen(found == [(Some(1), None)], || format!("{found:?} instead of a head without rows"))
}

async fn walk(tables: &dyn Tables, place: i64) -> Result<(), Broken> {
    let wanted: BTreeSet<i64> = (0..30).map(|n| place - n).collect();
    let cells = || vec![("present", Value::Flag(true))];
    let puts = wanted.iter().map(|&room| Put::plain(&PINS, 1, [room.into()], [1.into()], cells()));
    tables.write(puts.collect()).await?;
    let (mut found, mut from) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let page = tables.scan(&PINS, from.as_deref(), 7).await?;
        found.extend(page.rows.iter().filter_map(|row| row.int("room")));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    found.retain(|room| wanted.contains(room));
    let once: BTreeSet<i64> = found.iter().copied().collect();
    seen(once == wanted && found.len() == wanted.len(), || {
        format!("{} rows, {} of {} found", found.len(), once.len(), wanted.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::cluster::tables::memory::Memory;

    #[tokio::test(start_paused = true)]
    async fn tables_in_memory_keep_all_promises() {
        let tables = Memory::default();
        for (n, promise) in (1..).zip(PROMISES) {
            assert_eq!(promise.tried(&tables, -1000 * n).await, Ok(()), "{}", promise.says);
        }
    }
}
