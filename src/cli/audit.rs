//! `chatctl audit`: the log of administrative changes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value};

use super::print::{Format, Layout, Printer, cell, note};
use super::{Global, execute, file};
use crate::admin::audit::{AuditList, instant};
use crate::admin::{Command, Failure};
use crate::model::Timestamp;

/// Verbs of `chatctl audit`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Entries cannot be removed; they are deleted after [audit] days.\n\n\
                        Examples:\n  chatctl audit list --user bob --since 30d\n  chatctl audit \
                        export --format csv audit.csv")]
pub(super) enum Verb {
    /// List administrative changes, newest first
    List {
        #[command(flatten)]
        filter: Filter,
        /// Number of entries; 0 for all
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Export administrative changes, oldest first
    Export {
        /// Output file; standard output when omitted or -
        file: Option<PathBuf>,
        /// Format of the file
        #[arg(long, value_enum, default_value = "jsonl")]
        format: FileFormat,
        #[command(flatten)]
        filter: Filter,
    },
}

/// The value of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FileFormat {
    /// One JSON object per line
    Jsonl,
    /// Comma-separated values with a heading, for spreadsheets
    Csv,
}

/// Selects entries.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// Only entries from this time on: 7d, 2026-11-29 or 2026-11-29T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Only entries before this time: 7d, 2026-11-29 or 2026-11-29T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// Only what this person did, or what was done to their account
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only this action, such as user.disable, or all actions of a noun, such as user
    #[arg(long, value_name = "ACTION", value_parser = action)]
    action: Option<String>,
}

/// All actions of the audit log.
const ACTIONS: [&str; 68] = [
    "backup.create",
    "backup.prune",
    "backup.restore",
    "backup.store",
    "bot.create",
    "bot.delete",
    "config.reload",
    "db.migrate",
    "db.reindex",
    "db.vacuum",
    "doctor.fix",
    "emoji.add",
    "emoji.delete",
    "instance.export",
    "instance.import",
    "invite.create",
    "invite.revoke",
    "invite.use",
    "log.level",
    "mail.test",
    "message.delete",
    "outgoing_webhook.create",
    "outgoing_webhook.delete",
    "outgoing_webhook.disable",
    "outgoing_webhook.enable",
    "retention.run",
    "room.add",
    "room.create",
    "room.delete",
    "room.export",
    "room.member_name",
    "room.messages",
    "room.pin",
    "room.purge",
    "room.remove",
    "room.rename",
    "room.retention",
    "room.role",
    "room.settings",
    "server.reset",
    "server.set",
    "slash_command.create",
    "slash_command.delete",
    "support.bundle",
    "token.create",
    "token.revoke",
    "user.create",
    "user.delete",
    "user.demote",
    "user.disable",
    "user.email",
    "user.enable",
    "user.erase",
    "user.export",
    "user.link",
    "user.log_in",
    "user.logout",
    "user.mark",
    "user.passwd",
    "user.promote",
    "user.rename",
    "user.reset_link",
    "user.reset_password",
    "user.reset_second_factor",
    "user.setup",
    "user.unlink",
    "webhook.create",
    "webhook.delete",
];

/// Accepts an action or the noun of one.
fn action(text: &str) -> Result<String, String> {
    let is_noun = |action: &&str| action.split_once('.').is_some_and(|(noun, _)| noun == text);
    if ACTIONS.iter().any(|action| *action == text || is_noun(action)) {
        return Ok(text.to_owned());
    }
    Err(format!("there is no such action; give one of {}", ACTIONS.join(", ")))
}

/// Parses an age, a day or a timestamp.
fn time(text: &str) -> Result<Timestamp, String> {
    let ago = |age: Duration| Timestamp::now().minus(age);
    instant(text).or_else(|| humantime::parse_duration(text).ok().map(ago)).ok_or_else(|| {
        "must be an age such as 7d, a day such as 2026-11-29, or a time such as \
         2026-11-29T08:00:00Z"
            .to_owned()
    })
}

