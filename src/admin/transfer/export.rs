//! The native export: the store's records as lines, and the bytes of files between them.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;

use super::PRODUCT;
use super::lines::Lines;
use crate::admin::{Failure, Output};
use crate::store::engine::Embedded;
use crate::store::files::Files;
use crate::store::transfer::{FileRecord, Record};

/// Bytes of a file in one line, of which Base64 makes 1 MiB.
const PART: usize = 768 * 1024;
/// Lines are handed on when they have this many bytes.
const CHUNK: usize = 64 * 1024;
/// Pages that wait to be written.
const PAGES: usize = 2;

/// Writes everything that a database holds to the output. Nobody writes to it.
pub(super) async fn export(
    database: PathBuf,
    files: &Files,
    output: &Output,
) -> Result<(), Failure> {
    let (sender, mut pages) = mpsc::channel::<(Vec<Record>, u64)>(PAGES);
    let reading = tokio::task::spawn_blocking(move || {
        Embedded::export(&database, PRODUCT, &mut |page, rows| match sender
            .blocking_send((page, rows))
        {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        })
    });
    let mut writing =
        Writing { lines: Lines::default(), buffer: Vec::with_capacity(2 * CHUNK), output };
    let (mut written, mut done) = (HashSet::new(), 0);
    while let Some((page, rows)) = pages.recv().await {
        done += page.len() as u64;
        for record in page {
            if let Record::Media(media) = &record
                && written.insert(media.name.clone())
            {
                writing.file(files, &media.name).await?;
            }
            writing.record(&record).await?;
        }
        // What imports have brought is not counted, and rooms that are going are.
        output.progress(done.min(rows), rows).await?;
    }
    reading.await.map_err(|error| Failure::failed(error.to_string()))??;
    writing.finish().await
}

struct Writing<'o> {
    lines: Lines,
    buffer: Vec<u8>,
    output: &'o Output,
}

impl Writing<'_> {
    async fn record(&mut self, record: &Record) -> Result<(), Failure> {
        self.lines.add(record, &mut self.buffer)?;
        if self.buffer.len() >= CHUNK { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        let bytes = std::mem::replace(&mut self.buffer, Vec::with_capacity(2 * CHUNK));
        // The socket carries parts, not whole files.
        let mut bytes = Bytes::from(bytes);
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(CHUNK));
            self.output.bytes(part).await?;
        }
        Ok(())
    }

    /// The parts of a file; a file that is not there has none, and the import says so.
    async fn file(&mut self, files: &Files, name: &str) -> Result<(), Failure> {
        let failed = |error: std::io::Error| {
            Failure::failed(format!("cannot read the file {name}: {error}"))
        };
        let Some((file, size)) = files.read(name).await.map_err(failed)? else {
            tracing::error!("A file that is known is not there: {name}");
            return Ok(());
        };
        let mut file = file.take(size);
        let (mut part, mut left) = (0, size);
        loop {
            let mut bytes = vec![0; usize::try_from(left).unwrap_or(PART).min(PART)];
            file.read_exact(&mut bytes).await.map_err(failed)?;
            left -= bytes.len() as u64;
            let last = left == 0;
            self.record(&Record::File(FileRecord {
                name: name.to_owned(),
                part,
                last,
                data: STANDARD.encode(&bytes),
            }))
            .await?;
            if last {
                return Ok(());
            }
            part += 1;
        }
    }

    async fn finish(mut self) -> Result<(), Failure> {
        let lines = std::mem::take(&mut self.lines);
        lines.end(&mut self.buffer)?;
        self.flush().await
    }
}
