//! Administration commands, run by the server or directly on its data, with the same result.
//!
//! The command line sends a [`Command`] over the control socket ([`control`]) or runs it itself;
//! `POST /api/admin` accepts the commands that need no files. This module implements commands as
//! calls of [`Chat`] and of the maintenance functions of the store. No parsing of arguments, no
//! printing.

pub mod acme;
pub mod alerts;
pub mod audit;
pub mod backup;
pub mod backups;
pub mod bots;
pub mod bucket;
pub mod certificate;
pub mod certificates;
pub mod cluster;
pub mod command;
pub mod control;
pub mod database;
pub mod descriptors;
pub mod doctor;
pub mod emoji;
pub mod erase;
pub mod frame;
mod ground;
pub mod identities;
pub mod identity;
pub mod invitations;
pub mod items;
pub mod ldap;
pub mod log;
pub mod look;
pub mod lost;
pub mod mail;
pub mod measure;
pub mod media;
pub mod outcome;
pub mod outgoing_webhooks;
mod recorded;
pub mod reload;
pub mod removal;
pub mod reset_link;
pub mod retention;
pub mod room_messages;
pub mod rooms;
mod run;
pub mod secret;
pub mod slash_commands;
pub mod soundness;
pub mod status;
pub mod support;
pub mod tokens;
pub mod transfer;
pub mod user_export;
pub mod users;
mod walk;
pub mod webhooks;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::chat::Chat;
pub use crate::chat::Operator;
use crate::config::current::Current;
use crate::live::Hub;
use crate::logging;
use crate::store::engine::{Embedded, Engine};
use crate::store::files::Files;

pub use command::Command;
pub use database::{problems_of_data, verdict as verdict_of};
pub use outcome::{Failure, Kind, Output, Reply};

/// How long a command waits for background work; what remains continues without it.
const SETTLING: Duration = Duration::from_mins(1);

/// Runs commands. Cheap to clone.
#[derive(Clone)]
pub struct Admin(Arc<Inner>);

/// The parts of an [`Admin`].
pub struct Parts {
    /// The chat.
    pub chat: Chat,
    /// The storage engine, for maintenance.
    pub engine: Engine,
    /// The database file; not used if the engine is a cluster.
    pub database: PathBuf,
    /// The bytes of uploaded files.
    pub files: Files,
    /// The configuration in effect.
    pub config: Current,
    /// State of the running server; None while working on the data directly.
    pub running: Option<Running>,
}

/// State that only a running server has.
pub struct Running {
    /// Controls its log.
    pub log: logging::Control,
    /// Its sockets and live rooms.
    pub hub: Arc<Hub>,
    /// Its listen addresses.
    pub addresses: Vec<String>,
    /// Start time.
    pub since: Instant,
    /// Start time by the clocks of the machine, to detect clock changes.
    pub start: doctor::Start,
    /// Renders its metrics as text.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Loads its configuration again.
    pub reloader: Arc<reload::Reloader>,
    /// Becomes true when it stops.
    pub stop: watch::Receiver<bool>,
}

struct Inner {
    parts: Parts,
    /// Resets a temporary log level, and when.
    level_timer: Mutex<Option<(AbortHandle, Option<Instant>)>>,
}

/// What a command is carried out with.
#[derive(Clone, Copy)]
struct Call<'a> {
    admin: &'a Admin,
    /// The user who gave it.
    operator: &'a Operator,
    output: &'a Output,
}

impl Admin {
    /// Assembles it.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner { parts, level_timer: Mutex::default() }))
    }

    fn chat(&self) -> &Chat {
        &self.0.parts.chat
    }

    /// Waits for background work, so that the result of a command is complete when it is reported;
    /// gives up after [`SETTLING`].
    async fn settle(&self) {
        drop(tokio::time::timeout(SETTLING, self.0.parts.engine.settle()).await);
    }

    /// The embedded engine, which has files. `instead` says what to do if the data is in a cluster.
    fn embedded(&self, instead: &str) -> Result<&Embedded, Failure> {
        self.0.parts.engine.embedded().ok_or_else(|| in_cluster(instead))
    }

    fn running(&self) -> Option<&Running> {
        self.0.parts.running.as_ref()
    }
}

/// The failure of what only works on the files of an embedded database.
pub fn in_cluster(instead: &str) -> Failure {
    Failure::failed(format!("the data is in a cluster, not in files of this server; {instead}"))
}
