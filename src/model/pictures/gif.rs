//! GIF: blocks up to the trailer.
//!
//! Kept: the screen, colour tables, images, their timing and transparency, the repeat count of the
//! animation.

use std::io::{self, BufRead, Write};

use super::Size;
use super::input::{array, broken, byte, copy, skip};

const TRAILER: u8 = 0x3b;
const IMAGE: u8 = 0x2c;
const EXTENSION: u8 = 0x21;
const CONTROL: u8 = 0xf9;
const PLAIN_TEXT: u8 = 0x01;
const APPLICATION: u8 = 0xff;

/// Copies a picture without metadata.
pub(super) fn clean(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<Size> {
    let head: [u8; 13] = array(from)?;
    if !head.starts_with(b"GIF87a") && !head.starts_with(b"GIF89a") {
        return Err(broken());
    }
    to.write_all(&head)?;
    colours(from, to, head[10])?;
    let mut size = Size::new(
        u16::from_le_bytes([head[6], head[7]]).into(),
        u16::from_le_bytes([head[8], head[9]]).into(),
    );
    // A control block belongs to the next image, even if other blocks are in between.
    let (mut control, mut images) = (None, 0_u64);
    loop {
        match byte(from)? {
            Some(IMAGE) => {
                let place: [u8; 9] = array(from)?;
                let own = Size::new(
                    u16::from_le_bytes([place[4], place[5]]).into(),
                    u16::from_le_bytes([place[6], place[7]]).into(),
                );
                size = [size, own].into_iter().flatten().max_by_key(|size| size.pixels());
                if let Some(control) = control.take() {
                    write_control(to, control)?;
                }
                to.write_all(&[IMAGE])?;
                to.write_all(&place)?;
                colours(from, to, place[8])?;
                to.write_all(&array::<1>(from)?)?;
                images += 1;
                if !blocks(from, to)? {
                    break;
                }
            }
            Some(EXTENSION) => match byte(from)? {
                Some(CONTROL) => control = read_control(from)?,
                Some(APPLICATION) => repeats(from, to)?,
                label => {
                    // The control block before a text extension belongs to that text.
                    if label == Some(PLAIN_TEXT) {
                        control = None;
                    }
                    if !blocks(from, &mut io::sink())? {
                        break;
                    }
                }
            },
            // No decoder reads beyond an unknown block.
            _ => break,
        }
    }
    if images == 0 {
        return Err(broken());
    }
    to.write_all(&[TRAILER])?;
    size.ok_or_else(broken)
}

/// Copies a colour table if these flags announce one.
fn colours(from: &mut impl BufRead, to: &mut impl Write, flags: u8) -> io::Result<()> {
    if flags & 0x80 == 0 { Ok(()) } else { copy(from, to, 3 << ((flags & 7) + 1)) }
}

/// Copies blocks up to the empty one; false: the file ended before, which the copy corrects.
fn blocks(from: &mut impl BufRead, to: &mut (impl Write + ?Sized)) -> io::Result<bool> {
    while let Some(length) = byte(from)? {
        if length == 0 {
            to.write_all(&[0])?;
            return Ok(true);
        }
        let mut block = [0; 255];
        let block = &mut block[..length.into()];
        match from.read_exact(block) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            read => read?,
        }
        to.write_all(&[length])?;
        to.write_all(block)?;
    }
    to.write_all(&[0])?;
    Ok(false)
}

/// Reads a control block: flags, delay, transparent colour.
fn read_control(from: &mut impl BufRead) -> io::Result<Option<[u8; 4]>> {
    let mut found = None;
    while let Some(length @ 1..) = byte(from)? {
        if length == 4 && found.is_none() {
            found = Some(array(from)?);
        } else {
            skip(from, length.into())?;
        }
    }
    Ok(found)
}

fn write_control(to: &mut impl Write, [flags, delay, more, colour]: [u8; 4]) -> io::Result<()> {
    to.write_all(&[EXTENSION, CONTROL, 4, flags, delay, more, colour, 0])
}

/// Copies the repeat count of an animation; other application extensions are removed.
fn repeats(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<()> {
    let Some(length @ 1..) = byte(from)? else { return Ok(()) };
    let mut name = vec![0; length.into()];
    from.read_exact(&mut name)?;
    let known = matches!(name.as_slice(), b"NETSCAPE2.0" | b"ANIMEXTS1.0");
    while let Some(length @ 1..) = byte(from)? {
        let mut block = vec![0; length.into()];
        from.read_exact(&mut block)?;
        if let (true, [1, low, high]) = (known, block.as_slice()) {
            to.write_all(&[EXTENSION, APPLICATION, 11])?;
            to.write_all(&name)?;
            to.write_all(&[3, 1, *low, *high, 0])?;
        }
    }
    Ok(())
}
