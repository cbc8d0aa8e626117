//! A whole instance out and in: our own export, and those of Slack and Mattermost translated into
//! the same records.
//!
//! `lines` is the format of the file, `take` the receiving end of every import, `sound` what a
//! record may say. `foreign` is what the translations of other products share, each of which has a
//! folder. What may live here: no SQL, no printing, no arguments.

mod archive;
mod detect;
pub mod disk;
mod emoji;
mod export;
mod files;
mod foreign;
mod importer;
mod json;
mod lenient;
mod lines;
mod mattermost;
mod sanitize;
mod slack;

use std::path::Path;

use tokio::runtime::Handle;

use serde_json::json;

use self::archive::{Archive, Layout};
use self::importer::{Taker, Target};
use self::lines::Export;
use super::backup::{COPY_ENDING, EXPORT_PREFIX, Scratch};
use super::database::with_progress;
use super::{Admin, Failure, Output};
use crate::config::Confusables;
use crate::store::files::Files;
use crate::store::transfer::{Kind, Note, Reason, Report};

/// What an export says that it was made by.
const PRODUCT: &str = concat!("chatctl ", env!("CARGO_PKG_VERSION"));

impl Admin {
    fn files(&self) -> Files {
        let config = &self.0.parts.config;
        Files::there(&config.server.data_dir.join(&config.media.directory))
    }

    /// Everything there is, as lines. Of a running server a copy of the database is read, in the
    /// data directory and gone afterwards: whoever reads slowly, or not at all, keeps nobody's
    /// write-ahead log from starting anew.
    pub(super) async fn export(&self, output: &Output) -> Result<(), Failure> {
        let parts = &self.0.parts;
        let _hold = self.chat().hold_media().await;
        if self.running().is_none() {
            return export::export(parts.database.clone(), &self.files(), output).await;
        }
        let data = &parts.config.server.data_dir;
        let cannot = |error: std::io::Error| {
            Failure::io(&format!("cannot write in {}", data.display()), &error)
        };
        let copy = Scratch::directory(data, EXPORT_PREFIX, COPY_ENDING).map_err(cannot)?;
        let database = copy.path().join("chat.db");
        with_progress(output, async |heard| {
            parts.store.copy(database.clone(), move |done, all| heard.tell(done, all)).await
        })
        .await?;
        export::export(database, &self.files(), output).await
    }

    /// Takes an export into the data of a stopped server, and says item by item what came of it. A
    /// rehearsal keeps no files; whoever asks for one gives it data of its own.
    pub async fn import(
        &self,
        import: Import,
        rehearsal: bool,
        output: &Output,
    ) -> Result<(), Failure> {
        let config = &self.0.parts.config;
        let target = Target {
            store: self.0.parts.store.clone(),
            files: (!rehearsal).then(|| self.files()),
            refuse_look_alikes: config.auth.confusable_names == Confusables::Refuse,
            max_chars: config.rooms.max_message_chars,
            max_bytes: config.media.max_bytes,
            data: config.server.data_dir.clone(),
        };
        let (handle, said) = (Handle::current(), output.clone());
        let running = tokio::task::spawn_blocking(move || {
            import.run(target, &mut |done, total| handle.block_on(said.progress(done, total)))
        });
        let report = running.await.map_err(|error| Failure::failed(error.to_string()))??;
        // What was left out comes first: it is what somebody has to do something about.
        let note = |(reason, note): (&Reason, &Note)| json!({"what": reason, "why": reason.words(), "count": note.count, "examples": note.examples});
        let (bad, others): (Vec<_>, Vec<_>) =
            report.notes.iter().partition(|(reason, _)| **reason == Reason::NotUnderstood);
        for item in bad.into_iter().map(note) {
            output.item(item).await?;
        }
        for (kind, count) in &report.counts {
            output.item(json!({"what": kind, "taken": count.taken, "known": count.known})).await?;
        }
        for item in others.into_iter().map(note) {
            output.item(item).await?;
        }
        tracing::info!(rehearsal, "Import ended: {}", json!(report.counts));
        let came = |kind: Kind| {
            report.counts.get(&kind).is_some_and(|count| count.taken + count.known > 0)
        };
        if came(Kind::Users) || came(Kind::Rooms) {
            Ok(())
        } else {
            Err(Failure::failed("the export holds neither people nor rooms; nothing was imported"))
        }
    }
}

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
    /// Finds out what the file is and, of our own exports, whether it is whole. `source` overrides
    /// what the source calls itself, for two Mattermost servers that come into one. Blocks.
    pub fn open(path: &Path, source: Option<String>) -> Result<Self, Failure> {
        let from = match detect::detect(path)? {
            detect::Kind::Native => Format::Native(Box::new(Export::open(path)?)),
            detect::Kind::Mattermost => Format::Mattermost(mattermost::Input::plain(path)?),
            detect::Kind::Zip => {
                let archive = Archive::open(path)?;
                match archive.layout {
                    Layout::Slack => Format::Slack(archive),
                    Layout::Mattermost(_) => {
                        Format::Mattermost(mattermost::Input::zipped(archive)?)
                    }
                    Layout::Unknown => {
                        let what = "the archive holds neither users.json beside channels.json \
                                    (Slack) nor import.jsonl (Mattermost)";
                        return Err(Failure::failed(format!(
                            "cannot import {}: {what}; {}",
                            path.display(),
                            detect::TAKEN
                        )));
                    }
                }
            }
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

    /// Takes it in and says what came of it. What an earlier import of the same source has brought
    /// is left alone, so one that was interrupted is simply run again. `progress` hears how
    /// many records are in, of how many (0: not known). Blocks; must be called
    /// within a runtime, on a thread that may block.
    fn run(
        self,
        target: Target,
        progress: &mut dyn FnMut(u64, u64) -> Result<(), Failure>,
    ) -> Result<Report, Failure> {
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
                let mut taker =
                    Taker::begin(handle, target, &source("mattermost"), None, &mut said)?;
                mattermost::read(input, &mut taker)?;
                taker.finish()
            }
        }
    }
}
