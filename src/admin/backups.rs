//! `backup.create`: streams a backup to the caller, whose directories the server cannot access.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::backup::{Source, count, verdict, write};
use super::database::with_progress;
use super::outcome::{Failure, Output};
use super::{Admin, Call};

/// Size of a part in bytes.
const PART: usize = 256 * 1024;
/// Number of parts queued for the reader.
const WAITING: usize = 4;

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

impl Admin {
    async fn send_backup(&self, output: &Output) -> Result<(), Failure> {
        let parts = &self.0.parts;
        let source = Source::of(&parts.config, &parts.chat, &parts.store).await;
        let (sender, written) = mpsc::channel(WAITING);
        let writing = with_progress(output, async |heard| {
            write(&source, Parts { sender, part: BytesMut::new() }, move |done, all| {
                heard.tell(done, all)
            })
            .await
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
struct Parts {
    sender: mpsc::Sender<Bytes>,
    part: BytesMut,
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
