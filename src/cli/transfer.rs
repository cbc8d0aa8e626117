//! `chatctl export` and `chatctl import`: all data of an instance as one file.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::ask::Destructive;
use super::execute::{Found, carry_out, configuration, connect, on_data, operator};
use super::file::{Making, Written};
use super::interrupt::Interrupt;
use super::print::{Layout, Printer, cell, note};
use serde_json::Value;

use super::units::count;
use super::{Global, init, lock, pipe};
use crate::admin::transfer::ExportAll;
use crate::admin::transfer::Import;
use crate::admin::{Command, Failure, Reply, database, identity, lost};
use crate::config::{Config, DIRECTORY, Engine};

/// Options of `import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Entries that an earlier import of the same source has added are not \
                        added again, so an interrupted import can be run again. The exit code is \
                        1 if entries were invalid and skipped.\n\nExamples:\n  chatctl import \
                        slack-export.zip --dry-run\n  chatctl import chat.jsonl --data-dir \
                        /var/lib/chatctl")]
pub(super) struct Opts {
    /// Export of chatctl (JSON Lines), Slack (zip) or Mattermost (JSON Lines or zip); - for
    /// standard input
    file: PathBuf,
    /// Name of the source; required to import a second Mattermost server, or one that has moved,
    /// into the same instance
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Start with an empty database even if uploads, logs or backups exist
    #[arg(long)]
    new: bool,
    /// Exit with code 0 even if entries of the export were invalid and skipped
    #[arg(long)]
    skip_bad: bool,
    #[command(flatten)]
    destructive: Destructive,
}

const REPORT: Layout = Layout::List(&[
    ("entry", "what"),
    ("imported", "taken"),
    ("present", "known"),
    ("count", "count"),
    ("note", "why"),
    ("examples", "examples"),
]);

/// Exports all data to a file or to standard output.
pub(super) fn export(global: &Global, path: Option<&Path>) -> Result<(), Failure> {
    let interrupt = Interrupt::watch();
    let mut making =
        path.filter(|path| *path != Path::new(pipe::STDOUT)).map(Making::begin).transpose()?;
    let mut bar = Printer::new(global, Layout::One);
    // Do not mix a progress bar with lines on the terminal.
    let shown = making.is_some() || !io::stdout().is_terminal();
    let mut written = Written::default();
    carry_out(global, &Command::Export(ExportAll {}), &mut |reply| {
        interrupt.check()?;
        if let Reply::Bytes(bytes) = &reply {
            written.add(bytes);
        }
        match (reply, &mut making) {
            (Reply::Bytes(bytes), Some(making)) => making.write(&bytes)?,
            // A closed pipe is a failure, since part of an export is useless.
            (Reply::Bytes(bytes), None) => pipe::write(&bytes, &interrupt)?,
            (Reply::Progress { done, total }, _) if shown => bar.progress(done, total),
            _ => (),
        }
        Ok(())
    })?;
    bar.finish()?;
    let path = path.filter(|_| making.is_some());
    making.map_or(Ok(()), Making::finish)?;
    written.report(global, path);
    Ok(())
}

/// Imports a file into the data of a stopped server or into new data.
pub(super) fn import(global: &Global, opts: &Opts) -> Result<(), Failure> {
    let config = configuration(global)?;
    let data = &config.server.data_dir;
    let there = data.join(&config.database.path).exists();
    lost::check(&config, opts.new)?;
    let lock = if there { Some(stopped(&config)?) } else { None };
    let file = Input::of(&opts.file)?;
    // Validated before anything is created: nothing is imported from a damaged file.
    let open = || identity::as_caller(|| Import::open(&file.path(), opts.source.clone()));
    let import = open()?;
    if global.verbose {
        note(&format!("{} is an export of {}.", opts.file.display(), import.kind()));
    }
    let mut report = Report { printer: Printer::new(global, REPORT), bad: 0 };
    if opts.destructive.dry_run {
        let done = rehearsal(&config, there, import, &mut |reply| report.take(reply));
        return report.finish(done, opts.skip_bad);
    }
    if there && !opts.destructive.yes {
        let mut preview = Preview::default();
        rehearsal(&config, there, import, &mut |reply| {
            if let Reply::Item(item) = reply {
                preview.add(&item);
            }
            Ok(())
        })?;
        preview.print(data);
        opts.destructive.confirm("Import it?")?;
        let done = carry(&config, open()?, &mut report);
        drop(lock);
        return report.finish(done, opts.skip_bad);
    }
    let lock = if let Some(lock) = lock {
        lock
    } else {
        identity::work_as_owner_of(data)?;
        init::make(data)?;
        let lock = lock::take(data)?;
        init::data_directory(global, opts.new)?;
        lock
    };
    let done = carry(&config, import, &mut report);
    drop(lock);
    report.finish(done, opts.skip_bad)
}

/// The lock of a data directory whose server is stopped.
fn stopped(config: &Config) -> Result<File, Failure> {
    match connect(config)? {
        Found::Nobody(lock) => Ok(lock),
        Found::Server(_) => Err(Failure::conflict(format!(
            "a server is running on the data in {}; stop it (systemctl stop chatctl, or Ctrl-C in \
             its terminal), import, and start it again",
            config.server.data_dir.display()
        ))),
    }
}

