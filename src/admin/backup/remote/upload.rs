//! Uploads in parts: the object exists only once the upload is complete.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStoreExt};
use tokio::task::JoinSet;

use super::super::cannot;
use super::{Failure, Remote};

const MIB: u64 = 1024 * 1024;
/// Smallest size of a part. Some servers require that all parts but the last have the same size.
const PART: u64 = 8 * MIB;
/// Number of parts to aim at for large backups; 10,000 is the limit.
const PARTS: u64 = 9_000;
/// Number of parts that are sent at the same time. One more is being filled.
const SENDING: usize = 2;
/// Time allowed for telling the server to drop the parts of a failed upload.
const ABORT: Duration = Duration::from_secs(5);

/// The size of the parts of an upload of about this size.
fn part_size(bytes: u64) -> usize {
    let size = (bytes / PARTS).next_multiple_of(MIB).max(PART);
    usize::try_from(size).unwrap_or(usize::MAX)
}

/// An upload in progress. Dropped before it is finished, it leaves no object.
pub(super) struct Upload {
    remote: Arc<Remote>,
    name: String,
    key: Key,
    /// None once it is complete.
    parts: Option<Box<dyn MultipartUpload>>,
    part: Vec<u8>,
    size: usize,
    sending: JoinSet<object_store::Result<()>>,
    bytes: u64,
}

impl Upload {
    /// Begins to upload a backup of about this size.
    pub(super) fn begin(remote: &Arc<Remote>, name: &str, bytes: u64) -> Result<Self, Failure> {
        let key = remote.key(name)?;
        let parts = remote.ask("create", name, remote.place.store().put_multipart(&key))?;
        Ok(Self {
            remote: Arc::clone(remote),
            name: name.to_owned(),
            key,
            parts: Some(parts),
            part: Vec::new(),
            size: part_size(bytes),
            sending: JoinSet::new(),
            bytes: 0,
        })
    }

    /// Waits until at most this number of parts are being sent.
    fn wait(&mut self, most: usize) -> Result<(), Failure> {
        while self.sending.len() > most {
            let sent = self.remote.wait(self.sending.join_next())?;
            match sent {
                Some(Ok(Ok(()))) | None => (),
                Some(Ok(Err(error))) => {
                    return Err(self.remote.failure("upload", &self.name, &error));
                }
                Some(Err(_)) => return Err(Failure::failed("the upload ended unexpectedly")),
            }
        }
        Ok(())
    }

    fn send(&mut self) -> Result<(), Failure> {
        self.wait(SENDING - 1)?;
        let part = std::mem::take(&mut self.part);
        self.bytes += part.len() as u64;
        if let Some(parts) = &mut self.parts {
            let sent = parts.put_part(part.into());
            self.sending.spawn_on(sent, self.remote.runtime().handle());
        }
        Ok(())
    }

    /// Sends the rest and completes the object. Returns its size.
    pub(super) fn finish(mut self) -> Result<u64, Failure> {
        self.send()?;
        self.wait(0)?;
        let Some(mut parts) = self.parts.take() else { return Ok(self.bytes) };
        let completed = self.remote.ask("complete", &self.name, parts.complete());
        if let Err(failure) = completed {
            self.parts = Some(parts);
            return Err(failure);
        }
        let there = match self.remote.wait(self.remote.place.store().head(&self.key))? {
            // Keys that may only write.
            Err(object_store::Error::PermissionDenied { .. }) => return Ok(self.bytes),
            there => there.map_err(|error| self.remote.failure("ask for", &self.name, &error))?,
        };
        if there.size != self.bytes {
            return Err(Failure::failed(format!(
                "{} has {} bytes instead of the {} that were sent",
                self.remote.url(&self.name),
                there.size,
                self.bytes
            )));
        }
        Ok(self.bytes)
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.size - self.part.len();
        let some = bytes.get(..room).unwrap_or(bytes);
        self.part.extend_from_slice(some);
        if self.part.len() == self.size {
            self.send().map_err(io::Error::other)?;
        }
        Ok(some.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // Only whole parts can be sent before the end.
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.sending.abort_all();
        let Some(mut parts) = self.parts.take() else { return };
        // Parts that stay there are invisible, but cost money.
        let aborted = async { tokio::time::timeout(ABORT, parts.abort()).await };
        let told = match self.remote.runtime().block_on(aborted) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => self.remote.failure("drop the parts of", &self.name, &error),
            Err(_) => Failure::failed("the server does not answer"),
        };
        tracing::warn!("An interrupted upload may have left parts on the server: {told}");
    }
}

impl Remote {
    /// Uploads a file. `progress` receives the bytes sent and those of the whole file. Returns the
    /// size.
    pub fn put(
        self: &Arc<Self>,
        path: &Path,
        name: &str,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<u64, Failure> {
        let mut file = File::open(path).map_err(cannot("read", path))?;
        let all = file.metadata().map_err(cannot("read", path))?.len();
        let mut upload = Upload::begin(self, name, all)?;
        let mut block = vec![0; 128 * 1024];
        let mut done = 0;
        loop {
            let count = file.read(&mut block).map_err(cannot("read", path))?;
            if count == 0 {
                return upload.finish();
            }
            let sent = upload.write_all(block.get(..count).unwrap_or_default());
            sent.map_err(|error| Failure::from_io("cannot upload", error))?;
            done += count as u64;
            progress(done, all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_backup_has_larger_parts() {
        let mib = |bytes: u64| part_size(bytes) as u64 / MIB;
        for (gib, wanted) in [(0, 8), (1, 8), (70, 8), (80, 10), (1024, 117)] {
            assert_eq!(mib(gib * 1024 * MIB), wanted, "{gib} GiB");
            assert!(gib * 1024 / wanted < 10_000);
        }
    }
}
