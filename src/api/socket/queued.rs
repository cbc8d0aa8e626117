//! A connection whose writes go through the socket's outbox, where the fan-out writes too: whatever
//! the WebSocket library sends by itself (pongs, the close) stands between whole frames.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::api::accept::stream::Connected;
use crate::live::{Frames, Outbox, TryWrite};

/// A connection that may be written by others than its owner.
pub(super) trait Direct {
    /// Returns the writing side; None: only the owner can write.
    fn direct(&self) -> Option<Arc<dyn TryWrite>>;
}

impl Direct for Connected {
    fn direct(&self) -> Option<Arc<dyn TryWrite>> {
        Self::direct(self)
    }
}

#[cfg(test)]
impl Direct for tokio::io::DuplexStream {
    fn direct(&self) -> Option<Arc<dyn TryWrite>> {
        None
    }
}

/// A connection and, once its user is known, the outbox of the socket.
pub(super) struct Queued<S> {
    stream: S,
    outbox: Option<Arc<Outbox>>,
    /// What the flush in progress must write (see [`Outbox::progress`]): what is queued meanwhile
    /// waits for the next one, so that the task of a slow peer continues to read.
    goal: Option<u64>,
}

impl<S> Queued<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, outbox: None, goal: None }
    }
}

impl<S: Direct> Queued<S> {
    /// Sends everything through this outbox from now on. Nothing else may be waiting to be written.
    pub(super) fn attach(&mut self, outbox: Arc<Outbox>) {
        outbox.write_directly(self.stream.direct());
        self.outbox = Some(outbox);
    }
}

impl<S> Drop for Queued<S> {
    /// The connection ends with its task, even if somebody still holds the outbox.
    fn drop(&mut self) {
        if let Some(outbox) = &self.outbox {
            outbox.write_directly(None);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Queued<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Queued<S> {
    /// The library writes whole frames only, because everything is accepted.
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(outbox) = &self.outbox else {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        };
        outbox.answer(Frames { bytes: Bytes::copy_from_slice(bytes), count: 1, shared: false });
        // The next flush includes them, also after one that was given up.
        self.goal = None;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some(outbox) = &this.outbox else {
            return Pin::new(&mut this.stream).poll_flush(cx);
        };
        let goal = *this.goal.get_or_insert_with(|| outbox.progress().1);
        let drained = ready!(outbox.poll_drain(cx, Pin::new(&mut this.stream), goal));
        this.goal = None;
        Poll::Ready(drained)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
