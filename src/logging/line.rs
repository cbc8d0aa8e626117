//! Formats a log line: `[2025-07-15T14:32:10.245Z] [INFO] [PID:2831] [user123] [room789] -
//! message`.

use std::backtrace::Backtrace;
use std::fmt;

use serde::{Deserialize, Serialize};
use tracing::Level;
use tracing::field::{Field, Visit};
use utoipa::ToSchema;

use super::alerts::Seen;
use crate::config::LogLevel;
use crate::model::Timestamp;

/// Maximum number of stack frames written.
const MAX_FRAMES: usize = 40;

/// A log line, split into fields. The names are a promise.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Time in ISO 8601, UTC, with milliseconds.
    pub time: String,
    /// Log level.
    pub level: LogLevel,
    /// Id of the process.
    #[serde(default)]
    pub pid: u32,
    /// Login name of the user concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Key of the room concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// The text.
    pub message: String,
    /// Stack trace of an ERROR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
}

impl Entry {
    /// Returns the documented line, as in the file.
    pub fn text(&self) -> String {
        text(self)
    }
}

/// Fields of an event or span.
#[derive(Clone, Default)]
pub(super) struct Fields {
    pub(super) message: String,
    pub(super) user: Option<String>,
    pub(super) room: Option<String>,
    /// Other fields, in their order.
    pub(super) others: Vec<(&'static str, String)>,
}

impl Fields {
    /// Fields with a message only.
    #[cfg(test)]
    pub(super) fn of(message: String) -> Self {
        Self { message, ..Self::default() }
    }

    /// Adds user and room of an outer span if the inner ones do not have them.
    pub(super) fn inherit(&mut self, outer: &Self) {
        if self.user.is_none() {
            self.user.clone_from(&outer.user);
        }
        if self.room.is_none() {
            self.room.clone_from(&outer.room);
        }
    }

    /// Returns the message text.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Returns a field other than message, user and room.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.others.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the line that reports how many similar lines were omitted. They may concern other
    /// users or rooms.
    pub(super) fn repeated(mut self, times: u32) -> Self {
        (self.user, self.room) = (None, None);
        self.message = format!("{} ({times} more in the last minute)", self.message);
        self
    }

    /// Returns what alerts need to know.
    pub(super) fn seen(&self, refused: bool) -> Seen {
        let mut text = self.message.clone();
        for (name, value) in &self.others {
            text.extend([" ", name, "=", value]);
        }
        Seen { what: self.message.clone(), text, refused, at: Timestamp::now() }
    }

    fn put(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            "user" => self.user = Some(value),
            "room" => self.room = Some(value),
            name => self.others.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

/// Memory of a line without its texts, in bytes.
const OVERHEAD: usize = 200;

/// An event to be logged.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) at: Timestamp,
    pub(super) level: Level,
    pub(super) fields: Fields,
    pub(super) stack: Option<String>,
}

impl Line {
    /// An event with the current time, with a stack trace if wanted.
    pub(super) fn now(level: Level, fields: Fields, stack: bool) -> Self {
        let stack = stack.then(|| trim(&Backtrace::force_capture().to_string()));
        Self { at: Timestamp::now(), level, fields, stack }
    }

    /// Returns the memory that it needs, roughly, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let Fields { message, user, room, others } = &self.fields;
        let texts = [user, room, &self.stack].into_iter().flatten();
        let texts = texts.chain(others.iter().map(|(_, value)| value)).chain([message]);
        OVERHEAD + texts.map(String::len).sum::<usize>()
    }

    /// Returns the documented format; user-controlled text cannot start a line of its own or
    /// imitate a bracketed field.
    pub(super) fn text(&self) -> String {
        let mut line =
            format!("[{}] [{}] [PID:{}]", self.at.millis(), self.level, std::process::id());
        for name in [&self.fields.user, &self.fields.room].into_iter().flatten() {
            line.push_str(" [");
            escape(&mut line, name, true);
            line.push(']');
        }
        line.push_str(" - ");
        escape(&mut line, &self.fields.message, false);
        for (name, value) in &self.fields.others {
            line.push(' ');
            line.push_str(name);
            line.push('=');
            escape(&mut line, value, false);
        }
        line.push('\n');
        for frame in self.stack.iter().flat_map(|stack| stack.lines()) {
            line.push_str("    ");
            escape(&mut line, frame.trim_end(), false);
            line.push('\n');
        }
        line
    }

