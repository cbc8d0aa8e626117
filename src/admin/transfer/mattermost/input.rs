//! The lines of a bulk export, from a file or out of an archive, to be read twice: the export is in the order of nothing that helps.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read as _, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::wire::Line;
use crate::admin::Failure;
use crate::admin::transfer::archive::Archive;

/// The longest line that is read.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// A bulk export.
pub(in crate::admin::transfer) struct Input {
    lines: BufReader<File>,
    /// Where its attachments are.
    pub(super) archive: Option<Archive>,
}

/// The length of a line, and what it says or why it is not understood.
type Read = (u64, Result<Line, String>);

/// Whether a file begins as a bulk export does.
pub(in crate::admin::transfer) fn is_bulk(path: &Path) -> bool {
    let mut first = Vec::new();
    let read = File::open(path).and_then(|file| BufReader::new(file).take(4096).read_until(b'\n', &mut first));
    read.is_ok() && matches!(serde_json::from_slice(&first), Ok(Line::Version { version: 1 }))
}

impl Input {
    /// A file of lines.
    pub(in crate::admin::transfer) fn plain(path: &Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| Failure::failed(format!("cannot read {}: {error}", path.display())))?;
        Ok(Self { lines: BufReader::new(file), archive: None })
    }

    /// An archive that holds the lines as `import.jsonl`.
    pub(in crate::admin::transfer) fn zipped(mut archive: Archive) -> Result<Self, Failure> {
        let at_top = archive.names().find(|name| name.strip_suffix(".jsonl").is_some_and(|stem| !stem.contains('/'))).map(str::to_owned);
        let place = archive.find("import.jsonl").or_else(|| at_top.and_then(|name| archive.find(&name)));
        let Some(place) = place else { return Err(Failure::failed("the archive holds neither users.json (Slack) nor import.jsonl (Mattermost)")) };
        let mut file = unnamed().map_err(|error| Failure::failed(format!("cannot write a temporary file: {error}")))?;
        archive.copy(place, &mut file)?;
        let mut input = Self { lines: BufReader::new(file), archive: Some(archive) };
        input.seek(0)?;
        match input.next()? {
            Some((_, Ok(Line::Version { version: 1 }))) => {}
            _ => return Err(Failure::failed("the first line of the Mattermost export does not say version 1")),
        }
        Ok(input)
    }

    /// Goes to the line that begins there.
    pub(super) fn seek(&mut self, at: u64) -> Result<(), Failure> {
        self.lines.seek(SeekFrom::Start(at)).map(drop).map_err(|error| unreadable(&error))
    }

    /// The next line with its length, or why it is not understood; None: that was the last.
    pub(super) fn next(&mut self) -> Result<Option<Read>, Failure> {
        let mut line = Vec::new();
        let read = (&mut self.lines).take(MAX_LINE).read_until(b'\n', &mut line).map_err(|error| unreadable(&error))? as u64;
        if read == MAX_LINE {
            return Err(Failure::failed("a line of the export is too long"));
        }
        Ok((read > 0).then(|| (read, serde_json::from_slice(&line).map_err(|error| error.to_string()))))
    }
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot read the export: {error}"))
}

/// A file that nobody else can open and that goes by itself.
fn unnamed() -> std::io::Result<File> {
    let mut name = [0; 16];
    getrandom::fill(&mut name).map_err(|error| std::io::Error::other(error.to_string()))?;
    let path = std::env::temp_dir().join(format!("chatctl-{}", hex::encode(name)));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
