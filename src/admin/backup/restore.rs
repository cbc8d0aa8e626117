//! Restores a backup as a data directory.
//!
//! Everything is extracted, verified, migrated and synced in a directory next to the target
//! (`DIR.restoring-…`); only then the two are exchanged, in one atomic step. Whenever the machine
//! stops, the target is either the old directory or the new one, never a mixture: before that step
//! there is an extra sibling, after it the sibling is the old directory, which is finally renamed
//! to `DIR.replaced-TIME`. If the file system cannot exchange directories, two renames are used:
//! between them there is no target, but both complete directories are next to it.
//!
//! A mount point, or a directory whose parent cannot be written, cannot be exchanged. An empty one
//! is filled from a directory inside it (`.restoring-…`), the database last: until then it has no
//! database and does not count as a data directory.
//!
//! A part that the configuration places outside of the data directory is exchanged separately
//! (`elsewhere`): the uploaded files before the data directory, the database after it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::create::with_ending;
use super::elsewhere::{Elsewhere, STAGED, aside, is_occupied, is_within};
use super::format::{Entry, Head};
use super::input::Input;
use super::read::read;
use super::scratch::{Scratch, own_like, sync_directory};
use super::{Failure, Progress, cannot};
use crate::admin::{Kind, Operator};
use crate::model::{AuditNote, AuditTarget};
use crate::store::engine::upkeep::{Kept, keep_audit, record_restore, renew};
use crate::store::files;

/// Files that an empty data directory may contain: the lock, and the socket of a server that
/// crashed.
const NOTHING: [&str; 2] = ["lock", "control.sock"];

/// Name prefix of a staging directory inside the data directory.
const WITHIN: &str = STAGED;

/// A staging directory that was not modified for this time was left by an interrupted restore.
const LEFT: Duration = Duration::from_hours(1);

/// Paths to restore to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'t> {
    /// The data directory. The caller holds its lock, if it exists.
    pub data: &'t Path,
    /// The database, relative to the data directory or absolute.
    pub database: &'t Path,
    /// The directory of the uploaded files, relative to the data directory or absolute.
    pub media: &'t Path,
    /// URL of the bucket in which uploaded files are kept, if they are in one.
    pub bucket: Option<&'t str>,
    /// The directory of the backups, relative to the data directory or absolute. It stays where it
    /// is.
    pub backups: &'t Path,
    /// Whether to replace existing data, which is kept aside.
    pub replace: bool,
    /// Who restores it, for the audit log.
    pub operator: &'t Operator,
}

/// Result of a restore.
#[derive(Clone, Debug, Serialize)]
pub struct Restored {
    /// Header of the backup.
    pub head: Head,
    /// New epoch of the database.
    pub epoch: String,
    /// New path of the old data directory, with everything in it except the backups.
    pub replaced: Option<PathBuf>,
    /// New paths of old parts that were outside of the data directory.
    pub kept_aside: Vec<PathBuf>,
    /// Notes that are not problems.
    pub notes: Vec<String>,
}

impl Target<'_> {
    /// The parts outside of the data directory: the uploaded files first, since nothing refers to
    /// them before the database exists.
    fn outside(&self) -> impl Iterator<Item = PathBuf> {
        [self.media, self.database]
            .into_iter()
            .filter(|part| !is_within(part))
            .map(|part| self.data.join(part))
    }

    /// Whether any part is within the data directory, so that the directory is replaced.
    fn has_within(&self) -> bool {
        is_within(self.database) || is_within(self.media)
    }
}

/// The existing data that a restore would replace and keep aside. Fails if it may not be replaced.
/// Changes nothing.
pub fn present(target: &Target<'_>) -> Result<Vec<PathBuf>, Failure> {
    let mut present = Vec::new();
    if occupied(target)? == Occupied::Data && target.has_within() {
        present.push(target.data.to_owned());
    }
    for place in target.outside() {
        if is_occupied(&place)? {
            present.push(place);
        }
    }
    Ok(present)
}

fn occupied(target: &Target<'_>) -> Result<Occupied, Failure> {
    let there = Occupied::look(target.data)?;
    if target.replace {
        return Ok(there);
    }
    if there == Occupied::Data && target.has_within() {
        return Err(Failure::new(
            Kind::Conflict,
            format!("the data directory {} is not empty", target.data.display()),
        ));
    }
    for place in target.outside() {
        if is_occupied(&place)? {
            return Err(Failure::new(
                Kind::Conflict,
                format!("{} already exists and is not empty", place.display()),
            ));
        }
    }
    Ok(there)
}

