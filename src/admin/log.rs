//! Commands on the log of the running server.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use tracing::info;
use utoipa::ToSchema;

use super::outcome::{Failure, Kind};
use super::{Admin, Call, Running, items};
use crate::config::LogLevel;
use crate::logging::Entry;
use crate::model::Timestamp;

/// Number of recent lines that `log tail` sends first.
const LINES: u32 = 10;

/// Show or set the log level.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLogLevel {
    #[serde(default)]
    pub level: Option<LogLevel>,
    /// Seconds until the configured level is restored.
    #[serde(default)]
    pub for_seconds: Option<u64>,
}

impl SetLogLevel {
    /// Shows the level, or sets it, permanently or for a limited time.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, output, .. } = call;
        let Self { level, for_seconds } = self;
        let log = &admin.server()?.log;
        if let Some(level) = level {
            admin.stop_level_timer();
            log.set_level(level);
            if let Some(seconds) = for_seconds {
                let (log, config) = (log.clone(), admin.0.parts.config.clone());
                let time = Duration::from_secs(seconds);
                let timer = tokio::spawn(async move {
                    tokio::time::sleep(time).await;
                    let before = config.get().log.level;
                    log.set_level(before);
                    info!("The log level is {before:?} again.");
                });
                // A time beyond the clock never ends.
                let end = Instant::now().checked_add(time);
                *admin.0.level_timer.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((timer.abort_handle(), end));
            }
        }
        let for_seconds = for_seconds.or_else(|| admin.level_remaining());
        output.item(items::Level { level: log.level(), for_seconds }).await
    }
}

/// Follow the log; command line only.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogTail {
    /// Number of recent lines to send first.
    #[serde(default)]
    pub lines: Option<u32>,
    /// Minimum log level.
    #[serde(default)]
    pub level: Option<LogLevel>,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub room: Option<String>,
    /// Seconds after which to stop.
    #[serde(default)]
    pub for_seconds: Option<u64>,
}

impl LogTail {
    /// Sends recent lines, then new ones as they are logged.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        follow(self, call).await
    }
}

/// Sends recent lines, then new ones until the time is over or nobody reads any more.
async fn follow(tail: LogTail, call: Call<'_>) -> Result<(), Failure> {
    let Call { admin, output, .. } = call;
    let LogTail { lines, level, user, room, for_seconds } = tail;
    let server = admin.server()?;
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

/// Continue in a new log file.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogRotate {}

/// Starts a new log file.
pub(super) fn rotate(call: &Call<'_>) -> Result<(), Failure> {
    call.admin.server()?.log.reopen();
    Ok(())
}

impl Admin {
    pub(super) fn server(&self) -> Result<&Running, Failure> {
        self.running().ok_or_else(|| {
            Failure::new(
                Kind::Unreachable,
                "no server is running; its log files are in the log directory",
            )
        })
    }

    /// Seconds until a temporary level ends, rounded up.
    fn level_remaining(&self) -> Option<u64> {
        let timer = self.0.level_timer.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, end) = timer.as_ref()?;
        let left = end.as_ref()?.checked_duration_since(Instant::now())?;
        Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }

    pub(super) fn stop_level_timer(&self) {
        if let Some((timer, _)) =
            self.0.level_timer.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            timer.abort();
        }
    }
}
