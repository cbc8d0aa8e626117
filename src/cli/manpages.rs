//! `chatctl completions` and `chatctl manpages`, generated from the command tree.

use std::io::Write;
use std::path::Path;

use clap_complete::Shell;

use super::print::{Format, line};
use crate::admin::Failure;
use crate::model::rules::count;

/// Prints a completion script for a shell.
pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "chatctl", &mut script);
    match std::io::stdout().write_all(&script) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::io("cannot write to standard output", &error))
        }
        _ => Ok(()),
    }
}

/// Writes one manual page per command into a directory.
pub(super) fn manpages(directory: &Path, format: Format) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::io(&format!("cannot write in {}", directory.display()), &error)
    };
    std::fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(super::command(), directory).map_err(failed)?;
    std::fs::write(directory.join("chatctl-config.5"), configuration()).map_err(failed)?;
    let pages = std::fs::read_dir(directory).map_err(failed)?.count();
    match format {
        Format::Table => {
            line(&format!("Wrote {} to {}.", count(pages, "page"), directory.display()))
        }
        Format::Json | Format::Jsonl => {
            line(&serde_json::json!({"directory": directory, "pages": pages}).to_string())
        }
    }
}

/// The page of the configuration file: the commented example, section by section.
fn configuration() -> String {
    use clap_mangen::roff::{Roff, bold, roman};
    let mut page = Roff::new();
    page.control("TH", ["chatctl-config", "5", "", env!("CARGO_PKG_VERSION"), "chatctl"]);
    page.control("SH", ["NAME"]).text([roman("config.toml - configuration file of chatctl")]);
    page.control("SH", ["DESCRIPTION"]).text([roman("The file format is TOML.")]);
    for (number, section) in super::config::EXAMPLE.split("\n[").enumerate() {
        if number > 0 {
            let name = section.split_once(']').map_or(section, |(name, _)| name);
            page.control("SH", [format!("[{name}]").as_str()]);
        }
        let body =
            if number > 0 { section.split_once(']').map_or("", |(_, body)| body) } else { section };
        let mut description = Vec::new();
        for line in body.trim().lines() {
            let line = line.trim_start_matches("# ");
            match line.split_once(" = ") {
                Some((key, _)) if is_key(key) => {
                    page.control("TP", []).text([bold(line)]);
                    page.text([roman(std::mem::take(&mut description).join(" "))]);
                }
                _ => description.push(line),
            }
        }
        // What is said of the whole section, or of the whole file, stands before its keys.
        if !description.is_empty() {
            page.text([roman(description.join(" "))]);
        }
    }
    page.control("SH", ["SEE ALSO"]).text([
        bold("chatctl(1)"),
        roman(", "),
        bold("chatctl-config(1)"),
    ]);
    page.to_roff()
}

/// Tells a commented key from a sentence in a comment.
fn is_key(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
