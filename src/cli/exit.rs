//! How a command ends: 0 done, 1 failed, 2 usage, 3 not found, 4 conflict, 7 not permitted.

use std::io::{self, Write};
use std::process::ExitCode;

/// Why a command did not do it.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    fn new(code: u8, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self::new(1, text)
    }

    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self::new(2, text)
    }

    pub(super) fn not_found(text: impl Into<String>) -> Self {
        Self::new(3, text)
    }

    pub(super) fn conflict(text: impl Into<String>) -> Self {
        Self::new(4, text)
    }

    /// The system's word on something that was tried.
    pub(super) fn io(what: &str, error: &io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => 7,
            io::ErrorKind::NotFound => 3,
            _ => 1,
        };
        Self::new(code, format!("{what}: {error}"))
    }

    /// Says why on standard error.
    pub(super) fn report(self) -> ExitCode {
        // Where standard error is closed too, the code says what is left to say.
        drop(writeln!(io::stderr(), "error: {}", self.text));
        ExitCode::from(self.code)
    }
}
