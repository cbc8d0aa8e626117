//! `chatctl completions` and `chatctl manpages`, made from the command tree itself.

use std::io::Write;
use std::path::Path;

use clap_complete::Shell;

use super::print::{Format, line};
use crate::admin::Failure;

/// Prints what a shell needs to complete commands.
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

/// Writes a page a command into a directory.
pub(super) fn manpages(directory: &Path, format: Format) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::io(&format!("cannot write in {}", directory.display()), &error)
    };
    std::fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(super::command(), directory).map_err(failed)?;
    std::fs::write(directory.join("chatctl-config.5"), configuration()).map_err(failed)?;
    let pages = std::fs::read_dir(directory).map_err(failed)?.count();
    match format {
        Format::Table => line(&format!("{pages} pages in {}.", directory.display())),
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
    page.control("SH", ["NAME"]).text([roman("config.toml - configuration of chatctl")]);
    page.control("SH", ["DESCRIPTION"]).text([roman(
        "TOML. Without a file the defaults hold, which are those shown here. A variable \
         CHATCTL_SECTION__KEY overrides the key of the file. Sizes are bytes, or text with KiB, \
         MiB, GiB, kB, MB or GB.",
    )]);
    for (number, section) in super::config::EXAMPLE.split("\n[").enumerate() {
        if number > 0 {
            let name = section.split_once(']').map_or(section, |(name, _)| name);
            page.control("SH", [format!("[{name}]").as_str()]);
        }
        let body =
            if number > 0 { section.split_once(']').map_or("", |(_, body)| body) } else { section };
        for line in body.trim().lines() {
            match line.strip_prefix("# ").unwrap_or(line).split_once(" = ") {
                Some((key, default)) => {
                    page.control("TP", []).text([bold(format!("{key} = {default}"))])
                }
                None => page.text([roman(line.trim_start_matches("# "))]),
            };
        }
    }
    page.control("SH", ["SEE ALSO"]).text([bold("chatctl-config(1)")]);
    page.to_roff()
}
