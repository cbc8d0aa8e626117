//! Adds messages to the database of a stopped server as rows: millions in a minute.

use std::ops::Range;
use std::path::Path;

use rusqlite::{Connection, params};

use super::texts::{self, Dice};

/// One room has this part of the messages; the others share the rest.
const LOUD_PART: usize = 4;
/// Messages per transaction.
const BATCH: usize = 100_000;
/// When the first message was sent, in milliseconds.
const FIRST: i64 = 1_700_000_000_000;

const STATE: &str = "SELECT last_seq, rev FROM rooms WHERE id = ?1";
const ADD: &str = "INSERT INTO messages (room, seq, rev, author, text, created) VALUES (?1, ?2, \
                   ?3, ?4, ?5, ?6)";
const MOVE: &str = "UPDATE rooms SET last_seq = ?2, rev = ?3, last_time = ?4 WHERE id = ?1";

/// Adds the messages with these numbers to rooms of the author, a quarter of them to the first
/// room.
pub(super) fn fill(database: &Path, author: i64, rooms: &[i64], numbers: Range<usize>) {
    let mut database = Connection::open(database).unwrap();
    database.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;").unwrap();
    let mut states: Vec<(i64, i64)> = Vec::new();
    for room in rooms {
        let state = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        states.push(database.query_row(STATE, [room], state).unwrap());
    }
    let mut dice = Dice::new();
    let mut left = numbers.into_iter().peekable();
    while left.peek().is_some() {
        let tx = database.transaction().unwrap();
        let mut add = tx.prepare(ADD).unwrap();
        let mut at = FIRST;
        for n in left.by_ref().take(BATCH) {
            let room = if n % LOUD_PART == 0 { 0 } else { 1 + dice.below(rooms.len() - 1) };
            let state = &mut states[room];
            *state = (state.0 + 1, state.1 + 1);
            let (seq, rev) = *state;
            at = FIRST + i64::try_from(n).unwrap();
            let text = texts::message(&mut dice, n);
            add.execute(params![rooms[room], seq, rev, author, text, at]).unwrap();
        }
        drop(add);
        for (room, (seq, rev)) in rooms.iter().zip(&states) {
            tx.execute(MOVE, params![room, seq, rev, at]).unwrap();
        }
        tx.commit().unwrap();
    }
    database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
}
