//! The only Exif field needed to display a picture as it was taken: its orientation.

/// Reads the orientation from Exif, starting at its TIFF header; None if nothing has to be rotated.
pub(super) fn orientation(tiff: &[u8]) -> Option<u8> {
    let little = match tiff.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    if short(2)? != 42 {
        return None;
    }
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(directory)?);
    let entry = (0..entries)
        .map(|number| directory + 2 + number * 12)
        .find(|at| short(*at) == Some(0x0112))?;
    let value = match short(entry + 2)? {
        1 => u32::from(*tiff.get(entry + 8)?),
        3 => u32::from(short(entry + 8)?),
        4 => long(entry + 8)?,
        _ => return None,
    };
    u8::try_from(value).ok().filter(|value| (2..=8).contains(value))
}

/// Builds Exif with one field: a TIFF header, one directory, one entry (tag 0x0112, one SHORT).
pub(super) fn only(orientation: u8) -> [u8; 26] {
    [
        b'M',
        b'M',
        0,
        42,
        0,
        0,
        0,
        8,
        0,
        1,
        0x01,
        0x12,
        0,
        3,
        0,
        0,
        0,
        1,
        0,
        orientation,
        0,
        0,
        0,
        0,
        0,
        0,
    ]
}

/// Returns whether this orientation swaps width and height.
pub(super) fn is_sideways(orientation: u8) -> bool {
    orientation >= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orientation_is_read_in_both_byte_orders_and_nothing_else_is_believed() {
        for turn in 2..=8 {
            assert_eq!(orientation(&only(turn)), Some(turn));
        }
        let mut little = vec![b'I', b'I', 42, 0, 8, 0, 0, 0, 2, 0];
        little.extend([0x0f, 0x01, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        little.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
        assert_eq!(orientation(&little), Some(6));
        let far = [b'M', b'M', 0, 42, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        for bad in
            [&b""[..], b"MM", b"XX\0\x2a\0\0\0\x08", &only(1), &only(9), &only(6)[..12], &far]
        {
            assert_eq!(orientation(bad), None, "{bad:?}");
        }
    }
}
