//! The schema and its migrations: an append-only list, indexed by `user_version`.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, params};

use super::error::OpenError;
use super::wal::BUSY;
use super::{audit, beside, functions, sql};
use crate::model::{ActorKind, Attribution, AuditActor, AuditNote, AuditTarget, Timestamp};
use crate::store::{Settings, push_key};

/// A step from one schema to the next.
#[derive(Clone, Copy)]
pub(super) struct Migration {
    /// Description for users.
    pub(super) name: &'static str,
    sql: &'static str,
}

macro_rules! migration {
    ($name:literal) => {
        Migration { name: $name, sql: include_str!(concat!("migrations/", $name, ".sql")) }
    };
}

/// Append only: released migrations never change.
pub(super) const MIGRATIONS: &[Migration] = &[
    migration!("0001_start"),
    migration!("0002_search"),
    migration!("0003_imported"),
    migration!("0004_reactions"),
    migration!("0005_file_names"),
    migration!("0006_names"),
    migration!("0007_places"),
    migration!("0008_audit"),
    migration!("0009_grants"),
    migration!("0010_preferences"),
    migration!("0011_threads"),
    migration!("0012_status"),
    migration!("0013_invitations"),
    migration!("0014_second_factors"),
    migration!("0016_outgoing_webhooks"),
    migration!("0017_follows"),
    migration!("0019_drafts"),
    migration!("0020_look"),
    migration!("0021_identities"),
    migration!("0022_slash_commands"),
    migration!("0023_retention"),
    migration!("0025_push"),
    migration!("0027_revoked_invitations"),
    migration!("0028_letters"),
    migration!("0029_guest_invitations"),
    migration!("0030_outgoing_scope"),
    migration!("0031_push_endpoints"),
];

/// `chat` in ASCII; distinguishes our files from those of other programs.
pub(super) const APPLICATION: i32 = 0x6368_6174;

/// First bytes of every SQLite file.
const HEADER: &[u8] = b"SQLite format 3\0";

const HAS_AUDIT: &str = "SELECT 1 FROM sqlite_schema WHERE name = 'audit'";
const SETTING: &str = "SELECT value FROM settings WHERE key = ?1";
const ADD_SETTING: &str =
    "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[HAS_AUDIT, SETTING, ADD_SETTING];

/// VFS that keeps the index of the write-ahead log in memory instead of in a file; meanwhile no
/// other process can read the database.
pub(super) const ALONE: &str = "unix-excl";

/// Opens the write connection, with the current schema.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    create(path).map_err(|why| OpenError::Io { path: path.to_owned(), why })?;
    check_header(path)?;
    open_with(path, MIGRATIONS)
}

/// Opens the database. If the disk is full, the shared index of the log cannot be created: then it
/// is kept in memory, so that stored data can be read.
fn open_with(path: &Path, migrations: &[Migration]) -> Result<Connection, OpenError> {
    let opened = prepare(path, migrations, None).or_else(|error| {
        if !matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure)
        ) {
            return Err(error);
        }
        let alone = prepare(path, migrations, Some(ALONE)).map_err(|_| error)?;
        tracing::warn!(
            "The file system of {} is full or refuses writes: stored data can be read, but nothing \
             is stored until there is space.",
            path.display()
        );
        Ok(alone)
    });
    opened.unwrap_or_else(|error: rusqlite::Error| Err(sort(path, error)))
}

fn prepare(
    path: &Path,
    migrations: &[Migration],
    vfs: Option<&str>,
) -> rusqlite::Result<Result<Connection, OpenError>> {
    let flags = OpenFlags::default();
    let mut conn = match vfs {
        None => Connection::open_with_flags(path, flags)?,
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs)?,
    };
    conn.busy_timeout(BUSY)?;
    let found = version(&conn)?;
    let foreign = found == 0
        && conn.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get::<_, i64>(0))?
            > 0;
    let other = conn.pragma_query_value(None, "application_id", |row| row.get::<_, i32>(0))?;
    if foreign || (found > 0 && other != APPLICATION) {
        return Ok(Err(OpenError::Foreign(path.to_owned())));
    }
    let known = number(migrations);
    if found > known {
        return Ok(Err(OpenError::Newer { path: path.to_owned(), found, known }));
    }
    if found == 0 {
        // Only takes effect before the first table; later it would write a page each time, which
        // fails on a full disk.
        conn.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")?;
    }
    writer_pragmas(&conn)?;
    conn.set_prepared_statement_cache_capacity(256);
    sql::keep_plans(&conn)?;
    if found > 0
        && found < known
        && let Err(error) = keep_copy(&conn, path, known)
    {
        return Ok(Err(error));
    }
    migrate(&mut conn, migrations, found)?;
    Ok(Ok(conn))
}

