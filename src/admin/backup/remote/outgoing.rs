//! A backup that is uploaded while it is created, without a copy on this machine.

use std::io::{self, Write};
use std::sync::Arc;

use super::super::encryption::{Encrypting, Recipients};
use super::super::format::{Head, more_endings};
use super::super::read::peek;
use super::upload::Upload;
use super::{BEGIN, Failure, Remote};

/// Writes a backup to a bucket. The name of the object contains the instance and the time, which
/// are read from the begin of the backup.
#[derive(Debug)]
pub struct Outgoing {
    remote: Arc<Remote>,
    recipients: Recipients,
    /// The begin, until the header can be read.
    held: Vec<u8>,
    sending: Option<(String, Encrypting<Upload>)>,
}

impl Outgoing {
    /// Begins with the first bytes that are written; fails already if the bucket cannot be used.
    pub fn begin(remote: &Arc<Remote>, recipients: &Recipients) -> Result<Self, Failure> {
        // Before the database is copied.
        remote.check()?;
        let (remote, recipients) = (Arc::clone(remote), recipients.clone());
        Ok(Self { remote, recipients, held: Vec::new(), sending: None })
    }

    /// Begins the upload, since the header can be read.
    fn start(&mut self) -> Result<(), Failure> {
        let head = match peek(self.held.as_slice()) {
            Ok(Some(head)) => head,
            Ok(None) => return Err(Failure::failed("the backup has no header")),
            Err(why) => return Err(Failure::failed(format!("the backup has no header: {why}"))),
        };
        let name =
            self.remote.unused_name(&head, &more_endings(self.recipients.encrypt(), false))?;
        let upload = Upload::begin(&self.remote, &name, size(&head))?;
        let cannot = |error| Failure::from_io("cannot upload", error);
        let mut out = Encrypting::begin(upload, &self.recipients).map_err(cannot)?;
        out.write_all(&std::mem::take(&mut self.held)).map_err(cannot)?;
        self.sending = Some((name, out));
        Ok(())
    }

    /// Completes the object. Returns its URL and its size.
    pub fn finish(mut self) -> Result<(String, u64), Failure> {
        if self.sending.is_none() {
            self.start()?;
        }
        let Some((name, out)) = self.sending.take() else {
            return Err(Failure::failed("the backup is empty"));
        };
        let upload = out.finish().map_err(|error| Failure::from_io("cannot upload", error))?;
        Ok((self.remote.url(&name), upload.finish()?))
    }
}

/// More than a backup of these data can have.
fn size(head: &Head) -> u64 {
    let files = head.counts.media.saturating_mul(2048);
    head.database_bytes.saturating_add(head.media_bytes).saturating_add(files)
}

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some((_, out)) = &mut self.sending {
            return out.write(bytes);
        }
        self.held.extend_from_slice(bytes);
        if self.held.len() as u64 >= BEGIN {
            self.start().map_err(io::Error::other)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
