//! Complete downloads, verified against the file name, which is the SHA-512 of the stored bytes.
//!
//! A file damaged on disk is not passed off as intact: the last part is held back until the hash is
//! known; if it is wrong, the connection is cut, so that the client notices that the file is
//! incomplete.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use sha2::{Digest, Sha512};

/// Bytes of a file; the last ones are only returned if all are intact.
pub(super) struct Whole<S> {
    bytes: S,
    name: String,
    hash: Option<Sha512>,
    kept: Option<Bytes>,
}

impl<S> Whole<S> {
    /// Verifies the bytes against the file of this name.
    pub(super) fn new(bytes: S, name: String) -> Self {
        Self { bytes, name, hash: Some(Sha512::new()), kept: None }
    }
}

impl<S: Stream<Item = io::Result<Bytes>> + Unpin> Stream for Whole<S> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.bytes).poll_next(context)) {
                Some(Ok(part)) => {
                    if let Some(hash) = &mut self.hash {
                        hash.update(&part);
                    }
                    if let Some(before) = self.kept.replace(part) {
                        return Poll::Ready(Some(Ok(before)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    let Some(hash) = self.hash.take() else { return Poll::Ready(None) };
                    if hex::encode(hash.finalize()) == self.name {
                        return Poll::Ready(self.kept.take().map(Ok));
                    }
                    tracing::error!(
                        "An uploaded file is damaged, and its download was cut off: {}",
                        self.name
                    );
                    return Poll::Ready(Some(Err(io::ErrorKind::InvalidData.into())));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};

    use super::*;

    #[tokio::test]
    async fn the_last_part_comes_only_when_all_are_right() {
        let parts = || {
            stream::iter([&b"one "[..], b"two ", b"three"].map(|part| Ok(Bytes::from_static(part))))
        };
        let name = hex::encode(Sha512::digest("one two three"));
        let whole: Vec<_> = Whole::new(parts(), name).map(Result::unwrap).collect().await;
        assert_eq!(whole.concat(), b"one two three");
        let mut damaged = Whole::new(parts(), "0".repeat(128));
        assert_eq!(
            (
                &damaged.next().await.unwrap().unwrap()[..],
                &damaged.next().await.unwrap().unwrap()[..]
            ),
            (&b"one "[..], &b"two "[..])
        );
        assert!(damaged.next().await.unwrap().is_err());
        assert!(damaged.next().await.is_none());
    }
}
