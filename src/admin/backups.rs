//! `backup.create`: streams a backup to the caller, whose directories the server cannot access.

use std::io::{self, Write};
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::backup::{
    Listed, Made, Owner, Recipients, Retention, Source, count, create, list, prune, remote,
    verdict, write,
};
use super::database::with_progress;
use super::outcome::{Failure, Output};
use super::{Admin, Call};
use crate::model::{AuditNote, AuditTarget};

/// What makes backups of a cluster.
const BACKUP_INSTEAD: &str = "back it up with the tools of its database (nodetool snapshot), see \
                              docs/cluster.md";
/// Size of a part in bytes.
const PART: usize = 256 * 1024;
/// Number of parts queued for the reader.
const WAITING: usize = 4;
/// Number of deleted backups that the audit log names.
const NAMED: usize = 20;

/// Create a backup, sent as the bytes of the file, then its header; command line only.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupCreate {}

impl BackupCreate {
    /// Sends the bytes of a backup, then its header.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, output, .. } = call;
        let made = admin.send_backup(output).await;
        count(made.as_ref().err());
        made
    }
}

/// Create a backup in the configured directory; command line only.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupStore {
    /// Public keys of age for which it is encrypted, instead of the configured ones.
    #[serde(default)]
    pub recipients: Vec<String>,
}

impl BackupStore {
    /// Reports the file.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, output, .. } = call;
        let parts = &admin.0.parts;
        let config = parts.config.get();
        let given =
            if self.recipients.is_empty() { &config.backup.recipients } else { &self.recipients };
        let recipients = Recipients::parse(given)?;
        let source = Source::of(&config, &parts.chat, admin.embedded(BACKUP_INSTEAD)?).await;
        let Made { path, bytes, head } = with_progress(output, async |heard| {
            let tell = move |done, all| heard.tell(done, all);
            create(&source, &admin.backups(), &recipients, tell).await
        })
        .await?;
        let owner = Owner { instance: head.instance.clone(), epoch: head.epoch.clone() };
        let (file, closed) = (path.clone(), output.clone());
        let goes_on = std::sync::Arc::new(move || !closed.is_closed());
        let copied = tokio::task::spawn_blocking(move || {
            remote::copy(&config, &file, &owner, goes_on, &mut |_, _| ())
        });
        let copied = copied.await.map_err(|error| Failure::failed(error.to_string()))?;
        let copied = copied.inspect_err(|failure| count(Some(failure))).map_err(|failure| {
            failure.after(&format!("the backup was saved as {}, but not copied", path.display()))
        })?;
        output
            .item(json!({
                "copy": copied.map(|copied| copied.url),
                "path": path,
                "bytes": bytes,
                "created": head.created,
                "schema": head.schema,
                "counts": head.counts,
            }))
            .await
    }
}

/// List the backups in the configured directory; command line only.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupList {}

impl BackupList {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let directory = call.admin.backups();
        send(call.output, move || list(&directory)).await
    }
}

/// Delete old backups of this instance in the configured directory; command line only.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupPrune {
    /// The backups to keep, at least one.
    #[schema(inline)]
    pub keep: Retention,
    /// Only report what would be deleted.
    #[serde(default)]
    pub dry_run: bool,
}

impl BackupPrune {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Self { keep, dry_run } = self;
        if keep == Retention::default() {
            return Err(Failure::usage("keep must have a rule of at least 1"));
        }
        let (directory, database) = (call.admin.backups(), call.admin.0.parts.database.clone());
        let prune = move |dry_run| {
            let owner = Owner::of(&database, true)?;
            Ok(prune(&directory, keep, Some(&owner), dry_run)?.gone)
        };
        if dry_run {
            return send(call.output, move || prune(true)).await;
        }
        let looking = prune.clone();
        let going = in_background(move || looking(true)).await?;
        if going.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = going.iter().map(|backup| &backup.name).take(NAMED).collect();
        let details = json!({"deleted": going.len(), "files": names});
        call.record(AuditNote {
            target: Some(AuditTarget::new("backup", "all", None)),
            before: None,
            after: Some(details.to_string()),
        })
        .await;
        send(call.output, move || prune(false)).await
    }
}

/// Sends the backups that `find` returns.
async fn send(
    output: &Output,
    find: impl FnOnce() -> Result<Vec<Listed>, Failure> + Send + 'static,
) -> Result<(), Failure> {
    for backup in in_background(find).await? {
        output.item(backup.item()).await?;
    }
    Ok(())
}

async fn in_background(
    find: impl FnOnce() -> Result<Vec<Listed>, Failure> + Send + 'static,
) -> Result<Vec<Listed>, Failure> {
    let found = tokio::task::spawn_blocking(find).await;
    found.map_err(|error| Failure::failed(error.to_string()))?
}

impl Admin {
    /// The configured directory of backups.
    fn backups(&self) -> PathBuf {
        let config = self.0.parts.config.get();
        config.server.data_dir.join(&config.backup.directory)
    }

    async fn send_backup(&self, output: &Output) -> Result<(), Failure> {
        let parts = &self.0.parts;
        let source =
            Source::of(&parts.config.get(), &parts.chat, self.embedded(BACKUP_INSTEAD)?).await;
        let (sender, written) = mpsc::channel(WAITING);
        let writing = with_progress(output, async |heard| {
            write(&source, Parts::new(sender), move |done, all| heard.tell(done, all)).await
        });
        let sending = async move {
            // Owned here, so that the writer fails instead of blocking when the caller is gone.
            let mut written = written;
            while let Some(part) = written.recv().await {
                output.bytes(part).await?;
            }
            Ok::<_, Failure>(())
        };
        // When writing ends, the sender is dropped and the channel closes.
        let (written, sent) = tokio::join!(
            async { writing.await.map(|written| (written.head, written.problems)) },
            sending
        );
        sent?;
        let (head, problems) = written?;
        output.item(head).await?;
        verdict(&problems)
    }
}

/// Collects written bytes into parts and sends them. Blocks while the reader is behind.
pub(super) struct Parts {
    sender: mpsc::Sender<Bytes>,
    part: BytesMut,
}

impl Parts {
    /// Sends the parts to this queue; the last one when it is flushed.
    pub(super) fn new(sender: mpsc::Sender<Bytes>) -> Self {
        Self { sender, part: BytesMut::new() }
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.part.extend_from_slice(bytes);
        if self.part.len() >= PART {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.part.is_empty() {
            return Ok(());
        }
        let part = self.part.split().freeze();
        self.sender.blocking_send(part).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}
