//! Rows of uploaded files; their bytes are stored elsewhere.

use std::collections::HashMap;

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::sql;
use super::work::Work;
use crate::model::{Media, MediaId, RoomId, Timestamp, UserId};
use crate::store::{Added, NewMedia, OwnFile, StoreError};

const OWNED: &str = "SELECT * FROM media WHERE id = ?1 AND owner = ?2";
const ONE: &str = "SELECT * FROM media WHERE id = ?1";
const ATTACHED: &str = "SELECT a.message, f.* FROM message_media a JOIN media f ON f.id = a.media
    WHERE a.message IN (SELECT value FROM json_each(?1)) ORDER BY a.message, a.place";
const ATTACH: &str = "INSERT INTO message_media (message, place, media) VALUES (?1, ?2, ?3)";
const DETACH: &str = "DELETE FROM message_media WHERE message = ?1";
const OF_OWNER: &str = "SELECT * FROM media WHERE name = ?1 AND owner = ?2 AND \
                        coalesce(file_name, '') = coalesce(?3, '')";
const ADD: &str = "INSERT INTO media (name, owner, kind, is_image, size, width, height, \
                   file_name, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const READABLE: &str = "SELECT f.* FROM media f WHERE f.name = ?1 AND (?3 IS NULL OR f.id = ?3) \
                        AND (
        f.owner = ?2
        OR EXISTS (SELECT 1 FROM users u WHERE u.media = f.id AND (
            NOT EXISTS (SELECT 1 FROM users g WHERE g.id = ?2 AND g.guest)
            OR EXISTS (SELECT 1 FROM participants a
                JOIN participants b ON b.room = a.room AND b.user = u.id
                JOIN rooms s ON s.id = a.room AND s.deleted IS NULL
                WHERE a.user = ?2)))
        OR EXISTS (SELECT 1 FROM emoji e WHERE e.media = f.id)
        OR EXISTS (SELECT 1 FROM message_media a
            JOIN messages m ON m.id = a.message
            JOIN rooms r ON r.id = m.room AND r.deleted IS NULL
            JOIN participants p ON p.room = m.room AND p.user = ?2
            WHERE a.media = f.id))
    ORDER BY f.created DESC, f.id DESC LIMIT 1";
macro_rules! unused {
    () => {
        "NOT EXISTS (SELECT 1 FROM message_media a WHERE a.media = f.id) AND NOT EXISTS (SELECT 1 \
         FROM users u WHERE u.media = f.id)
            AND NOT EXISTS (SELECT 1 FROM emoji e WHERE e.media = f.id)"
    };
}
const USED_ELSEWHERE: &str = "SELECT f.id FROM json_each(?1) w JOIN media f ON f.id = w.value
    WHERE EXISTS (SELECT 1 FROM message_media a JOIN messages m ON m.id = a.message
            WHERE a.media = f.id AND m.room <> ?2)
        OR EXISTS (SELECT 1 FROM users u WHERE u.media = f.id)
        OR EXISTS (SELECT 1 FROM emoji e WHERE e.media = f.id)";
const UNUSED: &str = concat!(
    "SELECT f.id, f.created < ?2 AND ",
    unused!(),
    " AS unused FROM media f WHERE f.id > ?1 ORDER BY f.id LIMIT ?3"
);
// A small file occupies a block of the disk.
const UNUSED_BYTES: &str = concat!(
    "SELECT coalesce(sum(bytes), 0) FROM (SELECT max(max(f.size, 4096)) AS bytes FROM media f \
     WHERE f.owner = ?1 AND ",
    unused!(),
    " GROUP BY f.name)"
);
const RENEW: &str = concat!("UPDATE media AS f SET created = ?2 WHERE f.id = ?1 AND ", unused!());
const FORGET: &str = concat!(
    "DELETE FROM media AS f WHERE f.id = ?1 AND f.created < ?2 AND ",
    unused!(),
    " RETURNING name"
);
const OF_USER: &str = concat!(
    "SELECT m.*, EXISTS (SELECT 1 FROM media f WHERE f.name = m.name AND (f.owner <> m.owner OR NOT (",
    unused!(),
    "))) AS needed,
     EXISTS (SELECT 1 FROM emoji e WHERE e.media = m.id) AS stays,
     EXISTS (SELECT 1 FROM media f WHERE f.name = m.name AND (f.owner <> m.owner
        OR EXISTS (SELECT 1 FROM emoji e WHERE e.media = f.id))) AS bytes_stay
     FROM media m WHERE m.owner = ?1 AND m.id > ?2 ORDER BY m.id LIMIT ?3"
);
const FORGET_OWN: &str =
    concat!("DELETE FROM media AS f WHERE f.id = ?1 AND f.owner = ?2 AND ", unused!());
