//! `chatctl backup`: making, looking at, and restoring backups. Only making one asks the server;
//! files are this process's own.

use std::fs::DirBuilder;
use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use super::ask::Destructive;
use super::execute::{self, Found};
use super::file::Making;
use super::interrupt::Interrupt;
use super::print::{Layout, Printer, note};
use super::{Global, pipe};
use crate::admin::backup::{self, DAMAGED, ENDING, Head, Listed, Owner, Target, stamp};
use crate::admin::{Command, Failure, Kind, Reply, identity};
use crate::config::Config;
use crate::model::Timestamp;

/// What to do with backups.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl backup create /mnt/backups\n  chatctl backup \
                        restore chatctl-20261121T081102Z.tar.zst --data-dir /var/lib/chatctl")]
pub(super) enum Verb {
    /// Make one; the server may run
    Create {
        /// An existing directory, in which it is named by its time, a file that ends in .tar.zst,
        /// or - for standard output; else the configured directory
        path: Option<PathBuf>,
    },
    /// List those of a directory
    List {
        /// The directory; else the configured one
        directory: Option<PathBuf>,
    },
    /// Read one through and prove that it can be restored; exit code 6 when not
    Verify {
        /// The file
        file: PathBuf,
    },
    /// Make a data directory out of one; no server may run on it
    Restore {
        /// The file
        file: PathBuf,
        /// Keep what is there aside, as DIR.replaced-TIME, instead of refusing
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        destructive: Destructive,
    },
    /// Remove old ones
    Prune {
        /// The directory; else the configured one
        directory: Option<PathBuf>,
        /// So many stay, the newest; else as many as are configured
        #[arg(long, value_name = "COUNT")]
        keep: Option<u64>,
        #[command(flatten)]
        destructive: Destructive,
    },
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
            let found = backup::list(&directory.map_or_else(|| configured(global), Ok)?)?;
            let mut printer = Printer::new(global, COLUMNS);
            found.iter().try_for_each(|backup| printer.item(shown(backup)))?;
            printer.finish()
        }
        Verb::Verify { file } => verify(global, &file),
        Verb::Restore { file, replace, destructive } => {
            restore(global, &file, replace, &destructive)
        }
        Verb::Prune { directory, keep, destructive } => {
            prune(global, directory, keep, &destructive)
        }
    }
}

/// Whether a path lies in a directory, as it is written.
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

/// Keys are a promise.
fn shown(backup: &Listed) -> Value {
    let head = backup.head.as_ref();
    let count = |of: fn(&Head) -> u64| head.map(of);
    json!({
        "name": backup.name,
        "path": backup.path,
        "bytes": backup.bytes,
        "created": head.map(|head| &head.created),
        "version": head.map(|head| &head.version),
        "schema": head.map(|head| head.schema),
        "users": count(|head| head.counts.users),
        "rooms": count(|head| head.counts.rooms),
        "messages": count(|head| head.counts.messages),
        "files": count(|head| head.counts.media),
        "instance": head.map(|head| &head.instance),
        "host": head.map(|head| &head.host),
        "problem": backup.problem,
    })
}

