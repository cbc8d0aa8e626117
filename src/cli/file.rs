//! Files named on the command line: written beside and renamed, so that what has the name is whole.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use super::Global;
use super::execute::carry_out;
use super::interrupt::Interrupt;
use super::pipe;
use super::print::{Layout, Printer};
use crate::admin::{Command, Failure, Reply, identity};

/// A file in the making; gone unless it is finished.
pub(super) struct Making {
    part: PathBuf,
    path: PathBuf,
    to: BufWriter<File>,
    finished: bool,
    /// The caller has named it; else it lies in the data directory and is its owner's.
    named: bool,
}

impl Making {
    /// Begins a file that the caller has named and only they may read. One that is there already: a
    /// conflict.
    pub(super) fn begin(path: &Path) -> Result<Self, Failure> {
        identity::as_caller(|| Self::open(path, true))
    }

    /// The same in the data directory, by whoever works on it.
    pub(super) fn begin_within(path: &Path) -> Result<Self, Failure> {
        Self::open(path, false)
    }

    fn open(path: &Path, named: bool) -> Result<Self, Failure> {
        if path.exists() {
            return Err(Failure::conflict(format!("{} exists already", path.display())));
        }
        let mut name = path
            .file_name()
            .ok_or_else(|| Failure::usage(format!("{} names no file", path.display())))?
            .to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        // What an earlier command has left; a link that somebody else has put there is not
        // followed.
        drop(std::fs::remove_file(&part));
        let file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(
                |error| Failure::io(&format!("cannot write {}", part.display()), &error),
            )?;
        Ok(Self { part, path: path.to_owned(), to: BufWriter::new(file), finished: false, named })
    }

    /// Writes on.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.to.write_all(bytes).map_err(|error| self.failed(&error))
    }

    /// Belongs to the owner of a directory, where the superuser makes it.
    pub(super) fn give_like(&self, directory: &Path) -> Result<(), Failure> {
        let given = self.act(|| {
            let owner = std::fs::metadata(directory)?;
            if nix::unistd::geteuid().is_root() {
                fchown(self.to.get_ref(), Some(owner.uid()), Some(owner.gid()))
            } else {
                Ok(())
            }
        });
        given.map_err(|error| self.failed(&error))
    }

    /// On the disk and under another name than it began with.
    pub(super) fn finish_as(mut self, path: &Path) -> Result<(), Failure> {
        path.clone_into(&mut self.path);
        self.finish()
    }

    /// On the disk and under its name.
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

impl Drop for Making {
    fn drop(&mut self) {
        if !self.finished {
            // What cannot be removed is named as what it is.
            self.act(|| drop(std::fs::remove_file(&self.part)));
        }
    }
}

/// Writes the items of a command as JSON Lines, to a file or to standard output.
pub(super) fn write_lines(
    global: &Global,
    command: &Command,
    path: Option<&Path>,
) -> Result<(), Failure> {
    let interrupt = Interrupt::watch();
    let mut making =
        path.filter(|path| *path != Path::new(pipe::STDOUT)).map(Making::begin).transpose()?;
    let mut bar = Printer::new(global, Layout::One);
    carry_out(global, command, &mut |reply| {
        interrupt.check()?;
        match (reply, &mut making) {
            (Reply::Item(item), Some(making)) => making.write(format!("{item}\n").as_bytes())?,
            (Reply::Item(item), None) => pipe::write(format!("{item}\n").as_bytes(), &interrupt)?,
            (Reply::Progress { done, total }, _) => bar.progress(done, total),
            (Reply::Bytes(_), _) => (),
        }
        Ok(())
    })?;
    bar.finish()?;
    making.map_or(Ok(()), Making::finish)
}
