//! Limits the bytes read from a socket in addition to its messages: frames without content cost
//! time and complete nothing, and the WebSocket library reads until a message is complete.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Maximum length of a client's frame header.
const HEAD: usize = 14;
/// Number of bytes beyond the messages that counts as a frame.
const PER_FRAME: usize = 4 * 1024;
/// Bytes that may have arrived after the last message: the start of the next ones.
const AHEAD: usize = 2 * PER_FRAME;

/// Too many bytes were read without a complete message.
#[derive(Debug, thiserror::Error)]
#[error("too many bytes without a message")]
pub(super) struct Endless;

/// A stream that counts the bytes read.
pub(super) struct Metered<S> {
    stream: S,
    /// Bytes that belong to no complete message yet.
    read: usize,
    /// Maximum of `read`; None once it was exceeded.
    max: Option<usize>,
}

impl<S> Metered<S> {
    /// Limits messages to this length; extra bytes are allowed for the headers of their fragments.
    pub(super) fn new(stream: S, max_message: usize) -> Self {
        Self { stream, read: 0, max: Some(max_message.saturating_mul(2) + 16 * PER_FRAME) }
    }

    /// Returns the stream.
    pub(super) fn inner(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Removes the limit: everything read from now on is discarded.
    pub(super) fn lift(&mut self) {
        self.max = None;
    }

    /// Subtracts a complete message. Returns how many frames it counts as.
    pub(super) fn charge(&mut self, length: usize) -> u32 {
        self.read = self.read.saturating_sub(length + HEAD);
        let more = self.read.saturating_sub(AHEAD) / PER_FRAME;
        self.read -= more * PER_FRAME;
        u32::try_from(more).unwrap_or(u32::MAX).saturating_add(1)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.read = self.read.saturating_add(buf.filled().len() - before);
        if self.max.is_some_and(|max| self.read > max) {
            // Everything read from now on is discarded.
            self.max = None;
            return Poll::Ready(Err(io::Error::other(Endless)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_beside_the_messages_counts_as_more_frames() {
        let after = |read: usize, length: usize| {
            let mut metered = Metered { stream: (), read, max: None };
            (metered.charge(length), metered.read)
        };
        // (bytes read, length of the message, frames, bytes left)
        for (read, length, frames, left) in [
            (0, 0, 1, 0),
            (100, 94, 1, 0),
            (65_550, 65_536, 1, 0),
            // The start of the next messages.
            (100 + AHEAD, 86, 1, AHEAD),
            (14 + AHEAD + PER_FRAME, 0, 2, AHEAD),
            (14 + AHEAD + 10 * PER_FRAME + 1, 0, 11, AHEAD + 1),
        ] {
            assert_eq!(after(read, length), (frames, left), "{read} {length}");
        }
    }
}
