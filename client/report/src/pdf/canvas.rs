//! A page of the PDF as a canvas of plotters. Not pages.

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Rect};
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::faces::Faces;

/// A part of a page.
pub(super) struct Canvas<'a, 'b> {
    pub(super) surface: &'a mut Surface<'b>,
    pub(super) faces: &'a mut Faces,
    /// Where its upper left corner is, in points.
    pub(super) corner: (f32, f32),
    /// Its size in the chart's unit.
    pub(super) size: (u32, u32),
    /// Points of one unit.
    pub(super) scale: f32,
}

/// Nothing on a page can fail.
#[derive(Debug, thiserror::Error)]
pub(super) enum Never {}

type Drawn = Result<(), DrawingErrorKind<Never>>;

impl Canvas<'_, '_> {
    #[expect(clippy::cast_precision_loss, reason = "places on a page")]
    fn place(&self, (x, y): BackendCoord) -> (f32, f32) {
        (self.corner.0 + x as f32 * self.scale, self.corner.1 + y as f32 * self.scale)
    }

    fn path(&mut self, places: impl IntoIterator<Item = BackendCoord>, closed: bool) {
        let mut path = PathBuilder::new();
        for (at, place) in places.into_iter().enumerate() {
            let (x, y) = self.place(place);
            if at == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        if closed {
            path.close();
        }
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    fn filled(&mut self, color: BackendColor) {
        let opacity = opacity(color);
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill { paint: paint(color).into(), opacity, ..Fill::default() }));
    }

    fn drawn<S: BackendStyle>(&mut self, style: &S) {
        #[expect(clippy::cast_precision_loss, reason = "the width of a line")]
        let width = style.stroke_width() as f32 * self.scale;
        let (paint, opacity) = (paint(style.color()).into(), opacity(style.color()));
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke { paint, width, opacity, ..Stroke::default() }));
    }
}

fn paint(color: BackendColor) -> rgb::Color {
    let (red, green, blue) = color.rgb;
    rgb::Color::new(red, green, blue)
}

fn opacity(color: BackendColor) -> NormalizedF32 {
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
    let alpha = color.alpha as f32;
    NormalizedF32::new(alpha).unwrap_or(NormalizedF32::ONE)
}

impl DrawingBackend for Canvas<'_, '_> {
    type ErrorType = Never;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.filled(color);
        let (x, y) = self.place(point);
        if let Some(rect) = Rect::from_xywh(x, y, self.scale, self.scale) {
            let mut path = PathBuilder::new();
            path.push_rect(rect);
            path.finish().iter().for_each(|path| self.surface.draw_path(path));
        }
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let ((left, top), (right, bottom)) = (upper_left, bottom_right);
        if fill {
            self.filled(style.color());
        } else {
            self.drawn(style);
        }
        self.path([(left, top), (right, top), (right, bottom), (left, bottom)], true);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.drawn(style);
        self.path(path, false);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        /// Where the handles of a quarter of a circle are.
        const HANDLE: f32 = 0.552_284_8;
        let (x, y) = self.place(center);
        #[expect(clippy::cast_precision_loss, reason = "the size of a dot")]
        let r = radius as f32 * self.scale;
        let h = r * HANDLE;
        let mut path = PathBuilder::new();
        path.move_to(x + r, y);
        path.cubic_to(x + r, y + h, x + h, y + r, x, y + r);
        path.cubic_to(x - h, y + r, x - r, y + h, x - r, y);
        path.cubic_to(x - r, y - h, x - h, y - r, x, y - r);
        path.cubic_to(x + h, y - r, x + r, y - h, x + r, y);
        path.close();
        if fill {
            self.filled(style.color());
        } else {
            self.drawn(style);
        }
        path.finish().iter().for_each(|path| self.surface.draw_path(path));
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Drawn {
        self.filled(style.color());
        self.path(vert, true);
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, pos: BackendCoord) -> Drawn {
        // As plotters' own SVG has it: its unit is 1.24 times the height of an em.
        #[expect(clippy::cast_possible_truncation, reason = "the size of letters")]
        let size = (style.size() / 1.24) as f32 * self.scale;
        let (x, y) = self.place(pos);
        let line = self.faces.line(text);
        let width = line.width(size);
        let anchor = style.anchor();
        let x = match anchor.h_pos {
            HPos::Left => x,
            HPos::Center => x - width / 2.0,
            HPos::Right => x - width,
        };
        let y = match anchor.v_pos {
            VPos::Top => y + size * 0.76,
            VPos::Center => y + size * 0.27,
            VPos::Bottom => y - size * 0.27,
        };
        self.filled(style.color());
        self.faces.draw(self.surface, &line, (x, y), size);
        Ok(())
    }
}
