//! The text of a page of a PDF, for screen readers and search: glyphs in the order in which the page draws them, with a
//! break where the next stands on another line, and a space where it stands apart.

use hayro::hayro_interpret::font::{Glyph, GlyphRun};
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::util::TransformExt as _;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{BezPath, Point, Rect};

/// Reads the text of a page, at most so many characters.
pub(super) fn of(page: &Page<'_>, pdf: &Pdf, most: usize) -> String {
    let mut listener = Listener { text: String::new(), left: most, end: None };
    let (width, height) = page.render_dimensions();
    let whole = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let cache = InterpreterCache::new();
    let initial = page.initial_transform(true).to_kurbo();
    let mut context = Context::new(initial, whole, &cache, pdf.xref(), InterpreterSettings::default());
    interpret_page(page, &mut context, &mut listener);
    listener.text.trim().to_owned()
}

/// Hears what a page draws.
struct Listener {
    text: String,
    left: usize,
    /// Where the last glyph ended, and how high its line is.
    end: Option<(Point, f64)>,
}

impl Listener {
    fn hear(&mut self, start: Point, end: Point, height: f64, glyph: &str) {
        if let Some((before, line)) = self.end {
            let (right, down) = (start.x - before.x, (start.y - before.y).abs());
            if down > 0.5 * line.max(height) {
                self.push("\n");
            } else if right.abs() > 0.2 * height && !self.text.ends_with([' ', '\n']) && glyph != " " {
                self.push(" ");
            }
        }
        self.push(glyph);
        self.end = Some((end, height));
    }

    fn push(&mut self, text: &str) {
        for c in text.chars().filter(|c| *c == '\n' || !c.is_control()) {
            if self.left > 0 {
                self.left -= 1;
                self.text.push(c);
            }
        }
    }
}

impl<'a> Device<'a> for Listener {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            let text = match glyph.as_unicode() {
                Some(BfString::Char(c)) => c.to_string(),
                Some(BfString::String(text)) => text,
                None => continue,
            };
            // Glyph space is a thousandth of text space.
            let place = props.transform * glyph.transform();
            let advance = match &**glyph {
                Glyph::Outline(outline) => outline.advance_width(),
                Glyph::Type3(drawn) => drawn.advance_width(),
            };
            let width = f64::from(advance.unwrap_or(500.0));
            let (start, end) = (place * Point::ORIGIN, place * Point::new(width, 0.0));
            let height = (place * Point::new(0.0, 1000.0)).distance(start);
            if height.is_finite() && end.x.is_finite() {
                self.hear(start, end, height, &text);
            }
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
