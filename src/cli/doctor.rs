//! `chatctl doctor`: finds problems, also if no server can start.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::Global;
use super::execute::{self, Found};
use super::print::{Layout, Printer, note};
use crate::admin::doctor::Doctor;
use crate::admin::doctor::{self, CHECKS, Check, Finding, Installation, Server, Side, Status};
use crate::admin::status::Status as StatusCommand;
use crate::admin::{Command, Failure, Kind, Reply};
use crate::config::Config;
use crate::config::load::Loaded;

const LIST: Layout = Layout::List(&[("check", "check"), ("scope", "about")]);
const FINDINGS: Layout = Layout::List(&[
    ("check", "check"),
    ("status", "status"),
    ("result", "found"),
    ("remedy", "advice"),
]);

/// Options of `doctor`.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Find problems of the server and its data, running or stopped, and suggest \
                  remedies.\n\nThe status of a check is ok, warning, failed, skipped or fixed. \
                  The exit code is 6 if a check failed; warnings alone end with 0.",
    after_help = "Examples:\n  chatctl doctor\n  chatctl doctor --only permissions --only search \
                  --fix"
)]
pub(super) struct Opts {
    /// List the checks, and run none
    #[arg(long, conflicts_with_all = ["only", "fix"])]
    list: bool,
    /// Run only this check; may be repeated
    #[arg(long, value_name = "CHECK")]
    only: Vec<String>,
    /// Repair what is safe to repair: file modes and owners, a stale socket, the search index,
    /// leftovers, missing directories
    #[arg(long)]
    fix: bool,
}

pub(super) fn run(global: &Global, opts: &Opts) -> Result<(), Failure> {
    if opts.list {
        let mut printer = Printer::new(global, LIST);
        CHECKS.iter().try_for_each(|check| {
            printer.item(json!({"check": check.name, "about": check.about}))
        })?;
        return printer.finish();
    }
    let findings = examine(global, &opts.only, opts.fix)?;
    let mut printer = Printer::new(global, FINDINGS);
    for finding in &findings {
        printer.item(json!(finding))?;
    }
    printer.finish()?;
    doctor::verdict(&findings)
}

/// Runs the named checks, or all if `names` is empty. Fails only if there is no installation to
/// check.
pub(super) fn examine(
    global: &Global,
    names: &[String],
    fix: bool,
) -> Result<Vec<Finding>, Failure> {
    let checks = doctor::only(names)?;
    let loaded = match execute::loaded(global) {
        Ok(loaded) => loaded,
        Err(error) => {
            let mut found = without_configuration(&checks, &error.to_string());
            // A server that runs with the previous configuration checks itself.
            if let Some(config) = execute::salvaged(global)
                && let Ok(Found::Server(stream)) = execute::connect(config)
            {
                let chosen = execute::chosen(global).0;
                if let Some(other) = other_file(config, chosen.as_deref()) {
                    note(&other.of_server());
                    return Ok(found);
                }
                let there: Vec<&Check> =
                    checks.iter().copied().filter(|check| check.side == Side::Files).collect();
                found.retain(|finding| there.iter().all(|check| check.name != finding.check));
                if !there.is_empty() {
                    found.extend(ask_server(stream, &there, fix));
                }
                found.sort_by_key(position);
            }
            return Ok(found);
        }
    };
    let data = &loaded.config.server.data_dir;
    let only_configuration = checks.iter().all(|check| check.name == "config");
    if !only_configuration
        && std::fs::metadata(data).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    {
        let place = std::path::absolute(data).unwrap_or_else(|_| data.clone());
        let message = format!(
            "the data directory {} does not exist; use --data-dir, or --config for another \
             configuration file",
            place.display()
        );
        return Err(Failure::not_found(message));
    }
    let mut found = if only_configuration {
        alone(&loaded, &checks, fix)
    } else {
        look(global, &loaded, &checks, fix)
    };
    // Caller and server have run their checks separately.
    found.sort_by_key(position);
    Ok(found)
}

/// The place of a finding in the report.
fn position(finding: &Finding) -> Option<usize> {
    CHECKS.iter().position(|check| check.name == finding.check)
}

