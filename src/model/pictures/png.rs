//! PNG: chunks up to IEND.
//!
//! Kept: header, palette, pixels, transparency, meaning of colours and pixels, animation, the
//! orientation.

use std::io::{self, BufRead, Read, Write};

use flate2::Crc;

use super::input::{array, broken, copy, skip};
use super::{Size, exif};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// Maximum length of a chunk by the format.
const LONGEST: u32 = i32::MAX.unsigned_abs();
/// Maximum length of Exif searched for the orientation.
const EXIF: u64 = 64 * 1024;

/// Copies a picture without metadata.
pub(super) fn clean(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<Size> {
    if array(from)? != SIGNATURE {
        return Err(broken());
    }
    to.write_all(&SIGNATURE)?;
    let (mut size, mut turned, mut painted) = (None, None, false);
    loop {
        let length: [u8; 4] = array(from)?;
        let kind: [u8; 4] = array(from)?;
        let bytes = u32::from_be_bytes(length);
        // The header comes first, and once.
        if bytes > LONGEST || (kind == *b"IHDR") != size.is_none() {
            return Err(broken());
        }
        match &kind {
            b"IHDR" => {
                let header: [u8; 13] =
                    if bytes == 13 { array(from)? } else { return Err(broken()) };
                let number =
                    |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
                size =
                    number(0).zip(number(4)).and_then(|(width, height)| Size::new(width, height));
                if size.is_none() {
                    return Err(broken());
                }
                write(to, kind, &header)?;
                skip(from, 4)?;
            }
            b"eXIf" if turned.is_none() => {
                let mut contents = Vec::new();
                let taken = from.take(u64::from(bytes).min(EXIF)).read_to_end(&mut contents)?;
                skip(from, u64::from(bytes) - taken as u64 + 4)?;
                turned = exif::orientation(&contents);
                if let Some(turned) = turned {
                    write(to, kind, &exif::only(turned))?;
                }
            }
            b"PLTE" | b"IDAT" | b"IEND" | b"tRNS" | b"cHRM" | b"gAMA" | b"iCCP" | b"sBIT"
            | b"sRGB" | b"cICP" | b"mDCV" | b"cLLI" | b"bKGD" | b"hIST" | b"pHYs" | b"acTL"
            | b"fcTL" | b"fdAT" => {
                painted |= kind == *b"IDAT";
                to.write_all(&length)?;
                to.write_all(&kind)?;
                copy(from, to, u64::from(bytes) + 4)?;
            }
            _ => skip(from, u64::from(bytes) + 4)?,
        }
        if kind == *b"IEND" {
            break;
        }
    }
    let size = size.filter(|_| painted).ok_or_else(broken)?;
    Ok(if turned.is_some_and(exif::is_sideways) { size.sideways() } else { size })
}

fn write(to: &mut impl Write, kind: [u8; 4], contents: &[u8]) -> io::Result<()> {
    let mut sum = Crc::new();
    sum.update(&kind);
    sum.update(contents);
    to.write_all(&u32::try_from(contents.len()).map_err(|_| broken())?.to_be_bytes())?;
    to.write_all(&kind)?;
    to.write_all(contents)?;
    to.write_all(&sum.sum().to_be_bytes())
}
