//! Loading: defaults, then the file, then the environment, then flags; an unknown key names the nearest known one.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};
use serde::Serialize;

use super::check::MAX_SOCKET_PATH;
use super::{Config, LogLevel, check};

/// Where a configuration file is looked for when none is named.
const PLACES: [&str; 2] = ["config.toml", "/etc/chatctl/config.toml"];
const PREFIX: &str = "CHATCTL_";
/// Names the file; not a key.
const FILE_VARIABLE: &str = "CHATCTL_CONFIG";

/// What the command line says of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--listen`, any number.
    pub listen: Vec<String>,
    /// `--log-level`
    pub log_level: Option<LogLevel>,
}

/// A configuration and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What holds.
    pub config: Config,
    /// The file, if there was one.
    pub file: Option<PathBuf>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was named is not there or cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// A key is unknown or its value does not fit.
    #[error("{0}")]
    Key(String),
    /// A value that cannot work.
    #[error("[{section}] {key} {why}")]
    Value {
        /// Its section.
        section: &'static str,
        /// Its name.
        key: &'static str,
        /// What is wrong.
        why: String,
    },
}

/// Flags that are set, in the shape of the configuration.
#[derive(Serialize)]
struct Overrides {
    server: ServerOverrides,
    log: LogOverrides,
}

#[derive(Serialize)]
struct ServerOverrides {
    #[serde(skip_serializing_if = "Option::is_none")]
    data_dir: Option<PathBuf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    listen: Vec<String>,
}

#[derive(Serialize)]
struct LogOverrides {
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<LogLevel>,
}

/// Loads the configuration of this process.
pub fn load(flags: &Flags) -> Result<Loaded, ConfigError> {
    let variables: Vec<(String, String)> = std::env::vars().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    load_from(flags, &variables, &PLACES.map(PathBuf::from))
}

fn load_from(flags: &Flags, variables: &[(String, String)], places: &[PathBuf]) -> Result<Loaded, ConfigError> {
    let named = flags.config.clone().or_else(|| variables.iter().find(|(name, _)| name == FILE_VARIABLE).map(|(_, path)| PathBuf::from(path)));
    let file = named.or_else(|| places.iter().find(|place| place.exists()).cloned());
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(path) = &file {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
        known_keys(&text, path)?;
        figment = figment.merge(Toml::string(&text));
    }
    figment = figment.merge(Serialized::defaults(environment(variables)?));
    let overrides =
        Overrides { server: ServerOverrides { data_dir: flags.data_dir.clone(), listen: flags.listen.clone() }, log: LogOverrides { level: flags.log_level } };
    let mut config: Config = figment.merge(Serialized::defaults(overrides)).extract().map_err(|error| {
        let place = file.as_ref().map(|path| format!(" (file {})", path.display())).unwrap_or_default();
        ConfigError::Key(format!("{error}{place}"))
    })?;
    // A relative directory of the file is relative to the file; one of flags or environment to where we are.
    let from_file = flags.data_dir.is_none() && !variables.iter().any(|(name, _)| name == "CHATCTL_SERVER__DATA_DIR");
    if let (true, Some(folder)) = (from_file, file.as_ref().and_then(|path| path.parent())) {
        config.server.data_dir = folder.join(&config.server.data_dir);
    }
    sound(&config)?;
    Ok(Loaded { config, file })
}

/// The variables `CHATCTL_SECTION__KEY` as a tree. Names without `__` are not ours (Kubernetes makes some).
fn environment(variables: &[(String, String)]) -> Result<Dict, ConfigError> {
    let defaults = Value::serialize(Config::default()).map_err(|error| ConfigError::Key(error.to_string()))?;
    let mut tree = Dict::new();
    for (name, text) in variables {
        let Some((section, key)) = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once("__")) else { continue };
        let (section, key) = (section.to_lowercase(), key.to_lowercase());
        check_key(&section, Some(&key), &format!("environment variable {name}"))?;
        let default = defaults.find_ref(&format!("{section}.{key}"));
        let Value::Dict(_, entries) = tree.entry(section).or_insert_with(|| Value::from(Dict::new())) else { continue };
        entries.insert(key, typed(text, default));
    }
    Ok(tree)
}

/// Text as what the key wants: lists may be one value, comma-separated, or TOML; where text is wanted, numbers stay text.
fn typed(text: &str, default: Option<&Value>) -> Value {
    let plain = || Value::from(text);
    match default {
        Some(Value::Array(..)) => {
            let list: Vec<Value> = match format!("list = {text}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("list")) {
                Some(toml::Value::Array(items)) => {
                    items.iter().map(|item| Value::from(item.as_str().map_or_else(|| item.to_string(), str::to_owned))).collect()
                }
                _ => text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect(),
            };
            Value::from(list)
        }
        Some(Value::Num(..)) => text.trim().parse::<i64>().map_or_else(|_| plain(), Value::from),
        Some(Value::Bool(..)) => text.trim().parse::<bool>().map_or_else(|_| plain(), Value::from),
        // An optional key has no default to tell: `readers` and those of `[backup]` are numbers.
        None | Some(Value::Empty(..)) => text.trim().parse::<i64>().map_or_else(|_| plain(), Value::from),
        Some(_) => plain(),
    }
}

