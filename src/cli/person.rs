//! `chatctl user delete`, `erase` and `export`: what ends an account, and what a person may ask for.

use std::path::Path;

use serde_json::Value;

use super::ask::Destructive;
use super::execute::{self, carry_out};
use super::file::Making;
use super::interrupt::Interrupt;
use super::print::{Layout, Printer, cell, note, summary};
use super::units::{bytes, count, counted, size};
use super::{Global, pipe};
use crate::admin::erase::UserErase;
use crate::admin::removal::UserDelete;
use crate::admin::user_export::UserExport;
use crate::admin::users::{UserList, UserShow};
use crate::admin::{Command, Failure, Kind, Reply};

/// Deletes an account.
pub(super) fn delete(
    global: &Global,
    name: &str,
    if_exists: bool,
    destructive: &Destructive,
) -> Result<(), Failure> {
    let command =
        |dry_run| Command::UserDelete(UserDelete { name: name.to_owned(), dry_run, if_exists });
    remove(global, name, destructive, &command, &leaving, "Delete the account?")
}

/// Erases a person.
pub(super) fn erase(
    global: &Global,
    name: &str,
    if_exists: bool,
    destructive: &Destructive,
) -> Result<(), Failure> {
    let command =
        |dry_run| Command::UserErase(UserErase { name: name.to_owned(), dry_run, if_exists });
    let question = "Erase all of it? It cannot be restored.";
    remove(global, name, destructive, &command, &erasing, question)
}

/// Shows what would go, asks, and removes it.
fn remove(
    global: &Global,
    name: &str,
    destructive: &Destructive,
    command: &dyn Fn(bool) -> Command,
    shown: &dyn Fn(&Value) -> String,
    question: &str,
) -> Result<(), Failure> {
    if !destructive.dry_run && !destructive.yes {
        let Some(going) = execute::ask(global, &command(true))?.pop() else { return Ok(()) };
        note(&shown(&going));
        if is_last_administrator(global, name)? {
            note(&format!(
                "{name} is the last administrator: nobody else can administer the server in the \
                 web UI."
            ));
        }
        destructive.confirm(question)?;
    }
    execute::run(global, &command(destructive.dry_run), Layout::One)
}

/// Asks for confirmation if the server would be left without an administrator.
pub(super) fn last_administrator(global: &Global, name: &str, yes: bool) -> Result<(), Failure> {
    if yes || !is_last_administrator(global, name)? {
        return Ok(());
    }
    note(&format!(
        "{name} is the last administrator: nobody else can administer the server in the web UI. \
         Promote another account first: chatctl user promote NAME"
    ));
    Destructive::default().confirm("Continue anyway?")
}

fn is_last_administrator(global: &Global, name: &str) -> Result<bool, Failure> {
    let acts = |user: &Value| user["admin"] == true && user["disabled"] == false;
    let shown = match execute::ask(global, &Command::UserShow(UserShow { name: name.to_owned() })) {
        // The command itself reports this error.
        Err(failure) if failure.kind == Kind::NotFound => return Ok(false),
        shown => shown?,
    };
    let Some(user) = shown.first().filter(|user| acts(user)) else { return Ok(false) };
    Ok(!execute::ask(global, &Command::UserList(UserList {}))?
        .iter()
        .any(|other| acts(other) && other["name"] != user["name"]))
}

/// What goes with an account.
pub(super) fn leaving(going: &Value) -> String {
    format!(
        "{}: leaves {}; deletes {} without other members, with {}; ends {} and {}.",
        cell(&going["name"]),
        counted(going, "rooms_left", "room"),
        counted(going, "rooms_deleted", "private room"),
        counted(going, "messages_deleted", "message"),
        counted(going, "sessions_ended", "session"),
        counted(going, "tokens_ended", "API token")
    )
}

fn erasing(going: &Value) -> String {
    format!(
        "{}\nErases the content of {}, {} and {} ({}).",
        leaving(going),
        counted(going, "messages_erased", "message"),
        counted(going, "reactions_erased", "reaction"),
        counted(going, "files_erased", "file"),
        size(going, "file_bytes")
    )
}

/// Writes everything of one person to a file or to standard output.
pub(super) fn export(global: &Global, name: String, path: &Path) -> Result<(), Failure> {
    let interrupt = Interrupt::watch();
    let path = Some(path).filter(|path| *path != Path::new(pipe::STDOUT));
    let mut making = path.map(Making::begin).transpose()?;
    let mut bar = Printer::new(global, Layout::One);
    let (mut written, mut exported) = (0, Value::Null);
    carry_out(global, &Command::UserExport(UserExport { name }), &mut |reply| {
        interrupt.check()?;
        match (reply, &mut making) {
            (Reply::Bytes(some), making) => {
                written += some.len() as u64;
                match making {
                    Some(making) => making.write(&some)?,
                    None => pipe::write(&some, &interrupt)?,
                }
            }
            (Reply::Progress { done, total }, _) => bar.progress(done, total),
            (Reply::Item(item), _) => exported = item,
        }
        Ok(())
    })?;
    bar.finish()?;
    making.map_or(Ok(()), Making::finish)?;
    let missing = exported["files_missing"].as_u64().unwrap_or_default();
    if missing > 0 {
        let files = count(missing, "file");
        note(&format!("The export lacks {files} whose bytes are missing on the server."));
    }
    let place =
        path.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
    let said = counted(&exported, "messages", "message");
    let files = counted(&exported, "files", "file");
    summary(global, &format!("Wrote {said} and {files} ({}) to {place}.", bytes(written)));
    Ok(())
}
