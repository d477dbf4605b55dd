//! Drawing: hayro for PDF, image for pictures, both without unsafe code of their own. Sizes are bounded before anything is
//! drawn.

use std::io::{self, Cursor};

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType, GrayImage, ImageFormat, ImageReader, Limits};

use super::light::{self, PAGE_BYTES};
use super::{Info, Line, text};

/// Pixels of a page's inch on the screen, relative to the 72 points of PDF: sharp at 150 %.
const SCALE: f32 = 2.0;
/// The longest side of what is drawn, in pixels.
const SIDE: u16 = 2400;
/// The longest side of a picture that is read, in pixels.
const PICTURE_SIDE: u32 = 20_000;
/// The most memory that reading a picture may take, in bytes.
const PICTURE_BYTES: u64 = 512 << 20;
/// The longest sides at which a square is looked for, in pixels.
const SQUARE_SIDES: [u32; 3] = [2400, 1200, 600];
/// The longest sides of a light page, in pixels; the next one where no quality of one fits.
const LIGHT_SIDES: [u16; 7] = [1600, 1300, 1050, 850, 650, 450, 300];
/// The qualities of its picture, in the terms of JPEG.
const LIGHT_QUALITIES: [u8; 4] = [60, 45, 32, 22];
/// The longest side of a picture that becomes a page, in points: that of A4.
const LIGHT_PAGE_POINTS: f32 = 842.0;
/// The longest text of a page, in characters.
const TEXT_CHARS: usize = 100_000;

fn refused(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

fn open(bytes: Vec<u8>) -> io::Result<Pdf> {
    Pdf::new(bytes).map_err(|_| refused("not a PDF that can be read"))
}

/// The first pages of a PDF: how large each is, and what is written on it.
pub(super) fn pdf_info(bytes: Vec<u8>, most: usize) -> io::Result<Info> {
    let pdf = open(bytes)?;
    let pages = pdf.pages().iter().take(most).map(|page| {
        let (width, height) = page.render_dimensions();
        Line { shape: shape(width, height), text: text::of(page, &pdf, TEXT_CHARS) }
    });
    Ok(Info { pages: pages.collect() })
}

/// The first and only page that a picture is.
pub(super) fn image_info(bytes: &[u8]) -> io::Result<Info> {
    let (width, height) = image_size(bytes)?;
    Ok(Info { pages: vec![Line { shape: shape(width as f32, height as f32), text: String::new() }] })
}

/// Width by height, within what a screen can leave room for.
fn shape(width: f32, height: f32) -> f32 {
    let shape = width / height;
    if shape.is_finite() { shape.clamp(0.05, 20.0) } else { 1.0 }
}

/// Draws a page of a PDF, from 1.
pub(super) fn pdf_page(bytes: Vec<u8>, number: usize) -> io::Result<Vec<u8>> {
    let pdf = open(bytes)?;
    let page = number.checked_sub(1).and_then(|at| pdf.pages().get(at));
    draw(page.ok_or_else(|| refused("no such page"))?)
}

/// Draws a page of a PDF, from 1, for a light copy.
pub(super) fn light_page(bytes: Vec<u8>, number: usize) -> io::Result<light::Page> {
    let pdf = open(bytes)?;
    let page = number.checked_sub(1).and_then(|at| pdf.pages().get(at));
    let page = page.ok_or_else(|| refused("no such page"))?;
    let png = draw_within(page, LIGHT_SIDES[0])?;
    let drawn = image::load_from_memory(&png).map_err(|_| refused("a page that cannot be drawn"))?;
    let (width, height) = page.render_dimensions();
    lighten(&drawn, (width, height), &text::of(page, &pdf, TEXT_CHARS))
}

/// Draws a picture for a light copy.
pub(super) fn light_image(bytes: &[u8]) -> io::Result<light::Page> {
    let picture = decoded(bytes)?;
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let scale = LIGHT_PAGE_POINTS / width.max(height).max(1.0);
    lighten(&picture, (width * scale, height * scale), "")
}

/// Makes a page grey, and so small that it fits with its text: the largest picture of the finest grain that does.
fn lighten(drawn: &DynamicImage, size: (f32, f32), text: &str) -> io::Result<light::Page> {
    let mut page = light::Page::of(size, text);
    let room = PAGE_BYTES.saturating_sub(page.bytes_without_picture());
    let mut grey = on_white(&within(drawn, LIGHT_SIDES[0]));
    for side in LIGHT_SIDES {
        let longest = grey.width().max(grey.height());
        if longest > u32::from(side) {
            let shorter = |length: u32| (length * u32::from(side) / longest).max(1);
            grey = image::imageops::thumbnail(&grey, shorter(grey.width()), shorter(grey.height()));
        }
        for quality in LIGHT_QUALITIES {
            let mut jpeg = Vec::new();
            JpegEncoder::new_with_quality(&mut jpeg, quality)
                .encode(grey.as_raw(), grey.width(), grey.height(), ExtendedColorType::L8)
                .map_err(|_| refused("a page that cannot be drawn"))?;
            if jpeg.len() <= room {
                page.show(jpeg, grey.width(), grey.height());
                return Ok(page);
            }
        }
    }
    Err(refused("a page that cannot be made light"))
}

/// A picture, made smaller where one of its sides is longer.
fn within(picture: &DynamicImage, side: u16) -> DynamicImage {
    let side = u32::from(side);
    match picture.width().max(picture.height()) > side {
        true => picture.thumbnail(side, side),
        false => picture.clone(),
    }
}

/// A picture in grey, on paper where it is transparent.
fn on_white(picture: &DynamicImage) -> GrayImage {
    let mut grey = GrayImage::new(picture.width(), picture.height());
    for (to, from) in grey.pixels_mut().zip(picture.to_luma_alpha8().pixels()) {
        let [light, alpha] = from.0.map(u32::from);
        let shown = (light * alpha + 255 * (255 - alpha)) / 255;
        to.0 = [u8::try_from(shown).unwrap_or(u8::MAX)];
    }
    grey
}

fn draw(page: &Page<'_>) -> io::Result<Vec<u8>> {
    draw_within(page, SIDE)
}

fn draw_within(page: &Page<'_>, side: u16) -> io::Result<Vec<u8>> {
    let (width, height) = page.render_dimensions();
    if !(width.is_finite() && height.is_finite() && width > 0.0 && height > 0.0) {
        return Err(refused("a page without a size"));
    }
    let scale = SCALE.min(f32::from(side) / width.max(height));
    if (width.min(height) * scale) < 1.0 {
        return Err(refused("a page that is a line"));
    }
    let settings = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let drawn = hayro::render(
        page,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &settings,
    );
    drawn.into_png().map_err(|_| refused("a page that cannot be drawn"))
}

fn reader(bytes: &[u8]) -> io::Result<ImageReader<Cursor<&[u8]>>> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(PICTURE_SIDE);
    limits.max_image_height = Some(PICTURE_SIDE);
    limits.max_alloc = Some(PICTURE_BYTES);
    reader.limits(limits);
    Ok(reader)
}

