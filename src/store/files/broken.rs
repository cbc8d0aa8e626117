//! A place of files that cannot be used, because its description is incomplete: whatever needs no
//! files works nevertheless.

use std::io;
use std::ops::Range;
use std::path::Path;

use futures_util::{StreamExt, stream};

use super::{FileStream, Pages, Place, Work};
use crate::model::Timestamp;

/// Fails with this explanation.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) url: String,
    pub(super) why: String,
}

impl Broken {
    fn fail<T: Send>(&self) -> Work<'_, T> {
        Box::pin(async { Err(io::Error::other(self.why.clone())) })
    }

    fn pages(&self) -> Pages<'_> {
        stream::once(self.fail()).boxed()
    }
}

impl Place for Broken {
    fn put<'a>(&'a self, _from: &'a Path, _name: &'a str) -> Work<'a, ()> {
        self.fail()
    }

    fn read<'a>(
        &'a self,
        _name: &'a str,
        _range: Range<u64>,
        _size: u64,
    ) -> Work<'a, Option<FileStream>> {
        self.fail()
    }

    fn has<'a>(&'a self, _name: &'a str) -> Work<'a, bool> {
        self.fail()
    }

    fn discard<'a>(&'a self, _name: &'a str) -> Work<'a, ()> {
        self.fail()
    }

    fn take_back<'a>(&'a self, _name: &'a str) -> Work<'a, bool> {
        self.fail()
    }

    fn forget<'a>(&'a self, _name: &'a str, _before: Timestamp) -> Work<'a, ()> {
        self.fail()
    }

    fn kept(&self) -> Pages<'_> {
        self.pages()
    }

    fn thrown(&self) -> Pages<'_> {
        self.pages()
    }

    fn owners(&self) -> Work<'_, Vec<String>> {
        self.fail()
    }

    fn join<'a>(&'a self, _instance: &'a str) -> Work<'a, ()> {
        self.fail()
    }

    fn take_mark<'a>(&'a self, _mark: &'a str) -> Work<'a, bool> {
        self.fail()
    }

    fn probe(&self) -> Work<'_, ()> {
        self.fail()
    }

    fn url(&self, name: &str) -> String {
        format!("{}{name}", self.url)
    }

    fn how_to_own(&self, _instance: &str) -> String {
        self.why.clone()
    }
}
