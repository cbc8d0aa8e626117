//! Reads pictures piece by piece: missing and impossible data become an error that means "not a
//! picture".

use std::io::{self, BufRead, Read, Write};

/// Error for a picture that violates its format.
pub(super) fn broken() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// Returns whether the picture is invalid, as opposed to an I/O error.
pub(super) fn is_broken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

/// Reads the next bytes; fewer are an error.
pub(super) fn array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Reads the next byte; None at the end.
pub(super) fn byte(from: &mut impl BufRead) -> io::Result<Option<u8>> {
    let next = from.fill_buf()?.first().copied();
    if next.is_some() {
        from.consume(1);
    }
    Ok(next)
}

/// Copies this number of bytes; fewer are an error.
pub(super) fn copy(
    from: &mut impl Read,
    to: &mut (impl Write + ?Sized),
    bytes: u64,
) -> io::Result<()> {
    if io::copy(&mut from.by_ref().take(bytes), to)? == bytes {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Skips this number of bytes; fewer are an error.
pub(super) fn skip(from: &mut impl Read, bytes: u64) -> io::Result<()> {
    copy(from, &mut io::sink(), bytes)
}
