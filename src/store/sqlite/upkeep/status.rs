//! Statistics of the database.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Result, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Sqlite, UpkeepError};
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::sqlite::QUEUE;
use crate::store::sqlite::schema::{self, MIGRATIONS};
use crate::store::sqlite::sql;

/// Number of largest rooms listed.
const ROOMS: u32 = 10;

const COUNTS: &str = "SELECT
    (SELECT count(*) FROM users WHERE deleted IS NULL) AS users,
    (SELECT count(*) FROM users WHERE deleted IS NULL AND disabled <> 0) AS disabled,
    (SELECT count(*) FROM rooms WHERE deleted IS NULL AND visibility = 'public') AS public,
    (SELECT count(*) FROM rooms WHERE deleted IS NULL AND visibility = 'private') AS private,
    (SELECT count(*) FROM participants) AS participants,
    (SELECT count(*) FROM messages) AS messages,
    (SELECT count(*) FROM messages WHERE deleted IS NOT NULL) AS deleted,
    (SELECT count(*) FROM reactions) AS reactions,
    (SELECT count(DISTINCT name) FROM media) AS media,
    (SELECT coalesce(sum(size), 0) FROM (SELECT size FROM media GROUP BY name)) AS bytes,
    (SELECT count(*) FROM sessions WHERE ended IS NULL AND expires > ?1) AS sessions";
// Timestamps only agree with ids within a room, so all rows are read.
const LATELY: &str = "SELECT coalesce(sum(created >= ?1), 0) AS day, coalesce(sum(created >= ?2), \
                      0) AS week, count(*) AS month
    FROM messages WHERE created >= ?3";
const LARGEST: &str = "SELECT id, name, users, last_seq FROM rooms WHERE deleted IS NULL ORDER BY \
                       last_seq DESC, id LIMIT ?1";

const LAST: &str = "SELECT coalesce(max(id), 0) FROM messages";
const CENSUS: &str = "SELECT
    (SELECT count(*) FROM users WHERE deleted IS NULL) AS users,
    (SELECT count(*) FROM rooms WHERE deleted IS NULL AND visibility = 'public') AS public,
    (SELECT count(*) FROM rooms WHERE deleted IS NULL AND visibility = 'private') AS private";
const MEDIA: &str = "SELECT coalesce(sum(size), 0) FROM (SELECT size FROM media GROUP BY name)";

#[cfg(test)]
pub(in crate::store::sqlite) const STATEMENTS: &[&str] =
    &[COUNTS, LATELY, LARGEST, LAST, CENSUS, MEDIA];

/// Numbers of accounts and rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    /// Accounts, including disabled ones.
    pub users: u64,
    /// Public rooms.
    pub public_rooms: u64,
    /// Private rooms.
    pub private_rooms: u64,
}

/// Properties of the database files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Status {
    /// Schema of the database, which is that of the program while it is open.
    pub schema: u32,
    /// Schema of the program.
    pub known: u32,
    /// Changes when the database is restored.
    pub epoch: String,
    /// Id of this server.
    pub server_id: String,
    /// Size of the database file in bytes.
    pub bytes: u64,
    /// Size of its write-ahead log in bytes.
    pub wal_bytes: u64,
    /// Size of the search index in bytes.
    pub search_bytes: u64,
    /// Size of a page in bytes.
    pub page_bytes: u64,
    /// Number of pages.
    pub pages: u64,
    /// Number of free pages, which `vacuum` releases.
    pub free_pages: u64,
}

/// Sizes for the metrics.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Size of the database file in bytes.
    pub database: u64,
    /// Size of its write-ahead log in bytes.
    pub log: u64,
    /// Size of the search index in bytes.
    pub search: u64,
    /// Messages not yet in the search index.
    pub search_lag: u64,
}

/// Content of the database: `db.stats`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stats {
    /// Users, including disabled ones.
    pub users: u64,
    /// Users who may not log in.
    pub disabled: u64,
    /// Public rooms.
    pub public_rooms: u64,
    /// Private rooms.
    pub private_rooms: u64,
    /// Participants of all rooms.
    pub participants: u64,
    /// Messages, including deleted ones.
    pub messages: u64,
    /// Deleted messages.
    pub deleted_messages: u64,
    /// Reactions.
    pub reactions: u64,
    /// Uploaded files.
    pub media: u64,
    /// Size of the uploaded files in bytes.
    pub media_bytes: u64,
    /// Valid sessions.
    pub sessions: u64,
    /// Messages of the last 24 hours.
    pub messages_day: u64,
    /// Messages of the last 7 days.
    pub messages_week: u64,
    /// Messages of the last 30 days.
    pub messages_month: u64,
    /// The rooms with the most messages.
    pub largest_rooms: Vec<LargeRoom>,
}

