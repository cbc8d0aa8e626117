//! `chatctl export` and `chatctl import`: everything there is, out and in.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::ask::Destructive;
use super::execute::{Found, carry_out, configuration, connect, on_data};
use super::file::Making;
use super::interrupt::Interrupt;
use super::print::{Layout, Printer, cell, note};
use super::{Global, init, lock, pipe};
use crate::admin::transfer::Import;
use crate::admin::{Command, Failure, Reply, database, identity, lost};
use crate::config::Config;

/// Options of `import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Nothing is doubled: what an earlier import of the same source has \
                        brought is left alone, so an import that was interrupted is simply run \
                        again. The exit code is 1 when something was not understood and left \
                        out.\n\nExamples:\n  chatctl import slack-export.zip --dry-run\n  \
                        chatctl import chat.jsonl --data-dir /var/lib/chatctl")]
pub(super) struct Opts {
    /// Export of chatctl (JSON Lines), Slack (zip) or Mattermost (JSON Lines or zip); - for
    /// standard input
    file: PathBuf,
    /// Name of the source; needed to import two Mattermost servers, or one that has moved, into
    /// one instance
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Begin with an empty database although uploads, logs or backups are there
    #[arg(long)]
    new: bool,
    /// Exit with 0 although parts of the export were not understood and left out
    #[arg(long)]
    skip_bad: bool,
    #[command(flatten)]
    destructive: Destructive,
}

const REPORT: Layout = Layout::List(&[
    ("what", "what"),
    ("taken", "taken"),
    ("known", "known"),
    ("count", "count"),
    ("why", "why"),
    ("examples", "examples"),
]);

/// Writes everything to a file or to standard output.
pub(super) fn export(global: &Global, path: Option<&Path>) -> Result<(), Failure> {
    let interrupt = Interrupt::watch();
    let mut making =
        path.filter(|path| *path != Path::new(pipe::STDOUT)).map(Making::begin).transpose()?;
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
    lost::check(&config, opts.new)?;
    let lock = if there { Some(stopped(&config)?) } else { None };
    let file = Input::of(&opts.file)?;
    // Read before anything is made: of a file that is damaged nothing is taken.
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
        let mut words = Vec::new();
        rehearsal(&config, there, import, &mut |reply| {
            if let Reply::Item(item) = reply {
                words.push(format!(
                    "{} {}",
                    cell(&item["what"]),
                    cell(item.get("taken").unwrap_or(&item["count"]))
                ));
            }
            Ok(())
        })?;
        note(&format!("To be added to the data in {}: {}.", data.display(), words.join(", ")));
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

/// The lock of a data directory whose server does not run.
fn stopped(config: &Config) -> Result<File, Failure> {
    match connect(config)? {
        Found::Nobody(lock) => Ok(lock),
        Found::Server(_) => Err(Failure::conflict(format!(
            "a server runs on the data in {}; stop it (systemctl stop chatctl, or Ctrl-C where it \
             runs), import, and start it again",
            config.server.data_dir.display()
        ))),
    }
}

fn carry(config: &Config, import: Import, report: &mut Report) -> Result<(), Failure> {
    on_data(
        config.clone(),
        false,
        async move |admin, output| admin.import(import, false, output).await,
        &mut |reply| report.take(reply),
    )
}

/// The report as it is printed, and how much in it was not understood.
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

    /// Prints it and says how the import ended.
    fn finish(self, done: Result<(), Failure>, skip_bad: bool) -> Result<(), Failure> {
        done?;
        self.printer.finish()?;
        if self.bad == 0 || skip_bad {
            return Ok(());
        }
        Err(Failure::failed(format!(
            "{} parts of the export were not understood and left out (not_understood above); the \
             rest was taken. With --skip-bad that is no failure",
            self.bad
        )))
    }
}

/// The file that is imported; standard input is copied first, since it is read twice.
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
                    "cannot copy standard input to {}; TMPDIR names another directory",
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

/// Does it on a copy that nobody keeps.
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
    // The log is the real one, where there is one: a command has one log.
    let log = std::path::absolute(config.server.data_dir.join(&config.log.directory));
    copy.log.directory = log.ok().filter(|_| there).unwrap_or_else(|| PathBuf::from("logs"));
    copy.media.directory = PathBuf::from("media");
    if there {
        database::copy_for_trial(config, &scratch.0, "chat.db")?;
    }
    interrupt.check()?;
    on_data(copy, false, async move |admin, output| admin.import(import, true, output).await, take)
}

/// A directory that goes when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> Result<Self, Failure> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|error| {
            Failure::failed(format!("the operating system gives no random numbers: {error}"))
        })?;
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
