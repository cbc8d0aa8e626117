//! Check `uploads`: the directory belongs to this instance, each row of the database has its file
//! with the right content, and files without a row are removed in time.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha512};

use super::Installation;
use super::report::{Report, count};
use crate::admin::backup::own_like;
use crate::chat::UNUSED_FOR;
use crate::store::engine::upkeep::checkup::{instance_of, readable, uploaded_files};
use crate::store::files::owner::{OWNER, owners};
use crate::store::files::{kept, kept_before, place, trash};

/// A running server deletes unused files every hour, so files that have just expired are not
/// overdue.
const OLD: Duration = UNUSED_FOR.saturating_add(Duration::from_hours(2));
/// Maximum number of listed names.
const MOST: usize = 5;
/// Bytes of the newest files whose content is compared with their names.
const COMPARED: u64 = 2 << 30;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let directory = ground.data().join(&ground.config.media.directory);
    if readable(&ground.database()).is_err() {
        return without_database(ground, report, &directory);
    }
    // List the files first: a file uploaded meanwhile gets its row before it is old.
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
    whose(ground, report, &directory);
    let lost = lost(ground, &directory, &told);
    let thrown: BTreeSet<String> =
        trash::names(&directory).unwrap_or_default().into_iter().collect();
    let (in_trash, lost): (Vec<&str>, Vec<&str>) =
        lost.into_iter().partition(|name| thrown.contains(*name));
    if !lost.is_empty() {
        report.fail(
            format!("{} missing or truncated: {}", are(lost.len(), "uploaded file"), some(&lost)),
            "Copy them from a backup: run chatctl backup restore FILE --data-dir ELSEWHERE, and \
             take them from its directory media.",
        );
    }
    if !in_trash.is_empty() {
        thrown_away(ground, report, &directory, &in_trash);
    }
    let (compared, wrong) = compare(&directory, &told);
    if !wrong.is_empty() {
        report.fail(
            format!(
                "{} damaged: the content no longer matches the checksum of {}",
                are(wrong.len(), "file"),
                some(&wrong)
            ),
            "Copy them from a backup (run chatctl backup restore FILE --data-dir ELSEWHERE, and \
             take them from its directory media), and check the disk.",
        );
    }
    let known: BTreeSet<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    let orphans: Vec<&str> =
        old.iter().map(String::as_str).filter(|name| !known.contains(name)).collect();
    if !orphans.is_empty() {
        report.warn(
            format!(
                "{} not referenced by any message: {}",
                count(orphans.len(), "old file"),
                some(&orphans)
            ),
            "A running server deletes them within an hour; if not, check its log.",
        );
    }
    if report.is_empty() {
        whole(report, compared, known.len(), thrown.len());
    }
}

fn whole(report: &mut Report, compared: usize, known: usize, thrown: usize) {
    let not_all = if compared < known {
        format!(" (the newest {compared} compared with their checksums)")
    } else {
        String::new()
    };
    let waiting = if thrown == 0 {
        String::new()
    } else {
        format!("; {} in the trash", count(thrown, "removed file"))
    };
    report.ok(format!("{}, all complete{not_all}{waiting}", count(known, "uploaded file")));
}

/// Returns the names of uploaded files that are missing or truncated.
fn lost<'a>(ground: &Installation, directory: &Path, told: &'a [(String, u64)]) -> Vec<&'a str> {
    let lost: Vec<&str> = told
        .iter()
        .filter(|(name, size)| !is_there(directory, name, *size))
        .map(|(name, _)| name.as_str())
        .collect();
    // Files deleted since the first query are no longer in the database either.
    match uploaded_files(&ground.database(), ground.is_live()) {
        Ok(now) if !lost.is_empty() => {
            lost.into_iter().filter(|name| now.iter().any(|(still, _)| still == name)).collect()
        }
        _ => lost,
    }
}