fn known_keys(text: &str, path: &Path) -> Result<(), ConfigError> {
    let place = format!("file {}", path.display());
    let table: toml::Table = text.parse().map_err(|error| ConfigError::Key(format!("{place}: {error}")))?;
    for (section, entries) in &table {
        check_key(section, None, &place)?;
        let Some(entries) = entries.as_table() else { return Err(ConfigError::Key(format!("[{section}] must be a section ({place})"))) };
        for key in entries.keys() {
            check_key(section, Some(key), &place)?;
        }
    }
    Ok(())
}

/// Refuses a key that does not exist and names the nearest one.
fn check_key(section: &str, key: Option<&str>, place: &str) -> Result<(), ConfigError> {
    let known = keys();
    let sections = || known.iter().map(|(section, _)| section.as_str());
    if !sections().any(|s| s == section) {
        return Err(unknown(&format!("section [{section}]"), nearest(section, sections()).map(|s| format!("[{s}]")), place));
    }
    let Some(key) = key else { return Ok(()) };
    let in_section = || known.iter().filter(|(s, _)| s == section).map(|(_, key)| key.as_str());
    if in_section().any(|k| k == key) {
        return Ok(());
    }
    Err(unknown(&format!("key {key} in [{section}]"), nearest(key, in_section()).map(str::to_owned), place))
}

fn unknown(what: &str, near: Option<String>, place: &str) -> ConfigError {
    let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    ConfigError::Key(format!("unknown {what} ({place}){hint}"))
}

fn nearest<'a>(word: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = among.map(|known| (strsim::jaro_winkler(word, known), known));
    scored.filter(|(score, _)| *score > 0.7).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// Every section and key that there is.
fn keys() -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(sections)) = serde_json::to_value(Config::default()) else { return Vec::new() };
    let pairs = sections.into_iter().filter_map(|(section, value)| Some((section, value.as_object()?.keys().cloned().collect::<Vec<_>>())));
    pairs.flat_map(|(section, keys)| keys.into_iter().map(move |key| (section.clone(), key))).collect()
}

