//! Loads the configuration: defaults, then the file, then the environment, then flags. All problems
//! are reported at once.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::Serialized;
use toml::{Table, Value};

use super::{Config, LogLevel, Server, keys, place, show, sound, value, variables};

/// Configuration values from the command line.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--listen`, may be repeated.
    pub listen: Vec<String>,
    /// `--log-level`
    pub log_level: Option<LogLevel>,
}

/// A configuration and its origin.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The effective configuration.
    pub config: Config,
    /// The file, if one was used.
    pub file: Option<PathBuf>,
    /// Likely mistakes that are not errors: files that were ignored, variables without effect.
    pub remarks: Vec<String>,
}

/// Why the configuration could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A configured file does not exist or cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// Keys are unknown, or values are invalid: all problems found.
    #[error("{}", .0.join("\n"))]
    Wrong(Vec<String>),
    /// The data directory belongs to another user and was not named explicitly.
    #[error(
        "the data directory {path} belongs to {owner}, and was not configured explicitly: use \
         --data-dir, --config or CHATCTL_SERVER__DATA_DIR"
    )]
    Stranger {
        /// Path of the directory.
        path: PathBuf,
        /// Name of its owner.
        owner: String,
    },
}

/// Loads the configuration of this process.
pub fn load(flags: &Flags) -> Result<Loaded, ConfigError> {
    load_from(flags, std::env::vars_os(), &place::usual())
}

