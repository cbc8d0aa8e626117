//! Exports a consistent state of everything except derived data, secrets of the server and
//! sessions.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Result, TransactionBehavior, params};

use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::sqlite::error::unreadable;
use crate::store::sqlite::preferences::{self, own_from_row};
use crate::store::sqlite::{Sqlite, job_orders, slash_commands, sql, users};
use crate::store::transfer::{
    EmojiRecord, FollowRecord, Header, IdentityRecord, ImportedRecord, JobRecord, Key, LastIds,
    MediaRecord, MessageRecord, ParticipantRecord, PinRecord, PreferencesRecord, ReactionRecord,
    Record, RoomRecord, SavedRecord, UserRecord,
};

/// Number of rows read at once.
const PAGE: i64 = 500;

const ROWS: &str = "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM media) + (SELECT \
                    count(*) FROM rooms)
    + (SELECT count(*) FROM participants) + (SELECT count(*) FROM messages) AS rows";
const LAST_IDS: &str = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'users'), \
                        0) AS users,
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'rooms'), 0) AS rooms,
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'media'), 0) AS media,
    (SELECT lower(hex(value)) FROM settings WHERE key = 'origin') AS origin";
const USERS: &str = "SELECT id, login, name, email, birth, media, status_emoji, \
                     status_text, status_until, password, md5, sha1, second_factor, admin, \
                     disabled, bot, guest, deleted, created,
    (SELECT json_group_array(json_object('source', source, 'subject', subject)) FROM
        (SELECT source, subject FROM identities WHERE user = users.id
        ORDER BY source DESC, subject)) AS identities
    FROM users WHERE id > ?1 ORDER BY id LIMIT ?2";
const MEDIA: &str = "SELECT * FROM media WHERE id > ?1 ORDER BY id LIMIT ?2";
// A room marked as deleted is gone for users; its rows only wait to be removed.
const ROOMS: &str = "SELECT id, name, topic, description, visibility, archived, read_only, owner, \
                     retention_days, keep_pinned, expired, rev, facts_rev, created FROM rooms
    WHERE id > ?1 AND deleted IS NULL ORDER BY id LIMIT ?2";
const PARTICIPANTS: &str = "SELECT p.* FROM participants p JOIN rooms r ON r.id = p.room AND \
                            r.deleted IS NULL
    WHERE p.id > ?1 ORDER BY p.id LIMIT ?2";
const MESSAGES: &str =
    "SELECT m.*, n.user AS pinned_by, n.at AS pinned_at, c.seq AS called FROM messages m JOIN \
                        rooms r ON r.id = m.room AND r.deleted IS NULL
    LEFT JOIN pins n ON n.room = m.room AND n.seq = m.seq
    LEFT JOIN calls c ON c.room = m.room AND c.seq = m.seq
    WHERE m.id > ?1 ORDER BY m.id LIMIT ?2";
const REACTIONS: &str = "SELECT message, user, reaction, at FROM reactions WHERE message IN \
                         (SELECT value FROM json_each(?1)) ORDER BY id";
const ATTACHED: &str = "SELECT message, media FROM message_media WHERE message IN (SELECT value \
                        FROM json_each(?1)) ORDER BY message, place";
const MENTIONS: &str = "SELECT m.id AS message, n.user FROM messages m JOIN mentions n ON n.room \
                        = m.room AND n.seq = m.seq
    WHERE m.id IN (SELECT value FROM json_each(?1)) ORDER BY n.user";
// Sources with kept ids need no entries: their objects have the same ids here.
const IMPORTED: &str = "SELECT source, kind, key, id FROM imported
    WHERE (source, kind, key) > (?1, ?2, ?3) AND kind NOT IN ('open', 'before', 'mark', 'picture')
    AND source NOT IN (SELECT source FROM imported WHERE kind = 'keep') ORDER BY source, kind, key \
                        LIMIT ?4";
const PREFERENCES: &str = "SELECT user AS id, notify, keywords, quiet, language FROM preferences WHERE user \
                           > ?1 ORDER BY user LIMIT ?2";
const SAVED: &str =
    "SELECT s.user, s.room, s.seq, s.at FROM saved s JOIN rooms r ON r.id = s.room \
                     AND r.deleted IS NULL
    WHERE (s.user, s.room, s.seq) > (?1, ?2, ?3) ORDER BY s.user, s.room, s.seq LIMIT ?4";
