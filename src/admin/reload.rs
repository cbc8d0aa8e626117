//! Loads the configuration of the running server again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;
use tracing::{error, info, warn};
use utoipa::ToSchema;

use super::outcome::{Failure, Kind};
use super::soundness::{self, Checks};
use super::support::redacted_json;
use super::{Admin, Call, Operator, certificates, descriptors, items};
use crate::config::current::{Change, change};
use crate::config::load::{ConfigError, Flags, Loaded, load};
use crate::config::{self, Config};
use crate::logging;
use crate::model::{AuditNote, AuditTarget};
use crate::service::notify::{self, State};

/// Action of the audit log.
pub(super) const ACTION: &str = "config.reload";

/// Load the configuration and the TLS certificate again; command line only.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reload {}

impl Reload {
    /// Reports the keys that are in force and those that need a restart.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let reloaded = call.admin.load_again(call.operator).await?;
        call.output.item(reloaded).await
    }
}

/// What a reload needs from the start of the server.
pub struct Reloader {
    /// Options of the command line; they override the file each time.
    flags: Flags,
    /// The configuration in effect, before it was limited to what the system allows.
    given: std::sync::Mutex<Config>,
    certificate: Renew,
    /// Whether the server stops. Held during a reload, which tells the service manager that the
    /// server is ready again: that must not follow the news that it stops.
    ended: Mutex<bool>,
}

/// Reads changed TLS certificates again. Blocks.
pub type Renew = Arc<dyn Fn(&config::Server) + Send + Sync>;

impl Reloader {
    /// `given` was loaded with these flags. A file that was found without being named is used
    /// again.
    pub fn new(mut flags: Flags, file: Option<PathBuf>, given: Config, certificate: Renew) -> Self {
        flags.config = flags.config.or(file);
        Self { flags, given: std::sync::Mutex::new(given), certificate, ended: Mutex::new(false) }
    }
}

impl Reloader {
    /// The configuration in effect, as it was given.
    fn given(&self) -> Config {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The configuration file of the server.
    pub fn file(&self) -> Option<&Path> {
        self.flags.config.as_deref()
    }

    /// The effect that loading the configuration again would have. Blocks.
    pub fn pending(&self) -> Result<Change, ConfigError> {
        Ok(change(&self.given(), &load(&self.flags)?.config))
    }
}

impl Admin {
    /// The configuration as a reload would bring it into force, with the changed keys of a section
    /// that the running server has not loaded. Without a server: the configuration of this process.
    pub(super) async fn configuration_on_disk(
        &self,
        section: &str,
    ) -> Result<(Arc<Config>, Vec<String>), Failure> {
        let Some(running) = self.running() else {
            return Ok((self.0.parts.config.get(), Vec::new()));
        };
        let reloader = Arc::clone(&running.reloader);
        let pending = tokio::task::spawn_blocking(move || reloader.pending()).await;
        let pending = pending.map_err(|error| Failure::failed(error.to_string()))?;
        let change = pending.map_err(|error| {
            Failure::failed(format!(
                "{}\n  The running server keeps the previous one.",
                soundness::unsound(&error)
            ))
        })?;
        let is_of = |name: &String| name.rsplit_once('.').is_some_and(|(of, _)| of == section);
        Ok((Arc::new(change.config), change.in_force.into_iter().filter(is_of).collect()))
    }

    /// Lets a reload that has begun end, and no other one begin.
    pub async fn end_reloads(&self) {
        if let Some(running) = self.running() {
            *running.reloader.ended.lock().await = true;
        }
    }

    /// Loads the configuration again, at a signal.
    pub async fn reload_at_signal(&self) {
        let operator = Operator::server("signal").doing(ACTION);
        // The outcome is logged.
        drop(self.load_again(&operator).await);
    }