const KNOWN: &str =
    "SELECT DISTINCT name FROM media WHERE name IN (SELECT value FROM json_each(?1))";
const OF_ROOM: &str = "SELECT count(*), coalesce(sum(f.size), 0) FROM media f WHERE f.id IN
    (SELECT a.media FROM message_media a JOIN messages m ON m.id = a.message WHERE m.room = ?1)";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    OWNED,
    ONE,
    ATTACHED,
    ATTACH,
    DETACH,
    OF_OWNER,
    ADD,
    READABLE,
    USED_ELSEWHERE,
    UNUSED,
    UNUSED_BYTES,
    RENEW,
    FORGET,
    OF_USER,
    FORGET_OWN,
    KNOWN,
    OF_ROOM,
];

pub(super) fn media_from_row(row: &sql::Row<'_>) -> Result<Media> {
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

/// Returns a file of this user.
pub(super) fn owned(conn: &Connection, id: MediaId, owner: UserId) -> Result<Option<Media>> {
    sql::one(conn, OWNED, params![id, owner], media_from_row)
}

/// Returns a file of any user.
pub(super) fn one(conn: &Connection, id: MediaId) -> Result<Option<Media>> {
    sql::one(conn, ONE, [id], media_from_row)
}

/// Returns the attachments of these message rows (a JSON list).
pub(super) fn attached(conn: &Connection, ids: &str) -> Result<HashMap<i64, Vec<Media>>> {
    let mut found: HashMap<i64, Vec<Media>> = HashMap::new();
    for (message, media) in
        sql::all(conn, ATTACHED, [ids], |row| Ok((row.get("message")?, media_from_row(row)?)))?
    {
        found.entry(message).or_default().push(media);
    }
    Ok(found)
}

/// Attaches files to a message.
pub(super) fn attach(conn: &Connection, message: i64, files: &[Media]) -> Result<()> {
    for (place, media) in (0_i64..).zip(files) {
        sql::run(conn, ATTACH, params![message, place, media.id])?;
    }
    Ok(())
}

/// Detaches the files of a message; they stay their owner's.
pub(super) fn detach(conn: &Connection, message: i64) -> Result<()> {
    sql::run(conn, DETACH, [message]).map(drop)
}

/// Adds a file, or finds the existing row.
pub(super) fn add(work: &mut Work<'_>, new: &NewMedia) -> Result<Added<Media>, Fault> {
    let conn = work.conn;
    if let Some(there) =
        sql::one(conn, OF_OWNER, params![new.name, new.owner, new.file_name], media_from_row)?
    {
        // It is about to be used: its age starts again.
        sql::run(conn, RENEW, params![there.id, work.now])?;
        let value = one(conn, there.id)?.unwrap_or(there);
        return Ok(Added { value, existed: true });
    }
    let size = i64::try_from(new.size).unwrap_or(i64::MAX);
    sql::run(
        conn,
        ADD,
        params![
            new.name,
            new.owner,
            new.kind,
            new.is_image,
            size,
            new.width,
            new.height,
            new.file_name,
            work.now
        ],
    )?;
    let value = one(conn, MediaId(conn.last_insert_rowid()))?.ok_or(StoreError::Unavailable)?;
    Ok(Added { value, existed: false })
}

/// Returns a file that this user may read.
pub(super) fn readable(
    conn: &Connection,
    name: &str,
    id: Option<MediaId>,
    reader: UserId,
) -> Result<Option<Media>> {
    sql::one(conn, READABLE, params![name, reader, id], media_from_row)
}

/// Returns the size of this user's unused files.
pub(super) fn unused_bytes(conn: &Connection, owner: UserId) -> Result<u64> {
    Ok(sql::one(conn, UNUSED_BYTES, [owner], |row| row.get::<_, i64>(0))?
        .unwrap_or_default()
        .unsigned_abs())
}

/// Returns those of these files that something outside this room uses.
pub(super) fn used_elsewhere(
    conn: &Connection,
    ids: &[MediaId],
    room: RoomId,
) -> Result<Vec<MediaId>> {
    let ids = sql::list(ids.iter().map(|id| id.0));
    sql::all(conn, USED_ELSEWHERE, params![ids, room], |row| row.get("id"))
}

/// A page of examined files.
pub(super) struct Page {
    /// Number of files examined.
    pub(super) looked_at: u64,
    /// Unused files among them.
    pub(super) unused: Vec<MediaId>,
    /// Where to continue.
    pub(super) next: Option<MediaId>,
}

/// Examines files to find unused ones.
pub(super) fn unused(
    conn: &Connection,
    before: Timestamp,
    after: MediaId,
    count: u32,
) -> Result<Page> {
    let seen: Vec<(MediaId, bool)> =
        sql::all(conn, UNUSED, params![after, before, count], |row| {
            Ok((row.get("id")?, row.get("unused")?))
        })?;
    let next = if seen.len() == count as usize { seen.last().map(|(id, _)| *id) } else { None };
    Ok(Page {
        looked_at: seen.len() as u64,
        unused: seen.into_iter().filter_map(|(id, unused)| unused.then_some(id)).collect(),
        next,
    })
}

/// Removes these files unless they are used by now; returns the names without any owner left.
pub(super) fn forget(
    work: &mut Work<'_>,
    ids: &[MediaId],
    before: Timestamp,
) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for id in ids {
        names.extend(sql::one(work.conn, FORGET, params![id, before], |row| {
            row.get::<_, String>("name")
        })?);
    }
    let still = known(work.conn, &names)?;
    names.retain(|name| !still.contains(name));
    Ok(names)
}

