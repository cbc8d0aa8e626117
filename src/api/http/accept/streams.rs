//! The streams of an HTTP/2 connection: each request runs in a task of its own, which is given up
//! when the client does not take the response; and since when the connection is idle.
//!
//! HTTP/1.1 needs none of this: there a connection has one request at a time, and a client that
//! takes no response blocks the writes to the connection (`stream.rs`).

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::debug;

use super::heads::HEAD_TIME;
use crate::api::patience::Patience;

/// Maximum size of what is handed over at once.
const PART: usize = 16 * 1024;
/// Shortest time between two looks at a connection with pending requests.
const LEAST_WAIT: Duration = Duration::from_secs(1);

tokio::task_local! {
    /// What the client has taken of the response of this task.
    static RESPONSE: Arc<Response>;
}

/// The streams of a connection. Clones share them.
#[derive(Clone)]
pub(super) struct Streams(Arc<Shared>);

struct Shared {
    /// The time for a client that takes nothing of a response, by the configuration in effect.
    stall: Box<dyn Fn() -> Duration + Send + Sync>,
    activity: Mutex<Activity>,
    /// The first request has arrived, so that other deadlines hold.
    first: Notify,
}

/// What happened on a connection.
#[derive(Debug)]
struct Activity {
    /// Number of requests whose response has not been handed over completely.
    open: usize,
    /// Whether there has been a request.
    requested: bool,
    /// When the last response was handed over.
    last: Instant,
    /// Until when the client took what was sent: each byte is worth a millisecond, because pings
    /// are answered too.
    took: Instant,
    /// When the client last took a part of a response.
    moved: Instant,
}

/// What a byte that was sent is worth.
const PER_BYTE: Duration = Duration::from_millis(1);

impl Streams {
    pub(super) fn new(stall: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        let activity = Activity::new(Instant::now());
        Self(Arc::new(Shared {
            stall: Box::new(stall),
            activity: Mutex::new(activity),
            first: Notify::new(),
        }))
    }

    /// Must be called when bytes were sent.
    pub(super) fn sent(&self, bytes: usize, now: Instant) {
        self.lock().sent(bytes, now);
    }

    /// Waits until the connection has been idle for this time, by the configuration in effect; a
    /// new one must send a request as soon as one of HTTP/1.1.
    pub(super) async fn idle(&self, keep_alive: impl Fn() -> Duration) {
        self.wait(|activity| activity.idle_until(keep_alive())).await;
    }

    /// Waits until nothing has happened for this time, beginning now.
    pub(super) async fn quiet(&self, time: Duration) {
        let now = Instant::now();
        self.wait(|activity| activity.quiet_since().max(now) + time).await;
    }

