//! Output of commands: tables for people, JSON for programs. Data goes to standard output,
//! everything else to standard error.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::{Global, units};
use crate::admin::Failure;

/// The value of `-o`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Table for reading
    #[default]
    Table,
    /// One JSON value: an array for a list, an object for a single item
    Json,
    /// One JSON object per line
    Jsonl,
}

/// How the items of a command are laid out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layout {
    /// A table with these columns: heading and key.
    List(&'static [(&'static str, &'static str)]),
    /// One line per item, printed as it arrives; one array in JSON.
    Lines(fn(&Value) -> String),
    /// Like `Lines` but endless, so JSON output has one object per line too.
    Stream(fn(&Value) -> String),
    /// A single item, one key per line.
    One,
    /// A single item with these keys first.
    Sheet(&'static [&'static str]),
}

/// Prints the items and the progress of a command.
pub(super) struct Printer {
    format: Format,
    layout: Layout,
    /// Terminal width that tables are fitted to.
    width: Option<u16>,
    items: Vec<Value>,
    bar: Option<ProgressBar>,
}

impl Printer {
    pub(super) fn new(global: &Global, layout: Layout) -> Self {
        let width = if global.wide || !io::stdout().is_terminal() {
            None
        } else {
            terminal_size::terminal_size().map(|(width, _)| width.0)
        };
        Self { format: global.output, layout, width, items: Vec::new(), bar: None }
    }

    /// Prints an item, or keeps it until all are known.
    pub(super) fn item(&mut self, item: Value) -> Result<(), Failure> {
        match (self.format, self.layout) {
            (Format::Jsonl, _) | (Format::Json, Layout::Stream(_)) => line(&item.to_string()),
            (Format::Table, Layout::Lines(shown) | Layout::Stream(shown)) => line(&shown(&item)),
            _ => {
                self.items.push(item);
                Ok(())
            }
        }
    }

    /// Shows progress; only on a terminal.
    pub(super) fn progress(&mut self, done: u64, total: u64) {
        if !io::stderr().is_terminal() {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = if total > 0 { ProgressBar::new(total) } else { ProgressBar::new_spinner() };
            let plain =
                if total > 0 { "{bar:40} {percent}% {eta} left" } else { "{spinner} {human_pos}" };
            bar.with_style(
                ProgressStyle::with_template(plain)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            )
        });
        if total > 0 {
            bar.set_length(total);
        }
        bar.set_position(done);
    }

    /// Prints the items that were kept.
    pub(super) fn finish(self) -> Result<(), Failure> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        match (self.format, self.layout) {
            (Format::Jsonl, _) | (_, Layout::Stream(_)) | (Format::Table, Layout::Lines(_)) => {
                Ok(())
            }
            (Format::Json, Layout::List(_) | Layout::Lines(_)) => {
                line(&pretty(&Value::Array(self.items)))
            }
            (Format::Json, Layout::One | Layout::Sheet(_)) => {
                self.items.iter().try_for_each(|item| line(&pretty(item)))
            }
            (Format::Table, Layout::List(columns)) => {
                line(&table(columns, &self.items, self.width))
            }
            (Format::Table, Layout::One) => {
                self.items.iter().try_for_each(|item| line(&sheet(&[], item)))
            }
            (Format::Table, Layout::Sheet(order)) => {
                self.items.iter().try_for_each(|item| line(&sheet(order, item)))
            }
        }
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn bare(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(width) = width {
        // Each column is wrapped on its own, so that rows stay intact.
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table
}

fn trimmed(table: &Table) -> String {
    // Strip the padding of the first column; continuation lines keep their indentation.
    table
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

fn table(columns: &[(&str, &str)], items: &[Value], width: Option<u16>) -> String {
    let mut table = bare(width);
    table.set_header(columns.iter().map(|(heading, _)| heading.to_uppercase()));
    for item in items {
        table.add_row(
            columns.iter().map(|(_, key)| {
                units::shown(key, &item[*key]).unwrap_or_else(|| cell(&item[*key]))
            }),
        );
    }
    trimmed(&table)
}

/// One line per key, the keys in `order` first.
/// One item as two columns, of any width: a link or a secret that is shown once must be copied in one
/// piece.
fn sheet(order: &[&str], item: &Value) -> String {
    let Value::Object(fields) = item else { return cell(item) };
    let mut table = bare(None);
    let place = |key: &str| order.iter().position(|known| *known == key).unwrap_or(order.len());
    let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
    sorted.sort_by_key(|(key, _)| place(key));
    for (key, value) in sorted {
        let shown = match value {
            // One line per item of a nested list.
            Value::Array(items) if items.iter().any(Value::is_object) => {
                items.iter().map(cell).collect::<Vec<_>>().join("\n")
            }
            value => units::shown(key, value).unwrap_or_else(|| cell(value)),
        };
        table.add_row([key.replace('_', " "), shown]);
    }
    trimmed(&table)
}

/// A value for people. Control characters in user-supplied text are replaced.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => harmless(text),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => {
            let shown = |(key, value): (&String, &Value)| {
                format!(
                    "{} {}",
                    key.replace('_', " "),
                    units::shown(key, value).unwrap_or_else(|| cell(value))
                )
            };
            fields.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
        Value::Number(number) => number.to_string(),
    }
}

