//! The control socket: runs the commands of every user whom its file mode lets connect.

use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream as Blocking;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::unistd::Group;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tracing::{debug, warn};

use super::frame::{self, HEAD, Kind};
use super::outcome::{Failure, Output};
use super::{Admin, Command, Operator, ground, identity};
use crate::model::rules::Fold;

/// Mode of the socket: only its owner may connect.
pub const OWNER_ONLY: u32 = 0o600;
/// Mode of the socket if a group is configured.
pub const WITH_GROUP: u32 = 0o660;
/// Maximum length of a socket path.
const LONGEST: usize = 107;
/// How long to wait for a file descriptor to become free.
const REST: Duration = Duration::from_millis(50);
/// A caller that sends no command for this time is disconnected.
const PATIENCE: Duration = Duration::from_secs(10);
/// Interval of the keep-alive frames while a command runs.
const LIFE: Duration = Duration::from_secs(3);
/// A caller that receives nothing for this time gives up.
pub const SILENCE: Duration = Duration::from_secs(10);

/// The bound socket; its file is removed on drop.
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for Control {
    fn drop(&mut self) {
        // The file may have been removed already, with its directory too.
        drop(std::fs::remove_file(&self.path));
    }
}

/// A path that fits into a socket address: a long one goes through the descriptor of its directory,
/// which must stay open.
fn short(path: &Path) -> io::Result<(PathBuf, Option<std::fs::File>)> {
    use std::os::fd::AsRawFd;
    if path.as_os_str().len() <= LONGEST {
        return Ok((path.to_owned(), None));
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let folder = std::fs::File::open(folder)?;
    Ok((Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name), Some(folder)))
}

/// Gives the socket to a group. Returns the mode with which its members may connect.
fn give(path: &Path, group: &str) -> io::Result<u32> {
    let known = Group::from_name(group)?
        .ok_or_else(|| io::Error::other(format!("there is no group {group:?}")))?;
    let group_id = known.gid.as_raw();
    // A sandbox may forbid every change of ownership; a new file often has the group already.
    if std::fs::metadata(path)?.gid() == group_id {
        return Ok(WITH_GROUP);
    }
    chown(path, None, Some(group_id)).map_err(|error| {
        io::Error::other(format!(
            "it cannot be given to the group {group} ({error}); the user of the server must be a \
             member of it"
        ))
    })?;
    Ok(WITH_GROUP)
}

/// Connects to a running server.
pub fn call(path: &Path) -> io::Result<Blocking> {
    let (short, _folder) = short(path)?;
    Blocking::connect(short)
}

/// Refuses a peer that is neither root, the caller, nor the owner of the data directory, since
/// commands may contain passwords. Where the caller cannot read that owner, it is the owner of the
/// directory of the socket, if nobody else could place a socket there.
pub fn check_peer(stream: &Blocking, path: &Path, data: &Path) -> Result<(), Failure> {
    let peer = getsockopt(stream, PeerCredentials).map_err(|error| {
        Failure::io(&format!("cannot read which user answers at {}", path.display()), &error.into())
    })?;
    let caller = identity::caller().as_raw();
    let is_owner = || match std::fs::metadata(data) {
        Ok(data) => data.uid() == peer.uid(),
        // The directory above is closed to a member of the group.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            ground::is_of(peer.uid(), path, caller).unwrap_or(false)
        }
        Err(_) => false,
    };
    if peer.uid() == 0 || peer.uid() == caller || is_owner() {
        return Ok(());
    }
    let message = format!(
        "the control socket {1} is answered by {0}, who is neither root, nor you, nor the owner \
         of the data directory {2}: nothing was sent",
        identity::name(peer.uid()),
        path.display(),
        data.display()
    );
    Err(Failure::new(super::outcome::Kind::NotPermitted, message))
}