    /// Returns the entry for followers.
    pub(super) fn entry(self) -> Entry {
        let level = match self.level {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            Level::INFO => LogLevel::Info,
            Level::DEBUG => LogLevel::Debug,
            Level::TRACE => LogLevel::Trace,
        };
        let mut message = self.fields.message;
        for (name, value) in &self.fields.others {
            message.extend([" ", name, "=", value]);
        }
        Entry {
            time: self.at.millis(),
            level,
            pid: std::process::id(),
            user: self.fields.user,
            room: self.fields.room,
            message,
            stack: self.stack,
        }
    }

    /// Returns one JSON object per line.
    pub(super) fn json(&self) -> String {
        let mut object = serde_json::Map::new();
        let mut put = |key: &str, value: &str| drop(object.insert(key.to_owned(), value.into()));
        put("time", &self.at.millis());
        put("level", self.level.as_str());
        put("pid", &std::process::id().to_string());
        for (key, value) in
            [("user", &self.fields.user), ("room", &self.fields.room), ("stack", &self.stack)]
        {
            if let Some(value) = value {
                put(key, value);
            }
        }
        put("message", &self.fields.message);
        for (name, value) in &self.fields.others {
            put(name, value);
        }
        let mut line = serde_json::Value::Object(object).to_string();
        line.push('\n');
        line
    }
}

/// Returns the documented format of an entry.
pub(super) fn text(entry: &Entry) -> String {
    let level = format!("{:?}", entry.level).to_uppercase();
    let mut line = format!("[{}] [{level}] [PID:{}]", entry.time, entry.pid);
    for name in [&entry.user, &entry.room].into_iter().flatten() {
        line.push_str(" [");
        escape(&mut line, name, true);
        line.push(']');
    }
    line.push_str(" - ");
    escape(&mut line, &entry.message, false);
    for frame in entry.stack.iter().flat_map(|stack| stack.lines()) {
        line.push_str("\n    ");
        escape(&mut line, frame.trim_end(), false);
    }
    line
}

fn escape(line: &mut String, text: &str, name: bool) {
    for c in text.chars() {
        let bracket = name && matches!(c, '[' | ']' | '\\');
        // Also characters that change the text direction or end a line in some viewers.
        let hidden = c.is_control()
            || matches!(
                c,
                '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            );
        if bracket {
            line.push('\\');
            line.push(c);
        } else if hidden {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
}

/// Removes the frames of the log itself.
fn trim(stack: &str) -> String {
    let lines: Vec<&str> = stack.lines().collect();
    let own = |line: &str| {
        ["chatctl::logging", "tracing_core", "tracing_subscriber", "std::backtrace", "tracing::"]
            .iter()
            .any(|word| line.contains(word))
    };
    let last = lines.iter().take(60).rposition(|line| own(line)).map_or(0, |at| at + 1);
    let frames = lines[last..].iter().skip_while(|line| line.trim_start().starts_with("at "));
    frames.take(MAX_FRAMES).copied().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: Level, user: Option<&str>, room: Option<&str>, message: &str) -> Line {
        let fields = Fields {
            message: message.to_owned(),
            user: user.map(str::to_owned),
            room: room.map(str::to_owned),
            others: vec![("count", "3".to_owned())],
        };
        Line { at: Timestamp(1_752_589_930_245), level, fields, stack: None }
    }

    #[test]
    fn lines_have_the_documented_form() {
        let pid = std::process::id();
        let text = |user, room| line(Level::INFO, user, room, "Room created successfully.").text();
        assert_eq!(
            text(Some("user123"), Some("room789")),
            format!(
                "[2025-07-15T14:32:10.245Z] [INFO] [PID:{pid}] [user123] [room789] - Room created \
                 successfully. count=3\n"
            )
        );
        assert_eq!(
            text(None, None),
            format!(
                "[2025-07-15T14:32:10.245Z] [INFO] [PID:{pid}] - Room created successfully. \
                 count=3\n"
            )
        );
        assert!(text(None, Some("room789")).contains(&format!("[PID:{pid}] [room789] - ")));
    }

    #[test]
    fn what_users_choose_cannot_forge_a_line() {
        let text = line(Level::WARN, Some("a] [b\\\n[x"), None, "one\ntwo\u{202e}").text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(r"[a\] \[b\\\n\[x] - one\ntwo\u{202e} count=3"), "{text}");
    }

    #[test]
    fn errors_carry_a_stack_and_json_is_one_object() {
        let error = Line::now(
            Level::ERROR,
            Fields { message: "failed".to_owned(), ..Fields::default() },
            true,
        );
        assert!(error.text().lines().count() > 2, "{}", error.text());
        let json: serde_json::Value = serde_json::from_str(error.json().trim_end()).unwrap();
        assert_eq!(
            (json["level"].as_str(), json["message"].as_str()),
            (Some("ERROR"), Some("failed"))
        );
        assert!(json["stack"].as_str().is_some_and(|stack| !stack.is_empty()));
    }
}
