//! Sockets that the service manager opened and passes to this process, as described in
//! `sd_listen_fds(3)`.

use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::path::Path;

use listenfd::ListenFd;
use socket2::SockRef;

/// The descriptor of the first socket.
const FIRST: usize = 3;
/// The open descriptors of this process.
const OPEN: &str = "/proc/self/fd";
/// More sockets than a service manager passes.
const MOST: usize = 1 << 16;

/// A listening socket that this process did not open.
#[derive(Debug)]
pub enum Socket {
    /// A TCP socket.
    Tcp(TcpListener),
    /// A Unix stream socket.
    Unix(UnixListener),
}

/// Sockets passed to this process.
#[derive(Debug, Default)]
pub struct Passed {
    /// The sockets, in their order.
    pub sockets: Vec<Socket>,
    /// A likely mistake: sockets that were meant for another process.
    pub remark: Option<String>,
}

/// Takes the sockets and removes the variables that describe them. Must be called once, before any
/// thread is started. Fails for a descriptor that is not a listening stream socket.
pub fn take() -> io::Result<Passed> {
    let remark = meant_for_another();
    if remark.is_none() {
        check_count()?;
    }
    let mut passed = ListenFd::from_env();
    let sockets = (0..passed.len()).map(|index| {
        let socket = match passed.take_tcp_listener(index) {
            Ok(found) => found.map(Socket::Tcp),
            Err(_) => passed.take_unix_listener(index).map_err(|_| unfit(index))?.map(Socket::Unix),
        };
        let socket = socket.ok_or_else(|| unfit(index))?;
        if socket.is_listening() { Ok(socket) } else { Err(unfit(index)) }
    });
    Ok(Passed { sockets: sockets.collect::<io::Result<_>>()?, remark })
}

fn meant_for_another() -> Option<String> {
    let count = std::env::var("LISTEN_FDS").ok()?;
    let process = std::env::var("LISTEN_PID").ok()?;
    (!process.is_empty() && process != std::process::id().to_string()).then(|| {
        format!(
            "LISTEN_FDS={count} is not used: the sockets were passed to the process {process}, and \
             this is {}; start chatctl directly, not from a shell",
            std::process::id()
        )
    })
}

/// Refuses a number of sockets that cannot be right: it would be ignored, or work without an end.
fn check_count() -> io::Result<()> {
    let Some(given) = std::env::var_os("LISTEN_FDS") else { return Ok(()) };
    let count = given.to_str().and_then(|count| count.parse::<usize>().ok());
    let is_open = |descriptor: usize| Path::new(OPEN).join(descriptor.to_string()).exists();
    match count {
        Some(0) => Ok(()),
        Some(count) if count < MOST && is_open(FIRST + count - 1) => Ok(()),
        _ => Err(io::Error::other(format!(
            "LISTEN_FDS is {:?}, which is not the number of sockets that the service manager \
             passed; unset it to listen on [server] listen",
            given.to_string_lossy()
        ))),
    }
}

fn unfit(index: usize) -> io::Error {
    io::Error::other(format!(
        "the service manager passed the file descriptor {}, which is not a listening stream socket \
         (in a socket unit: ListenStream= with Accept=no)",
        FIRST + index
    ))
}

impl Socket {
    fn is_listening(&self) -> bool {
        let socket = match self {
            Self::Tcp(socket) => socket.as_fd(),
            Self::Unix(socket) => socket.as_fd(),
        };
        SockRef::from(&socket).is_listener().unwrap_or(false)
    }
}
