//! The icon of a server: one square picture, and the sizes that browsers and phones ask for.

use image::codecs::png::{CompressionType, FilterType as RowFilter, PngEncoder};
use image::imageops::{self, FilterType};
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageResult, Rgba, RgbaImage};

use super::preview::{Reduced, decoded, is_transparent};
use crate::model::FileKind;

/// Sides of an icon that is stored, in pixels: the smaller one if the larger one has too many bytes.
const STORED_SIDES: [u32; 2] = [512, 256];
/// Maximum size of a stored icon; a photograph of 256 pixels has less.
const MAX_BYTES: usize = 256 * 1024;
/// The sides that can be asked for, in pixels.
pub const ICON_SIDES: [u32; 7] = [32, 48, 64, 96, 180, 192, 512];
/// Behind what phones cut to a shape of their own: `background_color` of the manifest.
const GROUND: Rgba<u8> = Rgba([0xf4, 0xf7, 0xf7, 0xff]);

/// What an icon is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IconPurpose {
    /// As it is, with transparent parts.
    Any,
    /// On an opaque ground, for home screens that paint black behind transparent parts.
    Touch,
    /// On an opaque ground with a margin that may be cut off: the icon fills four fifths.
    Maskable,
}

impl IconPurpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Any, Self::Touch, Self::Maskable];

    /// Returns the name used in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Touch => "touch",
            Self::Maskable => "maskable",
        }
    }

    /// Parses the name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == word)
    }
}

/// Makes the square PNG that is stored of an uploaded picture: in the middle of a transparent square
/// if it is not one, at most 512 pixels wide and 256 KiB large. Nothing else of the upload is in it.
/// None: it is no JPEG, PNG or WebP, moves, is damaged, or would take too much memory. Takes a core
/// for up to a second.
pub fn icon(kind: FileKind, bytes: &[u8]) -> Option<Vec<u8>> {
    STORED_SIDES.into_iter().find_map(|side| {
        let reduced = decoded(kind, bytes, |_| true, side)?;
        let square = in_square(reduced.picture);
        let png = encode(&square, reduced.profile.as_deref()).ok()?;
        (png.len() <= MAX_BYTES).then_some(png)
    })
}

/// Makes an icon of `side` pixels, one of [`ICON_SIDES`], of a stored one, as PNG. None: the stored
/// one is damaged.
pub fn icon_of(stored: &[u8], side: u32, purpose: IconPurpose) -> Option<Vec<u8>> {
    let Reduced { picture, profile } =
        decoded(FileKind::of("png"), stored, |_| true, STORED_SIDES[0])?;
    let inner = if purpose == IconPurpose::Maskable { side * 4 / 5 } else { side };
    let picture = picture.resize_exact(inner, inner, FilterType::CatmullRom);
    let made = if purpose == IconPurpose::Any {
        picture
    } else {
        let mut ground = RgbaImage::from_pixel(side, side, GROUND);
        let margin = i64::from((side - inner) / 2);
        imageops::overlay(&mut ground, &picture, margin, margin);
        ground.into()
    };
    encode(&made, profile.as_deref()).ok()
}

fn in_square(picture: DynamicImage) -> DynamicImage {
    let (width, height) = (picture.width(), picture.height());
    if width == height {
        return picture;
    }
    let side = width.max(height);
    let mut square = RgbaImage::new(side, side);
    let (x, y) = ((side - width) / 2, (side - height) / 2);
    imageops::replace(&mut square, &picture.to_rgba8(), x.into(), y.into());
    square.into()
}