pub(super) fn sort(path: &Path, error: rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenError::Damaged { path: path.to_owned(), why: error.to_string() }
        }
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::SystemIoFailure
            | ErrorCode::DiskFull,
        ) => OpenError::Io { path: path.to_owned(), why: io::Error::other(error.to_string()) },
        _ => OpenError::Sqlite(error),
    }
}

/// Creates a file that must not exist, with access for its owner only.
pub(super) fn create_new(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop)
}

/// Creates a file with access for its owner only; SQLite gives its companion files the same mode.
pub(super) fn create(path: &Path) -> io::Result<()> {
    match create_new(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Checks the header, since SQLite treats a short file of another kind as an empty database and
/// would overwrite it.
pub(super) fn check_header(path: &Path) -> Result<(), OpenError> {
    let head = beside::head(path, HEADER.len())
        .map_err(|why| OpenError::Io { path: path.to_owned(), why })?;
    if head.is_empty() || head == HEADER {
        return Ok(());
    }
    Err(OpenError::Damaged { path: path.to_owned(), why: "it has no SQLite header".to_owned() })
}

fn writer_pragmas(conn: &Connection) -> rusqlite::Result<()> {
    // The writer checks references itself: SQLite would check each a second time. What is deleted is
    // overwritten, so that it is not in the file any more.
    conn.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = OFF;
         PRAGMA secure_delete = ON;
         PRAGMA wal_autocheckpoint = 10000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -65536;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;",
    )
}

/// Returns the schema number after these migrations.
pub(super) fn number(migrations: &[Migration]) -> u32 {
    u32::try_from(migrations.len()).unwrap_or(u32::MAX)
}

pub(super) fn version(conn: &Connection) -> rusqlite::Result<u32> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Creates the schema of a version without data, for comparison.
pub(super) fn build(conn: &Connection, version: u32) -> rusqlite::Result<()> {
    functions::add(conn)?;
    MIGRATIONS
        .iter()
        .take(version as usize)
        .try_for_each(|migration| conn.execute_batch(migration.sql))
}

pub(super) fn migrate(
    conn: &mut Connection,
    migrations: &[Migration],
    found: u32,
) -> rusqlite::Result<()> {
    let missing = migrations.get(found as usize..).unwrap_or_default();
    let tx = conn.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    if !missing.is_empty() {
        functions::add(&tx)?;
        for migration in missing {
            tx.execute_batch(migration.sql)?;
        }
        functions::remove(&tx)?;
        tx.pragma_update(None, "application_id", APPLICATION)?;
        tx.pragma_update(None, "user_version", number(migrations))?;
        if found > 0 {
            record_migration(&tx, found, number(migrations))?;
        }
    }
    tx.commit()
}

/// Records a migration in the audit log, if that exists by now.
fn record_migration(conn: &Connection, found: u32, known: u32) -> rusqlite::Result<()> {
    if !sql::any(conn, HAS_AUDIT, ())? {
        return Ok(());
    }
    let by = Attribution {
        actor: AuditActor {
            kind: ActorKind::Server,
            user: None,
            name: concat!("chatctl ", env!("CARGO_PKG_VERSION")).to_owned(),
            from: "start".to_owned(),
        },
        action: "db.migrate".to_owned(),
    };
    let note = AuditNote {
        target: Some(AuditTarget::new("database", "chat.db", None)),
        before: Some(format!("{{\"schema\":{found}}}")),
        after: Some(format!("{{\"schema\":{known}}}")),
    };
    audit::add(conn, &by, &note, Timestamp::now())
}

/// Creates the copy `chat.db.before-N` beside the database; it is complete or does not exist.
fn keep_copy(conn: &Connection, path: &Path, known: u32) -> Result<(), OpenError> {
    let target = beside(path, &format!(".before-{known}"));
    let half = beside(path, &format!(".before-{known}.part"));
    let io = |why| OpenError::Io { path: half.clone(), why };
    match fs::remove_file(&half) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    create(&half).map_err(io)?;
    let name = half.to_str().ok_or_else(|| io(io::Error::other("its path is not UTF-8")))?;
    conn.execute("VACUUM INTO ?1", [name]).map_err(|error| sort(&half, error))?;
    OpenOptions::new().write(true).open(&half).and_then(|file| file.sync_all()).map_err(io)?;
    fs::set_permissions(&half, fs::Permissions::from_mode(0o600)).map_err(io)?;
    fs::rename(&half, &target).map_err(io)?;
    tracing::info!(store.copy = %target.display(), store.schema = known, "The database was copied \
                                                                          before it is migrated");
    Ok(())
}

pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Reads the settings of the server, creating them the first time, and the id of this server: the
/// database belongs to one machine.
pub(super) fn settings(conn: &Connection) -> Result<(Settings, String), OpenError> {
    let made_up = || {
        let key = random::<32>()?;
        let epoch = hex::encode(random::<8>()?);
        let server = hex::encode(random::<3>()?);
        let instance = hex::encode(random::<16>()?);
        Ok::<_, io::Error>([
            ("signing_key", key.to_vec()),
            ("epoch", epoch.into_bytes()),
            ("server_id", server.into_bytes()),
            ("instance", instance.into_bytes()),
            ("push_key", push_key()?),
        ])
    };
    let values = made_up().map_err(|why| OpenError::Io {
        path: PathBuf::from("the operating system's random numbers"),
        why,
    })?;
    let read = || {
        let tx = conn.unchecked_transaction()?;
        for (key, value) in &values {
            sql::run(&tx, ADD_SETTING, params![key, value])?;
        }
        let get = |key: &str| tx.query_row(SETTING, [key], |row| row.get::<_, Vec<u8>>("value"));
        let values = (get("signing_key")?, get("epoch")?, get("server_id")?, get("instance")?);
        let push_key = get("push_key")?;
        tx.commit()?;
        Ok::<_, rusqlite::Error>((values, push_key))
    };
    let ((signing_key, epoch, server_id, instance), push_key) =
        read().map_err(OpenError::Sqlite)?;
    let signing_key =
        signing_key.try_into().map_err(|_| OpenError::Sqlite(rusqlite::Error::InvalidQuery))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let settings = Settings { signing_key, push_key, epoch: text(epoch), instance: text(instance) };
    Ok((settings, text(server_id)))
}

/// Returns bytes of the operating system's generator.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod migrated;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_database_is_copied_and_then_migrated() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chat.db");
        drop(open(&path).unwrap());
        let known = u32::try_from(MIGRATIONS.len()).unwrap();
        let more: Vec<_> = MIGRATIONS
            .iter()
            .copied()
            .chain([Migration {
                name: "later",
                sql: "CREATE TABLE later (id INTEGER PRIMARY KEY)",
            }])
            .collect();
        let conn = open_with(&path, &more).unwrap();
        assert_eq!(version(&conn).unwrap(), known + 1);
        conn.execute("INSERT INTO later DEFAULT VALUES", ()).unwrap();
        let copy = dir.path().join(format!("chat.db.before-{}", known + 1));
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(version(&Connection::open(&copy).unwrap()).unwrap(), known);
    }

    #[test]
    fn a_failed_migration_leaves_the_database_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chat.db");
        drop(open(&path).unwrap());
        let bad = ["CREATE TABLE later (id INTEGER)", "nonsense"]
            .map(|sql| Migration { name: "bad", sql });
        let more: Vec<_> = MIGRATIONS.iter().copied().chain(bad).collect();
        assert!(open_with(&path, &more).is_err());
        let conn = open(&path).unwrap();
        assert_eq!(version(&conn).unwrap() as usize, MIGRATIONS.len());
        assert!(conn.prepare("SELECT * FROM later").is_err());
    }

    #[test]
    fn space_can_be_given_back_from_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let conn = open(&dir.path().join("chat.db")).unwrap();
        assert_eq!(
            conn.pragma_query_value(None, "auto_vacuum", |row| row.get::<_, i64>(0)).unwrap(),
            2
        );
        assert_eq!(
            conn.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0)).unwrap(),
            2
        );
    }
}
