//! The fonts of the PDF, and lines of text in them: which font has a character, how wide a text is, in which order its
//! runs stand (Unicode's bidirectional algorithm), where a paragraph breaks. Not pages.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

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

/// One line of text as it is set: its runs from left to right.
#[derive(Clone, Default)]
pub(super) struct Line {
    runs: Vec<Run>,
    /// In ems.
    width: f32,
    /// Whether its paragraph is read from right to left.
    pub(super) right_to_left: bool,
}

/// A stretch of a line in one font and one direction.
#[derive(Clone)]
struct Run {
    face: usize,
    right_to_left: bool,
    text: String,
}

impl Line {
    /// How wide it is in letters of this size.
    pub(super) fn width(&self, size: f32) -> f32 {
        self.width * size
    }
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

    /// Sets readable text as one line, in its own direction.
    pub(super) fn line(&mut self, text: &str) -> Line {
        self.set(&BidiInfo::new(text, None), 0..text.len())
    }

    /// Returns the width of one line of readable text.
    pub(super) fn width(&mut self, text: &str, size: f32) -> f32 {
        self.line(text).width(size)
    }

    /// Draws one line from its left end, on its base line.
    pub(super) fn draw(&mut self, surface: &mut Surface<'_>, line: &Line, (x, y): (f32, f32), size: f32) {
        let mut x = x;
        for run in &line.runs {
            let direction =
                if run.right_to_left { TextDirection::RightToLeft } else { TextDirection::LeftToRight };
            let font = self.faces[run.face].font.clone();
            surface.draw_text(Point::from_xy(x, y), font, size, &run.text, false, direction);
            x += self.run_width(run) * size;
        }
    }

    /// Breaks a paragraph of readable text into lines of at most this width. The paragraph has one direction, and the order
    /// within each line follows from the whole of it.
    pub(super) fn lines(&mut self, text: &str, size: f32, room: f32) -> Vec<Line> {
        let places = self.breaks(text, size, room);
        let bidi = BidiInfo::new(text, None);
        places.into_iter().map(|place| self.set(&bidi, place)).collect()
    }

    /// Finds where a paragraph breaks: behind blanks and around Chinese characters, else anywhere between what is read as one
    /// character. Blanks at the end of a line are left out.
    fn breaks(&mut self, text: &str, size: f32, room: f32) -> Vec<Range<usize>> {
        let (mut places, mut start, mut at, mut taken) = (Vec::new(), 0, 0, 0.0_f32);
        for piece in pieces(text) {
            let width = self.width(piece.trim_end(), size);
            if taken + width > room {
                if !text[start..at].trim_end().is_empty() {
                    places.push(start..at);
                }
                (start, taken) = (at, 0.0);
            }
            if width <= room {
                at += piece.len();
                taken += self.width(piece, size);
                continue;
            }
            for cluster in piece.graphemes(true) {
                let width = self.width(cluster, size);
                if taken + width > room && at > start {
                    places.push(start..at);
                    (start, taken) = (at, 0.0);
                }
                at += cluster.len();
                taken += width;
            }
        }
        places.push(start..at);
        places.into_iter().map(|place| place.start..place.start + text[place].trim_end().len()).collect()
    }

    fn face_of(&self, c: char) -> Option<usize> {
        self.faces.iter().position(|face| face.chars.charmap().map(c).is_some())
    }

    /// Sets a part of a paragraph as a line: its runs in the order in which they stand from left to right.
    fn set(&mut self, bidi: &BidiInfo<'_>, place: Range<usize>) -> Line {
        let Some(paragraph) = bidi.paragraphs.first() else { return Line::default() };
        let mut line = Line { right_to_left: paragraph.level.is_rtl(), ..Line::default() };
        if place.is_empty() {
            return line;
        }
        let (levels, visual) = bidi.visual_runs(paragraph, place);
        for range in visual {
            let right_to_left = levels.get(range.start).is_some_and(Level::is_rtl);
            let mut parts = self.by_face(&bidi.text[range], right_to_left);
            if right_to_left {
                parts.reverse();
            }
            line.runs.extend(parts);
        }
        line.width = line.runs.iter().map(|run| self.run_width(run)).sum();
        line
    }

