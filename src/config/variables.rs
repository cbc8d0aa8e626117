//! Environment variables: `CHATCTL_SECTION__KEY`, `CHATCTL_SECTION__SUBSECTION__KEY`.

use std::ffi::OsString;

use toml::{Table, Value};

use super::{keys, value};

const PREFIX: &str = "CHATCTL_";
/// Variable with the path of the file; not a key.
pub(super) const FILE: &str = "CHATCTL_CONFIG";

/// Values from environment variables.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// Valid values.
    pub(super) values: Vec<(String, String, Value)>,
    /// Problems with values and names.
    pub(super) problems: Vec<String>,
    /// Likely mistakes.
    pub(super) remarks: Vec<String>,
    /// The configuration file, unless empty.
    pub(super) file: Option<OsString>,
}

/// Reads the variables with our prefix; the text of others is ignored.
pub(super) fn read(all: impl Iterator<Item = (OsString, OsString)>) -> Variables {
    let mut found = Variables::default();
    let known = keys::all();
    let ours = all
        .filter_map(|(name, text)| Some((name.to_str()?.strip_prefix(PREFIX)?.to_owned(), text)));
    for (rest, text) in ours {
        let name = format!("{PREFIX}{rest}");
        if name == FILE {
            found.file = Some(text).filter(|text| !text.is_empty());
            continue;
        }
        let Some((section, key)) = rest.rsplit_once("__") else {
            // Kubernetes creates variables for services of our name; only exact keys were meant for
            // us.
            let meant = known.iter().find(|(section, key, _)| {
                rest.eq_ignore_ascii_case(&format!("{}_{key}", section.replace('.', "_")))
            });
            if let Some((section, key, _)) = meant {
                let section = section.to_uppercase().replace('.', "__");
                let right = format!("{PREFIX}{section}__{}", key.to_uppercase());
                found.remarks.push(format!(
                    "{name} has no effect: section and key are separated by two underscores, as in \
                     {right}"
                ));
            }
            continue;
        };
        let (section, key) = (section.to_lowercase().replace("__", "."), key.to_lowercase());
        if let Some(unknown) = keys::unknown(&section, Some(&key)) {
            found.problems.push(format!("{name}: {unknown}"));
            continue;
        }
        let default = known
            .iter()
            .find(|(known, name, _)| *known == section && *name == key)
            .map(|(.., default)| default.clone())
            .unwrap_or_default();
        let read = text
            .to_str()
            .ok_or_else(|| format!("{:?} is not UTF-8", text.to_string_lossy()))
            .and_then(|text| value::read(&section, &key, &default, text));
        match read {
            Ok(Some(value)) => found.values.push((section, key, value)),
            Ok(None) => (),
            Err(why) => found.problems.push(format!("{name}: {why}")),
        }
    }
    found
}

impl Variables {
    /// Returns the values as sections.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new();
        for (section, key, value) in &self.values {
            value::set(&mut table, section, key, value.clone());
        }
        table
    }

    /// Returns whether a key is set.
    pub(super) fn has(&self, section: &str, key: &str) -> bool {
        self.values.iter().any(|(s, k, _)| s == section && k == key)
    }
}
