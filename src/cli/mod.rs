//! The command line: one file a noun, each with its options and `run`. Parsing and printing; no rule of the chat.

mod config;
mod exit;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Failure;

/// A chat server in one file: server, database, web UI and administration.
#[derive(Debug, Parser)]
#[command(
    name = "chatctl",
    version,
    propagate_version = true,
    after_help = "Examples:\n  chatctl serve\n  chatctl serve --listen 0.0.0.0:8080 --data-dir /var/lib/chatctl"
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
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Run the server
    Serve(serve::Opts),
    /// Show, check or write the configuration
    #[command(subcommand)]
    Config(config::Verb),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.noun {
        Noun::Serve(opts) => serve::run(&cli.global, opts),
        Noun::Config(verb) => config::run(&cli.global, &verb),
    };
    done.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
}

/// A line on standard output; a reader that has gone away ends the command quietly.
fn say(line: &str) -> Result<(), Failure> {
    use std::io::Write;
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::failed(format!("cannot write to standard output: {error}"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
