//! Sets plain paragraphs in five scripts into a PDF with krilla: enough for a curriculum vitae or a letter. Lines
//! are broken by measured width; a line is cut into runs by font, and a paragraph that begins in Arabic runs from
//! the right with its numbers kept in order. Not a typesetter: no bidirectional algorithm, no hyphenation.

use std::collections::HashMap;

use krilla::Document;
use krilla::geom::Point;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::text::{Font, TextDirection};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

const PAGE_WIDTH: f32 = 595.0;
const PAGE_HEIGHT: f32 = 842.0;
const MARGIN: f32 = 56.0;

const FONTS: [&[u8]; 4] = [
    include_bytes!("../fonts/NotoSans-sample.ttf"),
    include_bytes!("../fonts/NotoSansArabic-sample.ttf"),
    include_bytes!("../fonts/NotoSansDevanagari-sample.ttf"),
    include_bytes!("../fonts/NotoSansSC-sample.ttf"),
];
const LATIN: usize = 0;
const ARABIC: usize = 1;
const DEVANAGARI: usize = 2;
const HAN: usize = 3;

/// A piece of a document.
pub(crate) enum Block {
    /// A line in larger type.
    Heading(String),
    /// Running text.
    Paragraph(String),
}

/// A font with what layout needs of it.
struct Face {
    font: Font,
    chars: FontRef<'static>,
    shapes: rustybuzz::Face<'static>,
    widths: HashMap<char, Option<f32>>,
}

impl Face {
    fn new(data: &'static [u8]) -> Self {
        let font = Font::new(data.into(), 0).expect("a committed font that the tests parse");
        let chars = FontRef::new(data).expect("a committed font that the tests parse");
        let shapes = rustybuzz::Face::from_slice(data, 0).expect("a committed font that the tests parse");
        Self { font, chars, shapes, widths: HashMap::new() }
    }

    /// Returns the width in ems of a text as it is shaped: Arabic and Devanagari letters join.
    fn shaped_width(&self, text: &str) -> f32 {
        let mut buffer = rustybuzz::UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        let shaped = rustybuzz::shape(&self.shapes, &[], buffer);
        let units: f32 = shaped.glyph_positions().iter().map(|p| p.x_advance as f32).sum();
        units / self.shapes.units_per_em() as f32
    }

    /// Returns a character's advance in ems, none where the font lacks it.
    fn width(&mut self, c: char) -> Option<f32> {
        let chars = &self.chars;
        *self.widths.entry(c).or_insert_with(|| {
            let glyph = chars.charmap().map(c)?;
            chars.glyph_metrics(Size::new(1.0), LocationRef::default()).advance_width(glyph)
        })
    }
}

/// A stretch of one line in one font.
struct Run {
    face: usize,
    text: String,
    width: f32,
}

/// Makes a PDF from blocks. The same blocks give the same bytes.
pub(crate) fn render(title: &str, blocks: &[Block]) -> Vec<u8> {
    let mut faces = FONTS.map(Face::new);
    let mut pages: Vec<Vec<(f32, f32, Vec<Run>)>> = vec![Vec::new()];
    let mut y = MARGIN;
    for block in blocks {
        let (text, size, gap) = match block {
            Block::Heading(text) => (text, 15.0, 10.0),
            Block::Paragraph(text) => (text, 10.0, 6.0),
        };
        for line in text.lines() {
            for runs in break_line(&mut faces, line, size) {
                if y + size * 1.5 > PAGE_HEIGHT - MARGIN {
                    pages.push(Vec::new());
                    y = MARGIN;
                }
                y += size * 1.5;
                if let Some(page) = pages.last_mut() {
                    page.push((y, size, runs));
                }
            }
        }
        y += gap;
    }
    draw(title, &faces, &pages)
}

fn draw(title: &str, faces: &[Face; 4], pages: &[Vec<(f32, f32, Vec<Run>)>]) -> Vec<u8> {
    let mut document = Document::new();
    for lines in pages {
        let settings = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).expect("both sides are positive");
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for (y, size, runs) in lines {
            let from_right = runs.first().is_some_and(|run| run.face == ARABIC);
            let mut x = if from_right { PAGE_WIDTH - MARGIN } else { MARGIN };
            for run in runs {
                if from_right {
                    x -= run.width;
                }
                let direction = match run.face {
                    ARABIC => TextDirection::RightToLeft,
                    _ => TextDirection::LeftToRight,
                };
                surface.draw_text(
                    Point::from_xy(x, *y),
                    faces[run.face].font.clone(),
                    *size,
                    &run.text,
                    false,
                    direction,
                );
                if !from_right {
                    x += run.width;
                }
            }
        }
        surface.finish();
        page.finish();
    }
    document.set_metadata(Metadata::new().title(title.to_owned()));
    document.finish().expect("no validator is set and every glyph comes from the font it is drawn with")
}

