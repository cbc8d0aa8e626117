//! Joins the files of the web UI (`join`) and compresses them, sets the commit and the target shown by the binary, and
//! rebuilds when a file is added to `assets/`.

#[path = "build/join/mod.rs"]
mod join;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::Command;

use zopfli::{Format, Options};

fn main() {
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=build");
    if let Err(why) = join_assets() {
        println!("cargo::error=assets/ cannot be joined: {why}");
    }
    let target = std::env::var("TARGET").unwrap_or_else(|_| "unknown".to_owned());
    println!("cargo::rustc-env=CHATCTL_TARGET={target}");
    println!("cargo::rerun-if-env-changed=CHATCTL_COMMIT");
    if let Some(commit) = std::env::var("CHATCTL_COMMIT").ok().or_else(checked_out) {
        println!("cargo::rustc-env=CHATCTL_COMMIT={commit}");
    }
}

/// Writes the joined files, and `joined.rs`, which embeds them.
fn join_assets() -> Result<(), String> {
    let mut assets = BTreeMap::new();
    read(Path::new("assets"), "", &mut assets).map_err(|error| error.to_string())?;
    let texts = assets
        .iter()
        .filter_map(|(path, bytes)| Some((path.clone(), String::from_utf8(bytes.clone()).ok()?)));
    // Every address changes with each change of a file, so that browsers can keep the files.
    let version = |joined: &[(String, String)]| {
        let mut hasher = DefaultHasher::new();
        let written: Vec<_> = joined.iter().map(|(name, text)| join::tight(name, text)).collect();
        (&assets, joined, written).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    };
    let mut folder = String::new();
    let files = join::join(&texts.collect(), |joined| {
        folder = version(joined);
        folder.clone()
    })?;
    let out = std::env::var("OUT_DIR").map_err(|error| error.to_string())?;
    let mut code = format!(
        "pub(super) const VERSION: &str = {folder:?};\n\
         pub(super) const FILES: &[(&str, &[u8], &[u8])] = &[\n"
    );
    for (name, text) in files {
        let text = join::tight(&name, &text)?;
        let path = Path::new(&out).join("joined").join(&name);
        let failed = |error| format!("{}: {error}", path.display());
        write(&path, text.as_bytes()).map_err(failed)?;
        let zipped = compressed(text.as_bytes()).map_err(failed)?;
        write(&path.with_added_extension("gz"), &zipped).map_err(failed)?;
        let embedded = |ending: &str| {
            let path = format!("/joined/{name}{ending}");
            format!("include_bytes!(concat!(env!(\"OUT_DIR\"), {path:?}))")
        };
        writeln!(code, "    ({name:?}, {}, {}),", embedded(""), embedded(".gz"))
            .map_err(|error| error.to_string())?;
    }
    code.push_str("];\n");
    write(&Path::new(&out).join("joined.rs"), code.as_bytes()).map_err(|error| error.to_string())
}

/// Compresses in gzip: a twentieth smaller than the server could, which has less time.
fn compressed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut zipped = Vec::new();
    zopfli::compress(Options::default(), Format::Gzip, bytes, &mut zipped)?;
    Ok(zipped)
}

/// Reads all files of a folder, whose path in `assets/` begins with `prefix`.
fn read(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read(&entry.path(), &format!("{name}/"), found)?;
        } else {
            found.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

/// Returns the commit of the checkout, if there is one. Only optimized builds depend on it:
/// otherwise each commit would recompile the others.
fn checked_out() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}
