//! Long output to standard output. If it is a pipe whose reader has stalled, an interruption still
//! ends the command.

use std::io;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};

use std::os::fd::AsFd;

use super::interrupt::Interrupt;
use crate::admin::Failure;

/// The file name that stands for standard output.
pub(super) const STDOUT: &str = "-";
/// A writable pipe accepts this many bytes without blocking (`PIPE_BUF`).
const ATOMIC: usize = 4096;
/// Milliseconds between checks for an interruption.
const LOOK: u16 = 100;

/// Writes all bytes. A closed pipe is a failure, since part of an export or a backup is useless.
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
