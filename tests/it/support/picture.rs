//! Pictures to upload.

use std::io::{Cursor, Write};

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

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

/// Returns a picture of noise, which no format makes small.
pub(crate) fn photo(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let noise = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).to_le_bytes();
        Rgb([noise[1], noise[2], noise[3]])
    });
    encoded(&picture.into(), format)
}

/// Returns a small picture that differs for each text.
pub(crate) fn line_of(text: &str) -> Vec<u8> {
    let bytes: Vec<u8> = text.bytes().chain([0; 2]).collect();
    let width = u32::try_from(bytes.len() / 3).expect("a short text");
    let picture = RgbImage::from_fn(width, 1, |x, _| {
        let at = x as usize * 3;
        Rgb([bytes[at], bytes[at + 1], bytes[at + 2]])
    });
    encoded(&picture.into(), ImageFormat::Png)
}

/// Returns a picture in this format.
pub(crate) fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("a picture can be written");
    bytes.into_inner()
}
