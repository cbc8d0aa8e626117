//! A whole instance out and in: our own export, and those of Slack and Mattermost translated into the same records.
//!
//! `lines` is the format of the file, `take` the receiving end of every import, `sound` what a record may say. `foreign` is what the
//! translations of other products share, each of which has a folder. What may live here: no SQL, no printing, no arguments.

mod archive;
mod emoji;
mod export;
mod files;
mod foreign;
mod lines;
mod mattermost;
mod slack;
mod sound;
mod take;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tokio::runtime::Handle;

pub use self::export::export;
pub use self::take::Target;

use self::archive::Archive;
use self::lines::Export;
use self::take::Taker;
use crate::admin::Failure;
use crate::store::transfer::Report;

/// What an export says that it was made by.
const PRODUCT: &str = concat!("chatctl ", env!("CARGO_PKG_VERSION"));

/// An export that can be imported.
pub struct Import {
    from: Format,
    source: Option<String>,
}

enum Format {
    Native(Box<Export>),
    Slack(Archive),
    Mattermost(mattermost::Input),
}

impl Import {
    /// Finds out what the file is and, of our own exports, whether it is whole. `source` overrides what the source calls itself, for
    /// two Mattermost servers that come into one. Blocks.
    pub fn open(path: &Path, source: Option<String>) -> Result<Self, Failure> {
        let mut head = [0; 4];
        let read = File::open(path).and_then(|mut file| {
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                return Err(std::io::Error::other("it is not a file"));
            }
            file.read(&mut head)
        });
        read.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Failure::not_found(format!("{} is not there", path.display())),
            _ => Failure::failed(format!("cannot read {}: {error}", path.display())),
        })?;
        let from = if head == *b"PK\x03\x04" {
            let archive = Archive::open(path)?;
            if archive.find("users.json").is_some() {
                Format::Slack(archive)
            } else {
                Format::Mattermost(mattermost::Input::zipped(archive)?)
            }
        } else if mattermost::is_bulk(path) {
            Format::Mattermost(mattermost::Input::plain(path)?)
        } else {
            Format::Native(Box::new(Export::open(path)?))
        };
        Ok(Self { from, source })
    }

    /// What kind of export it is.
    pub fn kind(&self) -> &'static str {
        match &self.from {
            Format::Native(_) => "chatctl",
            Format::Slack(_) => "slack",
            Format::Mattermost(_) => "mattermost",
        }
    }

    /// Takes it in and says what came of it. What an earlier import of the same source has brought is left alone, so one that was
    /// interrupted is simply run again. `progress` hears how many records are in, of how many (0: not known). Blocks; must be called
    /// within a runtime, on a thread that may block.
    pub fn run(self, target: Target, progress: &mut dyn FnMut(u64, u64) -> Result<(), Failure>) -> Result<Report, Failure> {
        let handle = Handle::current();
        let source = |default: &str| self.source.clone().unwrap_or_else(|| default.to_owned());
        match self.from {
            Format::Native(mut export) => {
                let total = export.lines;
                let mut said = |done| progress(done, total);
                let (name, ids) = (source(&export.header.source), export.header.ids);
                let mut taker = Taker::begin(handle, target, &name, Some(ids), &mut said)?;
                while let Some(record) = export.next()? {
                    taker.take(record)?;
                }
                taker.finish()
            }
            Format::Slack(archive) => {
                let mut said = |done| progress(done, 0);
                let mut taker = Taker::begin(handle, target, &source("slack"), None, &mut said)?;
                slack::read(archive, &mut taker)?;
                taker.finish()
            }
            Format::Mattermost(input) => {
                let mut said = |done| progress(done, 0);
                let mut taker = Taker::begin(handle, target, &source("mattermost"), None, &mut said)?;
                mattermost::read(input, &mut taker)?;
                taker.finish()
            }
        }
    }
}
