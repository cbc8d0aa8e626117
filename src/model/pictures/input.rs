//! Reading pictures piece by piece: whatever is missing or impossible is an error of the kind that
//! means "no picture".

use std::io::{self, BufRead, Read, Write};

/// A picture breaks a rule of its format.
pub(super) fn broken() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// Whether the fault lies in the picture, not in reading or writing it.
pub(super) fn is_broken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

/// The next bytes; fewer are an error.
pub(super) fn array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The next byte; None at the end.
pub(super) fn byte(from: &mut impl BufRead) -> io::Result<Option<u8>> {
    let next = from.fill_buf()?.first().copied();
    if next.is_some() {
        from.consume(1);
    }
    Ok(next)
}

/// Copies so many bytes; fewer are an error.
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

/// Passes over so many bytes; fewer are an error.
pub(super) fn skip(from: &mut impl Read, bytes: u64) -> io::Result<()> {
    copy(from, &mut io::sink(), bytes)
}
