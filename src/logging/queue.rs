//! Lines on their way to an output that may be slow or stand still: a thread of its own writes them, and nobody waits for it
//! longer than is said. The rest of the program never does.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// Lines that may wait; beyond, they are counted and left out.
const CAPACITY: usize = 65_536;
/// Lines that are taken at once.
const BATCH: usize = 256;

/// A queue before one output. Clones are the same queue.
#[derive(Clone)]
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Arc<str>>,
    lost: usize,
    ending: bool,
    ended: bool,
}

impl Queue {
    /// Starts the thread that writes.
    pub(super) fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let queue = Self(Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() }));
        let writer = queue.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.write(output))?;
        Ok(queue)
    }

    /// Hands a line over; it is left out when too many wait.
    pub(super) fn push(&self, line: &Arc<str>) {
        let mut state = self.lock();
        if state.lines.len() >= CAPACITY {
            state.lost += 1;
            return;
        }
        state.lines.push_back(Arc::clone(line));
        drop(state);
        self.0.changed.notify_all();
    }

    /// Lines that were left out.
    pub(super) fn lost(&self) -> usize {
        self.lock().lost
    }

    /// Lets the thread write what waits and end; does not wait for it.
    pub(super) fn end(&self) {
        self.lock().ending = true;
        self.0.changed.notify_all();
    }

    /// Waits until everything has been written, at most until `deadline`. Answers whether it has.
    pub(super) fn wait(&self, deadline: Instant) -> bool {
        let mut state = self.lock();
        while !state.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn write(&self, mut output: impl Write) {
        loop {
            let mut state = self.lock();
            while state.lines.is_empty() && !state.ending {
                state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let count = state.lines.len().min(BATCH);
            let batch: Vec<Arc<str>> = state.lines.drain(..count).collect();
            drop(state);
            if batch.is_empty() {
                self.lock().ended = true;
                self.0.changed.notify_all();
                return;
            }
            for line in batch {
                // There is nobody to tell that the log cannot be written; the next line is tried again.
                drop(output.write_all(line.as_bytes()));
            }
            drop(output.flush());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use super::*;

    /// An output that tells when it is asked to write, and writes only when it may.
    struct Gate {
        asked: Sender<String>,
        open: Receiver<()>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            drop(self.asked.send(String::from_utf8_lossy(bytes).into_owned()));
            self.open.recv().map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated() -> (Queue, Receiver<String>, Sender<()>) {
        let ((asked, written), (gate, open)) = (channel(), channel());
        (Queue::start(Gate { asked, open }).unwrap(), written, gate)
    }

    #[test]
    fn what_waits_is_written_in_order_before_the_end() {
        let (queue, written, gate) = gated();
        for n in 0..1000 {
            queue.push(&format!("{n}\n").into());
            gate.send(()).unwrap();
        }
        queue.end();
        assert!(queue.wait(Instant::now() + Duration::from_mins(1)));
        assert_eq!(written.iter().collect::<Vec<_>>(), (0..1000).map(|n| format!("{n}\n")).collect::<Vec<_>>());
    }

    #[test]
    fn an_output_that_stands_still_is_not_waited_for_and_loses_only_what_is_too_much() {
        let (queue, written, gate) = gated();
        let line: Arc<str> = "line\n".into();
        queue.push(&line);
        written.recv().unwrap();
        for _ in 0..CAPACITY + 5 {
            queue.push(&line);
        }
        assert_eq!(queue.lost(), 5);
        queue.end();
        assert!(!queue.wait(Instant::now()), "it still stands still");
        drop(gate);
        assert!(queue.wait(Instant::now() + Duration::from_mins(1)), "an output that fails ends too");
    }
}
