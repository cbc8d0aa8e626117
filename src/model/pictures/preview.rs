//! Smaller copies of pictures, so that a conversation loads kilobytes where it shows a few hundred
//! pixels.
//!
//! A picture is decoded only if it is known beforehand how much memory that takes: what its header
//! says is checked against [`MAX_DECODED_PIXELS`] and [`MAX_DECODED_BYTES`].

use std::io::Cursor;

use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::PngDecoder;
use image::codecs::webp::{WebPDecoder, WebPEncoder};
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageEncoder, ImageResult, Limits};

use super::Size;
use crate::model::FileKind;

/// The longer sides that previews can have, in pixels.
const SIDES: [u32; 3] = [320, 640, 1280];
/// Maximum number of pixels that can be asked for; no screen has more.
pub const MAX_SIDE: u32 = 65_535;
/// Maximum number of pixels of a picture that is decoded: what cameras of phones take by default.
/// A JPEG takes up to nine bytes a pixel while it is decoded.
const MAX_DECODED_PIXELS: u64 = 25_000_000;
/// Maximum size of the decoded pixels: colours of 16 bits take twice the space.
const MAX_DECODED_BYTES: u64 = 128 * 1024 * 1024;
/// Quality of a JPEG: no difference is seen at the size at which it is shown.
const QUALITY: u8 = 82;
/// Reducing by more than this goes through a coarser step first: eight times faster, and not seen.
const COARSE: u32 = 3;
/// Where the header of a colour profile names the colours that it converts from, and RGB there.
const COLOURS: std::ops::Range<usize> = 16..20;
const RGB: &[u8] = b"RGB ";

