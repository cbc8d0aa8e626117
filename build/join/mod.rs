//! Joins the modules and styles of the web UI, so that a browser needs few requests: what the page
//! names is one script and one style, and what is loaded later is a script for each element.
//!
//! A module becomes a function that is called once and returns what the module exports; so its
//! names are its own. The files of `assets/` are served too, and mean the same.

mod chunks;
mod clean;
mod module;

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::path::Path;

use chunks::Chunks;
use module::{Module, Piece};

/// The page.
const PAGE: &str = "index.html";
/// The joined styles of the page.
const STYLE: &str = "styles/main.css";
/// The service worker, and its lines that the build fills in.
const WORKER: &str = "sw.js";
const WORKER_VERSION: &str = "const VERSION = \"\";";
const WORKER_FILES: &str = "const FILES = [];";

/// The modules by their paths.
type Modules = BTreeMap<String, Module>;

/// Joins the files of `assets/`, by their paths. Returns the joined files, by their paths below
/// `assets/VERSION/`, and last the service worker, which knows the names of all files, and the
/// page, in which that precedes the addresses of scripts and styles. `version` returns the version.
pub(crate) fn join(
    assets: &BTreeMap<String, String>,
    version: impl FnOnce(&[(String, String)]) -> String,
) -> Result<Vec<(String, String)>, String> {
    let page = Page::read(text(assets, PAGE)?)?;
    let modules = read_all(assets, &page.modules)?;
    let chunks = Chunks::new(&modules, &page.modules)?;
    let mut files = Vec::new();
    for chunk in chunks.names() {
        let text = script(chunk, &modules, &chunks).map_err(|error| error.to_string())?;
        files.push((chunk.to_owned(), text));
    }
    let mut style = String::new();
    for name in &page.styles {
        let clean = clean::style(text(assets, name)?).map_err(|why| format!("{name}: {why}"))?;
        style.push_str(&clean.text);
    }
    files.push((STYLE.to_owned(), style));
    let original = |name: &str| assets.contains_key(name) && !modules.contains_key(name);
    if let Some((name, _)) = files.iter().find(|(name, _)| original(name)) {
        return Err(format!("{name}: the name of a joined file"));
    }
    let version = version(&files);
    let mut kept: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    kept.extend(assets.keys().map(String::as_str).filter(|name| page.fetches(name)));
    let worker = worker(text(assets, WORKER)?, &version, &kept)?;
    let root = format!("assets/{version}/");
    let page = page.joined(&root).map_err(|error| error.to_string())?;
    files.push((WORKER.to_owned(), worker));
    files.push((PAGE.to_owned(), page));
    Ok(files)
}

/// Returns a joined file without the spaces of a script that separate nothing.
pub(crate) fn tight(name: &str, text: &str) -> Result<String, String> {
    if Path::new(name).extension().is_none_or(|ending| ending != "js") {
        return Ok(text.to_owned());
    }
    clean::tight(text).map_err(|why| format!("{name}: {why}"))
}

/// Returns the service worker of this version, which keeps these files.
fn worker(text: &str, version: &str, kept: &[&str]) -> Result<String, String> {
    for line in [WORKER_VERSION, WORKER_FILES] {
        if text.matches(line).count() != 1 {
            return Err(format!("{WORKER}: it must have one line `{line}`"));
        }
    }
    Ok(text
        .replace(WORKER_VERSION, &format!("const VERSION = {version:?};"))
        .replace(WORKER_FILES, &format!("const FILES = {kept:?};")))
}

fn text<'a>(assets: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, String> {
    assets.get(name).map(String::as_str).ok_or_else(|| format!("{name} does not exist"))
}

/// Reads these modules, and all that they import.
fn read_all(assets: &BTreeMap<String, String>, first: &[String]) -> Result<Modules, String> {
    let mut modules = Modules::new();
    let mut left: Vec<_> = first.to_vec();
    while let Some(path) = left.pop() {
        if modules.contains_key(&path) {
            continue;
        }
        let module =
            module::read(&path, text(assets, &path)?).map_err(|why| format!("{path}: {why}"))?;
        left.extend(module.imports.iter().map(|(path, _)| path).chain(&module.lazy).cloned());
        modules.insert(path, module);
    }
    for (path, module) in &modules {
        for (from, names) in &module.imports {
            if let Some(name) = names.iter().find(|name| !modules[from].exports.contains(name)) {
                return Err(format!("{path}: {from} does not export {name}"));
            }
        }
    }
    Ok(modules)
}

