//! Files in a bucket of an S3 server, below a prefix: `ab/abcdef…`, `trash/NAME` (its age is that
//! of the object), and an empty object `owners/ID` for each instance that keeps files there, so
//! that no instance removes files known to another's database.

mod download;
mod upload;

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::sync::Semaphore;

use super::{FileStream, Listed, Pages, Place, Work, is_name, path_of};
use crate::model::Timestamp;
use crate::s3::{self, Fault, Kind, is_mere_absence};

/// Time limit of a request that transfers no file, with its retries.
const ANSWER: Duration = Duration::from_secs(15);
/// Files of a page of a list.
const PAGE: usize = 1_000;
/// Begin of the keys of removed files.
const TRASH: &str = "trash/";
/// Begin of the keys of the owners.
const OWNERS: &str = "owners/";

/// Files in a bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    place: s3::Place,
    /// Parts of uploads that may be in memory at the same time.
    parts: Arc<Semaphore>,
}

impl Bucket {
    pub(super) fn new(place: s3::Place) -> Self {
        Self { place, parts: Arc::new(Semaphore::new(upload::PARTS)) }
    }

    fn key(&self, name: &str) -> io::Result<Key> {
        self.place.key(name).map_err(io::Error::other)
    }

    fn failed(&self, doing: &str, name: &str, error: &object_store::Error) -> io::Error {
        io::Error::other(self.place.fault(doing, name, error))
    }

    /// Waits for the answer to a request on an object. None: it does not exist.
    async fn ask<T>(
        &self,
        doing: &str,
        name: &str,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> io::Result<Option<T>> {
        let answered = self.answer(doing, name, request).await?;
        match answered {
            // A bucket that does not exist is another matter.
            Err(error) if is_missing(&error) => Ok(None),
            answered => answered.map(Some).map_err(|error| self.failed(doing, name, &error)),
        }
    }

    async fn answer<T>(
        &self,
        doing: &str,
        name: &str,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> io::Result<object_store::Result<T>> {
        tokio::time::timeout(ANSWER, request).await.map_err(|_| {
            let what = self.place.url(name);
            let why = format!("cannot {doing} {what}: no answer within {} s", ANSWER.as_secs());
            io::Error::other(Fault { kind: Kind::Unreachable, message: why })
        })
    }

    async fn exists(&self, name: &str) -> io::Result<bool> {
        let key = self.key(name)?;
        Ok(self.ask("ask for", name, self.place.store().head(&key)).await?.is_some())
    }

    /// Moves an object; returns whether it was there.
    async fn rename(&self, from: &str, to: &str) -> io::Result<bool> {
        let (from_key, to_key) = (self.key(from)?, self.key(to)?);
        let copied = self.ask("copy", from, self.place.store().copy(&from_key, &to_key)).await?;
        if copied.is_none() {
            return Ok(false);
        }
        self.ask("delete", from, self.place.store().delete(&from_key)).await?;
        Ok(true)
    }

    /// Lists objects below a prefix that `known` recognises by what follows it.
    fn list(&self, below: &'static str, known: fn(&str) -> Option<String>) -> Pages<'_> {
        let prefix = format!("{}{below}", self.place.prefix());
        let asked = match self.key(below) {
            _ if prefix.is_empty() => None,
            Ok(key) => Some(key),
            Err(error) => return stream::once(async { Err(error) }).boxed(),
        };
        let listed = move |object: ObjectMeta| {
            let name = known(object.location.as_ref().strip_prefix(&*prefix)?)?;
            let at = object.last_modified.timestamp_millis();
            Some(Listed { name, bytes: object.size, at: Timestamp(at) })
        };
        let objects = self.place.store().list(asked.as_ref());
        let pages = objects.try_chunks(PAGE).map_err(|failed| failed.1);
        pages
            .map_ok(move |page: Vec<ObjectMeta>| page.into_iter().filter_map(&listed).collect())
            .map_err(|error| self.failed("list the files in", "", &error))
            .boxed()
    }

    async fn names(&self, mut pages: Pages<'_>) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        while let Some(page) = pages.try_next().await? {
            found.extend(page.into_iter().map(|listed| listed.name));
        }
        Ok(found)
    }

    async fn add(&self, name: &str, content: &'static [u8]) -> io::Result<()> {
        let (key, content) = (self.key(name)?, Bytes::from_static(content));
        let put = self.answer("write", name, self.place.store().put(&key, content.into())).await?;
        put.map(drop).map_err(|error| self.failed("write", name, &error))
    }

    /// Puts an object, reads it, deletes it and asks for it again.
    async fn try_all(&self) -> io::Result<()> {
        let mut own = [0; 8];
        getrandom::fill(&mut own).map_err(|error| io::Error::other(error.to_string()))?;
        let name = format!("probe-{}", hex::encode(own));
        let (key, store) = (self.key(&name)?, self.place.store());
        self.add(&name, b"probe").await?;
        let read = self.answer("read", &name, store.get(&key)).await?;
        read.map_err(|error| self.failed("read", &name, &error))?;
        let copy = format!("{TRASH}{name}");
        let copied = self.answer("copy", &name, store.copy(&key, &self.key(&copy)?)).await?;
        copied.map_err(|error| self.failed("copy", &name, &error))?;
        for name in [&name, &copy] {
            let key = self.key(name)?;
            let deleted = self.answer("delete", name, store.delete(&key)).await?;
            deleted.map_err(|error| self.failed("delete", name, &error))?;
        }
        // Without the right to list, a missing file cannot be told from a forbidden one.
        self.owners().await.map(drop)
    }
}

/// Whether an object does not exist, in a bucket that does.
fn is_missing(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. }) && is_mere_absence(error)
}

