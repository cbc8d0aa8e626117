//! How a command ends: why not, on standard error, and the exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use super::print::Format;
use crate::admin::Failure;

/// Says why on standard error, in JSON where that was asked for.
pub(super) fn report(failure: &Failure, format: Format) -> ExitCode {
    let line = match format {
        Format::Table => format!("error: {failure}"),
        Format::Json | Format::Jsonl => serde_json::json!(failure).to_string(),
    };
    // Where standard error is closed too, the code says what is left to say.
    drop(writeln!(io::stderr(), "{line}"));
    ExitCode::from(failure.kind.code())
}