/// A smaller copy of a picture.
#[derive(Debug)]
pub struct Preview {
    /// `jpg`, or `webp` for pictures with transparent parts.
    pub kind: FileKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Returns the side of the preview that shows this many pixels sharply; None: only the picture
/// itself does.
pub fn side_for(pixels: u32) -> Option<u32> {
    SIDES.into_iter().find(|side| *side >= pixels)
}

/// Makes a preview whose longer side is at most `side` pixels; it stands upright without metadata
/// and keeps its colours. None: the picture itself is to be shown, because it is not larger, moves,
/// is of another type, is damaged, or would take too much memory. Takes a core for up to a second.
pub fn preview(kind: FileKind, bytes: &[u8], side: u32) -> Option<Preview> {
    let reduced = decoded(kind, bytes, |size| size > side, side)?;
    let preview = encode(&reduced).ok()?;
    (preview.bytes.len() < bytes.len()).then_some(preview)
}

/// A small picture that was encoded anew.
#[derive(Debug)]
pub struct Thumbnail {
    /// `jpg`, or `webp` for pictures with transparent parts.
    pub kind: FileKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its dimensions.
    pub size: Size,
}

/// Makes a picture whose longer side is at most `side` pixels, also of one that is not larger: none
/// of the given bytes are in it. None: it is of another type, moves, is damaged, or would take too
/// much memory. Takes a core for up to a second.
pub fn thumbnail(kind: FileKind, bytes: &[u8], side: u32) -> Option<Thumbnail> {
    let reduced = decoded(kind, bytes, |_| true, side)?;
    let Preview { kind, bytes } = encode(&reduced).ok()?;
    let Reduced { picture, .. } = reduced;
    Some(Thumbnail { kind, bytes, size: Size::new(picture.width(), picture.height())? })
}

/// Decodes a picture that does not move and reduces it. `wanted` is asked with its longer side.
pub(super) fn decoded(
    kind: FileKind,
    bytes: &[u8],
    wanted: impl Fn(u32) -> bool,
    side: u32,
) -> Option<Reduced> {
    let bytes = Cursor::new(bytes);
    let made = match kind.ending {
        "jpg" => JpegDecoder::new(bytes).and_then(|jpeg| reduced(jpeg, wanted, side)),
        "png" => PngDecoder::with_limits(bytes, limits())
            .and_then(|png| if png.is_apng()? { Ok(None) } else { reduced(png, wanted, side) }),
        "webp" => WebPDecoder::new(bytes).and_then(|webp| {
            if webp.has_animation() { Ok(None) } else { reduced(webp, wanted, side) }
        }),
        _ => Ok(None),
    };
    made.ok().flatten()
}

/// A reduced picture with the profile of its colours.
pub(super) struct Reduced {
    /// Upright.
    pub(super) picture: DynamicImage,
    /// None: the usual one.
    pub(super) profile: Option<Vec<u8>>,
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    limits
}

fn reduced(
    mut from: impl ImageDecoder,
    wanted: impl Fn(u32) -> bool,
    side: u32,
) -> ImageResult<Option<Reduced>> {
    let (width, height) = from.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    let too_much = pixels > MAX_DECODED_PIXELS || from.total_bytes() > MAX_DECODED_BYTES;
    if too_much || !wanted(width.max(height)) {
        return Ok(None);
    }
    from.set_limits(limits())?;
    let turn = from.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = from.icc_profile()?.filter(|profile| profile.get(COLOURS) == Some(RGB));
    let is_grey = matches!(from.color_type(), ColorType::L8 | ColorType::L16);
    let mut picture = DynamicImage::from_decoder(from)?;
    if width.max(height) > side * COARSE {
        picture = picture.thumbnail(side * 2, side * 2);
    }
    if width.max(height) > side {
        picture = picture.resize(side, side, FilterType::Triangle);
    }
    picture.apply_orientation(turn);
    Ok(Some(Reduced { picture, profile: profile.filter(|_| !is_grey) }))
}

fn encode(from: &Reduced) -> ImageResult<Preview> {
    let mut bytes = Vec::new();
    if is_transparent(&from.picture) {
        let picture = from.picture.to_rgba8();
        let mut encoder = WebPEncoder::new_lossless(&mut bytes);
        if let Some(profile) = &from.profile {
            // Colours without their profile are still better than no preview.
            drop(encoder.set_icc_profile(profile.clone()));
        }
        encoder.write_image(
            &picture,
            picture.width(),
            picture.height(),
            image::ExtendedColorType::Rgba8,
        )?;
        return Ok(Preview { kind: FileKind::of("webp"), bytes });
    }
    let picture = from.picture.to_rgb8();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    if let Some(profile) = &from.profile {
        drop(encoder.set_icc_profile(profile.clone()));
    }
    encoder.write_image(
        &picture,
        picture.width(),
        picture.height(),
        image::ExtendedColorType::Rgb8,
    )?;
    Ok(Preview { kind: FileKind::of("jpg"), bytes })
}

/// Returns whether anything can be seen through the picture: screenshots have the channel for that,
/// but do not use it.
pub(super) fn is_transparent(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX)
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn as_bytes(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("a picture can be written");
        bytes.into_inner()
    }