/// Uploaded files without a database mean that the configured path is wrong.
fn without_database(ground: &Installation, report: &mut Report, directory: &Path) {
    let files = kept(directory).unwrap_or_default().len();
    if files == 0 {
        return report.skip("the database cannot be opened");
    }
    report.fail(
        format!(
            "{} in {}, but the database {} does not exist",
            are(files, "uploaded file"),
            directory.display(),
            ground.database().display()
        ),
        "Correct [database] path, mount the missing file system, or restore a backup. Do not \
         start the server with --new.",
    );
}

/// Reports a directory that other instances use too.
fn whose(ground: &Installation, report: &mut Report, directory: &Path) {
    let all = match owners(directory) {
        Ok(all) => all,
        Err(error) => return report.unreadable(&directory.join(OWNER), &error),
    };
    // The server writes its id at its next start; until then there may be none.
    let (false, Ok(instance)) = (all.is_empty(), instance_of(&ground.database(), ground.is_live()))
    else {
        return;
    };
    let others: Vec<&str> =
        all.iter().map(String::as_str).filter(|owner| *owner != instance).collect();
    if !others.is_empty() || instance.is_empty() {
        report.fail(
            format!(
                "{} belongs to another instance ({}; this database belongs to {instance}), so no \
                 file in it is deleted",
                directory.display(),
                others.join(", ")
            ),
            format!(
                "Check [database] path, and give each server its own directory; if only this \
                 server uses it, delete all lines except {instance} from its file {OWNER}."
            ),
        );
    }
}

fn missing_directory(ground: &Installation, report: &mut Report, directory: &Path) {
    let found =
        format!("the directory for uploaded files, {}, does not exist", directory.display());
    let advice = "The server creates it at its next start; to create it now: chatctl doctor --fix.";
    if !ground.may_repair() {
        return report.warn(found, advice);
    }
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .and_then(|()| own_like(directory, ground.data()));
    report.repaired(found, "created", made, advice);
}

/// Reports files in the trash that this database refers to; another database has deleted them.
fn thrown_away(ground: &Installation, report: &mut Report, directory: &Path, names: &[&str]) {
    let found = format!("{} in the trash: {}", are(names.len(), "uploaded file"), some(names));
    let advice = "The server restores them at its next start or when they are downloaded; to \
                  restore them now: chatctl doctor --fix.";
    if !ground.may_repair() {
        return report.fail(found, advice);
    }
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    report.repaired(found, "restored", trash::take_back(directory, &names).map(drop), advice);
}

/// Compares files with their names, which are their checksums. Returns the number of compared files
/// and the damaged ones.
fn compare<'t>(directory: &Path, told: &'t [(String, u64)]) -> (usize, Vec<&'t str>) {
    let (mut read, mut compared, mut wrong) = (0, 0, Vec::new());
    for (name, size) in told.iter().rev() {
        read += size;
        if read > COMPARED {
            break;
        }
        compared += 1;
        // Missing and truncated files are reported already.
        let Some(path) = place(directory, name).filter(|_| is_there(directory, name, *size)) else {
            continue;
        };
        if sum(&path).is_ok_and(|sum| sum != *name) {
            wrong.push(name.as_str());
        }
    }
    (compared, wrong)
}

fn sum(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (File::open(path)?, Sha512::new());
    let mut block = vec![0; 128 * 1024];
    loop {
        let read = io::Read::read(&mut file, &mut block)?;
        if read == 0 {
            return Ok(hex::encode(hash.finalize()));
        }
        hash.update(&block[..read]);
    }
}

fn is_there(directory: &Path, name: &str, size: u64) -> bool {
    place(directory, name)
        .and_then(|path| std::fs::metadata(path).ok())
        .is_some_and(|meta| meta.len() == size)
}

fn are(number: usize, thing: &str) -> String {
    format!("{} {}", count(number, thing), if number == 1 { "is" } else { "are" })
}

fn some(names: &[&str]) -> String {
    // The beginning of the long name suffices to find the file.
    let shown: Vec<String> = names
        .iter()
        .take(MOST)
        .map(|name| format!("{}…", name.get(..16).unwrap_or(name)))
        .collect();
    shown.join(", ") + if names.len() > MOST { ", …" } else { "" }
}
