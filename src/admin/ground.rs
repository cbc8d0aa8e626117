//! Which user's processes a path must lead to, judged by the owners and modes of its directories.

use std::fs::{canonicalize, metadata, symlink_metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, absolute};

/// Mode bit of a directory in which users can only rename and remove their own files.
const STICKY: u32 = 0o1000;
/// Mode bits that let others than the owner write.
const OTHERS: u32 = 0o022;

/// Returns whether a file can only have been put there by `user`: its directory belongs to this
/// user, nobody else can write it, and it was given to the user by root or the caller.
pub(super) fn is_of(user: u32, file: &Path, caller: u32) -> io::Result<bool> {
    let file = absolute(file)?;
    let Some(folder) = file.parent() else { return Ok(false) };
    let there = metadata(folder)?;
    if there.uid() != user || there.mode() & OTHERS != 0 {
        return Ok(false);
    }
    // Both ways to it: a link on the first, and the directories above its target.
    Ok(is_given(folder, user, caller)? && is_given(&canonicalize(folder)?, user, caller)?)
}

/// Returns whether nobody but root, the caller and the user could place any part of a path. Where
/// everybody can, as in /tmp, the next part must be of root or the caller.
fn is_given(path: &Path, user: u32, caller: u32) -> io::Result<bool> {
    for part in path.ancestors() {
        let Some(above) = part.parent() else { break };
        let (above, owner) = (metadata(above)?, symlink_metadata(part)?.uid());
        let known = |owner| owner == 0 || owner == caller;
        let is_open = above.mode() & OTHERS != 0;
        if is_open && !(above.mode() & STICKY != 0 && known(owner)) {
            return Ok(false);
        }
        if !known(owner) && owner != user {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, create_dir_all, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_place_that_others_could_choose_is_not_believed() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("above/run");
        create_dir_all(&folder).unwrap();
        let me = metadata(&folder).unwrap().uid();
        let link = home.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        for (above, own, wanted) in [
            (0o755, 0o755, true),
            (0o755, 0o750, true),
            (0o755, 0o775, false),
            (0o755, 0o1777, false),
            (0o777, 0o755, false),
            // The directory is of the caller, who would not plant it for themselves.
            (0o1777, 0o755, true),
        ] {
            set_permissions(home.path().join("above"), Permissions::from_mode(above)).unwrap();
            set_permissions(&folder, Permissions::from_mode(own)).unwrap();
            for folder in [&folder, &link] {
                let found = is_of(me, &folder.join("control.sock"), me).unwrap();
                assert_eq!(found, wanted, "{above:o} {own:o} {}", folder.display());
            }
        }
        let socket = folder.join("control.sock");
        assert!(!is_of(me + 1, &socket, me).unwrap(), "it is of somebody else");
        if me == 0 {
            std::os::unix::fs::chown(&folder, Some(64_001), None).unwrap();
            assert!(!is_of(64_001, &socket, 64_002).unwrap(), "placed in a directory like /tmp");
            set_permissions(home.path().join("above"), Permissions::from_mode(0o755)).unwrap();
            assert!(is_of(64_001, &socket, 64_002).unwrap(), "given by root");
            let planted = home.path().join("planted");
            std::os::unix::fs::symlink(&folder, &planted).unwrap();
            std::os::unix::fs::lchown(&planted, Some(64_003), None).unwrap();
            let socket = planted.join("control.sock");
            assert!(!is_of(64_001, &socket, 64_002).unwrap(), "a link of somebody else");
        }
    }
}
