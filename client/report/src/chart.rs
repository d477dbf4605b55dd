//! One chart on any canvas of plotters: the SVG of the HTML, or a page of the PDF. Not what it says, and not its table.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::ReportError;
use crate::document::{Chart, Columns, Line, Lines};
use crate::text::cut;

/// Most names of one chart; its table has all.
pub(crate) const MAX_LINES: usize = 24;

const WIDTH: u32 = 800;
const LINE: u32 = 40;
const AROUND: u32 = 150;
/// Of letters, in the unit of plotters, which is 1.24 times the height of an em.
const TEXT: u32 = 26;
const NAMES: u32 = 230;
/// Places of a name beside a chart.
const PLACES: usize = 18;

const INK: RGBColor = RGBColor(26, 26, 26);
const SOFT: RGBColor = RGBColor(110, 110, 110);
const FAINT: RGBColor = RGBColor(222, 222, 222);
const MAIN: RGBColor = RGBColor(31, 78, 121);
const OTHER: RGBColor = RGBColor(176, 64, 0);

/// Returns how large a chart is drawn.
pub(crate) fn size(chart: &Chart) -> (u32, u32) {
    match chart {
        Chart::Columns(_) => (WIDTH, 400),
        Chart::Lines(lines) => {
            let count = u32::try_from(lines.lines.len().min(MAX_LINES)).unwrap_or(0);
            (WIDTH, AROUND + LINE * count)
        }
    }
}

/// Draws a chart.
pub(crate) fn draw<B: DrawingBackend>(chart: &Chart, backend: B) -> Result<(), ReportError> {
    let root = backend.into_drawing_area();
    let drawn = match chart {
        Chart::Columns(columns) => self::columns(columns, &root),
        Chart::Lines(lines) => self::lines(lines, &root),
    };
    drawn.and_then(|()| root.present()).map_err(|error| ReportError::Chart(error.to_string()))
}

type Area<B> = DrawingArea<B, plotters::coord::Shift>;
type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

