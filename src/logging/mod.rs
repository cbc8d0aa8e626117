//! The log: lines of the documented form (or JSON) to standard output and to files in the log directory.
//!
//! What may live here: how an event becomes a line, where lines go, and what administrators do to a running log (`control`). What is worth a line, its author decides.

mod control;
mod file;
mod line;

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{self, LogFormat};
use crate::model::rules::Fold;
use file::LogFile;
use line::{Fields, Line};

pub use control::{Control, Entry};

/// Lines that may wait for the disk; beyond, they are counted and left out, because the chat does not wait for its log.
const QUEUE: usize = 65_536;

/// The log of this process. Dropping it writes what waits: hold it to the end of main.
pub struct Logging {
    control: Control,
    losses: Vec<ErrorCounter>,
    _guards: Vec<WorkerGuard>,
}

impl Logging {
    /// A handle for those who administer it.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Lines that were left out because the disk was too slow.
    pub fn lost(&self) -> usize {
        self.losses.iter().map(ErrorCounter::dropped_lines).sum()
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        let lost = self.lost();
        if lost > 0 {
            tracing::warn!("{lost} log lines were left out because they could not be written fast enough.");
        }
    }
}

/// Starts the log of this process: files in `directory`, and standard output where configured.
pub fn start(config: &config::Log, directory: &Path) -> std::io::Result<Logging> {
    let file = LogFile::open(directory, config.rotation, config.max_files)?;
    let (to_file, file_guard) = queue(file.clone());
    let mut writers = vec![to_file];
    let mut guards = vec![file_guard];
    if config.stdout {
        let (to_stdout, guard) = queue(std::io::stdout());
        writers.push(to_stdout);
        guards.push(guard);
    }
    let losses = writers.iter().map(NonBlocking::error_counter).collect();
    let control = Control::new(file, config.level);
    let layer = Lines { control: control.clone(), format: config.format, writers };
    // A second start in one process (tests) keeps the first.
    if tracing_subscriber::registry().with(layer).try_init().is_err() {
        return Err(std::io::Error::other("a log has been started already"));
    }
    log_panics();
    Ok(Logging { control, losses, _guards: guards })
}

fn queue(writer: impl Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default().buffered_lines_limit(QUEUE).lossy(true).thread_name("log").finish(writer)
}

/// A panic is an ERROR line, whichever thread or task it ends; one a minute, because a request may cause as many as it likes.
fn log_panics() {
    static FOLD: Mutex<Fold> = Mutex::new(Fold::new());
    std::panic::set_hook(Box::new(|panic| {
        let told = FOLD.lock().unwrap_or_else(PoisonError::into_inner).happened(Instant::now());
        let Some(left_out) = told else { return };
        let text = panic.payload_as_str().unwrap_or("a value that is no text");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if left_out == 0 {
            tracing::error!("panicked at {place}: {text}");
        } else {
            tracing::error!("panicked at {place}: {text} ({left_out} more panics since the last such line)");
        }
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

/// Turns events into lines; user and room come from the event, else from the innermost span that names them.
struct Lines {
    control: Control,
    format: LogFormat,
    writers: Vec<NonBlocking>,
}

impl Lines {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        // Libraries have their say only when something is wrong.
        let own = metadata.target().starts_with("chatctl");
        let level = self.control.rank();
        rank_of(*metadata.level()) <= if own { level } else { level.min(2) }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    /// The level can change at run time: nothing may be ruled out for good.
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

    /// What is recorded later replaces what was there.
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
        let line = Line::now(*event.metadata().level(), fields);
        let text = match self.format {
            LogFormat::Text => line.text(),
            LogFormat::Json => line.json(),
        };
        for writer in &self.writers {
            // The queue counts what it has to leave out; there is nobody else to tell.
            drop(writer.clone().write_all(text.as_bytes()));
        }
        self.control.say(line.entry());
    }
}
