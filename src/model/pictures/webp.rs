//! WebP: pictures in RIFF chunks.
//!
//! Kept: pixels, transparency, animation, colour profile, the orientation. The total length is at
//! the start, so everything is read twice: once to count, once to write.

use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};

use super::input::{array, broken, copy, skip};
use super::{Size, exif};

/// Flag of VP8X that is removed with its chunk.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;
/// Length of an animation frame's header, before its chunks.
const FRAME: usize = 16;
/// Maximum length of Exif searched for the orientation.
const EXIF: u64 = 64 * 1024;

/// Properties of a picture after the first pass.
#[derive(Clone, Copy, Default)]
struct Facts {
    size: Option<Size>,
    turned: Option<u8>,
    painted: bool,
}

/// Copies a picture without metadata.
pub(super) fn clean(from: &mut (impl BufRead + Seek), to: &mut impl Write) -> io::Result<Size> {
    let head: [u8; 12] = array(from)?;
    if &head[..4] != b"RIFF" || &head[8..] != b"WEBP" {
        return Err(broken());
    }
    let rest = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]))
        .checked_sub(4)
        .ok_or_else(broken)?;
    let begin = from.stream_position()?;
    let (mut counted, mut facts) = (Counted(0), Facts::default());
    body(from, &mut counted, rest, &mut facts)?;
    let size = facts.size.filter(|_| facts.painted).ok_or_else(broken)?;
    from.seek(SeekFrom::Start(begin))?;
    to.write_all(b"RIFF")?;
    to.write_all(&u32::try_from(counted.0 + 4).map_err(|_| broken())?.to_le_bytes())?;
    to.write_all(b"WEBP")?;
    body(from, to, rest, &mut facts)?;
    // Browsers do not rotate WebP, whatever its Exif says.
    Ok(size)
}

/// Writes the kept chunks; the second pass needs the results of the first.
fn body(
    from: &mut (impl BufRead + Seek),
    to: &mut impl Write,
    mut rest: u64,
    facts: &mut Facts,
) -> io::Result<()> {
    let mut oriented = false;
    let mut first = true;
    while rest >= 8 {
        let (kind, length) = chunk(from, &mut rest)?;
        if first && !matches!(&kind, b"VP8 " | b"VP8L" | b"VP8X") {
            return Err(broken());
        }
        match &kind {
            b"VP8X" if first => {
                let mut contents: [u8; 10] =
                    if length == 10 { array(from)? } else { return Err(broken()) };
                let number = |at: usize| {
                    u32::from_le_bytes([contents[at], contents[at + 1], contents[at + 2], 0]) + 1
                };
                facts.size = Size::new(number(4), number(7));
                contents[0] &= !(HAS_EXIF | HAS_XMP);
                contents[0] |= facts.turned.map_or(0, |_| HAS_EXIF);
                write(to, kind, &contents)?;
            }
            b"VP8 " | b"VP8L" => {
                let mut start = Vec::new();
                from.take(length.min(10)).read_to_end(&mut start)?;
                facts.size = facts
                    .size
                    .or_else(|| if &kind == b"VP8 " { lossy(&start) } else { lossless(&start) });
                facts.painted = true;
                header(to, kind, length)?;
                to.write_all(&start)?;
                copy(from, to, length - start.len() as u64)?;
                pad(to, length)?;
            }
            b"ANMF" => {
                facts.painted = true;
                frame(from, to, length)?;
            }
            b"ALPH" | b"ANIM" | b"ICCP" => {
                header(to, kind, length)?;
                copy(from, to, length)?;
                pad(to, length)?;
            }
            b"EXIF" if !oriented => {
                oriented = true;
                let mut contents = Vec::new();
                let taken = from.take(length.min(EXIF)).read_to_end(&mut contents)?;
                skip(from, length - taken as u64)?;
                // Some programs write it as in JPEG files.
                facts.turned =
                    exif::orientation(contents.strip_prefix(b"Exif\0\0").unwrap_or(&contents));
                if let Some(turned) = facts.turned {
                    write(to, kind, &exif::only(turned))?;
                }
            }
            _ => skip(from, length)?,
        }
        rest = passed(from, rest, length)?;
        first = false;
    }
    Ok(())
}

/// Copies an animation frame, whose chunks are filtered like the others.
fn frame(from: &mut (impl BufRead + Seek), to: &mut impl Write, length: u64) -> io::Result<()> {
    let rest = length.checked_sub(FRAME as u64).ok_or_else(broken)?;
    let place: [u8; FRAME] = array(from)?;
    let begin = from.stream_position()?;
    let mut counted = Counted(0);
    parts(from, &mut counted, rest)?;
    from.seek(SeekFrom::Start(begin))?;
    header(to, *b"ANMF", FRAME as u64 + counted.0)?;
    to.write_all(&place)?;
    parts(from, to, rest)
}

fn parts(from: &mut (impl BufRead + Seek), to: &mut impl Write, mut rest: u64) -> io::Result<()> {
    while rest >= 8 {
        let (kind, length) = chunk(from, &mut rest)?;
        if matches!(&kind, b"ALPH" | b"VP8 " | b"VP8L") {
            header(to, kind, length)?;
            copy(from, to, length)?;
            pad(to, length)?;
        } else {
            skip(from, length)?;
        }
        rest = passed(from, rest, length)?;
    }
    skip(from, rest)
}

/// Reads the next chunk's kind and length, which must fit into the rest.
fn chunk(from: &mut impl BufRead, rest: &mut u64) -> io::Result<([u8; 4], u64)> {
    let kind = array(from)?;
    let length = u64::from(u32::from_le_bytes(array(from)?));
    *rest = rest.checked_sub(8 + length).ok_or_else(broken)?;
    Ok((kind, length))
}

/// Skips the padding byte after a chunk of odd length, which the last one may lack.
fn passed(from: &mut impl BufRead, rest: u64, length: u64) -> io::Result<u64> {
    if length.is_multiple_of(2) || rest == 0 {
        return Ok(rest);
    }
    skip(from, 1)?;
    Ok(rest - 1)
}

fn header(to: &mut impl Write, kind: [u8; 4], length: u64) -> io::Result<()> {
    to.write_all(&kind)?;
    to.write_all(&u32::try_from(length).map_err(|_| broken())?.to_le_bytes())
}

fn pad(to: &mut impl Write, length: u64) -> io::Result<()> {
    if length.is_multiple_of(2) { Ok(()) } else { to.write_all(&[0]) }
}

fn write(to: &mut impl Write, kind: [u8; 4], contents: &[u8]) -> io::Result<()> {
    header(to, kind, contents.len() as u64)?;
    to.write_all(contents)?;
    pad(to, contents.len() as u64)
}

/// Returns the dimensions of a lossy picture: a frame tag, a start code, then 14 bits each.
fn lossy(start: &[u8]) -> Option<Size> {
    let [_, _, _, 0x9d, 0x01, 0x2a, width, wide, height, high] = *start else { return None };
    let number = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    Size::new(number(width, wide), number(height, high))
}

/// Returns the dimensions of a lossless picture: a signature, then 14 bits each, minus one.
fn lossless(start: &[u8]) -> Option<Size> {
    let [0x2f, bits @ ..] = start else { return None };
    let bits = u32::from_le_bytes(bits.get(..4)?.try_into().ok()?);
    Size::new((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1)
}

/// Counts the bytes written to it.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
