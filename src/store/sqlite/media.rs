//! Uploaded files as rows; their bytes lie elsewhere.

use std::collections::HashMap;

use rusqlite::{Connection, Result, Row, params};

use super::sql;
use crate::model::{Media, MediaId, UserId};

const OWNED: &str = "SELECT * FROM media WHERE id = ?1 AND owner = ?2";
const ONE: &str = "SELECT * FROM media WHERE id = ?1";
const ATTACHED: &str = "SELECT a.message, f.* FROM message_media a JOIN media f ON f.id = a.media
    WHERE a.message IN (SELECT value FROM json_each(?1)) ORDER BY a.message, a.place";
const ATTACH: &str = "INSERT INTO message_media (message, place, media) VALUES (?1, ?2, ?3)";
const DETACH: &str = "DELETE FROM message_media WHERE message = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[OWNED, ONE, ATTACHED, ATTACH, DETACH];

pub(super) fn media_from_row(row: &Row<'_>) -> Result<Media> {
    Ok(Media {
        id: row.get("id")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        owner: row.get("owner")?,
        is_image: row.get("is_image")?,
        size: row.get::<_, i64>("size")?.unsigned_abs(),
        width: row.get("width")?,
        height: row.get("height")?,
        file_name: row.get("file_name")?,
        created: row.get("created")?,
    })
}

/// A file of this user.
pub(super) fn owned(conn: &Connection, id: MediaId, owner: UserId) -> Result<Option<Media>> {
    sql::one(conn, OWNED, params![id, owner], media_from_row)
}

/// A file, whosever it is.
pub(super) fn one(conn: &Connection, id: MediaId) -> Result<Option<Media>> {
    sql::one(conn, ONE, [id], media_from_row)
}

/// The attachments of these message rows (a JSON list).
pub(super) fn attached(conn: &Connection, ids: &str) -> Result<HashMap<i64, Vec<Media>>> {
    let mut found: HashMap<i64, Vec<Media>> = HashMap::new();
    for (message, media) in sql::all(conn, ATTACHED, [ids], |row| Ok((row.get("message")?, media_from_row(row)?)))? {
        found.entry(message).or_default().push(media);
    }
    Ok(found)
}

/// Hangs files on a message.
pub(super) fn attach(conn: &Connection, message: i64, files: &[Media]) -> Result<()> {
    for (place, media) in (0_i64..).zip(files) {
        sql::run(conn, ATTACH, params![message, place, media.id])?;
    }
    Ok(())
}

/// Takes the files off a message; they stay their owner's.
pub(super) fn detach(conn: &Connection, message: i64) -> Result<()> {
    sql::run(conn, DETACH, [message]).map(drop)
}
