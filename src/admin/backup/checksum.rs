//! The seal: a SHA-256 of all preceding bytes of a backup, in a skippable zstd frame. It detects
//! changes that do not affect the decompressed content, for example in a frame header.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

/// Magic number of a skippable zstd frame and the length of its content.
const BEGIN: [u8; 8] = [0x5c, 0x2a, 0x4d, 0x18, 32, 0, 0, 0];
/// Length of the seal in bytes.
const LENGTH: usize = 40;

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

/// Hashes what is read through it, except the last bytes, which should be the seal.
pub(super) struct Unsealing<R> {
    from: R,
    sum: Sha256,
    /// The last bytes read, at most those of a seal.
    held: Vec<u8>,
}

impl<R: Read> Unsealing<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, sum: Sha256::new(), held: Vec::new() }
    }

    /// Whether what was read, to its end, matches the seal.
    pub(super) fn whole(self) -> bool {
        self.held.strip_prefix(&BEGIN) == Some(self.sum.finalize().as_slice())
    }
}

impl<R: Read> Read for Unsealing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(into)?;
        self.held.extend_from_slice(into.get(..count).unwrap_or_default());
        let body = self.held.len().saturating_sub(LENGTH);
        self.sum.update(self.held.get(..body).unwrap_or_default());
        self.held.drain(..body);
        Ok(count)
    }
}
