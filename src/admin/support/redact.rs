//! Redacts confidential text: e-mail addresses, user parts and queries of URLs, and anything that
//! looks like a token.

use serde::Serialize;
use toml::Value;

const BLANK: &str = "…";
/// Minimum length of a token: 128 bits in hexadecimal digits.
const TOKEN: usize = 32;
/// Keys that contain one of these have secret values.
const SECRET: [&str; 8] =
    ["secret", "password", "token", "webhook", "mail", "api_key", "access_key", "headers"];

/// The redacted configuration as TOML.
pub(super) fn configuration(config: &impl Serialize) -> String {
    let value = Value::try_from(config).map(|value| blanked("", value));
    value
        .map_err(|error| error.to_string())
        .and_then(|value| toml::to_string_pretty(&value).map_err(|error| error.to_string()))
        .unwrap_or_else(|error| error)
}

/// A value of the configuration in JSON, redacted.
pub(in crate::admin) fn json(key: &str, value: &serde_json::Value) -> serde_json::Value {
    // TOML has no null.
    let Ok(plain) = Value::try_from(value) else { return serde_json::Value::Null };
    serde_json::to_value(blanked(key, plain)).unwrap_or_default()
}

fn blanked(key: &str, value: Value) -> Value {
    match value {
        Value::Table(table) => Value::Table(
            table.into_iter().map(|(key, value)| (key.clone(), blanked(&key, value))).collect(),
        ),
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| blanked(key, item)).collect())
        }
        Value::String(text) if SECRET.iter().any(|secret| key.contains(secret)) => {
            Value::String(if text.is_empty() { text } else { BLANK.to_owned() })
        }
        Value::String(plain) => Value::String(text(&plain)),
        other => other,
    }
}

/// Redacts text.
pub fn text(text: &str) -> String {
    let ends = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(
                c,
                '"' | '\''
                    | '`'
                    | '<'
                    | '>'
                    | '('
                    | ')'
                    | '['
                    | ']'
                    | '{'
                    | '}'
                    | ','
                    | ';'
                    | '|'
                    | '\\'
            )
    };
    let mut plain = String::with_capacity(text.len());
    for piece in text.split_inclusive(ends) {
        let end = piece
            .char_indices()
            .next_back()
            .filter(|(_, c)| ends(*c))
            .map_or(piece.len(), |(at, _)| at);
        let (word, after) = piece.split_at(end);
        plain.push_str(&without_tokens(&without_addresses(word)));
        plain.push_str(after);
    }
    plain
}

/// Removes the user part and the query of a URL, and e-mail addresses entirely.
fn without_addresses(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        let address =
            word.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
        return if address { BLANK.to_owned() } else { word.to_owned() };
    };
    let (address, query) =
        rest.split_once(['?', '#']).map_or((rest, ""), |(address, _)| (address, "?…"));
    // Split at the last `@`: a password may contain one.
    let address = address
        .rsplit_once('@')
        .map_or_else(|| address.to_owned(), |(_, host)| format!("{BLANK}@{host}"));
    format!("{scheme}://{address}{query}")
}

/// Removes long runs of letters and digits, which may be tokens.
fn without_tokens(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    let mut run = String::new();
    for c in word.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') {
            run.push(c);
        } else {
            plain.push_str(redacted_run(&run));
            run.clear();
            plain.push(c);
        }
    }
    plain + redacted_run(&run)
}

fn redacted_run(run: &str) -> &str {
    if run.len() >= TOKEN && run.bytes().any(|byte| byte.is_ascii_digit()) { BLANK } else { run }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_tokens_are_redacted_and_the_rest_stays() {
        for (said, told) in [
            ("mail from ann@example.org, and <ben@example.org>.", "mail from …, and <…>."),
            (
                "https://user:p@ss@chat.example/path?token=1 works",
                "https://…@chat.example/path?… works",
            ),
            ("id 0123456789abcdef0123456789abcdef.", "id …."),
            (
                "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6.\
                 SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV",
                "Bearer eyJhbGciOiJIUzI1NiJ9.….…",
            ),
            (
                "[2025-07-15T14:32:10.245Z] [INFO] [PID:7] [ann] - User logged in.\n",
                "[2025-07-15T14:32:10.245Z] [INFO] [PID:7] [ann] - User logged in.\n",
            ),
            (
                "login_failures_per_minute_per_account = 10",
                "login_failures_per_minute_per_account = 10",
            ),
            ("{\"user\":\"ann\",\"at\":\"ann@x\"}", "{\"user\":\"ann\",\"at\":\"…\"}"),
            ("@ann 안녕", "@ann 안녕"),
            ("", ""),
        ] {
            assert_eq!(text(said), told);
        }
    }

    #[test]
    fn secrets_of_the_configuration_are_removed_and_numbers_stay() {
        let table: toml::Table =
            "[log.alerts]\nslack_webhook = \"https://hooks.example/T0/B0/x\"\nsmtp_url = \
             \"smtps://u:p@mail.example\"\nmail_to = [\"a@b.c\"]\n\
             [log.ship]\nheaders = [\"x-key: HUSH\"]\n[auth]\npassword_min_length = \
             8\naccess_token_minutes = 60\n[server]\ntls_key = \"/etc/key.pem\"\n"
                .parse()
                .unwrap();
        let told = configuration(&table);
        for kept in [
            "password_min_length = 8",
            "access_token_minutes = 60",
            "/etc/key.pem",
            "smtps://…@mail.example",
            "slack_webhook = \"…\"",
            "mail_to = [\"…\"]",
            "headers = [\"…\"]",
        ] {
            assert!(told.contains(kept), "{kept}: {told}");
        }
        assert!(!told.contains("hooks.example") && !told.contains("a@b.c"), "{told}");
    }
}
