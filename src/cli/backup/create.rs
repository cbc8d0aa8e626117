//! `chatctl backup create`: receives a backup, encrypts it if there are recipients, and writes it.

use std::fs::DirBuilder;
use std::io::{self, IsTerminal, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::place::{bucket, until};
use super::{directory_of, is_servers};
use crate::admin::backup::remote::{self, Outgoing, is_remote};
use crate::admin::backup::{
    self, ENCRYPTED, ENDING, Encrypting, Head, Owner, Recipients, more_endings, stamp,
};
use crate::admin::backups::{BackupCreate, BackupStore};
use crate::admin::{Command, Failure, Kind, Reply, identity};
use crate::cli::file::Making;
use crate::cli::interrupt::Interrupt;
use crate::cli::print::{Layout, Printer, note};
use crate::cli::{Global, execute, pipe};
use crate::config::Config;
use crate::model::Timestamp;

/// Creates a backup at a path, or in the configured directory; `given` are the recipients of the
/// command line, which replace those of the configuration.
pub(super) fn create(
    global: &Global,
    path: Option<PathBuf>,
    given: &[String],
) -> Result<(), Failure> {
    if path.is_none() && is_servers(global)? {
        Recipients::parse(given)?;
        let command = BackupStore { recipients: given.to_vec() };
        return execute::run(global, &Command::BackupStore(command), Layout::One);
    }
    let recipients = recipients(global, given)?;
    match path {
        Some(path) if path == Path::new(pipe::STDOUT) => stream(global, &recipients),
        Some(url) if is_remote(&url) => upload(global, &url, &recipients),
        path => create_file(global, path, &recipients),
    }
}

/// The recipients of the command line, or else those of the configuration.
fn recipients(global: &Global, given: &[String]) -> Result<Recipients, Failure> {
    if given.is_empty() {
        if execute::salvaged(global).is_some() {
            return Err(Failure::usage(
                "whether to encrypt the backup is unknown because of the mistake in the \
                 configuration: add --recipient, or leave out the path, and the server decides",
            ));
        }
        Recipients::parse(&execute::configuration(global)?.backup.recipients)
    } else {
        Recipients::parse(given)
    }
}

/// Standard output, whose failures are those of the pipe.
struct Stdout<'a>(&'a Interrupt);

impl Write for Stdout<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        pipe::write(bytes, self.0).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a backup to standard output, for pipes to other programs. `verify` and `restore` refuse a
/// truncated backup.
fn stream(global: &Global, recipients: &Recipients) -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        return Err(Failure::usage(
            "a backup is binary and cannot be printed on a terminal: redirect standard output, or \
             name a file",
        ));
    }
    let interrupt = Interrupt::watch();
    let mut bar = Printer::new(global, Layout::One);
    let cannot = |error| Failure::from_io("cannot write to standard output", error);
    let mut out = Encrypting::begin(Stdout(&interrupt), recipients).map_err(cannot)?;
    let ended = receive(global, &mut bar, &interrupt, &mut out);
    // A damaged backup has an end as well.
    if ended.is_ok() {
        out.finish().map_err(cannot)?;
    }
    if let (Some(damaged), _) = ended? {
        return Err(damaged);
    }
    bar.finish()
}

/// Uploads a backup while it is created. Damaged data are not uploaded.
fn upload(global: &Global, url: &Path, recipients: &Recipients) -> Result<(), Failure> {
    execute::existing(global)?;
    let interrupt = Interrupt::watch();
    let mut bar = Printer::new(global, Layout::One);
    let mut out = Outgoing::begin(&bucket(global, url, &interrupt)?, recipients)?;
    let (damaged, head) = receive(global, &mut bar, &interrupt, &mut out)?;
    if let Some(failure) = damaged {
        return Err(Failure::new(
            failure.kind,
            format!(
                "{failure}; nothing was uploaded. To save the readable part: chatctl backup create \
                 DIRECTORY"
            ),
        ));
    }
    let (path, bytes) = out.finish()?;
    bar.item(item(&path, bytes, &head))?;
    bar.finish()
}

/// The result of the command.
fn item(path: &str, bytes: u64, head: &Head) -> Value {
    json!({
        "path": path,
        "bytes": bytes,
        "created": head.created,
        "schema": head.schema,
        "counts": head.counts,
    })
}

