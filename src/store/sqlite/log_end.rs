//! Detects whether a write-ahead log left by a crash ends before its last transaction.
//!
//! SQLite reads a log up to the first frame with a wrong checksum and treats later frames as the
//! rest of an older log. If a disk has damaged a frame in the middle, acknowledged transactions are
//! silently omitted. Each frame has the checksum of all frames before it, so the frames after the
//! damage can be told from leftovers.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Bytes before the first frame.
const HEADER: usize = 32;
/// Bytes of a frame before its page.
const FRAME: usize = 24;

/// Returns the number of complete transactions after the first damaged frame in the log of this
/// database, which must not be open. 0 without a log, or if the log is intact.
pub(super) fn lost(database: &Path) -> io::Result<u64> {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    match File::open(name) {
        Ok(file) => lost_of(BufReader::with_capacity(256 * 1024, file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

fn lost_of(mut from: impl Read) -> io::Result<u64> {
    let mut header = [0; HEADER];
    if !fill(&mut from, &mut header)? {
        return Ok(0);
    }
    let magic = word(&header, 0, true);
    if magic & !1 != 0x377f_0682 {
        return Ok(0);
    }
    let (big, page, salts) = (
        magic & 1 == 1,
        word(&header, 8, true),
        (word(&header, 16, true), word(&header, 20, true)),
    );
    if !page.is_power_of_two() || !(512..=65_536).contains(&page) {
        return Ok(0);
    }
    let mut frame = vec![0; FRAME + page as usize];
    let mut sums = (word(&header, 24, true), word(&header, 28, true));
    let (mut broken, mut lost) = (false, 0);
    while fill(&mut from, &mut frame)? {
        let said = (word(&frame, 16, true), word(&frame, 20, true));
        let ours = (word(&frame, 8, true), word(&frame, 12, true)) == salts;
        let sound = ours
            && sum(
                sum(sums, frame.get(..8).unwrap_or_default(), big),
                frame.get(FRAME..).unwrap_or_default(),
                big,
            ) == said;
        // A commit frame has the size of the database after it.
        lost += u64::from(broken && sound && word(&frame, 4, true) > 0);
        broken |= !sound;
        sums = said;
    }
    Ok(lost)
}

/// Fills the buffer; false if fewer bytes are available.
fn fill(from: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(into) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

fn word(bytes: &[u8], at: usize, big: bool) -> u32 {
    let four =
        bytes.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok()).unwrap_or_default();
    if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
}

/// Continues SQLite's checksum of a log.
fn sum((mut first, mut second): (u32, u32), bytes: &[u8], big: bool) -> (u32, u32) {
    for eight in bytes.chunks_exact(8) {
        first = first.wrapping_add(word(eight, 0, big)).wrapping_add(second);
        second = second.wrapping_add(word(eight, 4, big)).wrapping_add(first);
    }
    (first, second)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::sqlite::schema;

    /// A log of ten transactions, about two frames each.
    fn log() -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chat.db");
        let conn = schema::open(&path).unwrap();
        let keep: Connection = Connection::open(&path).unwrap();
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).unwrap();
        for n in 0..10 {
            conn.execute(
                "REPLACE INTO settings (key, value) VALUES (?1, randomblob(3000))",
                [format!("test {n}")],
            )
            .unwrap();
        }
        drop(keep);
        std::fs::read(dir.path().join("chat.db-wal")).unwrap()
    }

    #[test]
    fn a_log_that_is_whole_or_ends_in_the_middle_of_its_last_transaction_has_lost_nothing() {
        let log = log();
        let size = FRAME + 4096;
        assert!(log.len() > HEADER + 10 * size, "{}", log.len());
        assert_eq!(lost_of(log.as_slice()).unwrap(), 0);
        for cut in [0, 10, HEADER, HEADER + 10, HEADER + size, log.len() - 100] {
            assert_eq!(lost_of(log.get(..cut).unwrap()).unwrap(), 0, "{cut}");
        }
        let mut torn = log.clone();
        let last = torn.len() - 10;
        torn[last] ^= 1;
        assert_eq!(lost_of(torn.as_slice()).unwrap(), 0);
        // Frames left by an older log have other salts.
        let mut older = log;
        for frame in older[HEADER + size..].chunks_mut(size) {
            frame[8] ^= 1;
        }
        assert_eq!(lost_of(older.as_slice()).unwrap(), 0);
    }

    #[test]
    fn what_lies_behind_a_damaged_frame_is_counted() {
        let mut log = log();
        log[HEADER + FRAME + 100] ^= 1;
        let lost = lost_of(log.as_slice()).unwrap();
        assert!((9..=10).contains(&lost), "{lost}");
    }
}
