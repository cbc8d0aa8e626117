//! The configuration as it is shown: nested as in the file, without secrets.

use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::{Config, keys};

/// What is shown instead of a secret.
pub const MASK: &str = "********";
/// Keys that contain this, or are one of these, have secret values.
const SECRET: &str = "secret";
const SECRETS: [&str; 5] =
    ["bind_password", "password", "redis_password", "slack_webhook", "headers"];

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
            other if names_secret(&key) => blanked(other),
            other => other,
        };
        (key, value)
    };
    table.into_iter().map(masked).collect()
}

/// Replaces a secret; a list by as many masks.
fn blanked(value: Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::String(text),
        Value::Array(items) => Value::Array(items.into_iter().map(blanked).collect()),
        _ => Value::String(MASK.to_owned()),
    }
}

/// Returns the text of a configuration file without secrets, with its comments. Also covers what is
/// commented out.
pub fn masked_text(text: &str, parsed: &Table) -> String {
    let mut places = Vec::new();
    if let Ok(table) = DeTable::parse(text) {
        locate(table.get_ref(), &mut places);
    }
    places.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut shown = text.to_owned();
    for (place, instead) in places {
        shown.replace_range(place, &instead);
    }
    let commented = |line: &str| match line.split_once('=') {
        Some((key, value))
            if key.trim_start().starts_with('#') && is_secret(key) && !is_empty(value) =>
        {
            format!("{key}= \"{MASK}\"")
        }
        _ => line.to_owned(),
    };
    let shown = shown.lines().map(commented).collect::<Vec<_>>().join("\n");
    // A secret may also be in a comment.
    let mut secrets = Vec::new();
    collect(parsed, &mut secrets);
    secrets.iter().fold(shown, |shown, secret| shown.replace(secret, MASK))
}

/// Finds the secret values in a file, however they are written, and what to show instead.
fn locate(table: &DeTable<'_>, found: &mut Vec<(Range<usize>, String)>) {
    for (key, value) in table {
        match value.get_ref() {
            DeValue::Table(inner) => locate(inner, found),
            DeValue::String(text) if text.is_empty() => (),
            DeValue::Array(items) if items.is_empty() => (),
            DeValue::Array(_) if names_secret(key.get_ref()) => {
                found.push((value.span(), format!("[\"{MASK}\"]")));
            }
            _ if names_secret(key.get_ref()) => found.push((value.span(), format!("\"{MASK}\""))),
            _ => (),
        }
    }
}

/// Whether the value of this key is a secret.
pub(super) fn names_secret(key: &str) -> bool {
    key.contains(SECRET) || SECRETS.contains(&key)
}

/// Whether a text after an equals sign is no value or an empty one.
fn is_empty(value: &str) -> bool {
    matches!(value.trim(), "" | "\"\"" | "''" | "[]")
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
        let values = match value {
            Value::Table(inner) => {
                collect(inner, secrets);
                continue;
            }
            _ if !names_secret(key) => continue,
            Value::Array(items) => &items[..],
            one => std::slice::from_ref(one),
        };
        let texts = values.iter().filter_map(Value::as_str).filter(|text| !text.is_empty());
        secrets.extend(texts.map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Masked, S3};

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
    fn secrets_are_masked_however_they_are_written() {
        for (text, expected) in [
            (
                "[mail]\npassword = \"\"\"\nHUSH\n  HUSH \\n\"\"\" # one\nport = 25\n",
                "[mail]\npassword = \"********\" # one\nport = 25",
            ),
            (
                "mail = { password = 'HUSH', port = 25 }",
                "mail = { password = \"********\", port = 25 }",
            ),
            ("mail.password = \"HU\\u0053H\"", "mail.password = \"********\""),
            ("[mail]\n\"password\" = 5\n", "[mail]\n\"password\" = \"********\""),
            (
                "[log]\nship = { headers = [\n  \"a: HUSH\", # x\n  \"b: HUSH\",\n] }\n",
                "[log]\nship = { headers = [\"********\"] }",
            ),
            (
                "[log.ship]\nheaders = []\n# headers = [\"a: HUSH\"]",
                "[log.ship]\nheaders = []\n# headers = \"********\"",
            ),
        ] {
            let parsed: Table = text.parse().unwrap();
            assert_eq!(masked_text(text, &parsed), expected);
            let shown = masked(parsed).to_string();
            assert!(!shown.contains('H'), "{shown}");
        }
    }

    #[test]
    fn the_configuration_in_effect_is_nested_as_a_file_is() {
        let secret_access_key = Some(Masked("hush".to_owned()));
        let backup_s3 = S3 { secret_access_key, ..S3::default() };
        let config = Config { backup_s3, ..Config::default() };
        let shown = effective(&config).unwrap();
        assert_eq!(shown["backup"]["s3"]["secret_access_key"].as_str(), Some(MASK));
        let flat = flat(shown);
        assert!(flat["backup"].get("s3").is_none() && flat["backup.s3"].is_table());
    }
}
