//! The limit of open files: each connection needs one file descriptor.

use std::os::fd::{AsFd, AsRawFd};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tracing::warn;

use crate::config::{Config, Limits};

/// Descriptors reserved for the database and its readers, the log, and active uploads and
/// downloads.
const RESERVE: usize = 256;
/// If the limit is too small for the reserve, half of it is left for connections.
const SHARE: usize = 2;

/// Descriptors that connections never use, whatever the limit: the control socket and the database
/// need a few when all others are in use.
const KEPT: u64 = 16;

/// Whether this is one of the last descriptors within the limit. The system assigns the lowest free
/// number, so a high number means that all lower ones are in use.
pub fn is_among_the_last(file: &impl AsFd) -> bool {
    let number = u64::try_from(file.as_fd().as_raw_fd()).unwrap_or_default();
    getrlimit(Resource::RLIMIT_NOFILE)
        .is_ok_and(|(soft, _)| number >= soft.saturating_sub(KEPT).max(soft / 2))
}

/// Raises the soft limit to the hard limit. Returns the new limit, or None if there is none.
pub fn raise() -> Option<usize> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let raised = soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    usize::try_from(if raised { hard } else { soft }).ok()
}

/// The hard limit of this process.
pub fn most() -> Option<usize> {
    getrlimit(Resource::RLIMIT_NOFILE).ok().and_then(|(_, hard)| usize::try_from(hard).ok())
}

/// Number of open files that these limits need.
pub fn needed(limits: &Limits) -> usize {
    limits.max_connections.saturating_add(RESERVE)
}

/// Whether this number of open files suffices for nine tenths of the connections.
pub fn suffice(files: usize, limits: &Limits) -> bool {
    connections(files) >= limits.max_connections - limits.max_connections / 10
}

/// Raises the limit of open files, and limits connections to what it allows.
pub fn fit(mut config: Config) -> Config {
    let Some(files) = raise() else { return config };
    let (room, wanted) = (connections(files), config.limits.max_connections);
    if !suffice(files, &config.limits) {
        warn!(
            "The system allows {files} open files, so there can only be {room} connections instead \
             of max_connections = {wanted}; LimitNOFILE={} allows all.",
            needed(&config.limits)
        );
    }
    config.limits.max_connections = room.min(wanted);
    config
}

/// Number of connections that this number of open files allows.
pub fn connections(files: usize) -> usize {
    files.saturating_sub(RESERVE).max(files / SHARE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        for (files, wanted) in [(100, 50), (512, 256), (1_024, 768), (1_048_576, 1_048_320)] {
            assert_eq!(connections(files), wanted, "{files}");
        }
        let limits = Limits::default();
        assert!(suffice(20_000, &limits) && !suffice(16_384, &limits));
        assert_eq!(connections(needed(&limits)), limits.max_connections);
    }
}
