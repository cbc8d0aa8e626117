//! JPEG: segments up to the end of the picture.
//!
//! Kept: the frame, its tables, the scans, the size of JFIF, Adobe's colour transform, colour
//! profiles, the orientation.

use std::io::{self, BufRead, Write};

use super::input::{array, broken, byte};
use super::{Size, exif};

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
/// Maximum number of segments, more than any camera writes.
const MOST: usize = 10_000;
/// Length of JFIF up to its preview: name, version, density.
const JFIF: usize = 12;
/// Length of Adobe's segment: name, version, flags, colour transform.
const ADOBE: usize = 12;

/// Copies a picture without metadata.
pub(super) fn clean(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<Size> {
    if array(from)? != [0xff, SOI] {
        return Err(broken());
    }
    to.write_all(&[0xff, SOI])?;
    let (mut size, mut turned, mut scanned) = (None, None, false);
    let mut next = marker(from)?;
    let mut segments = 0;
    // Browsers display a truncated picture as far as it goes.
    while let Some(kind) = next {
        segments += 1;
        if segments > MOST {
            return Err(broken());
        }
        if kind == EOI {
            to.write_all(&[0xff, EOI])?;
            break;
        }
        if matches!(kind, 0x01 | 0xd0..=SOI) {
            next = marker(from)?;
            continue;
        }
        let segment = match segment(from) {
            Err(error) if scanned && error.kind() == io::ErrorKind::UnexpectedEof => break,
            segment => segment?,
        };
        match kind {
            0xc4 | 0xcc | 0xdb..=0xdf => write(to, kind, &segment)?,
            0xc0..=0xcf if kind != 0xc8 => {
                size = size.or(frame(&segment));
                write(to, kind, &segment)?;
            }
            SOS => {
                write(to, kind, &segment)?;
                scanned = true;
                next = scan(from, to)?;
                continue;
            }
            // Its preview may show parts that were cropped from the picture.
            APP0 if segment.starts_with(b"JFIF\0") && segment.len() >= JFIF => {
                write(to, kind, &[&segment[..JFIF], &[0, 0]].concat())?;
            }
            APP1 if turned.is_none() && segment.starts_with(b"Exif\0") => {
                turned = segment.get(6..).and_then(exif::orientation);
                if let Some(turned) = turned {
                    write(to, kind, &[&b"Exif\0\0"[..], &exif::only(turned)].concat())?;
                }
            }
            APP2 if segment.starts_with(b"ICC_PROFILE\0") => write(to, kind, &segment)?,
            APP14 if segment.starts_with(b"Adobe") && segment.len() >= ADOBE => {
                write(to, kind, &segment[..ADOBE])?;
            }
            _ => {}
        }
        next = marker(from)?;
    }
    let size = size.filter(|_| scanned).ok_or_else(broken)?;
    Ok(if turned.is_some_and(exif::is_sideways) { size.sideways() } else { size })
}

/// Returns the next marker; anything before it does not belong to the picture.
fn marker(from: &mut impl BufRead) -> io::Result<Option<u8>> {
    let mut before = 0;
    while let Some(next) = byte(from)? {
        if before == 0xff && !matches!(next, 0 | 0xff) {
            return Ok(Some(next));
        }
        before = next;
    }
    Ok(None)
}

/// Reads a segment, at most 64 KiB.
fn segment(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let length = usize::from(u16::from_be_bytes(array(from)?)).checked_sub(2).ok_or_else(broken)?;
    let mut contents = vec![0; length];
    from.read_exact(&mut contents)?;
    Ok(contents)
}

fn write(to: &mut impl Write, kind: u8, contents: &[u8]) -> io::Result<()> {
    let length = u16::try_from(contents.len() + 2).map_err(|_| broken())?;
    to.write_all(&[0xff, kind])?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(contents)
}

/// Returns the dimensions in a frame: precision, height, width.
fn frame(contents: &[u8]) -> Option<Size> {
    let number =
        |at: usize| Some(u32::from(u16::from_be_bytes(contents.get(at..at + 2)?.try_into().ok()?)));
    Size::new(number(3)?, number(1)?)
}

/// Copies the data between a scan's header and the next marker, which is returned; None: the file
/// ends here.
fn scan(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<Option<u8>> {
    loop {
        let (seen, stopped) = {
            let buffer = from.fill_buf()?;
            if buffer.is_empty() {
                return Ok(None);
            }
            let stop = buffer.iter().position(|byte| *byte == 0xff);
            to.write_all(&buffer[..stop.unwrap_or(buffer.len())])?;
            (stop.map_or(buffer.len(), |stop| stop + 1), stop.is_some())
        };
        from.consume(seen);
        if !stopped {
            continue;
        }
        let mut next = byte(from)?;
        while next == Some(0xff) {
            // Fill bytes.
            next = byte(from)?;
        }
        match next {
            // Stuffed bytes and restarts belong to the scan.
            Some(inside @ (0 | 0xd0..=0xd7)) => to.write_all(&[0xff, inside])?,
            other => return Ok(other),
        }
    }
}
