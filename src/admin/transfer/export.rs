//! The native export: the records of the store as JSON Lines, including the content of files.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::TryStreamExt;
use tokio::sync::mpsc;

use super::PRODUCT;
use super::lines::Lines;
use crate::admin::{Failure, Output};
use crate::store::engine::{Cluster, Embedded};
use crate::store::files::Files;
use crate::store::transfer::{FileRecord, MediaRecord, Record};

/// Bytes of a file per line, which are 1 MiB in Base64.
const PART: usize = 768 * 1024;
/// Number of buffered bytes at which lines are sent.
const CHUNK: usize = 64 * 1024;
/// Number of pages queued for writing.
const PAGES: usize = 2;

/// Sends the whole content of a database to the output. The database must not change meanwhile.
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
    let mut writing = Writing::begin(output);
    let mut done = 0;
    while let Some((page, rows)) = pages.recv().await {
        done += page.len() as u64;
        writing.page(files, page).await?;
        // The total is approximate: it omits import records and includes rooms being deleted.
        output.progress(done.min(rows), rows).await?;
    }
    reading.await.map_err(|error| Failure::failed(error.to_string()))??;
    writing.finish().await
}

/// Sends all data of a cluster to the output. Each room is as it is when it is read.
pub(super) async fn of_cluster(
    cluster: &Cluster,
    files: &Files,
    output: &Output,
) -> Result<(), Failure> {
    let (sender, mut pages) = mpsc::channel::<Vec<Record>>(PAGES);
    let from = cluster.clone();
    let reading = tokio::spawn(async move {
        from.export(PRODUCT, |page| {
            let sender = sender.clone();
            async move { sender.send(page).await.is_ok() }
        })
        .await
    });
    let mut writing = Writing::begin(output);
    let mut done = 0;
    while let Some(page) = pages.recv().await {
        done += page.len() as u64;
        writing.page(files, page).await?;
        output.progress(done, 0).await?;
    }
    reading.await.map_err(|error| Failure::failed(error.to_string()))??;
    writing.finish().await
}

struct Writing<'o> {
    lines: Lines,
    buffer: Vec<u8>,
    output: &'o Output,
    /// Names of the files whose content was written.
    written: HashSet<String>,
}

impl<'o> Writing<'o> {
    fn begin(output: &'o Output) -> Self {
        let buffer = Vec::with_capacity(2 * CHUNK);
        Self { lines: Lines::default(), buffer, output, written: HashSet::new() }
    }

    async fn page(&mut self, files: &Files, page: Vec<Record>) -> Result<(), Failure> {
        for record in page {
            if let Record::Media(media) = &record
                && self.written.insert(media.name.clone())
            {
                self.file(files, media).await?;
            }
            self.record(&record).await?;
        }
        Ok(())
    }

    async fn record(&mut self, record: &Record) -> Result<(), Failure> {
        self.lines.add(record, &mut self.buffer)?;
        if self.buffer.len() >= CHUNK { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        let bytes = std::mem::replace(&mut self.buffer, Vec::with_capacity(2 * CHUNK));
        // Frames of the socket are limited, so send parts.
        let mut bytes = Bytes::from(bytes);
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(CHUNK));
            self.output.bytes(part).await?;
        }
        Ok(())
    }

    /// Sends the parts of a file; a missing file has none, which the import reports.
    async fn file(&mut self, files: &Files, media: &MediaRecord) -> Result<(), Failure> {
        let name = &media.name;
        let failed = |error: std::io::Error| {
            Failure::failed(format!("cannot read the file {name}: {error}"))
        };
        let size = media.size.unsigned_abs();
        let Some(mut bytes) = files.read(name, 0..size, size).await.map_err(failed)? else {
            tracing::error!("An uploaded file is missing: {name}");
            return Ok(());
        };
        let (mut part, mut kept) = (0, Vec::new());
        while let Some(some) = bytes.try_next().await.map_err(failed)? {
            kept.extend_from_slice(&some);
            // The last part is only known as such at the end.
            while kept.len() > PART {
                let rest = kept.split_off(PART);
                self.part(name, part, false, &kept).await?;
                (kept, part) = (rest, part + 1);
            }
        }
        self.part(name, part, true, &kept).await
    }

    async fn part(
        &mut self,
        name: &str,
        part: u32,
        last: bool,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        let data = STANDARD.encode(bytes);
        self.record(&Record::File(FileRecord { name: name.to_owned(), part, last, data })).await
    }

    async fn finish(mut self) -> Result<(), Failure> {
        let lines = std::mem::take(&mut self.lines);
        lines.end(&mut self.buffer)?;
        self.flush().await
    }
}
