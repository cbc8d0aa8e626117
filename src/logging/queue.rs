//! Queues lines for an output that may be slow or stall: tracing-appender's thread writes them, and
//! only `end` waits for it, within a time limit. The rest of the program never waits.
//!
//! The guard of tracing-appender prints to standard output if it is dropped while the queue stalls,
//! so it is only dropped when everything is written, and leaked otherwise.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Maximum number of queued lines; beyond it lines are counted and dropped.
const CAPACITY: usize = 65_536;

/// The queue of one output. Clones share it.
#[derive(Clone)]
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    lines: NonBlocking,
    progress: Arc<Progress>,
    guard: Mutex<Option<WorkerGuard>>,
}

/// Numbers of lines queued, and of lines written.
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

/// An output that counts written lines.
struct Counted<W> {
    output: W,
    progress: Arc<Progress>,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    /// Writes one line. An error cannot be reported anywhere; the next line is tried again.
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
    /// Starts the writing thread.
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

    /// Queues a line; it is dropped if the queue is full.
    pub(super) fn push(&self, line: &Arc<str>) {
        self.0.progress.lock().pushed += 1;
        // A lossy queue never fails.
        drop(self.0.lines.clone().write_all(line.as_bytes()));
    }

    /// Returns the number of dropped lines.
    pub(super) fn lost(&self) -> usize {
        self.0.lines.error_counter().dropped_lines()
    }

    /// Waits until everything is written, at most until `deadline`, and ends the thread. Returns
    /// whether everything was written.
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

    /// An output that reports write requests, and writes only when permitted.
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
        assert!(!queue.end(Instant::now()), "the output still stalls");
        drop(gate);
        assert!(
            queue.end(Instant::now() + Duration::from_mins(1)),
            "an output that fails ends too"
        );
    }
}
