//! Questions to other servers, and theirs: on their own channels, without repetition. Whoever asks
//! knows what to do without an answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::place;

/// What a server says of itself with its sign of life: it lives, or also answers requests, of their
/// first form. Releases before there were requests say the former.
const LIVES: i64 = 1;
pub(super) const ANSWERS: i64 = 2;

/// Requests of others that wait for this server; more are not answered.
const QUEUE: usize = 1_024;
/// Time for which a server that did not answer is passed over.
const PASSED_OVER: Duration = Duration::from_secs(2);
/// Time for which it is known who lives; it is read every second.
const KNOWN: Duration = Duration::from_secs(3);
/// Time for which a server that is being stopped may still be read as one that takes requests.
const LEAVING: Duration = Duration::from_secs(10);

/// A request of another server.
#[derive(Debug)]
pub struct Asked {
    /// The server that asks.
    pub(super) server: u64,
    /// Its number for the request.
    pub(super) number: u64,
    /// What it asks, in the form of whoever answers.
    pub request: Vec<u8>,
}

/// Requests that are open, and who can be asked.
#[derive(Default)]
pub(super) struct Asking {
    number: AtomicU64,
    open: Mutex<HashMap<u64, oneshot::Sender<Vec<u8>>>>,
    known: Mutex<Known>,
    requests: Mutex<Option<Sender<Asked>>>,
    /// This server is being stopped.
    leaving: AtomicBool,
}

#[derive(Default)]
struct Known {
    /// Servers that take requests, and when they were seen.
    living: Option<(Instant, Vec<u64>)>,
    passed_over: HashMap<u64, Instant>,
    left: HashMap<u64, Instant>,
}

/// An open request; nobody waits for its answer once it is dropped.
pub(super) struct Open<'a> {
    asking: &'a Asking,
    pub(super) number: u64,
    pub(super) answer: oneshot::Receiver<Vec<u8>>,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        lock(&self.asking.open).remove(&self.number);
    }
}

impl Asking {
    /// Begins a request.
    pub(super) fn begin(&self) -> Open<'_> {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let (told, answer) = oneshot::channel();
        lock(&self.open).insert(number, told);
        Open { asking: self, number, answer }
    }

    /// An answer has arrived.
    pub(super) fn answered(&self, number: u64, answer: Vec<u8>) {
        if let Some(waiting) = lock(&self.open).remove(&number) {
            // Whoever asked may have given up in this moment.
            drop(waiting.send(answer));
        }
    }

    /// From now on this server takes requests.
    pub(super) fn take(&self) -> Receiver<Asked> {
        let (sender, requests) = channel(QUEUE);
        *lock(&self.requests) = Some(sender);
        requests
    }

    /// A request has arrived.
    pub(super) fn asked(&self, asked: Asked) {
        if let Some(requests) = &*lock(&self.requests) {
            // One that does not fit stays without an answer.
            drop(requests.try_send(asked));
        }
    }

    /// Returns what this server says of itself.
    pub(super) fn level(&self) -> i64 {
        let taking = lock(&self.requests).as_ref().is_some_and(|requests| !requests.is_closed());
        if taking && !self.leaving.load(Ordering::Relaxed) { ANSWERS } else { LIVES }
    }

    /// From now on this server says that it should not be asked; what it is asked nevertheless is
    /// still passed on.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// These servers live and take requests.
    pub(super) fn seen(&self, mut living: Vec<u64>) {
        let mut known = lock(&self.known);
        let now = Instant::now();
        known.passed_over.retain(|_, until| now < *until);
        known.left.retain(|_, until| now < *until);
        living.retain(|server| !known.left.contains_key(server));
        known.living = Some((now, living));
    }

    /// A server is being stopped: the others divide its subjects among themselves.
    pub(super) fn left(&self, server: u64) {
        let mut known = lock(&self.known);
        known.left.insert(server, Instant::now() + LEAVING);
        if let Some((_, living)) = &mut known.living {
            living.retain(|known| *known != server);
        }
    }

    /// A server did not answer.
    pub(super) fn pass_over(&self, server: u64) {
        lock(&self.known).passed_over.insert(server, Instant::now() + PASSED_OVER);
    }

    /// Returns which server has a subject, if it can be asked and it is not this one.
    pub(super) fn chosen(&self, subject: u64, me: u64) -> Option<u64> {
        let known = lock(&self.known);
        let (at, living) = known.living.as_ref()?;
        if at.elapsed() > KNOWN {
            return None;
        }
        // One that was passed over keeps its subjects: it writes some of them itself, and two
        // servers that write for others would only lose races against each other.
        let chosen = place::chosen(living.iter().copied(), subject)?;
        let passed_over = known.passed_over.get(&chosen).is_some_and(|t| Instant::now() < *t);
        Some(chosen).filter(|chosen| *chosen != me && !passed_over)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_did_not_answer_is_passed_over_for_a_while() {
        let asking = Asking::default();
        assert_eq!(asking.chosen(0, 1), None, "nobody is known");
        asking.seen(vec![1, 2, 3]);
        // As place.rs has it.
        assert_eq!(
            (asking.chosen(0, 1), asking.chosen(3, 1), asking.chosen(2, 1)),
            (Some(2), None, Some(3))
        );
        asking.pass_over(2);
        assert_eq!((asking.chosen(0, 1), asking.chosen(2, 1)), (None, Some(3)));
        tokio::time::advance(PASSED_OVER).await;
        asking.seen(vec![1, 2, 3]);
        assert_eq!(asking.chosen(0, 1), Some(2));
        tokio::time::advance(KNOWN * 2).await;
        assert_eq!(asking.chosen(0, 1), None, "it is not known any more who lives");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_server_had_that_leaves_is_divided_at_once() {
        let asking = Asking::default();
        asking.left(9);
        asking.seen(vec![1, 2, 3]);
        assert_eq!((asking.chosen(0, 1), asking.chosen(2, 1)), (Some(2), Some(3)));
        asking.left(2);
        assert_eq!(asking.chosen(0, 3), Some(1), "it would have been 2");
        assert_eq!(asking.chosen(2, 1), Some(3));
        // As it was read before it left.
        asking.seen(vec![1, 2, 3]);
        assert_eq!(asking.chosen(0, 3), Some(1));
        let mut requests = asking.take();
        asking.leave();
        assert_eq!(asking.level(), LIVES);
        asking.asked(Asked { server: 2, number: 5, request: vec![1] });
        assert_eq!(requests.recv().await.unwrap().request, [1], "from who does not know it yet");
    }

    #[tokio::test]
    async fn an_answer_reaches_who_asked_while_they_wait() {
        let asking = Asking::default();
        let (one, mut two) = (asking.begin(), asking.begin());
        let late = one.number;
        drop(one);
        asking.answered(late, vec![1]);
        asking.answered(two.number, vec![2]);
        asking.answered(two.number, vec![3]);
        assert_eq!(two.answer.try_recv(), Ok(vec![2]));
        assert!(lock(&asking.open).is_empty());
    }

    #[tokio::test]
    async fn a_server_takes_requests_while_somebody_receives_them() {
        let asking = Asking::default();
        let asked = || Asked { server: 2, number: 5, request: vec![1] };
        asking.asked(asked());
        assert_eq!(asking.level(), LIVES);
        let mut requests = asking.take();
        assert_eq!(asking.level(), ANSWERS);
        asking.asked(asked());
        assert_eq!(requests.recv().await.unwrap().request, [1]);
        drop(requests);
        assert_eq!(asking.level(), LIVES);
    }
}