/// Restores a backup, each part to its configured path. Problems of the backup are found before
/// existing data is touched. Blocks.
#[expect(clippy::too_many_lines, reason = "one sequence, whose order is what makes it safe")]
pub fn restore(
    input: Input,
    target: Target<'_>,
    progress: Progress<'_>,
) -> Result<Restored, Failure> {
    let there = occupied(&target)?;
    let data = absolute(target.data)?;
    let parent = data.parent().ok_or_else(|| {
        Failure::usage("the data directory cannot be the root of the file system")
    })?;
    if there == Occupied::Missing {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .map_err(cannot("create", parent))?;
    }
    sweep(&data, parent).map_err(cannot("remove leftovers of interrupted restores in", parent))?;
    let stage = |part: &Path| {
        if is_within(part) { Ok(None) } else { Elsewhere::stage(&data.join(part)).map(Some) }
    };
    let (media, database) = (stage(target.media)?, stage(target.database)?);
    let places = |staged: &Path| Places {
        database: database.as_ref().map_or_else(|| staged.join(target.database), Elsewhere::path),
        media: media.as_ref().map_or_else(|| staged.join(target.media), Elsewhere::path),
    };
    let like: &Path = if there == Occupied::Missing { parent } else { &data };
    let put = |part: Option<Elsewhere>| part.map_or(Ok(None), Elsewhere::put);
    let hand_over_all =
        || [&media, &database].into_iter().flatten().try_for_each(|part| part.hand_over(like));
    if !target.has_within() {
        let (head, epoch, notes) = fill_for(&target, input, &places(&data), progress)?;
        hand_over_all()?;
        if there == Occupied::Missing {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&data)
                .and_then(|()| own_like(&data, parent))
                .map_err(cannot("create", &data))?;
        }
        let kept_aside = [put(media)?, put(database)?].into_iter().flatten().collect();
        return Ok(Restored { head, epoch, replaced: None, kept_aside, notes });
    }
    let Some(staged) = stage_beside(&data, parent, there)? else {
        let staged = stage_within(&data, there)?;
        let (head, epoch, notes) = fill_for(&target, input, &places(staged.path()), progress)?;
        hand_over(staged.path(), &data, there).map_err(cannot("prepare", staged.path()))?;
        hand_over_all()?;
        let mut kept_aside: Vec<_> = put(media)?.into_iter().collect();
        let last = if is_within(target.database) { target.database } else { target.media };
        move_in(staged.path(), &data, last)
            .map_err(cannot("move the restored data into", &data))?;
        kept_aside.extend(put(database)?);
        return Ok(Restored { head, epoch, replaced: None, kept_aside, notes });
    };
    let (head, epoch, mut notes) = fill_for(&target, input, &places(staged.path()), progress)?;
    hand_over(staged.path(), like, there).map_err(cannot("prepare", staged.path()))?;
    hand_over_all()?;
    let mut kept_aside: Vec<_> = put(media)?.into_iter().collect();
    let old = swap(staged, &data, there).map_err(cannot("replace", &data))?;
    sync_directory(parent).map_err(cannot("write in", parent))?;
    let replaced = match old {
        Some(old) if there == Occupied::Data => {
            let aside = aside(&data);
            fs::rename(&old, &aside).map_err(cannot("rename", &old))?;
            sync_directory(parent).map_err(cannot("write in", parent))?;
            notes.extend(bring_back(target.backups, &aside, &data));
            Some(aside)
        }
        Some(old) => {
            // It contains nothing but the lock.
            fs::remove_dir_all(&old).map_err(cannot("remove", &old))?;
            None
        }
        None => None,
    };
    kept_aside.extend(put(database)?);
    Ok(Restored { head, epoch, replaced, kept_aside, notes })
}

/// Moves the backups from the old data directory back to their place. Returns a note if that is not
/// possible: the data is restored already.
fn bring_back(backups: &Path, old: &Path, data: &Path) -> Option<String> {
    let (from, to) = (old.join(backups), data.join(backups));
    if !is_within(backups) || !from.is_dir() || to.exists() {
        return None;
    }
    let folder = to.parent().unwrap_or(data);
    let moved = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .and_then(|()| fs::rename(&from, &to))
        .and_then(|()| own_like(folder, data))
        .and_then(|()| sync_directory(folder));
    let told = |error| {
        format!("The backups are in {}: they cannot be moved back: {error}.", from.display())
    };
    moved.err().map(told)
}

