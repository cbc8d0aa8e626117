//! Checks that find problems of a server, suggest remedies, and repair what is safe to repair.
//!
//! A check examines an [`Installation`], which is the configuration and the files it refers to. It
//! opens files itself, read-only, so it works the same inside a running server, on the data of a
//! stopped one, and if no server can start. Checks block; the slow ones read the whole database.

mod acme;
mod alerts;
mod backups;
mod certificate;
mod changes;
mod clock;
mod cluster;
mod configuration;
mod copies;
mod database;
mod descriptors;
mod disk;
mod ldap;
mod logs;
mod mail;
mod oidc;
mod permissions;
mod proxies;
mod push;
mod registration;
mod report;
mod rooms;
mod search;
mod server;
mod shipping;
mod table;
mod uploads;
mod websocket;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use clock::Start;
use report::Report;
pub use report::{Finding, Status};
pub use table::{CHECKS, Check, Side, nearest, only};

use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use utoipa::ToSchema;

use super::outcome::Failure;
use super::{Admin, Call, Operator};
use crate::config::Config;
use crate::config::current::Change;
use crate::config::load::ConfigError;
use crate::logging::alerts::Reach;
use crate::logging::ship::Shipped;
use crate::store::engine::Engine;

/// The installation to check.
#[derive(Clone)]
pub struct Installation {
    /// The effective configuration.
    pub config: Arc<Config>,
    /// The configuration file, if known.
    pub file: Option<PathBuf>,
    /// Whether to repair what is safe to repair.
    pub fix: bool,
    /// State of the server.
    pub server: Server,
}

/// State of the server, as seen by the process that runs the checks.
#[derive(Clone)]
pub enum Server {
    /// No server is running; this process holds the lock.
    Stopped,
    /// This process is the server.
    Here(Box<Live>),
    /// Another process is the server and answers at the control socket.
    Elsewhere,
    /// Another process holds the data directory and does not answer, for this reason; nothing may
    /// be changed.
    Silent(String),
}

/// State of a running server.
#[derive(Clone)]
pub struct Live {
    /// The storage engine.
    pub engine: Engine,
    /// Listen addresses.
    pub addresses: Vec<String>,
    /// Start time, by its clocks.
    pub start: Start,
    /// Returns the effect that loading the configuration again would have.
    pub pending: Pending,
    /// Outcome of the last alert or test sent to each target, by its full name.
    pub alerts: BTreeMap<String, Reach>,
    /// State of the OTLP receiver of the log.
    pub shipped: Shipped,
}

/// Loads the configuration again and compares it with the one in effect. Blocks.
pub type Pending = Arc<dyn Fn() -> Result<Change, ConfigError> + Send + Sync>;

impl Installation {
    fn data(&self) -> &std::path::Path {
        &self.config.server.data_dir
    }

    fn database(&self) -> PathBuf {
        self.data().join(&self.config.database.path)
    }

    /// Whether a server may have the files open.
    fn is_live(&self) -> bool {
        !matches!(self.server, Server::Stopped)
    }

    /// Warns of keys in these sections that have changed and that the running server has not
    /// loaded.
    fn warn_of_unloaded(&self, sections: &[&str], report: &mut Report) {
        let Server::Here(live) = &self.server else { return };
        // What is wrong with a file that cannot be loaded is said by the check `changes`.
        let Ok(Change { in_force, .. }) = (live.pending)() else { return };
        let of_section = |name: &&String| {
            name.rsplit_once('.').is_some_and(|(section, _)| sections.contains(&section))
        };
        let changed: Vec<&str> = in_force.iter().filter(of_section).map(String::as_str).collect();
        if !changed.is_empty() {
            report.warn(
                format!("changed, but not yet loaded: {}", changed.join(", ")),
                "Load the configuration: chatctl reload.",
            );
        }
    }

    /// The installation with the configuration that a reload would bring into force; None: the
    /// server cannot load it, or this process is not the server.
    fn pending(&self) -> Option<Self> {
        let Server::Here(live) = &self.server else { return None };
        let change = (live.pending)().ok()?;
        Some(Self { config: Arc::new(change.config), ..self.clone() })
    }

    fn may_repair(&self) -> bool {
        self.fix && matches!(self.server, Server::Stopped | Server::Here(_))
    }

    /// The listen addresses of the running server, or the configured ones.
    fn addresses(&self) -> &[String] {
        match &self.server {
            Server::Here(live) => &live.addresses,
            _ => &self.config.server.listen,
        }
    }
}

/// Waits for work that runs on tasks. Blocks.
fn wait<T>(work: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
    match Handle::try_current() {
        Ok(runtime) => runtime.block_on(work),
        Err(_) => tokio::runtime::Runtime::new()?.block_on(work),
    }
}

/// Runs the checks in their order. Blocks.
pub fn examine(ground: &Installation, checks: &[&Check]) -> Vec<Finding> {
    checks.iter().flat_map(|check| check.run(ground)).collect()
}

/// Logs the repairs.
pub fn note(operator: &Operator, findings: &[Finding]) {
    for finding in findings.iter().filter(|finding| finding.status == Status::Fixed) {
        tracing::info!(
            user = operator.name(),
            "Repaired ({}): {}; {}.",
            finding.check,
            finding.found,
            finding.advice.as_deref().unwrap_or_default()
        );
    }
}

/// A failure if any check failed.
pub fn verdict(findings: &[Finding]) -> Result<(), Failure> {
    super::verdict_of(findings.iter().filter(|finding| finding.status == Status::Failed).count())
}

/// Run checks and suggest remedies.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Doctor {
    /// Names of the checks; empty runs all.
    #[serde(default)]
    pub only: Vec<String>,
    /// Repair what is safe to repair.
    #[serde(default)]
    pub fix: bool,
}

impl Doctor {
    pub(in crate::admin) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { only: names, fix } = self;
        let (ground, checks) = (admin.ground(fix), only(&names)?);
        let looked = tokio::task::spawn_blocking(move || examine(&ground, &checks));
        let findings = looked.await.map_err(|error| Failure::failed(error.to_string()))?;
        note(operator, &findings);
        for finding in &findings {
            output.item(finding).await?;
        }
        verdict(&findings)
    }
}

impl Admin {
    /// The installation as seen by this process.
    pub(super) fn ground(&self, fix: bool) -> Installation {
        let parts = &self.0.parts;
        let server = match self.running() {
            None => Server::Stopped,
            Some(running) => Server::Here(Box::new(Live {
                engine: parts.engine.clone(),
                addresses: running.addresses.clone(),
                start: running.start,
                pending: {
                    let reloader = Arc::clone(&running.reloader);
                    Arc::new(move || reloader.pending())
                },
                alerts: running.log.reached().all(),
                shipped: running.log.shipped(),
            })),
        };
        Installation { config: parts.config.get(), file: None, fix, server }
    }
}