impl Filter {
    fn list(self, oldest_first: bool, limit: Option<u32>) -> Command {
        let Self { since, until, user, action } = self;
        Command::AuditList(AuditList {
            since: since.map(Timestamp::millis),
            until: until.map(Timestamp::millis),
            user,
            action,
            after: None,
            oldest_first,
            limit,
        })
    }
}

const WHO: &str = "who";
const WHAT: &str = "what";
const CHANGE: &str = "change";
const COLUMNS: Layout = Layout::List(&[
    ("time", "time"),
    ("who", WHO),
    ("from", "from"),
    ("action", "action"),
    ("what", WHAT),
    ("change", CHANGE),
]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List { filter, limit } => {
            let limit = Some(limit).filter(|limit| *limit > 0);
            if global.output == Format::Table {
                return table(global, filter, limit);
            }
            execute::run(global, &filter.list(false, limit), COLUMNS)
        }
        Verb::Export { file, format, filter } => {
            let command = filter.list(true, None);
            match format {
                FileFormat::Jsonl => file::write_lines(global, &command, file.as_deref()),
                FileFormat::Csv => {
                    let head = record(HEADINGS.map(str::to_owned));
                    file::write_items(global, &command, file.as_deref(), &head, &row)
                }
            }
        }
    }
}

/// Prints a table, and says if there are more entries.
fn table(global: &Global, filter: Filter, limit: Option<u32>) -> Result<(), Failure> {
    let command = filter.list(false, limit.map(|limit| limit.saturating_add(1)));
    let mut entries = execute::ask(global, &command)?;
    let shown = limit.map_or(entries.len(), |limit| limit as usize);
    let has_more = entries.len() > shown;
    if entries.is_empty() {
        note("The audit log has no such entries.");
        return Ok(());
    }
    entries.truncate(shown);
    let mut printer = Printer::new(global, COLUMNS);
    for mut entry in entries {
        summarize(&mut entry);
        printer.item(entry)?;
    }
    printer.finish()?;
    if has_more {
        note(&format!("The newest {shown} entries; there are more: --limit 0 shows all."));
    }
    Ok(())
}

/// Adds the columns that only the table has.
fn summarize(entry: &mut Value) {
    let who = who(&entry["actor"]);
    let target = &entry["target"];
    let what = match (target["kind"].as_str(), target["name"].as_str()) {
        (None, _) => Value::Null,
        (Some("user"), Some(name)) => format!("user {name}").into(),
        (Some(kind), Some(name)) => format!("{kind} {} ({name})", cell(&target["id"])).into(),
        (Some(kind), None) => format!("{kind} {}", cell(&target["id"])).into(),
    };
    let change = changes(&entry["before"], &entry["after"]);
    entry[WHO] = who.into();
    entry[WHAT] = what;
    entry[CHANGE] = change;
}

/// The name of an actor. A user whose name could be taken for that of another kind has a prefix.
fn who(actor: &Value) -> String {
    let name = cell(&actor["name"]);
    match actor["kind"].as_str() {
        Some("cli") => format!("cli:{name}"),
        Some("user") if name.contains(':') || ["server", "setup"].contains(&&*name) => {
            format!("user:{name}")
        }
        _ => name,
    }
}

