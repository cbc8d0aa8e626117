//! The index: one FTS5 table of words, and how far it has followed the messages.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Result, params};

use super::order::Order;
use crate::model::{Has, MessageQuery, RoomId, Searchable, UserId, WORDS_VERSION, index_words};
use crate::store::sqlite::schema;

/// Version of the tables below; with the version of the word rules it tells whether the file can be
/// used.
const TABLES_VERSION: i64 = 3;
pub(super) const VERSION: i64 = TABLES_VERSION * 1000 + WORDS_VERSION;

/// The room, the author and what a message has are words in a column of their own, so that a search
/// in a quiet room never reads the words of busy ones. The `ascii` tokenizer splits words at spaces and does nothing else.
const TABLES: &str = "CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        epoch TEXT NOT NULL,
        boot TEXT NOT NULL,
        clean INTEGER NOT NULL,
        message INTEGER NOT NULL DEFAULT 0,
        change INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE VIRTUAL TABLE words USING fts5 (room, text, content = '', contentless_delete = 1, \
                      tokenize = 'ascii');";
const BEGIN: &str = "INSERT INTO state (id, epoch, boot, clean, change) VALUES (1, ?1, ?2, 0, ?3)";
pub(super) const STATE: &str = "SELECT epoch, boot, clean FROM state";
const REOPEN: &str = "UPDATE state SET boot = ?1, clean = 0";
pub(super) const MARKS: &str = "SELECT message, change FROM state";
const MOVE: &str = "UPDATE state SET message = ?1, change = ?2";
pub(super) const ADD: &str = "INSERT INTO words (rowid, room, text) VALUES (?1, ?2, ?3)";
pub(super) const REMOVE: &str = "DELETE FROM words WHERE rowid = ?1";
const FIND: &str =
    "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC
    LIMIT ?4";
/// Merges segments, as many pages of them; a negative number begins or continues the merge of all
/// of them into one, which omits what was deleted.
const MERGE: &str = "INSERT INTO words (words, rank) VALUES ('merge', ?1)";
const MERGED_AT_ONCE: i64 = -256;
/// A merge that did nothing has changed fewer rows.
const NOTHING: u64 = 2;

/// Number of messages between pauses: one or two milliseconds.
const SLICE: usize = 100;

/// Progress of the index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Returns the newest message in it.
    pub(super) message: i64,
    /// The newest change applied.
    pub(super) change: i64,
}

/// A message to be indexed.
pub(super) struct Entry {
    /// Row of the message in the database.
    pub(super) message: i64,
    /// Its room and current content; None if it is deleted.
    pub(super) content: Option<(RoomId, Searchable)>,
}

/// The write connection of the index.
pub(in crate::store) struct Index(pub(super) Connection);

