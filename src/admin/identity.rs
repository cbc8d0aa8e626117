//! The user as whom this process works on files. The superuser becomes the owner of somebody else's
//! data directory before touching anything in it, so that no link planted there leads further than
//! its owner could go, and no file of root's is left behind.
//!
//! A command keeps its real user, which it needs for files that the caller has named
//! ([`as_caller`]); a server gives it up.

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

/// Caller and owner, once a command works as the owner.
static CHANGED: Mutex<Option<(Identity, Identity)>> = Mutex::new(None);

/// The operating-system user who gave the command, whoever it works as.
pub fn caller() -> Uid {
    getuid()
}

/// From now on a command works as the owner of the data directory, if the superuser runs it.
pub fn work_as_owner_of(data: &Path) -> Result<(), Failure> {
    let Some(owner) = other_owner(data)? else { return Ok(()) };
    let here = |error: nix::Error| refused(&owner, data, error);
    let caller = Identity { uid: geteuid(), gid: getegid(), groups: getgroups().map_err(here)? };
    *CHANGED.lock().unwrap_or_else(PoisonError::into_inner) = Some((caller, owner.clone()));
    switch(&owner).map_err(here)
}

/// From now on this process is the owner of the data directory for good, if the superuser has
/// started it. Answers whose it is then.
pub fn become_owner_of(data: &Path) -> Result<Option<String>, Failure> {
    let Some(owner) = other_owner(data)? else { return Ok(None) };
    let done =
        setgroups(&owner.groups).and_then(|()| setgid(owner.gid)).and_then(|()| setuid(owner.uid));
    done.map_err(|error| refused(&owner, data, error))?;
    Ok(Some(name(owner.uid.as_raw())))
}

/// Does something as the user who gave the command: opens or renames a file that they have named.
pub fn as_caller<T>(act: impl FnOnce() -> T) -> T {
    let changed = CHANGED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some((caller, owner)) = changed.filter(|(caller, _)| geteuid() != caller.uid) else {
        return act();
    };
    let back = Back(owner);
    if let Err(error) = seteuid(caller.uid).and_then(|()| switch(&caller)) {
        // The work is done as the owner then, and fails by itself where that is not enough.
        tracing::warn!("The rights of the caller are not to be had: {error}");
    }
    let done = act();
    drop(back);
    done
}

/// Back to the owner, also when the work panics.
struct Back(Identity);

impl Drop for Back {
    fn drop(&mut self) {
        if switch(&self.0).is_err() {
            // Nothing must go on as root.
            std::process::abort();
        }
    }
}

/// The owner of a data directory, or of the place where it will be made; None where this process
/// need not change.
fn other_owner(data: &Path) -> Result<Option<Identity>, Failure> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let there = there(data).map_err(|error| {
        Failure::io(&format!("cannot tell whose {} is", data.display()), &error)
    })?;
    let (uid, gid) = (Uid::from_raw(there.uid()), Gid::from_raw(there.gid()));
    if uid.is_root() {
        return on_safe_ground(data).map(|()| None);
    }
    // Their own groups, as after a log-in; a number without a name has only the group of the
    // directory.
    let user = User::from_uid(uid).ok().flatten();
    let of_name = user.and_then(|user| {
        let name = CString::new(user.name).ok()?;
        Some((user.gid, getgrouplist(&name, user.gid).ok()?))
    });
    let (gid, groups) = of_name.unwrap_or_else(|| (gid, vec![gid]));
    Ok(Some(Identity { uid, gid, groups }))
}

/// Refuses root's own data directory where somebody else can put another in its place, with links
/// in it that root would follow.
fn on_safe_ground(data: &Path) -> Result<(), Failure> {
    let found = led_astray(data).map_err(|error| {
        Failure::io(&format!("cannot tell where {} lies", data.display()), &error)
    })?;
    let Some(folder) = found else { return Ok(()) };
    let message = format!(
        "the data directory {} belongs to root and lies in {folder}: root does not work there, \
         since it can be replaced. Move it to a directory of root's, or give it to the user who \
         is to own it",
        data.display()
    );
    Err(Failure::new(Kind::NotPermitted, message))
}

/// The directory, else the nearest one above it that exists.
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

/// Needs the rights of the superuser at first: groups are changed before the user, and the other
/// way round on the way back.
fn switch(to: &Identity) -> nix::Result<()> {
    setgroups(&to.groups)?;
    setegid(to.gid)?;
    seteuid(to.uid)
}

fn refused(owner: &Identity, data: &Path, error: nix::Error) -> Failure {
    let whose = name(owner.uid.as_raw());
    let message = format!(
        "{} belongs to {whose}, and root cannot work as {whose} here ({error}): run it as {whose}",
        data.display()
    );
    Failure::new(Kind::NotPermitted, message)
}

/// The name of an operating-system user, else the number.
pub fn name(uid: u32) -> String {
    User::from_uid(Uid::from_raw(uid))
        .ok()
        .flatten()
        .map_or_else(|| uid.to_string(), |user| user.name)
}
