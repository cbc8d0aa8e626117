//! Whether a configuration can be used, and how its problems are reported: the same for `serve`,
//! `config check` and `reload`.

use std::sync::Arc;

use super::doctor::{self, Installation, Server, Status};
use super::outcome::{Failure, Kind};
use crate::config::load::{ConfigError, Loaded};
use crate::model::rules::count;

/// The failure for a configuration that cannot be loaded.
pub fn unsound(error: &ConfigError) -> Failure {
    match error {
        ConfigError::Unreadable { path, source } => {
            Failure::io(&format!("cannot read {}", path.display()), source)
        }
        ConfigError::Stranger { .. } => Failure::new(Kind::NotPermitted, error.to_string()),
        ConfigError::Wrong(problems) => Failure::usage(problem_list(problems)),
    }
}

/// Heading and problems of the configuration, one per line.
pub fn problem_list(problems: &[String]) -> String {
    let heading = count(problems.len(), "problem");
    format!("{heading} in the configuration:\n  {}", problems.join("\n  "))
}

/// Checks of a loaded configuration.
#[derive(Clone, Copy, Debug)]
pub enum Checks {
    /// Directories and addresses.
    Places,
    /// Also the TLS certificate, and where alerts and the log are sent.
    All,
}

/// The problems of a loaded configuration that `doctor` also finds. Blocks.
pub fn problems(loaded: &Loaded, checks: Checks) -> Result<Vec<String>, Failure> {
    let names: &[&str] = match checks {
        Checks::Places => &["config"],
        Checks::All => &["config", "certificate", "alerts", "otlp"],
    };
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let ground = Installation {
        config: Arc::new(loaded.config.clone()),
        file: loaded.file.clone(),
        fix: false,
        server: Server::Stopped,
    };
    let failed = doctor::examine(&ground, &doctor::only(&names)?)
        .into_iter()
        .filter(|finding| finding.status == Status::Failed);
    let mut problems: Vec<String> = Vec::new();
    for finding in failed {
        // Two checks may find the same.
        if !problems.contains(&finding.found) {
            problems.push(finding.found);
        }
    }
    Ok(problems)
}
