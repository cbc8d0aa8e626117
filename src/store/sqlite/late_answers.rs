//! How often programs have answered slash commands later.

use rusqlite::{Result, params};

use super::sql;
use super::work::Work;
use crate::model::Timestamp;

const FORGET: &str = "DELETE FROM late_answers WHERE expires <= ?1";
const COUNT: &str = "INSERT INTO late_answers (nonce, answers, expires) VALUES (?1, 1, ?2)
    ON CONFLICT (nonce) DO UPDATE SET answers = answers + 1 WHERE answers < ?3";
const UNCOUNT: &str =
    "UPDATE late_answers SET answers = answers - 1 WHERE nonce = ?1 AND answers > 0";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[FORGET, COUNT, UNCOUNT];

/// Counts an answer; false if there were `limit`.
pub(super) fn count(work: &Work<'_>, nonce: &str, limit: u32, expires: Timestamp) -> Result<bool> {
    sql::run(work.conn, FORGET, [work.now])?;
    Ok(sql::run(work.conn, COUNT, params![nonce, expires, limit])? > 0)
}

/// Takes one back that was not accepted.
pub(super) fn uncount(work: &Work<'_>, nonce: &str) -> Result<()> {
    sql::run(work.conn, UNCOUNT, [nonce]).map(drop)
}
