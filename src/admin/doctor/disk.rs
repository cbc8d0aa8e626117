//! Check `disk`: free space. A server whose disk is full stores nothing.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::Installation;
use super::report::{Report, bytes};

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// Total and free amount of bytes or files.
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
            // Report each file system once.
            Ok(meta) if !seen.insert(meta.dev()) => (),
            Ok(_) => space(report, what, &path),
            // The other directories need not exist.
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
            "the file system of {what} has room for {} more files ({} %)",
            files.free,
            files.percent()
        )
    } else {
        format!("{} free on the file system of {what} ({} %)", bytes(space.free), space.percent())
    };
    let advice = format!(
        "Free space on the file system of {}: delete old backups (chatctl backup prune) and logs, \
         run chatctl db vacuum, or use a larger disk.",
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

    /// File systems without a limit report 0 of 0 files.
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
    fn the_level_depends_on_share_and_bytes() {
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
