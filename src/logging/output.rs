//! Passes lines to the outputs: the file, standard output and followers; suppresses repeated ones.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use metrics::counter;
use tracing::{Level, Metadata};

use super::journal;
use super::line::{Fields, Line};
use super::queue::Queue;
use super::repeats::{Kind, LeftOut, Repeats};
use super::{Control, PLAIN, REFUSED, ship};
use crate::config::LogFormat;
use crate::model::rules::counted;

/// The outputs of this process's log.
pub(super) struct Output {
    control: Control,
    format: LogFormat,
    file: Queue,
    stdout: Option<Stdout>,
    repeats: Mutex<Repeats<Fields>>,
    /// Notified when lines were omitted and have to be reported later.
    left_out: Condvar,
}

/// Standard output.
pub(super) struct Stdout {
    pub(super) queue: Queue,
    /// Whether its reader is the journal of systemd.
    pub(super) journal: bool,
}

impl Output {
    pub(super) fn new(
        control: Control,
        format: LogFormat,
        file: Queue,
        stdout: Option<Stdout>,
    ) -> Self {
        Self { control, format, file, stdout, repeats: Mutex::default(), left_out: Condvar::new() }
    }

    /// Takes an event: writes it, or counts it as a repetition.
    pub(super) fn take(&self, metadata: &Metadata<'_>, fields: Fields) {
        let level = super::level_of(metadata);
        if level != Level::ERROR {
            let line = Line::now(level, fields, false);
            if metadata.target() != ship::OWN {
                self.control.ship_line(&line);
            }
            self.put(line);
            return;
        }
        self.control.alert(|| fields.seen(metadata.target() == REFUSED));
        let now = Instant::now();
        let mut repeats = self.lock();
        let due = repeats.due(now);
        let full =
            kinds(metadata, &fields).into_iter().find(|kind| !repeats.admit(kind.clone(), now));
        let stack = match &full {
            Some(kind) => {
                repeats.leave_out(kind, fields.clone());
                self.left_out.notify_all();
                false
            }
            None => {
                ![PLAIN, REFUSED].contains(&metadata.target()) && repeats.admit(Kind::Traces, now)
            }
        };
        drop(repeats);
        self.tell(due);
        if full.is_none() {
            self.write(Line::now(level, fields, stack));
        }
    }

    /// Starts the thread that reports omitted lines as soon as their minute is over.
    pub(super) fn tell_in_time(self: Arc<Self>) -> io::Result<()> {
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            loop {
                let due = self.wait();
                self.tell(due);
            }
        })?;
        Ok(())
    }

    /// Reports omitted lines, whether or not their minute is over.
    pub(super) fn tell_everything(&self) {
        let all = self.lock().all();
        self.tell(all);
    }

    /// Returns the number of lines dropped because an output was too slow.
    pub(super) fn lost(&self) -> usize {
        self.file.lost() + self.stdout.as_ref().map_or(0, |stdout| stdout.queue.lost())
    }

    /// Waits until everything queued is written, each output within a time limit.
    pub(super) fn end(&self, now: Instant, file: Duration, stdout: Duration) {
        if let Some(Stdout { queue, .. }) = &self.stdout {
            queue.end(now + stdout);
        }
        self.file.end(now + file);
    }

    fn wait(&self) -> Vec<LeftOut<Fields>> {
        let mut repeats = self.lock();
        loop {
            let now = Instant::now();
            let due = repeats.due(now);
            if !due.is_empty() {
                return due;
            }
            repeats = match repeats.next_due() {
                None => self.left_out.wait(repeats).unwrap_or_else(PoisonError::into_inner),
                Some(next) => {
                    self.left_out
                        .wait_timeout(repeats, next.saturating_duration_since(now))
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
    }

    fn tell(&self, left_out: Vec<LeftOut<Fields>>) {
        for LeftOut { times, last } in left_out {
            self.write(Line::now(Level::ERROR, last.repeated(times), false));
        }
    }

    fn write(&self, line: Line) {
        self.control.ship_line(&line);
        self.put(line);
    }

    /// Writes a line to the file, to standard output and to followers.
    fn put(&self, line: Line) {
        counter!("chatctl_log_lines_total", "level" => line.level.as_str()).increment(1);
        let text: Arc<str> = match self.format {
            LogFormat::Text => line.text(),
            LogFormat::Json => line.json(),
        }
        .into();
        self.file.push(&text);
        match &self.stdout {
            Some(Stdout { queue, journal: true }) => {
                queue.push(&journal::prioritised(line.level, &text).into());
            }
            Some(Stdout { queue, journal: false }) => queue.push(&text),
            None => (),
        }
        self.control.say(line.entry());
    }

    fn lock(&self) -> MutexGuard<'_, Repeats<Fields>> {
        self.repeats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the kinds by which an ERROR is counted.
fn kinds(metadata: &Metadata<'_>, fields: &Fields) -> Vec<Kind> {
    if metadata.target() == REFUSED {
        let address = fields.get("ip").and_then(|ip| ip.parse::<IpAddr>().ok());
        return vec![Kind::Refusals(address.map(counted))];
    }
    let place = metadata.callsite();
    vec![Kind::Message(place.clone(), fields.message().to_owned()), Kind::Place(place)]
}