    /// Waits for a deadline that counts only while no request is pending.
    async fn wait(&self, deadline: impl Fn(&Activity) -> Instant) {
        loop {
            let now = Instant::now();
            let until = {
                let activity = self.lock();
                activity.look_again(deadline(&activity), now)
            };
            if until <= now {
                return;
            }
            tokio::select! {
                () = sleep_until(until) => (),
                () = self.0.first.notified() => (),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Activity> {
        self.0.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Activity {
    fn new(now: Instant) -> Self {
        Self { open: 0, requested: false, last: now, took: now, moved: now }
    }

    /// Returns when the connection is given up if nothing happens any more.
    fn idle_until(&self, keep_alive: Duration) -> Instant {
        self.last + if self.requested { keep_alive } else { HEAD_TIME }
    }

    /// Returns when to look at the connection again, at this deadline or later.
    fn look_again(&self, deadline: Instant, now: Instant) -> Instant {
        if self.open > 0 { deadline.max(now + LEAST_WAIT) } else { deadline }
    }

    /// Returns whether it is the first request.
    fn begin(&mut self) -> bool {
        self.open += 1;
        !std::mem::replace(&mut self.requested, true)
    }

    fn end(&mut self, now: Instant) {
        self.open -= 1;
        self.last = now;
    }

    fn sent(&mut self, bytes: usize, now: Instant) {
        let worth = PER_BYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.took = now.min(self.quiet_since() + worth);
    }

    /// Returns since when nothing has happened.
    fn quiet_since(&self) -> Instant {
        self.last.max(self.took)
    }
}

/// A pending request.
struct Open(Streams);

impl Open {
    fn new(streams: Streams) -> Self {
        if streams.lock().begin() {
            streams.0.first.notify_one();
        }
        Self(streams)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().end(Instant::now());
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let open = Open::new(self.clone());
        drop(tokio::spawn(run(open, stream)));
    }
}

/// Answers a request. If the client does not take the response, the stream is dropped, which resets
/// it.
async fn run(open: Open, stream: impl Future<Output = ()> + Send) {
    let stall = &open.0.0.stall;
    let response = Arc::new(Response::new(stall(), open.0.clone()));
    let mut stream = pin!(RESPONSE.scope(Arc::clone(&response), stream));
    let mut timer: Option<Pin<Box<Sleep>>> = None;
    std::future::poll_fn(|cx| {
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(deadline) = response.deadline(stall(), Instant::now()) else {
            return Poll::Pending;
        };
        let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        debug!("a response was given up: the client does not take it");
        Poll::Ready(())
    })
    .await;
}

/// How far the response of a stream is.
struct Response {
    progress: Mutex<Progress>,
    streams: Streams,
}

#[derive(Debug)]
struct Progress {
    patience: Patience,
    /// Size of the part that waits for the client.
    waiting: Option<usize>,
}

impl Response {
    fn new(stall: Duration, streams: Streams) -> Self {
        let progress = Progress { patience: Patience::new(stall), waiting: None };
        Self { progress: Mutex::new(progress), streams }
    }

    /// The client has taken the part before; the next one is prepared.
    fn taken(&self, now: Instant) {
        let mut progress = self.lock();
        if let Some(bytes) = progress.waiting.take() {
            progress.patience.went_on(bytes, now.into_std());
            self.streams.lock().moved = now;
        }
    }

    /// A part waits for the client.
    fn waits(&self, bytes: usize) {
        self.lock().waiting = Some(bytes);
    }

    /// Returns until when to wait for the client; None: it is not waited for. The responses of a
    /// connection share its line, so that one may wait while the client takes another.
    fn deadline(&self, stall: Duration, now: Instant) -> Option<Instant> {
        let mut progress = self.lock();
        progress.waiting?;
        progress.patience.limit_to(stall);
        let own: Instant = progress.patience.wait(now.into_std()).into();
        Some(own.max(self.streams.lock().moved + stall))
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of a response in a stream, in small parts: it is asked for the next one once the client
/// has taken the one before.
pub(super) struct Measured<B> {
    /// None: the response has only a head.
    body: Option<B>,
    /// What was read and not handed over.
    rest: Bytes,
}

impl<B> Measured<B> {
    pub(super) fn new(body: B) -> Self {
        Self { body: Some(body), rest: Bytes::new() }
    }

    /// The body of a response to `HEAD`.
    pub(super) fn none() -> Self {
        Self { body: None, rest: Bytes::new() }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Measured<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        // A body that is polled elsewhere belongs to no stream.
        RESPONSE.try_with(|response| response.taken(Instant::now())).ok();
        if self.rest.is_empty() {
            let Some(body) = &mut self.body else { return Poll::Ready(None) };
            match ready!(Pin::new(body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                end => return Poll::Ready(end),
            }
        }
        let size = self.rest.len().min(PART);
        let part = self.rest.split_to(size);
        RESPONSE.try_with(|response| response.waits(size)).ok();
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let inner = self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let rest = self.rest.len() as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn a_connection_is_idle_after_its_last_response() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut activity = Activity::new(begin);
        activity.sent(1_000_000, at(20));
        assert_eq!(activity.idle_until(MINUTE), at(30), "a new one must send a request soon");
        assert!(activity.begin());
        assert!(!activity.begin());
        activity.end(at(200));
        let deadline = activity.idle_until(MINUTE);
        assert_eq!(activity.look_again(deadline, at(270)), at(271), "a request is pending");
        activity.end(at(280));
        let deadline = activity.idle_until(MINUTE);
        assert_eq!(activity.look_again(deadline, at(290)), at(340));
        activity.sent(1_000_000, at(300));
        assert_eq!((activity.idle_until(MINUTE), activity.quiet_since()), (at(340), at(300)));
        activity.sent(17, at(310));
        assert!(activity.quiet_since() < at(301), "an answer to a ping is little");
    }

    #[test]
    fn what_the_client_takes_gives_it_more_time() {
        let begin = Instant::now();
        let response = Response::new(MINUTE, Streams::new(|| MINUTE));
        response.streams.lock().moved = begin;
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(response.deadline(MINUTE, begin), None, "the server has sent nothing yet");
        response.waits(1024 * 1024);
        assert_eq!(response.deadline(MINUTE, begin), Some(at(60)));
        response.taken(at(30));
        assert_eq!(response.deadline(MINUTE, at(50)), None, "the server is slow");
        response.waits(1);
        assert_eq!(response.deadline(MINUTE, at(50)), Some(at(110)));
        response.taken(at(100));
        response.waits(1);
        let own = response.lock().patience.wait(at(100).into_std());
        assert!(own < at(111).into_std(), "a byte earns a millisecond");
        assert_eq!(response.deadline(MINUTE, at(100)), Some(at(160)), "the client took something");
        response.streams.lock().moved = at(130);
        assert_eq!(response.deadline(MINUTE, at(140)), Some(at(190)), "of another response too");
    }

    #[tokio::test]
    async fn a_response_is_handed_over_in_small_parts() {
        let bytes = Bytes::from(vec![7; 2 * PART + 1]);
        let mut body = Measured::new(http_body_util::Full::new(bytes));
        let mut sizes = Vec::new();
        while !body.is_end_stream() {
            let left = body.size_hint().exact().unwrap();
            let frame = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
            let data = frame.unwrap().unwrap().into_data().unwrap();
            assert_eq!(body.size_hint().exact(), Some(left - data.len() as u64));
            sizes.push(data.len());
        }
        assert_eq!(sizes, [PART, PART, 1]);
    }
}