/// The configuration cannot be used, so all other checks are skipped.
fn without_configuration(checks: &[&Check], why: &str) -> Vec<Finding> {
    let say = |check: &&Check| match check.name {
        "config" => Finding::new(
            check.name,
            Status::Failed,
            why,
            Some("Correct the configuration, then run: chatctl config check.".to_owned()),
        ),
        name => Finding::new(name, Status::Skipped, "the configuration cannot be read", None),
    };
    let mut found: Vec<Finding> = checks.iter().map(say).collect();
    if found.iter().all(|finding| finding.check != "config") {
        found.insert(
            0,
            Finding::new(
                "config",
                Status::Failed,
                why,
                Some("Correct the configuration, then run: chatctl config check.".to_owned()),
            ),
        );
    }
    found
}

fn alone(loaded: &Loaded, checks: &[&Check], fix: bool) -> Vec<Finding> {
    doctor::examine(&ground(loaded, fix, Server::Stopped), checks)
}

fn ground(loaded: &Loaded, fix: bool, server: Server) -> Installation {
    Installation { config: Arc::new(loaded.config.clone()), file: loaded.file.clone(), fix, server }
}

/// Has the server run the checks that need it.
fn ask_server(stream: UnixStream, there: &[&Check], fix: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let command = Command::Doctor(Doctor {
        only: there.iter().map(|check| check.name.to_owned()).collect(),
        fix,
    });
    let asked = execute::remote(stream, &command, &mut |reply| {
        if let Reply::Item(item) = reply {
            found.push(serde_json::from_value(item).map_err(|error| {
                Failure::failed(format!("the server sent an invalid reply: {error}"))
            })?);
        }
        Ok(())
    });
    match asked {
        Err(failure) if failure.kind != Kind::Problems => {
            found.push(unanswered(&failure));
        }
        _ => (),
    }
    found
}

/// The configuration file of a running server that was not started with the chosen one.
pub(super) struct OtherFile(pub(super) Option<PathBuf>);

impl OtherFile {
    /// What is done with the file that was chosen, and which one the server uses.
    pub(super) fn beside(&self, global: &Global, doing: &str) -> String {
        let chosen = execute::chosen(global).0;
        let chosen = chosen.map_or_else(|| "none".to_owned(), |file| file.display().to_string());
        format!("{doing} the configuration {chosen}. {}", self.of_server())
    }

    pub(super) fn of_server(&self) -> String {
        match &self.0 {
            Some(file) => format!("The running server uses {}.", file.display()),
            None => "The running server uses no configuration file.".to_owned(),
        }
    }
}

/// Returns the configuration file of the running server if it is not this one.
pub(super) fn other_file(config: &Config, chosen: Option<&Path>) -> Option<OtherFile> {
    let Ok(Found::Server(stream)) = execute::connect(config) else { return None };
    let mut said = None;
    let asked = execute::remote(stream, &Command::Status(StatusCommand {}), &mut |reply| {
        if let Reply::Item(item) = reply {
            said = item.get("config_file").cloned();
        }
        Ok(())
    });
    // A server that does not say it is not suspected.
    asked.ok()?;
    let theirs = said?.as_str().map(PathBuf::from);
    let canonical = |file: &Path| std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    (chosen.map(canonical) != theirs.as_deref().map(canonical)).then_some(OtherFile(theirs))
}

/// The running server was started with another file. If the user has named one, only that one is
/// checked, and what it says is tried out; otherwise only that of the server.
fn look_apart(
    global: &Global,
    loaded: &Loaded,
    other: &OtherFile,
    checks: &[&Check],
) -> Option<Vec<Finding>> {
    if !execute::chosen(global).1 {
        return None;
    }
    note(&other.beside(global, "Checking"));
    let ground = ground(loaded, false, Server::Elsewhere);
    let file = other.0.as_ref().map_or_else(String::new, |file| file.display().to_string());
    let advice = format!("Run: chatctl doctor --config {file}.");
    let skip = |check: &Check| {
        let why = other.of_server().replacen("The", "the", 1);
        let why = why.trim_end_matches('.');
        vec![Finding::new(check.name, Status::Skipped, why, Some(advice.clone()))]
    };
    let look = |check: &&Check| {
        if check.name == "config" || check.tries {
            doctor::examine(&ground, &[*check])
        } else {
            skip(check)
        }
    };
    Some(checks.iter().flat_map(look).collect())
}

