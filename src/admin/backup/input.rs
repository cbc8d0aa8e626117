//! A backup to read: a file, encrypted or not.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::encryption::{Identities, Opened, decrypt};
use super::{Failure, cannot};

/// A backup that was opened, and decrypted if necessary.
pub struct Input {
    /// Its name in messages.
    pub(super) shown: String,
    /// Its size.
    pub(super) bytes: u64,
    /// Number of bytes read.
    pub(super) done: Arc<AtomicU64>,
    /// Its decrypted content, or what is wrong with its encryption.
    pub(super) opened: Opened,
    /// Whether it is encrypted.
    pub(super) encrypted: bool,
    /// Why it could not be read to its end, if that is no property of the file.
    pub(super) trouble: Trouble,
}

/// Shared with the reader of a remote file, since decoders hide the errors of what they read.
pub(super) type Trouble = Arc<OnceLock<Failure>>;

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Input").field(&self.shown).finish()
    }
}

impl Input {
    /// Opens a file. Fails if it is encrypted and none of the identities can decrypt it.
    pub fn file(path: &Path, identities: &Identities) -> Result<Self, Failure> {
        let file = File::open(path).map_err(cannot("read", path))?;
        let bytes = file.metadata().map_err(cannot("read", path))?.len();
        let buffered = io::BufReader::with_capacity(128 * 1024, file);
        Self::open(
            Box::new(buffered),
            bytes,
            path.display().to_string(),
            identities,
            Trouble::default(),
        )
    }

    /// Reads a backup of this size. `from` reports its failures in `trouble` as well.
    pub(super) fn open(
        from: Box<dyn Read + Send>,
        bytes: u64,
        shown: String,
        identities: &Identities,
        trouble: Trouble,
    ) -> Result<Self, Failure> {
        let done = Arc::new(AtomicU64::new(0));
        let counted = Box::new(Counting { from, done: Arc::clone(&done) });
        let decrypted = decrypt(counted, identities, &shown);
        if let Some(failure) = trouble.get() {
            return Err(failure.clone());
        }
        let (opened, encrypted) = decrypted?;
        Ok(Self { shown, bytes, done, opened, encrypted, trouble })
    }
}

/// Counts what is read.
struct Counting {
    from: Box<dyn Read + Send>,
    done: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(into)?;
        self.done.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
