//! `chatctl export` and `chatctl import`: everything there is, out and in.

use std::io::{self, IsTerminal};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::ask::Destructive;
use super::carry::{Found, carry_out, configuration, connect, on_data};
use super::file::Making;
use super::interrupt::Interrupt;
use super::print::{Layout, Printer, cell, note};
use super::{Global, init, lock, pipe};
use crate::admin::transfer::Import;
use crate::admin::{Command, Failure, Reply, identity};
use crate::config::Config;
use crate::store::sqlite::Sqlite;

/// Options of `import`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Nothing is doubled: what an earlier import of the same source has brought is left alone, so an import that was interrupted is simply run again.\n\nExamples:\n  chatctl import slack-export.zip --dry-run\n  chatctl import chat.jsonl --data-dir /var/lib/chatctl"
)]
pub(super) struct Opts {
    /// Of chatctl (JSON Lines), Slack (zip) or Mattermost (JSON Lines or zip)
    file: PathBuf,
    /// What the source is called; needed where two Mattermost servers, or a moved one, come into one
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    destructive: Destructive,
}

const REPORT: Layout = Layout::List(&[("what", "what"), ("taken", "taken"), ("known", "known"), ("count", "count"), ("why", "why"), ("examples", "examples")]);

/// Writes everything to a file or to standard output.
pub(super) fn export(global: &Global, path: Option<&Path>) -> Result<(), Failure> {
    let interrupt = Interrupt::watch();
    let mut making = path.filter(|path| *path != Path::new(pipe::STDOUT)).map(Making::begin).transpose()?;
    let mut bar = Printer::new(global, Layout::One);
    // A bar among the lines would make both unreadable.
    let shown = making.is_some() || !io::stdout().is_terminal();
    carry_out(global, &Command::Export {}, &mut |reply| {
        interrupt.check()?;
        match (reply, &mut making) {
            (Reply::Bytes(bytes), Some(making)) => making.write(&bytes)?,
            // Half an export is none: whoever reads it must not be told otherwise.
            (Reply::Bytes(bytes), None) => pipe::write(&bytes, &interrupt)?,
            (Reply::Progress { done, total }, _) if shown => bar.progress(done, total),
            _ => (),
        }
        Ok(())
    })?;
    bar.finish()?;
    match making {
        Some(making) => making.finish(),
        None => Ok(()),
    }
}

/// Takes a file in, into the data of a stopped server or into new data.
pub(super) fn import(global: &Global, opts: &Opts) -> Result<(), Failure> {
    let config = configuration(global)?;
    let data = &config.server.data_dir;
    let there = data.join(&config.database.path).exists();
    let lock = if there { Some(stopped(&config)?) } else { None };
    // Read before anything is made: of a file that is damaged nothing is taken.
    let open = || identity::as_caller(|| Import::open(&opts.file, opts.source.clone()));
    let import = open()?;
    if global.verbose {
        note(&format!("{} is an export of {}.", opts.file.display(), import.kind()));
    }
    if opts.destructive.dry_run {
        return rehearse(global, &config, there, import)?.finish();
    }
    if there && !opts.destructive.yes {
        let mut words = Vec::new();
        let mut gather = |item: &Value| words.push(format!("{} {}", cell(&item["what"]), cell(item.get("taken").unwrap_or(&item["count"]))));
        rehearsal(&config, there, import, &mut |reply| {
            if let Reply::Item(item) = reply {
                gather(&item);
            }
            Ok(())
        })?;
        note(&format!("To be added to the data in {}: {}.", data.display(), words.join(", ")));
        opts.destructive.confirm("Import it?")?;
        return lock.map_or(Ok(()), |lock| carry(global, &config, open()?, &lock));
    }
    let lock = if let Some(lock) = lock {
        lock
    } else {
        identity::work_as_owner_of(data)?;
        init::make(data)?;
        let lock = lock::take(data)?;
        init::data_directory(global)?;
        lock
    };
    carry(global, &config, import, &lock)
}

/// The lock of a data directory whose server does not run.
fn stopped(config: &Config) -> Result<std::fs::File, Failure> {
    match connect(config)? {
        Found::Nobody(lock) => Ok(lock),
        Found::Server(_) => Err(Failure::conflict(format!(
            "a server runs on the data in {}; stop it (systemctl stop chatctl, or Ctrl-C where it runs), import, and start it again",
            config.server.data_dir.display()
        ))),
    }
}

fn carry(global: &Global, config: &Config, import: Import, _lock: &std::fs::File) -> Result<(), Failure> {
    let mut printer = Printer::new(global, REPORT);
    let done = on_data(config.clone(), async move |admin, output| admin.import(import, false, output).await, &mut |reply| print(&mut printer, reply));
    done?;
    printer.finish()
}

fn print(printer: &mut Printer, reply: Reply) -> Result<(), Failure> {
    match reply {
        Reply::Item(item) => printer.item(item),
        Reply::Progress { done, total } => {
            printer.progress(done, total);
            Ok(())
        }
        Reply::Bytes(_) => Ok(()),
    }
}

fn rehearse(global: &Global, config: &Config, there: bool, import: Import) -> Result<Printer, Failure> {
    let mut printer = Printer::new(global, REPORT);
    rehearsal(config, there, import, &mut |reply| print(&mut printer, reply))?;
    Ok(printer)
}

/// Does it on a copy that nobody keeps.
fn rehearsal(config: &Config, there: bool, import: Import, take: super::carry::Take<'_>) -> Result<(), Failure> {
    let interrupt = Interrupt::watch();
    let scratch = Scratch::make()?;
    let mut copy = config.clone();
    copy.server.data_dir.clone_from(&scratch.0);
    copy.database.path = PathBuf::from("chat.db");
    copy.log.directory = PathBuf::from("logs");
    copy.media.directory = PathBuf::from("media");
    if there {
        let from = config.server.data_dir.join(&config.database.path);
        Sqlite::duplicate(&from, &scratch.0.join("chat.db")).map_err(|_| Failure::failed(format!("cannot copy {} to try it on", from.display())))?;
    }
    interrupt.check()?;
    on_data(copy, async move |admin, output| admin.import(import, true, output).await, take)
}

/// A directory that goes when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> Result<Self, Failure> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|error| Failure::failed(format!("the operating system gives no random numbers: {error}")))?;
        let path = std::env::temp_dir().join(format!("chatctl-{}", hex::encode(name)));
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Failure::io(&format!("cannot make {}", path.display()), &error))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left there is for its owner alone.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