impl Control {
    /// Binds the socket, and replaces a stale one. Members of `group` may connect as well as its
    /// owner.
    pub fn bind(path: &Path, group: Option<&str>) -> io::Result<Self> {
        match call(path) {
            Ok(_) => {
                return Err(io::Error::new(
                    io::ErrorKind::AddrInUse,
                    "another server answers at this socket",
                ));
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path)?;
            }
            Err(_) => (),
        }
        let (short, _folder) = short(path)?;
        let listener = UnixListener::bind(short)?;
        let bound = Self { listener, path: path.to_owned() };
        // Until here only the owner could connect: connecting needs write permission, which no
        // common umask grants to others.
        let mode = if let Some(group) = group { give(path, group)? } else { OWNER_ONLY };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        Ok(bound)
    }

    /// Accepts callers until the server stops.
    pub async fn serve(self, admin: Admin, mut stop: watch::Receiver<bool>) {
        let (mut spare, mut failures) = (Spare::hold(), Fold::new());
        loop {
            let stream = tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(REST), if spare.0.is_none() => {
                    spare.hold_again();
                    continue;
                }
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        spare.hold_again();
                        stream
                    }
                    // No file descriptor is left: free the reserved ones, so that administration still works.
                    Err(_) if spare.give_up() => continue,
                    Err(error) => {
                        if let Some(left_out) = failures.happened(Instant::now()) {
                            warn!("The control socket cannot accept connections: {error} ({left_out} more since the last such line).");
                        }
                        tokio::time::sleep(REST).await;
                        spare.hold_again();
                        continue;
                    }
                },
            };
            let (admin, mut stop) = (admin.clone(), stop.clone());
            tokio::spawn(async move {
                tokio::select! {
                    answered = answer(admin, stream) => if let Err(error) = answered {
                        debug!("A connection to the control socket ended: {error}");
                    },
                    _ = stop.changed() => (),
                }
            });
        }
    }
}

/// Reserved file descriptors for a caller and its command, for use when all others are taken.
struct Spare(Option<[std::fs::File; 4]>);

impl Spare {
    fn hold() -> Self {
        let open = || std::fs::File::open("/dev/null");
        let all = || io::Result::Ok([open()?, open()?, open()?, open()?]);
        Self(all().ok())
    }

    fn hold_again(&mut self) {
        if self.0.is_none() {
            *self = Self::hold();
        }
    }

    /// Frees the reserved descriptors; false if they are free already.
    fn give_up(&mut self) -> bool {
        self.0.take().is_some()
    }
}

/// The operating-system user at the other end. Whether this user may connect was decided by the
/// modes of the socket and its directory: the credentials of a peer lack its supplementary groups.
fn caller(stream: &UnixStream) -> io::Result<Operator> {
    let peer = stream.peer_cred()?;
    let operator = Operator::cli(&identity::name(peer.uid()), "socket");
    debug!(
        user = operator.name(),
        "The process {} of the user id {} uses the control socket.",
        peer.pid().unwrap_or_default(),
        peer.uid()
    );
    Ok(operator)
}

async fn answer(admin: Admin, mut stream: UnixStream) -> io::Result<()> {
    let operator = caller(&stream)?;
    let command = match tokio::time::timeout(PATIENCE, read(&mut stream)).await {
        Ok(command) => command?,
        Err(_) => return Err(io::ErrorKind::TimedOut.into()),
    };
    let (mut from, mut to) = stream.into_split();
    let ended = match command {
        Err(failure) => Err(failure),
        Ok(command) => {
            let (output, mut replies) = Output::new();
            // In its own task: a change that has begun must not be dropped half-way when the caller
            // disconnects.
            let running = tokio::spawn(async move { admin.run(&operator, command, &output).await });
            let gone = async {
                // A caller sends nothing more, so a completed read means that it disconnected.
                let mut more = [0];
                drop(from.read(&mut more).await);
            };
            tokio::pin!(gone);
            let mut life = tokio::time::interval_at(tokio::time::Instant::now() + LIFE, LIFE);
            life.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                let reply = tokio::select! {
                    reply = replies.recv() => reply,
                    () = &mut gone => return Ok(()),
                    _ = life.tick() => {
                        to.write_all(&frame::sign_of_life()).await?;
                        continue;
                    }
                };
                let Some(reply) = reply else { break };
                to.write_all(&frame::reply(&reply)).await?;
            }
            running.await.unwrap_or_else(|_| {
                Err(Failure::failed("the command has panicked; the log has the details"))
            })
        }
    };
    to.write_all(&frame::end(&ended)).await
}

async fn read(stream: &mut UnixStream) -> io::Result<Result<Command, Failure>> {
    let mut first = [0; HEAD];
    stream.read_exact(&mut first).await?;
    let (kind, length) = frame::head(first)?;
    let mut content = vec![0; length];
    stream.read_exact(&mut content).await?;
    if kind != Kind::Command {
        return Ok(Err(Failure::usage("not a command")));
    }
    Ok(serde_json::from_slice(&content).map_err(|error| {
        Failure::usage(format!(
            "the running server does not know this command ({error}); it may be of another version"
        ))
    }))
}
