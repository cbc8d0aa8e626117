//! Free space: a server whose disk is full refuses to store.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::Installation;
use super::report::{Report, bytes};

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// How much there is of something, and how much of it is free.
#[derive(Clone, Copy, Debug)]
struct Room {
    free: u64,
    all: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Enough,
    Low,
    Out,
}

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let config = &ground.config;
    let places = [
        ("the data directory", ground.data().to_owned()),
        ("the log directory", ground.data().join(&config.log.directory)),
        ("the directory of uploaded files", ground.data().join(&config.media.directory)),
        ("the backup directory", ground.data().join(&config.backup.directory)),
    ];
    let mut seen = BTreeSet::new();
    for (what, path) in places {
        match std::fs::metadata(&path) {
            // Several directories of one file system are one line.
            Ok(meta) if !seen.insert(meta.dev()) => (),
            Ok(_) => space(report, what, &path),
            // Only the data directory is always there.
            Err(error) if path == ground.data() => report.unreadable(&path, &error),
            Err(_) => (),
        }
    }
}

fn space(report: &mut Report, what: &str, path: &Path) {
    let found = match statvfs(path) {
        Ok(found) => found,
        Err(error) => return report.unreadable(path, &error.into()),
    };
    let space = Room {
        free: found.blocks_available() * found.fragment_size(),
        all: found.blocks() * found.fragment_size(),
    };
    let files = Room { free: found.files_available(), all: found.files() };
    let (level, scarce) = (
        space.level_of_bytes().max(files.level_of_files()),
        files.level_of_files() > space.level_of_bytes(),
    );
    let shown = if scarce {
        format!(
            "{} more files fit on the file system of {what} ({} %)",
            files.free,
            files.percent()
        )
    } else {
        format!("{} are free where {what} is ({} %)", bytes(space.free), space.percent())
    };
    let advice = format!(
        "Make room on the file system of {}: older backups (chatctl backup prune), logs, `chatctl \
         db vacuum`; or a larger disk.",
        path.display()
    );
    match level {
        Level::Enough => report.ok(shown),
        Level::Low => report.warn(shown, advice),
        Level::Out => report.fail(shown, advice),
    }
}

impl Room {
    fn percent(self) -> u64 {
        if self.all == 0 {
            100
        } else {
            u64::try_from(u128::from(self.free) * 100 / u128::from(self.all)).unwrap_or(100)
        }
    }

    fn level_of_bytes(self) -> Level {
        match self.percent() {
            0 => Level::Out,
            _ if self.free < 100 * MIB => Level::Out,
            1..10 => Level::Low,
            _ if self.free < GIB => Level::Low,
            _ => Level::Enough,
        }
    }

    /// Many file systems count no files.
    fn level_of_files(self) -> Level {
        match self.percent() {
            0 => Level::Out,
            1..10 => Level::Low,
            _ => Level::Enough,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_space_is_told_by_share_and_by_bytes() {
        let level = |free, all| Room { free, all }.level_of_bytes();
        assert_eq!(level(50 * GIB, 100 * GIB), Level::Enough);
        assert_eq!(level(9 * GIB, 100 * GIB), Level::Low);
        assert_eq!(level(GIB - 1, 2 * GIB), Level::Low);
        assert_eq!(level(100 * MIB - 1, 200 * MIB), Level::Out);
        assert_eq!(level(9 * GIB, 1000 * GIB), Level::Out, "below one in a hundred");
        assert_eq!(level(0, 0), Level::Out);
        assert_eq!(Room { free: 0, all: 0 }.level_of_files(), Level::Enough, "nobody counts");
        assert_eq!(Room { free: 0, all: 10 }.level_of_files(), Level::Out);
    }
}
