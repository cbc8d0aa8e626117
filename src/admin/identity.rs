//! The user as whom this process accesses files. Root switches to the owner of the data directory
//! before accessing anything in it, so that a planted link reaches only what the owner could reach,
//! and no files of root are left behind.
//!
//! A command keeps its real user for files named on the command line ([`as_caller`]); a server
//! drops it.

use std::ffi::CString;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use nix::unistd::{
    Gid, Uid, User, getegid, geteuid, getgrouplist, getgroups, getuid, setegid, seteuid, setgid,
    setgroups, setuid,
};

use super::outcome::{Failure, Kind};
use crate::config::place::led_astray;

/// A user with its groups.
#[derive(Clone, Debug)]
struct Identity {
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
}

/// Caller and owner, set when a command switches to the owner.
static CHANGED: Mutex<Option<(Identity, Identity)>> = Mutex::new(None);

/// The operating-system user who runs the command, even after it switched to the owner.
pub fn caller() -> Uid {
    getuid()
}

/// If run by root, switches to the owner of the data directory; [`as_caller`] switches back
/// temporarily.
pub fn work_as_owner_of(data: &Path) -> Result<(), Failure> {
    let Some(owner) = other_owner(data)? else { return Ok(()) };
    let here = |error: nix::Error| refused(&owner, data, error);
    let caller = Identity { uid: geteuid(), gid: getegid(), groups: getgroups().map_err(here)? };
    *CHANGED.lock().unwrap_or_else(PoisonError::into_inner) = Some((caller, owner.clone()));
    switch(&owner).map_err(here)
}

/// If run by root, switches to the owner of the data directory permanently. Returns the name of the
/// owner if it did.
pub fn become_owner_of(data: &Path) -> Result<Option<String>, Failure> {
    let Some(owner) = other_owner(data)? else { return Ok(None) };
    let done =
        setgroups(&owner.groups).and_then(|()| setgid(owner.gid)).and_then(|()| setuid(owner.uid));
    done.map_err(|error| refused(&owner, data, error))?;
    Ok(Some(name(owner.uid.as_raw())))
}

/// Runs `act` as the user who runs the command, to access files named on the command line.
pub fn as_caller<T>(act: impl FnOnce() -> T) -> T {
    let changed = CHANGED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some((caller, owner)) = changed.filter(|(caller, _)| geteuid() != caller.uid) else {
        return act();
    };
    let back = Back(owner);
    if let Err(error) = seteuid(caller.uid).and_then(|()| switch(&caller)) {
        // The work then runs as the owner, and fails on its own if permissions are missing.
        tracing::warn!("Cannot switch back to the calling user: {error}");
    }
    let done = act();
    drop(back);
    done
}

/// Switches back to the owner, also if the work panics.
struct Back(Identity);

impl Drop for Back {
    fn drop(&mut self) {
        if switch(&self.0).is_err() {
            // Never continue as root.
            std::process::abort();
        }
    }
}

/// The owner of a data directory, or of the directory in which it will be created; None if no
/// switch is needed.
fn other_owner(data: &Path) -> Result<Option<Identity>, Failure> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let there = there(data).map_err(|error| {
        Failure::io(&format!("cannot read the owner of {}", data.display()), &error)
    })?;
    let (uid, gid) = (Uid::from_raw(there.uid()), Gid::from_raw(there.gid()));
    if uid.is_root() {
        return on_safe_ground(data).map(|()| None);
    }
    // All groups of the user, as after a log-in; a user id without a name only has the group of the
    // directory.
    let user = User::from_uid(uid).ok().flatten();
    let of_name = user.and_then(|user| {
        let name = CString::new(user.name).ok()?;
        Some((user.gid, getgrouplist(&name, user.gid).ok()?))
    });
    let (gid, groups) = of_name.unwrap_or_else(|| (gid, vec![gid]));
    Ok(Some(Identity { uid, gid, groups }))
}

/// Refuses a data directory of root that another user can replace, since root would follow links in
/// the replacement.
fn on_safe_ground(data: &Path) -> Result<(), Failure> {
    let found = led_astray(data).map_err(|error| {
        Failure::io(&format!("cannot resolve the path {}", data.display()), &error)
    })?;
    let Some(folder) = found else { return Ok(()) };
    let message = format!(
        "the data directory {} belongs to root and is in {folder}, where other users can replace \
         it. Move it to a directory that only root can write, or change its owner to the user of \
         the server",
        data.display()
    );
    Err(Failure::new(Kind::NotPermitted, message))
}

/// The directory, or its nearest existing ancestor.
fn there(data: &Path) -> io::Result<Metadata> {
    let data = std::path::absolute(data)?;
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for place in data.ancestors() {
        match std::fs::metadata(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => last = error,
            found => return found,
        }
    }
    Err(last)
}

/// Changes the groups first and the user last, since changing groups requires root.
fn switch(to: &Identity) -> nix::Result<()> {
    setgroups(&to.groups)?;
    setegid(to.gid)?;
    seteuid(to.uid)
}

fn refused(owner: &Identity, data: &Path, error: nix::Error) -> Failure {
    let whose = name(owner.uid.as_raw());
    let message = format!(
        "{} belongs to {whose}, and root cannot switch to {whose} here ({error}): run the command \
         as {whose}",
        data.display()
    );
    Failure::new(Kind::NotPermitted, message)
}

/// The name of an operating-system user, or the user id if it has none.
pub fn name(uid: u32) -> String {
    User::from_uid(Uid::from_raw(uid))
        .ok()
        .flatten()
        .map_or_else(|| uid.to_string(), |user| user.name)
}
