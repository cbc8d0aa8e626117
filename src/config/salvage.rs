//! Where a running server can be found although its configuration has mistakes: only what is
//! certain, so that a typo never leads to another server.

use std::path::PathBuf;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::load::Flags;
use super::{Config, keys, place, value, variables};

/// Returns a configuration with the data directory and the control socket; everything else is at its
/// default. None: they are not certain.
pub fn whereabouts(flags: &Flags) -> Option<Config> {
    let variables = variables::read(std::env::vars_os());
    let named = flags.config.clone().or_else(|| variables.file.clone().map(PathBuf::from));
    let is_named = named.is_some();
    let file = named.or_else(|| place::find(&place::usual()).file);
    let text = file.as_ref().map(std::fs::read_to_string).transpose().ok()?.unwrap_or_default();
    let (table, is_whole) = read(&text);
    let of_file = |key| path_in(&table, key);
    let of_variables = |key| path_in(&variables.table(), key);
    let folder = file.as_ref().and_then(|file| file.parent());
    let beside = |path: PathBuf| folder.map_or_else(|| path.clone(), |folder| folder.join(&path));
    let socket = of_variables("control_socket").or_else(|| of_file("control_socket"));
    let elsewhere = flags.data_dir.clone().or_else(|| of_variables("data_dir"));
    let given = elsewhere.or_else(|| of_file("data_dir").map(beside));
    let mut config = Config::default();
    config.server.control_socket.clone_from(&socket);
    config.server.data_dir = match (given, socket) {
        (Some(data), _) => data,
        // Its directory tells whose server it is.
        (None, Some(socket)) if socket.is_absolute() => socket.parent()?.to_owned(),
        // A key that is not there may be the misspelled one.
        (None, _) if is_whole && variables.problems.is_empty() => {
            let data = beside(config.server.data_dir);
            let is_ours = std::fs::metadata(&data).is_ok_and(|meta| place::is_ours(&meta));
            if !is_named && !is_ours {
                return None;
            }
            data
        }
        (None, _) => return None,
    };
    Some(config)
}

/// The section `[server]` as far as it can be read, and whether no key of it can be missing because
/// of a mistake.
fn read(text: &str) -> (Table, bool) {
    let (parsed, errors) = DeTable::parse_recoverable(text);
    let parsed = parsed.into_inner();
    let mut is_whole = errors.is_empty()
        && parsed.keys().all(|section| keys::unknown(section.get_ref(), None).is_none());
    let mut server = Table::new();
    for (section, entries) in &parsed {
        let DeValue::Table(entries) = entries.get_ref() else {
            is_whole = false;
            continue;
        };
        if section.get_ref() != "server" {
            continue;
        }
        for (key, entry) in entries {
            is_whole &= keys::unknown("server", Some(key.get_ref())).is_none();
            match entry.get_ref() {
                DeValue::String(text) => {
                    server.insert(key.get_ref().to_string(), Value::String(text.to_string()));
                }
                _ if ["data_dir", "control_socket"].contains(&key.get_ref().as_ref()) => {
                    is_whole = false;
                }
                _ => (),
            }
        }
    }
    let mut table = Table::new();
    for (key, entry) in server {
        value::set(&mut table, "server", &key, entry);
    }
    (table, is_whole)
}

fn path_in(table: &Table, key: &str) -> Option<PathBuf> {
    let text = table.get("server")?.get(key)?.as_str()?;
    (!text.is_empty()).then(|| PathBuf::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(String, Option<String>)> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        let flags = Flags { config: Some(file), ..Flags::default() };
        let server = whereabouts(&flags)?.server;
        let shown = |path: &std::path::Path| {
            path.strip_prefix(folder.path()).unwrap_or(path).display().to_string()
        };
        Some((shown(&server.data_dir), server.control_socket.as_deref().map(shown)))
    }

    #[test]
    fn only_a_certain_place_is_used() {
        let default = || Some(("data".to_owned(), None));
        let at = |data: &str| Some((data.to_owned(), None));
        for (text, wanted) in [
            ("[limits]\nmax_conections = 5\n", default()),
            ("[server]\nlisten = 7\n", default()),
            ("[server]\ndata_dri = \"/srv/chat\"\n", None),
            ("[server]\ndata_dir = 7\n", None),
            ("[sever]\ndata_dir = \"/srv/chat\"\n", None),
            ("[server\ndata_dir = \"/srv/chat\"\n", None),
            ("server = 7\n", None),
            ("[server]\ndata_dir = \"/srv/chat\"\nlisten = [\n", at("/srv/chat")),
            ("[server]\ndata_dir = \"here\"\nlisten_on = 7\n", at("here")),
            (
                "[server]\ndata_dri = \"/srv/chat\"\ncontrol_socket = \"/run/chat/c.sock\"\n",
                Some(("/run/chat".to_owned(), Some("/run/chat/c.sock".to_owned()))),
            ),
            ("[server]\ncontrol_socket = \"c.sock\"\ndata_dri = \"/srv/chat\"\n", None),
        ] {
            assert_eq!(found(text), wanted, "{text}");
        }
    }
}
