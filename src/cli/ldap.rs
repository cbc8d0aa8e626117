//! `chatctl ldap`: the LDAP directory that checks passwords.

use std::path::PathBuf;

use clap::Subcommand;

use super::ask;
use super::print::Layout;
use super::{Global, execute};
use crate::admin::ldap::{LdapSync, LdapTest};
use crate::admin::{Command, Failure};

/// Verbs of `chatctl ldap`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl ldap test\n  chatctl ldap test ann\n  chatctl ldap \
                        sync -o json")]
pub(super) enum Verb {
    /// Try the directory of `[ldap]` out, step by step; exit code 6 if a step fails
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
            let command = Command::LdapTest(LdapTest { name: login, password });
            execute::run(global, &command, STEPS)
        }
        Verb::Sync => execute::run(global, &Command::LdapSync(LdapSync {}), SYNCED),
    }
}
