//! Output files: written next to the target and renamed, so that a file with the final name is
//! complete.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Global;
use super::execute::carry_out;
use super::interrupt::Interrupt;
use super::pipe;
use super::print::{Layout, Printer, summary};
use super::units::{bytes, count};
use crate::admin::{Command, Failure, Reply, identity};

/// A file that is being written; removed on drop unless it was finished.
pub(super) struct Making {
    part: PathBuf,
    path: PathBuf,
    to: BufWriter<File>,
    finished: bool,
    /// Named on the command line and written as the caller; otherwise it is in the data directory
    /// and written as its owner.
    named: bool,
}

impl Making {
    /// Creates a file that was named on the command line, readable by its owner only. An existing
    /// file is a conflict.
    pub(super) fn begin(path: &Path) -> Result<Self, Failure> {
        identity::as_caller(|| Self::open(path, true))
    }

    /// Creates a file within the data directory, as its owner.
    pub(super) fn begin_within(path: &Path) -> Result<Self, Failure> {
        Self::open(path, false)
    }

    fn open(path: &Path, named: bool) -> Result<Self, Failure> {
        if path.exists() {
            return Err(Failure::conflict(format!("{} already exists", path.display())));
        }
        let mut name = path
            .file_name()
            .ok_or_else(|| Failure::usage(format!("{} is not a file name", path.display())))?
            .to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        // Remove the leftover of an earlier command; `create_new` does not follow a planted link.
        drop(std::fs::remove_file(&part));
        let file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(
                |error| Failure::io(&format!("cannot write {}", part.display()), &error),
            )?;
        Ok(Self { part, path: path.to_owned(), to: BufWriter::new(file), finished: false, named })
    }

    /// Appends bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.to.write_all(bytes).map_err(|error| self.failed(&error))
    }

    /// Hands the file to the owner of a directory if root creates it.
    pub(super) fn give_like(&self, directory: &Path) -> Result<(), Failure> {
        let given = self.act(|| {
            // The directory may be closed to others than root.
            if !nix::unistd::geteuid().is_root() {
                return Ok(());
            }
            let owner = std::fs::metadata(directory)?;
            fchown(self.to.get_ref(), Some(owner.uid()), Some(owner.gid()))
        });
        given.map_err(|error| self.failed(&error))
    }

    /// Syncs the file and renames it to `path`.
    pub(super) fn finish_as(mut self, path: &Path) -> Result<(), Failure> {
        path.clone_into(&mut self.path);
        self.finish()
    }

    /// Syncs the file and renames it to its final name.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        if self.named { identity::as_caller(|| self.keep()) } else { self.keep() }
    }

    fn act<T>(&self, act: impl FnOnce() -> T) -> T {
        if self.named { identity::as_caller(act) } else { act() }
    }

    fn keep(&mut self) -> Result<(), Failure> {
        let synced = self
            .to
            .flush()
            .and_then(|()| self.to.get_ref().sync_all())
            .and_then(|()| std::fs::rename(&self.part, &self.path));
        synced.map_err(|error| self.failed(&error))?;
        self.finished = true;
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::io(&format!("cannot write {}", self.path.display()), error)
    }
}

impl Write for Making {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if !self.finished {
            // A leftover keeps the ending `.part`, which marks it as incomplete.
            self.act(|| drop(std::fs::remove_file(&self.part)));
        }
    }
}

/// The size of what was written, for the summary.
#[derive(Default)]
pub(super) struct Written {
    lines: u64,
    bytes: u64,
}

impl Written {
    /// Counts more of it.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.lines += (bytes.split(|byte| *byte == b'\n').count() - 1) as u64;
        self.bytes += bytes.len() as u64;
    }

    /// Prints the summary; None is standard output.
    pub(super) fn report(&self, global: &Global, path: Option<&Path>) {
        let place =
            path.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
        let (lines, size) = (count(self.lines, "line"), bytes(self.bytes));
        summary(global, &format!("Wrote {lines} ({size}) to {place}."));
    }
}

/// Writes the items of a command as JSON Lines, to a file or to standard output.
pub(super) fn write_lines(
    global: &Global,
    command: &Command,
    path: Option<&Path>,
) -> Result<(), Failure> {
    write_items(global, command, path, "", &|item| format!("{item}\n"))
}

/// Writes the items of a command as lines after a heading, to a file or to standard output.
pub(super) fn write_items(
    global: &Global,
    command: &Command,
    path: Option<&Path>,
    head: &str,
    shown: &dyn Fn(&Value) -> String,
) -> Result<(), Failure> {
    let interrupt = Interrupt::watch();
    let mut making =
        path.filter(|path| *path != Path::new(pipe::STDOUT)).map(Making::begin).transpose()?;
    let mut bar = Printer::new(global, Layout::One);
    let mut written = Written::default();
    let mut write = |line: &str, making: &mut Option<Making>| {
        written.add(line.as_bytes());
        match making {
            Some(making) => making.write(line.as_bytes()),
            None => pipe::write(line.as_bytes(), &interrupt),
        }
    };
    // The heading follows once it is known that the command can be carried out.
    let mut begun = false;
    carry_out(global, command, &mut |reply| {
        interrupt.check()?;
        match reply {
            Reply::Item(item) => {
                if !std::mem::replace(&mut begun, true) {
                    write(head, &mut making)?;
                }
                write(&shown(&item), &mut making)?;
            }
            Reply::Progress { done, total } => bar.progress(done, total),
            Reply::Bytes(_) => (),
        }
        Ok(())
    })?;
    if !begun {
        write(head, &mut making)?;
    }
    bar.finish()?;
    let path = path.filter(|_| making.is_some());
    making.map_or(Ok(()), Making::finish)?;
    written.report(global, path);
    Ok(())
}