    /// Loads the configuration again. If it cannot be used, nothing changes. The outcome is logged.
    async fn load_again(&self, operator: &Operator) -> Result<items::Reloaded, Failure> {
        let running = self.server()?;
        let ended = running.reloader.ended.lock().await;
        if *ended {
            warn!("The configuration was not reloaded: the server is stopping.");
            return Err(Failure::new(Kind::Unreachable, "the server is stopping"));
        }
        notify::tell(State::Reloading, "Reloading the configuration").await;
        let done = self.reload_from(operator, &running.reloader, &running.log).await;
        let listening = format!("Listening on {}", running.addresses.join(", "));
        notify::tell(State::Ready, listening).await;
        match &done {
            Ok(reloaded) => info!("The configuration was reloaded{reloaded}."),
            Err(failure) => error!(
                target: "chatctl::plain",
                "The configuration could not be reloaded and stays unchanged: {}",
                failure.to_string().replace("\n ", "")
            ),
        }
        done
    }

    async fn reload_from(
        &self,
        operator: &Operator,
        reloader: &Reloader,
        log: &logging::Control,
    ) -> Result<items::Reloaded, Failure> {
        let given = reloader.given();
        let flags = reloader.flags.clone();
        let loaded = tokio::task::spawn_blocking(move || sound(&flags));
        let (loaded, warnings) =
            loaded.await.map_err(|error| Failure::failed(error.to_string()))??;
        let Change { config, in_force, need_restart } = change(&given, &loaded.config);
        if !in_force.is_empty() {
            let note = changed(&given, &config, &in_force);
            self.chat().record(operator, note).await.map_err(|failure| {
                Failure::failed(format!("the audit log cannot be written: {failure}"))
            })?;
        }
        let (renew, server) = (Arc::clone(&reloader.certificate), config.server.clone());
        let renewed = tokio::task::spawn_blocking(move || renew(&server));
        renewed.await.map_err(|error| Failure::failed(error.to_string()))?;
        if config.log.level != given.log.level {
            self.stop_level_timer();
            log.set_level(config.log.level);
        }
        self.0.parts.config.replace(descriptors::fit(config.clone()));
        // They are refused from now on; this closes their sockets.
        if let Err(error) = self.chat().enforce_second_factors().await {
            warn!(%error, "Sessions without a second factor were not ended");
        }
        *reloader.given.lock().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(items::Reloaded { file: loaded.file, in_force, need_restart, warnings })
    }
}

/// What the audit log says of changed keys; secret values are not shown.
fn changed(old: &Config, new: &Config, keys: &[String]) -> AuditNote {
    let values = |config: &Config| {
        let all = serde_json::to_value(config).unwrap_or_default();
        let shown = keys.iter().map(|name| {
            // A section may have a dot in its name.
            let (section, key) = name.rsplit_once('.').unwrap_or((name, ""));
            (name.clone(), redacted_json(key, &all[section][key]))
        });
        Some(Value::Object(shown.collect()).to_string())
    };
    AuditNote {
        target: Some(AuditTarget::new("config", "config.toml", None)),
        before: values(old),
        after: values(new),
    }
}

/// The configuration, if the server would start with it, and what is wrong with it nevertheless.
/// Blocks.
fn sound(flags: &Flags) -> Result<(Loaded, Vec<String>), Failure> {
    // Not with the code of a usage error: the arguments of `reload` are right.
    let failed = |failure: Failure| Failure::new(Kind::Failed, failure.to_string());
    let loaded = load(flags).map_err(|error| failed(soundness::unsound(&error)))?;
    let mut problems = soundness::problems(&loaded, Checks::Places)?;
    // An expired certificate is no reason to keep the other settings: the server starts with it,
    // too.
    match certificates::problems(&loaded.config.server) {
        Ok(warnings) if problems.is_empty() => return Ok((loaded, warnings)),
        Ok(_) => (),
        Err(unusable) => problems.push(unusable.to_string()),
    }
    Err(Failure::failed(soundness::problem_list(&problems)))
}
