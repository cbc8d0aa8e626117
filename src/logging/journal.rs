//! Priorities for the systemd journal, which reads them from the beginning of each line of standard
//! output.

use std::fs::File;
use std::os::unix::fs::MetadataExt;

use tracing::Level;

/// Set by systemd to the device and inode of the journal's stream.
const STREAM: &str = "JOURNAL_STREAM";

/// Returns whether the reader of standard output is the journal, and not a pipe or file to which a
/// service of systemd redirects it.
pub(super) fn reads(stdout: &File) -> bool {
    let stream = std::env::var(STREAM).unwrap_or_default();
    stdout.metadata().is_ok_and(|meta| is_stream(&stream, meta.dev(), meta.ino()))
}

fn is_stream(stream: &str, device: u64, inode: u64) -> bool {
    stream
        .split_once(':')
        .is_some_and(|(dev, ino)| dev.parse() == Ok(device) && ino.parse() == Ok(inode))
}

/// Puts the priority of this level in front of each line.
pub(super) fn prioritised(level: Level, text: &str) -> String {
    let priority = match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    };
    text.split_inclusive('\n').flat_map(|line| [priority, line]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_a_device_and_an_inode() {
        assert!(is_stream("8:23457", 8, 23457));
        for other in ["", "8", "8:", ":23457", "8:2345", "9:23457", "8:23457:1", "a:b"] {
            assert!(!is_stream(other, 8, 23457), "{other}");
        }
    }

    #[test]
    fn every_line_has_its_priority() {
        assert_eq!(prioritised(Level::ERROR, "a\n    b\n    c\n"), "<3>a\n<3>    b\n<3>    c\n");
        for (level, text) in [
            (Level::WARN, "<4>a\n"),
            (Level::INFO, "<6>a\n"),
            (Level::DEBUG, "<7>a\n"),
            (Level::TRACE, "<7>a\n"),
        ] {
            assert_eq!(prioritised(level, "a\n"), text);
        }
    }
}
