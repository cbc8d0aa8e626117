//! Reads files of a bucket as they are sent on, without keeping them.

use std::io;
use std::ops::Range;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectStore};

use super::{Bucket, FileStream, is_missing};
use crate::s3::{Fault, Kind, Place};

/// Attempts to go on with a download that breaks off, each after the last byte that came. The
/// client only tries again in the first seconds of a download.
const TRIES: usize = 3;

/// A download in progress.
struct Download {
    place: Place,
    name: String,
    key: Key,
    range: Range<u64>,
    size: u64,
    bytes: BoxStream<'static, object_store::Result<Bytes>>,
    tries: usize,
}

/// Returns a range of a file of this size; None: it does not exist.
pub(super) async fn open(
    bucket: &Bucket,
    name: String,
    range: Range<u64>,
    size: u64,
) -> io::Result<Option<FileStream>> {
    let (place, key) = (bucket.place.clone(), bucket.key(&name)?);
    let opened = bucket.answer("read", &name, ask(&place, &key, &range, size)).await?;
    let got = match opened {
        Err(error) if is_missing(&error) => return Ok(None),
        got => got.map_err(|error| bucket.failed("read", &name, &error))?,
    };
    if got.0 != size {
        return Err(wrong_size(&place, &name, got.0, size));
    }
    let download = Download { place, name, key, range, size, bytes: got.1, tries: TRIES };
    Ok(Some(stream::try_unfold(download, Download::next).boxed()))
}

/// The size of an object and the bytes of a range of it.
type Got = (u64, BoxStream<'static, object_store::Result<Bytes>>);

async fn ask(place: &Place, key: &Key, range: &Range<u64>, size: u64) -> object_store::Result<Got> {
    // Without a range for the whole: servers refuse one of an empty object.
    let part = (*range != (0..size)).then(|| GetRange::Bounded(range.clone()));
    let got = place.store().get_opts(key, GetOptions::default().with_range(part)).await?;
    Ok((got.meta.size, got.into_stream()))
}

fn wrong_size(place: &Place, name: &str, found: u64, size: u64) -> io::Error {
    let why = format!("{} has {found} bytes instead of {size}", place.url(name));
    io::Error::other(Fault { kind: Kind::Failed, message: why })
}

impl Download {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        loop {
            let cause = match self.bytes.try_next().await {
                Ok(Some(bytes)) => {
                    self.range.start += bytes.len() as u64;
                    self.tries = TRIES;
                    return Ok(Some((bytes, self)));
                }
                Ok(None) if self.range.is_empty() => return Ok(None),
                Ok(None) => io::ErrorKind::UnexpectedEof.into(),
                Err(error) => io::Error::other(self.place.fault("read", &self.name, &error)),
            };
            if self.tries == 0 {
                tracing::warn!("A download was cut off: {cause}.");
                return Err(cause);
            }
            self.tries -= 1;
            if let Ok((found, bytes)) = ask(&self.place, &self.key, &self.range, self.size).await
                && found == self.size
            {
                self.bytes = bytes;
            }
        }
    }
}