impl Index {
    /// Opens the file if it is intact, follows these rules and belongs to this database; otherwise
    /// creates a new index that starts with that change and has these tables of its source.
    pub(super) fn open(path: &Path, epoch: &str, change: i64, tables: &str) -> io::Result<Self> {
        match Self::reopen(path, epoch) {
            Ok(Some(index)) => return Ok(index),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(store.error = %error, "The search index cannot be used and is \
                                                      rebuilt");
            }
        }
        discard(path)?;
        Self::create(path, epoch, change, tables).map_err(io::Error::other)
    }

    fn reopen(path: &Path, epoch: &str) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let conn = connect(path)?;
        if conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? != VERSION {
            return Ok(None);
        }
        let state = conn
            .query_row(STATE, (), |row| {
                Ok((
                    row.get::<_, String>("epoch")?,
                    row.get::<_, String>("boot")?,
                    row.get("clean")?,
                ))
            })
            .optional()?;
        let boot = boot();
        // The file is never synced, so it is not trusted after a crash of the machine.
        let sound = state.is_some_and(|(of, when, clean)| {
            of == epoch && (clean || (when == boot && !boot.is_empty()))
        });
        if sound {
            conn.execute(REOPEN, [boot])?;
        }
        Ok(sound.then_some(Self(conn)))
    }

    fn create(path: &Path, epoch: &str, change: i64, tables: &str) -> Result<Self> {
        schema::create(path)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let mut conn = connect(path)?;
        let tx = conn.transaction()?;
        tx.execute_batch(TABLES)?;
        tx.execute_batch(tables)?;
        tx.execute(BEGIN, params![epoch, boot(), change])?;
        tx.pragma_update(None, "user_version", VERSION)?;
        tx.commit()?;
        Ok(Self(conn))
    }

    pub(super) fn marks(&self) -> Result<Marks> {
        self.0.query_row(MARKS, (), |row| {
            Ok(Marks { message: row.get("message")?, change: row.get("change")? })
        })
    }

    /// Adds new messages, then applies changes and stores the progress: all or nothing. Calls
    /// `pause` between some messages.
    pub(super) fn feed(
        &mut self,
        new: &[Entry],
        changed: &[Entry],
        reached: Marks,
        pause: &dyn Fn(),
    ) -> Result<()> {
        let tx = self.0.transaction()?;
        {
            let (mut add, mut remove) = (tx.prepare_cached(ADD)?, tx.prepare_cached(REMOVE)?);
            let mut order = Order::of(&tx)?;
            // A changed message keeps its row.
            let mut put = |entry: &Entry, held: Option<i64>, order: &mut Order<'_>| match (
                &entry.content,
                held,
            ) {
                (Some((room, content)), held) => {
                    let row =
                        held.map_or_else(|| order.take(entry.message, content.created), Ok)?;
                    let words = index_words(&content.searched());
                    add.execute(params![row, facts(*room, content), words]).map(drop)
                }
                (None, Some(row)) => order.leave(row),
                (None, None) => Ok(()),
            };
            for some in new.chunks(SLICE) {
                pause();
                some.iter().try_for_each(|entry| put(entry, None, &mut order))?;
            }
            for some in changed.chunks(SLICE) {
                pause();
                for entry in some {
                    let held = order.row(entry.message)?;
                    if let Some(row) = held {
                        remove.execute([row])?;
                    }
                    put(entry, held, &mut order)?;
                }
            }
        }
        tx.execute(MOVE, params![reached.message, reached.change])?;
        tx.commit()
    }

    /// Removes the words of deleted messages from the file. Calls `pause` between the steps.
    pub(super) fn purge(&mut self, pause: &dyn Fn()) -> Result<()> {
        loop {
            pause();
            let before = self.0.total_changes();
            self.0.prepare_cached(MERGE)?.execute([MERGED_AT_ONCE])?;
            if self.0.total_changes() - before < NOTHING {
                break;
            }
        }
        // Pages that were free before contain words too.
        self.0.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")
    }

    /// Closes the file so that the next start can trust it.
    pub(super) fn finish(self) -> Result<()> {
        // The only time that it is synced.
        self.0.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE); UPDATE state SET clean = \
             1; PRAGMA wal_checkpoint(TRUNCATE);",
        )
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let conn = Connection::open(path)?;
    conn.execute_batch(
        "PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = \
         67108864; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(conn)
}

/// Removes the file and its companion files.
pub(in crate::store::sqlite) fn discard(path: &Path) -> io::Result<()> {
    for ending in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        match fs::remove_file(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Returns whether an error indicates that the file is damaged.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    let message = matches!(
        error,
        rusqlite::Error::SqliteFailure(_, Some(text)) if text.contains("no such table")
    );
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) || message
}

/// Identifies this run of the operating system; empty if unknown.
pub(super) fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

fn room_word(room: RoomId) -> String {
    format!("r{}", room.0)
}

fn author_word(author: UserId) -> String {
    format!("u{}", author.0)
}

fn word_of(has: Has) -> &'static str {
    match has {
        Has::File => "f",
        Has::Image => "i",
        Has::Link => "l",
    }
}

/// Returns the words of the first column.
pub(super) fn facts(room: RoomId, of: &Searchable) -> String {
    let mut words = vec![room_word(room)];
    words.extend(of.author.map(author_word));
    let has = Has::ALL.into_iter().filter(|(_, has)| of.has(*has));
    words.extend(has.map(|(_, has)| word_of(has).to_owned()));
    words.join(" ")
}

/// Builds the FTS5 query; None: in every room, if it is [narrow](MessageQuery::is_narrow).
pub(super) fn wanted(rooms: Option<&[RoomId]>, query: &MessageQuery) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut all = Vec::new();
    if let Some(rooms) = rooms {
        let rooms: Vec<_> = rooms.iter().map(|room| quoted(&room_word(*room))).collect();
        all.push(format!("room : ({})", rooms.join(" OR ")));
    }
    all.extend(query.from.map(|author| format!("room : {}", quoted(&author_word(author)))));
    all.extend(query.has.iter().map(|has| format!("room : {}", quoted(word_of(*has)))));
    if let Some(words) = &query.words {
        let phrases: Vec<_> = words
            .phrases()
            .iter()
            .map(|phrase| quoted(&phrase.words.join(" ")) + if phrase.prefix { " *" } else { "" })
            .collect();
        all.push(format!("text : ({})", phrases.join(" AND ")));
    }
    all.join(" AND ")
}

/// Returns matching rows, newest first.
pub(super) fn find(
    conn: &Connection,
    wanted: &str,
    rows: Range<i64>,
    limit: u32,
) -> Result<Vec<i64>> {
    conn.prepare_cached(FIND)?
        .query_map(params![wanted, rows.start, rows.end, limit], |row| row.get(0))?
        .collect()
}
