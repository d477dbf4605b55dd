//! A report as a PDF: pages with real text, bookmarks and page numbers. Not what it says.

mod canvas;
mod faces;

use krilla::Document as Pdf;
use krilla::color::rgb;
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;

use crate::ReportError;
use crate::chart::{draw, size};
use crate::document::{Chart, Document, Figure, Section, Table};

use self::canvas::Canvas;
use self::faces::Faces;

/// A4, in points.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 56.0;
const ROOM: f32 = PAGE.0 - 2.0 * MARGIN;
const BOTTOM: f32 = PAGE.1 - MARGIN;
/// Points of one unit of a chart.
const SCALE: f32 = 0.5;
const GAP: f32 = 14.0;
/// Most characters that are listed one by one.
const MISSING: usize = 60;

/// What stands somewhere on a page.
enum Item {
    /// A line of text from its left end, on its base line.
    Text { x: f32, y: f32, size: f32, text: String },
    /// A thin line across.
    Rule { x: f32, y: f32, width: f32, height: f32 },
    /// A chart from its upper left corner.
    Chart { y: f32, chart: Chart },
}

/// Pages as they fill up.
struct Layout {
    faces: Faces,
    pages: Vec<Vec<Item>>,
    y: f32,
    marks: Vec<(String, usize, f32)>,
}

/// Writes the whole. The same document gives the same bytes.
pub(crate) fn write(document: &Document) -> Result<Vec<u8>, ReportError> {
    let mut layout = Layout { faces: Faces::new()?, pages: vec![Vec::new()], y: MARGIN, marks: Vec::new() };
    layout.paragraph(&document.title, 20.0);
    layout.paragraph(&document.subtitle, 9.0);
    for section in &document.sections {
        layout.section(section);
    }
    layout.missing();
    let title = layout.faces.readable(&document.title);
    layout.finish(&title)
}

impl Layout {
    fn section(&mut self, section: &Section) {
        self.y += GAP;
        // A title does not stand alone at the foot of a page: what follows it goes with it.
        let first = section.figures.first();
        let chart = first.and_then(|figure| figure.chart.as_ref()).map_or(60.0, height);
        let texts = section.text.iter().chain(first.map(|figure| &figure.says));
        let lines: usize = texts.map(|text| 1 + text.chars().count() / 90).sum();
        #[expect(clippy::cast_precision_loss, reason = "lines of one page")]
        let together = 50.0 + chart + lines as f32 * 18.0;
        self.need(if together < BOTTOM - MARGIN { together } else { 140.0 });
        self.marks.push((section.title.to_owned(), self.pages.len() - 1, self.y));
        self.paragraph(section.title, 15.0);
        for text in &section.text {
            self.paragraph(text, 10.0);
        }
        for figure in &section.figures {
            self.figure(figure);
        }
    }

    fn figure(&mut self, figure: &Figure) {
        self.y += GAP / 2.0;
        let says = self.faces.readable(&figure.says);
        let lines = self.faces.lines(&says, 10.0, ROOM);
        let height = figure.chart.as_ref().map_or(60.0, height);
        let text: f32 = lines.iter().map(|_| 14.0).sum();
        self.need(text + height + GAP);
        self.set(lines, 10.0);
        if let Some(chart) = &figure.chart {
            self.y += 4.0;
            let chart = self.readable(chart);
            let y = self.y;
            self.put(Item::Chart { y, chart });
            self.y += height + GAP / 2.0;
        }
        self.table(&figure.table);
    }

    /// Sets a paragraph over as many pages as it takes.
    fn paragraph(&mut self, text: &str, size: f32) {
        let text = self.faces.readable(text);
        let lines = self.faces.lines(&text, size, ROOM);
        self.set(lines, size);
        self.y += size * 0.4;
    }

    fn set(&mut self, lines: Vec<String>, size: f32) {
        for text in lines {
            self.need(size * 1.4);
            self.y += size * 1.4;
            let y = self.y - size * 0.35;
            self.put(Item::Text { x: MARGIN, y, size, text });
        }
    }

