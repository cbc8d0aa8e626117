//! Finds the configuration file, and ignores a default file that another user could have written,
//! like `ssh` and `git` do.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User, getuid};

use super::keys;

const HERE: &str = "config.toml";
const SYSTEM: &str = "/etc/chatctl/config.toml";
/// Mode bit of a directory in which users can only rename and remove their own files.
const STICKY: u32 = 0o1000;

/// The configuration file found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// None: the defaults apply.
    pub(super) file: Option<PathBuf>,
    /// Files that were ignored, with the reason.
    pub(super) remarks: Vec<String>,
}

/// Default places of the file: for the superuser the current directory is not one of them.
pub(super) fn usual() -> Vec<PathBuf> {
    let places = if getuid().is_root() { [SYSTEM, HERE] } else { [HERE, SYSTEM] };
    places.map(PathBuf::from).to_vec()
}

/// Returns the file that is used instead of a new one at one of the default places, if there is one.
pub(crate) fn before(new: &Path) -> Option<PathBuf> {
    let all = usual();
    let rank = all.iter().position(|place| place == new)?;
    all.into_iter().take(rank).find(|place| place.exists())
}

/// Returns the first file that exists and is trusted.
pub(super) fn find(places: &[PathBuf]) -> Found {
    let mut found = Found::default();
    for place in places.iter().filter(|place| place.exists()) {
        let why = distrusted(place).or_else(|| foreign(place));
        let Some(why) = why else {
            found.file = Some(place.clone());
            break;
        };
        found
            .remarks
            .push(format!("{} was ignored: {why}; use --config to use it anyway", place.display()));
    }
    found
}

/// Returns why a file is not trusted: another user could have written or placed it.
fn distrusted(file: &Path) -> Option<String> {
    let folder =
        file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    [("it", file), ("its directory", folder)].into_iter().find_map(|(what, place)| {
        let meta = std::fs::metadata(place).ok()?;
        if is_ours(&meta) {
            return writers(&meta).map(|who| format!("{what} can be written by {who}"));
        }
        Some(format!("{what} belongs to {}, not to you or root", named(meta.uid())))
    })
}

/// Returns who besides its owner can write a file or directory.
fn writers(meta: &Metadata) -> Option<&'static str> {
    match meta.mode() {
        mode if mode & 0o002 != 0 => Some("everybody"),
        mode if mode & 0o020 != 0 && !is_private(meta) => Some("its group"),
        _ => None,
    }
}

/// Returns the first directory above a place in which another user can replace the place, with the
/// reason. In directories such as /tmp, where only owners can rename their files, nobody can.
pub(crate) fn led_astray(place: &Path) -> std::io::Result<Option<String>> {
    let named_so = std::path::absolute(place)?;
    let above: Vec<&Path> = named_so.ancestors().skip(1).collect();
    // Links are followed, so that the directories above their targets count, too.
    let real = above.iter().find_map(|folder| folder.canonicalize().ok()).unwrap_or_default();
    let target = named_so.canonicalize().unwrap_or_default();
    let all = above.into_iter().chain(real.ancestors()).chain(target.ancestors().skip(1));
    for folder in all {
        let Ok(meta) = std::fs::metadata(folder) else { continue };
        let why = match writers(&meta) {
            _ if !is_ours(&meta) => format!("belongs to {}", named(meta.uid())),
            Some(who) if meta.mode() & STICKY == 0 => format!("can be written by {who}"),
            _ => continue,
        };
        return Ok(Some(format!("{}, which {why}", folder.display())));
    }
    Ok(None)
}

/// Returns whether it belongs to the caller or root.
pub(super) fn is_ours(meta: &Metadata) -> bool {
    meta.uid() == 0 || meta.uid() == getuid().as_raw()
}

/// Returns the login name of a user, or the number if there is none.
pub(super) fn named(uid: u32) -> String {
    User::from_uid(Uid::from_raw(uid))
        .ok()
        .flatten()
        .map_or_else(|| uid.to_string(), |user| user.name)
}

/// Returns whether the group only contains the owner, as many systems create one for each user.
fn is_private(meta: &Metadata) -> bool {
    let owner = User::from_uid(Uid::from_raw(meta.uid())).ok().flatten();
    let group = Group::from_gid(Gid::from_raw(meta.gid())).ok().flatten();
    let (Some(owner), Some(group)) = (owner, group) else { return false };
    owner.gid == group.gid
        && owner.name == group.name
        && group.mem.iter().all(|member| *member == owner.name)
}

/// Returns why it belongs to another program: none of its sections is ours, not even misspelled.
fn foreign(file: &Path) -> Option<String> {
    let table: toml::Table = std::fs::read_to_string(file).ok()?.parse().ok()?;
    let ours = table.is_empty() || table.keys().any(|name| keys::resembles_section(name));
    (!ours).then(|| "it has no section of chatctl".to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Creates a directory and a file with these modes and this text.
    fn planted(folder: u32, file: u32, text: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(HERE);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(file)).unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(folder)).unwrap();
        (dir, path)
    }

    #[test]
    fn what_others_can_write_is_passed_over() {
        let table = [
            (0o755, 0o644, None),
            (0o700, 0o600, None),
            (0o777, 0o644, Some("its directory can be written by everybody")),
            (0o755, 0o666, Some("it can be written by everybody")),
        ];
        for (folder, file, why) in table {
            let (_dir, path) = planted(folder, file, "[log]\nlevel = \"warn\"\n");
            let found = find(std::slice::from_ref(&path));
            assert_eq!(found.file, Some(path).filter(|_| why.is_none()), "{folder:o} {file:o}");
            assert_eq!(found.remarks.len(), usize::from(why.is_some()));
            assert!(why.is_none_or(|why| found.remarks[0].contains(why)), "{:?}", found.remarks);
        }
    }

    #[test]
    fn a_place_is_sound_where_nobody_else_can_put_another() {
        let (dir, _path) = planted(0o755, 0o600, "");
        let data = dir.path().join("folder/data");
        std::fs::create_dir_all(&data).unwrap();
        let folder = dir.path().join("folder");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        for (mode, why) in [
            (0o755, None),
            (0o700, None),
            (0o1777, None),
            (0o777, Some("folder, which can be written by everybody")),
            (0o703, Some("folder, which can be written by everybody")),
        ] {
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
            for place in [&data, &folder.join("not there yet"), &link.join("data")] {
                let found = led_astray(place).unwrap();
                assert_eq!(found.is_some(), why.is_some(), "{mode:o} {found:?}");
                assert!(
                    why.is_none_or(|why| found.unwrap().contains(why)) || place.starts_with(&link)
                );
            }
            assert_eq!(led_astray(&folder).unwrap(), None, "its own mode is its owner's affair");
        }
    }

    #[test]
    fn the_file_of_another_program_is_passed_over() {
        for (text, ours) in [
            ("concurrent = 4\n[[runners]]\nname = \"ci\"\n", false),
            ("baseURL = \"https://example.org\"\n[params]\n", false),
            ("", true),
            ("[server]\nport = 1\n", true),
            ("[sever]\nlisten = []\n", true),
            ("this is no TOML", true),
        ] {
            let (_dir, path) = planted(0o700, 0o600, text);
            assert_eq!(find(&[path]).file.is_some(), ours, "{text:?}");
        }
    }
}
