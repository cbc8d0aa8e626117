//! `[backup]` and `[audit]`: what is kept, where and for how long.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// `[retention]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Days after which messages are deleted; 0: they are kept for ever. Rooms may have their own
    /// number (`chatctl room retention`).
    pub days: u32,
    /// Keep pinned messages until they are unpinned.
    pub keep_pinned: bool,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 0, keep_pinned: true }
    }
}

/// `[audit]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// Days for which entries of the audit log are kept; 0: for ever.
    pub days: u64,
}

impl Default for Audit {
    fn default() -> Self {
        Self { days: 365 }
    }
}

impl Audit {
    /// How long entries are kept; None: for ever.
    pub fn kept_for(&self) -> Option<Duration> {
        (self.days > 0).then(|| Duration::from_secs(self.days.saturating_mul(24 * 60 * 60)))
    }
}

/// `[backup]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// Directory of the backups, relative to the data directory.
    pub directory: PathBuf,
    /// Hours between automatic backups. Unset: no automatic backups.
    pub every_hours: Option<u64>,
    /// Bucket of an S3 server to which each backup is copied, with a prefix:
    /// `s3://BUCKET/PREFIX/`. `[backup.s3]` is the server. Unset: no copies.
    pub to: Option<String>,
    /// Public keys of age (`age1…`), for each of which backups are encrypted. Empty: backups are not
    /// encrypted.
    pub recipients: Vec<String>,
    /// Number of newest backups to keep. A backup is deleted if none of the `keep` settings keeps
    /// it. All unset: no backup is deleted.
    pub keep: Option<u64>,
    /// Number of days, of each of which the newest backup is kept.
    pub keep_daily: Option<u64>,
    /// Number of weeks, of each of which the newest backup is kept.
    pub keep_weekly: Option<u64>,
    /// Number of months, of each of which the newest backup is kept.
    pub keep_monthly: Option<u64>,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("backups"),
            every_hours: None,
            to: None,
            recipients: Vec::new(),
            keep: None,
            keep_daily: None,
            keep_weekly: None,
            keep_monthly: None,
        }
    }
}