impl Place for Bucket {
    fn put<'a>(&'a self, from: &'a Path, name: &'a str) -> Work<'a, ()> {
        Box::pin(upload::upload(self, from, path_of(name)))
    }

    fn read<'a>(
        &'a self,
        name: &'a str,
        range: Range<u64>,
        size: u64,
    ) -> Work<'a, Option<FileStream>> {
        Box::pin(download::open(self, path_of(name), range, size))
    }

    fn has<'a>(&'a self, name: &'a str) -> Work<'a, bool> {
        Box::pin(async move { self.exists(&path_of(name)).await })
    }

    fn discard<'a>(&'a self, name: &'a str) -> Work<'a, ()> {
        Box::pin(
            async move { self.rename(&path_of(name), &format!("{TRASH}{name}")).await.map(drop) },
        )
    }

    fn take_back<'a>(&'a self, name: &'a str) -> Work<'a, bool> {
        Box::pin(async move { self.rename(&format!("{TRASH}{name}"), &path_of(name)).await })
    }

    fn forget<'a>(&'a self, name: &'a str, _before: Timestamp) -> Work<'a, ()> {
        Box::pin(async move {
            let name = format!("{TRASH}{name}");
            let key = self.key(&name)?;
            self.ask("delete", &name, self.place.store().delete(&key)).await.map(drop)
        })
    }

    fn kept(&self) -> Pages<'_> {
        self.list("", |rest| {
            let name = rest.get(3..).filter(|name| is_name(name) && path_of(name) == rest)?;
            Some(name.to_owned())
        })
    }

    fn thrown(&self) -> Pages<'_> {
        self.list(TRASH, |name| is_name(name).then(|| name.to_owned()))
    }

    fn owners(&self) -> Work<'_, Vec<String>> {
        Box::pin(self.names(self.list(OWNERS, |id| Some(id.to_owned()))))
    }

    fn join<'a>(&'a self, instance: &'a str) -> Work<'a, ()> {
        Box::pin(async move { self.add(&format!("{OWNERS}{instance}"), b"").await })
    }

    fn take_mark<'a>(&'a self, mark: &'a str) -> Work<'a, bool> {
        Box::pin(async move {
            if !self.exists(mark).await? {
                return Ok(false);
            }
            let key = self.key(mark)?;
            self.ask("delete", mark, self.place.store().delete(&key)).await?;
            Ok(true)
        })
    }

    fn probe(&self) -> Work<'_, ()> {
        Box::pin(self.try_all())
    }

    fn url(&self, name: &str) -> String {
        self.place.url(name)
    }

    fn how_to_own(&self, instance: &str) -> String {
        format!(
            "make {} the only object below {}",
            self.url(&format!("{OWNERS}{instance}")),
            self.url(OWNERS)
        )
    }
}
