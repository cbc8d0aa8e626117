//! The command line: one file per noun, each with its options and `run`. Only parsing and printing;
//! no chat rules.

mod ask;
mod audit;
mod backup;
mod bot;
mod cluster;
mod config;
mod db;
mod doctor;
mod emoji;
mod examples;
mod execute;
mod exit;
mod file;
mod init;
mod interrupt;
mod invite;
mod ldap;
mod lock;
mod log;
mod mail;
mod manpages;
mod outgoing_webhook;
mod passwords;
mod patient;
mod person;
mod pipe;
mod print;
mod reload;
mod retention;
mod room;
mod serve;
mod server;
mod slash_command;
mod status;
mod support;
mod token;
mod transfer;
mod units;
mod user;
mod version;
mod webhook;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use crate::admin::Failure;
use crate::config::Config;
use crate::config::load::Loaded;
use print::Format;

/// Heading of the options that every command takes; they stand last in each help.
const GLOBAL: &str = "Global options";

/// A chat server in a single binary
#[derive(Debug, Parser)]
#[command(
    name = "chatctl",
    version,
    propagate_version = true,
    after_help = "Examples:\n  chatctl serve\n  chatctl user create ann --admin\n\nExit codes: 0 \
                  done, 1 failed, 2 usage, 3 not found, 4 conflict, 5 server unreachable, 6 a \
                  check found problems, 7 not permitted, 130 interrupted (Ctrl-C, SIGTERM, \
                  SIGHUP)."
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    noun: Noun,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
struct Global {
    /// Configuration file (default: `$CHATCTL_CONFIG`, ./config.toml or /etc/chatctl/config.toml)
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    config: Option<PathBuf>,
    /// Data directory
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL)]
    data_dir: Option<PathBuf>,
    /// Print more detail
    #[arg(long, short, global = true, help_heading = GLOBAL)]
    verbose: bool,
    /// Output format
    #[arg(long, short, global = true, value_enum, default_value = "table", value_name = "FORMAT", help_heading = GLOBAL)]
    output: Format,
    /// Do not fit tables to the width of the terminal
    #[arg(long, global = true, help_heading = GLOBAL)]
    wide: bool,
    /// The configuration, cached after the first read.
    #[arg(skip)]
    loaded: OnceLock<Loaded>,
    /// Where the running server was found although the configuration has mistakes.
    #[arg(skip)]
    salvaged: OnceLock<Config>,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Run the server
    Serve(serve::Opts),
    /// Manage accounts and sessions
    #[command(subcommand)]
    User(user::Verb),
    /// Manage invitations, with which people create accounts
    #[command(subcommand)]
    Invite(invite::Verb),
    /// Manage rooms, their members and messages
    #[command(subcommand)]
    Room(room::Verb),
    /// Manage bots, the accounts of programs
    #[command(subcommand)]
    Bot(bot::Verb),
    /// Manage API tokens
    #[command(subcommand)]
    Token(token::Verb),
    /// Manage webhooks, to which other programs post
    #[command(subcommand)]
    Webhook(webhook::Verb),
    /// Manage outgoing webhooks, which send events of rooms to other programs
    #[command(subcommand)]
    OutgoingWebhook(outgoing_webhook::Verb),
    /// Manage slash commands, which people send to other programs
    #[command(subcommand)]
    SlashCommand(slash_command::Verb),
    /// Set the name, accent colour, message of the day and icon of the server
    #[command(subcommand)]
    Server(server::Verb),
    /// Manage custom emoji
    #[command(subcommand)]
    Emoji(emoji::Verb),
    /// Try out and follow the LDAP directory that checks passwords
    #[command(subcommand)]
    Ldap(ldap::Verb),
    /// Try out the mail server
    #[command(subcommand)]
    Mail(mail::Verb),
    /// Delete messages that have expired
    #[command(subcommand)]
    Retention(retention::Verb),
    /// Check and maintain the database
    #[command(subcommand)]
    Db(db::Verb),
    /// Set up and check the database that several servers share
    #[command(subcommand)]
    Cluster(cluster::Verb),
    /// Create, verify and restore backups
    #[command(subcommand)]
    Backup(backup::Verb),
    /// Export all data as JSON Lines
    #[command(after_help = "Examples:\n  chatctl export chat.jsonl\n  chatctl export | zstd > \
                            chat.jsonl.zst")]
    Export {
        /// Output file; standard output when omitted or -
        file: Option<PathBuf>,
    },
    /// Import an export of chatctl, Slack or Mattermost (server stopped)
    Import(transfer::Opts),
    /// Show, check or create the configuration
    #[command(subcommand)]
    Config(config::Verb),
    /// Follow and control the log of the running server
    #[command(subcommand)]
    Log(log::Verb),
    /// Show who has administered what
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Load the configuration and the TLS certificate again; exit code 1 if they cannot be used
    #[command(after_help = "Examples:\n  chatctl reload\n  chatctl reload -o json | jq \
                            .need_restart")]
    Reload,
    /// Show the state of the server
    #[command(after_help = "The exit code is 5 if no server is running.\n\nExamples:\n  chatctl \
                            status\n  chatctl status -o json | jq .running")]
    Status,
    /// Print the version, commit, SQLite version and platform
    #[command(
        after_help = "Examples:\n  chatctl version\n  chatctl version -o json | jq -r .sqlite"
    )]
    Version,
    /// Find problems and suggest remedies
    Doctor(doctor::Opts),
    /// Collect diagnostics for a bug report
    #[command(subcommand)]
    Support(support::Verb),
    /// Print a shell completion script
    #[command(after_help = "Examples:\n  chatctl completions bash > \
                            /etc/bash_completion.d/chatctl\n  chatctl completions zsh > \
                            ~/.zfunc/_chatctl")]
    Completions {
        /// Shell to complete for
        shell: Shell,
    },
    /// Write manual pages
    #[command(after_help = "Examples:\n  chatctl manpages /usr/local/share/man/man1\n  chatctl \
                            manpages . && man ./chatctl.1")]
    Manpages {
        /// Target directory
        directory: PathBuf,
    },
}