    fn table(&mut self, table: &Table) {
        const SIZE: f32 = 9.0;
        const LINE: f32 = 12.0;
        const WHOLE: f32 = 280.0;
        let widths = self.widths(table, SIZE);
        let rows: Vec<Vec<Vec<String>>> = table
            .rows
            .iter()
            .map(|row| {
                let cells = row.iter().zip(&widths);
                cells.map(|(cell, width)| self.broken(cell, SIZE, width - 12.0)).collect()
            })
            .collect();
        let titles: Vec<Vec<String>> = table
            .columns
            .iter()
            .zip(&widths)
            .map(|(column, width)| self.broken(column.title, SIZE, width - 12.0))
            .collect();
        let lines: usize = rows.iter().map(|row| row.iter().map(Vec::len).max().unwrap_or(1)).sum();
        #[expect(clippy::cast_precision_loss, reason = "lines of one table")]
        let height = lines as f32 * LINE + (rows.len() as f32 + 4.0) * 3.0 + 3.0 * LINE;
        // What is short stands together.
        self.need(if height < WHOLE { height } else { 6.0 * LINE });
        self.paragraph(&table.caption, SIZE);
        self.row(table, &titles, &widths, (SIZE, LINE), 1.0);
        for row in &rows {
            let lines = row.iter().map(Vec::len).max().unwrap_or(1);
            #[expect(clippy::cast_precision_loss, reason = "lines of one cell")]
            let height = lines as f32 * LINE + 3.0;
            if self.y + height > BOTTOM {
                self.turn();
                self.row(table, &titles, &widths, (SIZE, LINE), 1.0);
            }
            self.row(table, row, &widths, (SIZE, LINE), 0.4);
        }
        self.y += 4.0;
        if let Some(more) = table.more() {
            self.paragraph(&more, SIZE);
        }
    }

    /// Sets one row with a line below it.
    fn row(&mut self, table: &Table, cells: &[Vec<String>], widths: &[f32], letters: (f32, f32), rule: f32) {
        let (size, line) = letters;
        let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
        let mut x = MARGIN;
        for ((cell, width), column) in cells.iter().zip(widths).zip(&table.columns) {
            let mut y = self.y + line - 3.0;
            for text in cell {
                let own = self.faces.width(text, size);
                let left = if column.number { x + width - 10.0 - own } else { x };
                self.put(Item::Text { x: left, y, size, text: text.clone() });
                y += line;
            }
            x += width;
        }
        #[expect(clippy::cast_precision_loss, reason = "lines of one row")]
        let height = lines as f32 * line + 3.0;
        self.y += height;
        let y = self.y - 1.0;
        self.put(Item::Rule { x: MARGIN, y, width: widths.iter().sum(), height: rule });
    }

    fn broken(&mut self, text: &str, size: f32, room: f32) -> Vec<String> {
        let text = self.faces.readable(text);
        self.faces.lines(&text, size, room)
    }

    /// Finds how wide columns are: as their cells need, and where that is too much, words give way to numbers.
    fn widths(&mut self, table: &Table, size: f32) -> Vec<f32> {
        let mut widths = Vec::with_capacity(table.columns.len());
        for (at, column) in table.columns.iter().enumerate() {
            let mut widest =
                self.faces.width(column.title, size).min(if column.number { 60.0 } else { 200.0 });
            for row in &table.rows {
                let cell = row.get(at).map_or("", String::as_str);
                let cell = self.faces.readable(cell);
                widest = widest.max(self.faces.width(&cell, size));
            }
            widths.push(widest + 16.0);
        }
        let total: f32 = widths.iter().sum();
        if total <= ROOM {
            return widths;
        }
        let numbers: f32 = widths.iter().zip(&table.columns).filter(|(_, c)| c.number).map(|(w, _)| *w).sum();
        let words = total - numbers;
        let left = (ROOM - numbers).max(0.3 * ROOM);
        let all = |width: f32, column: &crate::document::Column| {
            let numbers_room = ROOM - left;
            if column.number { width * (numbers_room / numbers).min(1.0) } else { width * left / words }
        };
        widths.iter().zip(&table.columns).map(|(width, column)| all(*width, column)).collect()
    }

