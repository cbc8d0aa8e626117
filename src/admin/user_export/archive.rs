//! A ZIP file that is written while its contents are gathered, without seeking.

use std::io::{self, Write};

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::mpsc;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::WAITING;
use crate::admin::backups::Parts;
use crate::admin::outcome::{Failure, Kind};

/// Number of buffered bytes at which lines are passed on.
const CHUNK: usize = 64 * 1024;

/// What the packer is to write next.
pub(super) enum Piece {
    /// A file with this name and about this size begins.
    File(String, u64),
    /// More bytes of it.
    Bytes(Bytes),
    /// All files are complete.
    End,
}

/// The archive as seen by those who fill it.
pub(super) struct Archive {
    pieces: mpsc::Sender<Piece>,
    lines: Vec<u8>,
}

impl Archive {
    /// An archive, and the pieces for [`pack`].
    pub(super) fn new() -> (Self, mpsc::Receiver<Piece>) {
        let (pieces, taken) = mpsc::channel(WAITING);
        (Self { pieces, lines: Vec::new() }, taken)
    }

    /// Begins a file.
    pub(super) async fn file(&mut self, name: impl Into<String>, size: u64) -> Result<(), Failure> {
        self.flush().await?;
        self.send(Piece::File(name.into(), size)).await
    }

    /// Adds a line of JSON to the file.
    pub(super) async fn line(&mut self, value: impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.lines, &value)
            .map_err(|error| Failure::failed(error.to_string()))?;
        self.lines.push(b'\n');
        if self.lines.len() < CHUNK { Ok(()) } else { self.flush().await }
    }

    /// Adds bytes to the file.
    pub(super) async fn bytes(&mut self, bytes: Bytes) -> Result<(), Failure> {
        self.send(Piece::Bytes(bytes)).await
    }

    /// Completes the archive.
    pub(super) async fn end(mut self) -> Result<(), Failure> {
        self.flush().await?;
        self.send(Piece::End).await
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let lines = Bytes::from(std::mem::take(&mut self.lines));
        self.send(Piece::Bytes(lines)).await
    }

    async fn send(&self, piece: Piece) -> Result<(), Failure> {
        // The packer ends early only if the reader is gone.
        self.pieces.send(piece).await.map_err(|_| Failure::new(Kind::Interrupted, "interrupted"))
    }
}

/// Writes the archive. Without an end it stays incomplete. Blocks.
pub(super) fn pack(
    mut pieces: mpsc::Receiver<Piece>,
    to: mpsc::Sender<Bytes>,
) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::from_io("cannot write the export", error);
    let mut zip = ZipWriter::new_stream(Parts::new(to));
    while let Some(piece) = pieces.blocking_recv() {
        let written = match piece {
            Piece::File(name, size) => zip.start_file(name, options(size)).map_err(io_error),
            Piece::Bytes(bytes) => zip.write_all(&bytes),
            Piece::End => {
                let mut parts = zip.finish().map_err(|error| failed(io_error(error)))?;
                return parts.flush().map_err(failed);
            }
        };
        written.map_err(failed)?;
    }
    Ok(())
}

fn options(size: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o600)
        .large_file(size >= u64::from(u32::MAX))
}

fn io_error(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use serde_json::json;

    use super::*;

    async fn packed() -> Vec<u8> {
        let (mut archive, pieces) = Archive::new();
        let (sender, mut parts) = mpsc::channel(1);
        let packing = tokio::task::spawn_blocking(move || pack(pieces, sender));
        let gathering = async move {
            archive.file("a.jsonl", 0).await.unwrap();
            archive.line(json!({"text": "책"})).await.unwrap();
            archive.line(json!({"text": "x".repeat(2 * CHUNK)})).await.unwrap();
            archive.file("files/1.bin", 3).await.unwrap();
            archive.bytes(Bytes::from_static(b"\0\x01\x02")).await.unwrap();
            archive.end().await.unwrap();
        };
        let reading = async {
            let mut all = Vec::new();
            while let Some(part) = parts.recv().await {
                all.extend_from_slice(&part);
            }
            all
        };
        let ((), packed, all) = tokio::join!(gathering, packing, reading);
        packed.unwrap().unwrap();
        all
    }

    #[tokio::test]
    async fn what_was_packed_can_be_read() {
        let mut zip = zip::ZipArchive::new(Cursor::new(packed().await)).unwrap();
        let mut text = String::new();
        zip.by_name("a.jsonl").unwrap().read_to_string(&mut text).unwrap();
        assert!(text.starts_with("{\"text\":\"책\"}\n") && text.ends_with("x\"}\n"));
        let mut bytes = Vec::new();
        zip.by_name("files/1.bin").unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"\0\x01\x02");
        assert_eq!(zip.len(), 2);
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_ends_it() {
        let (mut archive, pieces) = Archive::new();
        let (sender, parts) = mpsc::channel(1);
        drop(parts);
        let packing = tokio::task::spawn_blocking(move || pack(pieces, sender));
        archive.file("a", 0).await.unwrap();
        let mut random = vec![0; CHUNK];
        getrandom::fill(&mut random).unwrap();
        let random = Bytes::from(random);
        let gone = loop {
            if let Err(failure) = archive.bytes(random.clone()).await {
                break failure;
            }
        };
        assert_eq!(gone.kind, Kind::Interrupted);
        assert!(packing.await.unwrap().is_err());
    }
}