/// Removes staging directories of interrupted restores next to the data directory. One that
/// contains a lock is the old data directory, and stays.
fn sweep(data: &Path, parent: &Path) -> io::Result<()> {
    let prefix = beside(data, STAGED);
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let unfinished = entry
            .file_name()
            .to_string_lossy()
            .strip_prefix(&prefix)
            .is_some_and(|rest| rest.len() == 8);
        let idle = || {
            Ok::<_, io::Error>(
                entry.metadata()?.modified()?.elapsed().is_ok_and(|since| since > LEFT),
            )
        };
        if unfinished
            && entry.file_type()?.is_dir()
            && !entry.path().join("lock").exists()
            && idle()?
        {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// State of the target data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occupied {
    Missing,
    Empty,
    Data,
}

impl Occupied {
    pub(super) fn look(data: &Path) -> Result<Self, Failure> {
        let entries = match fs::read_dir(data) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Missing),
            Err(error) => return Err(cannot("read", data)(error)),
        };
        for entry in entries {
            let name = entry.map_err(cannot("read", data))?.file_name();
            let left = name.to_string_lossy().starts_with(WITHIN);
            if !left && !NOTHING.iter().any(|nothing| name == *nothing) {
                return Ok(Self::Data);
            }
        }
        Ok(Self::Empty)
    }
}

/// Creates a staging directory next to the target on the same file system; None if that is not
/// possible.
fn stage_beside(data: &Path, parent: &Path, there: Occupied) -> Result<Option<Scratch>, Failure> {
    let device =
        |path: &Path| fs::metadata(path).map(|meta| meta.dev()).map_err(cannot("read", path));
    if there != Occupied::Missing && device(data)? != device(parent)? {
        return Ok(None);
    }
    match Scratch::directory(parent, &beside(data, STAGED), "") {
        Ok(staged) => Ok(Some(staged)),
        Err(error)
            if there != Occupied::Missing
                && matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
        {
            Ok(None)
        }
        Err(error) => Err(cannot("write in", parent)(error)),
    }
}

/// Creates a staging directory inside the target, which must be empty except for leftovers of an
/// earlier attempt.
pub(super) fn stage_within(data: &Path, there: Occupied) -> Result<Scratch, Failure> {
    if there == Occupied::Data {
        let why = format!(
            "{} is a mount point, or its parent directory cannot be written, so it cannot be kept \
             aside: empty it first",
            data.display()
        );
        return Err(Failure::new(Kind::Conflict, why));
    }
    for entry in fs::read_dir(data).map_err(cannot("read", data))? {
        let entry = entry.map_err(cannot("read", data))?;
        if entry.file_name().to_string_lossy().starts_with(WITHIN) {
            fs::remove_dir_all(entry.path()).map_err(cannot("remove", &entry.path()))?;
        }
    }
    Scratch::directory(data, WITHIN, "").map_err(cannot("write in", data))
}

/// Moves the staged content into the data directory, the database last.
pub(super) fn move_in(staged: &Path, data: &Path, database: &Path) -> io::Result<()> {
    let last = database
        .components()
        .find(|part| matches!(part, Component::Normal(_)))
        .map(|part| part.as_os_str().to_owned())
        .unwrap_or_default();
    for entry in fs::read_dir(staged)? {
        let name = entry?.file_name();
        if name != last {
            fs::rename(staged.join(&name), data.join(&name))?;
        }
    }
    sync_directory(data)?;
    fs::rename(staged.join(&last), data.join(&last))?;
    sync_directory(data)
}

/// Paths to which the parts are extracted.
pub(super) struct Places {
    pub(super) database: PathBuf,
    pub(super) media: PathBuf,
}

