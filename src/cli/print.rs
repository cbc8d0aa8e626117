//! What a command says: tables for people, JSON for programs. Data goes to standard output, everything else to standard error.

use std::io::{self, IsTerminal, Write};

use comfy_table::Table;
use comfy_table::presets;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::admin::Failure;

/// `-o`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON value: an array of a list, an object of a single thing.
    Json,
    /// One JSON object a line.
    Jsonl,
}

/// How what is said looks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layout {
    /// Many of a kind, in these columns: heading and key.
    List(&'static [(&'static str, &'static str)]),
    /// Many of a kind, each said at once as a line by this function.
    Lines(fn(&Value) -> String),
    /// One thing, key by key.
    One,
}

/// Takes what a command says and prints it.
pub(super) struct Printer {
    format: Format,
    layout: Layout,
    items: Vec<Value>,
    bar: Option<ProgressBar>,
}

impl Printer {
    pub(super) fn new(format: Format, layout: Layout) -> Self {
        Self { format, layout, items: Vec::new(), bar: None }
    }

    /// A thing that was said.
    pub(super) fn item(&mut self, item: Value) -> Result<(), Failure> {
        match (self.format, self.layout) {
            (Format::Jsonl, _) | (Format::Json, Layout::Lines(_)) => line(&item.to_string()),
            (Format::Table, Layout::Lines(shown)) => line(&shown(&item)),
            _ => {
                self.items.push(item);
                Ok(())
            }
        }
    }

    /// How far it is; seen only on a terminal.
    pub(super) fn progress(&mut self, done: u64, total: u64) {
        if !io::stderr().is_terminal() {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = if total > 0 { ProgressBar::new(total) } else { ProgressBar::new_spinner() };
            let plain = if total > 0 { "{bar:40} {percent}% {eta} left" } else { "{spinner} {human_pos}" };
            bar.with_style(ProgressStyle::with_template(plain).unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        if total > 0 {
            bar.set_length(total);
        }
        bar.set_position(done);
    }

    /// Everything has been said.
    pub(super) fn finish(self) -> Result<(), Failure> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        match (self.format, self.layout) {
            (Format::Jsonl, _) | (_, Layout::Lines(_)) => Ok(()),
            (Format::Json, Layout::List(_)) => line(&pretty(&Value::Array(self.items))),
            (Format::Json, Layout::One) => self.items.iter().try_for_each(|item| line(&pretty(item))),
            (Format::Table, Layout::List(columns)) => line(&table(columns, &self.items)),
            (Format::Table, Layout::One) => self.items.iter().try_for_each(|item| line(&sheet(item))),
        }
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn bare() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

fn trimmed(table: &Table) -> String {
    table.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n")
}

fn table(columns: &[(&str, &str)], items: &[Value]) -> String {
    let mut table = bare();
    table.set_header(columns.iter().map(|(heading, _)| heading.to_uppercase()));
    for item in items {
        table.add_row(columns.iter().map(|(_, key)| cell(&item[*key])));
    }
    trimmed(&table)
}

/// One thing, a line a key.
fn sheet(item: &Value) -> String {
    let Value::Object(fields) = item else { return cell(item) };
    let mut table = bare();
    for (key, value) in fields {
        table.add_row([key.replace('_', " "), cell(value)]);
    }
    trimmed(&table)
}

/// A value as people read it. What users have chosen cannot steer the terminal.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => harmless(text),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => fields.iter().map(|(key, value)| format!("{} {}", key.replace('_', " "), cell(value))).collect::<Vec<_>>().join(", "),
        Value::Number(number) => number.to_string(),
    }
}

/// Without control characters and those that turn the direction of text.
pub(super) fn harmless(text: &str) -> String {
    let hidden = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// A line on standard output; a reader that has gone away ends the command quietly.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::failed(format!("cannot write to standard output: {error}"))),
        _ => Ok(()),
    }
}

/// A line for people, on standard error.
pub(super) fn note(text: &str) {
    // Where nobody reads, nothing is lost.
    drop(writeln!(io::stderr(), "{text}"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_have_columns_and_nothing_dangerous() {
        let items = [json!({"name": "ann", "admin": true, "email": null}), json!({"name": "b\u{1b}[2J", "admin": false, "email": "b@example.org"})];
        let shown = table(&[("name", "name"), ("admin", "admin"), ("e-mail", "email")], &items);
        assert_eq!(
            shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join("|")).collect::<Vec<_>>(),
            ["NAME|ADMIN|E-MAIL", "ann|yes|-", "b\u{fffd}[2J|no|b@example.org"]
        );
        assert_eq!(sheet(&json!({"display_name": "Ann"})), "display name  Ann");
        assert_eq!(sheet(&json!({"counts": {"rooms": 2, "users": 1}, "notes": [], "of": ["a", "b"]})), "counts  rooms 2, users 1\nnotes   -\nof      a; b");
    }
}
