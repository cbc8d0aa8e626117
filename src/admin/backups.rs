//! A backup that goes to whoever asked for it: the service cannot see the caller's folders.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use super::Admin;
use super::backup::{Source, count, verdict, write};
use super::database::with_progress;
use super::outcome::{Failure, Output};

/// Bytes of one part.
const PART: usize = 256 * 1024;
/// Parts that may wait for the reader.
const WAITING: usize = 4;

impl Admin {
    /// The bytes of a backup, then what it begins with.
    pub(super) async fn backup_create(&self, output: &Output) -> Result<(), Failure> {
        let made = self.send_backup(output).await;
        count(made.as_ref().err());
        made
    }

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
            // Its own: when nobody reads any more, whoever writes must not wait.
            let mut written = written;
            while let Some(part) = written.recv().await {
                output.bytes(part).await?;
            }
            Ok::<_, Failure>(())
        };
        // The end of the writing is the end of the parts.
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

/// Gathers what is written into parts, and hands them on. Blocks while the reader is behind.
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
