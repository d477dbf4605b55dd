//! The fonts of the PDF, and lines of text in them: which font has a character, how wide a text is, in which order its
//! runs stand (Unicode's bidirectional algorithm), where a paragraph breaks. Not pages.

use std::collections::{BTreeMap, BTreeSet};

use krilla::geom::Point;
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};
use skrifa::{FontRef, MetadataProvider};
use unicode_bidi::{BidiInfo, Level};
use unicode_segmentation::UnicodeSegmentation;

use crate::ReportError;
use crate::text::code;

const FILES: [&[u8]; 5] = [
    include_bytes!("../../fonts/NotoSans-report.ttf"),
    include_bytes!("../../fonts/NotoSansArabic-report.ttf"),
    include_bytes!("../../fonts/NotoSansHebrew-report.ttf"),
    include_bytes!("../../fonts/NotoSansDevanagari-report.ttf"),
    include_bytes!("../../fonts/NotoSansSC-report.ttf"),
];

/// One font.
struct Face {
    font: Font,
    chars: FontRef<'static>,
    shapes: rustybuzz::Face<'static>,
}

/// All fonts, and what they were asked for in vain.
pub(super) struct Faces {
    faces: Vec<Face>,
    widths: BTreeMap<(usize, bool, String), f32>,
    /// Characters that no font has.
    pub(super) missing: BTreeSet<char>,
}

/// A stretch of a line in one font and one direction.
struct Run<'a> {
    face: usize,
    right_to_left: bool,
    text: &'a str,
}

impl Faces {
    pub(super) fn new() -> Result<Self, ReportError> {
        let face = |data: &&'static [u8]| {
            let font = Font::new((*data).into(), 0)?;
            let chars = FontRef::new(data).ok()?;
            let shapes = rustybuzz::Face::from_slice(data, 0)?;
            Some(Face { font, chars, shapes })
        };
        let faces = FILES.iter().map(face).collect::<Option<Vec<_>>>().ok_or(ReportError::Font)?;
        Ok(Self { faces, widths: BTreeMap::new(), missing: BTreeSet::new() })
    }

    /// Replaces characters that no font has by their codes, and remembers them. What is never seen is left out.
    pub(super) fn readable(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if self.face_of(c).is_some() {
                out.push(c);
            } else if !matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
            {
                self.missing.insert(c);
                out.push_str(&code(c));
            }
        }
        out
    }

    /// Returns the width of one line of readable text.
    pub(super) fn width(&mut self, text: &str, size: f32) -> f32 {
        let runs = self.runs(text);
        runs.iter().map(|run| self.run_width(run)).sum::<f32>() * size
    }

    /// Draws one line of readable text from its left end, on its base line.
    pub(super) fn draw(&mut self, surface: &mut Surface<'_>, text: &str, (x, y): (f32, f32), size: f32) {
        let mut x = x;
        for run in self.runs(text) {
            let direction =
                if run.right_to_left { TextDirection::RightToLeft } else { TextDirection::LeftToRight };
            let font = self.faces[run.face].font.clone();
            surface.draw_text(Point::from_xy(x, y), font, size, run.text, false, direction);
            x += self.run_width(&run) * size;
        }
    }

    /// Breaks readable text into lines of at most this width: behind blanks and Chinese characters, else anywhere between
    /// what is read as one character.
    pub(super) fn lines(&mut self, text: &str, size: f32, room: f32) -> Vec<String> {
        let (mut lines, mut line, mut taken) = (Vec::new(), String::new(), 0.0_f32);
        for piece in pieces(text) {
            let width = self.width(piece.trim_end(), size);
            if taken + width <= room {
                line.push_str(piece);
                taken += self.width(piece, size);
                continue;
            }
            if !line.trim_end().is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.clear();
            taken = 0.0;
            for cluster in piece.graphemes(true) {
                let width = self.width(cluster, size);
                if taken + width > room && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    taken = 0.0;
                }
                line.push_str(cluster);
                taken += width;
            }
        }
        lines.push(line);
        lines.iter().map(|line| line.trim_end().to_owned()).collect()
    }

    fn face_of(&self, c: char) -> Option<usize> {
        self.faces.iter().position(|face| face.chars.charmap().map(c).is_some())
    }

    /// Cuts a line into runs, in the order in which they stand from left to right.
    fn runs<'a>(&self, text: &'a str) -> Vec<Run<'a>> {
        let bidi = BidiInfo::new(text, Some(Level::ltr()));
        let mut runs = Vec::new();
        for paragraph in &bidi.paragraphs {
            let (levels, visual) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for range in visual {
                let right_to_left = levels.get(range.start).is_some_and(Level::is_rtl);
                let mut parts = self.by_face(&text[range], right_to_left);
                if right_to_left {
                    parts.reverse();
                }
                runs.extend(parts);
            }
        }
        runs
    }

    /// Cuts a text by font; what is neither letter nor digit stays with what precedes it where that font has it.
    fn by_face<'a>(&self, text: &'a str, right_to_left: bool) -> Vec<Run<'a>> {
        let mut runs: Vec<Run<'a>> = Vec::new();
        let mut start = 0;
        let mut last: Option<usize> = None;
        for (at, c) in text.char_indices() {
            let has = |face: &usize| self.faces[*face].chars.charmap().map(c).is_some();
            let stays = last.filter(has).filter(|_| !c.is_alphanumeric());
            let Some(face) = stays.or_else(|| self.face_of(c)) else { continue };
            if let Some(before) = last.filter(|before| *before != face) {
                runs.push(Run { face: before, right_to_left, text: &text[start..at] });
                start = at;
            }
            last = Some(face);
        }
        if let Some(face) = last {
            runs.push(Run { face, right_to_left, text: &text[start..] });
        }
        runs
    }

    /// Returns the width of a run in ems, as it is shaped.
    fn run_width(&mut self, run: &Run<'_>) -> f32 {
        let key = (run.face, run.right_to_left, run.text.to_owned());
        if let Some(width) = self.widths.get(&key) {
            return *width;
        }
        let shapes = &self.faces[run.face].shapes;
        let mut buffer = rustybuzz::UnicodeBuffer::new();
        buffer.push_str(run.text);
        buffer.guess_segment_properties();
        buffer.set_direction(if run.right_to_left {
            rustybuzz::Direction::RightToLeft
        } else {
            rustybuzz::Direction::LeftToRight
        });
        let shaped = rustybuzz::shape(shapes, &[], buffer);
        let units: i64 = shaped.glyph_positions().iter().map(|place| i64::from(place.x_advance)).sum();
        #[expect(clippy::cast_precision_loss, reason = "units of a line of text")]
        let width = units as f32 / shapes.units_per_em() as f32;
        self.widths.insert(key, width);
        width
    }
}

/// Cuts a text behind blanks and around Chinese characters.
fn pieces(text: &str) -> Vec<&str> {
    let (mut out, mut start) = (Vec::new(), 0);
    let mut cut = |to: usize| {
        if to > start {
            out.push(&text[start..to]);
            start = to;
        }
    };
    for (at, c) in text.char_indices() {
        let han = matches!(u32::from(c), 0x3000..=0x9fff | 0xff00..=0xffef);
        if han {
            cut(at);
        }
        if han || c == ' ' {
            cut(at + c.len_utf8());
        }
    }
    cut(text.len());
    out
}
