//! Parts of a restore that the configuration places outside of the data directory. Each is staged
//! next to its target and moved there; existing data is kept next to it.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use super::create::with_ending;
use super::format::stamp;
use super::scratch::{Scratch, own_like, sync_directory};
use super::{Failure, cannot};
use crate::admin::Kind;
use crate::model::Timestamp;

/// Infix of a staging directory, followed by eight characters.
pub(super) const STAGED: &str = ".restoring-";
/// Infix of existing data that was kept aside, followed by a timestamp.
pub(super) const KEPT: &str = ".replaced-";
/// Present in the top directory of some file systems.
const LOST_AND_FOUND: &str = "lost+found";

/// Whether a configured path is within the data directory.
pub(super) fn is_within(part: &Path) -> bool {
    part.components().all(|component| matches!(component, Component::Normal(_) | Component::CurDir))
}

/// Whether the target exists as a file or as a directory that is not empty.
pub(super) fn is_occupied(place: &Path) -> Result<bool, Failure> {
    match fs::metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(cannot("read", place)(error)),
        Ok(found) if found.is_dir() => {
            Ok(!contents(place).map_err(cannot("read", place))?.is_empty())
        }
        Ok(_) => Ok(true),
    }
}

/// A part that is being restored. The staging directory is removed unless the part was moved into
/// place.
#[derive(Debug)]
pub(super) struct Elsewhere {
    staged: Scratch,
    place: PathBuf,
    /// The target is a mount point, so its content is replaced instead of itself.
    fixed: bool,
}

impl Elsewhere {
    /// Creates a staging directory on the file system of the target.
    pub(super) fn stage(place: &Path) -> Result<Self, Failure> {
        // Follow a link, so that its target is replaced and the link stays.
        let place = fs::canonicalize(place).unwrap_or_else(|_| plain(place));
        let parent = place
            .parent()
            .ok_or_else(|| {
                Failure::usage(format!("{} cannot be the target of a restore", place.display()))
            })?
            .to_owned();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&parent)
            .map_err(cannot("create", &parent))?;
        let device = |path: &Path| fs::metadata(path).map(|meta| meta.dev());
        let fixed = place.is_dir()
            && device(&place).map_err(cannot("read", &place))?
                != device(&parent).map_err(cannot("read", &parent))?;
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let staged = if fixed {
            Scratch::directory(&place, STAGED, "")
        } else {
            Scratch::directory(&parent, &format!("{name}{STAGED}"), "")
        };
        Ok(Self { staged: staged.map_err(cannot("write in", &parent))?, place, fixed })
    }

    /// The path at which to write the part.
    pub(super) fn path(&self) -> PathBuf {
        self.staged.path().join("part")
    }

    /// Gives it the owner of `like`, and syncs it to disk.
    pub(super) fn hand_over(&self, like: &Path) -> Result<(), Failure> {
        let handed = own_like(self.staged.path(), like)
            .and_then(|()| Ok(nix::unistd::syncfs(fs::File::open(self.staged.path())?)?));
        handed.map_err(cannot("prepare", self.staged.path()))
    }

    /// Moves the part into place. Returns where existing data was kept.
    pub(super) fn put(self) -> Result<Option<PathBuf>, Failure> {
        let put = if self.fixed { self.put_within() } else { self.put_beside() };
        put.map_err(|error| {
            let kind = if error.kind() == io::ErrorKind::DirectoryNotEmpty {
                Kind::Conflict
            } else {
                Kind::Failed
            };
            Failure::new(
                kind,
                format!("cannot move the restored data to {}: {error}", self.place.display()),
            )
        })
    }

    fn put_beside(&self) -> io::Result<Option<PathBuf>> {
        let aside = aside(&self.place);
        let mut kept = None;
        if self.place.is_dir() && contents(&self.place)?.is_empty() {
            fs::remove_dir_all(&self.place)?;
        } else if self.place.exists() {
            fs::rename(&self.place, &aside)?;
            // Keep the companion files together with their database.
            for ending in ["-wal", "-shm"] {
                match fs::rename(with_ending(&self.place, ending), with_ending(&aside, ending)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => (),
                }
            }
            kept = Some(aside);
        }
        fs::rename(self.path(), &self.place)?;
        sync_directory(self.place.parent().unwrap_or(Path::new("/")))?;
        Ok(kept)
    }

    fn put_within(&self) -> io::Result<Option<PathBuf>> {
        let there = contents(&self.place)?;
        let mut kept = None;
        if !there.is_empty() {
            let aside = aside(&self.place.join(""));
            DirBuilder::new().mode(0o700).create(&aside)?;
            for name in there {
                fs::rename(self.place.join(&name), aside.join(&name))?;
            }
            own_like(&aside, &self.place)?;
            kept = Some(aside);
        }
        for entry in fs::read_dir(self.path())? {
            let name = entry?.file_name();
            fs::rename(self.path().join(&name), self.place.join(&name))?;
        }
        sync_directory(&self.place)?;
        Ok(kept)
    }
}

/// The path at which replaced data is kept: next to it, or inside if the path ends in a slash.
pub(super) fn aside(place: &Path) -> PathBuf {
    let at = stamp(Timestamp::now());
    let within = place.as_os_str().as_encoded_bytes().ends_with(b"/");
    let kept = if within { KEPT.trim_start_matches('.') } else { KEPT };
    let named = |number: u32| {
        with_ending(
            place,
            &if number > 1 { format!("{kept}{at}-{number}") } else { format!("{kept}{at}") },
        )
    };
    (1..1_000).map(&named).find(|path| !path.exists()).unwrap_or_else(|| named(1))
}

/// Resolves `..` lexically, since the directory may not exist yet.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        if component == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(component);
        }
    }
    plain
}

/// The content of a directory, except what restores and file systems put there.
fn contents(directory: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let shown = name.to_string_lossy();
        if !(shown.starts_with(STAGED)
            || shown.starts_with(KEPT.trim_start_matches('.'))
            || shown == LOST_AND_FOUND)
        {
            names.push(name);
        }
    }
    Ok(names)
}