fn decoded(bytes: &[u8]) -> io::Result<DynamicImage> {
    reader(bytes)?.decode().map_err(|_| refused("not a picture that can be read"))
}

/// Reads the size of a picture, and nothing more of it.
fn image_size(bytes: &[u8]) -> io::Result<(u32, u32)> {
    reader(bytes)?.into_dimensions().map_err(|_| refused("not a picture that can be read"))
}

/// Draws a picture, made smaller where it is large.
pub(super) fn image(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let picture = within(&decoded(bytes)?, SIDE);
    let mut png = Vec::new();
    // Only the pixels go on: what else a picture carries, such as where it was taken, stays behind.
    DynamicImage::ImageRgba8(picture.to_rgba8())
        .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
        .map_err(|_| refused("a picture that cannot be drawn"))?;
    Ok(png)
}

/// Reads what the square (QR code) of an invitation in a picture says: as it is, and made smaller, as noise of large photographs hides its edges.
pub(super) fn square(bytes: &[u8]) -> io::Result<String> {
    let picture = decoded(bytes)?;
    let side = picture.width().max(picture.height());
    let mut sides = SQUARE_SIDES.map(|most| most.min(side)).to_vec();
    sides.dedup();
    for most in sides {
        let grey = if side > most { picture.thumbnail(most, most).to_luma8() } else { picture.to_luma8() };
        let (width, height) = (grey.width() as usize, grey.height() as usize);
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return 0 };
            grey.get_pixel_checked(x, y).map_or(0, |pixel| pixel.0[0])
        });
        // A poster may have others beside it.
        let mut said = prepared.detect_grids().into_iter().filter_map(|grid| grid.decode().ok());
        if let Some((_, said)) = said.find(|(_, said)| said.starts_with("tessera:")) {
            return Ok(said);
        }
    }
    Err(refused("no square that can be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PDF of one page with a line of text.
    fn pdf(media_box: &str, content: &str) -> Vec<u8> {
        let objects = [
            "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
            "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
            format!(
                "<</Type/Page/Parent 2 0 R/MediaBox[{media_box}]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"
            ),
            format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()),
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
        ];
        let mut out = b"%PDF-1.7\n".to_vec();
        let mut offsets = Vec::new();
        for (number, object) in (1..).zip(&objects) {
            offsets.push(out.len());
            out.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
        }
        let start = out.len();
        out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
        offsets.iter().for_each(|offset| out.extend(format!("{offset:010} 00000 n \n").bytes()));
        out.extend(
            format!("trailer <</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF", objects.len() + 1).bytes(),
        );
        out
    }

    #[test]
    fn a_page_is_drawn_and_its_text_is_read() {
        let content = "BT /F 24 Tf 20 100 Td (Hello reader) Tj 0 -40 Td (second line) Tj ET";
        let info = pdf_info(pdf("0 0 300 150", content), 10).unwrap();
        let line = Line { shape: 2.0, text: "Hello reader\nsecond line".to_owned() };
        assert_eq!(info.pages, [line]);
        let png = pdf_page(pdf("0 0 300 150", content), 1).unwrap();
        let drawn = image::load_from_memory(&png).unwrap().to_luma8();
        assert_eq!((drawn.width(), drawn.height()), (600, 300));
        assert!(drawn.pixels().any(|pixel| pixel.0[0] < 100), "there is ink");
        assert!(pdf_page(pdf("0 0 300 150", content), 0).is_err());
        assert!(pdf_page(pdf("0 0 300 150", content), 2).is_err());
    }

    #[test]
    fn sizes_are_bounded_before_anything_is_drawn() {
        let drawn = pdf_page(pdf("0 0 100000 50000", "0 0 m 10 10 l S"), 1).unwrap();
        let drawn = image::load_from_memory(&drawn).unwrap();
        assert!(drawn.width() <= 2400 && drawn.height() <= 2400, "{}", drawn.width());
        assert!(pdf_page(pdf("0 0 100000 1", ""), 1).is_err(), "a line");
    }

    #[test]
    fn a_large_picture_becomes_a_smaller_one_without_what_it_carries() {
        let mut jpeg = Vec::new();
        DynamicImage::new_rgb8(3000, 1000).write_to(&mut Cursor::new(&mut jpeg), ImageFormat::Jpeg).unwrap();
        assert_eq!(image_info(&jpeg).unwrap().pages, [Line { shape: 3.0, text: String::new() }]);
        let drawn = image::load_from_memory(&image(&jpeg).unwrap()).unwrap();
        assert_eq!((drawn.width(), drawn.height()), (2400, 800));
        assert!(image(b"GIF89a nothing").is_err());
        assert!(image_info(b"").is_err());
    }

    #[test]
    fn the_square_of_an_invitation_is_read_from_a_picture_and_from_a_photograph() {
        let png = include_bytes!("square.png");
        let said = format!("tessera://invitation/{}", "AbC-_0".repeat(60));
        assert_eq!(square(png).unwrap(), said);
        // A corner of a large photograph, turned and grey.
        let one = image::load_from_memory(png).unwrap().to_luma8();
        let mut photograph = GrayImage::from_pixel(3200, 2400, image::Luma([200]));
        let turned = image::imageops::rotate90(&image::imageops::resize(
            &one,
            1500,
            1500,
            image::imageops::FilterType::Triangle,
        ));
        image::imageops::overlay(&mut photograph, &turned, 900, 500);
        let mut jpeg = Vec::new();
        DynamicImage::ImageLuma8(photograph)
            .write_to(&mut Cursor::new(&mut jpeg), ImageFormat::Jpeg)
            .unwrap();
        assert_eq!(square(&jpeg).unwrap(), said);
        let mut blank = Vec::new();
        DynamicImage::new_luma8(300, 300).write_to(&mut Cursor::new(&mut blank), ImageFormat::Png).unwrap();
        assert!(square(&blank).is_err());
        assert!(square(b"nothing").is_err());
    }
}