/// A syntax error with its position, without the line, which may contain a secret.
fn without_excerpt(text: &str, error: &toml::de::Error) -> String {
    let Some(span) = error.span() else {
        return format!("TOML parse error: {}", error.message());
    };
    let before = text.get(..span.start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    if error.message().contains("duplicate key")
        && let Some(twice) = twice(text, line)
    {
        return twice;
    }
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    format!("TOML parse error at line {line}, column {column}: {}", error.message())
}

/// What the line with this number repeats: a section or a key that is there already.
fn twice(text: &str, number: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let (before, line) = (lines.get(..number - 1)?, lines.get(number - 1)?);
    if let Some(section) = heading(line) {
        let first = before.iter().position(|line| heading(line).as_ref() == Some(&section))? + 1;
        return Some(format!(
            "section [{section}] is there twice, in lines {first} and {number}; put all its keys \
             below one heading"
        ));
    }
    let key =
        |line: &str| line.split_once('=').map(|(key, _)| key.trim().trim_matches('"').to_owned());
    let (own, start) = (key(line)?, before.iter().rposition(|line| heading(line).is_some()));
    let start = start.map_or(0, |start| start + 1);
    let first = before.iter().skip(start).position(|line| key(line).as_ref() == Some(&own))?;
    let section = start.checked_sub(1).and_then(|at| heading(before.get(at)?));
    let section = section.map(|section| format!(" in [{section}]")).unwrap_or_default();
    let first = start + first + 1;
    Some(format!("key {own}{section} is there twice, in lines {first} and {number}; remove one"))
}

/// The section that a line begins.
fn heading(line: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix('[')?;
    let name = rest.split(']').next()?;
    let parts = name.split('.').map(|part| part.trim().trim_matches(['"', '\'']));
    Some(parts.collect::<Vec<_>>().join("."))
}

/// Returns the file that [`load`] uses, and whether it was named instead of found.
pub fn chosen(flags: &Flags) -> (Option<PathBuf>, bool) {
    let variables = variables::read(std::env::vars_os());
    let named = flags.config.clone().or_else(|| variables.file.map(PathBuf::from));
    let is_named = named.is_some();
    (named.or_else(|| place::find(&place::usual()).file), is_named)
}

fn load_from(
    flags: &Flags,
    variables: impl Iterator<Item = (OsString, OsString)>,
    places: &[PathBuf],
) -> Result<Loaded, ConfigError> {
    let mut variables = variables::read(variables);
    let mut remarks = std::mem::take(&mut variables.remarks);
    let mut problems = std::mem::take(&mut variables.problems);
    let named = flags.config.clone().or_else(|| variables.file.clone().map(PathBuf::from));
    let is_named = named.is_some();
    let found = named.map_or_else(
        || place::find(places),
        |file| place::Found { file: Some(file), remarks: Vec::new() },
    );
    remarks.extend(found.remarks);
    let mut table = Table::new();
    if let Some(path) = &found.file {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
        // Users who did not mean this file learn how to choose another.
        let other = if is_named { "" } else { "; --config or CHATCTL_CONFIG chooses another" };
        let place = format!(" (file {}{other})", path.display());
        match text.parse::<Table>() {
            Ok(parsed) => table = values(parsed, &place, &mut problems),
            Err(error) => problems.push(format!("{}{place}", without_excerpt(&text, &error))),
        }
    }
    // A relative directory in the file is relative to the file; one in flags or environment is
    // relative to the current directory.
    let of_others = flags.data_dir.is_some() || variables.has("server", "data_dir");
    let in_file = table.get("server").and_then(|server| server.get("data_dir")).is_some();
    let layers = [table, variables.table(), overrides(flags)];
    let defaults = Figment::from(Serialized::defaults(Config::default()));
    let merged = layers
        .into_iter()
        .fold(defaults, |merged, layer| merged.merge(Serialized::defaults(layer)));
    // Each value is valid for its key already; other errors are reported without the source
    // location added by figment.
    let mut config: Config = merged.extract().unwrap_or_else(|error| {
        problems.push(format!("{}: {}", error.path.join("."), error.kind));
        Config::default()
    });
    problems.extend(sound::problems(&config));
    if !problems.is_empty() {
        return Err(ConfigError::Wrong(problems));
    }
    if let (false, Some(folder)) = (of_others, found.file.as_ref().and_then(|path| path.parent())) {
        config.server.data_dir = folder.join(&config.server.data_dir);
    }
    let Server { data_dir, tls_cert, tls_key, tls_directory, acme_ca, .. } = &mut config.server;
    let cas = [
        acme_ca,
        &mut config.backup_s3.tls_ca,
        &mut config.media_s3.tls_ca,
        &mut config.log_ship.tls_ca,
        &mut config.cluster.redis_tls_ca,
        &mut config.oidc.tls_ca,
        &mut config.ldap.tls_ca,
    ];
    for path in [tls_cert, tls_key, tls_directory].into_iter().chain(cas).flatten() {
        *path = data_dir.join(&*path);
    }
    if !(of_others || in_file || is_named) {
        known_owner(&config.server.data_dir)?;
    }
    Ok(Loaded { config, file: found.file, remarks })
}

/// Returns the valid values of a file; invalid ones are reported.
fn values(parsed: Table, place: &str, problems: &mut Vec<String>) -> Table {
    let known = keys::all();
    let mut table = Table::new();
    for (section, entries) in show::flat(parsed) {
        if let Some(unknown) = keys::unknown(&section, None) {
            problems.push(with_place(&unknown, place));
            continue;
        }
        let Value::Table(entries) = entries else {
            problems.push(format!("[{section}] must be a section{place}"));
            continue;
        };
        for (key, given) in entries {
            let default = known
                .iter()
                .find(|(s, k, _)| *s == section && *k == key)
                .map(|(.., default)| default);
            let Some(default) = default else {
                problems.extend(
                    keys::unknown(&section, Some(&key)).map(|unknown| with_place(&unknown, place)),
                );
                continue;
            };
            match value::accept(&section, &key, default, given) {
                Ok(value) => value::set(&mut table, &section, &key, value),
                Err(why) => problems.push(format!("[{section}] {key} = {why}{place}")),
            }
        }
    }
    table
}

/// Inserts the place before the suggestion, as in `unknown key x in [y] (file z); did you mean w?`.
fn with_place(unknown: &str, place: &str) -> String {
    match unknown.split_once(';') {
        Some((what, guess)) => format!("{what}{place};{guess}"),
        None => format!("{unknown}{place}"),
    }
}

fn overrides(flags: &Flags) -> Table {
    let mut table = Table::new();
    if let Some(data) = &flags.data_dir
        && let Ok(data) = Value::try_from(data)
    {
        value::set(&mut table, "server", "data_dir", data);
    }
    if !flags.listen.is_empty() {
        value::set(&mut table, "server", "listen", Value::from(flags.listen.clone()));
    }
    if let Some(level) = flags.log_level
        && let Ok(level) = Value::try_from(level)
    {
        value::set(&mut table, "log", "level", level);
    }
    table
}

/// Refuses a default data directory that another user may have filled: passwords would be stored
/// there.
fn known_owner(data: &Path) -> Result<(), ConfigError> {
    match std::fs::metadata(data) {
        Ok(meta) if !place::is_ours(&meta) => {
            let owner = place::named(std::os::unix::fs::MetadataExt::uid(&meta));
            Err(ConfigError::Stranger {
                path: std::path::absolute(data).unwrap_or_else(|_| data.to_owned()),
                owner,
            })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