fn carry(config: &Config, import: Import, report: &mut Report) -> Result<(), Failure> {
    on_data(
        config.clone(),
        false,
        async move |admin, output| admin.import(&operator(), import, false, output).await,
        &mut |reply| report.take(reply),
    )
}

/// What an import would add, for the question whether to do so.
#[derive(Default)]
struct Preview {
    added: Vec<String>,
    remarks: Vec<String>,
}

impl Preview {
    fn add(&mut self, item: &Value) {
        let Some(taken) = item["taken"].as_u64() else {
            let why = cell(&item["why"]);
            let entries = count(item["count"].as_u64().unwrap_or_default(), "entry");
            return self.remarks.push(format!("{entries}: {why}"));
        };
        let thing = match item["what"].as_str().unwrap_or_default() {
            "users" => "account",
            "media" => "file",
            "rooms" => "room",
            "participants" => "room member",
            "messages" => "message",
            "reactions" => "reaction",
            "emoji" => "custom emoji name",
            "slash_commands" => "slash command",
            _ => "other entry",
        };
        self.added.push(count(taken, thing));
    }

    fn print(&self, data: &Path) {
        note(&format!("To be added to the data in {}: {}.", data.display(), self.added.join(", ")));
        for remark in &self.remarks {
            note(&format!("  {remark}"));
        }
    }
}

/// The printed report, and the number of invalid entries in it.
struct Report {
    printer: Printer,
    bad: u64,
}

impl Report {
    fn take(&mut self, reply: Reply) -> Result<(), Failure> {
        match reply {
            Reply::Item(item) => {
                if item["what"] == "not_understood" {
                    self.bad += item["count"].as_u64().unwrap_or_default();
                }
                self.printer.item(item)
            }
            Reply::Progress { done, total } => {
                self.printer.progress(done, total);
                Ok(())
            }
            Reply::Bytes(_) => Ok(()),
        }
    }

    /// Prints the report and returns the result of the import.
    fn finish(self, done: Result<(), Failure>, skip_bad: bool) -> Result<(), Failure> {
        done?;
        self.printer.finish()?;
        if self.bad == 0 || skip_bad {
            return Ok(());
        }
        Err(Failure::failed(format!(
            "{} of the export could not be read and {} skipped (not_understood above); the rest \
             was imported. Add --skip-bad to exit with 0",
            count(self.bad, "entry"),
            if self.bad == 1 { "was" } else { "were" }
        )))
    }
}

/// The file to import; standard input is copied to a file first, since it is read twice.
enum Input<'p> {
    File(&'p Path),
    Copy(Scratch),
}

impl<'p> Input<'p> {
    fn of(path: &'p Path) -> Result<Self, Failure> {
        if path != Path::new("-") {
            return Ok(Self::File(path));
        }
        let scratch = Scratch::make()?;
        let to = scratch.0.join("export");
        let copied =
            File::create(&to).and_then(|mut file| io::copy(&mut io::stdin().lock(), &mut file));
        copied.map_err(|error| {
            Failure::io(
                &format!(
                    "cannot copy standard input to {}; set TMPDIR to use another directory",
                    to.display()
                ),
                &error,
            )
        })?;
        Ok(Self::Copy(scratch))
    }

    fn path(&self) -> PathBuf {
        match self {
            Self::File(path) => path.to_path_buf(),
            Self::Copy(scratch) => scratch.0.join("export"),
        }
    }
}

/// Runs the import on a temporary copy of the data.
fn rehearsal(
    config: &Config,
    there: bool,
    import: Import,
    take: super::execute::Take<'_>,
) -> Result<(), Failure> {
    let interrupt = Interrupt::watch();
    let scratch = Scratch::make()?;
    let mut copy = config.clone();
    copy.server.data_dir.clone_from(&scratch.0);
    copy.database.path = PathBuf::from("chat.db");
    // Also for a cluster: what would be imported does not depend on the engine.
    copy.database.engine = Engine::Embedded;
    // Use the real log if it exists: a command has one log.
    let log = std::path::absolute(config.server.data_dir.join(&config.log.directory));
    copy.log.directory = log.ok().filter(|_| there).unwrap_or_else(|| PathBuf::from("logs"));
    copy.media.directory = PathBuf::from("media");
    DIRECTORY.clone_into(&mut copy.media.store);
    if there {
        database::copy_for_trial(config, &scratch.0, "chat.db")?;
    }
    interrupt.check()?;
    on_data(
        copy,
        false,
        async move |admin, output| admin.import(&operator(), import, true, output).await,
        take,
    )
}

/// A temporary directory, removed on drop.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> Result<Self, Failure> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|error| {
            Failure::failed(format!("the operating system provides no random numbers: {error}"))
        })?;
        let path = std::env::temp_dir().join(format!("chatctl-{}", hex::encode(name)));
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Failure::io(&format!("cannot create {}", path.display()), &error))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // If it cannot be removed, only its owner can read it.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
