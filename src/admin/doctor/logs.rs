//! Check `logs`: whether the server can write the log directory, and its size.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};

use super::Installation;
use super::report::{Report, bytes, count};
use crate::admin::backup::own_like;
use crate::admin::identity::name;
use crate::config::Rotation;

/// Size above which to warn.
const MUCH: u64 = 4 << 30;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let log = &ground.config.log;
    let directory = ground.data().join(&log.directory);
    let meta = match fs::metadata(&directory) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let found = format!("the log directory {} does not exist", directory.display());
            let advice =
                "The server creates it at its next start; to create it now: chatctl doctor --fix.";
            if !ground.may_repair() {
                return report.warn(found, advice);
            }
            let made = DirBuilder::new()
                .recursive(true)
                .mode(0o750)
                .create(&directory)
                .and_then(|()| own_like(&directory, ground.data()));
            return report.repaired(found, "created", made, advice);
        }
        Err(error) => return report.unreadable(&directory, &error),
    };
    if let Err(error) =
        faccessat(AT_FDCWD, &directory, AccessFlags::W_OK | AccessFlags::X_OK, AtFlags::AT_EACCESS)
    {
        let advice = format!(
            "Give the user of the server write permission for {}, or set [log] directory to \
             another one.",
            directory.display()
        );
        return report.fail(
            format!("{} cannot be written: {}", directory.display(), io::Error::from(error)),
            advice,
        );
    }
    // Root can write everywhere, so compare the owners to find out whether the server can.
    if let Ok(data) = fs::metadata(ground.data())
        && nix::unistd::geteuid().is_root()
        && data.uid() != meta.uid()
        && meta.mode() & 0o022 == 0
    {
        let (whose, owner) = (name(meta.uid()), name(data.uid()));
        return report.fail(
            format!("the log directory belongs to {whose}, but the data belongs to {owner}"),
            format!("chown {owner} {}", directory.display()),
        );
    }
    let (files, size) = size(&directory);
    let found = format!("{} ({}) in {}", count(files, "file"), bytes(size), directory.display());
    if size > MUCH {
        let advice = match log.rotation {
            Rotation::Never => {
                "Delete old files with logrotate, or let the server do it: [log] rotation = \
                 \"daily\" and max_files."
            }
            Rotation::Daily | Rotation::Hourly => {
                "Keep fewer files ([log] max_files), or log less ([log] level = \"info\")."
            }
        };
        return report.warn(found, advice);
    }
    report.ok(found);
}

fn size(directory: &std::path::Path) -> (usize, u64) {
    let files = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .filter(fs::Metadata::is_file);
    files.fold((0, 0), |(count, sum), file| (count + 1, sum + file.len()))
}
