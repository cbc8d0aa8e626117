//! `chatctl backup`: create, list, verify, restore and prune backups. Only `create` needs the
//! server; this process reads and writes the backup files itself, unless its user may not access
//! the configured directory.

use std::fs::DirBuilder;
use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::ask::Destructive;
use super::execute::{self, Found};
use super::file::Making;
use super::interrupt::Interrupt;
use super::print::{Format, Layout, Printer, line, note};
use super::units::{self, count};
use super::{Global, pipe};
use crate::admin::backup::{self, DAMAGED, ENDING, Head, Owner, Retention, Target, stamp};
use crate::admin::backups::{BackupCreate, BackupList, BackupPrune, BackupStore};
use crate::admin::{Command, Failure, Kind, Reply, identity};
use crate::config::Config;
use crate::model::Timestamp;

/// Verbs of `chatctl backup`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl backup create /mnt/backups\n  chatctl backup \
                        restore chatctl-20261121T081102Z.tar.zst --data-dir /var/lib/chatctl")]
pub(super) enum Verb {
    /// Create a backup; the server may be running
    Create {
        /// An existing directory, a file name that ends in .tar.zst, or - for standard output
        /// (default: [backup] directory)
        path: Option<PathBuf>,
    },
    /// List the backups in a directory
    List {
        /// Directory (default: [backup] directory)
        directory: Option<PathBuf>,
    },
    /// Verify that a backup can be restored; exit code 6 if it cannot
    Verify {
        /// Backup file
        file: PathBuf,
    },
    /// Restore a backup; the server must be stopped
    Restore {
        /// Backup file
        file: PathBuf,
        /// Replace existing data; it is kept as DIR.replaced-TIME
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        destructive: Destructive,
    },
    /// Delete old backups
    Prune {
        /// Directory (default: [backup] directory)
        directory: Option<PathBuf>,
        #[command(flatten)]
        rules: Rules,
        #[command(flatten)]
        destructive: Destructive,
    },
}

/// Which backups `prune` keeps.
#[derive(Debug, Args)]
pub(super) struct Rules {
    /// Number of newest backups to keep (default: the rules of [backup])
    #[arg(long, value_name = "COUNT", value_parser = at_least_one)]
    keep: Option<u64>,
    /// Keep the newest backup of each of the last COUNT days with backups
    #[arg(long, value_name = "COUNT", value_parser = at_least_one)]
    keep_daily: Option<u64>,
    /// Keep the newest backup of each of the last COUNT weeks with backups
    #[arg(long, value_name = "COUNT", value_parser = at_least_one)]
    keep_weekly: Option<u64>,
    /// Keep the newest backup of each of the last COUNT months with backups
    #[arg(long, value_name = "COUNT", value_parser = at_least_one)]
    keep_monthly: Option<u64>,
}

fn at_least_one(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1: 0 would delete every backup".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err("must be a number of backups, such as 14".to_owned()),
    }
}

const COLUMNS: Layout = Layout::List(&[
    ("name", "name"),
    ("created", "created"),
    ("bytes", "bytes"),
    ("version", "version"),
    ("users", "users"),
    ("rooms", "rooms"),
    ("messages", "messages"),
    ("files", "files"),
    ("problem", "problem"),
]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Create { path } => create(global, path),
        Verb::List { directory } => {
            if directory.is_none() && is_servers(global)? {
                return execute::run(global, &Command::BackupList(BackupList {}), COLUMNS);
            }
            let found = backup::list(&directory.map_or_else(|| configured(global), Ok)?)?;
            let mut printer = Printer::new(global, COLUMNS);
            found.iter().try_for_each(|backup| printer.item(backup.item()))?;
            printer.finish()
        }
        Verb::Verify { file } => verify(global, &file),
        Verb::Restore { file, replace, destructive } => {
            restore(global, &file, replace, &destructive)
        }
        Verb::Prune { directory, rules, destructive } => {
            prune(global, directory, &rules, &destructive)
        }
    }
}

/// Whether the caller is neither root nor the owner of the data directory, and so cannot access the
/// configured directory of backups; then the server works on it.
fn is_outside(global: &Global) -> Result<bool, Failure> {
    let config = execute::configuration(global)?;
    let (caller, owner) = (identity::caller(), std::fs::metadata(&config.server.data_dir));
    let is_foreign = match owner {
        Ok(owner) => owner.uid() != caller.as_raw(),
        // Who may not even reach the directory does not own it.
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    };
    Ok(!caller.is_root() && is_foreign)
}

