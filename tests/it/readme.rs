//! README.md and docs/*.md: every command in an `sh` block works as shown, everything only shown
//! exists, and links are valid.
//!
//! The language of a block decides: `sh` is executed, in the order of the page; `console` is only
//! shown, because it requires another machine, root, or a compiler.

mod commands;
mod links;
mod names;

use std::fs;
use std::path::{Path, PathBuf};

/// A page of the documentation.
struct Page {
    /// Path below the repository root, such as `docs/api.md`.
    path: String,
    text: String,
}

/// A code block of a page.
struct Block {
    /// Number of its first line.
    line: usize,
    language: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the README and the pages of docs/, in this order.
fn pages() -> Vec<Page> {
    let docs = fs::read_dir(root().join("docs")).expect("docs/");
    let mut paths: Vec<PathBuf> = docs.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.insert(0, root().join("README.md"));
    paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| Page::read(path.strip_prefix(root()).expect("a path below the root")))
        .collect()
}

impl Page {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(root().join(path))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path: path.to_string_lossy().into_owned(), text }
    }

    fn blocks(&self) -> Vec<Block> {
        let mut found: Vec<Block> = Vec::new();
        let mut inside = false;
        for (at, line) in self.text.lines().enumerate() {
            match (line.strip_prefix("```"), inside) {
                (Some(language), false) => {
                    let (line, language) = (at + 2, language.to_owned());
                    found.push(Block { line, language, text: String::new() });
                    inside = true;
                }
                (Some(_), true) => inside = false,
                (None, true) => {
                    if let Some(block) = found.last_mut() {
                        block.text.push_str(line);
                        block.text.push('\n');
                    }
                }
                (None, false) => (),
            }
        }
        found
    }

    /// Returns the text without code blocks, line by line.
    fn prose(&self) -> Vec<&str> {
        let mut inside = false;
        let outside = |line: &&str| {
            let fence = line.starts_with("```");
            inside ^= fence;
            !inside && !fence
        };
        self.text.lines().filter(outside).collect()
    }

    /// Returns the texts between single backticks.
    fn spans(&self) -> Vec<String> {
        // A span may continue on the next line.
        let text = self.prose().join("\n");
        text.split("\n\n")
            .flat_map(|paragraph| paragraph.split('`').skip(1).step_by(2))
            .map(|span| span.replace('\n', " "))
            .collect()
    }
}
