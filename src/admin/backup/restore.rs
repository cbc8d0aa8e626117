//! Makes a data directory out of a backup.
//!
//! Everything is extracted, verified, migrated and brought to the disk in a directory beside the
//! target (`DIR.restoring-…`); only then the two change places, in one step of the file system.
//! Whenever the machine stops, the target is the old directory or the new one and never a mixture:
//! before that step there is a sibling too much, after it the sibling is the old directory, which
//! is called `DIR.replaced-TIME` in the end. A file system that cannot exchange gets two renames
//! instead: between them there is no target, but the old one and the new one lie beside it, each
//! whole.
//!
//! A mount point, or a directory whose parent belongs to others, cannot change places. An empty one
//! is filled from within (`.restoring-…`), the database last: whatever comes before has no
//! database, and is no data directory yet.
//!
//! A part that the configuration puts outside of the data directory changes places by itself
//! (`elsewhere`): the uploaded files before the data directory, the database after it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::create::with_ending;
use super::elsewhere::{Elsewhere, STAGED, aside, is_occupied, is_within};
use super::format::{Entry, Head};
use super::read::read;
use super::scratch::{Scratch, own_like, sync_directory};
use super::{Failure, Progress, cannot};
use crate::admin::Kind;
use crate::store::engine::upkeep::renew;
use crate::store::files;

/// What an empty data directory may hold: the lock of whoever restores, and what a server has left
/// that ended hard.
const NOTHING: [&str; 2] = ["lock", "control.sock"];

/// How a directory begins in which a data directory is filled from within.
const WITHIN: &str = STAGED;

/// A directory in which nobody has restored any more for so long was left by an interrupted
/// restoration.
const LEFT: Duration = Duration::from_hours(1);

/// Where the parts go.
#[derive(Clone, Copy, Debug)]
pub struct Target<'t> {
    /// The data directory. Whoever restores holds its lock, if it is there.
    pub data: &'t Path,
    /// The database, relative to it, or anywhere else.
    pub database: &'t Path,
    /// The directory of the uploaded files, relative to it, or anywhere else.
    pub media: &'t Path,
    /// What is there is kept aside instead of being in the way.
    pub replace: bool,
}

/// What a restoration came to.
#[derive(Clone, Debug, Serialize)]
pub struct Restored {
    /// What the backup begins with.
    pub head: Head,
    /// The epoch that the database has now.
    pub epoch: String,
    /// Where the old data directory is now, with all that was in it, its own backups and logs
    /// included.
    pub replaced: Option<PathBuf>,
    /// Where parts are now that lay outside of the data directory.
    pub kept_aside: Vec<PathBuf>,
    /// What is worth knowing and wrong with nothing.
    pub notes: Vec<String>,
}

impl Target<'_> {
    /// The parts that lie outside of the data directory: the uploaded files first, since nothing
    /// refers to them before there is a database.
    fn outside(&self) -> impl Iterator<Item = PathBuf> {
        [self.media, self.database]
            .into_iter()
            .filter(|part| !is_within(part))
            .map(|part| self.data.join(part))
    }

    /// Whether a part lies within the data directory, so that this is replaced.
    fn has_within(&self) -> bool {
        is_within(self.database) || is_within(self.media)
    }
}

/// Whether something can be restored there; changes nothing. Answers whether what is there would be
/// kept aside.
pub fn fits(target: &Target<'_>) -> Result<bool, Failure> {
    let there = occupied(target)? == Occupied::Data && target.has_within();
    target.outside().try_fold(there, |there, place| Ok(is_occupied(&place)? || there))
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
                format!("there is something in {} already", place.display()),
            ));
        }
    }
    Ok(there)
}

/// Restores a backup, each part where the configuration has it. Whatever is wrong with the backup
/// is found before anything is touched. Blocks.
pub fn restore(
    path: &Path,
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
            .map_err(cannot("make", parent))?;
    }
    sweep(&data, parent)
        .map_err(cannot("clear away what interrupted restorations have left in", parent))?;
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
        let (head, epoch, notes) = fill(path, &places(&data), progress)?;
        hand_over_all()?;
        if there == Occupied::Missing {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&data)
                .and_then(|()| own_like(&data, parent))
                .map_err(cannot("make", &data))?;
        }
        let kept_aside = [put(media)?, put(database)?].into_iter().flatten().collect();
        return Ok(Restored { head, epoch, replaced: None, kept_aside, notes });
    }
    let Some(staged) = stage_beside(&data, parent, there)? else {
        let staged = stage_within(&data, there)?;
        let (head, epoch, notes) = fill(path, &places(staged.path()), progress)?;
        hand_over(staged.path(), &data, there).map_err(cannot("prepare", staged.path()))?;
        hand_over_all()?;
        let mut kept_aside: Vec<_> = put(media)?.into_iter().collect();
        let last = if is_within(target.database) { target.database } else { target.media };
        move_in(staged.path(), &data, last).map_err(cannot("put the restored data into", &data))?;
        kept_aside.extend(put(database)?);
        return Ok(Restored { head, epoch, replaced: None, kept_aside, notes });
    };
    let (head, epoch, notes) = fill(path, &places(staged.path()), progress)?;
    hand_over(staged.path(), like, there).map_err(cannot("prepare", staged.path()))?;
    hand_over_all()?;
    let mut kept_aside: Vec<_> = put(media)?.into_iter().collect();
    let old = swap(staged, &data, there)
        .map_err(cannot("put the restored data in the place of", &data))?;
    sync_directory(parent).map_err(cannot("write in", parent))?;
    let replaced = match old {
        Some(old) if there == Occupied::Data => {
            let aside = aside(&data);
            fs::rename(&old, &aside).map_err(cannot("rename", &old))?;
            sync_directory(parent).map_err(cannot("write in", parent))?;
            Some(aside)
        }
        Some(old) => {
            // Nothing but the lock is in it.
            fs::remove_dir_all(&old).map_err(cannot("remove", &old))?;
            None
        }
        None => None,
    };
    kept_aside.extend(put(database)?);
    Ok(Restored { head, epoch, replaced, kept_aside, notes })
}