/// The command tree, with examples in the help of each verb.
fn command() -> clap::Command {
    examples::add(Cli::command().long_version(version::long()))
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let parsed = command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error),
    };
    let global = &cli.global;
    // `serve` installs its own signal handlers.
    if !matches!(cli.noun, Noun::Serve(_))
        && let Err(failure) = interrupt::stand()
    {
        return exit::report(&failure, global.output);
    }
    let done = match cli.noun {
        Noun::Serve(opts) => serve::run(global, opts),
        Noun::User(verb) => user::run(global, verb),
        Noun::Invite(verb) => invite::run(global, verb),
        Noun::Room(verb) => room::run(global, verb),
        Noun::Bot(verb) => bot::run(global, verb),
        Noun::Token(verb) => token::run(global, verb),
        Noun::Webhook(verb) => webhook::run(global, verb),
        Noun::OutgoingWebhook(verb) => outgoing_webhook::run(global, verb),
        Noun::SlashCommand(verb) => slash_command::run(global, verb),
        Noun::Server(verb) => server::run(global, verb),
        Noun::Emoji(verb) => emoji::run(global, verb),
        Noun::Ldap(verb) => ldap::run(global, verb),
        Noun::Mail(verb) => mail::run(global, verb),
        Noun::Retention(verb) => retention::run(global, verb),
        Noun::Db(verb) => db::run(global, &verb),
        Noun::Cluster(verb) => cluster::run(global, &verb),
        Noun::Backup(verb) => backup::run(global, verb),
        Noun::Export { file } => transfer::export(global, file.as_deref()),
        Noun::Import(opts) => transfer::import(global, &opts),
        Noun::Config(verb) => config::run(global, &verb),
        Noun::Log(verb) => log::run(global, verb),
        Noun::Audit(verb) => audit::run(global, verb),
        Noun::Reload => reload::run(global),
        Noun::Status => status::run(global),
        Noun::Version => version::run(global),
        Noun::Support(verb) => support::run(global, verb),
        Noun::Doctor(opts) => doctor::run(global, &opts),
        Noun::Completions { shell } => manpages::completions(shell),
        Noun::Manpages { directory } => manpages::manpages(&directory, global.output),
    };
    execute::end_log();
    done.map_or_else(|failure| exit::report(&failure, global.output), |()| ExitCode::SUCCESS)
}

/// Prints help, version or a usage error; the error as JSON if the arguments contain `json`.
fn misunderstood(error: &clap::Error) -> ExitCode {
    let wanted = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let json = std::env::args_os()
        .any(|argument| argument.to_str().is_some_and(|text| text.contains("json")));
    if !wanted && json {
        let text = error.render().to_string();
        return exit::report(
            &Failure::usage(text.trim().trim_start_matches("error: ")),
            Format::Json,
        );
    }
    // If standard error is closed, the exit code still reports the error.
    drop(error.print());
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }

    #[test]
    fn the_help_of_every_verb_ends_with_examples() {
        fn look(command: &clap::Command, path: &str) {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let count = after
                .split_once("Examples:")
                .map_or(0, |(_, examples)| examples.matches("\n  chatctl ").count());
            assert!(count >= 2 || path == "chatctl help", "{path}: {after:?}");
            for verb in command.get_subcommands() {
                look(verb, &format!("{path} {}", verb.get_name()));
            }
        }
        look(&super::command(), "chatctl");
    }
}
