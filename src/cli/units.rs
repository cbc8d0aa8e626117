//! Sizes and durations for people; JSON output has the plain numbers.

use serde_json::Value;

pub(super) use crate::model::rules::{bytes, count};

/// A number with its unit, which follows from its key; None for a plain number.
pub(super) fn shown(key: &str, value: &Value) -> Option<String> {
    let number = value.as_u64()?;
    match key {
        "memory" => Some(bytes(number)),
        "uptime" => Some(span(number)),
        _ if key.split('_').any(|part| part == "bytes") => Some(bytes(number)),
        _ => None,
    }
}

/// The number of an item's key with its noun: `3 members`.
pub(super) fn counted(item: &Value, key: &str, thing: &str) -> String {
    count(item[key].as_u64().unwrap_or_default(), thing)
}

/// The size of an item's key.
pub(super) fn size(item: &Value, key: &str) -> String {
    bytes(item[key].as_u64().unwrap_or_default())
}

/// `3 d 4 h`, `12 min 5 s`: the two largest units.
pub(super) fn span(seconds: u64) -> String {
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(parts.len() - 1);
    let shown: Vec<String> = parts[first..]
        .iter()
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if shown.is_empty() { "0 s".to_owned() } else { shown.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_their_unit() {
        for (seconds, text) in
            [(0, "0 s"), (1, "1 s"), (725, "12 min 5 s"), (3600, "1 h"), (273_600, "3 d 4 h")]
        {
            assert_eq!(span(seconds), text);
        }
        assert_eq!(shown("database_bytes", &Value::from(4096)).as_deref(), Some("4.0 KiB"));
        assert_eq!(shown("messages", &Value::from(4096)), None);
    }
}
