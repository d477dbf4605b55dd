//! Files of applicants as the child reads them that draws them: PDF, pictures, their text, light copies, and the square of an
//! invitation. The first byte says what is asked of the others. A panic ends that child and nothing else, and the file cannot be
//! shown; it is a failure here all the same, and so is what takes longer than the child may.

use std::io::{self, Cursor};

use image::{DynamicImage, ImageFormat, ImageReader};
use tessera_driver::pages::{Info, Line};

// The driver lends them to its child alone.
#[path = "../../../../client/driver/src/pages/light.rs"]
#[allow(dead_code, unreachable_pub, reason = "the driver uses the rest, and shows it")]
mod light;
#[path = "../../../../client/driver/src/pages/render.rs"]
mod render;
#[path = "../../../../client/driver/src/pages/text.rs"]
mod text;

/// The longest side of what is drawn, in pixels.
const SIDE: u32 = 2400;
/// The longest text of a page, in characters.
const TEXT_CHARS: usize = 100_000;
/// Pages of a file that are looked at here.
const PAGES: usize = 3;
/// Pixels of a picture that a million tries can bear.
const PIXELS: u32 = 1 << 20;
const SQUARE: &[u8] = include_bytes!("../../../../client/driver/src/pages/square.png");

pub(crate) fn feed(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    match which % 7 {
        0 => {
            if let Ok(Info { pages }) = render::pdf_info(bytes.to_vec(), PAGES) {
                assert!(pages.len() <= PAGES && pages.iter().all(fits));
            }
        }
        1 => drawn(render::pdf_page(bytes.to_vec(), 1)),
        2 => bound(render::light_page(bytes.to_vec(), 1).ok()),
        3 if is_small(bytes) => {
            if let Ok(Info { pages }) = render::image_info(bytes) {
                assert!(pages.len() == 1 && pages.iter().all(fits));
            }
            drawn(render::image(bytes));
        }
        4 if is_small(bytes) => bound(render::light_image(bytes).ok()),
        5 if is_small(bytes) => {
            assert!(render::square(bytes).map_or(true, |said| said.starts_with("tessera:")));
        }
        6 => bound(light::Page::from_answer(bytes)),
        _ => {}
    }
}

fn fits(line: &Line) -> bool {
    (0.05..=20.0).contains(&line.shape) && line.text.chars().count() <= TEXT_CHARS
}

/// True for a picture that says its size, and a small one.
fn is_small(bytes: &[u8]) -> bool {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let size = reader.ok().and_then(|reader| reader.into_dimensions().ok());
    size.is_some_and(|(width, height)| width.saturating_mul(height) <= PIXELS && width.max(height) < 20_000)
}

/// What was drawn is a picture for a screen.
fn drawn(png: io::Result<Vec<u8>>) {
    let Ok(png) = png else { return };
    let picture = image::load_from_memory(&png).expect("what was drawn is a picture");
    assert!(picture.width().max(picture.height()) <= SIDE);
}

/// A light page travels as it is, and pages of it are a file that is read again.
fn bound(page: Option<light::Page>) {
    let Some(page) = page else { return };
    let answer = page.to_answer().expect("a page can be said");
    assert!(light::Page::from_answer(&answer).as_ref() == Some(&page), "another page than was said");
    let pdf = light::bind(&[page.clone(), page]);
    assert!(pdf.len() <= 2 * light::PAGE_BYTES + 1000, "{} bytes", pdf.len());
    let info = render::pdf_info(pdf, PAGES);
    assert!(info.is_ok_and(|info| info.pages.len() == 2), "its own file is none");
}

/// Light copies of a picture and of words, pictures of every kind, and an invitation's square.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let picture = |format| {
        let mut bytes = Vec::new();
        let made = DynamicImage::new_rgb8(16, 8).write_to(&mut Cursor::new(&mut bytes), format);
        made.is_ok().then_some(bytes)
    };
    let formats = [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::WebP,
    ];
    let drawn = render::light_image(SQUARE).expect("a picture of our own");
    let mut words = light::Page::of((595.0, 842.0), "Dear reader,\nI recommend Nguyễn Thị Đào.\nمرحبا بكم");
    words.show(vec![0xff], 1, 1);
    let answer = drawn.to_answer().expect("a page can be said");
    let with = |which: u8, bytes: &[u8]| [&[which], bytes].concat();
    let pdfs = [light::bind(&[drawn]), light::bind(&[words])];
    let files = pdfs.iter().flat_map(|pdf| [0, 1, 2].map(|which| with(which, pdf)));
    let squares = [3, 4, 5].map(|which| with(which, SQUARE));
    let pictures = formats.into_iter().filter_map(picture).map(|bytes| with(3, &bytes));
    files.chain(squares).chain([with(6, &answer)]).chain(pictures).collect()
}
