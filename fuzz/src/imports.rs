//! Imports for the fuzz targets. One thread owns their data directory and runs them one after the
//! other: opening a database for each would cost more than the import.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};

use chatctl::admin::transfer::{ExportAll, Import};
use chatctl::admin::{Admin, Command, Failure, Operator, Output, Reply};
use chatctl::config::Config;

/// Number of imports into one data directory before it is replaced by an empty one.
const REUSED: usize = 32;

/// An import to run.
struct Task {
    path: PathBuf,
    /// Whether to import into an empty data directory, export that and read the export.
    whole: bool,
}

/// The importing thread: channels for its tasks and their results.
struct Importer {
    tasks: Sender<Task>,
    done: Receiver<Result<(), String>>,
}

/// Imports a file with these bytes. Most are refused; that is not a finding.
pub(crate) fn import(bytes: &[u8]) {
    carry_out(bytes, false);
}

/// Imports into an empty data directory. The result must be exportable as a file that can be
/// imported.
pub(crate) fn import_and_export(bytes: &[u8]) {
    carry_out(bytes, true);
}

fn carry_out(bytes: &[u8], whole: bool) {
    static IMPORTER: OnceLock<Mutex<Importer>> = OnceLock::new();
    let importer =
        IMPORTER.get_or_init(|| Mutex::new(start())).lock().unwrap_or_else(PoisonError::into_inner);
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("a file can be written");
    let task = Task { path: file.path().to_owned(), whole };
    importer.tasks.send(task).expect("the importer lives");
    let done = importer.done.recv().expect("the importer has not panicked");
    drop(importer);
    assert_eq!(done, Ok(()), "an import that failed must have been refused");
}

fn start() -> Importer {
    let ((tasks, waiting), (finished, done)) = (channel::<Task>(), channel());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let mut next = waiting.recv().ok();
        while let Some(first) = next.take() {
            let data = tempfile::tempdir().expect("a temporary directory");
            let mut config = Config::default();
            data.path().clone_into(&mut config.server.data_dir);
            let database = data.path().join("chat.db");
            let worked = chatctl::server::offline(config, database, true, async |admin| {
                let mut task = first;
                for number in 0.. {
                    finished.send(one(admin, &task, number).await).expect("somebody waits");
                    let empty_is_wanted = task.whole;
                    let Ok(following) = waiting.recv() else { return None };
                    if empty_is_wanted || following.whole || number + 1 == REUSED {
                        return Some(following);
                    }
                    task = following;
                }
                None
            });
            next = runtime.block_on(worked).expect("a data directory of its own");
        }
    });
    Importer { tasks, done }
}

/// Runs a task; an error is a finding.
async fn one(admin: &Admin, task: &Task, number: usize) -> Result<(), String> {
    // Two consecutive imports have the same source, so that the second finds known objects.
    let source = (!task.whole).then(|| (number / 2).to_string());
    let Ok(import) = Import::open(&task.path, source) else { return Ok(()) };
    let (output, mut replies) = Output::new();
    let read = tokio::spawn(async move { while replies.recv().await.is_some() {} });
    let operator = Operator::cli("fuzz", "stopped server");
    let imported = admin.import(&operator, import, true, &output).await;
    drop(output);
    read.await.map_err(|error| error.to_string())?;
    match imported {
        Err(failure) if is_own_fault(&failure) => return Err(failure.message),
        _ => {}
    }
    if task.whole { export(admin, &task.path).await } else { Ok(()) }
}

/// Returns whether an import failed for another reason than its input: it panicked, or the database
/// rejected something that should have been checked before.
fn is_own_fault(failure: &Failure) -> bool {
    failure.message.contains("panicked")
        || failure.message.starts_with("cannot store what is imported")
}

/// Exports everything to the file and reads it.
async fn export(admin: &Admin, path: &Path) -> Result<(), String> {
    let (output, mut replies) = Output::new();
    let read = tokio::spawn(async move {
        let mut export = Vec::new();
        while let Some(reply) = replies.recv().await {
            if let Reply::Bytes(bytes) = reply {
                export.extend_from_slice(&bytes);
            }
        }
        export
    });
    let exported = admin
        .run(&Operator::cli("fuzz", "stopped server"), Command::Export(ExportAll {}), &output)
        .await;
    drop(output);
    let export = read.await.map_err(|error| error.to_string())?;
    exported.map_err(|failure| format!("the export failed: {failure}"))?;
    std::fs::write(path, export).map_err(|error| error.to_string())?;
    Import::open(path, None)
        .map(drop)
        .map_err(|failure| format!("the export is invalid: {failure}"))
}