const FOLLOWS: &str =
    "SELECT f.user, f.room, f.root, f.following, f.read FROM follows f JOIN rooms \
                       r ON r.id = f.room AND r.deleted IS NULL
    WHERE f.following IS NOT NULL AND (f.user, f.room, f.root) > (?1, ?2, ?3)
    ORDER BY f.user, f.room, f.root LIMIT ?4";
const EMOJI: &str = "SELECT name, media, created FROM emoji ORDER BY name";
const FAREWELLS: &str =
    "SELECT id, target, login, name FROM jobs WHERE kind = ?3 AND id > ?1 ORDER BY id LIMIT ?2";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    ROWS,
    LAST_IDS,
    USERS,
    MEDIA,
    ROOMS,
    PARTICIPANTS,
    MESSAGES,
    REACTIONS,
    ATTACHED,
    MENTIONS,
    PREFERENCES,
    SAVED,
    FOLLOWS,
    EMOJI,
    IMPORTED,
    FAREWELLS,
];

impl Sqlite {
    /// Exports the content of a database in one read transaction, page by page, until the sink
    /// returns `Break`, with the approximate number of all rows: header, users, media, rooms,
    /// participants, messages in the order of storing, preferences, saved messages, followed
    /// threads, results of imports, jobs. Blocks.
    ///
    /// Meanwhile the write-ahead log cannot be restarted: if others write to the database, export a
    /// copy.
    pub fn export(
        path: &Path,
        product: &str,
        sink: &mut dyn FnMut(Vec<Record>, u64) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut read = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let mut conn = Connection::open_with_flags(path, flags)?;
            conn.execute_batch(
                "PRAGMA query_only = ON; PRAGMA busy_timeout = 1000; PRAGMA cache_size = -16384; \
                 PRAGMA trusted_schema = OFF;",
            )?;
            let tx = conn.transaction_with_behavior(TransactionBehavior::Deferred)?;
            let rows = tx.query_row(ROWS, (), |row| row.get::<_, i64>("rows"))?.unsigned_abs();
            everything(&tx, product, &mut |page| sink(page, rows))
        };
        read().map_err(|error| unreadable(&error))
    }
}

