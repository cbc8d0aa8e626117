//! Reads one value for one key, from the text of a variable or from the file, and reports invalid
//! values in plain words.

use serde::Deserialize;
use serde_json::Value as Json;
use toml::{Table, Value};

use super::Config;
use super::show::names_secret;

/// Converts a text to a value: lists may be one value, comma-separated, or TOML; `yes` and `on` are
/// true; sizes may have a unit; numbers stay text where text is expected. None: an optional key
/// that is empty.
pub(super) fn read(
    section: &str,
    key: &str,
    default: &Json,
    text: &str,
) -> Result<Option<Value>, String> {
    if text.is_empty() && default.is_null() {
        return Ok(None);
    }
    let trimmed = text.trim();
    let number = trimmed.parse::<i64>().ok().map(Value::Integer);
    let word = match trimmed.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(Value::Boolean(true)),
        "false" | "no" | "off" | "0" => Some(Value::Boolean(false)),
        _ => None,
    };
    let list = default.is_array().then(|| list(text));
    let numbers = list.as_ref().and_then(numbers);
    let plain = Some(Value::String(text.to_owned()));
    let candidates = [list, numbers, number, word, plain];
    let fits = candidates
        .into_iter()
        .flatten()
        .find_map(|value| accept(section, key, default, value).ok());
    let number = trimmed.parse().ok();
    fits.map(Some).ok_or_else(|| {
        let value = if names_secret(key) { "the value".to_owned() } else { format!("{text:?}") };
        format!("{value} {}", wanted(section, key, default, number))
    })
}

/// Returns the value in the type of the key, or why it is invalid.
pub(super) fn accept(
    section: &str,
    key: &str,
    default: &Json,
    value: Value,
) -> Result<Value, String> {
    let value = match (&value, is_size(key)) {
        (Value::String(text), true) => {
            bytes(text).and_then(|bytes| i64::try_from(bytes).ok()).map_or(value, Value::Integer)
        }
        _ => value,
    };
    if fits(section, key, value.clone()) {
        Ok(value)
    } else {
        let number = value.as_integer();
        let value = if names_secret(key) { "the value".to_owned() } else { value.to_string() };
        Err(format!("{value} {}", wanted(section, key, default, number)))
    }
}

fn fits(section: &str, key: &str, value: Value) -> bool {
    one(section, key, value).is_ok()
}

/// Builds a configuration in which only this value is set.
fn one(section: &str, key: &str, value: Value) -> Result<Config, toml::de::Error> {
    let keys: Table = [(key.to_owned(), value)].into_iter().collect();
    let sections: Table = [(section.to_owned(), Value::Table(keys))].into_iter().collect();
    Config::deserialize(sections)
}

/// Returns why a value, which may be a whole number, is invalid; continues a sentence that begins
/// with the value.
fn wanted(section: &str, key: &str, default: &Json, number: Option<i64>) -> String {
    // The type of an optional key is found by trying a number.
    let numeric = default.is_number() || default.is_null() && fits(section, key, Value::Integer(1));
    let unit = ["seconds", "minutes", "hours", "days", "chars"]
        .iter()
        .find(|unit| key.split('_').any(|part| part == **unit));
    match default {
        _ if numeric && key == "port" => "must be from 1 to 65535".to_owned(),
        _ if numeric && number.is_some_and(|number| number < 0) => {
            "must not be negative".to_owned()
        }
        _ if numeric && number.is_some() => "is too large".to_owned(),
        _ if numeric && is_size(key) => {
            "is not a size: give bytes, or a number with KiB, MiB, GiB, kB, MB or GB".to_owned()
        }
        _ if numeric => format!(
            "is not a whole number{}",
            unit.map(|unit| format!(" of {}", unit.replace("chars", "characters")))
                .unwrap_or_default()
        ),
        Json::Bool(_) => "must be true or false".to_owned(),
        Json::Array(_) if key == "headers" => {
            "must be a list, such as [\"NAME: VALUE\"]".to_owned()
        }
        Json::Array(_) if key == "ports" => {
            "must be a list of ports from 1 to 65535, such as [443]".to_owned()
        }
        Json::Array(_) => "must be a list of texts".to_owned(),
        _ => match one(section, key, Value::String(String::new())) {
            // serde's error has the names of the choices.
            Err(error) => match error.message().split_once("expected ") {
                Some((_, names)) => {
                    format!("must be {}", names.trim_start_matches("one of ").replace('`', "\""))
                }
                None => "does not fit".to_owned(),
            },
            Ok(_) => "must be a text".to_owned(),
        },
    }
}

fn list(text: &str) -> Value {
    let as_toml =
        format!("list = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("list"));
    Value::Array(match as_toml {
        Some(Value::Array(items)) => items
            .into_iter()
            .map(|item| {
                Value::String(item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            })
            .collect(),
        _ => text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| Value::String(part.to_owned()))
            .collect(),
    })
}

/// Returns a list of texts as one of whole numbers, if all are.
fn numbers(list: &Value) -> Option<Value> {
    let parsed = list.as_array()?.iter().map(|entry| entry.as_str()?.trim().parse().ok());
    parsed.map(|number| number.map(Value::Integer)).collect::<Option<Vec<_>>>().map(Value::Array)
}

fn is_size(key: &str) -> bool {
    key.split('_').any(|part| part == "bytes")
}

/// Converts a size such as `25 MiB` to bytes: units with an `i`, and single letters, are powers of
/// 1024, the others of 1000.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let (digits, unit) =
        text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let (base, power): (u64, u32) = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => (1, 0),
        "k" | "kib" => (1024, 1),
        "m" | "mib" => (1024, 2),
        "g" | "gib" => (1024, 3),
        "t" | "tib" => (1024, 4),
        "kb" => (1000, 1),
        "mb" => (1000, 2),
        "gb" => (1000, 3),
        "tb" => (1000, 4),
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(base.checked_pow(power)?)
}

/// Sets a key in a section.
pub(super) fn set(table: &mut Table, section: &str, key: &str, value: Value) {
    let entry = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Some(section) = entry.as_table_mut() {
        section.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_does_not_fit_is_told_why() {
        let said = |section: &str, key: &str, default: &Json, number: i64| {
            accept(section, key, default, Value::Integer(number)).unwrap_err()
        };
        for (section, key, default, number, why) in [
            ("mail", "port", Json::Null, 70_000, "70000 must be from 1 to 65535"),
            ("mail", "port", Json::Null, -1, "-1 must be from 1 to 65535"),
            ("auth", "session_days", 30.into(), -1, "-1 must not be negative"),
            ("log.ship", "queue", 20_000.into(), -1, "-1 must not be negative"),
            ("log.alerts", "at_most_per_hour", 10.into(), 1 << 40, "1099511627776 is too large"),
        ] {
            assert_eq!(said(section, key, &default, number), why, "{key}");
        }
        let text = Value::String("HUSH".to_owned());
        let said = accept("log.ship", "headers", &Json::Array(Vec::new()), text).unwrap_err();
        assert!(said.ends_with("must be a list, such as [\"NAME: VALUE\"]"), "{said}");
        assert!(!said.contains("HUSH"), "{said}");
    }

    #[test]
    fn sizes_have_units() {
        for (text, number) in [
            ("1024", 1024),
            ("25MB", 25_000_000),
            ("25 MiB", 26_214_400),
            ("64k", 65_536),
            ("1GiB", 1 << 30),
            ("7B", 7),
        ] {
            assert_eq!(bytes(text), Some(number), "{text}");
        }
        for text in ["", "MB", "1.5MB", "-1", "25 megs", "99999999999999999999", "99999999999 TB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
