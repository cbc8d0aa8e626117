//! Check `uploads`: the place of the uploaded files can be used and belongs to this instance, each
//! row of the database has its file with the right content, and files without a row are removed in
//! time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt;
use sha2::{Digest, Sha512};

use super::report::{Report, count};
use super::{Installation, wait};
use crate::admin::backup::own_like;
use crate::admin::{Kind, media};
use crate::chat::UNUSED_FOR;
use crate::config::Engine;
use crate::model::Timestamp;
use crate::store::engine::upkeep::checkup::{instance_of, readable, uploaded_files};
use crate::store::files::{Files, Listed, Pages, place};

/// A running server deletes unused files every hour, so files that have just expired are not
/// overdue.
const OLD: Duration = UNUSED_FOR.saturating_add(Duration::from_hours(2));
/// Maximum number of listed names.
const MOST: usize = 5;
/// Bytes of the newest files whose content is compared with their names.
const COMPARED: u64 = 2 << 30;

/// What is in the place of the files.
#[derive(Default)]
struct Stock {
    kept: BTreeMap<String, Listed>,
    thrown: BTreeSet<String>,
    owners: Vec<String>,
}

impl Stock {
    async fn take(files: &Files) -> io::Result<Self> {
        files.probe().await?;
        let kept = all(files.kept()).await?.into_iter();
        Ok(Self {
            kept: kept.map(|file| (file.name.clone(), file)).collect(),
            thrown: all(files.thrown()).await?.into_iter().map(|file| file.name).collect(),
            owners: files.owners().await?,
        })
    }

    fn has(&self, name: &str, size: u64) -> bool {
        self.kept.get(name).is_some_and(|file| file.bytes == size)
    }
}

async fn all(pages: Pages<'_>) -> io::Result<Vec<Listed>> {
    pages.try_concat().await
}

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let files = match media::files(&ground.config) {
        Ok(files) => files,
        // The keys may be in the environment of the server only.
        Err(failure) => {
            return report.skip_with(
                format!("the bucket of uploaded files was not tried, because {failure}"),
                "Run the check while the server runs.",
            );
        }
    };
    let is_cluster = ground.config.database.engine == Engine::Cluster;
    let has_database = !is_cluster && readable(&ground.database()).is_ok();
    // Asked before the files are listed: a file is put before it gets its row.
    let told = if has_database {
        match uploaded_files(&ground.database(), ground.is_live()) {
            Ok(told) => told,
            Err(error) => return report.skip(format!("the database cannot be read: {error}")),
        }
    } else {
        Vec::new()
    };
    let needed = is_cluster || has_database;
    let Some(stock) = taken(ground, &files, needed, report) else { return };
    if is_cluster {
        return in_cluster(&files, &stock, report);
    }
    if !has_database {
        return without_database(ground, report, &files, stock.kept.len());
    }
    whose(ground, report, &files, &stock.owners);
    compare(ground, report, &files, &stock, &told);
}

/// Lists the files; reports a place that cannot be used. Without a database, a directory is not
/// needed.
fn taken(ground: &Installation, files: &Files, needed: bool, report: &mut Report) -> Option<Stock> {
    match wait(Stock::take(files)) {
        Ok(stock) => return Some(stock),
        Err(error) => match files.directory() {
            Some(directory) if error.kind() == io::ErrorKind::NotFound => {
                if needed {
                    missing_directory(ground, report, directory);
                }
                return Some(Stock::default());
            }
            Some(directory) => report.unreadable(directory, &error),
            None => {
                let failure = media::failure(error);
                let advice = if failure.kind == Kind::Unreachable {
                    "Check the network and [media.s3] endpoint; until it answers, files are refused."
                } else {
                    "Correct [media] store, [media.s3] or the rights of the keys; until then, files \
                     are refused."
                };
                report.fail(failure.to_string(), advice);
            }
        },
    }
    None
}

/// What of the files refers to nothing is only known to the database of the cluster.
fn in_cluster(files: &Files, stock: &Stock, report: &mut Report) {
    if report.is_empty() {
        report.ok(format!("{} in {files}", count(stock.kept.len(), "uploaded file")));
    }
}

