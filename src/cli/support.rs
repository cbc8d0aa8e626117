//! `chatctl support`: collects diagnostics in one file for a bug report.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::execute::{self, Found};
use super::file::Making;
use super::print::{Layout, Printer};
use super::{Global, doctor};
use crate::admin::doctor::{Installation, Server};
use crate::admin::support::Support;
use crate::admin::support::{Part, parts, silent_status};
use crate::admin::{Command, Failure, Reply};
use crate::model::Timestamp;

/// Verbs of `chatctl support`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Examples:\n  chatctl support bundle\n  chatctl support bundle \
                        /tmp/for-support.tar.gz")]
pub(super) enum Verb {
    /// Write an archive with configuration, log and statistics; no message text, passwords, tokens
    /// or e-mail addresses
    Bundle {
        /// File to create (default: chatctl-support-TIME.tar.gz in the current directory)
        file: Option<PathBuf>,
    },
}

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let Verb::Bundle { file } = verb;
    let now = Timestamp::now().seconds();
    let path = file.unwrap_or_else(|| {
        PathBuf::from(format!("chatctl-support-{}.tar.gz", now.replace(['-', ':'], "")))
    });
    let mut making = Making::begin(&path)?;
    let parts = gather(global)?;
    let packed =
        pack(&now, &parts).map_err(|error| Failure::io("cannot pack the bundle", &error))?;
    making.write(&packed)?;
    making.finish()?;
    let mut printer = Printer::new(global, Layout::One);
    printer.item(json!({"path": path, "bytes": packed.len(), "files": parts.iter().map(|part| &part.name).collect::<Vec<_>>()}))?;
    printer.finish()
}

/// Collects all parts, from the server if one answers.
fn gather(global: &Global) -> Result<Vec<Part>, Failure> {
    let findings = doctor::examine(global, &[], false)?;
    let mut found = vec![Part::json("doctor.json", "results of chatctl doctor", &findings)];
    // doctor.json reports the problem with the configuration.
    let Ok(config) = execute::configuration(global) else { return Ok(found) };
    let ground =
        |server| Installation { config: Arc::new(config.clone()), file: None, fix: false, server };
    let asked = match execute::connect(&config) {
        Ok(Found::Server(stream)) => {
            execute::remote(stream, &Command::Support(Support {}), &mut |reply| {
                if let Reply::Item(item) = reply {
                    found.push(serde_json::from_value(item).map_err(|error| {
                        Failure::failed(format!("the server sent an invalid reply: {error}"))
                    })?);
                }
                Ok(())
            })
        }
        Ok(Found::Nobody(lock)) => {
            let ground = ground(Server::Stopped);
            found.extend(parts(&ground));
            found.push(silent_status(&ground));
            drop(lock);
            Ok(())
        }
        Err(failure) => {
            let ground = ground(Server::Silent(failure.to_string()));
            found.extend(parts(&ground));
            found.push(silent_status(&ground));
            Ok(())
        }
    };
    if let Err(failure) = asked {
        found.push(Part::new(
            "problem.txt",
            "why the server could not provide more",
            &failure.to_string(),
        ));
    }
    Ok(found)
}

/// Packs the parts into a tar archive with one folder and a README first.
fn pack(now: &str, parts: &[Part]) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut add = |name: &str, text: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, Path::new("chatctl-support").join(name), text.as_bytes())
    };
    add("README.txt", &contents(now, parts))?;
    for part in parts {
        add(&part.name, &part.text)?;
    }
    archive.into_inner()?.finish()
}

fn contents(now: &str, parts: &[Part]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let list: Vec<String> =
        parts.iter().map(|part| format!("{:12}  {}\n", part.name, part.about)).collect();
    let list = list.concat();
    format!(
        "Diagnostics of chatctl {version}, collected at {now}.\n\n{list}\nThe files contain no \
         message text, passwords, tokens or e-mail addresses. They do contain login names,\npaths \
         and network addresses of this server: review them before you pass them on.\n"
    )
}
