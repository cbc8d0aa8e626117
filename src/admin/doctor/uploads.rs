//! Uploaded files: each row has its bytes, and bytes without a row do not stay.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::time::{Duration, SystemTime};

use super::Ground;
use super::report::{Report, count};
use crate::admin::backup::own_like;
use crate::chat::UNUSED_FOR;
use crate::store::files::{kept_before, place};
use crate::store::sqlite::upkeep::checkup::uploaded_files;

/// A running server collects every hour: what has only just become old has not been missed by it.
const OLD: Duration = UNUSED_FOR.saturating_add(Duration::from_hours(2));
/// So many names are said.
const MOST: usize = 5;

pub(super) fn look(ground: &Ground, report: &mut Report) {
    let directory = ground.data().join(&ground.config.media.directory);
    if File::open(ground.database()).is_err() {
        return report.skip("there is no database that can be looked at");
    }
    // What is kept meanwhile has a row before it is old; so files first.
    let old = match kept_before(&directory, SystemTime::now() - OLD) {
        Ok(old) => old,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            missing_directory(ground, report, &directory);
            Vec::new()
        }
        Err(error) => return report.unreadable(&directory, &error),
    };
    let told = match uploaded_files(&ground.database(), ground.is_live()) {
        Ok(told) => told,
        Err(error) => return report.skip(format!("the database cannot be read: {error}")),
    };
    let lost: Vec<&str> = told.iter().filter(|(name, size)| !is_there(&directory, name, *size)).map(|(name, _)| name.as_str()).collect();
    // What has gone since the database was asked has gone from both.
    let lost: Vec<&str> = match uploaded_files(&ground.database(), ground.is_live()) {
        Ok(now) if !lost.is_empty() => lost.into_iter().filter(|name| now.iter().any(|(still, _)| still == name)).collect(),
        _ => lost,
    };
    if !lost.is_empty() {
        report.fail(
            format!("{} missing or cut short: {}", are(lost.len(), "uploaded file"), some(&lost)),
            "Copy them from a backup: chatctl backup restore FILE --data-dir ELSEWHERE, then its directory media.",
        );
    }
    let known: BTreeSet<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    let orphans: Vec<&str> = old.iter().map(String::as_str).filter(|name| !known.contains(name)).collect();
    if !orphans.is_empty() {
        report.warn(
            format!("nothing refers to {}: {}", count(orphans.len(), "old file"), some(&orphans)),
            "A running server removes them within an hour; if they stay, its log says why.",
        );
    }
    if report.is_empty() {
        report.ok(format!("{} and nothing else", count(known.len(), "uploaded file")));
    }
}

fn missing_directory(ground: &Ground, report: &mut Report, directory: &std::path::Path) {
    let found = format!("there is no directory for uploaded files, {}", directory.display());
    let advice = "The next start of the server makes it (chatctl doctor --fix does it now).";
    if !ground.may_mend() {
        return report.warn(found, advice);
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory).and_then(|()| own_like(directory, ground.data()));
    report.mended(found, "it was made", made, advice);
}

fn is_there(directory: &std::path::Path, name: &str, size: u64) -> bool {
    place(directory, name).and_then(|path| std::fs::metadata(path).ok()).is_some_and(|meta| meta.len() == size)
}

fn are(number: usize, thing: &str) -> String {
    format!("{} {}", count(number, thing), if number == 1 { "is" } else { "are" })
}

fn some(names: &[&str]) -> String {
    // The whole name is long, and its beginning finds the file.
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("{}…", name.get(..16).unwrap_or(name))).collect();
    shown.join(", ") + if names.len() > MOST { ", …" } else { "" }
}
