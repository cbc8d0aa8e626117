//! What can be wrong with a server: found, said with what to do about it, and mended where that is
//! safe.
//!
//! A check looks at a [`Installation`], the configuration and the files that it tells of, and opens what
//! it needs itself, only to read. So a check says the same inside a running server, on the data of
//! a stopped one, and where no server could start. Checks block; those that take long read the
//! whole database.

mod backups;
mod certificate;
mod clock;
mod configuration;
mod database;
mod descriptors;
mod disk;
mod logs;
mod permissions;
mod proxies;
mod registration;
mod report;
mod rooms;
mod search;
mod server;
mod table;
mod uploads;
mod websocket;

use std::path::PathBuf;
use std::sync::Arc;

pub use certificate::end as certificate_end;
pub use clock::Start;
pub use report::{Finding, Status};
pub use table::{CHECKS, Check, Side, nearest, only};

use super::outcome::{Failure, Kind, Output};
use super::{Admin, Operator};
use crate::config::Config;
use crate::store::engine::Embedded;

/// What is looked at.
#[derive(Clone)]
pub struct Installation {
    /// As it holds.
    pub config: Arc<Config>,
    /// The file that it came from, where that is known.
    pub file: Option<PathBuf>,
    /// Whether to mend what is safe to mend.
    pub fix: bool,
    /// Whether a server runs on it.
    pub server: Server,
}

/// Whether a server runs, as far as whoever looks knows.
#[derive(Clone)]
pub enum Server {
    /// None, and the lock is held by whoever looks.
    Stopped,
    /// Whoever looks is it.
    Here(Box<Live>),
    /// One answers at the control socket; whoever looks is not it.
    Elsewhere,
    /// It holds the data directory and does not answer, as this says; nothing may be touched.
    Silent(String),
}

/// What a running server knows of itself.
#[derive(Clone)]
pub struct Live {
    /// Its store.
    pub store: Embedded,
    /// Where it listens.
    pub addresses: Vec<String>,
    /// When it began, by its clocks.
    pub start: Start,
}

impl Installation {
    fn data(&self) -> &std::path::Path {
        &self.config.server.data_dir
    }

    fn database(&self) -> PathBuf {
        self.data().join(&self.config.database.path)
    }

    /// A server may have the files open.
    fn is_live(&self) -> bool {
        !matches!(self.server, Server::Stopped)
    }

    fn may_mend(&self) -> bool {
        self.fix && matches!(self.server, Server::Stopped | Server::Here(_))
    }

    /// Where the server listens, else where it would.
    fn addresses(&self) -> &[String] {
        match &self.server {
            Server::Here(live) => &live.addresses,
            _ => &self.config.server.listen,
        }
    }
}

/// Looks: all checks of the list, in its order. Blocks.
pub fn examine(ground: &Installation, checks: &[&Check]) -> Vec<Finding> {
    checks.iter().flat_map(|check| check.run(ground)).collect()
}

/// Notes in the log what was mended, and by whom.
pub fn note(operator: &Operator, findings: &[Finding]) {
    for finding in findings.iter().filter(|finding| finding.status == Status::Fixed) {
        tracing::info!(
            user = operator.name(),
            "Mended ({}): {}; {}.",
            finding.check,
            finding.found,
            finding.advice.as_deref().unwrap_or_default()
        );
    }
}

/// A failure when a check has failed.
pub fn verdict(findings: &[Finding]) -> Result<(), Failure> {
    match findings.iter().filter(|finding| finding.status == Status::Failed).count() {
        0 => Ok(()),
        1 => Err(Failure::new(Kind::Problems, "1 problem was found")),
        count => Err(Failure::new(Kind::Problems, format!("{count} problems were found"))),
    }
}

impl Admin {
    /// What this process can look at: a running server, or the data of a stopped one.
    pub(super) fn ground(&self, fix: bool) -> Installation {
        let parts = &self.0.parts;
        let server = match self.running() {
            None => Server::Stopped,
            Some(running) => Server::Here(Box::new(Live {
                store: parts.store.clone(),
                addresses: running.addresses.clone(),
                start: running.start,
            })),
        };
        Installation { config: Arc::clone(&parts.config), file: None, fix, server }
    }

    pub(super) async fn doctor(
        &self,
        operator: &Operator,
        names: &[String],
        fix: bool,
        output: &Output,
    ) -> Result<(), Failure> {
        let (ground, checks) = (self.ground(fix), only(names)?);
        let looked = tokio::task::spawn_blocking(move || examine(&ground, &checks));
        let findings = looked.await.map_err(|error| Failure::failed(error.to_string()))?;
        note(operator, &findings);
        for finding in &findings {
            output.item(finding).await?;
        }
        verdict(&findings)
    }
}
