//! `chatctl config`: show and check the configuration, and write a commented example.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use serde_json::{Value, json};

use super::print::{Format, line, note};
use super::{Global, execute};
use crate::admin::soundness::{self, Checks, problem_list, unsound};
use crate::admin::{Failure, Kind, identity};
use crate::config::load::{ConfigError, Loaded};
use crate::config::{place, remarks, show};

/// The commented example from the repository.
pub(super) const EXAMPLE: &str = include_str!("../../config.toml.example");

/// Above the configuration in effect.
const LOOK: &str =
    "# What administrators have set wins over [server] name, accent and motd: chatctl server show";

/// Verbs of `chatctl config`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Examples:\n  chatctl config check --config /etc/chatctl/config.toml\n  \
                        chatctl config show --effective")]
pub(super) enum Verb {
    /// Print the configuration file, or with --effective the configuration in effect
    Show {
        /// Merge defaults, file and environment
        #[arg(long)]
        effective: bool,
    },
    /// Check the configuration; exit code 6 if problems are found
    Check,
    /// Write a commented configuration file with every key at its default
    Init {
        /// File to create (default: config.toml)
        path: Option<PathBuf>,
    },
}

pub(super) fn run(global: &Global, verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Show { effective: true } => {
            let config = read(global)?.config;
            let cannot = |error: toml::ser::Error| Failure::failed(error.to_string());
            let shown = show::effective(&config).map_err(cannot)?;
            let text = toml::to_string_pretty(&shown).map_err(cannot)?;
            // The database is not opened here.
            let text = format!("{LOOK}\n{}", text.trim_end());
            print(global, &text, &json!(shown))
        }
        Verb::Show { effective: false } => {
            let path = read(global)?.file.ok_or_else(|| {
                Failure::not_found(
                    "there is no configuration file; searched ./config.toml and \
                     /etc/chatctl/config.toml",
                )
            })?;
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Failure::io(&format!("cannot read {}", path.display()), &error))?;
            let parsed: toml::Table =
                text.parse().map_err(|error: toml::de::Error| Failure::usage(error.to_string()))?;
            let shown = show::masked_text(text.trim_end(), &parsed);
            print(global, &shown, &json!(show::masked(parsed)))
        }
        Verb::Check => checked(global),
        Verb::Init { path } => {
            let path = path.clone().map_or_else(own_place, Ok)?;
            init(&path)?;
            print(global, &format!("Wrote {}.", path.display()), &json!({"file": path}))
        }
    }
}

/// Checks the configuration: problems are a failure, remarks are not.
fn checked(global: &Global) -> Result<(), Failure> {
    let (file, problems) = problems(global)?;
    let remarks = execute::loaded(global).map(|loaded| remarks::all(&loaded.config));
    let remarks = remarks.unwrap_or_default();
    for remark in &remarks {
        note(&format!("warning: {remark}."));
    }
    if !problems.is_empty() {
        if global.output != Format::Table {
            print(
                global,
                "",
                &json!({
                    "file": file, "sound": false, "problems": problems, "warnings": remarks
                }),
            )?;
        }
        return Err(Failure::new(Kind::Problems, problem_list(&problems)));
    }
    let verdict = file.as_ref().map_or_else(
        || "No configuration file; defaults and environment are used.".to_owned(),
        |file| format!("No problems in {}.", file.display()),
    );
    let verdict = format!("{verdict}{}", whose_rights());
    let found = json!({"file": file, "sound": true, "problems": [], "warnings": remarks});
    print(global, &verdict, &found)
}

/// Fails if the configuration names directories or addresses that cannot work.
pub(super) fn require_usable(loaded: &Loaded) -> Result<(), Failure> {
    let problems = soundness::problems(loaded, Checks::Places)?;
    if problems.is_empty() { Ok(()) } else { Err(Failure::usage(problem_list(&problems))) }
}

fn print(global: &Global, text: &str, value: &Value) -> Result<(), Failure> {
    match global.output {
        Format::Table => line(text),
        Format::Json => line(&format!("{value:#}")),
        Format::Jsonl => line(&value.to_string()),
    }
}

/// The file, and every problem for which `serve` or `doctor` would refuse the configuration.
fn problems(global: &Global) -> Result<(Option<PathBuf>, Vec<String>), Failure> {
    match execute::loaded(global) {
        Err(ConfigError::Wrong(problems)) => Ok((None, problems)),
        Err(other) => Err(unsound(&other)),
        Ok(loaded) => {
            // The server runs as this user, whose permissions count.
            let data = &loaded.config.server.data_dir;
            if let Err(failure) = identity::work_as_owner_of(data) {
                return Ok((loaded.file, vec![failure.to_string()]));
            }
            let mut problems = soundness::problems(&loaded, Checks::All)?;
            problems.extend(loaded.file.as_deref().and_then(unreadable));
            Ok((loaded.file, problems))
        }
    }
}

/// Why the server cannot read its configuration file: a reload would fail.
fn unreadable(file: &Path) -> Option<String> {
    let error = File::open(file).err()?;
    let user = identity::name(geteuid().as_raw());
    Some(format!("{user}, as whom the server runs, cannot read {}: {error}", file.display()))
}

/// As whom root has checked, for the verdict.
fn whose_rights() -> String {
    let user = geteuid();
    if user == identity::caller() {
        return String::new();
    }
    let user = identity::name(user.as_raw());
    format!(" Checked with the permissions of {user}, the owner of the data directory.")
}

fn read(global: &Global) -> Result<Loaded, Failure> {
    execute::loaded(global).map_err(|error| unsound(&error))
}

/// The default file, unless it would not be used.
fn own_place() -> Result<PathBuf, Failure> {
    let path = PathBuf::from("config.toml");
    match place::before(&path) {
        Some(used) => Err(Failure::conflict(format!(
            "root uses {}, which exists, and not ./config.toml: edit that file, or name the one to \
             create, and use it with --config",
            used.display()
        ))),
        None => Ok(path),
    }
}

fn init(path: &PathBuf) -> Result<(), Failure> {
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Failure::conflict(format!("{} already exists", path.display())));
        }
        other => other
            .map_err(|error| Failure::io(&format!("cannot write {}", path.display()), &error))?,
    };
    file.write_all(EXAMPLE.as_bytes())
        .map_err(|error| Failure::io(&format!("cannot write {}", path.display()), &error))
}