/// Removes what restorations have left beside the data directory that were killed: with a lock in
/// it such a sibling is the directory of before, and stays.
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

/// What is in the place of the data directory.
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

/// A directory beside the target, on the same file system; None where there can be none.
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

/// A directory in the target, which is empty but for what an earlier attempt has left.
pub(super) fn stage_within(data: &Path, there: Occupied) -> Result<Scratch, Failure> {
    if there == Occupied::Data {
        let why = format!(
            "{} is a mount point or lies where nothing else may be made, so it cannot be kept \
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

/// Moves everything up, the database last.
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

/// Where the parts are made.
pub(super) struct Places {
    pub(super) database: PathBuf,
    pub(super) media: PathBuf,
}

/// Extracts, verifies and migrates.
pub(super) fn fill(
    path: &Path,
    places: &Places,
    progress: Progress<'_>,
) -> Result<(Head, String, Vec<String>), Failure> {
    let Places { database, media } = places;
    let mut place = |entry: &Entry| {
        let path = match entry {
            Entry::Database => database.clone(),
            Entry::Media(name) => {
                files::place(media, name).ok_or_else(|| io::Error::other("no name of a file"))?
            }
            Entry::Head | Entry::Manifest => return Ok(None),
        };
        DirBuilder::new().recursive(true).mode(0o700).create(path.parent().unwrap_or(media))?;
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(Some)
    };
    let mut contents = read(path, &mut place, progress)?;
    let notes =
        if contents.problems.is_empty() { contents.check_database(database)? } else { Vec::new() };
    let (Some(head), []) = (contents.head, contents.problems.as_slice()) else {
        return Err(Failure::failed(format!(
            "{} cannot be restored: {}",
            path.display(),
            contents.problems.join(" ")
        )));
    };
    DirBuilder::new().recursive(true).mode(0o700).create(media).map_err(cannot("make", media))?;
    let epoch = renew(database)?;
    Ok((head, epoch, notes))
}

/// Gives what the superuser has made to the owner of the place, lets the directory be as open as
/// the old one, and brings all of it to the disk.
fn hand_over(staged: &Path, like: &Path, there: Occupied) -> io::Result<()> {
    own_like(staged, like)?;
    if there != Occupied::Missing {
        fs::set_permissions(staged, fs::metadata(like)?.permissions())?;
    }
    nix::unistd::syncfs(fs::File::open(staged)?)?;
    Ok(())
}

/// Puts the staged directory in place. Answers where the old one is now.
fn swap(staged: Scratch, data: &Path, there: Occupied) -> io::Result<Option<PathBuf>> {
    use nix::errno::Errno;
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    let new = staged.path().to_owned();
    let old = if there == Occupied::Missing {
        fs::rename(&new, data)?;
        None
    } else {
        match renameat2(AT_FDCWD, &new, AT_FDCWD, data, RenameFlags::RENAME_EXCHANGE) {
            Ok(()) => Some(new),
            Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => {
                Some(rename_both(&new, data)?)
            }
            Err(error) => return Err(error.into()),
        }
    };
    // From here on what is called so is the old directory or nothing.
    staged.keep();
    Ok(old)
}

/// Where directories cannot be exchanged.
fn rename_both(new: &Path, data: &Path) -> io::Result<PathBuf> {
    let old = with_ending(new, ".old");
    fs::rename(data, &old)?;
    if let Err(error) = fs::rename(new, data) {
        fs::rename(&old, data)?;
        return Err(error);
    }
    Ok(old)
}

/// `DIR.ending` without the directories before it.
fn beside(data: &Path, ending: &str) -> String {
    format!("{}{ending}", data.file_name().unwrap_or_default().to_string_lossy())
}

fn absolute(data: &Path) -> Result<PathBuf, Failure> {
    // A link is followed, so that what it leads to is replaced and the link stays.
    match fs::canonicalize(data) {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::path::absolute(data).map_err(cannot("find", data))
        }
        Err(error) => Err(cannot("find", data)(error)),
    }
}