    /// Cuts a text by font; what is neither letter nor digit stays with what precedes it where that font has it.
    fn by_face(&self, text: &str, right_to_left: bool) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut start = 0;
        let mut last: Option<usize> = None;
        for (at, c) in text.char_indices() {
            let has = |face: &usize| self.faces[*face].chars.charmap().map(c).is_some();
            let stays = last.filter(has).filter(|_| !c.is_alphanumeric());
            let Some(face) = stays.or_else(|| self.face_of(c)) else { continue };
            if let Some(before) = last.filter(|before| *before != face) {
                runs.push(Run { face: before, right_to_left, text: text[start..at].to_owned() });
                start = at;
            }
            last = Some(face);
        }
        if let Some(face) = last {
            runs.push(Run { face, right_to_left, text: text[start..].to_owned() });
        }
        runs
    }

    /// Returns the width of a run in ems, as it is shaped.
    fn run_width(&mut self, run: &Run) -> f32 {
        let key = (run.face, run.right_to_left, run.text.clone());
        if let Some(width) = self.widths.get(&key) {
            return *width;
        }
        let shapes = &self.faces[run.face].shapes;
        let mut buffer = rustybuzz::UnicodeBuffer::new();
        buffer.push_str(&run.text);
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

/// Cuts a text behind blanks and around Chinese characters; what closes stays with what stands before it, and what opens with
/// what follows.
fn pieces(text: &str) -> Vec<&str> {
    let (mut out, mut start) = (Vec::new(), 0);
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        let parts =
            |before: char| before == ' ' || ((is_han(before) || is_han(c)) && !closes(c) && !opens(before));
        if before.is_some_and(parts) {
            out.push(&text[start..at]);
            start = at;
        }
        before = Some(c);
    }
    if start < text.len() {
        out.push(&text[start..]);
    }
    out
}

fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x3000..=0x9fff | 0xff00..=0xffef)
}

/// True for what no line of Chinese begins with.
fn closes(c: char) -> bool {
    "、。，．！？；：）］｝」』】〉》〕…—·”’,.!?;:)]}%".contains(c)
}

/// True for what no line of Chinese ends with.
fn opens(c: char) -> bool {
    "（［｛「『【〈《〔“‘([{".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faces() -> Faces {
        Faces::new().unwrap()
    }

    fn texts(line: &Line) -> Vec<&str> {
        line.runs.iter().map(|run| run.text.as_str()).collect()
    }

    #[test]
    fn a_paragraph_has_the_direction_of_its_first_letter() {
        let mut faces = faces();
        for (text, right_to_left) in
            [("Anna", false), ("محمد", true), ("1 דוד", true), ("王", false), ("12", false)]
        {
            assert_eq!(faces.line(text).right_to_left, right_to_left, "{text}");
        }
        // From right to left the Latin word stands to the left of what precedes it.
        let line = faces.line("كتب Anna رسالة");
        let order = texts(&line);
        let at = |word: &str| order.iter().position(|text| text.contains(word)).unwrap();
        assert!(at("رسالة") < at("Anna") && at("Anna") < at("كتب"), "{order:?}");
    }

    #[test]
    fn lines_are_as_wide_as_there_is_room_and_lose_no_letter() {
        let mut faces = faces();
        let long = "x".repeat(300);
        for text in [
            "one two three four five six seven eight nine ten",
            "王小明在山上写了一封很长很长的信。",
            "هذا نص طويل جدا لا يتسع في سطر واحد",
            &long,
        ] {
            let lines = faces.lines(text, 10.0, 60.0);
            assert!(lines.len() > 1, "{text}");
            assert!(lines.iter().all(|line| line.width(10.0) <= 60.5), "{text}");
            let letters = |text: &str| {
                let mut letters: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
                letters.sort_unstable();
                letters
            };
            let set: String = lines.iter().flat_map(texts).collect();
            assert_eq!(letters(&set), letters(text));
        }
    }

    #[test]
    fn no_line_of_chinese_begins_with_what_closes_or_ends_with_what_opens() {
        assert_eq!(pieces("他说：「好。」走了"), ["他", "说：", "「好。」", "走", "了"]);
        assert_eq!(pieces("one two"), ["one ", "two"]);
        assert_eq!(pieces("共 3 人"), ["共", " ", "3 ", "人"]);
    }
}
