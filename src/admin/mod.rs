//! Administration: one enum of commands, carried out on the running server or on its data alone,
//! with the same result.
//!
//! The command line sends a [`Command`] over the control socket ([`control`]) or runs it itself;
//! `POST /api/admin` takes those that need no files. What may live here: what a command does, said
//! in calls of [`Chat`] and of the store's own upkeep. No parsing of arguments, no printing.

pub mod backup;
mod backups;
pub mod certificate;
pub mod command;
pub mod control;
pub mod database;
pub mod descriptors;
pub mod doctor;
pub mod frame;
pub mod identity;
pub mod items;
mod log;
pub mod lost;
pub mod measure;
pub mod outcome;
mod room_messages;
mod rooms;
mod run;
mod status;
pub mod support;
pub mod transfer;
mod users;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::chat::Chat;
pub use crate::chat::Operator;
use crate::config::Config;
use crate::live::Hub;
use crate::logging;
use crate::store::engine::Embedded;

pub use command::Command;
pub use database::{problems_of_data, verdict as verdict_of};
pub use outcome::{Failure, Kind, Output, Reply};

/// How long a command waits for work in the background; what is left then goes on without it.
const SETTLING: Duration = Duration::from_mins(1);

/// Everything that commands work on. Cheap to clone.
#[derive(Clone)]
pub struct Admin(Arc<Inner>);

/// What [`Admin`] is assembled from.
pub struct Parts {
    /// The chat.
    pub chat: Chat,
    /// The store's own upkeep.
    pub store: Embedded,
    /// The database file.
    pub database: PathBuf,
    /// As it holds.
    pub config: Arc<Config>,
    /// What only a running server has.
    pub running: Option<Running>,
}

/// What only a running server has.
pub struct Running {
    /// Its log.
    pub log: logging::Control,
    /// Its sockets and live rooms.
    pub hub: Arc<Hub>,
    /// Where it listens.
    pub addresses: Vec<String>,
    /// Since when.
    pub since: Instant,
    /// The same by the clocks of the machine.
    pub start: doctor::Start,
    /// What it has counted, as text.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Turns true when it stops.
    pub stop: watch::Receiver<bool>,
}

struct Inner {
    parts: Parts,
    /// Sets the level of the log back.
    level_timer: Mutex<Option<AbortHandle>>,
}

/// Who gives the commands.
type Acting = Operator;

impl Admin {
    /// Puts it together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner { parts, level_timer: Mutex::default() }))
    }

    fn chat(&self) -> &Chat {
        &self.0.parts.chat
    }

    /// Waits for what goes on in the background, so that what a command says to be done is done;
    /// not for ever.
    async fn settle(&self) {
        drop(tokio::time::timeout(SETTLING, self.0.parts.store.settle()).await);
    }

    fn running(&self) -> Option<&Running> {
        self.0.parts.running.as_ref()
    }
}
