//! Reports a failure on standard error and maps it to the exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use super::print::Format;
use crate::admin::Failure;

/// Prints the failure on standard error, as JSON if that is the output format.
pub(super) fn report(failure: &Failure, format: Format) -> ExitCode {
    let line = match format {
        Format::Table => format!("error: {failure}"),
        Format::Json | Format::Jsonl => serde_json::json!(failure).to_string(),
    };
    // If standard error is closed, the exit code still reports the failure.
    drop(writeln!(io::stderr(), "{line}"));
    ExitCode::from(failure.kind.code())
}