/// A room with many messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LargeRoom {
    /// Id of the room.
    pub id: i64,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Number of participants.
    pub participants: u64,
    /// Number of messages.
    pub messages: u64,
}

impl Sqlite {
    /// Returns size and properties of the files.
    pub async fn status(&self) -> std::result::Result<Status, UpkeepError> {
        let (epoch, server_id) = (self.0.settings.epoch.clone(), self.0.server_id.clone());
        let asked = self.aside(move |conn, path| {
            let pragma = |name| {
                conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
                    .map(i64::unsigned_abs)
            };
            Ok(Status {
                schema: schema::version(conn)?,
                known: schema::number(MIGRATIONS),
                epoch,
                server_id,
                bytes: size(path),
                wal_bytes: size(&beside(path, "-wal")),
                search_bytes: size(&path.with_file_name("search.db")),
                page_bytes: pragma("page_size")?,
                pages: pragma("page_count")?,
                free_pages: pragma("freelist_count")?,
            })
        });
        asked.await
    }

    /// Returns the current size of the files, and how far the search index is behind.
    pub async fn sizes(&self) -> std::result::Result<Sizes, StoreError> {
        let last = self
            .read(|conn| Ok(sql::one(conn, LAST, (), |row| row.get::<_, i64>(0))?))
            .await?
            .unwrap_or(0);
        let (path, fed) = (&self.0.path, self.0.search.fed());
        let search_lag = u64::try_from(last - fed.min(last)).unwrap_or(0);
        Ok(Sizes {
            database: size(path),
            log: size(&beside(path, "-wal")),
            search: size(&path.with_file_name("search.db")),
            search_lag,
        })
    }

    /// Returns the number of operations that wait to be stored, also while the writer is blocked.
    pub fn queued(&self) -> usize {
        QUEUE.saturating_sub(self.0.places.available_permits())
    }

    /// Returns the numbers of accounts and rooms.
    pub async fn census(&self) -> std::result::Result<Census, StoreError> {
        self.read_expensive(|conn| {
            Ok(conn.query_row(CENSUS, (), |row| {
                Ok(Census {
                    users: count(row, "users")?,
                    public_rooms: count(row, "public")?,
                    private_rooms: count(row, "private")?,
                })
            })?)
        })
        .await
    }

    /// Returns the size of the uploaded files in bytes.
    pub async fn media_bytes(&self) -> std::result::Result<u64, StoreError> {
        Ok(self
            .read_expensive(|conn| Ok(sql::one(conn, MEDIA, (), |row| row.get::<_, i64>(0))?))
            .await?
            .unwrap_or(0)
            .unsigned_abs())
    }

    /// Counts everything. Reads every message.
    pub async fn stats(&self) -> std::result::Result<Stats, UpkeepError> {
        self.aside(|conn, _| Ok(stats(conn, Timestamp::now())?)).await
    }
}

pub(super) fn stats(conn: &Connection, now: Timestamp) -> Result<Stats> {
    let days = |count: u64| now.minus(Duration::from_hours(24 * count));
    let (day, week, month) =
        conn.query_row(LATELY, params![days(1), days(7), days(30)], |row| {
            Ok((count(row, "day")?, count(row, "week")?, count(row, "month")?))
        })?;
    let largest_rooms = sql::all(conn, LARGEST, [ROOMS], |row| {
        Ok(LargeRoom {
            id: row.get("id")?,
            name: row.get("name")?,
            participants: row.get::<_, i64>("users")?.unsigned_abs(),
            messages: row.get::<_, i64>("last_seq")?.unsigned_abs(),
        })
    })?;
    conn.query_row(COUNTS, [now], |row| {
        Ok(Stats {
            users: count(row, "users")?,
            disabled: count(row, "disabled")?,
            public_rooms: count(row, "public")?,
            private_rooms: count(row, "private")?,
            participants: count(row, "participants")?,
            messages: count(row, "messages")?,
            deleted_messages: count(row, "deleted")?,
            reactions: count(row, "reactions")?,
            media: count(row, "media")?,
            media_bytes: count(row, "bytes")?,
            sessions: count(row, "sessions")?,
            messages_day: day,
            messages_week: week,
            messages_month: month,
            largest_rooms,
        })
    })
}

fn count(row: &Row<'_>, column: &str) -> Result<u64> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}

/// Returns the size of a file; 0 if it does not exist.
fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

fn beside(path: &Path, ending: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
