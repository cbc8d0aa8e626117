//! How long a connection may wait for the head of a request: an idle one longer than one that has
//! begun to send it.
//!
//! hyper has one time limit for both, which begins when it starts to wait. It asks a timer for this
//! time, so the timer decides here: it knows whether a byte of the head has arrived.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};
use tokio::time::Instant;

/// Time limit for the complete head of a request.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(30);

/// The head that a connection waits for. Clones share it.
#[derive(Clone)]
pub(super) struct Heads {
    /// How long an answered connection may be idle, by the configuration in effect.
    idle: Arc<dyn Fn() -> Duration + Send + Sync>,
    wait: Arc<Mutex<Wait>>,
}

#[derive(Debug, Default)]
struct Wait {
    /// Whether the connection has waited for a request before.
    again: bool,
    /// When the first byte of the head arrived. A new connection counts as having sent it.
    begun: Option<Instant>,
}

impl Heads {
    pub(super) fn new(idle: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { idle: Arc::new(idle), wait: Arc::default() }
    }

    /// Must be called when bytes were received.
    pub(super) fn received(&self, now: Instant) {
        self.lock().begun.get_or_insert(now);
    }

    /// Begins to wait for the next head.
    fn begin(&self, now: Instant) {
        let mut wait = self.lock();
        wait.begun = (!wait.again).then_some(now);
        wait.again = true;
    }

    /// Returns when a connection that has waited since this time is given up.
    fn deadline(&self, since: Instant) -> Instant {
        self.lock().begun.map_or_else(|| since + (self.idle)(), |begun| begun + HEAD_TIME)
    }

    fn lock(&self) -> MutexGuard<'_, Wait> {
        self.wait.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Timer for Heads {
    /// The duration is that given to hyper, which is not used.
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Sleep>> {
        let since = Instant::now();
        self.begin(since);
        let timer = Box::pin(tokio::time::sleep_until(self.deadline(since)));
        Box::pin(Waiting { heads: self.clone(), since, timer })
    }

    fn sleep_until(&self, _: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(Duration::ZERO)
    }
}

/// Ends when the connection is given up.
struct Waiting {
    heads: Heads,
    since: Instant,
    timer: Pin<Box<tokio::time::Sleep>>,
}

impl Sleep for Waiting {}

impl Future for Waiting {
    type Output = ();

    /// hyper polls it after each read that brought no complete head.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.heads.deadline(self.since);
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        ready!(self.timer.as_mut().poll(cx));
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_lives_longer_than_one_that_sends_a_head() {
        let (heads, begin) = (Heads::new(|| Duration::from_secs(90)), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        heads.begin(begin);
        assert_eq!(heads.deadline(begin), at(30), "a new connection must send a request soon");
        heads.received(at(20));
        assert_eq!(heads.deadline(begin), at(30), "a trickle prolongs nothing");
        heads.begin(at(21));
        assert_eq!(heads.deadline(at(21)), at(111), "idle after an answer");
        heads.received(at(100));
        assert_eq!(heads.deadline(at(21)), at(130), "the next head has begun");
        heads.received(at(129));
        assert_eq!(heads.deadline(at(21)), at(130));
        heads.begin(at(129));
        assert_eq!(heads.deadline(at(129)), at(219));
    }
}
