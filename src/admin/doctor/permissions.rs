//! Modes and owners: what is kept here is for its owner alone.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use nix::unistd::{Gid, Uid, fchownat};

use super::Installation;
use super::report::{Report, count};
use crate::admin::control::name;
use crate::admin::identity;
use crate::store::engine::upkeep::checkup::index_of;

/// Everybody else.
const OTHERS: u32 = 0o007;
/// Everybody but the owner.
const ALL_BUT_OWNER: u32 = 0o077;
/// So many are named; more help nobody.
const MOST: usize = 10;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let data = ground.data();
    let owner = match fs::metadata(data) {
        Ok(owner) => owner,
        Err(error) => return report.unreadable(data, &error),
    };
    directory(ground, report, data, &owner);
    if let Err(error) = fs::read_dir(data) {
        return report.unreadable(data, &error);
    }
    for path in private(ground) {
        file(ground, report, &path, ALL_BUT_OWNER, 0o600);
    }
    socket(ground, report);
    owners(ground, report, data, &owner);
    if report.is_empty() {
        report.ok(format!("everything belongs to {} alone", name(owner.uid())));
    }
}

/// Others have no business in it. Its group may be let in on purpose, to the control socket.
fn directory(ground: &Installation, report: &mut Report, path: &Path, meta: &Metadata) {
    let mode = meta.mode() & 0o777;
    if mode & 0o027 == 0 {
        if mode & 0o050 != 0 {
            let advice = format!(
                "chmod 700 {}, unless its group is meant to use the control socket.",
                path.display()
            );
            report.warn(
                format!("the group of the data directory may enter it (mode {mode:04o})"),
                advice,
            );
        }
        return;
    }
    let found = format!("the data directory is open to others (mode {mode:04o})");
    mend_mode(ground, report, found, path, 0o700);
}

/// Files with everything in them: the database and its companions and copies, the search index,
/// backups.
fn private(ground: &Installation) -> Vec<PathBuf> {
    let database = ground.database();
    let starts: Vec<String> = [&database, &index_of(&database)]
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    let ours = |name: &str| {
        starts.iter().any(|start| {
            name.strip_prefix(start.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
        })
    };
    let mut found = files_in(database.parent().unwrap_or(ground.data()), ours);
    found.extend(files_in(&ground.data().join(&ground.config.backup.directory), |name| {
        name.starts_with("chatctl-")
    }));
    found.sort();
    found
}

fn files_in(directory: &Path, ours: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(&ours))
        .map(|entry| entry.path())
        .collect()
}

fn file(ground: &Installation, report: &mut Report, path: &Path, forbidden: u32, wanted: u32) {
    // Gone meanwhile: a write-ahead log may.
    let Ok(meta) = fs::symlink_metadata(path) else { return };
    let mode = meta.mode() & 0o777;
    if meta.is_file() && mode & forbidden != 0 {
        let found = format!("{} is open to others (mode {mode:04o})", path.display());
        mend_mode(ground, report, found, path, wanted);
    }
}

fn socket(ground: &Installation, report: &mut Report) {
    let path = ground.config.server.control_path();
    let Ok(meta) = fs::symlink_metadata(&path) else { return };
    let mode = meta.mode() & 0o777;
    if meta.file_type().is_socket() && mode & OTHERS != 0 {
        let found = format!(
            "everybody on this machine may administer the server: {} has mode {mode:04o}",
            path.display()
        );
        mend_mode(ground, report, found, &path, 0o660);
    }
}

fn mend_mode(ground: &Installation, report: &mut Report, found: String, path: &Path, wanted: u32) {
    let advice = format!("chmod {wanted:o} {} (chatctl doctor --fix does it).", path.display());
    if !ground.may_mend() {
        return report.fail(found, advice);
    }
    // Never through a link: root mends here what somebody else could have replaced by one.
    let done = fchmodat(
        nix::fcntl::AT_FDCWD,
        path,
        Mode::from_bits_truncate(wanted),
        FchmodatFlags::NoFollowSymlink,
    )
    .map_err(io::Error::from);
    report.mended(found, &format!("its mode is {wanted:04o} now"), done, advice);
}

/// One owner for all: what root has left behind is what the server cannot write.
fn owners(ground: &Installation, report: &mut Report, data: &Path, owner: &Metadata) {
    let mut foreign = Vec::new();
    walk(data, &mut |path, meta| {
        if meta.uid() != owner.uid() {
            foreign.push((path.to_owned(), meta.uid()));
        }
    });
    let Some((first, uid)) = foreign.first() else { return };
    let whose = name(owner.uid());
    let found = match foreign.len() {
        1 => format!("{} belongs to {} instead of {whose}", first.display(), name(*uid)),
        more => format!(
            "{} belong to somebody else than {whose}: {}",
            count(more, "file"),
            listed(&foreign)
        ),
    };
    let advice = format!("As root: chown -R {}:{} {}", owner.uid(), owner.gid(), data.display());
    if !ground.may_mend() || !identity::caller().is_root() {
        return report.fail(found, advice);
    }
    let mended =
        identity::as_caller(|| foreign.iter().try_for_each(|(path, _)| give(data, path, owner)));
    report.mended(found, &format!("they belong to {whose} now"), mended, advice);
}

/// Gives a file to the owner of the data directory: that file and no other, whatever its owner puts
/// in its place meanwhile.
fn give(data: &Path, path: &Path, owner: &Metadata) -> io::Result<()> {
    let within = path.strip_prefix(data).map_err(io::Error::other)?;
    let root = fs::File::open(data)?;
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_NOFOLLOW)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS);
    let file = fs::File::from(openat2(&root, within, how)?);
    let meta = file.metadata()?;
    if !meta.is_dir() && meta.nlink() != 1 {
        // A second name of a file may be one of a file that is none of ours.
        return Err(io::Error::other(format!("{} has a second name", path.display())));
    }
    let (uid, gid) = (Uid::from_raw(owner.uid()), Gid::from_raw(owner.gid()));
    Ok(fchownat(&file, "", Some(uid), Some(gid), AtFlags::AT_EMPTY_PATH)?)
}

fn listed(foreign: &[(PathBuf, u32)]) -> String {
    let named: Vec<String> =
        foreign.iter().take(MOST).map(|(path, _)| path.display().to_string()).collect();
    named.join(", ") + if foreign.len() > MOST { ", …" } else { "" }
}

fn walk(directory: &Path, see: &mut dyn FnMut(&Path, &Metadata)) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        see(&entry.path(), &meta);
        if meta.is_dir() {
            walk(&entry.path(), see);
        }
    }
}
