//! Long output to standard output, which may be a pipe that nobody reads for a while: an
//! interruption ends it also then.

use std::io;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};

use std::os::fd::AsFd;

use super::interrupt::Interrupt;
use crate::admin::Failure;

/// Names standard output where a file is asked for.
pub(super) const STDOUT: &str = "-";
/// A pipe that is said to be ready takes so many bytes at once without waiting (`PIPE_BUF`).
const ATOMIC: usize = 4096;
/// Milliseconds between looks for an interruption.
const LOOK: u16 = 100;

/// Writes all of it. Part of an export or a backup is none, so a reader that has gone is a failure.
pub(super) fn write(bytes: &[u8], interrupt: &Interrupt) -> Result<(), Failure> {
    let out = io::stdout();
    for mut chunk in bytes.chunks(ATOMIC) {
        while !chunk.is_empty() {
            interrupt.check()?;
            let mut ready = [PollFd::new(out.as_fd(), PollFlags::POLLOUT)];
            let written = match poll(&mut ready, LOOK) {
                Ok(0) | Err(Errno::EINTR) => continue,
                Ok(_) => nix::unistd::write(&out, chunk),
                Err(error) => Err(error),
            };
            match written {
                Ok(count) => chunk = chunk.get(count..).unwrap_or_default(),
                Err(Errno::EINTR | Errno::EAGAIN) => (),
                Err(error) => {
                    return Err(Failure::io("cannot write to standard output", &error.into()));
                }
            }
        }
    }
    Ok(())
}
