//! A document as a PDF: pages with real text, bookmarks and page numbers. Not what it says.

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
use crate::document::{Block, Chart, Document, Figure, Frame, Section, Table};

use self::canvas::Canvas;
use self::faces::{Faces, Line};

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
    /// A line of text from its left end, on its base line; soft where it only introduces.
    Text { x: f32, y: f32, size: f32, line: Line, soft: bool },
    /// A thin line across.
    Rule { x: f32, y: f32, width: f32, height: f32 },
    /// A chart from its upper left corner.
    Chart { y: f32, chart: Chart },
}

/// Pages as they fill up.
struct Layout {
    faces: Faces,
    frame: Frame,
    pages: Vec<Vec<Item>>,
    y: f32,
    marks: Vec<Mark>,
}

/// A bookmark.
struct Mark {
    text: String,
    page: usize,
    y: f32,
    /// Whether it belongs below the one before it that does not.
    below: bool,
}

/// Writes the whole. The same document gives the same bytes.
pub(crate) fn write(document: &Document) -> Result<Vec<u8>, ReportError> {
    let mut layout = Layout {
        faces: Faces::new()?,
        frame: document.frame.clone(),
        pages: vec![Vec::new()],
        y: MARGIN,
        marks: Vec::new(),
    };
    layout.paragraph(&document.title, 20.0);
    layout.paragraph(&document.subtitle, 9.0);
    for (at, section) in document.sections.iter().enumerate() {
        if at > 0 && !section.blocks.is_empty() {
            layout.turn();
        }
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
        self.mark(&section.title, false);
        self.paragraph(&section.title, 15.0);
        for text in &section.text {
            self.paragraph(text, 10.0);
        }
        for figure in &section.figures {
            self.figure(figure);
        }
        for block in &section.blocks {
            self.block(block);
        }
    }

    fn mark(&mut self, text: &str, below: bool) {
        self.marks.push(Mark { text: text.to_owned(), page: self.pages.len() - 1, y: self.y, below });
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Title(text) => {
                self.y += GAP;
                self.need(90.0);
                self.mark(text, true);
                self.paragraph(text, 12.5);
            }
            Block::Asked(text) => {
                self.y += 4.0;
                let text = self.faces.readable(text);
                let lines = self.faces.lines(&text, 9.0, ROOM);
                // What was asked does not stand alone at the foot of a page.
                #[expect(clippy::cast_precision_loss, reason = "lines of one question")]
                let height = lines.len() as f32 * 12.6 + 30.0;
                self.need(height.min(BOTTOM - MARGIN));
                self.set(lines, 9.0, true);
                self.y += 2.0;
            }
            Block::Written(paragraphs) => paragraphs.iter().for_each(|text| self.paragraph(text, 10.0)),
            Block::Table(table) => self.table(table),
        }
    }

    fn figure(&mut self, figure: &Figure) {
        self.y += GAP / 2.0;
        let says = self.faces.readable(&figure.says);
        let lines = self.faces.lines(&says, 10.0, ROOM);
        let height = figure.chart.as_ref().map_or(60.0, height);
        let text: f32 = lines.iter().map(|_| 14.0).sum();
        self.need(text + height + GAP);
        self.set(lines, 10.0, false);
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
        self.set(lines, size, false);
        self.y += size * 0.4;
    }

    /// Sets lines below one another, each from the side where its paragraph begins.
    fn set(&mut self, lines: Vec<Line>, size: f32, soft: bool) {
        for line in lines {
            self.need(size * 1.4);
            self.y += size * 1.4;
            let y = self.y - size * 0.35;
            let x = if line.right_to_left { PAGE.0 - MARGIN - line.width(size) } else { MARGIN };
            self.put(Item::Text { x, y, size, line, soft });
        }
    }

    fn table(&mut self, table: &Table) {
        const SIZE: f32 = 9.0;
        const LINE: f32 = 12.0;
        const WHOLE: f32 = 280.0;
        let widths = self.widths(table, SIZE);
        let rows: Vec<Vec<Vec<Line>>> = table
            .rows
            .iter()
            .map(|row| {
                let cells = row.iter().zip(&widths);
                cells.map(|(cell, width)| self.broken(cell, SIZE, width - 12.0)).collect()
            })
            .collect();
        let titles: Vec<Vec<Line>> = table
            .columns
            .iter()
            .zip(&widths)
            .map(|(column, width)| self.broken(&column.title, SIZE, width - 12.0))
            .collect();
        let lines: usize = rows.iter().map(|row| row.iter().map(Vec::len).max().unwrap_or(1)).sum();
        #[expect(clippy::cast_precision_loss, reason = "lines of one table")]
        let height = lines as f32 * LINE + (rows.len() as f32 + 4.0) * 3.0 + 3.0 * LINE;
        // What is short stands together.
        self.need(if height < WHOLE { height } else { 6.0 * LINE });
        self.paragraph(&table.caption, SIZE);
        self.row(table, &titles, &widths, (SIZE, LINE), 1.0);
        for row in rows.into_iter().flat_map(parted) {
            let lines = row.iter().map(Vec::len).max().unwrap_or(1);
            #[expect(clippy::cast_precision_loss, reason = "lines of one cell")]
            let height = lines as f32 * LINE + 3.0;
            if self.y + height > BOTTOM {
                self.turn();
                self.row(table, &titles, &widths, (SIZE, LINE), 1.0);
            }
            self.row(table, &row, &widths, (SIZE, LINE), 0.4);
        }
        self.y += 4.0;
        if let Some(more) = table.more() {
            self.paragraph(&more, SIZE);
        }
    }

    /// Sets one row with a line below it, its first cell where the document's lines begin.
    fn row(&mut self, table: &Table, cells: &[Vec<Line>], widths: &[f32], letters: (f32, f32), rule: f32) {
        let (size, height) = letters;
        let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
        let all: f32 = widths.iter().sum();
        let mirrored = self.frame.right_to_left;
        let mut before = 0.0;
        for ((cell, width), column) in cells.iter().zip(widths).zip(&table.columns) {
            let x = if mirrored { PAGE.0 - MARGIN - before - width } else { MARGIN + before };
            let mut y = self.y + height - 3.0;
            for line in cell {
                // Several lines are a paragraph, which begins on its own side; numbers stand at the end of their column.
                let right = if column.number {
                    !mirrored
                } else if cell.len() > 1 {
                    line.right_to_left
                } else {
                    mirrored
                };
                let room = (width - 10.0 - line.width(size)).max(0.0);
                let x = if right { x + room } else { x };
                self.put(Item::Text { x, y, size, line: line.clone(), soft: false });
                y += height;
            }
            before += width;
        }
        #[expect(clippy::cast_precision_loss, reason = "lines of one row")]
        let taken = lines as f32 * height + 3.0;
        self.y += taken;
        let y = self.y - 1.0;
        let x = if mirrored { PAGE.0 - MARGIN - all } else { MARGIN };
        self.put(Item::Rule { x, y, width: all, height: rule });
    }

    /// Breaks a cell; a line break in it stands.
    fn broken(&mut self, text: &str, size: f32, room: f32) -> Vec<Line> {
        let mut lines = Vec::new();
        for text in text.split('\n') {
            let text = self.faces.readable(text);
            lines.extend(self.faces.lines(&text, size, room));
        }
        lines
    }

    /// Finds how wide columns are: as their cells need, and where that is too much, words give way to numbers.
    fn widths(&mut self, table: &Table, size: f32) -> Vec<f32> {
        let mut widths = Vec::with_capacity(table.columns.len());
        for (at, column) in table.columns.iter().enumerate() {
            let mut widest =
                self.faces.width(&column.title, size).min(if column.number { 60.0 } else { 200.0 });
            for row in &table.rows {
                for text in row.get(at).map_or("", String::as_str).split('\n') {
                    let text = self.faces.readable(text);
                    widest = widest.max(self.faces.width(&text, size));
                }
            }
            // A long text asks for no more than a line, so that it leaves room for what is short.
            widths.push(widest.min(ROOM) + 16.0);
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
            codes.push(format!("+ {}", missing.len() - MISSING));
        }
        self.y += GAP;
        self.need(80.0);
        let Frame { lacking, lacking_text, .. } = self.frame.clone();
        self.mark(&lacking, false);
        self.paragraph(&lacking, 15.0);
        self.paragraph(&lacking_text, 10.0);
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
            let foot = self.faces.line(&foot);
            let x = if self.frame.right_to_left { MARGIN } else { PAGE.0 - MARGIN - foot.width(9.0) };
            ink(&mut surface, false);
            self.faces.draw(&mut surface, &foot, (x, PAGE.1 - 28.0), 9.0);
            surface.finish();
            page.finish();
        }
        let mut nodes: Vec<OutlineNode> = Vec::new();
        for Mark { text, page, y, below } in self.marks {
            let node = OutlineNode::new(text, XyzDestination::new(page, Point::from_xy(MARGIN, y)));
            match nodes.last_mut().filter(|_| below) {
                Some(above) => above.push_child(node),
                None => nodes.push(node),
            }
        }
        let mut outline = Outline::new();
        nodes.into_iter().for_each(|node| outline.push_child(node));
        pdf.set_outline(outline);
        let language = self.frame.language.into_owned();
        pdf.set_metadata(Metadata::new().title(title.to_owned()).language(language));
        pdf.finish().map_err(|error| ReportError::Pdf(format!("{error:?}")))
    }

    fn draw(&mut self, surface: &mut Surface<'_>, item: Item) -> Result<(), ReportError> {
        match item {
            Item::Text { x, y, size, line, soft } => {
                ink(surface, soft);
                self.faces.draw(surface, &line, (x, y), size);
            }
            Item::Rule { x, y, width, height } => {
                let mut path = PathBuilder::new();
                if let Some(rect) = Rect::from_xywh(x, y, width, height) {
                    path.push_rect(rect);
                }
                ink(surface, false);
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

fn ink(surface: &mut Surface<'_>, soft: bool) {
    let grey = if soft { 95 } else { 26 };
    surface.set_stroke(None);
    surface.set_fill(Some(Fill { paint: rgb::Color::new(grey, grey, grey).into(), ..Fill::default() }));
}

/// Cuts a row that is longer than a page into rows that are not.
fn parted(mut row: Vec<Vec<Line>>) -> Vec<Vec<Vec<Line>>> {
    /// Lines of a page below the titles of its table.
    const MOST: usize = 50;
    let mut parts = Vec::new();
    while row.iter().any(|cell| cell.len() > MOST) {
        let part = row.iter_mut().map(|cell| cell.drain(..cell.len().min(MOST)).collect()).collect();
        parts.push(part);
    }
    parts.push(row);
    parts
}

fn height(chart: &Chart) -> f32 {
    let (_, height) = size(chart);
    #[expect(clippy::cast_precision_loss, reason = "the height of a chart")]
    let height = height as f32;
    height * SCALE
}
