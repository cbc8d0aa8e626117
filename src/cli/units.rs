//! Numbers as people read them; programs get them as they are, in JSON.

use serde_json::Value;

/// What a number counts, by its key.
pub(super) fn shown(key: &str, value: &Value) -> Option<String> {
    let number = value.as_u64()?;
    match key {
        "memory" => Some(bytes(number)),
        "uptime" => Some(span(number)),
        _ if key.split('_').any(|part| part == "bytes") => Some(bytes(number)),
        _ => None,
    }
}

/// `41.2 MB`: units of 1000, as file managers and disks count.
pub(super) fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let (mut whole, mut rest, mut unit) = (number, 0, 0);
    while whole >= 1000 && unit + 1 < UNITS.len() {
        (whole, rest, unit) = (whole / 1000, whole % 1000, unit + 1);
    }
    if unit == 0 { format!("{whole} B") } else { format!("{whole}.{} {}", rest / 100, UNITS[unit]) }
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
    let said: Vec<String> = parts[first..]
        .iter()
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if said.is_empty() { "0 s".to_owned() } else { said.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_people() {
        for (number, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (4096, "4.0 kB"),
            (24_000_000, "24.0 MB"),
            (1_597_000_000, "1.5 GB"),
        ] {
            assert_eq!(bytes(number), text);
        }
        for (seconds, text) in
            [(0, "0 s"), (1, "1 s"), (725, "12 min 5 s"), (3600, "1 h"), (273_600, "3 d 4 h")]
        {
            assert_eq!(span(seconds), text);
        }
        assert_eq!(shown("database_bytes", &Value::from(4096)).as_deref(), Some("4.0 kB"));
        assert_eq!(shown("messages", &Value::from(4096)), None);
    }
}
