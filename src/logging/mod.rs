//! The log: lines in the documented format (or JSON) on standard output and in files of the log
//! directory.
//!
//! Contains the formatting of lines, the outputs, the suppression of repetitions, and the
//! administration of a running log (`control`). What is logged is decided where it happens. Some
//! targets are known by name, so that nobody has to import this module: an ERROR of `PLAIN` is not
//! a fault of the program and has no stack trace; one of `REFUSED` reports a refused credential,
//! with the client's address in `ip`, and is counted per address. What the library of `DRIVER`
//! warns of are details, of which the store tells what they come to.

pub mod alerts;
mod control;
mod file;
mod journal;
mod line;
mod output;
mod queue;
mod repeats;
pub mod ship;

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Config;
use file::LogFile;
use line::Fields;
use output::{Output, Stdout};
use queue::Queue;
use ship::Waiting;

pub use control::Control;
pub use line::Entry;

/// Target of errors that are not faults of the program: no stack trace.
const PLAIN: &str = "chatctl::plain";
/// Target of refused credentials: no stack trace, and counted per address.
const REFUSED: &str = "chatctl::refused";

/// The driver of Cassandra: while a node is away, it warns of each attempt to connect. Its warnings
/// and errors are lines of level DEBUG.
const DRIVER: &str = "scylla";

/// How long the end of the process waits for the disk.
const FILE_PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits for the reader of standard output.
const STDOUT_PATIENCE: Duration = Duration::from_secs(1);

/// The log of this process. Dropping it writes queued lines within a time limit: keep it until the
/// end of main.
pub struct Logging {
    control: Control,
    output: Arc<Output>,
}

impl Logging {
    /// Returns a handle for administration.
    pub fn control(&self) -> Control {
        self.control.clone()
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        self.output.tell_everything();
        let lost = self.output.lost();
        if lost > 0 {
            tracing::warn!(
                "{lost} log lines were dropped because they could not be written fast enough."
            );
        }
        self.output.end(Instant::now(), FILE_PATIENCE, STDOUT_PATIENCE);
    }
}

/// Starts the log of this process: files in `directory`, and standard output if configured. Lines are
/// kept for the receiver in `[log.ship]`, if there is one, until [`Control::ship`] sends them.
pub fn start(config: &Config, directory: &Path) -> std::io::Result<Logging> {
    let waiting = Waiting::new(config);
    let config = &config.log;
    let file = LogFile::open(directory, config)?;
    let to_file = Queue::start(file.clone());
    // Not through the program's own handle, whose lock would be held while a reader stalls.
    let stdout = if config.stdout {
        let stdout = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
        Some(Stdout { journal: journal::reads(&stdout), queue: Queue::start(stdout) })
    } else {
        None
    };
    let control = Control::new(file, config.level, waiting);
    let output = Arc::new(Output::new(control.clone(), config.format, to_file, stdout));
    let layer = Lines { control: control.clone(), output: Arc::clone(&output) };
    // A second start in one process (tests) keeps the first.
    if tracing_subscriber::registry().with(layer).try_init().is_err() {
        return Err(std::io::Error::other("a log has been started already"));
    }
    Arc::clone(&output).tell_in_time()?;
    log_panics();
    Ok(Logging { control, output })
}

/// Logs a panic in any thread or task as an ERROR line.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("a value that is not text");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!("panicked at {place}: {text}");
    }));
}

fn rank_of(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

/// Returns the level of an event in the log.
fn level_of(metadata: &Metadata<'_>) -> Level {
    let of_driver = metadata.target().split("::").next() == Some(DRIVER);
    match *metadata.level() {
        Level::ERROR | Level::WARN if of_driver => Level::DEBUG,
        // What it does well is of no interest.
        _ if of_driver => Level::TRACE,
        level => level,
    }
}

/// Converts events to lines; user and room come from the event, otherwise from the innermost span
/// that has them.
struct Lines {
    control: Control,
    output: Arc<Output>,
}

impl Lines {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        // Libraries are only logged from WARN.
        let own = metadata.target().starts_with("chatctl");
        let (level, rank) = (self.control.rank(), rank_of(level_of(metadata)));
        let from_library = rank_of(*metadata.level()) <= 2;
        rank <= level && (own || from_library)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    /// The level can change at run time: nothing may be disabled permanently.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn register_callsite(&self, _: &'static Metadata<'static>) -> tracing::subscriber::Interest {
        tracing::subscriber::Interest::sometimes()
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    /// A value recorded later replaces the earlier one.
    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.inherit(outer);
            }
        }
        self.output.take(event.metadata(), fields);
    }
}

#[cfg(test)]
mod tests;
