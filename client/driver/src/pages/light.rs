//! A light copy of a file: a PDF whose pages are grey pictures of at most [`PAGE_BYTES`] each, with the text of the page
//! behind them where the file has any, so that it is found and read out like any other. Nothing is recognised: a scan has no
//! text. Written here, as no more of PDF is needed than this; the same pages give the same bytes.

use std::collections::BTreeSet;
use std::io;

use serde::{Deserialize, Serialize};

/// The most that a page may take, with its text, in bytes.
pub const PAGE_BYTES: usize = 60_000;
/// The most pages of a light copy; a longer file has none.
pub const PAGES: usize = 100;
/// The longest side of a page, in points: the most that PDF knows.
const LONGEST_POINTS: f32 = 14_400.0;
/// The most of a page's text that goes along, in bytes as it is written.
const TEXT_BYTES: usize = 20_000;
/// What an object, its entry in the list of objects and the page itself take at most, in bytes.
const FRAME_BYTES: usize = 700;
/// What a font takes beside its map, in bytes.
const FONT_BYTES: usize = 2_500;
/// Characters of one font: a byte names each, and none is 0.
const FONT_CHARS: usize = 255;
/// The largest type in which the text lies behind the picture, in points.
const TYPE_POINTS: f32 = 10.0;

/// A page of a light copy.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    head: Head,
    jpeg: Vec<u8>,
}

/// What a page is, but its picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Head {
    width: f32,
    height: f32,
    pixels: (u32, u32),
    text: String,
}

impl Page {
    /// A page of a size in points, with as much of its text as goes along, and no picture yet.
    pub(super) fn of((width, height): (f32, f32), text: &str) -> Self {
        let points = |length: f32| if length.is_finite() { length.clamp(1.0, LONGEST_POINTS) } else { 1.0 };
        let head = Head { width: points(width), height: points(height), pixels: (0, 0), text: String::new() };
        let mut page = Self { head, jpeg: Vec::new() };
        let mut end = text.floor_char_boundary(TEXT_BYTES);
        loop {
            page.head.text = text[..end].to_owned();
            if end == 0 || page.text_bytes() <= TEXT_BYTES {
                return page;
            }
            end = text.floor_char_boundary(end - end.div_ceil(4));
        }
    }

    fn text_bytes(&self) -> usize {
        let layer = Layer::of(&self.head);
        layer.content.len() + layer.fonts.iter().map(|font| font.len() + FONT_BYTES).sum::<usize>()
    }

    /// What it takes of [`PAGE_BYTES`] before there is a picture.
    pub(super) fn bytes_without_picture(&self) -> usize {
        self.text_bytes() + FRAME_BYTES
    }

    /// Gives it its picture.
    pub(super) fn show(&mut self, jpeg: Vec<u8>, width: u32, height: u32) {
        self.jpeg = jpeg;
        self.head.pixels = (width, height);
    }

    /// What a child answers: a line that says what the page is, and its picture.
    pub(super) fn to_answer(&self) -> io::Result<Vec<u8>> {
        let mut answer = serde_json::to_vec(&self.head).map_err(io::Error::other)?;
        answer.push(b'\n');
        answer.extend_from_slice(&self.jpeg);
        Ok(answer)
    }

    /// Reads what a child answered; none where it is more than a light page may be.
    pub(super) fn from_answer(answer: &[u8]) -> Option<Self> {
        let line = answer.iter().position(|byte| *byte == b'\n')?;
        let (head, jpeg) =
            (serde_json::from_slice::<Head>(answer.get(..line)?).ok()?, answer.get(line + 1..)?);
        let size = |length: f32| (1.0..=LONGEST_POINTS).contains(&length);
        let page = Self { head, jpeg: jpeg.to_vec() };
        let fits = size(page.head.width)
            && size(page.head.height)
            && page.head.pixels.0 > 0
            && page.head.pixels.1 > 0
            && page.head.text.len() <= TEXT_BYTES
            && page.jpeg.len() + page.bytes_without_picture() <= PAGE_BYTES;
        fits.then_some(page)
    }
}