/// Whether the server works on the configured directory of backups: the caller cannot access it, or
/// does not know it because of a mistake in the configuration.
fn is_servers(global: &Global) -> Result<bool, Failure> {
    Ok(execute::salvaged(global).is_some() || is_outside(global)?)
}

/// Whether a path is lexically within a directory.
fn lies_in(path: &Path, directory: &Path) -> bool {
    matches!((std::path::absolute(path), std::path::absolute(directory)), (Ok(path), Ok(directory)) if path.starts_with(&directory))
}

fn directory_of(config: &Config) -> PathBuf {
    config.server.data_dir.join(&config.backup.directory)
}

fn configured(global: &Global) -> Result<PathBuf, Failure> {
    let config = execute::configuration(global)?;
    identity::work_as_owner_of(&config.server.data_dir)?;
    Ok(directory_of(&config))
}

/// Writes a backup to standard output, for pipes to `age` or `ssh`. `verify` and `restore` refuse a
/// truncated backup.
fn stream(global: &Global) -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        return Err(Failure::usage(
            "a backup is binary and cannot be printed on a terminal: redirect standard output, or \
             name a file",
        ));
    }
    let interrupt = Interrupt::watch();
    let mut bar = Printer::new(global, Layout::One);
    execute::carry_out(global, &Command::BackupCreate(BackupCreate {}), &mut |reply| {
        interrupt.check()?;
        match reply {
            Reply::Bytes(bytes) => pipe::write(&bytes, &interrupt)?,
            Reply::Item(_) => (),
            Reply::Progress { done, total } => bar.progress(done, total),
        }
        Ok(())
    })?;
    bar.finish()
}

/// Writes a backup to its file. Returns its header, and the failure if the data is damaged.
fn receive(
    global: &Global,
    bar: &mut Printer,
    interrupt: &Interrupt,
    making: &mut Making,
) -> Result<(Option<Failure>, Head), Failure> {
    let mut head = None;
    let ended = execute::carry_out(global, &Command::BackupCreate(BackupCreate {}), &mut |reply| {
        interrupt.check()?;
        match reply {
            Reply::Bytes(bytes) => making.write(&bytes)?,
            Reply::Item(item) => {
                head = Some(
                    serde_json::from_value::<Head>(item)
                        .map_err(|error| Failure::failed(error.to_string()))?,
                );
            }
            Reply::Progress { done, total } => bar.progress(done, total),
        }
        Ok(())
    });
    match (ended, head) {
        (Ok(()), Some(head)) => Ok((None, head)),
        (Ok(()), None) => Err(Failure::failed("the server sent a backup without a header")),
        (Err(failure), Some(head)) if failure.kind == Kind::Problems => Ok((Some(failure), head)),
        (Err(failure), _) => Err(failure),
    }
}

/// Returns the path of a backup in progress. The final name contains the instance, which is known
/// only when the backup is complete.
fn unfinished_in(folder: &Path) -> PathBuf {
    folder.join(format!("chatctl-{}-{}{ENDING}", stamp(Timestamp::now()), std::process::id()))
}

/// Removes leftovers of interrupted backups.
fn sweep(folder: &Path, within: bool) {
    let sweep = || backup::sweep_parts(folder);
    if let Err(error) = if within { sweep() } else { identity::as_caller(sweep) } {
        note(&format!(
            "Leftovers of interrupted backups in {} cannot be removed: {error}",
            folder.display()
        ));
    }
}