/// Values that fit their type but cannot work.
fn sound(config: &Config) -> Result<(), ConfigError> {
    let Config { server, auth, rooms, media, limits, backup, .. } = config;
    let bad = |section, key, why: &str| Err(ConfigError::Value { section, key, why: why.to_owned() });
    if server.listen.is_empty() {
        return bad("server", "listen", "must hold an address");
    }
    for address in &server.listen {
        if !check::is_listenable(address) {
            return bad("server", "listen", &format!("holds {address:?}, which is neither HOST:PORT nor unix:PATH (at most {MAX_SOCKET_PATH} bytes)"));
        }
    }
    if server.tls_cert.is_some() != server.tls_key.is_some() {
        return bad("server", "tls_cert", "and tls_key must be given together");
    }
    if let Some(check::Unworkable { section, key, why }) = check::network(config).into_iter().next() {
        return bad(section, key, &why);
    }
    let positive: [(&'static str, &'static str, u64); 16] = [
        ("server", "heartbeat_seconds", server.heartbeat_seconds),
        ("limits", "stall_seconds", limits.stall_seconds),
        ("limits", "requests_per_minute_per_address", limits.requests_per_minute_per_address.into()),
        ("auth", "session_days", auth.session_days),
        ("auth", "access_token_minutes", auth.access_token_minutes),
        ("auth", "token_recheck_seconds", auth.token_recheck_seconds),
        ("auth", "password_min_length", auth.password_min_length as u64),
        ("rooms", "max_message_chars", rooms.max_message_chars as u64),
        ("media", "max_bytes", media.max_bytes),
        ("limits", "max_body_bytes", limits.max_body_bytes as u64),
        ("limits", "max_frame_bytes", limits.max_frame_bytes as u64),
        ("limits", "max_connections", limits.max_connections as u64),
        ("limits", "socket_queue", limits.socket_queue as u64),
        ("limits", "socket_queue_bytes", limits.socket_queue_bytes as u64),
        ("backup", "every_hours", backup.every_hours.unwrap_or(1)),
        ("backup", "keep", backup.keep.unwrap_or(1)),
    ];
    for (section, key, value) in positive {
        if value == 0 {
            return bad(section, key, "must be at least 1");
        }
    }
    if media.max_unused_bytes_per_user < media.max_bytes {
        return bad(
            "media",
            "max_unused_bytes_per_user",
            &format!("must be at least max_bytes ({}): a file is unused until a message holds it", media.max_bytes),
        );
    }
    if backup.directory.as_os_str().is_empty() {
        return bad("backup", "directory", "must be named");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        let variables: Vec<_> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let flags = Flags { config: Some(path), data_dir: Some("/d".into()), ..Flags::default() };
        load_from(&flags, &variables, &[]).map(|loaded| loaded.config).map_err(|error| error.to_string())
    }

    #[test]
    fn environment_wins_over_file_and_file_over_defaults() {
        let config = load_text("[rooms]\nidle_timeout_seconds = 5\nrecent_messages = 7\n", &[("CHATCTL_ROOMS__IDLE_TIMEOUT_SECONDS", "9")]).unwrap();
        assert_eq!((config.rooms.idle_timeout_seconds, config.rooms.recent_messages, config.rooms.max_message_chars), (9, 7, 4000));
    }

    #[test]
    fn lists_of_the_environment_are_one_value_commas_or_toml() {
        for text in ["127.0.0.1:1", "127.0.0.1:1,", "[\"127.0.0.1:1\"]"] {
            assert_eq!(load_text("", &[("CHATCTL_SERVER__LISTEN", text)]).unwrap().server.listen, ["127.0.0.1:1"], "{text}");
        }
        assert_eq!(load_text("", &[("CHATCTL_SERVER__LISTEN", "a:1, b:2")]).unwrap().server.listen, ["a:1", "b:2"]);
    }

    #[test]
    fn unknown_keys_name_the_nearest_and_the_place() {
        let error = load_text("[rooms]\nidle_timout_seconds = 5\n", &[]).unwrap_err();
        assert!(error.contains("idle_timout_seconds") && error.contains("did you mean idle_timeout_seconds") && error.contains("config.toml"), "{error}");
        let error = load_text("", &[("CHATCTL_ROOM__RECENT_MESSAGES", "5")]).unwrap_err();
        assert!(error.contains("did you mean [rooms]") && error.contains("CHATCTL_ROOM__RECENT_MESSAGES"), "{error}");
    }

    #[test]
    fn variables_of_others_are_left_alone() {
        assert!(load_text("", &[("CHATCTL_PORT", "tcp://10.0.0.1:80"), ("CHATCTL_CONFIG", "/nowhere")]).is_ok());
    }

    #[test]
    fn values_that_cannot_work_are_refused() {
        let table = [
            "[server]\nlisten = []",
            "[server]\nlisten = [\"8080\"]",
            "[server]\nheartbeat_seconds = 0",
            "[server]\ntls_cert = \"a\"",
            "[server]\ntrusted_proxies = [\"proxy\"]",
            "[server]\ntrusted_proxies = [\"10.0.0.0/99\"]",
            "[server]\npublic_url = \"https://example.org/chat\"",
            "[metrics]\nlisten = \"9100\"",
            "[limits]\nstall_seconds = 0",
            "[auth]\nsession_days = 0",
            "[auth]\nregistration = \"maybe\"",
            "[limits]\nmax_body_bytes = \"big\"",
            "[media]\nmax_bytes = 300000000",
            "[media]\nmax_unused_bytes_per_user = 1",
            "[backup]\nevery_hours = 0",
            "[backup]\nkeep = 0",
            "[backup]\ndirectory = \"\"",
            "rooms = 1",
            "not toml",
        ];
        for text in table {
            assert!(load_text(text, &[]).is_err(), "{text}");
        }
    }

    #[test]
    fn a_relative_data_directory_belongs_to_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.toml");
        std::fs::write(&path, "[server]\ndata_dir = \"there\"\n").unwrap();
        let loaded = load_from(&Flags { config: Some(path), ..Flags::default() }, &[], &[]).unwrap();
        assert_eq!(loaded.config.server.data_dir, dir.path().join("there"));
        let flags = Flags { config: Some(dir.path().join("none.toml")), ..Flags::default() };
        assert!(matches!(load_from(&flags, &[], &[]), Err(ConfigError::Unreadable { .. })));
    }

    #[test]
    fn the_example_holds_every_key_at_its_default() {
        let example = include_str!("../../config.toml.example");
        let expected = Config { server: crate::config::Server { data_dir: "/d".into(), ..Default::default() }, ..Config::default() };
        assert_eq!(load_text(example, &[]).unwrap(), expected);
        let mut section = String::new();
        let mut written = Vec::new();
        for line in example.lines() {
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']').to_owned();
            } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") {
                written.push((section.clone(), key.to_owned()));
            }
        }
        for key in keys() {
            assert!(written.contains(&key), "{key:?} is not in the example");
        }
    }
}
