//! Puts finished files into a bucket, part by part: an object exists only once it is complete.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStoreExt};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::Bucket;
use crate::s3::Place;

/// Size of the parts. At least 5 MiB are required of all but the last; some servers require that
/// they have the same size.
const PART: usize = 8 * 1024 * 1024;
/// Parts of all uploads that are in memory at the same time.
pub(super) const PARTS: usize = 8;
/// Parts of one upload that are sent at the same time.
const SENDING: usize = 2;
/// Time allowed for telling the server to drop the parts of a failed upload.
const ABORT: Duration = Duration::from_secs(5);

/// Puts the file at `from` into an object.
pub(super) async fn upload(bucket: &Bucket, from: &Path, name: String) -> io::Result<()> {
    let mut file = File::open(from).await?;
    let size = file.metadata().await?.len();
    let key = bucket.key(&name)?;
    if size > PART as u64 {
        return Upload::begin(bucket, name, key).await?.all(&mut file, size).await;
    }
    let _room = room(&bucket.parts).await?;
    let content = read(&mut file, size).await?;
    let put = bucket.place.store().put(&key, content.into()).await;
    put.map(drop).map_err(|error| bucket.failed("write", &name, &error))
}

/// Waits until one more part may be in memory.
async fn room(parts: &Arc<Semaphore>) -> io::Result<OwnedSemaphorePermit> {
    Arc::clone(parts).acquire_owned().await.map_err(io::Error::other)
}

async fn read(file: &mut File, bytes: u64) -> io::Result<Bytes> {
    let mut part = vec![0; usize::try_from(bytes).unwrap_or(PART).min(PART)];
    file.read_exact(&mut part).await?;
    Ok(part.into())
}

/// An upload in parts. Dropped before it is complete, it leaves no object.
struct Upload<'b> {
    bucket: &'b Bucket,
    name: String,
    key: Key,
    /// None once it is complete.
    parts: Option<Box<dyn MultipartUpload>>,
    sending: JoinSet<object_store::Result<()>>,
}

impl<'b> Upload<'b> {
    async fn begin(bucket: &'b Bucket, name: String, key: Key) -> io::Result<Self> {
        let begun = bucket.answer("write", &name, bucket.place.store().put_multipart(&key)).await?;
        let upload = begun.map_err(|error| bucket.failed("write", &name, &error))?;
        Ok(Self { bucket, name, key, parts: Some(upload), sending: JoinSet::new() })
    }

    /// Sends a file of this size.
    async fn all(mut self, file: &mut File, size: u64) -> io::Result<()> {
        let sent = match self.send(file, size).await {
            Ok(()) => self.complete(size).await,
            failed => failed,
        };
        if sent.is_err()
            && let Some(upload) = self.parts.take()
        {
            self.sending.shutdown().await;
            abort(upload, &self.bucket.place, &self.name).await;
        }
        sent
    }

    async fn send(&mut self, file: &mut File, size: u64) -> io::Result<()> {
        let mut left = size;
        while left > 0 {
            self.wait(SENDING - 1).await?;
            let room = room(&self.bucket.parts).await?;
            let part = read(file, left).await?;
            left -= part.len() as u64;
            let Some(upload) = &mut self.parts else { return Ok(()) };
            let sent = upload.put_part(part.into());
            self.sending.spawn(async move {
                let sent = sent.await;
                drop(room);
                sent
            });
        }
        self.wait(0).await
    }

    /// Waits until at most this number of parts are being sent.
    async fn wait(&mut self, most: usize) -> io::Result<()> {
        while self.sending.len() > most {
            match self.sending.join_next().await {
                Some(Ok(Ok(()))) | None => {}
                Some(Ok(Err(error))) => {
                    return Err(self.bucket.failed("write", &self.name, &error));
                }
                Some(Err(error)) => return Err(io::Error::other(error)),
            }
        }
        Ok(())
    }

    async fn complete(&mut self, size: u64) -> io::Result<()> {
        let Some(upload) = &mut self.parts else { return Ok(()) };
        let Err(error) = upload.complete().await else {
            self.parts = None;
            return Ok(());
        };
        // The answer to an attempt may be lost, and the next one finds no upload any more.
        let head = self.bucket.place.store().head(&self.key);
        if let Ok(Ok(there)) = self.bucket.answer("ask for", &self.name, head).await
            && there.size == size
        {
            self.parts = None;
            return Ok(());
        }
        Err(self.bucket.failed("complete", &self.name, &error))
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        self.sending.abort_all();
        let (Some(upload), Ok(runtime)) = (self.parts.take(), Handle::try_current()) else {
            return;
        };
        // The client has gone away.
        let (place, name) = (self.bucket.place.clone(), std::mem::take(&mut self.name));
        runtime.spawn(async move { abort(upload, &place, &name).await });
    }
}

/// Tells the server to drop the parts: they are invisible, but cost money.
async fn abort(mut upload: Box<dyn MultipartUpload>, place: &Place, name: &str) {
    let told = match tokio::time::timeout(ABORT, upload.abort()).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => place.fault("drop the parts of", name, &error).to_string(),
        Err(_) => "the server does not answer".to_owned(),
    };
    tracing::warn!("An interrupted upload may have left parts in the bucket: {told}.");
}
