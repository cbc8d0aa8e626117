//! Request bodies as streams: this module limits their time, readers limit their size.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::time::{Sleep, sleep_until};

use super::patience::Patience;
use crate::model::{Error, Result};

/// Maximum number of bytes of a refused body read and discarded so that the response arrives.
const DRAIN_BYTES: usize = 64 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// A body received on a connection.
pub(in crate::api) type Body = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send>>;

/// Chunks of a body, or an error if it was cut off.
pub struct BodyStream {
    body: Option<Body>,
    begun: bool,
    patience: Patience,
    timer: Option<Pin<Box<Sleep>>>,
}

impl BodyStream {
    /// A body that may stall for at most this time.
    pub(in crate::api) fn new(body: Option<Body>, stall: Duration) -> Self {
        Self { body, begun: false, patience: Patience::new(stall), timer: None }
    }

    /// Returns whether reading has begun: only then a client waiting for `100 Continue` sends the
    /// body.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// Reads and discards for a while, so that a client that is still sending receives the response
    /// instead of a reset.
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
        // Exceeding the time limit is fine.
        drop(tokio::time::timeout(DRAIN_TIME, all).await);
    }
}

impl Stream for BodyStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.begun = true;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        if let Poll::Ready(next) = body.as_mut().poll_next(context) {
            let bytes = next.as_ref().and_then(|chunk| chunk.as_ref().ok()).map_or(0, Bytes::len);
            this.patience.went_on(bytes, Instant::now());
            return Poll::Ready(next.map(|chunk| {
                chunk.map_err(|_| Error::Malformed("the body is incomplete".to_owned()))
            }));
        }
        let deadline = this.patience.wait(Instant::now()).into();
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(context));
        this.body = None;
        Poll::Ready(Some(Err(Error::Malformed("the body stalled".to_owned()))))
    }
}
