//! The configuration as it is shown: nested as in the file, without secrets.

use toml::{Table, Value};

use super::{Config, keys};

/// What is shown instead of a secret.
pub const MASK: &str = "********";
/// Keys that contain this, or are one of these, have secret values.
const SECRET: &str = "secret";
const SECRETS: [&str; 2] = ["password", "slack_webhook"];

/// Returns the configuration in effect.
pub fn effective(config: &Config) -> Result<Table, toml::ser::Error> {
    Ok(masked(nested(Table::try_from(config)?)))
}

/// Returns sections such as `backup.s3` as tables within their parents.
fn nested(flat: Table) -> Table {
    let (inner, mut whole): (Table, Table) =
        flat.into_iter().partition(|(section, _)| section.contains('.'));
    for (section, entries) in inner {
        let Some((parent, name)) = section.split_once('.') else { continue };
        let parent = whole.entry(parent).or_insert_with(|| Value::Table(Table::new()));
        if let Some(parent) = parent.as_table_mut() {
            parent.insert(name.to_owned(), entries);
        }
    }
    whole
}

/// Moves tables within sections to sections of their own, such as `backup.s3`.
pub(super) fn flat(nested: Table) -> Table {
    let mut whole = Table::new();
    for (section, value) in nested {
        let Value::Table(entries) = value else {
            whole.insert(section, value);
            continue;
        };
        let mut own = Table::new();
        for (key, value) in entries {
            let name = format!("{section}.{key}");
            if value.is_table() && keys::unknown(&name, None).is_none() {
                whole.insert(name, value);
            } else {
                own.insert(key, value);
            }
        }
        whole.insert(section, Value::Table(own));
    }
    whole
}

/// Returns the configuration of a file without secrets.
pub fn masked(table: Table) -> Table {
    let masked = |(key, value): (String, Value)| {
        let value = match value {
            Value::Table(inner) => Value::Table(masked(inner)),
            Value::String(text) if names_secret(&key) && !text.is_empty() => {
                Value::String(MASK.to_owned())
            }
            other => other,
        };
        (key, value)
    };
    table.into_iter().map(masked).collect()
}

/// Returns the text of a configuration file without secrets, with its comments. Also covers what is
/// commented out.
pub fn masked_text(text: &str, parsed: &Table) -> String {
    let mut secrets = Vec::new();
    collect(parsed, &mut secrets);
    let masked = |line: &str| match line.split_once('=') {
        Some((key, value)) if is_secret(key) && !is_empty(value) => format!("{key}= \"{MASK}\""),
        _ => secrets.iter().fold(line.to_owned(), |line, secret| line.replace(secret, MASK)),
    };
    text.lines().map(masked).collect::<Vec<_>>().join("\n")
}

/// Whether the value of this key is a secret.
pub(super) fn names_secret(key: &str) -> bool {
    key.contains(SECRET) || SECRETS.contains(&key)
}

/// Whether a text after an equals sign is no value or an empty one.
fn is_empty(value: &str) -> bool {
    matches!(value.trim(), "" | "\"\"" | "''")
}

/// Whether a text before an equals sign is the name of a secret key, commented out or not.
fn is_secret(key: &str) -> bool {
    let key = key.trim_start_matches(['#', ' ', '\t']).trim_end();
    names_secret(key) && !key.contains(char::is_whitespace)
}

/// Whether the text of a configuration file sets a secret.
pub fn has_secret(text: &str) -> bool {
    let mut secrets = Vec::new();
    if let Ok(parsed) = text.parse() {
        collect(&parsed, &mut secrets);
    }
    !secrets.is_empty()
}

fn collect(table: &Table, secrets: &mut Vec<String>) {
    for (key, value) in table {
        match value {
            Value::Table(inner) => collect(inner, secrets),
            Value::String(text) if names_secret(key) && !text.is_empty() => {
                secrets.push(text.clone());
            }
            _ => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BackupS3, Masked};

    #[test]
    fn secrets_are_masked_in_text_and_in_tables() {
        let text = "[backup]\nto = \"s3://b/\" # keep\n[backup.s3]\n# the secret = of us\n\
                    secret_access_key = \"hush\"\n# secret_access_key=\"old\"\n\
                    [limits]\nnote = \"hush\"\n";
        let parsed: Table = text.parse().unwrap();
        let shown = masked_text(text, &parsed);
        assert!(!shown.contains("hush") && !shown.contains("old"), "{shown}");
        assert!(shown.contains("to = \"s3://b/\" # keep\n[backup.s3]"), "{shown}");
        let unset = "# secret_access_key = \"\"";
        assert_eq!(masked_text(unset, &Table::new()), unset);
        let inline = "backup = { s3 = { secret_access_key = \"hush\" } }";
        let shown = masked_text(inline, &inline.parse().unwrap());
        assert!(!shown.contains("hush"), "{shown}");
        let shown = masked(parsed);
        assert_eq!(shown["backup"]["s3"]["secret_access_key"].as_str(), Some(MASK));
    }

    #[test]
    fn the_configuration_in_effect_is_nested_as_a_file_is() {
        let secret_access_key = Some(Masked("hush".to_owned()));
        let backup_s3 = BackupS3 { secret_access_key, ..BackupS3::default() };
        let config = Config { backup_s3, ..Config::default() };
        let shown = effective(&config).unwrap();
        assert_eq!(shown["backup"]["s3"]["secret_access_key"].as_str(), Some(MASK));
        let flat = flat(shown);
        assert!(flat["backup"].get("s3").is_none() && flat["backup.s3"].is_table());
    }
}
