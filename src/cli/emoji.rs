//! `chatctl emoji`: custom emoji.

use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;

use super::ask::Destructive;
use super::print::Layout;
use super::{Global, execute};
use crate::admin::emoji::{EmojiAdd, EmojiDelete, EmojiList};
use crate::admin::{Command, Failure, identity};
use crate::model::MAX_EMOJI_BYTES;

/// Verbs of `chatctl emoji`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Messages and reactions contain custom emoji as :name:\n\nExamples:\n  \
                        chatctl emoji add party_parrot parrot.gif\n  chatctl emoji list -o json")]
pub(super) enum Verb {
    /// List the custom emoji
    List,
    /// Add a custom emoji
    Add {
        /// Name without colons: 2 to 64 lower-case Latin letters, digits, _, - or +
        name: String,
        /// PNG, JPEG, GIF or WebP picture of at most 256 KiB and 1,024 × 1,024 pixels; - reads
        /// standard input
        file: PathBuf,
        /// Login name of the user whose file the picture is (default: the first administrator)
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        /// Succeed if there is an emoji of this name; it is left unchanged
        #[arg(long)]
        if_not_exists: bool,
    },
    /// Delete a custom emoji; messages and reactions with its name stay, as text
    Delete {
        /// Name without colons
        name: String,
        /// Succeed if it does not exist
        #[arg(long)]
        if_exists: bool,
        /// Do not ask for confirmation
        #[arg(long, short = 'y')]
        yes: bool,
    },
}

const COLUMNS: Layout = Layout::List(&[
    ("name", "name"),
    ("added by", "added_by"),
    ("type", "type"),
    ("width", "width"),
    ("height", "height"),
    ("bytes", "bytes"),
    ("created", "created"),
]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let command = match verb {
        Verb::List => {
            return execute::run(global, &Command::EmojiList(EmojiList {}), COLUMNS);
        }
        Verb::Add { name, file, owner, if_not_exists } => {
            let picture = STANDARD.encode(read(&file)?);
            Command::EmojiAdd(EmojiAdd { name, picture, owner, if_not_exists })
        }
        Verb::Delete { name, if_exists, yes } => {
            let asked = Destructive { yes, ..Destructive::default() };
            asked.confirm(&format!("Delete the emoji :{name}:?"))?;
            Command::EmojiDelete(EmojiDelete { name, if_exists })
        }
    };
    execute::run(global, &command, Layout::One)
}

/// Reads a picture; of one that is too large, as much as shows that.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_EMOJI_BYTES + 1).read_to_end(&mut bytes)
    } else {
        identity::as_caller(|| std::fs::File::open(path))
            .and_then(|file| file.take(MAX_EMOJI_BYTES + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::io(&format!("cannot read {}", path.display()), &error))?;
    Ok(bytes)
}