/// Compares the files with the rows of the database.
fn compare(
    ground: &Installation,
    report: &mut Report,
    files: &Files,
    stock: &Stock,
    told: &[(String, u64)],
) {
    // Files deleted since the first query are no longer in the database either.
    let Ok(now) = uploaded_files(&ground.database(), ground.is_live()) else {
        return report.skip("the database cannot be read any more");
    };
    let known: BTreeSet<&str> = now.iter().map(|(name, _)| name.as_str()).collect();
    let lost = told.iter().filter(|(name, size)| !stock.has(name, *size));
    let lost = lost.map(|(name, _)| name.as_str()).filter(|name| known.contains(name));
    let (in_trash, lost): (Vec<&str>, Vec<&str>) =
        lost.partition(|name| stock.thrown.contains(*name));
    if !lost.is_empty() {
        report.fail(
            format!("{} missing or truncated: {}", are(lost.len(), "uploaded file"), some(&lost)),
            elsewhere(files, "Copy them from a backup"),
        );
    }
    if !in_trash.is_empty() {
        thrown_away(ground, report, files, &in_trash);
    }
    let (compared, wrong) = match files.directory() {
        Some(directory) => damaged(directory, stock, told),
        // All of them would be transferred; each download compares.
        None => (0, Vec::new()),
    };
    if !wrong.is_empty() {
        report.fail(
            format!(
                "{} damaged: the content no longer matches the checksum of {}",
                are(wrong.len(), "file"),
                some(&wrong)
            ),
            elsewhere(files, "Check the disk, and copy them from a backup"),
        );
    }
    let before = Timestamp::now().minus(OLD);
    let orphans = stock.kept.values().filter(|file| file.at < before);
    let orphans: Vec<&str> =
        orphans.map(|file| file.name.as_str()).filter(|name| !known.contains(name)).collect();
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
        whole(report, compared, known.len(), stock.thrown.len());
    }
}

/// How to get files back.
fn elsewhere(files: &Files, doing: &str) -> String {
    if files.directory().is_some() {
        return format!(
            "{doing}: run chatctl backup restore FILE --data-dir ELSEWHERE, and take them from its \
             directory media."
        );
    }
    format!("Restore them to {files} from an earlier version of the bucket, or from a copy of it.")
}

fn whole(report: &mut Report, compared: usize, known: usize, thrown: usize) {
    let not_all = match compared {
        0 if known > 0 => " (their contents were not compared)".to_owned(),
        some if some < known => format!(" (the newest {some} compared with their checksums)"),
        _ => String::new(),
    };
    let waiting = if thrown == 0 {
        String::new()
    } else {
        format!("; {} in the trash", count(thrown, "removed file"))
    };
    report.ok(format!("{}, all complete{not_all}{waiting}", count(known, "uploaded file")));
}

/// Uploaded files without a database mean that the configured path is wrong.
fn without_database(ground: &Installation, report: &mut Report, files: &Files, number: usize) {
    if number == 0 {
        return report.skip("the database cannot be opened");
    }
    report.fail(
        format!(
            "{} in {files}, but the database {} does not exist",
            are(number, "uploaded file"),
            ground.database().display()
        ),
        "Correct [database] path, mount the missing file system, or restore a backup. Do not \
         start the server with --new.",
    );
}

/// Reports a place that other instances use too.
fn whose(ground: &Installation, report: &mut Report, files: &Files, all: &[String]) {
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
                "{files} belongs to another instance ({}; this database belongs to {instance}), so \
                 no file in it is deleted",
                others.join(", ")
            ),
            format!(
                "Check [database] path, and give each server its own place; if only this server \
                 uses it, {}.",
                files.how_to_own(&instance)
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
fn thrown_away(ground: &Installation, report: &mut Report, files: &Files, names: &[&str]) {
    let found = format!("{} in the trash: {}", are(names.len(), "uploaded file"), some(names));
    let advice = "The server restores them at its next start or when they are downloaded; to \
                  restore them now: chatctl doctor --fix.";
    if !ground.may_repair() {
        return report.fail(found, advice);
    }
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let restored = wait(files.take_back(&names)).map(drop);
    report.repaired(found, "restored", restored, advice);
}

/// Compares files with their names, which are their checksums. Returns the number of compared files
/// and the damaged ones.
fn damaged<'t>(
    directory: &Path,
    stock: &Stock,
    told: &'t [(String, u64)],
) -> (usize, Vec<&'t str>) {
    let (mut read, mut compared, mut wrong) = (0, 0, Vec::new());
    for (name, size) in told.iter().rev() {
        read += size;
        if read > COMPARED {
            break;
        }
        compared += 1;
        // Missing and truncated files are reported already.
        let Some(path) = place(directory, name).filter(|_| stock.has(name, *size)) else {
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