/// Writes the bytes of a backup. Returns its header, and the failure if the data is damaged.
fn receive(
    global: &Global,
    bar: &mut Printer,
    interrupt: &Interrupt,
    out: &mut dyn Write,
) -> Result<(Option<Failure>, Head), Failure> {
    let mut head = None;
    let ended = execute::carry_out(global, &Command::BackupCreate(BackupCreate {}), &mut |reply| {
        interrupt.check()?;
        match reply {
            Reply::Bytes(bytes) => out
                .write_all(&bytes)
                .map_err(|error| Failure::from_io("cannot write the backup", error))?,
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

/// Whether a path is lexically within a directory.
fn lies_in(path: &Path, directory: &Path) -> bool {
    matches!((std::path::absolute(path), std::path::absolute(directory)), (Ok(path), Ok(directory)) if path.starts_with(&directory))
}

/// Refuses a path that is neither a directory nor the name of a backup. Without this check, an
/// unmounted drive would be replaced by a file of its name.
fn check_name(path: &Path, recipients: &Recipients) -> Result<(), Failure> {
    let ends_in = |ending: &str| path.as_os_str().as_bytes().ends_with(ending.as_bytes());
    let encrypted = format!("{ENDING}{ENCRYPTED}");
    let wanted = if recipients.encrypt() { encrypted.as_str() } else { ENDING };
    if ends_in(wanted) {
        return Ok(());
    }
    if ends_in(ENDING) {
        return Err(Failure::usage(format!(
            "the backup is encrypted: name a file that ends in {encrypted}"
        )));
    }
    if ends_in(&encrypted) {
        return Err(Failure::usage(format!(
            "there is no recipient to encrypt the backup for: add --recipient, set [backup] \
             recipients, or name a file that ends in {ENDING}"
        )));
    }
    Err(Failure::not_found(format!(
        "the directory {} does not exist; create it first, or name a file that ends in {wanted}",
        path.display()
    )))
}

fn create_file(
    global: &Global,
    path: Option<PathBuf>,
    recipients: &Recipients,
) -> Result<(), Failure> {
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
    let is_configured = directory.is_some();
    let path = directory.or(path).unwrap_or_default();
    let folder = path.is_dir().then(|| path.clone());
    match &folder {
        Some(folder) => sweep(folder, within),
        None => check_name(&path, recipients)?,
    }
    let begun = folder.as_deref().map_or_else(|| path.clone(), unfinished_in);
    let interrupt = Interrupt::watch();
    let making = if within { Making::begin_within(&begun)? } else { Making::begin(&begun)? };
    making.give_like(data)?;
    let mut bar = Printer::new(global, Layout::One);
    let cannot = |error| Failure::from_io(&format!("cannot write {}", path.display()), error);
    let mut out = Encrypting::begin(making, recipients).map_err(cannot)?;
    let (damaged, head) = receive(global, &mut bar, &interrupt, &mut out)?;
    let making = out.finish().map_err(cannot)?;
    let path = match &folder {
        Some(folder) => {
            let endings = more_endings(recipients.encrypt(), damaged.is_some());
            identity::as_caller(|| backup::unused_name(folder, &head, &endings))
        }
        None => with_ending(&path, &more_endings(false, damaged.is_some())),
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
    let mut made = item(&path.to_string_lossy(), bytes, &head);
    if is_configured {
        made["copy"] = copy(&config, &path, head, &interrupt, &mut bar)?;
    }
    bar.item(made)?;
    bar.finish()
}

/// Copies a backup to the configured bucket. Returns its URL; null if there is none.
fn copy(
    config: &Config,
    path: &Path,
    head: Head,
    interrupt: &Interrupt,
    bar: &mut Printer,
) -> Result<Value, Failure> {
    let owner = Owner { instance: head.instance, epoch: head.epoch };
    let mut tell = |done, all| bar.progress(done, all);
    let copied = remote::copy(config, path, &owner, until(interrupt), &mut tell);
    let copied = copied.map_err(|failure| {
        failure.after(&format!("the backup was saved as {}, but not copied", path.display()))
    })?;
    Ok(json!(copied.map(|copied| copied.url)))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
