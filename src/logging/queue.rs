//! Lines on their way to an output that may be slow or stand still: tracing-appender's thread
//! writes them, and nobody waits for it longer than is said. The rest of the program never does.
//!
//! Its guard prints to standard output when it is dropped while the queue stands still, so it is
//! dropped only when everything is written, and forgotten otherwise.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Lines that may wait; beyond, they are counted and left out.
const CAPACITY: usize = 65_536;

/// A queue before one output. Clones are the same queue.
#[derive(Clone)]
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    lines: NonBlocking,
    progress: Arc<Progress>,
    guard: Mutex<Option<WorkerGuard>>,
}

/// How many lines were handed over, and how many of them the output has taken.
#[derive(Default)]
struct Progress {
    count: Mutex<Count>,
    changed: Condvar,
}

#[derive(Default)]
struct Count {
    pushed: usize,
    written: usize,
}

/// An output that counts what it takes.
struct Counted<W> {
    output: W,
    progress: Arc<Progress>,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    /// One line. There is nobody to tell that the log cannot be written; the next line is tried
    /// again.
    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        drop(self.output.write_all(line));
        self.progress.lock().written += 1;
        self.progress.changed.notify_all();
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

impl Progress {
    fn lock(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Starts the thread that writes.
    pub(super) fn start(output: impl Write + Send + 'static) -> Self {
        let progress = Arc::new(Progress::default());
        let counted = Counted { output, progress: Arc::clone(&progress) };
        let (lines, guard) = NonBlockingBuilder::default()
            .buffered_lines_limit(CAPACITY)
            .lossy(true)
            .thread_name("log")
            .finish(counted);
        Self(Arc::new(Shared { lines, progress, guard: Mutex::new(Some(guard)) }))
    }

    /// Hands a line over; it is left out when too many wait.
    pub(super) fn push(&self, line: &Arc<str>) {
        self.0.progress.lock().pushed += 1;
        // A queue that loses lines never fails.
        drop(self.0.lines.clone().write_all(line.as_bytes()));
    }

    /// Lines that were left out.
    pub(super) fn lost(&self) -> usize {
        self.0.lines.error_counter().dropped_lines()
    }

    /// Waits until everything has been written, at most until `deadline`, and ends the thread.
    /// Answers whether it has.
    pub(super) fn end(&self, deadline: Instant) -> bool {
        let mut count = self.0.progress.lock();
        let all_written = loop {
            if count.written + self.lost() >= count.pushed {
                break true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break false;
            }
            count = self
                .0
                .progress
                .changed
                .wait_timeout(count, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        };
        drop(count);
        let guard = self.0.guard.lock().unwrap_or_else(PoisonError::into_inner).take();
        if !all_written {
            std::mem::forget(guard);
        }
        all_written
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
        (Queue::start(Gate { asked, open }), written, gate)
    }

    #[test]
    fn what_waits_is_written_in_order_before_the_end() {
        let (queue, written, gate) = gated();
        for n in 0..1000 {
            queue.push(&format!("{n}\n").into());
            gate.send(()).unwrap();
        }
        assert!(queue.end(Instant::now() + Duration::from_mins(1)));
        assert_eq!(
            written.iter().collect::<Vec<_>>(),
            (0..1000).map(|n| format!("{n}\n")).collect::<Vec<_>>()
        );
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
        assert!(!queue.end(Instant::now()), "it still stands still");
        drop(gate);
        assert!(
            queue.end(Instant::now() + Duration::from_mins(1)),
            "an output that fails ends too"
        );
    }
}