    /// Noise, which no format makes small.
    fn photo(width: u32, height: u32) -> DynamicImage {
        RgbImage::from_fn(width, height, |x, y| {
            let noise = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).to_le_bytes();
            Rgb([noise[1], noise[2], noise[3]])
        })
        .into()
    }

    fn made(kind: &str, bytes: &[u8], side: u32) -> Option<(&'static str, u32, u32)> {
        let preview = preview(FileKind::of(kind), bytes, side)?;
        assert!(preview.bytes.len() < bytes.len());
        let seen = image::load_from_memory(&preview.bytes).expect("a preview is a picture");
        Some((preview.kind.ending, seen.width(), seen.height()))
    }

    #[test]
    fn previews_are_as_large_as_needed() {
        let asked = [1, 320, 321, 640, 1_280, 1_281, u32::MAX];
        let wanted = [Some(320), Some(320), Some(640), Some(640), Some(1_280), None, None];
        assert_eq!(asked.map(side_for), wanted);
    }

    #[test]
    fn pictures_keep_their_proportions() {
        let (wide, tall) = (photo(1_600, 400), photo(30, 2_000));
        for (kind, format) in
            [("png", ImageFormat::Png), ("jpg", ImageFormat::Jpeg), ("webp", ImageFormat::WebP)]
        {
            let wide = as_bytes(&wide, format);
            assert_eq!(made(kind, &wide, 640), Some(("jpg", 640, 160)), "{kind}");
            assert_eq!(made(kind, &wide, 320), Some(("jpg", 320, 80)), "{kind}");
            assert_eq!(made(kind, &as_bytes(&tall, format), 320), Some(("jpg", 5, 320)), "{kind}");
        }
    }

    #[test]
    fn what_can_be_seen_through_stays_so() {
        let clear = |alpha| {
            let photo = photo(700, 700).to_rgba8();
            let clear = RgbaImage::from_fn(700, 700, |x, y| {
                let pixel = photo.get_pixel(x, y).0;
                Rgba([pixel[0], pixel[1], pixel[2], if x < 350 { alpha } else { 255 }])
            });
            as_bytes(&clear.into(), ImageFormat::Png)
        };
        assert_eq!(made("png", &clear(0), 320), Some(("webp", 320, 320)));
        assert_eq!(made("png", &clear(255), 320), Some(("jpg", 320, 320)), "none of it is used");
    }

    #[test]
    fn a_picture_that_needs_none_is_shown_itself() {
        let small = as_bytes(&photo(320, 200), ImageFormat::Png);
        assert!(made("png", &small, 320).is_none(), "it is not larger");
        let plain = as_bytes(&RgbImage::new(400, 400).into(), ImageFormat::WebP);
        assert!(made("webp", &plain, 320).is_none(), "a preview would have more bytes");
        let photo = as_bytes(&photo(400, 400), ImageFormat::Png);
        assert!(made("png", &photo[..photo.len() / 2], 320).is_none(), "damaged");
        assert!(made("gif", &photo, 320).is_none(), "of another type");
        assert!(made("jpg", &photo, 320).is_none(), "not what it is said to be");
        assert!(made("jpg", b"", 320).is_none());
    }

    #[test]
    fn a_thumbnail_is_always_encoded_anew() {
        let made = |kind: &str, bytes: &[u8]| {
            let made = thumbnail(FileKind::of(kind), bytes, 320)?;
            let seen = image::load_from_memory(&made.bytes).expect("a thumbnail is a picture");
            assert_eq!((made.size.width, made.size.height), (seen.width(), seen.height()));
            Some((made.kind.ending, seen.width(), seen.height()))
        };
        let mut small = as_bytes(&photo(32, 20), ImageFormat::Jpeg);
        small.extend(b"what follows the end of the picture");
        assert_eq!(made("jpg", &small), Some(("jpg", 32, 20)), "it is not larger");
        let bytes = thumbnail(FileKind::of("jpg"), &small, 320).unwrap().bytes;
        assert!(!bytes.windows(4).any(|part| part == b"what"));
        let large = as_bytes(&photo(2_000, 1_000), ImageFormat::Png);
        assert_eq!(made("png", &large), Some(("jpg", 320, 160)));
        assert_eq!(made("gif", &large), None, "of another type");
        assert_eq!(made("png", &large[..large.len() / 2]), None, "damaged");
    }

    #[test]
    fn what_would_take_too_much_memory_is_not_decoded() {
        // 26 million pixels in less than a byte for each hundred.
        let large = as_bytes(&image::GrayImage::new(6_500, 4_000).into(), ImageFormat::Png);
        assert!(large.len() < 260_000);
        assert!(made("png", &large, 640).is_none());
        let deep = image::ImageBuffer::<Rgba<u16>, _>::new(4_200, 4_200);
        let deep = as_bytes(&DynamicImage::ImageRgba16(deep), ImageFormat::Png);
        assert!(made("png", &deep, 640).is_none(), "18 million pixels of eight bytes");
    }
}
