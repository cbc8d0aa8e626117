//! `chatctl token`: API tokens.

use std::time::Duration;

use clap::{Subcommand, ValueEnum};

use super::print::{Format, Layout, note};
use super::{Global, execute};
use crate::admin::tokens::{TokenCreate, TokenList, TokenRevoke};
use crate::admin::{Command, Failure};

/// Verbs of `chatctl token`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl token create deploy --name ci --scope write\n  \
                        chatctl token list -o json")]
pub(super) enum Verb {
    /// Create an API token of an account, and show it this once
    Create {
        /// Login name of a bot or a person
        user: String,
        /// Name of the token
        #[arg(long = "name", value_name = "NAME")]
        token: String,
        /// What it may do, at most: never more than the account
        #[arg(long, value_enum, default_value = "read")]
        scope: Scope,
        /// Time until it ends, such as 90d; without, it ends when it is revoked, or unused for ten
        /// years
        #[arg(long, value_name = "TIME", value_parser = life)]
        expires: Option<Duration>,
        /// Succeed if a token of this name exists; it is left unchanged and not shown again
        #[arg(long)]
        if_not_exists: bool,
    },
    /// List the API tokens of an account, or all, with their last use
    List {
        /// Login name
        user: Option<String>,
    },
    /// Revoke an API token, and close the connections that use it
    Revoke {
        /// Login name
        user: String,
        /// Name of the token
        token: String,
        /// Succeed if it does not exist
        #[arg(long)]
        if_exists: bool,
    },
}

/// The value of `--scope`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Scope {
    /// Read
    Read,
    /// Read and write
    Write,
    /// Read, write, and administer the server if the account may
    Admin,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

pub(super) fn life(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .ok()
        .filter(|life| life.as_secs() > 0)
        .ok_or_else(|| "must be a time such as 12h, 90d or 1y".to_owned())
}

pub(super) const COLUMNS: Layout = Layout::List(&[
    ("name", "name"),
    ("user", "user"),
    ("scope", "scope"),
    ("room", "room"),
    ("created", "created"),
    ("last used", "last_used"),
    ("expires", "expires"),
]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let (command, layout) = match verb {
        Verb::Create { user, token, scope, expires, if_not_exists } => {
            let command = Command::TokenCreate(TokenCreate {
                name: user,
                token,
                scope: Some(scope.name().to_owned()),
                expires_seconds: expires.map(|life| life.as_secs()),
                if_not_exists,
            });
            return show_once(global, &command, "The token is not shown again.");
        }
        Verb::List { user } => (Command::TokenList(TokenList { name: user }), COLUMNS),
        Verb::Revoke { user, token, if_exists } => {
            (Command::TokenRevoke(TokenRevoke { name: user, token, if_exists }), Layout::One)
        }
    };
    execute::run(global, &command, layout)
}

/// Prints what a command has created, and says on a table that its secret is not shown again.
pub(super) fn show_once(global: &Global, command: &Command, why: &str) -> Result<(), Failure> {
    let mut secret = false;
    execute::run_with(global, command, Layout::One, &mut |item| {
        secret = !(item["token"].is_null() && item["url"].is_null());
    })?;
    if secret && global.output == Format::Table {
        note(why);
    }
    Ok(())
}
