//! The seal: a SHA-256 of all preceding bytes of a backup, in a skippable zstd frame. It detects
//! changes that do not affect the decompressed content, for example in a frame header.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

/// Magic number of a skippable zstd frame and the length of its content.
const BEGIN: [u8; 8] = [0x5c, 0x2a, 0x4d, 0x18, 32, 0, 0, 0];
/// Length of the seal in bytes.
const LENGTH: u64 = 40;

/// Hashes what is written through it.
pub(super) struct Sealing<W> {
    out: W,
    sum: Sha256,
}

impl<W: Write> Sealing<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, sum: Sha256::new() }
    }

    /// Appends the seal and returns the inner writer.
    pub(super) fn seal(mut self) -> io::Result<W> {
        self.out.write_all(&BEGIN)?;
        self.out.write_all(&self.sum.finalize())?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.sum.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Hashes what is read through it, except the seal.
pub(super) struct Unsealing<R> {
    from: R,
    left: u64,
    sum: Sha256,
    seal: Vec<u8>,
}

impl<R: Read> Unsealing<R> {
    /// Reads a file of this size.
    pub(super) fn new(from: R, bytes: u64) -> Self {
        Self { from, left: bytes.saturating_sub(LENGTH), sum: Sha256::new(), seal: Vec::new() }
    }

    /// Whether the file was read to its end and matches the seal.
    pub(super) fn whole(self) -> bool {
        self.left == 0 && self.seal.strip_prefix(&BEGIN) == Some(self.sum.finalize().as_slice())
    }
}

impl<R: Read> Read for Unsealing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(into)?;
        let some = into.get(..count).unwrap_or_default();
        let body = usize::try_from(self.left).unwrap_or(usize::MAX).min(count);
        let (body, seal) = some.split_at(body);
        self.sum.update(body);
        self.seal.extend_from_slice(seal);
        self.left -= body.len() as u64;
        Ok(count)
    }
}