fn everything(
    conn: &Connection,
    product: &str,
    sink: &mut dyn FnMut(Vec<Record>) -> ControlFlow<()>,
) -> Result<()> {
    let header = conn.query_row(LAST_IDS, (), |row| {
        Ok(Header {
            format: Header::FORMAT.to_owned(),
            version: Header::VERSION,
            product: product.to_owned(),
            created: Timestamp::now(),
            source: row.get("origin")?,
            ids: LastIds {
                users: row.get("users")?,
                rooms: row.get("rooms")?,
                media: row.get("media")?,
            },
        })
    })?;
    if sink(vec![Record::Header(header)]).is_break() {
        return Ok(());
    }
    for (statement, from_row) in [
        (USERS, user as fn(&sql::Row<'_>) -> Result<Record>),
        (MEDIA, media),
        (ROOMS, room),
        (PARTICIPANTS, participant),
    ] {
        if pages(conn, statement, from_row, sink)?.is_break() {
            return Ok(());
        }
    }
    if messages(conn, sink)?.is_break()
        || pages(conn, PREFERENCES, preferences, sink)?.is_break()
        || saved(conn, sink)?.is_break()
        || follows(conn, sink)?.is_break()
        || emoji(conn, sink)?.is_break()
        || commands(conn, sink)?.is_break()
        || imported(conn, sink)?.is_break()
    {
        return Ok(());
    }
    let jobs = sql::all(conn, FAREWELLS, params![0, i64::MAX, job_orders::FAREWELL], |row| {
        Ok(Record::Job(JobRecord {
            user: Key::Number(row.get("target")?),
            login: row.get("login")?,
            name: row.get("name")?,
        }))
    })?;
    // It was the last record in any case.
    let (ControlFlow::Continue(()) | ControlFlow::Break(())) = sink(jobs);
    Ok(())
}

/// Returns pages of a table, by id.
fn pages(
    conn: &Connection,
    statement: &str,
    from_row: fn(&sql::Row<'_>) -> Result<Record>,
    sink: &mut dyn FnMut(Vec<Record>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let mut after = 0_i64;
    loop {
        let page = sql::all(conn, statement, params![after, PAGE], |row| {
            Ok((row.get("id")?, from_row(row)?))
        })?;
        let Some((last, _)) = page.last() else { return Ok(ControlFlow::Continue(())) };
        after = *last;
        if sink(page.into_iter().map(|(_, record)| record).collect()).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

fn key(row: &sql::Row<'_>, column: &'static str) -> Result<Key> {
    row.get(column).map(Key::Number)
}

fn optional_key(row: &sql::Row<'_>, column: &'static str) -> Result<Option<Key>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Key::Number))
}

fn identities(row: &sql::Row<'_>) -> Result<Vec<IdentityRecord>> {
    let json: String = row.get("identities")?;
    serde_json::from_str(&json).map_err(|_| rusqlite::Error::InvalidQuery)
}

fn user(row: &sql::Row<'_>) -> Result<Record> {
    Ok(Record::User(UserRecord {
        id: key(row, "id")?,
        login: row.get("login")?,
        name: row.get("name")?,
        email: row.get("email")?,
        birth: row.get("birth")?,
        media: optional_key(row, "media")?,
        status: users::status_from_row(row)?.map(Into::into),
        password: row.get("password")?,
        md5: row.get("md5")?,
        sha1: row.get("sha1")?,
        second_factor: users::factor_from_row(row)?.as_ref().map(Into::into),
        identities: identities(row)?,
        admin: row.get("admin")?,
        disabled: row.get("disabled")?,
        bot: row.get("bot")?,
        guest: row.get("guest")?,
        deleted: row.get("deleted")?,
        created: row.get("created")?,
        no_password: false,
        stranger: false,
    }))
}

fn media(row: &sql::Row<'_>) -> Result<Record> {
    Ok(Record::Media(MediaRecord {
        id: key(row, "id")?,
        name: row.get("name")?,
        owner: key(row, "owner")?,
        kind: row.get("kind")?,
        image: row.get("is_image")?,
        size: row.get("size")?,
        width: row.get("width")?,
        height: row.get("height")?,
        file_name: row.get("file_name")?,
        created: row.get("created")?,
    }))
}

fn room(row: &sql::Row<'_>) -> Result<Record> {
    Ok(Record::Room(RoomRecord {
        id: key(row, "id")?,
        name: row.get("name")?,
        topic: row.get("topic")?,
        description: row.get("description")?,
        visibility: row.get("visibility")?,
        archived: row.get("archived")?,
        read_only: row.get("read_only")?,
        retention_days: row.get("retention_days")?,
        keep_pinned: row.get("keep_pinned")?,
        expired: row.get("expired")?,
        owner: optional_key(row, "owner")?,
        rev: row.get("rev")?,
        facts_rev: row.get("facts_rev")?,
        created: row.get("created")?,
    }))
}

fn participant(row: &sql::Row<'_>) -> Result<Record> {
    let (mark, unread): (i64, Option<i64>) = (row.get("mark")?, row.get("unread_mark")?);
    let record = ParticipantRecord {
        room: key(row, "room")?,
        user: key(row, "user")?,
        role: row.get("role")?,
        edited_name: row.get("edited_name")?,
        since: row.get("since")?,
        joined: row.get("joined")?,
        mark: Some(mark),
        mark_at: row.get("mark_at")?,
        unread_from: row
            .get::<_, Option<i64>>("unread_from")?
            .filter(|from| unread == Some(mark) && *from <= mark),
        muted: false,
        notify: None,
        favourite: false,
    };
    Ok(Record::Participant(record.with(own_from_row(row)?)))
}

fn message(row: &sql::Row<'_>) -> Result<(i64, MessageRecord)> {
    let pinned: Option<Timestamp> = row.get("pinned_at")?;
    let record = MessageRecord {
        room: key(row, "room")?,
        seq: key(row, "seq")?,
        rev: row.get("rev")?,
        author: key(row, "author")?,
        text: row.get("text")?,
        time: row.get("created")?,
        edited: row.get("edited")?,
        deleted: row.get("deleted")?,
        reply_to: optional_key(row, "reply_to")?,
        client_id: row.get("client_id")?,
        media: Vec::new(),
        mentions: Vec::new(),
        mentions_all: row.get::<_, Option<i64>>("called")?.is_some(),
        reactions: Vec::new(),
        pinned: pinned
            .map(|at| {
                Ok::<_, rusqlite::Error>(PinRecord { user: optional_key(row, "pinned_by")?, at })
            })
            .transpose()?,
    };
    Ok((row.get("id")?, record))
}

fn messages(
    conn: &Connection,
    sink: &mut dyn FnMut(Vec<Record>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let mut after = 0_i64;
    loop {
        let mut page = sql::all(conn, MESSAGES, params![after, PAGE], message)?;
        let Some((last, _)) = page.last() else { return Ok(ControlFlow::Continue(())) };
        after = *last;
        let ids = sql::list(page.iter().map(|(id, _)| *id));
        let places: HashMap<i64, usize> =
            page.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
        let mut at = |id: i64, put: &mut dyn FnMut(&mut MessageRecord)| {
            if let Some((_, record)) = places.get(&id).and_then(|place| page.get_mut(*place)) {
                put(record);
            }
        };
        for (id, reaction) in sql::all(conn, REACTIONS, [&ids], |row| {
            Ok((
                row.get("message")?,
                ReactionRecord {
                    user: key(row, "user")?,
                    reaction: row.get("reaction")?,
                    at: row.get("at")?,
                },
            ))
        })? {
            at(id, &mut |record| record.reactions.push(reaction.clone()));
        }
        for (id, media) in
            sql::all(conn, ATTACHED, [&ids], |row| Ok((row.get("message")?, key(row, "media")?)))?
        {
            at(id, &mut |record| record.media.push(media.clone()));
        }
        for (id, user) in
            sql::all(conn, MENTIONS, [&ids], |row| Ok((row.get("message")?, key(row, "user")?)))?
        {
            at(id, &mut |record| record.mentions.push(user.clone()));
        }
        if sink(page.into_iter().map(|(_, record)| Record::Message(record)).collect()).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

fn preferences(row: &sql::Row<'_>) -> Result<Record> {
    let user = row.get("id")?;
    Ok(Record::Preferences(PreferencesRecord::new(user, preferences::from_row(row)?)))
}

fn saved(
    conn: &Connection,
    sink: &mut dyn FnMut(Vec<Record>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let mut after = (0_i64, 0_i64, 0_i64);
    loop {
        let page = sql::all(conn, SAVED, params![after.0, after.1, after.2, PAGE], |row| {
            let place = (row.get("user")?, row.get("room")?, row.get("seq")?);
            Ok((place, row.get("at")?))
        })?;
        let Some((last, _)) = page.last() else { return Ok(ControlFlow::Continue(())) };
        after = *last;
        let records = page.into_iter().map(|((user, room, seq), at)| {
            let [user, room, seq] = [user, room, seq].map(Key::Number);
            Record::Saved(SavedRecord { user, room, seq, at })
        });
        if sink(records.collect()).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

fn follows(
    conn: &Connection,
    sink: &mut dyn FnMut(Vec<Record>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let mut after = (0_i64, 0_i64, 0_i64);
    loop {
        let page = sql::all(conn, FOLLOWS, params![after.0, after.1, after.2, PAGE], |row| {
            let place = (row.get("user")?, row.get("room")?, row.get("root")?);
            Ok((place, row.get("following")?, row.get::<_, i64>("read")?))
        })?;
        let Some((last, ..)) = page.last() else { return Ok(ControlFlow::Continue(())) };
        after = *last;
        let records = page.into_iter().map(|((user, room, first), following, read)| {
            let [user, room, first] = [user, room, first].map(Key::Number);
            let read = Some(read).filter(|read| *read > 0).map(Key::Number);
            Record::Follow(FollowRecord { user, room, root: first, following, read })
        });
        if sink(records.collect()).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

/// Exports custom emoji, few enough for one page.
fn emoji(
    conn: &Connection,
    sink: &mut dyn FnMut(Vec<Record>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let all = sql::all(conn, EMOJI, (), |row| {
        Ok(Record::Emoji(EmojiRecord {
            name: row.get("name")?,
            media: key(row, "media")?,
            created: row.get("created")?,
        }))
    })?;
    Ok(if all.is_empty() { ControlFlow::Continue(()) } else { sink(all) })
}

/// Exports slash commands, few enough for one page.
fn commands(
    conn: &Connection,
    sink: &mut dyn FnMut(Vec<Record>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let all = slash_commands::all(conn)?;
    let all: Vec<Record> = all.iter().map(|one| Record::SlashCommand(one.into())).collect();
    Ok(if all.is_empty() { ControlFlow::Continue(()) } else { sink(all) })
}

fn imported(
    conn: &Connection,
    sink: &mut dyn FnMut(Vec<Record>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let (mut source, mut kind, mut name) = (String::new(), String::new(), String::new());
    loop {
        let page = sql::all(conn, IMPORTED, params![source, kind, name, PAGE], |row| {
            Ok(ImportedRecord {
                source: row.get("source")?,
                kind: row.get("kind")?,
                key: row.get("key")?,
                id: row.get("id")?,
            })
        })?;
        let Some(last) = page.last() else { return Ok(ControlFlow::Continue(())) };
        (source, kind, name) = (last.source.clone(), last.kind.clone(), last.key.clone());
        if sink(page.into_iter().map(Record::Imported).collect()).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}
