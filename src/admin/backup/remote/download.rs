//! Reads a backup in a bucket, one range after the other.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, GetResult, ObjectStore};
use tokio::task::JoinHandle;

use super::super::encryption::Identities;
use super::super::input::{Input, Trouble};
use super::{Failure, Remote};

/// Bytes of a range. One more is fetched while one is read.
const RANGE: u64 = 8 * 1024 * 1024;

impl Remote {
    /// Opens a backup. Fails if it is encrypted and none of the identities can decrypt it.
    pub fn input(self: &Arc<Self>, name: &str, identities: &Identities) -> Result<Input, Failure> {
        let key = self.key(name)?;
        let options = GetOptions::default().with_range(Some(GetRange::Bounded(0..RANGE)));
        let first = async {
            let got = self.place.store().get_opts(&key, options).await?;
            let (size, tag) = (got.meta.size, got.meta.e_tag.clone());
            Ok((size, tag, got.bytes().await?))
        };
        let (size, tag, first) = self.ask("read", name, first)?;
        let trouble = Trouble::default();
        let download = Download {
            remote: Arc::clone(self),
            name: name.to_owned(),
            key,
            tag,
            size,
            asked: first.len() as u64,
            now: first,
            next: None,
            trouble: Arc::clone(&trouble),
        };
        Input::open(Box::new(download), size, self.url(name), identities, trouble)
    }
}

/// A backup that is being read.
struct Download {
    remote: Arc<Remote>,
    name: String,
    key: Key,
    /// Identifies the content, which must stay the same.
    tag: Option<String>,
    size: u64,
    /// Number of bytes that were asked for.
    asked: u64,
    now: Bytes,
    next: Option<JoinHandle<object_store::Result<Bytes>>>,
    trouble: Trouble,
}

impl Download {
    /// Begins to fetch the next range, if there is one.
    fn fetch(&mut self) {
        if self.next.is_some() || self.asked >= self.size {
            return;
        }
        let range: Range<u64> = self.asked..(self.asked + RANGE).min(self.size);
        self.asked = range.end;
        let options = GetOptions::default()
            .with_range(Some(GetRange::Bounded(range)))
            .with_if_match(self.tag.clone());
        let (store, key) = (Arc::clone(self.remote.place.store()), self.key.clone());
        self.next = Some(self.remote.runtime().spawn(async move {
            let got: GetResult = store.get_opts(&key, options).await?;
            got.bytes().await
        }));
    }

    fn advance(&mut self) -> Result<(), Failure> {
        self.fetch();
        let Some(next) = self.next.take() else { return Ok(()) };
        let got = self.remote.wait(next)?;
        let got = got.map_err(|_| Failure::failed("the download ended unexpectedly"))?;
        self.now = got.map_err(|error| self.remote.failure("read", &self.name, &error))?;
        self.fetch();
        Ok(())
    }
}

impl Read for Download {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.now.is_empty() {
            self.advance().map_err(|failure| {
                let error = io::Error::other(failure.clone());
                // The first failure is the cause of the others.
                drop(self.trouble.set(failure));
                error
            })?;
        }
        let count = self.now.len().min(into.len());
        self.now.copy_to_slice(into.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}
