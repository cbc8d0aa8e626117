//! `chatctl version`: version, commit, SQLite and platform of this binary.

use std::sync::OnceLock;

use serde_json::json;

use super::Global;
use super::print::{Layout, Printer};
use crate::admin::Failure;
use crate::admin::database::engine_version;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TARGET: &str = env!("CHATCTL_TARGET");
/// The commit this was built from; unknown outside a checkout.
const COMMIT: Option<&str> = option_env!("CHATCTL_COMMIT");

/// The text that `--version` prints after the name.
pub(super) fn long() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let commit = COMMIT.map(|commit| format!("commit {commit}, ")).unwrap_or_default();
        format!("{VERSION} ({commit}SQLite {}, {TARGET})", engine_version())
    })
}

pub(super) fn run(global: &Global) -> Result<(), Failure> {
    let mut printer =
        Printer::new(global, Layout::Sheet(&["version", "commit", "sqlite", "target"]));
    printer.item(
        json!({"version": VERSION, "commit": COMMIT, "sqlite": engine_version(), "target": TARGET}),
    )?;
    printer.finish()
}