    fn readable(&mut self, chart: &Chart) -> Chart {
        let mut chart = chart.clone();
        match &mut chart {
            Chart::Columns(columns) => {
                columns.bars.iter_mut().for_each(|(name, _)| *name = self.faces.readable(name));
            }
            Chart::Lines(lines) => {
                lines.lines.iter_mut().for_each(|line| line.name = self.faces.readable(&line.name));
            }
        }
        chart
    }

    /// Says which characters could not be set.
    fn missing(&mut self) {
        if self.faces.missing.is_empty() {
            return;
        }
        let missing = std::mem::take(&mut self.faces.missing);
        let mut codes: Vec<String> =
            missing.iter().take(MISSING).map(|c| format!("U+{:04X}", u32::from(*c))).collect();
        if missing.len() > MISSING {
            codes.push(format!("and {} more", missing.len() - MISSING));
        }
        self.y += GAP;
        self.need(80.0);
        let title = "Characters that this document cannot show";
        self.marks.push((title.to_owned(), self.pages.len() - 1, self.y));
        self.paragraph(title, 15.0);
        self.paragraph(
            "Some names hold characters for which this document has no letters. They stand as their codes in square \
             brackets; the HTML form of the same report shows them with the reader's own fonts.",
            10.0,
        );
        self.paragraph(&codes.join(", "), 10.0);
    }

    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > MARGIN {
            self.turn();
        }
    }

    fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
    }

    fn put(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }

    fn finish(mut self, title: &str) -> Result<Vec<u8>, ReportError> {
        let mut pdf = Pdf::new();
        let count = self.pages.len();
        for (items, number) in std::mem::take(&mut self.pages).into_iter().zip(1..) {
            let settings = PageSettings::from_wh(PAGE.0, PAGE.1)
                .ok_or_else(|| ReportError::Pdf("a page without size".to_owned()))?;
            let mut page = pdf.start_page_with(settings);
            let mut surface = page.surface();
            for item in items {
                self.draw(&mut surface, item)?;
            }
            let foot = format!("{number} / {count}");
            let x = PAGE.0 - MARGIN - self.faces.width(&foot, 9.0);
            ink(&mut surface);
            self.faces.draw(&mut surface, &foot, (x, PAGE.1 - 28.0), 9.0);
            surface.finish();
            page.finish();
        }
        let mut outline = Outline::new();
        for (text, page, y) in self.marks {
            outline.push_child(OutlineNode::new(text, XyzDestination::new(page, Point::from_xy(MARGIN, y))));
        }
        pdf.set_outline(outline);
        pdf.set_metadata(Metadata::new().title(title.to_owned()).language("en".to_owned()));
        pdf.finish().map_err(|error| ReportError::Pdf(format!("{error:?}")))
    }

    fn draw(&mut self, surface: &mut Surface<'_>, item: Item) -> Result<(), ReportError> {
        match item {
            Item::Text { x, y, size, text } => {
                ink(surface);
                self.faces.draw(surface, &text, (x, y), size);
            }
            Item::Rule { x, y, width, height } => {
                let mut path = PathBuilder::new();
                if let Some(rect) = Rect::from_xywh(x, y, width, height) {
                    path.push_rect(rect);
                }
                ink(surface);
                path.finish().iter().for_each(|path| surface.draw_path(path));
            }
            Item::Chart { y, chart } => {
                let canvas = Canvas {
                    surface,
                    faces: &mut self.faces,
                    corner: (MARGIN, y),
                    size: size(&chart),
                    scale: SCALE,
                };
                draw(&chart, canvas)?;
            }
        }
        Ok(())
    }
}

fn ink(surface: &mut Surface<'_>) {
    surface.set_stroke(None);
    surface.set_fill(Some(Fill { paint: rgb::Color::new(26, 26, 26).into(), ..Fill::default() }));
}

fn height(chart: &Chart) -> f32 {
    let (_, height) = size(chart);
    #[expect(clippy::cast_precision_loss, reason = "the height of a chart")]
    let height = height as f32;
    height * SCALE
}