/// The text on one line, without control characters and bidirectional overrides.
pub(super) fn harmless(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\u{2028}' | '\u{2029}' => '⏎',
        '\t' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.replace("\r\n", "\n").chars().map(shown).collect()
}

/// Prints a line on standard output. A closed pipe is not an error.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Reports the success of a command that prints nothing else: on standard error, if that is a
/// terminal or more detail is wanted, so that scripts stay silent.
pub(super) fn summary(global: &Global, text: &str) {
    if global.verbose || io::stderr().is_terminal() {
        note(text);
    }
}

/// Prints a line on standard error.
pub(super) fn note(text: &str) {
    // Notes are informational: a closed standard error is ignored.
    drop(writeln!(io::stderr(), "{text}"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_have_columns_and_nothing_dangerous() {
        let items = [
            json!({"name": "ann", "admin": true, "email": null}),
            json!({"name": "b\u{1b}[2J", "admin": false, "email": "b@example.org"}),
        ];
        let shown =
            table(&[("name", "name"), ("admin", "admin"), ("e-mail", "email")], &items, None);
        assert_eq!(
            shown
                .lines()
                .map(|line| line.split_whitespace().collect::<Vec<_>>().join("|"))
                .collect::<Vec<_>>(),
            ["NAME|ADMIN|E-MAIL", "ann|yes|-", "b\u{fffd}[2J|no|b@example.org"]
        );
        assert_eq!(sheet(&[], &json!({"display_name": "Ann"})), "display name  Ann");
        let nested = json!({"counts": {"rooms": 2, "users": 1}, "notes": [], "of": ["a", "b"]});
        assert_eq!(sheet(&[], &nested), "counts  rooms 2, users 1\nnotes   -\nof      a; b");
        let ordered = json!({"bytes": 4096, "list": [{"id": 1}, {"id": 2}], "running": true});
        assert_eq!(
            sheet(&["running"], &ordered),
            "running  yes\nbytes    4.0 KiB\nlist     id 1\n         id 2"
        );
        assert_eq!(
            harmless("Build #1\r\nfailed\ton\nmain\u{1b}"),
            "Build #1⏎failed on⏎main\u{fffd}"
        );
    }

    #[test]
    fn a_table_fits_its_terminal() {
        let long = "a name that is much too long for a column of a table that has to share eighty \
                    characters with others";
        let items = [
            json!({"name": "ann", "about": long, "time": "2026-11-28T19:00:00Z"}),
            json!({"name": "ben", "about": long, "time": "2026-11-28T19:00:00Z"}),
        ];
        let columns = [("name", "name"), ("about", "about"), ("created", "time")];
        let fitted = table(&columns, &items, Some(80));
        assert!(fitted.lines().all(|line| line.chars().count() <= 80), "{fitted}");
        assert_eq!(
            fitted
                .lines()
                .filter(|line| line.starts_with("ann") || line.starts_with("ben"))
                .count(),
            2,
            "{fitted}"
        );
        assert!(table(&columns, &items, None).contains(long));
    }
}
