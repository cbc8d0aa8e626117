//! Pictures to upload.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

/// Returns a real PNG of one colour.
pub(crate) fn picture(width: u32, height: u32) -> Vec<u8> {
    heavy_picture(width, height, 0)
}

/// Returns a PNG with this number of meaningless bytes after its pixels.
pub(crate) fn heavy_picture(width: u32, height: u32, ballast: usize) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes()[..], &[8, 2, 0, 0, 0]].concat();
    let row = [vec![0], [200, 60, 40].repeat(width as usize)].concat();
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&row.repeat(height as usize)).expect("memory takes all");
    let pixels = packed.finish().expect("memory takes all");
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(*b"IHDR", &header),
        chunk(*b"IDAT", &pixels),
        chunk(*b"IDAT", &vec![0; ballast]),
        chunk(*b"IEND", &[]),
    ]
    .concat()
}

fn chunk(kind: [u8; 4], contents: &[u8]) -> Vec<u8> {
    let mut sum = Crc::new();
    sum.update(&kind);
    sum.update(contents);
    let length = u32::try_from(contents.len()).expect("a small picture");
    [&length.to_be_bytes()[..], &kind, contents, &sum.sum().to_be_bytes()].concat()
}