fn create(global: &Global, path: Option<PathBuf>) -> Result<(), Failure> {
    if path.as_deref() == Some(Path::new(pipe::STDOUT)) {
        return stream(global);
    }
    if path.is_none() && is_servers(global)? {
        return execute::run(global, &Command::BackupStore(BackupStore {}), Layout::One);
    }
    let config = execute::existing(global)?;
    let data = &config.server.data_dir;
    let directory = if path.is_none() { Some(directory_of(&config)) } else { None };
    // The configured directory and the data directory are written as the owner of the data.
    let within = path.as_deref().is_none_or(|path| lies_in(path, data));
    if within {
        identity::work_as_owner_of(data)?;
    }
    if let Some(directory) = directory.as_ref().filter(|directory| !directory.exists()) {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(|error| {
            Failure::io(&format!("cannot create {}", directory.display()), &error)
        })?;
    }
    let path = directory.or(path).unwrap_or_default();
    let folder = path.is_dir().then(|| path.clone());
    if folder.is_none() && !path.as_os_str().as_bytes().ends_with(ENDING.as_bytes()) {
        // Without this check, an unmounted drive would be replaced by a file of its name.
        return Err(Failure::not_found(format!(
            "the directory {} does not exist; create it first, or name a file that ends in \
             {ENDING}",
            path.display()
        )));
    }
    if let Some(folder) = &folder {
        sweep(folder, within);
    }
    let begun = folder.as_deref().map_or_else(|| path.clone(), unfinished_in);
    let interrupt = Interrupt::watch();
    let mut making = if within { Making::begin_within(&begun)? } else { Making::begin(&begun)? };
    making.give_like(data)?;
    let mut bar = Printer::new(global, Layout::One);
    let (damaged, head) = receive(global, &mut bar, &interrupt, &mut making)?;
    let ending = if damaged.is_some() { DAMAGED } else { "" };
    let path = match &folder {
        Some(folder) => identity::as_caller(|| backup::unused_name(folder, &head, ending)),
        None => with_ending(&path, ending),
    };
    making.finish_as(&path)?;
    let bytes = identity::as_caller(|| std::fs::metadata(&path))
        .map_err(|error| Failure::io(&format!("cannot keep {}", path.display()), &error))?
        .len();
    if let Some(failure) = damaged {
        return Err(Failure::new(
            failure.kind,
            format!(
                "{failure}; the readable part was saved as {}, which does not count as a backup",
                path.display()
            ),
        ));
    }
    bar.item(json!({"path": path, "bytes": bytes, "created": head.created, "schema": head.schema, "counts": head.counts}))?;
    bar.finish()
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn verify(global: &Global, file: &Path) -> Result<(), Failure> {
    let mut bar = Printer::new(global, Layout::One);
    let interrupt = Interrupt::watch();
    let verified = backup::verify(file, &std::env::temp_dir(), &mut |done, all| {
        bar.progress(done, all);
        interrupt.goes_on()
    })?;
    if global.output == Format::Table {
        bar.finish()?;
        let lines = verified.problems.iter().chain(&verified.notes);
        lines.map(String::as_str).try_for_each(line)?;
    } else {
        bar.item(json!(verified))?;
        bar.finish()?;
    }
    let problems = verified.problems.len();
    if problems > 0 {
        let found = if problems == 1 { "was found" } else { "were found" };
        let problems = count(problems, "problem");
        let message = format!("{} cannot be restored: {problems} {found}", file.display());
        return Err(Failure::new(Kind::Problems, message));
    }
    if let (Format::Table, Some(head)) = (global.output, &verified.head) {
        let counts = &head.counts;
        line(&format!(
            "{} can be restored: checksums, sizes and database are correct ({}, {}, {}, {}; \
             created {}).",
            file.display(),
            count(counts.users, "account"),
            count(counts.rooms, "room"),
            count(counts.messages, "message"),
            count(counts.media, "uploaded file"),
            head.created
        ))?;
    }
    Ok(())
}

fn restore(
    global: &Global,
    file: &Path,
    replace: bool,
    destructive: &Destructive,
) -> Result<(), Failure> {
    let config = execute::configuration(global)?;
    let data = &config.server.data_dir;
    // A missing directory needs no lock: if another process creates it meanwhile, the last step
    // fails.
    let lock = if data.exists() {
        match execute::connect(&config)? {
            Found::Server(_) => {
                return Err(Failure::conflict(format!(
                    "a server is running on {}; stop it first",
                    data.display()
                )));
            }
            Found::Nobody(lock) => Some(lock),
        }
    } else {
        None
    };
    let operator = execute::operator();
    let target = Target {
        data,
        database: &config.database.path,
        media: &config.media.directory,
        replace,
        operator: &operator,
    };
    if destructive.dry_run {
        return rehearse(global, file, &target);
    }
    let present = backup::present(&target)?;
    if replace && !present.is_empty() && !destructive.yes {
        note(&format!("To be replaced, and kept aside: {}.", shown_paths(&present)));
        destructive.confirm("Replace it?")?;
    }
    let mut bar = Printer::new(global, Layout::One);
    let interrupt = Interrupt::watch();
    // Staged next to the data directory, where its owner may lack write permission; ownership is
    // handed over before the swap.
    let restored = identity::as_caller(|| {
        backup::restore(file, target, &mut |done, all| {
            bar.progress(done, all);
            interrupt.goes_on()
        })
    })?;
    drop(lock);
    let mut report = json!({
        "data_dir": data,
        "created": restored.head.created,
        "counts": restored.head.counts,
        "epoch": restored.epoch,
        "replaced": restored.replaced,
        "kept_aside": restored.kept_aside,
        "notes": restored.notes,
        "done": true,
    });
    if let (Format::Table, Value::Object(fields)) = (global.output, &mut report) {
        // For people, all that was kept is one list.
        let kept: Vec<_> = restored.replaced.into_iter().chain(restored.kept_aside).collect();
        fields.remove("replaced");
        fields.insert("kept_aside".to_owned(), json!(kept));
    }
    bar.item(report)?;
    bar.finish()
}

fn shown_paths(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Verifies the backup, and reports whether existing data would be kept aside.
fn rehearse(global: &Global, file: &Path, target: &Target<'_>) -> Result<(), Failure> {
    let present = identity::as_caller(|| backup::present(target))?;
    let mut bar = Printer::new(global, Layout::One);
    let interrupt = Interrupt::watch();
    let verified = identity::as_caller(|| {
        backup::verify(file, &std::env::temp_dir(), &mut |done, all| {
            bar.progress(done, all);
            interrupt.goes_on()
        })
    })?;
    if let Some(problem) = verified.problems.first() {
        return Err(Failure::new(
            Kind::Problems,
            format!("{} cannot be restored: {problem}", file.display()),
        ));
    }
    let head = verified.head.as_ref();
    bar.item(json!({
        "data_dir": target.data,
        "created": head.map(|head| &head.created),
        "counts": head.map(|head| head.counts),
        "kept_aside": if global.output == Format::Table { json!(present) } else { json!(!present.is_empty()) },
        "notes": verified.notes,
        "done": false,
    }))?;
    bar.finish()
}

fn prune(
    global: &Global,
    directory: Option<PathBuf>,
    given: &Rules,
    destructive: &Destructive,
) -> Result<(), Failure> {
    let config = execute::configuration(global)?;
    let Rules { keep, keep_daily, keep_weekly, keep_monthly } = *given;
    let given = Retention::from_counts(keep, keep_daily, keep_weekly, keep_monthly);
    let rules = given.or_else(|| Retention::of(&config.backup)).ok_or_else(|| {
        Failure::usage(
            "the number of backups to keep is not known: add --keep COUNT, or set [backup] keep",
        )
    })?;
    if directory.is_none() && is_outside(global)? {
        return prune_there(global, rules, destructive);
    }
    // A directory named on the command line is accessed as the caller, the configured one and the
    // database as the owner of the data directory.
    let named = directory.is_some();
    let directory = directory.map_or_else(|| configured(global), Ok)?;
    identity::work_as_owner_of(&config.server.data_dir)?;
    let owner = owner_of(&config)?;
    let prune = |dry_run| {
        let prune = || backup::prune(&directory, rules, owner.as_ref(), dry_run);
        if named { identity::as_caller(prune) } else { prune() }
    };
    let going = prune(true)?;
    if !destructive.dry_run && !going.gone.is_empty() {
        let bytes: u64 = going.gone.iter().map(|backup| backup.bytes).sum();
        if !destructive.yes {
            note(&format!(
                "{} ({}) to delete, {} to keep.",
                count(going.gone.len(), "backup"),
                units::bytes(bytes),
                going.kept
            ));
        }
        destructive.confirm("Delete them?")?;
    }
    let pruned = prune(destructive.dry_run)?;
    let mut printer = Printer::new(global, COLUMNS);
    pruned.gone.iter().try_for_each(|backup| printer.item(backup.item()))?;
    printer.finish()
}

/// Has the server delete backups in the configured directory.
fn prune_there(global: &Global, keep: Retention, destructive: &Destructive) -> Result<(), Failure> {
    let prune = |dry_run| Command::BackupPrune(BackupPrune { keep, dry_run });
    if !destructive.dry_run && !destructive.yes {
        let going = execute::ask(global, &prune(true))?;
        if !going.is_empty() {
            note(&format!("{} to delete.", count(going.len(), "backup")));
            destructive.confirm("Delete them?")?;
        }
    }
    execute::run(global, &prune(destructive.dry_run), COLUMNS)
}

/// The instance whose backups may be deleted; None if there is no database, as on a machine that
/// only keeps backups.
fn owner_of(config: &Config) -> Result<Option<Owner>, Failure> {
    let database = config.server.data_dir.join(&config.database.path);
    if !database.exists() {
        return Ok(None);
    }
    let owner = Owner::of(&database, true).map_err(|error| {
        Failure::failed(format!("cannot read which instance the database belongs to: {error}"))
    })?;
    Ok(Some(owner))
}
