//! Uploaded files: the directory is this instance's, each row has its bytes and they are right, and
//! bytes without a row do not stay.

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
use crate::store::engine::upkeep::checkup::{instance_of, uploaded_files};
use crate::store::files::owner::{OWNER, owners};
use crate::store::files::{kept, kept_before, place, trash};

/// A running server collects every hour: what has only just become old has not been missed by it.
const OLD: Duration = UNUSED_FOR.saturating_add(Duration::from_hours(2));
/// So many names are said.
const MOST: usize = 5;
/// Bytes that are read and compared with their names, of the newest files.
const COMPARED: u64 = 2 << 30;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let directory = ground.data().join(&ground.config.media.directory);
    if File::open(ground.database()).is_err() {
        return without_database(ground, report, &directory);
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
    whose(ground, report, &directory);
    let lost: Vec<&str> = told
        .iter()
        .filter(|(name, size)| !is_there(&directory, name, *size))
        .map(|(name, _)| name.as_str())
        .collect();
    // What has gone since the database was asked has gone from both.
    let lost: Vec<&str> = match uploaded_files(&ground.database(), ground.is_live()) {
        Ok(now) if !lost.is_empty() => {
            lost.into_iter().filter(|name| now.iter().any(|(still, _)| still == name)).collect()
        }
        _ => lost,
    };
    let thrown: BTreeSet<String> =
        trash::names(&directory).unwrap_or_default().into_iter().collect();
    let (in_trash, lost): (Vec<&str>, Vec<&str>) =
        lost.into_iter().partition(|name| thrown.contains(*name));
    if !lost.is_empty() {
        report.fail(
            format!("{} missing or cut short: {}", are(lost.len(), "uploaded file"), some(&lost)),
            "Copy them from a backup: chatctl backup restore FILE --data-dir ELSEWHERE, then its \
             directory media.",
        );
    }
    if !in_trash.is_empty() {
        thrown_away(ground, report, &directory, &in_trash);
    }
    let (compared, wrong) = compare(&directory, &told);
    if !wrong.is_empty() {
        report.fail(
            format!(
                "{} not what was uploaded: the disk has changed {}",
                are(wrong.len(), "file"),
                some(&wrong)
            ),
            "Copy them from a backup (chatctl backup restore FILE --data-dir ELSEWHERE, then its \
             directory media), and check the disk.",
        );
    }
    let known: BTreeSet<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    let orphans: Vec<&str> =
        old.iter().map(String::as_str).filter(|name| !known.contains(name)).collect();
    if !orphans.is_empty() {
        report.warn(
            format!("nothing refers to {}: {}", count(orphans.len(), "old file"), some(&orphans)),
            "A running server removes them within an hour; if they stay, its log says why.",
        );
    }
    if report.is_empty() {
        let not_all = if compared < known.len() {
            format!(" (of which the newest {compared} were compared with their sums)")
        } else {
            String::new()
        };
        let waiting = if thrown.is_empty() {
            String::new()
        } else {
            format!("; {} in the trash", count(thrown.len(), "removed file"))
        };
        report.ok(format!(
            "{} and nothing else{not_all}{waiting}",
            count(known.len(), "uploaded file")
        ));
    }
}

/// Files without a database are somebody's, who looks in the wrong place.
fn without_database(ground: &Installation, report: &mut Report, directory: &Path) {
    let files = kept(directory).unwrap_or_default().len();
    if files == 0 {
        return report.skip("there is no database that can be looked at");
    }
    report.fail(
        format!(
            "{} in {}, but there is no database {}",
            are(files, "uploaded file"),
            directory.display(),
            ground.database().display()
        ),
        "Set [database] path to where it is, mount what is missing, or restore a backup. Do not \
         start a server with --new here.",
    );
}

/// Whether this instance, and it alone, keeps files there.
fn whose(ground: &Installation, report: &mut Report, directory: &Path) {
    let all = match owners(directory) {
        Ok(all) => all,
        Err(error) => return report.unreadable(&directory.join(OWNER), &error),
    };
    // The next start of a server says whose it is; before that there may be no id either.
    let (false, Ok(instance)) = (all.is_empty(), instance_of(&ground.database(), ground.is_live()))
    else {
        return;
    };
    let others: Vec<&str> =
        all.iter().map(String::as_str).filter(|owner| *owner != instance).collect();
    if !others.is_empty() || instance.is_empty() {
        report.fail(
            format!(
                "{} belongs to another instance ({}; this database is of {instance}), so nothing \
                 in it is removed",
                directory.display(),
                others.join(", ")
            ),
            format!(
                "Is this the right database? Give each server a directory of its own; if only \
                 this one uses it, leave no line but {instance} in its file {OWNER}."
            ),
        );
    }
}

fn missing_directory(ground: &Installation, report: &mut Report, directory: &Path) {
    let found = format!("there is no directory for uploaded files, {}", directory.display());
    let advice = "The next start of the server makes it (chatctl doctor --fix does it now).";
    if !ground.may_mend() {
        return report.warn(found, advice);
    }
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .and_then(|()| own_like(directory, ground.data()));
    report.mended(found, "it was made", made, advice);
}

/// Files that another database has thrown away, and this one wants.
fn thrown_away(ground: &Installation, report: &mut Report, directory: &Path, names: &[&str]) {
    let found = format!("{} in the trash: {}", are(names.len(), "uploaded file"), some(names));
    let advice = "The next start of the server brings them back, and so does whoever downloads \
                  one (chatctl doctor --fix does it now).";
    if !ground.may_mend() {
        return report.fail(found, advice);
    }
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    report.mended(
        found,
        "they were brought back",
        trash::take_back(directory, &names).map(drop),
        advice,
    );
}

/// Compares files with their names, which are their sums: how many, and those that are not right.
fn compare<'t>(directory: &Path, told: &'t [(String, u64)]) -> (usize, Vec<&'t str>) {
    let (mut read, mut compared, mut wrong) = (0, 0, Vec::new());
    for (name, size) in told.iter().rev() {
        read += size;
        if read > COMPARED {
            break;
        }
        compared += 1;
        // One that is missing or cut short has been told already.
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
    // The whole name is long, and its beginning finds the file.
    let shown: Vec<String> = names
        .iter()
        .take(MOST)
        .map(|name| format!("{}…", name.get(..16).unwrap_or(name)))
        .collect();
    shown.join(", ") + if names.len() > MOST { ", …" } else { "" }
}
