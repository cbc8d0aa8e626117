//! `chatctl backup`: create, list, verify, restore and prune backups. Only `create` needs the
//! server; this process reads and writes the backup files itself, unless its user may not access
//! the configured directory.

mod create;
mod place;

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::place::Place;
use super::Global;
use super::ask::Destructive;
use super::execute::{self, Found};
use super::interrupt::Interrupt;
use super::print::{Format, Layout, Printer, line, note};
use super::units::{self, count};
use crate::admin::backup::{self, Identities, Input, Owner, Pruned, Retention, Target};
use crate::admin::backups::{BackupList, BackupPrune};
use crate::admin::{Command, Failure, Kind, identity};
use crate::config::Config;

/// Verbs of `chatctl backup`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl backup create /mnt/backups\n  chatctl backup \
                        restore chatctl-20261121T081102Z.tar.zst --data-dir /var/lib/chatctl")]
pub(super) enum Verb {
    /// Create a backup; the server may be running
    Create {
        /// An existing directory, a file name that ends in .tar.zst (or .tar.zst.age), the URL of a
        /// bucket, or - for standard output (default: [backup] directory, and a copy in [backup] to)
        path: Option<PathBuf>,
        /// Upload the backup to a bucket, without a copy on this machine
        #[arg(long, value_name = "s3://BUCKET/PREFIX/", conflicts_with = "path")]
        to: Option<PathBuf>,
        /// Encrypt the backup for this public key of age; may be repeated (default: [backup]
        /// recipients)
        #[arg(long = "recipient", value_name = "PUBLIC_KEY")]
        recipients: Vec<String>,
    },
    /// List the backups in a directory or in a bucket
    List {
        /// Directory, or URL of a bucket (default: [backup] directory)
        directory: Option<PathBuf>,
        /// Bucket
        #[arg(long, value_name = "s3://BUCKET/PREFIX/", conflicts_with = "directory")]
        from: Option<PathBuf>,
    },
    /// Verify that a backup can be restored; exit code 6 if it cannot
    Verify {
        /// Backup file, or its URL in a bucket
        file: PathBuf,
        #[command(flatten)]
        keys: Keys,
    },
    /// Restore a backup; the server must be stopped
    Restore {
        /// Backup file, or its URL in a bucket
        file: PathBuf,
        /// Replace existing data; it is kept as DIR.replaced-TIME
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        keys: Keys,
        #[command(flatten)]
        destructive: Destructive,
    },
    /// Delete old backups
    Prune {
        /// Directory, or URL of a bucket (default: [backup] directory)
        directory: Option<PathBuf>,
        /// Bucket
        #[arg(long, value_name = "s3://BUCKET/PREFIX/", conflicts_with = "directory")]
        from: Option<PathBuf>,
        #[command(flatten)]
        rules: Rules,
        #[command(flatten)]
        destructive: Destructive,
    },
}

/// Keys of an encrypted backup.
#[derive(Debug, Args)]
pub(super) struct Keys {
    /// Key file of age, as age-keygen writes it, with which an encrypted backup is decrypted; may
    /// be repeated
    #[arg(long = "identity", value_name = "KEYFILE")]
    identities: Vec<PathBuf>,
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
    ("encrypted", "encrypted"),
    ("problem", "problem"),
]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Create { path, to, recipients } => create::create(global, path.or(to), &recipients),
        Verb::List { directory, from } => {
            let place = directory.or(from);
            if place.is_none() && is_servers(global)? {
                return execute::run(global, &Command::BackupList(BackupList {}), COLUMNS);
            }
            let found = match place {
                Some(path) => Place::of(global, path)?.list()?,
                None => backup::list(&configured(global)?)?,
            };
            let mut printer = Printer::new(global, COLUMNS);
            found.iter().try_for_each(|backup| printer.item(backup.item()))?;
            printer.finish()
        }
        Verb::Verify { file, keys } => verify(global, &file, &keys),
        Verb::Restore { file, replace, keys, destructive } => {
            restore(global, &file, &keys, replace, &destructive)
        }
        Verb::Prune { directory, from, rules, destructive } => {
            prune(global, directory.or(from), &rules, &destructive)
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

fn directory_of(config: &Config) -> PathBuf {
    config.server.data_dir.join(&config.backup.directory)
}

fn configured(global: &Global) -> Result<PathBuf, Failure> {
    let config = execute::configuration(global)?;
    identity::work_as_owner_of(&config.server.data_dir)?;
    Ok(directory_of(&config))
}

/// Opens a backup, as the caller, who can read the key files.
fn open(global: &Global, file: &Path, keys: &Keys) -> Result<Input, Failure> {
    let identities = identity::as_caller(|| Identities::read(&keys.identities))?;
    place::input(global, file, &identities)
}

fn verify(global: &Global, file: &Path, keys: &Keys) -> Result<(), Failure> {
    let input = open(global, file, keys)?;
    let mut bar = Printer::new(global, Layout::One);
    let interrupt = Interrupt::watch();
    let verified = backup::verify(input, &std::env::temp_dir(), &mut |done, all| {
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
    keys: &Keys,
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
        bucket: config.media.bucket(),
        backups: &config.backup.directory,
        replace,
        operator: &operator,
    };
    if destructive.dry_run {
        return rehearse(global, file, keys, &target);
    }
    let present = backup::present(&target)?;
    let input = open(global, file, keys)?;
    if replace && !present.is_empty() && !destructive.yes {
        note(&format!("To be replaced, and kept aside: {}.", shown_paths(&present)));
        destructive.confirm("Replace it?")?;
    }
    let mut bar = Printer::new(global, Layout::One);
    let interrupt = Interrupt::watch();
    // Staged next to the data directory, where its owner may lack write permission; ownership is
    // handed over before the swap.
    let restored = identity::as_caller(|| {
        backup::restore(input, target, &mut |done, all| {
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
fn rehearse(global: &Global, file: &Path, keys: &Keys, target: &Target<'_>) -> Result<(), Failure> {
    let present = identity::as_caller(|| backup::present(target))?;
    let mut bar = Printer::new(global, Layout::One);
    let interrupt = Interrupt::watch();
    let input = open(global, file, keys)?;
    let verified = identity::as_caller(|| {
        backup::verify(input, &std::env::temp_dir(), &mut |done, all| {
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
    if directory.is_none() && is_servers(global)? {
        return prune_there(global, rules, destructive);
    }
    // A directory named on the command line is accessed as the caller, the configured one and the
    // database as the owner of the data directory.
    let place = directory.map(|path| Place::of(global, path)).transpose()?;
    let directory = configured(global)?;
    identity::work_as_owner_of(&config.server.data_dir)?;
    let owner = owner_of(&config)?;
    let prune = |dry_run| -> Result<Pruned, Failure> {
        match &place {
            Some(place) => place.prune(rules, owner.as_ref(), dry_run),
            None => backup::prune(&directory, rules, owner.as_ref(), dry_run),
        }
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
