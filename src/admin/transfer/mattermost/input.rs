//! The lines of a bulk export, from a file or an archive. They are read twice, since the order of
//! the export is of no use.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read as _, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::wire::Line;
use crate::admin::Failure;
use crate::admin::transfer::archive::Archive;
use crate::admin::transfer::json::BOM;

/// Maximum length of a line.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// A bulk export.
pub(in crate::admin::transfer) struct Input {
    lines: BufReader<File>,
    /// The archive with its attachments.
    pub(super) archive: Option<Archive>,
}

/// The length of a line, and its content with its invalid parts, or why it is invalid.
type Read = (u64, Result<(Line, Vec<String>), String>);

impl Input {
    /// Opens a JSON Lines file.
    pub(in crate::admin::transfer) fn plain(path: &Path) -> Result<Self, Failure> {
        let file = File::open(path)
            .map_err(|error| Failure::failed(format!("cannot read {}: {error}", path.display())))?;
        Self::of(file, None)
    }

    /// Opens an archive that contains the lines.
    pub(in crate::admin::transfer) fn zipped(mut archive: Archive) -> Result<Self, Failure> {
        let mut file = unnamed()?;
        archive.copy_lines(&mut file)?;
        Self::of(file, Some(archive))
    }

    fn of(file: File, archive: Option<Archive>) -> Result<Self, Failure> {
        let mut input = Self { lines: BufReader::new(file), archive };
        input.seek(0)?;
        match input.next()? {
            Some((_, Ok((Line::Version(1), _)))) => Ok(input),
            Some((_, Ok((Line::Version(other), _)))) => Err(Failure::failed(format!(
                "the export has version {other} of the Mattermost format; only version 1 is \
                 supported"
            ))),
            _ => Err(Failure::failed(
                "the first line of the Mattermost export must be \
                 {\"type\":\"version\",\"version\":1}",
            )),
        }
    }

    /// Archive index of a file that the export refers to.
    pub(super) fn find(&self, path: &str) -> Option<usize> {
        let archive = self.archive.as_ref()?;
        let path = path.replace('\\', "/");
        let path = path.trim_start_matches("./").trim_start_matches('/');
        archive.find(&format!("data/{path}")).or_else(|| archive.find(path))
    }

    /// Seeks to the line at this offset.
    pub(super) fn seek(&mut self, at: u64) -> Result<(), Failure> {
        self.lines.seek(SeekFrom::Start(at)).map(drop).map_err(|error| unreadable(&error))
    }

    /// The next line with its length, which includes preceding empty lines, or why it is invalid;
    /// None after the last.
    pub(super) fn next(&mut self) -> Result<Option<Read>, Failure> {
        let mut length = 0;
        loop {
            let mut line = Vec::new();
            let read = (&mut self.lines)
                .take(MAX_LINE)
                .read_until(b'\n', &mut line)
                .map_err(|error| unreadable(&error))? as u64;
            if read == MAX_LINE {
                return Err(Failure::failed("a line of the export is too long"));
            }
            length += read;
            if read == 0 {
                return Ok(None);
            }
            if !line.strip_prefix(BOM).unwrap_or(&line).trim_ascii().is_empty() {
                return Ok(Some((length, Line::parse(&line))));
            }
        }
    }
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot read the export: {error}"))
}

/// A temporary file without a name, which is removed when it is closed.
fn unnamed() -> Result<File, Failure> {
    let mut name = [0; 16];
    getrandom::fill(&mut name).map_err(|error| {
        Failure::failed(format!("the operating system provides no random numbers: {error}"))
    })?;
    let path = std::env::temp_dir().join(format!("chatctl-{}", hex::encode(name)));
    let made = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
    let made = made.and_then(|file| std::fs::remove_file(&path).map(|()| file));
    made.map_err(|error| Failure::io(&format!("cannot write {}", path.display()), &error))
}