fn encode(picture: &DynamicImage, profile: Option<&[u8]>) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder =
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, RowFilter::Adaptive);
    if let Some(profile) = profile {
        // Colours without their profile are still better than no icon.
        drop(encoder.set_icc_profile(profile.to_vec()));
    }
    let (width, height) = (picture.width(), picture.height());
    if is_transparent(picture) {
        encoder.write_image(&picture.to_rgba8(), width, height, ExtendedColorType::Rgba8)?;
    } else {
        encoder.write_image(&picture.to_rgb8(), width, height, ExtendedColorType::Rgb8)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{GenericImageView, ImageFormat, RgbImage};

    use super::*;

    const RED: Rgba<u8> = Rgba([200, 30, 30, 255]);

    fn as_bytes(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("a picture can be written");
        bytes.into_inner()
    }

    fn seen(bytes: &[u8]) -> DynamicImage {
        image::load_from_memory_with_format(bytes, ImageFormat::Png).expect("an icon is a PNG")
    }

    #[test]
    fn a_picture_becomes_a_square_and_nothing_is_cut_off() {
        let wide = RgbaImage::from_pixel(1_000, 500, RED).into();
        let icon = seen(&icon(FileKind::of("png"), &as_bytes(&wide, ImageFormat::Png)).unwrap());
        assert_eq!((icon.width(), icon.height()), (512, 512));
        assert_eq!(icon.get_pixel(256, 10).0[3], 0, "above it one sees through");
        assert_eq!((icon.get_pixel(2, 256), icon.get_pixel(509, 256)), (RED, RED));
        let small = RgbaImage::from_pixel(40, 40, RED).into();
        let icon = self::icon(FileKind::of("webp"), &as_bytes(&small, ImageFormat::WebP)).unwrap();
        assert_eq!(seen(&icon).width(), 40, "it is not enlarged");
    }

    #[test]
    fn every_size_is_made_of_one_picture() {
        let clear = RgbaImage::from_fn(300, 300, |x, _| if x < 150 { RED } else { Rgba([0; 4]) });
        let stored = icon(FileKind::of("png"), &as_bytes(&clear.into(), ImageFormat::Png)).unwrap();
        for side in ICON_SIDES {
            for purpose in IconPurpose::ALL {
                let made = seen(&icon_of(&stored, side, purpose).unwrap());
                assert_eq!((made.width(), made.height()), (side, side), "{purpose:?}");
                let (right, middle) = (made.get_pixel(side * 7 / 10, side / 2), side / 2);
                let expected = if purpose == IconPurpose::Any { 0 } else { 255 };
                assert_eq!(right.0[3], expected, "{purpose:?} of {side}");
                let edge = made.get_pixel(0, middle);
                let fills = purpose != IconPurpose::Maskable;
                assert_eq!(edge == RED, fills, "{purpose:?} of {side}: {edge:?}");
                assert_eq!(made.get_pixel(side / 4, middle), RED, "{purpose:?} of {side}");
            }
        }
    }

    #[test]
    fn a_photograph_is_stored_smaller() {
        let noise = RgbImage::from_fn(600, 600, |x, y| {
            let noise = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503_977)).to_le_bytes();
            image::Rgb([noise[1], noise[2], noise[3]])
        });
        let stored = icon(FileKind::of("png"), &as_bytes(&noise.into(), ImageFormat::Png)).unwrap();
        assert!(stored.len() <= MAX_BYTES && seen(&stored).width() == 256, "{}", stored.len());
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let picture = as_bytes(&RgbImage::new(40, 40).into(), ImageFormat::Png);
        assert!(icon(FileKind::of("gif"), &picture).is_none(), "of another type");
        assert!(icon(FileKind::of("png"), &picture[..picture.len() / 2]).is_none(), "damaged");
        assert!(icon(FileKind::of("png"), b"<svg/>").is_none());
        let large = as_bytes(&image::GrayImage::new(6_500, 4_000).into(), ImageFormat::Png);
        assert!(icon(FileKind::of("png"), &large).is_none(), "26 million pixels");
        assert!(icon_of(&picture[..20], 32, IconPurpose::Any).is_none());
    }

    #[test]
    fn purposes_are_parsed_as_they_are_written() {
        for purpose in IconPurpose::ALL {
            assert_eq!(IconPurpose::parse(purpose.as_str()), Some(purpose));
        }
        assert_eq!(IconPurpose::parse("monochrome"), None);
    }
}
