//! `chatctl config`: what holds, whether it is sound, and a file to start from.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::print::{Format, line};
use super::{Global, execute};
use crate::admin::doctor::{self, Installation, Server, Status};
use crate::admin::{Failure, Kind};
use crate::config::load::{ConfigError, Loaded};

/// The commented example, as it stands in the repository.
pub(super) const EXAMPLE: &str = include_str!("../../config.toml.example");

/// What to do with the configuration.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Examples:\n  chatctl config check --config /etc/chatctl/config.toml\n  \
                        chatctl config show --effective")]
pub(super) enum Verb {
    /// Print the configuration file, or with --effective what holds in the end
    Show {
        /// Defaults, file and environment together
        #[arg(long)]
        effective: bool,
    },
    /// Read the configuration and say what is wrong with it
    Check,
    /// Write a commented configuration file with every key at its default
    Init {
        /// Where to
        #[arg(default_value = "config.toml")]
        path: PathBuf,
    },
}

pub(super) fn run(global: &Global, verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Show { effective: true } => {
            let config = read(global)?.config;
            let text = toml::to_string_pretty(&config)
                .map_err(|error| Failure::failed(error.to_string()))?;
            said(global, text.trim_end(), &json!(config))
        }
        Verb::Show { effective: false } => {
            let path = read(global)?.file.ok_or_else(|| {
                Failure::not_found(
                    "there is no configuration file; looked for ./config.toml and \
                     /etc/chatctl/config.toml",
                )
            })?;
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Failure::io(&format!("cannot read {}", path.display()), &error))?;
            let parsed: toml::Table =
                text.parse().map_err(|error: toml::de::Error| Failure::usage(error.to_string()))?;
            said(global, text.trim_end(), &json!(parsed))
        }
        Verb::Check => {
            let (file, problems) = problems(global)?;
            if !problems.is_empty() {
                let count = if problems.len() == 1 {
                    "1 problem".to_owned()
                } else {
                    format!("{} problems", problems.len())
                };
                if global.output != Format::Table {
                    said(global, "", &json!({"file": file, "sound": false, "problems": problems}))?;
                }
                return Err(Failure::new(
                    Kind::Problems,
                    format!("{count} in the configuration:\n  {}", problems.join("\n  ")),
                ));
            }
            let words = file.as_ref().map_or_else(
                || "The defaults hold; there is no configuration file.".to_owned(),
                |file| format!("{} is sound.", file.display()),
            );
            said(global, &words, &json!({"file": file, "sound": true, "problems": []}))
        }
        Verb::Init { path } => {
            init(path)?;
            said(global, &format!("{} written.", path.display()), &json!({"file": path}))
        }
    }
}

fn said(global: &Global, words: &str, value: &Value) -> Result<(), Failure> {
    match global.output {
        Format::Table => line(words),
        Format::Json => line(&format!("{value:#}")),
        Format::Jsonl => line(&value.to_string()),
    }
}

/// The file, and everything for which `serve` or `doctor` would refuse the configuration.
fn problems(global: &Global) -> Result<(Option<PathBuf>, Vec<String>), Failure> {
    match execute::loaded(global) {
        Err(ConfigError::Wrong(problems)) => Ok((None, problems)),
        Err(other) => Err(execute::unsound(&other)),
        Ok(loaded) => {
            let ground = Installation {
                config: Arc::new(loaded.config),
                file: loaded.file.clone(),
                fix: false,
                server: Server::Stopped,
            };
            let checks = doctor::only(&["config".to_owned(), "certificate".to_owned()])?;
            let failed = doctor::examine(&ground, &checks)
                .into_iter()
                .filter(|finding| finding.status == Status::Failed);
            Ok((loaded.file, failed.map(|finding| finding.found).collect()))
        }
    }
}

fn read(global: &Global) -> Result<Loaded, Failure> {
    execute::loaded(global).map_err(|error| execute::unsound(&error))
}

fn init(path: &PathBuf) -> Result<(), Failure> {
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Failure::conflict(format!("{} exists already", path.display())));
        }
        other => other
            .map_err(|error| Failure::io(&format!("cannot write {}", path.display()), &error))?,
    };
    file.write_all(EXAMPLE.as_bytes())
        .map_err(|error| Failure::io(&format!("cannot write {}", path.display()), &error))
}
