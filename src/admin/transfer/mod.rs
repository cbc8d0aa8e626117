//! Export and import of a whole instance: the native format, and Slack and Mattermost exports
//! translated into the same records.
//!
//! `lines` is the native file format, `importer` receives the records of every import, `sanitize`
//! cleans them. `foreign` is shared by the translations of other products, each of which has a
//! folder. No SQL, no printing, no parsing of arguments.

mod archive;
mod detect;
pub mod disk;
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

use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use utoipa::ToSchema;

use serde_json::json;

use self::archive::{Archive, Layout};
use self::importer::{Taker, Target};
use self::lines::Export;
use super::backup::{COPY_ENDING, EXPORT_PREFIX, Scratch};
use super::database::with_progress;
use super::{Admin, Call, Failure, Operator, Output};
use crate::config::Confusables;
use crate::model::{AuditNote, AuditTarget};
use crate::store::engine::Engine;
use crate::store::files::Files;
use crate::store::transfer::{Kind, Note, Reason, Report};

/// Product name in the header of an export.
const PRODUCT: &str = concat!("chatctl ", env!("CARGO_PKG_VERSION"));

/// Export all data as JSON Lines; command line only.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportAll {}

impl ExportAll {
    /// Exports all data as JSON Lines. On a running server it reads a temporary copy of the
    /// database, so that a slow reader does not block checkpoints of the write-ahead log.
    pub(in crate::admin) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, output, .. } = call;
        let parts = &admin.0.parts;
        let _hold = admin.chat().hold_media().await;
        let store = match &parts.engine {
            Engine::Embedded(store) => store,
            Engine::Cluster(cluster) => {
                return export::of_cluster(cluster, &admin.files(), output).await;
            }
        };
        if admin.running().is_none() {
            return export::export(parts.database.clone(), &admin.files(), output).await;
        }
        let config = parts.config.get();
        let data = &config.server.data_dir;
        let cannot = |error: std::io::Error| {
            Failure::io(&format!("cannot write in {}", data.display()), &error)
        };
        let copy = Scratch::directory(data, EXPORT_PREFIX, COPY_ENDING).map_err(cannot)?;
        let database = copy.path().join("chat.db");
        with_progress(output, async |heard| {
            store.copy(database.clone(), move |done, all| heard.tell(done, all)).await
        })
        .await?;
        export::export(database, &admin.files(), output).await
    }
}

impl Admin {
    fn files(&self) -> Files {
        self.0.parts.files.clone()
    }

    /// Imports an export into the data of a stopped server, and sends the report item by item. A
    /// rehearsal keeps no files; the caller provides temporary data for it.
    pub async fn import(
        &self,
        operator: &Operator,
        import: Import,
        rehearsal: bool,
        output: &Output,
    ) -> Result<(), Failure> {
        let config = self.0.parts.config.get();
        let target = Target {
            engine: self.0.parts.engine.clone(),
            files: (!rehearsal).then(|| self.files()),
            refuse_look_alikes: config.auth.confusable_names == Confusables::Refuse,
            max_chars: config.rooms.max_message_chars,
            max_bytes: config.media.max_bytes,
            data: config.server.data_dir.clone(),
        };
        if let Some(by) = operator.doing("instance.import").attribution().filter(|_| !rehearsal) {
            let recorded = target.engine.store().record(by, import.note()).await;
            recorded.map_err(|error| target.failure(error))?;
        }
        let (handle, said) = (Handle::current(), output.clone());
        let running = tokio::task::spawn_blocking(move || {
            import.run(target, &mut |done, total| handle.block_on(said.progress(done, total)))
        });
        let report = running.await.map_err(|error| Failure::failed(error.to_string()))??;
        // Skipped entries come first: they need attention.
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
            Err(Failure::failed(
                "the export contains neither accounts nor rooms; nothing was imported",
            ))
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
    /// Detects the format of the file, and checks a native export for completeness. `source`
    /// overrides the name of the source, to import two Mattermost servers into one instance.
    /// Blocks.
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
                        let what = "the archive contains neither users.json and channels.json \
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

    /// Name of the product that wrote the export.
    pub fn kind(&self) -> &'static str {
        match &self.from {
            Format::Native(_) => "chatctl",
            Format::Slack(_) => "slack",
            Format::Mattermost(_) => "mattermost",
        }
    }

    /// What the audit log says of it.
    fn note(&self) -> AuditNote {
        let details = json!({"format": self.kind(), "source": self.source});
        AuditNote {
            target: Some(AuditTarget::new("instance", "all", None)),
            before: None,
            after: Some(details.to_string()),
        }
    }

    /// Imports it and returns the report. Entries that an earlier import of the same source has
    /// added are skipped, so an interrupted import can be run again. `progress` receives the number
    /// of imported records and the total (0 if unknown). Blocks; must be called within a runtime,
    /// on a thread that may block.
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
                let (name, header) = (source(&export.header.source), export.header.clone());
                let mut taker = Taker::begin(handle, target, &name, Some(&header), &mut said)?;
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
