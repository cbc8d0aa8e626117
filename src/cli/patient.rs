//! The client side of the control socket: waits for a server that is working, but not for one that
//! hangs, and can be interrupted.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::interrupt::Interrupt;
use crate::admin::control::SILENCE;

/// Interval between checks for an interruption.
const LOOK: Duration = Duration::from_millis(100);

/// A connection to the server.
pub(super) struct Patient {
    stream: UnixStream,
    /// Tells the reader whether a failed read was an interruption.
    pub(super) interrupt: Interrupt,
}

impl Patient {
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_write_timeout(Some(SILENCE))?;
        Ok(Self { stream, interrupt: Interrupt::watch() })
    }

    /// Sends a command.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).map_err(|error| {
            if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
        })
    }
}

impl Read for Patient {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let began = Instant::now();
        loop {
            match self.stream.read(into) {
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if !self.interrupt.goes_on() {
                        // Not `ErrorKind::Interrupted`, which readers retry.
                        return Err(io::Error::other("interrupted"));
                    }
                    if began.elapsed() >= SILENCE {
                        return Err(ErrorKind::TimedOut.into());
                    }
                }
                done => return done,
            }
        }
    }
}