/// Extracts, verifies and migrates, and completes the audit log: it keeps the entries of the data
/// that are replaced, and records the restore.
fn fill_for(
    target: &Target<'_>,
    input: Input,
    places: &Places,
    progress: Progress<'_>,
) -> Result<(Head, String, Vec<String>), Failure> {
    let shown = input.shown.clone();
    let (head, epoch, mut notes) = fill(input, places, progress)?;
    if head.media_in.is_none()
        && head.counts.media > 0
        && let Some(url) = target.bucket
    {
        notes.push(format!(
            "The uploaded files of the backup are in {}; [media] store is {url}: copy those that \
             are missing there.",
            target.data.join(target.media).display()
        ));
    }
    let kept = keep_audit(&places.database, &target.data.join(target.database))?;
    notes.extend(
        match kept {
            Kept::Nothing | Kept::Entries(_) => None,
            Kept::Foreign => Some(
                "The replaced data belong to another instance: their audit log stays with them.",
            ),
            Kept::Unreadable => {
                Some("The audit log of the replaced data could not be read, and stays with them.")
            }
        }
        .map(str::to_owned),
    );
    let file = Path::new(&shown).file_name().unwrap_or_default().to_string_lossy();
    let mut after = json!({"created": head.created});
    if let Kept::Entries(count) = kept {
        after["entries_kept"] = count.into();
    }
    let note = AuditNote {
        target: Some(AuditTarget::new("backup", file, None)),
        before: None,
        after: Some(after.to_string()),
    };
    if let Some(by) = target.operator.doing("backup.restore").attribution() {
        record_restore(&places.database, &by, &note)?;
    }
    Ok((head, epoch, notes))
}

/// Extracts, verifies and migrates.
pub(super) fn fill(
    input: Input,
    places: &Places,
    progress: Progress<'_>,
) -> Result<(Head, String, Vec<String>), Failure> {
    let Places { database, media } = places;
    let mut place = |entry: &Entry| {
        let path = match entry {
            Entry::Database => database.clone(),
            Entry::Media(name) => {
                files::place(media, name).ok_or_else(|| io::Error::other("invalid file name"))?
            }
            Entry::Head | Entry::Manifest => return Ok(None),
        };
        DirBuilder::new().recursive(true).mode(0o700).create(path.parent().unwrap_or(media))?;
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(Some)
    };
    let shown = input.shown.clone();
    let mut contents = read(input, &mut place, progress)?;
    let notes =
        if contents.problems.is_empty() { contents.check_database(database)? } else { Vec::new() };
    let (Some(head), []) = (contents.head, contents.problems.as_slice()) else {
        return Err(Failure::failed(format!(
            "{shown} cannot be restored: {}",
            contents.problems.join(" ")
        )));
    };
    DirBuilder::new().recursive(true).mode(0o700).create(media).map_err(cannot("create", media))?;
    let epoch = renew(database)?;
    Ok((head, epoch, notes))
}

/// Gives the staged files the owner of the target, gives the directory the mode of the old one, and
/// syncs everything to disk.
fn hand_over(staged: &Path, like: &Path, there: Occupied) -> io::Result<()> {
    own_like(staged, like)?;
    if there != Occupied::Missing {
        fs::set_permissions(staged, fs::metadata(like)?.permissions())?;
    }
    nix::unistd::syncfs(fs::File::open(staged)?)?;
    Ok(())
}

/// Moves the staged directory into place. Returns the new path of the old one.
fn swap(staged: Scratch, data: &Path, there: Occupied) -> io::Result<Option<PathBuf>> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    let new = staged.path().to_owned();
    let old = if there == Occupied::Missing {
        fs::rename(&new, data)?;
        None
    } else {
        match renameat_with(CWD, &new, CWD, data, RenameFlags::EXCHANGE) {
            Ok(()) => Some(new),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Some(rename_both(&new, data)?),
            Err(error) => return Err(error.into()),
        }
    };
    // From here on this path is the old directory or does not exist.
    staged.keep();
    Ok(old)
}

/// Two renames, for file systems that cannot exchange directories.
fn rename_both(new: &Path, data: &Path) -> io::Result<PathBuf> {
    let old = with_ending(new, ".old");
    fs::rename(data, &old)?;
    if let Err(error) = fs::rename(new, data) {
        fs::rename(&old, data)?;
        return Err(error);
    }
    Ok(old)
}

/// The file name of `data` with an ending.
fn beside(data: &Path, ending: &str) -> String {
    format!("{}{ending}", data.file_name().unwrap_or_default().to_string_lossy())
}

fn absolute(data: &Path) -> Result<PathBuf, Failure> {
    // Follow a link, so that its target is replaced and the link stays.
    match fs::canonicalize(data) {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::path::absolute(data).map_err(cannot("find", data))
        }
        Err(error) => Err(cannot("find", data)(error)),
    }
}