/// Breaks one paragraph into lines that fit, and each line into runs.
fn break_line(faces: &mut [Face; 4], line: &str, size: f32) -> Vec<Vec<Run>> {
    let room = PAGE_WIDTH - 2.0 * MARGIN;
    let mut lines = Vec::new();
    let (mut current, mut width) = (String::new(), 0.0);
    for word in pieces(line) {
        let word_width: f32 = word.chars().filter_map(|c| advance(faces, c)).sum::<f32>() * size;
        if width + word_width > room && !current.is_empty() {
            lines.push(std::mem::take(&mut current));
            width = 0.0;
        }
        current.push_str(word);
        width += word_width;
    }
    lines.push(current);
    lines.iter().map(|l| runs(faces, l.trim(), size)).collect()
}

/// Cuts a paragraph where a line may end: behind a blank, behind a Chinese character, behind 40 characters without.
fn pieces(line: &str) -> Vec<&str> {
    let (mut out, mut start, mut length) = (Vec::new(), 0, 0);
    for (at, c) in line.char_indices() {
        length += 1;
        if c == ' ' || face_of(c) == HAN || length == 40 {
            let end = at + c.len_utf8();
            out.push(&line[start..end]);
            start = end;
            length = 0;
        }
    }
    out.push(&line[start..]);
    out
}

fn advance(faces: &mut [Face; 4], c: char) -> Option<f32> {
    faces[face_of(c)].width(c)
}

/// Cuts a line into runs of one font. Blanks and marks stay with what precedes them where that font has them;
/// characters that no font has are left out.
fn runs(faces: &mut [Face; 4], line: &str, size: f32) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for c in line.chars() {
        let own = face_of(c);
        let previous = runs.last().map(|run| run.face);
        let face = match previous {
            Some(face) if !c.is_alphanumeric() && faces[face].width(c).is_some() => face,
            _ => own,
        };
        let Some(width) = faces[face].width(c) else { continue };
        if previous != Some(face) {
            runs.push(Run { face, text: String::new(), width: 0.0 });
        }
        if let Some(run) = runs.last_mut() {
            run.text.push(c);
            run.width += width * size;
        }
    }
    for run in runs.iter_mut().filter(|run| run.face == ARABIC || run.face == DEVANAGARI) {
        run.width = faces[run.face].shaped_width(&run.text) * size;
    }
    runs
}

fn face_of(c: char) -> usize {
    match u32::from(c) {
        0x600..=0x6ff => ARABIC,
        0x900..=0x97f | 0x200c | 0x200d => DEVANAGARI,
        0x3000..=0x9fff | 0xff00..=0xffef => HAN,
        _ => LATIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::generate;

    #[test]
    fn fonts_cover_the_sample() {
        let mut faces = FONTS.map(Face::new);
        for applicant in generate(11, 300).applicants {
            // Emoji, invisible characters and decomposed marks of the odd ones are left out on purpose.
            if applicant.oddity.is_some() {
                continue;
            }
            let texts = [&applicant.name, &applicant.organisation, &applicant.city]
                .into_iter()
                .chain(&applicant.answers);
            for c in texts.flat_map(|t| t.chars()).filter(|c| *c != '\n') {
                assert!(advance(&mut faces, c).is_some(), "{c:?} U+{:04X}", u32::from(c));
            }
        }
    }

    #[test]
    fn odd_text_is_set_without_harm() {
        let odd = [
            "",
            "\u{202e}abc\u{200b}",
            "👩🏽‍⚖️",
            "e\u{301}",
            "مرحبا 2019 world",
            &"字".repeat(3_000),
            &"x".repeat(9_000),
        ];
        for text in odd {
            let pdf = render("odd", &[Block::Heading(text.to_owned()), Block::Paragraph(text.to_owned())]);
            assert!(pdf.starts_with(b"%PDF-"));
        }
    }
}