/// Binds pages to a PDF.
#[must_use]
pub fn bind(pages: &[Page]) -> Vec<u8> {
    let mut pdf = Pdf::default();
    let tree = pdf.reserve();
    let mut kids = Vec::new();
    for page in pages {
        let Head { width, height, pixels, .. } = &page.head;
        let layer = Layer::of(&page.head);
        let mut fonts = String::new();
        for (number, unicode) in layer.fonts.iter().enumerate() {
            let font = pdf.font(unicode);
            fonts.push_str(&format!("/F{number} {font} 0 R"));
        }
        let picture = pdf.stream(
            &format!(
                "/Type/XObject/Subtype/Image/Width {}/Height {}/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode",
                pixels.0, pixels.1
            ),
            &page.jpeg,
        );
        let content = pdf.stream("", layer.content.as_bytes());
        kids.push(pdf.object(&format!(
            "<</Type/Page/Parent {tree} 0 R/MediaBox[0 0 {width:.2} {height:.2}]/Contents {content} 0 R/Resources<</XObject<</P \
             {picture} 0 R>>/Font<<{fonts}>>>>>>"
        )));
    }
    let list: Vec<String> = kids.iter().map(|kid| format!("{kid} 0 R")).collect();
    pdf.fill(tree, &format!("<</Type/Pages/Count {}/Kids[{}]>>", kids.len(), list.join(" ")));
    let root = pdf.object(&format!("<</Type/Catalog/Pages {tree} 0 R>>"));
    pdf.finish(root)
}

/// The picture over the whole page and, invisible, its text line by line, in fonts that say which character each byte is.
struct Layer {
    content: String,
    /// Of each font the map from its bytes to characters.
    fonts: Vec<String>,
}

impl Layer {
    fn of(head: &Head) -> Self {
        let Head { width, height, text, .. } = head;
        let mut content = format!("q {width:.2} 0 0 {height:.2} 0 0 cm /P Do Q\n");
        let chars: BTreeSet<char> = text.chars().filter(|char| !char.is_control()).collect();
        let chars: Vec<char> = chars.into_iter().collect();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let step = height / (lines.len() + 1) as f32;
        if !lines.is_empty() {
            content.push_str("BT 3 Tr\n");
        }
        for (number, line) in (1..).zip(&lines) {
            let long = line.chars().count().max(1) as f32;
            // Each character is half as wide as the type is large.
            let size = TYPE_POINTS.min(step).min(2.0 * width / long).max(0.01);
            let y = height - step * number as f32;
            content.push_str(&format!("1 0 0 1 0 {y:.2} Tm"));
            let mut of = None;
            for char in line.chars().filter(|char| !char.is_control()) {
                let Ok(at) = chars.binary_search(&char) else { continue };
                let (font, code) = (at / FONT_CHARS, at % FONT_CHARS + 1);
                if of != Some(font) {
                    content.push_str(if of.is_some() { ">Tj" } else { "" });
                    content.push_str(&format!(" /F{font} {size:.2} Tf<"));
                    of = Some(font);
                }
                content.push_str(&format!("{code:02x}"));
            }
            content.push_str(if of.is_some() { ">Tj\n" } else { "\n" });
        }
        if !lines.is_empty() {
            content.push_str("ET\n");
        }
        Self { content, fonts: chars.chunks(FONT_CHARS).map(to_unicode).collect() }
    }
}

/// Says which character each byte of a font is, from 1.
fn to_unicode(chars: &[char]) -> String {
    let mut map = String::from(
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapName/T def/CMapType 2 def\n\
         1 begincodespacerange<00><ff>endcodespacerange\n",
    );
    // A block holds at most a hundred.
    for (block, chars) in chars.chunks(100).enumerate() {
        map.push_str(&format!("{} beginbfchar\n", chars.len()));
        for (at, char) in chars.iter().enumerate() {
            let mut units = [0; 2];
            let units: String =
                char.encode_utf16(&mut units).iter().map(|unit| format!("{unit:04x}")).collect();
            map.push_str(&format!("<{:02x}><{units}>\n", block * 100 + at + 1));
        }
        map.push_str("endbfchar\n");
    }
    map.push_str("endcmap end end\n");
    map
}

/// A PDF that is being written.
#[derive(Default)]
struct Pdf {
    body: Vec<u8>,
    offsets: Vec<usize>,
}

impl Pdf {
    const HEAD: &'static [u8] = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n";

    fn reserve(&mut self) -> usize {
        self.offsets.push(0);
        self.offsets.len()
    }

    fn fill(&mut self, number: usize, object: &str) {
        self.write(number, |body| body.extend_from_slice(object.as_bytes()));
    }

    fn object(&mut self, object: &str) -> usize {
        let number = self.reserve();
        self.fill(number, object);
        number
    }

