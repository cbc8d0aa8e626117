//! The seal: a SHA-256 of all the bytes of a backup before it, in a frame that zstd skips. Without
//! it a change that alters nothing of what comes out, in a header of the compression for example,
//! would not be seen.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

/// How a frame begins that zstd skips, and how long what follows is.
const BEGIN: [u8; 8] = [0x5c, 0x2a, 0x4d, 0x18, 32, 0, 0, 0];
/// Bytes of the seal.
const LENGTH: u64 = 40;

/// Writes and sums up.
pub(super) struct Sealing<W> {
    out: W,
    sum: Sha256,
}

impl<W: Write> Sealing<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, sum: Sha256::new() }
    }

    /// Puts the seal at the end and gives back what was written into.
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

/// Reads and sums up all but the seal.
pub(super) struct Unsealing<R> {
    from: R,
    left: u64,
    sum: Sha256,
    seal: Vec<u8>,
}

impl<R: Read> Unsealing<R> {
    /// Of a file of so many bytes.
    pub(super) fn new(from: R, bytes: u64) -> Self {
        Self { from, left: bytes.saturating_sub(LENGTH), sum: Sha256::new(), seal: Vec::new() }
    }

    /// Whether all was read and is what was sealed.
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
