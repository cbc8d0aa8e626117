//! `chatctl server`: name, accent colour, message of the day and icon of the server.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand, ValueEnum};

use super::print::Layout;
use super::{Global, execute};
use crate::admin::look::{ServerReset, ServerSet, ServerShow};
use crate::admin::{Command, Failure, identity};

/// Maximum size of the file of an icon: 8 MiB, so that it fits into a command.
const MAX_ICON: u64 = 8 * 1024 * 1024;

/// Verbs of `chatctl server`.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "What is set here wins over [server] name, accent and motd of the configuration.\
                  \n\nExamples:\n  chatctl server set --name \"Pier Nine\" --icon logo.png\n  \
                  chatctl server show"
)]
pub(super) enum Verb {
    /// Show name, accent colour, message of the day and icon, and where they are from
    Show,
    /// Set name, accent colour, message of the day or icon
    Set(New),
    /// Leave them to the configuration again
    Reset {
        /// What to reset (default: everything)
        #[arg(value_enum, value_name = "PART")]
        parts: Vec<Part>,
    },
}

/// What is set.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct New {
    /// Name, one line of at most 64 characters; "" for none
    #[arg(long)]
    name: Option<String>,
    /// Accent colour of the web UI, such as #2a6fdb; "" for that of chatctl
    #[arg(long, value_name = "COLOUR")]
    accent: Option<String>,
    /// Message of the day, at most 300 characters; "" for none
    #[arg(long, value_name = "TEXT")]
    motd: Option<String>,
    /// Icon: a JPEG, PNG or WebP file of at most 8 MiB
    #[arg(long, value_name = "FILE")]
    icon: Option<PathBuf>,
}

/// What can be reset.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Part {
    /// Name
    Name,
    /// Accent colour
    Accent,
    /// Message of the day
    Motd,
    /// Icon
    Icon,
}

impl Part {
    fn name(self) -> String {
        match self {
            Self::Name => "name",
            Self::Accent => "accent",
            Self::Motd => "motd",
            Self::Icon => "icon",
        }
        .to_owned()
    }
}

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let command = match verb {
        Verb::Show => Command::ServerShow(ServerShow {}),
        Verb::Set(New { name, accent, motd, icon }) => {
            let icon = icon.as_deref().map(read).transpose()?;
            Command::ServerSet(ServerSet { name, accent, motd, icon })
        }
        Verb::Reset { parts } => {
            let parts = parts.into_iter().map(Part::name).collect();
            Command::ServerReset(ServerReset { parts })
        }
    };
    execute::run(global, &command, Layout::One)
}

/// Reads an icon as the caller, in Base64.
fn read(path: &Path) -> Result<String, Failure> {
    let cannot = |error| Failure::io(&format!("cannot read {}", path.display()), &error);
    let mut bytes = Vec::new();
    identity::as_caller(|| File::open(path)?.take(MAX_ICON + 1).read_to_end(&mut bytes))
        .map_err(cannot)?;
    if bytes.len() as u64 > MAX_ICON {
        return Err(Failure::usage(format!("{} is larger than 8 MiB", path.display())));
    }
    Ok(STANDARD.encode(bytes))
}
