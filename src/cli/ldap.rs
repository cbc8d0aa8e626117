//! `chatctl ldap`: the LDAP directory that checks passwords.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::ask;
use super::doctor::other_file;
use super::print::{Layout, Printer, note};
use super::{Global, execute};
use crate::admin::ldap::{LdapSync, LdapTest};
use crate::admin::{Command, Failure, verdict_of};
use crate::config::load::Loaded;

/// Verbs of `chatctl ldap`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl ldap test\n  chatctl ldap test ann\n  chatctl ldap \
                        sync -o json")]
pub(super) enum Verb {
    /// Try the directory of `[ldap]` in the configuration file out, step by step; exit code 6 if a
    /// step fails
    Test {
        /// Name as it is typed at log-in: show its entry, and what a log-in would do
        login: Option<String>,
        /// Check the password in the first line of standard input too
        #[arg(long, requires = "login", conflicts_with = "password_file")]
        password_stdin: bool,
        /// Check the password in the first line of a file too
        #[arg(long, requires = "login", value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Compare the linked accounts with their entries now: names, e-mail addresses and roles follow,
    /// and the sessions of accounts without an entry end
    Sync,
}

const STEPS: Layout = Layout::List(&[("step", "step"), ("ok", "ok"), ("found", "found")]);
const SYNCED: Layout =
    Layout::List(&[("name", "name"), ("entry", "entry"), ("sessions ended", "sessions_ended")]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Test { login, password_stdin, password_file } => {
            let password = ask::given(password_stdin, password_file.as_deref())?;
            let test = LdapTest { name: login, password };
            if let Some(loaded) = apart(global) {
                return try_apart(global, test, &loaded);
            }
            execute::run(global, &Command::LdapTest(test), STEPS)
        }
        Verb::Sync => execute::run(global, &Command::LdapSync(LdapSync {}), SYNCED),
    }
}

/// The configuration that the user has chosen, if the running server was started with another file,
/// or without one.
fn apart(global: &Global) -> Option<Loaded> {
    let loaded = execute::loaded(global).ok()?;
    let (chosen, is_named) = execute::chosen(global);
    let other = other_file(&loaded.config, chosen.as_deref())?;
    if !is_named && other.0.is_some() {
        note(&format!("{} That configuration is tried out.", other.of_server()));
        return None;
    }
    note(&other.beside(global, "Trying out"));
    Some(loaded)
}

fn try_apart(global: &Global, test: LdapTest, loaded: &Loaded) -> Result<(), Failure> {
    let steps = test.try_apart(&loaded.config.ldap)?;
    let mut printer = Printer::new(global, STEPS);
    for step in &steps {
        printer.item(json!(step))?;
    }
    printer.finish()?;
    verdict_of(steps.iter().filter(|step| !step.is_ok()).count())
}
