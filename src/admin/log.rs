//! Commands on the log of the running server.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::broadcast::error::RecvError;
use tracing::info;

use super::outcome::{Failure, Kind, Output};
use super::{Admin, Running, items};
use crate::config::LogLevel;
use crate::logging::Entry;
use crate::model::Timestamp;

/// Number of recent lines that `log tail` sends first.
const LINES: u32 = 10;

impl Admin {
    fn server(&self) -> Result<&Running, Failure> {
        self.running().ok_or_else(|| {
            Failure::new(
                Kind::Unreachable,
                "no server is running; its log files are in the log directory",
            )
        })
    }

    /// Shows the level, or sets it, permanently or for a limited time.
    pub(super) async fn log_level(
        &self,
        level: Option<LogLevel>,
        for_seconds: Option<u64>,
        output: &Output,
    ) -> Result<(), Failure> {
        let log = &self.server()?.log;
        if let Some(level) = level {
            let before = self.0.parts.config.log.level;
            self.stop_level_timer();
            log.set_level(level);
            if let Some(seconds) = for_seconds {
                let log = log.clone();
                let time = Duration::from_secs(seconds);
                let timer = tokio::spawn(async move {
                    tokio::time::sleep(time).await;
                    log.set_level(before);
                    info!("The log level is {before:?} again.");
                });
                // A time beyond the clock never ends.
                let end = Instant::now().checked_add(time);
                *self.0.level_timer.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((timer.abort_handle(), end));
            }
        }
        let for_seconds = for_seconds.or_else(|| self.level_remaining());
        output.item(items::Level { level: log.level(), for_seconds }).await
    }

    /// Seconds until a temporary level ends, rounded up.
    fn level_remaining(&self) -> Option<u64> {
        let timer = self.0.level_timer.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, end) = timer.as_ref()?;
        let left = end.as_ref()?.checked_duration_since(Instant::now())?;
        Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }

    fn stop_level_timer(&self) {
        if let Some((timer, _)) =
            self.0.level_timer.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            timer.abort();
        }
    }

    pub(super) fn log_rotate(&self) -> Result<(), Failure> {
        self.server()?.log.reopen();
        Ok(())
    }

    /// Sends recent lines, then new ones as they are logged.
    pub(super) async fn log_tail(
        &self,
        lines: Option<u32>,
        level: Option<LogLevel>,
        user: Option<String>,
        room: Option<String>,
        for_seconds: Option<u64>,
        output: &Output,
    ) -> Result<(), Failure> {
        let server = self.server()?;
        let mut stop = server.stop.clone();
        let (latest, mut coming) = server.log.follow();
        let wanted = |entry: &Entry| {
            level.is_none_or(|level| entry.level <= level)
                && user.as_ref().is_none_or(|user| entry.user.as_ref() == Some(user))
                && room.as_ref().is_none_or(|room| entry.room.as_ref() == Some(room))
        };
        let latest: Vec<&Arc<Entry>> = latest.iter().filter(|entry| wanted(entry)).collect();
        let lines = usize::try_from(lines.unwrap_or(LINES)).unwrap_or(usize::MAX);
        for entry in &latest[latest.len().saturating_sub(lines)..] {
            output.item(entry).await?;
        }
        let end = tokio::time::sleep(for_seconds.map_or(Duration::MAX, Duration::from_secs));
        tokio::pin!(end);
        loop {
            let entry = tokio::select! {
                () = &mut end => return Ok(()),
                () = output.closed() => return Ok(()),
                _ = stop.changed() => return Err(Failure::new(Kind::Unreachable, "the server has stopped")),
                entry = coming.recv() => entry,
            };
            match entry {
                Ok(entry) if wanted(&entry) => output.item(&entry).await?,
                Ok(_) => (),
                Err(RecvError::Lagged(lost)) => {
                    let message = format!(
                        "{lost} lines were skipped here because they came too fast; the log files \
                         have them."
                    );
                    output
                        .item(Entry {
                            time: Timestamp::now().millis(),
                            level: LogLevel::Warn,
                            pid: std::process::id(),
                            user: None,
                            room: None,
                            message,
                            stack: None,
                        })
                        .await?;
                }
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }
}
