//! The native format: JSON Lines with a header first, and a last line with counts and a checksum.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::json::BOM;
use crate::admin::Failure;
use crate::store::transfer::{End, Header, Record};

/// Maximum length of a line.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// Writes lines, and the last line with their counts and checksum.
#[derive(Default)]
pub(super) struct Lines {
    counts: BTreeMap<String, u64>,
    hash: Sha256,
}

impl Lines {
    /// Adds the line of a record.
    pub(super) fn add(&mut self, record: &Record, to: &mut Vec<u8>) -> Result<(), Failure> {
        let from = to.len();
        serde_json::to_writer(&mut *to, record)
            .map_err(|error| Failure::failed(error.to_string()))?;
        to.push(b'\n');
        self.hash.update(to.get(from..).unwrap_or_default());
        *self.counts.entry(record.kind().to_owned()).or_default() += 1;
        Ok(())
    }

    /// Adds the last line.
    pub(super) fn end(self, to: &mut Vec<u8>) -> Result<(), Failure> {
        let end =
            Record::End(End { counts: self.counts, sha256: hex::encode(self.hash.finalize()) });
        serde_json::to_writer(&mut *to, &end)
            .map_err(|error| Failure::failed(error.to_string()))?;
        to.push(b'\n');
        Ok(())
    }
}

/// An export that was read once and is complete.
pub(super) struct Export {
    file: BufReader<File>,
    /// Its header.
    pub(super) header: Header,
    /// Number of lines.
    pub(super) lines: u64,
    number: u64,
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Export {
    /// Reads the whole file, so that nothing is imported from a damaged or incomplete one.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| unreadable(path, &error.to_string()))?;
        let mut export = Self {
            file: BufReader::with_capacity(1 << 16, file),
            header: first(path)?,
            lines: 0,
            number: 0,
        };
        let (mut counts, mut hash, mut end) = (BTreeMap::<String, u64>::new(), Sha256::new(), None);
        let mut line = Vec::new();
        while export.line(&mut line)? {
            if end.is_some() {
                return Err(export.broken("unexpected data after the last line"));
            }
            let line = if export.number == 1 { without_bom(&line) } else { &line };
            match export.parse(line)? {
                Record::End(last) => end = Some(last),
                record => {
                    hash.update(line);
                    *counts.entry(record.kind().to_owned()).or_default() += 1;
                }
            }
        }
        let Some(end) = end else {
            return Err(Failure::failed(
                "the export is not complete: its last line is missing; nothing was imported",
            ));
        };
        if end.sha256 != hex::encode(hash.finalize()) || end.counts != counts {
            return Err(Failure::failed(
                "the export is damaged: its content does not match the counts and checksum in its \
                 last line; nothing was imported",
            ));
        }
        export.lines = export.number;
        export.number = 0;
        export.file.rewind().map_err(|error| unreadable(path, &error.to_string()))?;
        Ok(export)
    }

    /// The next record; None after the last.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Failure> {
        let mut line = Vec::new();
        if self.line(&mut line)? {
            self.parse(if self.number == 1 { without_bom(&line) } else { &line }).map(Some)
        } else {
            Ok(None)
        }
    }

    fn line(&mut self, line: &mut Vec<u8>) -> Result<bool, Failure> {
        line.clear();
        let read = (&mut self.file)
            .take(MAX_LINE)
            .read_until(b'\n', line)
            .map_err(|error| Failure::failed(format!("cannot read the export: {error}")))?;
        self.number += u64::from(read > 0);
        if read as u64 == MAX_LINE {
            return Err(self.broken("it is too long"));
        }
        Ok(read > 0)
    }

    fn parse(&self, line: &[u8]) -> Result<Record, Failure> {
        serde_json::from_slice(line).map_err(|error| self.broken(&error.to_string()))
    }

    fn broken(&self, why: &str) -> Failure {
        Failure::failed(format!(
            "line {} of the export cannot be read: {why}; nothing was imported",
            self.number
        ))
    }
}

/// Reads the header, which determines whether the format is supported.
fn first(path: &Path) -> Result<Header, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, &error.to_string()))?;
    let mut line = Vec::new();
    BufReader::new(file)
        .take(4096)
        .read_until(b'\n', &mut line)
        .map_err(|error| unreadable(path, &error.to_string()))?;
    match serde_json::from_slice(without_bom(&line)) {
        Ok(Record::Header(header))
            if header.format == Header::FORMAT && header.version <= Header::VERSION =>
        {
            Ok(header)
        }
        Ok(Record::Header(header)) if header.format == Header::FORMAT => {
            Err(Failure::failed(format!(
                "the export has version {} and was created by {}; this version of chatctl \
                 supports up to version {}",
                header.version,
                header.product,
                Header::VERSION
            )))
        }
        _ => Err(unreadable(path, "it is not an export of chatctl")),
    }
}

/// Strips the byte order mark, which some editors add.
fn without_bom(line: &[u8]) -> &[u8] {
    line.strip_prefix(BOM).unwrap_or(line)
}

fn unreadable(path: &Path, why: &str) -> Failure {
    Failure::failed(format!("cannot read {}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::store::transfer::LastIds;

    fn header(version: u32) -> Record {
        Record::Header(Header {
            format: Header::FORMAT.to_owned(),
            version,
            product: "test".to_owned(),
            created: Timestamp(0),
            source: "s".to_owned(),
            ids: LastIds::default(),
        })
    }

    #[test]
    fn only_a_complete_export_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("export.jsonl");
        let (mut lines, mut bytes) = (Lines::default(), Vec::new());
        lines.add(&header(1), &mut bytes).unwrap();
        let without_end = bytes.clone();
        lines.end(&mut bytes).unwrap();
        std::fs::write(&path, &bytes).unwrap();
        let mut export = Export::open(&path).unwrap();
        assert_eq!(export.lines, 2);
        assert_eq!(export.next().unwrap(), Some(header(1)));
        let damaged =
            String::from_utf8(bytes.clone()).unwrap().replace("test", "tesT").into_bytes();
        let trailing = [bytes.as_slice(), b"{}\n"].concat();
        for (bad, why) in [
            (without_end, "not complete"),
            (damaged, "damaged"),
            (trailing, "cannot be read"),
            (b"{}\n".to_vec(), "not an export"),
        ] {
            std::fs::write(&path, bad).unwrap();
            let failure = Export::open(&path).unwrap_err();
            assert!(failure.message.contains(why), "{failure:?}");
        }
        let (mut lines, mut bytes) = (Lines::default(), Vec::new());
        lines.add(&header(2), &mut bytes).unwrap();
        std::fs::write(&path, bytes).unwrap();
        assert!(Export::open(&path).unwrap_err().message.contains("version 2"));
    }
}