/// Returns a page of the files of an owner, and where to continue.
pub(super) fn of_user(
    conn: &Connection,
    owner: UserId,
    after: MediaId,
    count: u32,
) -> Result<(Vec<OwnFile>, Option<MediaId>)> {
    let files = sql::all(conn, OF_USER, params![owner, after, count], |row| {
        Ok(OwnFile {
            media: media_from_row(row)?,
            needed: row.get("needed")?,
            stays: row.get("stays")?,
            bytes_stay: row.get("bytes_stay")?,
        })
    })?;
    let last = files.last().map(|file| file.media.id);
    let next = last.filter(|_| files.len() == count as usize);
    Ok((files, next))
}

/// Removes these files of an owner unless they are used.
pub(super) fn forget_own(work: &Work<'_>, owner: UserId, ids: &[MediaId]) -> Result<()> {
    for id in ids {
        sql::run(work.conn, FORGET_OWN, params![id, owner])?;
    }
    Ok(())
}

/// Returns those of the names that have an owner.
pub(super) fn known(conn: &Connection, names: &[String]) -> Result<Vec<String>> {
    let list: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    sql::all(conn, KNOWN, [format!("[{}]", list.join(","))], |row| row.get("name"))
}

/// Returns the number of files attached to messages of a room, and their bytes.
pub(super) fn of_room(conn: &Connection, room: RoomId) -> Result<(u64, u64)> {
    sql::one(conn, OF_ROOM, [room], |row| {
        Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, i64>(1)?.unsigned_abs()))
    })
    .map(Option::unwrap_or_default)
}