/// To standard output: for `age`, `ssh` and whatever else reads a pipe. A backup that was cut off
/// is refused by `verify` and `restore`.
fn stream(global: &Global) -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        return Err(Failure::usage(
            "a backup is not text for a terminal: redirect standard output, or name a file",
        ));
    }
    let interrupt = Interrupt::watch();
    let mut bar = Printer::new(global, Layout::One);
    execute::carry_out(global, &Command::BackupCreate {}, &mut |reply| {
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

fn create(global: &Global, path: Option<PathBuf>) -> Result<(), Failure> {
    if path.as_deref() == Some(Path::new(pipe::STDOUT)) {
        return stream(global);
    }
    let config = execute::existing(global)?;
    let data = &config.server.data_dir;
    let directory = if path.is_none() { Some(directory_of(&config)) } else { None };
    // What the configuration names, or lies in the data directory, is its owner's business.
    let within = path.as_deref().is_none_or(|path| lies_in(path, data));
    if within {
        identity::work_as_owner_of(data)?;
    }
    if let Some(directory) = directory.as_ref().filter(|directory| !directory.exists()) {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(|error| Failure::io(&format!("cannot make {}", directory.display()), &error))?;
    }
    let path = directory.or(path).unwrap_or_default();
    let folder = path.is_dir().then(|| path.clone());
    if folder.is_none() && !path.as_os_str().as_bytes().ends_with(ENDING.as_bytes()) {
        // Else a drive that is not there would be replaced by a file of its name.
        return Err(Failure::not_found(format!(
            "there is no directory {}; make it first, or name a file that ends in {ENDING}",
            path.display()
        )));
    }
    if let Some(folder) = &folder {
        let sweep = || backup::sweep_parts(folder);
        if let Err(error) = if within { sweep() } else { identity::as_caller(sweep) } {
            note(&format!(
                "What interrupted backups have left in {} cannot be removed: {error}",
                folder.display()
            ));
        }
    }
    // Whose it is, and so what it is called, is known when it is whole.
    let begun = folder.as_ref().map_or_else(
        || path.clone(),
        |folder| {
            folder.join(format!(
                "chatctl-{}-{}{ENDING}",
                stamp(Timestamp::now()),
                std::process::id()
            ))
        },
    );
    let interrupt = Interrupt::watch();
    let mut making = if within { Making::begin_within(&begun)? } else { Making::begin(&begun)? };
    making.give_like(data)?;
    let mut bar = Printer::new(global, Layout::One);
    let mut head = None;
    let ended = execute::carry_out(global, &Command::BackupCreate {}, &mut |reply| {
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
    let (damaged, head) = match (ended, head) {
        (Ok(()), Some(head)) => (None, head),
        (Ok(()), None) => return Err(Failure::failed("the backup has no beginning")),
        (Err(failure), Some(head)) if failure.kind == Kind::Problems => (Some(failure), head),
        (Err(failure), _) => return Err(failure),
    };
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
                "{failure}; what could be saved is {}, which does not count as a backup",
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
    bar.item(json!(verified))?;
    bar.finish()?;
    match verified.problems.len() {
        0 => Ok(()),
        count => Err(Failure::new(
            Kind::Problems,
            format!("{} cannot be restored: {count} problems were found", file.display()),
        )),
    }
}

fn restore(
    global: &Global,
    file: &Path,
    replace: bool,
    destructive: &Destructive,
) -> Result<(), Failure> {
    let config = execute::configuration(global)?;
    let data = &config.server.data_dir;
    // A directory that is not there needs no lock: whoever makes it meanwhile is in the way of the
    // last step.
    let lock = if data.exists() {
        match execute::connect(&config)? {
            Found::Server(_) => {
                return Err(Failure::conflict(format!(
                    "a server runs on {}; stop it first",
                    data.display()
                )));
            }
            Found::Nobody(lock) => Some(lock),
        }
    } else {
        None
    };
    let target =
        Target { data, database: &config.database.path, media: &config.media.directory, replace };
    if destructive.dry_run {
        return rehearse(global, file, &target);
    }
    if replace && backup::fits(&target)? {
        note(&format!(
            "What is in {} will be kept aside, with the database and the uploaded files where \
             they lie elsewhere.",
            data.display()
        ));
        destructive.confirm("Replace it?")?;
    }
    let mut bar = Printer::new(global, Layout::One);
    let interrupt = Interrupt::watch();
    // Beside the data directory, which takes more than its owner may; what is restored is given to
    // them before it is in its place.
    let restored = identity::as_caller(|| {
        backup::restore(file, target, &mut |done, all| {
            bar.progress(done, all);
            interrupt.goes_on()
        })
    })?;
    drop(lock);
    bar.item(json!({
        "data_dir": data,
        "created": restored.head.created,
        "counts": restored.head.counts,
        "epoch": restored.epoch,
        "replaced": restored.replaced,
        "kept_aside": restored.kept_aside,
        "notes": restored.notes,
        "done": true,
    }))?;
    bar.finish()
}

/// Proves that it could be restored there, and says what would go aside.
fn rehearse(global: &Global, file: &Path, target: &Target<'_>) -> Result<(), Failure> {
    let aside = identity::as_caller(|| backup::fits(target))?;
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
        "kept_aside": aside,
        "notes": verified.notes,
        "done": false,
    }))?;
    bar.finish()
}

fn prune(
    global: &Global,
    directory: Option<PathBuf>,
    keep: Option<u64>,
    destructive: &Destructive,
) -> Result<(), Failure> {
    let config = execute::configuration(global)?;
    let keep = keep.or(config.backup.keep).ok_or_else(|| {
        Failure::usage("nothing says how many stay: give --keep, or set [backup] keep")
    })?;
    let keep = usize::try_from(keep).unwrap_or(usize::MAX);
    // A directory that the caller names is theirs; the configured one, and the database, are those
    // of the owner of the data directory.
    let named = directory.is_some();
    let directory = directory.map_or_else(|| configured(global), Ok)?;
    identity::work_as_owner_of(&config.server.data_dir)?;
    let owner = owner_of(&config)?;
    let prune = |dry_run| {
        let prune = || backup::prune(&directory, keep, owner.as_ref(), dry_run);
        if named { identity::as_caller(prune) } else { prune() }
    };
    let going = prune(true)?;
    if !destructive.dry_run && !going.gone.is_empty() {
        let bytes: u64 = going.gone.iter().map(|backup| backup.bytes).sum();
        if !destructive.yes {
            note(&format!("{} backups of {bytes} bytes; {} stay.", going.gone.len(), going.kept));
        }
        destructive.confirm("Remove them?")?;
    }
    let pruned = prune(destructive.dry_run)?;
    let mut printer = Printer::new(global, COLUMNS);
    pruned.gone.iter().try_for_each(|backup| printer.item(shown(backup)))?;
    printer.finish()
}

/// Whose backups are to go: those of the data directory. None: it has no database, as where only
/// backups are kept.
fn owner_of(config: &Config) -> Result<Option<Owner>, Failure> {
    let database = config.server.data_dir.join(&config.database.path);
    if !database.exists() {
        return Ok(None);
    }
    let owner = Owner::of(&database, true)
        .map_err(|error| Failure::failed(format!("cannot tell whose backups may go: {error}")))?;
    Ok(Some(owner))
}