/// The running server was started without a file, such as before there was one: what the file says
/// is checked and tried out here, and the server checks its data.
fn look_beside(loaded: &Loaded, stream: UnixStream, checks: &[&Check], fix: bool) -> Vec<Finding> {
    let (here, there): (Vec<&Check>, Vec<&Check>) =
        checks.iter().partition(|check| check.side == Side::Caller || check.tries);
    let mut found = doctor::examine(&ground(loaded, fix, Server::Elsewhere), &here);
    if !there.is_empty() {
        found.extend(ask_server(stream, &there, fix));
    }
    found
}

/// Checks here what concerns the caller, and has the server check the rest.
fn look_with(
    (global, loaded): (&Global, &Loaded),
    stream: UnixStream,
    checks: &[&Check],
    fix: bool,
) -> Vec<Finding> {
    let (here, there): (Vec<&Check>, Vec<&Check>) =
        checks.iter().partition(|check| check.side == Side::Caller);
    let mut theirs = None;
    if let Some(other) = other_file(&loaded.config, loaded.file.as_deref()) {
        if other.0.is_none() {
            note(&other.beside(global, "Checking"));
            return look_beside(loaded, stream, checks, fix);
        }
        if let Some(found) = look_apart(global, loaded, &other, checks) {
            return found;
        }
        note(&format!("{} That configuration is checked.", other.of_server()));
        let file = other.0.unwrap_or_default();
        match execute::load_other(global, &file) {
            Ok(loaded) => theirs = Some(loaded),
            Err(error) => return without_configuration(checks, &error.to_string()),
        }
    }
    let loaded = theirs.as_ref().unwrap_or(loaded);
    let mut found = doctor::examine(&ground(loaded, fix, Server::Elsewhere), &here);
    if !there.is_empty() {
        found.extend(ask_server(stream, &there, fix));
    }
    found
}

fn look(global: &Global, loaded: &Loaded, checks: &[&Check], fix: bool) -> Vec<Finding> {
    let path = loaded.config.server.control_path();
    match execute::connect(&loaded.config) {
        Ok(Found::Server(stream)) => look_with((global, loaded), stream, checks, fix),
        Ok(Found::Nobody(lock)) => {
            let ground = ground(loaded, fix, Server::Stopped);
            let found = doctor::examine(&ground, checks);
            keep(loaded, &found);
            drop(lock);
            found
        }
        Err(failure) if failure.kind == Kind::Unreachable => {
            if fix {
                note(
                    "Nothing is repaired while another process holds the data directory and does \
                     not answer.",
                );
            }
            let ground = ground(loaded, fix, Server::Silent(failure.to_string()));
            doctor::examine(&ground, checks)
        }
        // The caller lacks permission for the socket or the files: report what can be read.
        Err(failure) => {
            let ground = ground(loaded, false, Server::Silent(failure.to_string()));
            let mut found = doctor::examine(&ground, checks);
            if found.iter().all(|finding| finding.check != "server") {
                found.push(Finding::new(
                    "server",
                    Status::Failed,
                    failure.to_string(),
                    Some(access(&path)),
                ));
            }
            for finding in found.iter_mut().filter(|finding| finding.check == "server") {
                finding.advice = Some(access(&path));
            }
            found
        }
    }
}

fn access(socket: &Path) -> String {
    format!(
        "Run it as the owner of the data directory, as root, or as a user who has access to {}.",
        socket.display()
    )
}

fn unanswered(failure: &Failure) -> Finding {
    Finding::new(
        "server",
        Status::Failed,
        failure.to_string(),
        Some("Check the log of the server.".to_owned()),
    )
}

/// Logs the repairs on the data of a stopped server.
fn keep(loaded: &Loaded, found: &[Finding]) {
    let data = &loaded.config.server.data_dir;
    if found.iter().any(|finding| finding.status == Status::Fixed) {
        match execute::start_log(&loaded.config, data) {
            Ok(()) => doctor::note(&execute::operator(), found),
            Err(failure) => note(&failure.to_string()),
        }
    }
}
