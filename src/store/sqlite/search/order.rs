//! Rows of the index in the order of time. Ids are not in that order: imported messages are older
//! than messages that were there before them.

use rusqlite::{Connection, OptionalExtension as _, Result, Statement, params};

use crate::model::Timestamp;

/// The table besides those of the index.
pub(super) const TABLES: &str = "CREATE TABLE times (
        row INTEGER PRIMARY KEY,
        message INTEGER NOT NULL UNIQUE
    ) STRICT;";
const OF: &str = "SELECT row FROM times WHERE message = ?1";
const LAST: &str = "SELECT max(row) FROM times WHERE row < ?1";
const TAKE: &str = "INSERT INTO times (row, message) VALUES (?1, ?2)";
const LEAVE: &str = "DELETE FROM times WHERE row = ?1";
const OF_ROWS: &str =
    "SELECT row, message FROM times WHERE row IN (SELECT value FROM json_each(?1))";

/// Bits of a row below its time in seconds. The words of the index store differences of rows, so
/// that a finer time would make the file larger.
const BELOW_TIME: u32 = 12;
/// The latest time of a row; a message from the future is still the newest.
const MAX_SECOND: i64 = (1 << (62 - BELOW_TIME)) - 1;

/// The rows of messages, in a transaction.
pub(super) struct Order<'c> {
    of: Statement<'c>,
    last: Statement<'c>,
    take: Statement<'c>,
    leave: Statement<'c>,
    /// The last second in which no row was free, and the next one in which one was.
    full: Option<(i64, i64)>,
}

impl<'c> Order<'c> {
    pub(super) fn of(conn: &'c Connection) -> Result<Self> {
        Ok(Self {
            of: conn.prepare(OF)?,
            last: conn.prepare(LAST)?,
            take: conn.prepare(TAKE)?,
            leave: conn.prepare(LEAVE)?,
            full: None,
        })
    }

    /// Returns the row of a message; None: it has none.
    pub(super) fn row(&mut self, message: i64) -> Result<Option<i64>> {
        self.of.query_row([message], |row| row.get(0)).optional()
    }

    /// Gives a message a row after all that were created before it or in the same second.
    pub(super) fn take(&mut self, message: i64, created: Timestamp) -> Result<i64> {
        let wanted = second_of(created);
        let mut second = match self.full {
            Some((full, free)) if full == wanted => free,
            _ => wanted,
        };
        loop {
            let (first, end) = (second << BELOW_TIME, (second + 1) << BELOW_TIME);
            let last: Option<i64> = self.last.query_row([end], |row| row.get(0))?;
            let row = last.map_or(first, |last| first.max(last + 1));
            if row < end {
                self.take.execute(params![row, message])?;
                return Ok(row);
            }
            second += 1;
            self.full = Some((wanted, second));
        }
    }

    /// Frees a row.
    pub(super) fn leave(&mut self, row: i64) -> Result<()> {
        self.leave.execute([row]).map(drop)
    }
}

fn second_of(time: Timestamp) -> i64 {
    time.0.div_euclid(1000).clamp(0, MAX_SECOND)
}

/// Returns the lowest row of messages created in that second or later.
pub(super) fn row_at(time: Timestamp) -> i64 {
    second_of(time) << BELOW_TIME
}

/// Returns the messages of these rows, each with its row, in the order of the rows.
pub(super) fn messages(conn: &Connection, rows: &[i64]) -> Result<Vec<(i64, i64)>> {
    let list = crate::store::sqlite::sql::list(rows.iter().copied());
    let mut found: Vec<(i64, i64)> = conn
        .prepare_cached(OF_ROWS)?
        .query_map([list], |row| Ok((row.get("row")?, row.get("message")?)))?
        .collect::<Result<_>>()?;
    found.sort_by_key(|(row, _)| rows.iter().position(|wanted| wanted == row));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(TABLES).unwrap();
        conn
    }

    /// Takes rows for messages with these times in seconds; returns the messages, newest first.
    fn newest_first(conn: &Connection, times: &[(i64, i64)]) -> Vec<i64> {
        let mut order = Order::of(conn).unwrap();
        let mut rows: Vec<i64> = times
            .iter()
            .map(|(message, second)| order.take(*message, Timestamp(second * 1000 + 7)).unwrap())
            .collect();
        rows.sort_by_key(|row| -row);
        messages(conn, &rows).unwrap().into_iter().map(|(_, message)| message).collect()
    }

    #[test]
    fn rows_are_in_the_order_of_time_and_within_a_second_in_that_of_arrival() {
        let times = [(1, 500), (2, 500), (3, 900), (4, 100), (5, 500), (6, 901)];
        assert_eq!(newest_first(&open(), &times), [6, 3, 5, 2, 1, 4]);
    }

    #[test]
    fn more_messages_of_one_second_than_it_has_rows_go_on_in_the_next_ones() {
        let many = 3 << BELOW_TIME;
        let times: Vec<_> =
            (1..=many).map(|message| (message, 40)).chain([(many + 1, 60)]).collect();
        let wanted: Vec<_> = (1..=many + 1).rev().collect();
        assert_eq!(newest_first(&open(), &times), wanted);
    }

    #[test]
    fn a_freed_row_is_free_and_times_out_of_range_have_rows_too() {
        let conn = open();
        let mut order = Order::of(&conn).unwrap();
        let row = order.take(1, Timestamp(5000)).unwrap();
        assert_eq!(order.row(1).unwrap(), Some(row));
        order.leave(row).unwrap();
        assert_eq!(order.row(1).unwrap(), None);
        assert_eq!(order.take(2, Timestamp(5000)).unwrap(), row);
        let (early, late) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
        assert!(order.take(3, early).unwrap() < row && order.take(4, late).unwrap() > row);
    }
}
