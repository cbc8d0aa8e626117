//! The command line: one file a noun, each with its options and `run`. Parsing and printing; no rule of the chat.

mod ask;
mod backup;
mod carry;
mod config;
mod db;
mod doctor;
mod exit;
mod file;
mod init;
mod interrupt;
mod lock;
mod log;
mod lost;
mod pages;
mod passwords;
mod print;
mod room;
mod serve;
mod support;
mod transfer;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::admin::{Command, Failure};
use print::{Format, Layout};

/// A chat server in one file: server, database, web UI and administration.
#[derive(Debug, Parser)]
#[command(
    name = "chatctl",
    version,
    propagate_version = true,
    after_help = "Examples:\n  chatctl serve\n  chatctl user create ann --admin\n\nExit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 conflict, 5 server unreachable, 6 a check found problems, 7 not permitted, 130 interrupted."
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
    #[command(after_help = "Examples:\n  chatctl export chat.jsonl\n  chatctl export | zstd > chat.jsonl.zst")]
    Export {
        /// Where to; standard output when left out
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
    #[command(after_help = "Examples:\n  chatctl status\n  chatctl status -o json | jq .running")]
    Status,
    /// Find what is wrong, and what to do about it
    Doctor(doctor::Opts),
    /// Gather what helps others to find a fault
    #[command(subcommand)]
    Support(support::Verb),
    /// Print what a shell needs to complete commands
    #[command(after_help = "Examples:\n  chatctl completions bash > /etc/bash_completion.d/chatctl\n  chatctl completions zsh > ~/.zfunc/_chatctl")]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Write manual pages
    #[command(after_help = "Examples:\n  chatctl manpages /usr/local/share/man/man1\n  chatctl manpages . && man ./chatctl.1")]
    Manpages {
        /// Where to
        directory: PathBuf,
    },
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error),
    };
    let global = &cli.global;
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
        Noun::Status => carry::run(global, &Command::Status {}, Layout::One),
        Noun::Support(verb) => support::run(global, verb),
        Noun::Doctor(opts) => doctor::run(global, &opts),
        Noun::Completions { shell } => pages::completions(shell),
        Noun::Manpages { directory } => pages::manpages(&directory, global.output),
    };
    done.map_or_else(|failure| exit::report(&failure, global.output), |()| ExitCode::SUCCESS)
}

/// Help, version, or what is wrong with the arguments; in JSON where they ask for it.
fn misunderstood(error: &clap::Error) -> ExitCode {
    let wanted = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let json = std::env::args_os().any(|argument| argument.to_str().is_some_and(|text| text.contains("json")));
    if !wanted && json {
        let text = error.render().to_string();
        return exit::report(&Failure::usage(text.trim().trim_start_matches("error: ")), Format::Json);
    }
    // Where nobody reads, the code says it.
    drop(error.print());
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
