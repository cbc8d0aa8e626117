//! A body as it comes in: bounded in time by whoever reads it here, in size by whoever asks.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, Sleep, sleep};

use crate::model::{Error, Result};

/// A body must go on within this time.
const STALL: Duration = Duration::from_secs(30);
/// What is read and thrown away of a body that is refused, so that the answer arrives.
const DRAIN_BYTES: usize = 64 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// A body from the connection.
pub(super) type Body = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send>>;

/// Its chunks, or why it did not come whole.
pub struct BodyStream {
    body: Option<Body>,
    begun: bool,
    stall: Pin<Box<Sleep>>,
}

impl BodyStream {
    pub(super) fn new(body: Option<Body>) -> Self {
        Self { body, begun: false, stall: Box::pin(sleep(STALL)) }
    }

    /// Whether somebody has begun to read it: only then a client that waits for `100 Continue` sends it.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// Reads on for a while, so that a client that is still sending hears the answer instead of a reset.
    pub async fn drain(&mut self) {
        let all = async {
            let mut seen = 0;
            while let Some(Ok(chunk)) = self.next().await {
                seen += chunk.len();
                if seen > DRAIN_BYTES {
                    return;
                }
            }
        };
        // Running into the time limit is as good an end as any.
        drop(tokio::time::timeout(DRAIN_TIME, all).await);
    }
}

impl Stream for BodyStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.begun = true;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        if let Poll::Ready(next) = body.as_mut().poll_next(context) {
            self.stall.as_mut().reset(Instant::now() + STALL);
            return Poll::Ready(next.map(|chunk| chunk.map_err(|_| Error::Malformed("the body ended early".to_owned()))));
        }
        ready!(self.stall.as_mut().poll(context));
        self.body = None;
        Poll::Ready(Some(Err(Error::Malformed("the body did not go on".to_owned()))))
    }
}
