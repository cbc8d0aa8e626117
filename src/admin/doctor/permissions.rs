//! Check `permissions`: modes and owners. Data must be accessible by its owner only.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use nix::unistd::{Gid, Uid, fchownat};

use super::Installation;
use super::report::{Report, count};
use crate::admin::identity::name;
use crate::admin::{control, identity};
use crate::store::engine::upkeep::checkup::index_of;

/// Mode bits of other users.
const OTHERS: u32 = 0o007;
/// Mode bits of the group and other users.
const ALL_BUT_OWNER: u32 = 0o077;
/// Maximum number of listed files.
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
        report.ok(format!("owner and permissions are correct ({})", name(owner.uid())));
    }
}

/// The data directory must be closed to others. Group access may be intended, for a control socket
/// in it.
fn directory(ground: &Installation, report: &mut Report, path: &Path, meta: &Metadata) {
    let mode = meta.mode() & 0o777;
    if mode & 0o027 == 0 {
        if mode & 0o050 != 0 {
            let advice = format!(
                "chmod 700 {}. For administration by a group, set [server] control_socket and \
                 control_socket_group instead.",
                path.display()
            );
            report
                .warn(format!("the group can access the data directory (mode {mode:04o})"), advice);
        }
        return;
    }
    let found = format!("other users can access the data directory (mode {mode:04o})");
    repair_mode(ground, report, found, path, 0o700);
}

/// Private files: the database with its companions and copies, the search index, backups.
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
    // The file may be gone meanwhile, such as a write-ahead log.
    let Ok(meta) = fs::symlink_metadata(path) else { return };
    let mode = meta.mode() & 0o777;
    if meta.is_file() && mode & forbidden != 0 {
        let found = format!("other users can access {} (mode {mode:04o})", path.display());
        repair_mode(ground, report, found, path, wanted);
    }
}

fn socket(ground: &Installation, report: &mut Report) {
    let path = ground.config.server.control_path();
    let Ok(meta) = fs::symlink_metadata(&path) else { return };
    let mode = meta.mode() & 0o777;
    if meta.file_type().is_socket() && mode & OTHERS != 0 {
        let found = format!(
            "all users of this machine can administer the server: {} has mode {mode:04o}",
            path.display()
        );
        let of_group = ground.config.server.control_socket_group.is_some();
        let wanted = if of_group { control::WITH_GROUP } else { control::OWNER_ONLY };
        repair_mode(ground, report, found, &path, wanted);
    }
}

fn repair_mode(
    ground: &Installation,
    report: &mut Report,
    found: String,
    path: &Path,
    wanted: u32,
) {
    let advice = format!("chmod {wanted:o} {}, or chatctl doctor --fix.", path.display());
    if !ground.may_repair() {
        return report.fail(found, advice);
    }
    // Never through a link: this may run as root, and another user may have planted one.
    let done = fchmodat(
        nix::fcntl::AT_FDCWD,
        path,
        Mode::from_bits_truncate(wanted),
        FchmodatFlags::NoFollowSymlink,
    )
    .map_err(io::Error::from);
    report.repaired(found, &format!("changed the mode to {wanted:04o}"), done, advice);
}

/// All files must have the same owner: the server cannot write files of root.
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
        more => format!("{} do not belong to {whose}: {}", count(more, "file"), listed(&foreign)),
    };
    let advice = format!("As root: chown -R {}:{} {}", owner.uid(), owner.gid(), data.display());
    if !ground.may_repair() || !identity::caller().is_root() {
        return report.fail(found, advice);
    }
    let outcome =
        identity::as_caller(|| foreign.iter().try_for_each(|(path, _)| give(data, path, owner)));
    report.repaired(found, &format!("changed the owner to {whose}"), outcome, advice);
}

/// Gives a file to the owner of the data directory, safe against the file being replaced by a link
/// meanwhile.
fn give(data: &Path, path: &Path, owner: &Metadata) -> io::Result<()> {
    let within = path.strip_prefix(data).map_err(io::Error::other)?;
    let root = fs::File::open(data)?;
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_NOFOLLOW)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS);
    let file = fs::File::from(openat2(&root, within, how)?);
    let meta = file.metadata()?;
    if !meta.is_dir() && meta.nlink() != 1 {
        // A hard link may be another name of a file outside the data directory.
        return Err(io::Error::other(format!("{} has more than one hard link", path.display())));
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