    fn stream(&mut self, dictionary: &str, bytes: &[u8]) -> usize {
        let number = self.reserve();
        self.write(number, |body| {
            body.extend_from_slice(format!("<<{dictionary}/Length {}>>\nstream\n", bytes.len()).as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\nendstream");
        });
        number
    }

    /// A font whose characters draw nothing.
    fn font(&mut self, to_unicode: &str) -> usize {
        let nothing = self.stream("", b"500 0 d0");
        let unicode = self.stream("", to_unicode.as_bytes());
        let (names, widths) = ("/n".repeat(FONT_CHARS), "500 ".repeat(FONT_CHARS));
        self.object(&format!(
            "<</Type/Font/Subtype/Type3/FontBBox[0 0 0 0]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</n {nothing} 0 R>>/FirstChar \
             1/LastChar {FONT_CHARS}/Widths[{widths}]/Encoding<</Differences[1{names}]>>/ToUnicode {unicode} 0 R>>"
        ))
    }

    fn write(&mut self, number: usize, object: impl FnOnce(&mut Vec<u8>)) {
        if let Some(offset) = number.checked_sub(1).and_then(|at| self.offsets.get_mut(at)) {
            *offset = Self::HEAD.len() + self.body.len();
        }
        self.body.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        object(&mut self.body);
        self.body.extend_from_slice(b"\nendobj\n");
    }

    fn finish(self, root: usize) -> Vec<u8> {
        let mut out = Self::HEAD.to_vec();
        out.extend_from_slice(&self.body);
        let (start, count) = (out.len(), self.offsets.len() + 1);
        out.extend_from_slice(format!("xref\n0 {count}\n0000000000 65535 f \n").as_bytes());
        for offset in &self.offsets {
            out.extend_from_slice(format!("{offset:010} 00000 n \n").as_bytes());
        }
        out.extend_from_slice(
            format!("trailer\n<</Size {count}/Root {root} 0 R>>\nstartxref\n{start}\n%%EOF\n").as_bytes(),
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::render;
    use super::*;

    fn grey(width: u32, height: u32, of: impl Fn(u32, u32) -> u8) -> Vec<u8> {
        let picture = image::GrayImage::from_fn(width, height, |x, y| image::Luma([of(x, y)]));
        let mut png = Vec::new();
        picture.write_to(&mut io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
        png
    }

    fn scan(seed: u32) -> Vec<u8> {
        grey(1800, 1300, |x, y| {
            let mixed = (x ^ seed).wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca6b);
            mixed.wrapping_mul(mixed | 1).to_be_bytes()[0]
        })
    }

    #[test]
    fn every_page_fits_however_noisy_and_the_same_gives_the_same() {
        let page = render::light_image(&scan(7)).unwrap();
        assert!(page.jpeg.len() + page.bytes_without_picture() <= PAGE_BYTES, "{}", page.jpeg.len());
        let answered = Page::from_answer(&page.to_answer().unwrap()).unwrap();
        assert_eq!(answered, page);
        let pages = [page.clone(), render::light_image(&scan(8)).unwrap()];
        let pdf = bind(&pages);
        assert!(pdf.len() <= 2 * PAGE_BYTES + 1000, "{}", pdf.len());
        assert_eq!(pdf, bind(&pages));
        let info = render::pdf_info(pdf.clone(), 10).unwrap();
        assert_eq!(info.pages.len(), 2);
        assert!((info.pages[0].shape - 18.0 / 13.0).abs() < 0.01);
        let drawn = image::load_from_memory(&render::pdf_page(pdf, 2).unwrap()).unwrap().to_luma8();
        let ink = drawn.pixels().filter(|pixel| pixel.0[0] < 200).count();
        assert!(ink > 1000, "the picture is on the page");
    }

    #[test]
    fn a_page_keeps_its_text_in_every_script() {
        let text = "Dear reader,\nI recommend Nguyễn Thị Đào.\nمرحبا بكم\n国际人权法 ok";
        let mut page = Page::of((595.0, 842.0), text);
        let picture = render::light_image(&grey(200, 280, |x, _| x.to_be_bytes()[3])).unwrap();
        page.show(picture.jpeg, picture.head.pixels.0, picture.head.pixels.1);
        let info = render::pdf_info(bind(&[page]), 10).unwrap();
        assert_eq!(info.pages[0].text, text);
        // More characters than one font has bytes for.
        let many: String = (0..600).filter_map(|n| char::from_u32(0x4e00 + n)).collect();
        let mut page = Page::of((595.0, 842.0), &many);
        page.show(vec![0xff], 1, 1);
        assert_eq!(render::pdf_info(bind(&[page]), 10).unwrap().pages[0].text, many);
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_and_a_page_that_is_too_large_is_refused() {
        let long = "words upon words 漢字 ".repeat(5_000);
        let page = Page::of((f32::INFINITY, 0.0), &long);
        assert!(page.bytes_without_picture() < PAGE_BYTES / 2 && !page.head.text.is_empty());
        assert_eq!((page.head.width, page.head.height), (1.0, 1.0));
        let mut page = Page::of((100.0, 100.0), "");
        page.show(vec![1; PAGE_BYTES], 10, 10);
        assert_eq!(Page::from_answer(&page.to_answer().unwrap()), None);
        assert_eq!(Page::from_answer(b"{}"), None);
        assert_eq!(Page::from_answer(b""), None);
    }
}