/// `disabled no → yes, sessions ended 2`; null if there is nothing to say.
fn changes(before: &Value, after: &Value) -> Value {
    let none = Map::new();
    let (before, after) = (before.as_object().unwrap_or(&none), after.as_object().unwrap_or(&none));
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let shown = after.keys().chain(gone).map(|key| {
        // The keys of the configuration are shown as they are written there.
        let name = if key.contains('.') { key.clone() } else { key.replace('_', " ") };
        match (before.get(key), after.get(key)) {
            (Some(old), Some(new)) => format!("{name} {} → {}", cell(old), cell(new)),
            (Some(old), None) => format!("{name} {} → -", cell(old)),
            (None, new) => format!("{name} {}", new.map(cell).unwrap_or_default()),
        }
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { Value::Null } else { shown.join(", ").into() }
}

const HEADINGS: [&str; 12] = [
    "id",
    "time",
    "actor_kind",
    "actor_id",
    "actor",
    "from",
    "action",
    "target_kind",
    "target_id",
    "target",
    "before",
    "after",
];

/// An entry as a line of a CSV file.
fn row(entry: &Value) -> String {
    let plain = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (actor, target) = (&entry["actor"], &entry["target"]);
    record(
        [
            &entry["id"],
            &entry["time"],
            &actor["kind"],
            &actor["id"],
            &actor["name"],
            &entry["from"],
            &entry["action"],
            &target["kind"],
            &target["id"],
            &target["name"],
            &entry["before"],
            &entry["after"],
        ]
        .map(plain),
    )
}

/// A line of a CSV file (RFC 4180).
fn record<const N: usize>(fields: [String; N]) -> String {
    let mut line = fields.map(|text| field(&text)).join(",");
    line.push_str("\r\n");
    line
}

/// A field of a CSV file. Text that a spreadsheet would execute as a formula gets an apostrophe
/// before it, also after spaces and in the full-width signs that some spreadsheets accept.
fn field(text: &str) -> String {
    let starts = |signs: &[char]| text.trim_start().starts_with(signs);
    let formula = starts(&['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n']);
    let safe = if formula { format!("'{text}") } else { text.to_owned() };
    if safe.contains([',', '"', '\r', '\n']) || safe.trim() != safe {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_quoted_and_is_never_a_formula() {
        for (text, shown) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1", "' =1"),
            (" x", "\" x\""),
            ("＝1", "'＝1"),
            ("\t=1", "'\t=1"),
            ("\rx", "\"'\rx\""),
            ("1=1", "1=1"),
        ] {
            assert_eq!(field(text), shown, "{text:?}");
        }
    }

    #[test]
    fn a_user_is_not_taken_for_somebody_else() {
        for (kind, name, shown) in [
            ("cli", "root", "cli:root"),
            ("user", "cli:root", "user:cli:root"),
            ("user", "user:cli:root", "user:user:cli:root"),
            ("user", "server", "user:server"),
            ("server", "server", "server"),
            ("user", "ann", "ann"),
        ] {
            assert_eq!(who(&json!({"kind": kind, "name": name})), shown);
        }
    }

    #[test]
    fn actions_are_known_by_name_and_noun() {
        assert!(["user.disable", "user", "db"].into_iter().all(|text| action(text).is_ok()));
        for unknown in ["use", "user.", "users", "user.fly", ""] {
            assert!(action(unknown).is_err_and(|why| why.contains("user.disable")), "{unknown}");
        }
    }

    #[test]
    fn the_documentation_lists_all_actions() {
        let page = include_str!("../../docs/administration.md");
        for action in ACTIONS {
            let (noun, verb) = action.split_once('.').unwrap();
            let row = page.lines().find(|line| line.starts_with(&format!("| `{noun}.…`")));
            assert!(row.is_some_and(|row| row.contains(&format!("`{verb}`"))), "{action}");
        }
    }

    #[test]
    fn a_change_is_shown_from_before_to_after() {
        assert_eq!(
            changes(
                &json!({"disabled": false, "roles": {"ann": "admin"}}),
                &json!({"disabled": true, "sessions_ended": 2})
            ),
            "disabled no → yes, sessions ended 2, roles ann admin → -"
        );
        assert_eq!(
            changes(
                &json!({"log.ship.otlp_endpoint": null}),
                &json!({"log.ship.otlp_endpoint": "x"})
            ),
            "log.ship.otlp_endpoint - → x"
        );
        assert_eq!(changes(&Value::Null, &Value::Null), Value::Null);
    }
}