fn style(color: &'static RGBColor, h: HPos, v: VPos) -> TextStyle<'static> {
    TextStyle::from(("sans-serif", TEXT)).color(color).pos(Pos::new(h, v))
}

fn columns<B: DrawingBackend>(chart: &Columns, root: &Area<B>) -> Drawn<B> {
    root.fill(&WHITE)?;
    let most = chart.bars.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let count = figure(chart.bars.len().max(1));
    let mut context = ChartBuilder::on(root)
        .margin(24)
        .margin_top(40)
        .x_label_area_size(74)
        .build_cartesian_2d(0.0..count, 0.0..figure(most) * 1.08)?;
    context
        .configure_mesh()
        .disable_mesh()
        .x_labels(0)
        .y_labels(0)
        .disable_y_axis()
        .axis_style(SOFT)
        .draw()?;
    let bars = chart.bars.iter().zip(0..);
    context.draw_series(bars.clone().map(|((_, height), at)| {
        let left = f64::from(at);
        Rectangle::new([(left + 0.12, 0.0), (left + 0.88, figure(*height))], MAIN.filled())
    }))?;
    for ((name, height), at) in bars {
        let (x, top) = context.backend_coord(&(f64::from(at) + 0.5, figure(*height)));
        let (_, bottom) = context.backend_coord(&(0.0, 0.0));
        root.draw(&Text::new(height.to_string(), (x, top - 6), style(&INK, HPos::Center, VPos::Bottom)))?;
        root.draw(&Text::new(name.clone(), (x, bottom + 10), style(&INK, HPos::Center, VPos::Top)))?;
    }
    let (width, height) = root.dim_in_pixel();
    let place = (pixel(width / 2), pixel(height) - 14);
    root.draw(&Text::new(chart.axis.clone(), place, style(&SOFT, HPos::Center, VPos::Bottom)))
}

fn lines<B: DrawingBackend>(chart: &Lines, root: &Area<B>) -> Drawn<B> {
    root.fill(&WHITE)?;
    let lines: Vec<&Line> = chart.lines.iter().take(MAX_LINES).collect();
    let (low, high) = reach(&lines, &chart.marked);
    let count = figure(lines.len());
    let mut context = ChartBuilder::on(root)
        .margin(20)
        .margin_top(44)
        .margin_right(40)
        .x_label_area_size(74)
        .y_label_area_size(NAMES)
        .build_cartesian_2d(low..high, 0.0..count.max(1.0))?;
    context
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(0)
        .x_labels(5)
        .x_max_light_lines(0)
        .bold_line_style(FAINT)
        .axis_style(SOFT)
        .x_label_style(style(&INK, HPos::Center, VPos::Top))
        .x_label_formatter(&|x| label(*x))
        .draw()?;
    for (x, name) in chart.marked.iter().filter(|(x, _)| (low..=high).contains(x)) {
        context.draw_series([PathElement::new(vec![(*x, 0.0), (*x, count)], SOFT.stroke_width(2))])?;
        let (at, top) = context.backend_coord(&(*x, count));
        root.draw(&Text::new(name.clone(), (at, top - 6), style(&SOFT, HPos::Center, VPos::Bottom)))?;
    }
    for (line, at) in lines.iter().zip(1..) {
        let y = count - f64::from(at) + 0.5;
        if let Some(x) = line.bar {
            let bar = Rectangle::new([(0.0, y - 0.3), (x, y + 0.3)], MAIN.filled());
            context.draw_series([bar])?;
        }
        if let Some((from, to)) = line.span {
            let whole = vec![(from.max(low), y), (to.min(high), y)];
            context.draw_series([PathElement::new(whole, MAIN.stroke_width(3))])?;
            let ends = [from, to].into_iter().filter(|x| (low..=high).contains(x));
            context.draw_series(
                ends.map(|x| PathElement::new(vec![(x, y - 0.2), (x, y + 0.2)], MAIN.stroke_width(3))),
            )?;
        }
        context.draw_series(line.circle.map(|x| Circle::new((x, y), 8, MAIN.filled())))?;
        context.draw_series(line.cross.map(|x| Cross::new((x, y), 9, OTHER.stroke_width(4))))?;
        let (left, height) = context.backend_coord(&(low, y));
        let name = cut(&line.name, PLACES);
        root.draw(&Text::new(name, (left - 12, height), style(&INK, HPos::Right, VPos::Center)))?;
    }
    let (width, height) = root.dim_in_pixel();
    let middle = pixel(width + NAMES) / 2;
    let axis =
        Text::new(chart.axis.clone(), (middle, pixel(height) - 12), style(&SOFT, HPos::Center, VPos::Bottom));
    root.draw(&axis)?;
    if let Some((circle, cross)) = chart.legend {
        legend(root, circle, cross)?;
    }
    Ok(())
}

/// Names the marks above the chart.
fn legend<B: DrawingBackend>(root: &Area<B>, circle: &'static str, cross: Option<&'static str>) -> Drawn<B> {
    let words = style(&INK, HPos::Left, VPos::Center);
    root.draw(&Circle::new((pixel(NAMES) + 40, 22), 8, MAIN.filled()))?;
    root.draw(&Text::new(circle, (pixel(NAMES) + 58, 22), words.clone()))?;
    if let Some(cross) = cross {
        root.draw(&Cross::new((pixel(NAMES) + 290, 22), 9, OTHER.stroke_width(4)))?;
        root.draw(&Text::new(cross, (pixel(NAMES) + 308, 22), words))?;
    }
    Ok(())
}

/// Returns from where to where the axis goes: all marks with some air, 0 where there are bars.
fn reach(lines: &[&Line], marked: &[(f64, String)]) -> (f64, f64) {
    let of = |line: &&Line| {
        let (from, to) = line.span.unzip();
        let zero = line.bar.map(|_| 0.0);
        [line.bar, zero, from, to, line.circle, line.cross].into_iter().flatten().collect::<Vec<_>>()
    };
    let marks = lines.iter().flat_map(of).chain(marked.iter().map(|(x, _)| *x)).filter(|x| x.is_finite());
    let (low, high) =
        marks.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return (0.0, 1.0);
    }
    let air = if high > low { (high - low) * 0.04 } else { 0.5 };
    let bars = lines.iter().any(|line| line.bar.is_some());
    (if bars && low == 0.0 { 0.0 } else { low - air }, high + air)
}

/// Writes a number on an axis.
fn label(x: f64) -> String {
    let text = format!("{x:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.replace('-', "−") }
}

#[expect(clippy::cast_precision_loss, reason = "counts of things on a page")]
fn figure(count: usize) -> f64 {
    count as f64
}

fn pixel(size: u32) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}