/// The page, and what it names.
struct Page<'a> {
    text: &'a str,
    /// Its script, then what it preloads.
    modules: Vec<String>,
    styles: Vec<String>,
    /// Scripts that are no modules.
    scripts: Vec<String>,
}

impl<'a> Page<'a> {
    fn read(text: &'a str) -> Result<Self, String> {
        let all = |start: &str| -> Vec<String> {
            let found = text.lines().filter_map(|line| line.strip_prefix(start));
            found.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
        };
        let mut modules = all(r#"<script type="module" src=""#);
        if modules.len() != 1 {
            return Err(format!("{PAGE}: it must have one module"));
        }
        modules.extend(all(r#"<link rel="modulepreload" href=""#));
        let styles = all(r#"<link rel="stylesheet" href=""#);
        let scripts = all(r#"<script src=""#);
        Ok(Self { text, modules, styles, scripts })
    }

    /// Returns whether the page or its modules fetch a file as it is.
    fn fetches(&self, name: &str) -> bool {
        let among = |all: &[String]| all.iter().any(|other| other == name);
        let style = name.starts_with("styles/") && !among(&self.styles);
        style || name.starts_with("i18n/") || among(&self.scripts)
    }

    /// Returns the page with the joined files.
    fn joined(&self, root: &str) -> Result<String, fmt::Error> {
        let mut page = String::new();
        let mut has_style = false;
        for line in self.text.lines() {
            if line.starts_with(r#"<link rel="stylesheet""#) {
                if !has_style {
                    writeln!(page, r#"<link rel="stylesheet" href="{root}{STYLE}">"#)?;
                }
                has_style = true;
            } else if !line.starts_with(r#"<link rel="modulepreload""#) {
                page.push_str(&line.replace(r#" src=""#, &format!(r#" src="{root}"#)));
                page.push('\n');
            }
        }
        Ok(page)
    }
}

/// Returns the text of a joined script.
fn script(chunk: &str, modules: &Modules, chunks: &Chunks) -> Result<String, fmt::Error> {
    let mut text = String::new();
    for (other, names) in chunks.imports(chunk, modules) {
        let names: Vec<_> = names.iter().map(|path| name_of(path)).collect();
        let address = relative(chunk, other);
        writeln!(text, "import {{ {} }} from \"{address}\";", names.join(", "))?;
    }
    for path in chunks.modules(chunk) {
        let module = &modules[path];
        writeln!(text, "const {} = (() => {{", name_of(path))?;
        for piece in &module.body {
            match piece {
                Piece::Code(code) => text.push_str(code),
                Piece::Names { pattern, path } => {
                    write!(text, "const {pattern} = {};", name_of(path))?;
                }
                Piece::Promise { path } => text.push_str(&promise(chunk, path, modules, chunks)),
                Piece::Address => {
                    let address = relative(chunk, path);
                    write!(text, "new URL(\"{address}\", import.meta.url).href")?;
                }
            }
        }
        let exports = module.exports.join(", ");
        writeln!(text, "return {{ {exports} }};\n}})();")?;
    }
    let exported: Vec<_> = chunks.exported(chunk, modules).map(name_of).collect();
    if !exported.is_empty() {
        writeln!(text, "export {{ {} }};", exported.join(", "))?;
    }
    Ok(text)
}

/// Returns an expression for the promise of what a module exports.
fn promise(chunk: &str, path: &str, modules: &Modules, chunks: &Chunks) -> String {
    let (name, other) = (name_of(path), chunks.of(path));
    if other == chunk {
        return format!("Promise.resolve().then(() => {name})");
    }
    // What the script imports is fetched at the same time.
    let needed = chunks.needed(other, modules).filter(|needed| *needed != chunk);
    let all = std::iter::once(other).chain(needed);
    let all: Vec<_> = all.map(|file| format!("import(\"{}\")", relative(chunk, file))).collect();
    format!("Promise.all([{}]).then(([module]) => module.{name})", all.join(", "))
}

/// Returns the constant that a module becomes.
fn name_of(path: &str) -> String {
    let path = path.trim_start_matches("js/").trim_end_matches(".js");
    format!("${}", path.replace(|c: char| !c.is_ascii_alphanumeric(), "_"))
}

/// Returns the relative address of a file in another one.
fn relative(from: &str, to: &str) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (from.split('/').collect(), to.split('/').collect());
    let same = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let same = same.min(from.len() - 1).min(to.len() - 1);
    let up = "../".repeat(from.len() - 1 - same);
    let up = if up.is_empty() { "./" } else { &up };
    format!("{up}{}", to[same..].join("/"))
}

#[cfg(test)]
mod tests;
