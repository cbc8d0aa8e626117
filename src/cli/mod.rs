//! The command line: one file a noun, each with its options and `run`. Parsing and printing; no
//! rule of the chat.

mod ask;
mod backup;
mod config;
mod db;
mod doctor;
mod examples;
mod execute;
mod exit;
mod file;
mod init;
mod interrupt;
mod lock;
mod log;
mod manpages;
mod passwords;
mod patient;
mod pipe;
mod print;
mod room;
mod serve;
mod status;
mod support;
mod transfer;
mod units;
mod user;
mod version;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use crate::admin::Failure;
use crate::config::load::Loaded;
use print::Format;

/// A chat server in one file: server, database, web UI and administration.
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

/// Options that every command takes.
#[derive(Debug, clap::Args)]
struct Global {
    /// The configuration file; else `$CHATCTL_CONFIG`, ./config.toml, /etc/chatctl/config.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where everything is kept
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Say more about what is done
    #[arg(long, short, global = true)]
    verbose: bool,
    /// How what is said looks
    #[arg(long, short, global = true, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Format,
    /// Do not fit tables to the width of the terminal
    #[arg(long, global = true)]
    wide: bool,
    /// The configuration, once it was read.
    #[arg(skip)]
    loaded: OnceLock<Loaded>,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Run the server
    Serve(serve::Opts),
    /// Accounts and their sessions
    #[command(subcommand)]
    User(user::Verb),
    /// Rooms, who is in them, what was said
    #[command(subcommand)]
    Room(room::Verb),
    /// The database
    #[command(subcommand)]
    Db(db::Verb),
    /// Backups of everything
    #[command(subcommand)]
    Backup(backup::Verb),
    /// Write everything there is as JSON Lines
    #[command(after_help = "Examples:\n  chatctl export chat.jsonl\n  chatctl export | zstd > \
                            chat.jsonl.zst")]
    Export {
        /// Output file; standard output when omitted or -
        file: Option<PathBuf>,
    },
    /// Take in an export of chatctl, Slack or Mattermost, while the server is stopped
    Import(transfer::Opts),
    /// Show, check or write the configuration
    #[command(subcommand)]
    Config(config::Verb),
    /// The log of the running server
    #[command(subcommand)]
    Log(log::Verb),
    /// Show how the server is
    #[command(after_help = "The exit code is 5 when no server runs.\n\nExamples:\n  chatctl \
                            status\n  chatctl status -o json | jq .running")]
    Status,
    /// Print the version, the commit it was built from, its SQLite and its platform
    #[command(
        after_help = "Examples:\n  chatctl version\n  chatctl version -o json | jq -r .sqlite"
    )]
    Version,
    /// Find what is wrong, and what to do about it
    Doctor(doctor::Opts),
    /// Gather what helps others to find a fault
    #[command(subcommand)]
    Support(support::Verb),
    /// Print what a shell needs to complete commands
    #[command(after_help = "Examples:\n  chatctl completions bash > \
                            /etc/bash_completion.d/chatctl\n  chatctl completions zsh > \
                            ~/.zfunc/_chatctl")]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Write manual pages
    #[command(after_help = "Examples:\n  chatctl manpages /usr/local/share/man/man1\n  chatctl \
                            manpages . && man ./chatctl.1")]
    Manpages {
        /// Where to
        directory: PathBuf,
    },
}

/// The command tree, with examples in the help of every verb.
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
    // The server has signals of its own.
    if !matches!(cli.noun, Noun::Serve(_))
        && let Err(failure) = interrupt::stand()
    {
        return exit::report(&failure, global.output);
    }
    let done = match cli.noun {
        Noun::Serve(opts) => serve::run(global, opts),
        Noun::User(verb) => user::run(global, verb),
        Noun::Room(verb) => room::run(global, verb),
        Noun::Db(verb) => db::run(global, &verb),
        Noun::Backup(verb) => backup::run(global, verb),
        Noun::Export { file } => transfer::export(global, file.as_deref()),
        Noun::Import(opts) => transfer::import(global, &opts),
        Noun::Config(verb) => config::run(global, &verb),
        Noun::Log(verb) => log::run(global, verb),
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

/// Help, version, or what is wrong with the arguments; in JSON where they ask for it.
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
    // Where nobody reads, the code says it.
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
            assert!(count >= 1, "{path}: {after:?}");
            for verb in command.get_subcommands() {
                look(verb, &format!("{path} {}", verb.get_name()));
            }
        }
        look(&super::command(), "chatctl");
    }
}
