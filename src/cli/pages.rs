//! `chatctl completions` and `chatctl manpages`, made from the command tree itself.

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use super::print::{Format, line};
use crate::admin::Failure;

/// Prints what a shell needs to complete commands.
pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "chatctl", &mut script);
    match std::io::stdout().write_all(&script) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::io("cannot write to standard output", &error)),
        _ => Ok(()),
    }
}

/// Writes a page a command into a directory.
pub(super) fn manpages(directory: &Path, format: Format) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::io(&format!("cannot write in {}", directory.display()), &error);
    std::fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), directory).map_err(failed)?;
    let pages = std::fs::read_dir(directory).map_err(failed)?.count();
    match format {
        Format::Table => line(&format!("{pages} pages in {}.", directory.display())),
        Format::Json | Format::Jsonl => line(&serde_json::json!({"directory": directory, "pages": pages}).to_string()),
    }
}
