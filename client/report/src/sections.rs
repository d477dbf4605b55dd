//! Fills a report from results: which parts, which sentences, which rows. Not the arithmetic, and not how it is drawn.

mod distribution;
mod readers;

use tessera_model::agreement::{AgreementRow, Metric, TOTAL};
use tessera_model::calibration::{Calibration, CalibrationRow, Light};
use tessera_model::compute::{self, ComputeError, Inputs, Outcome};
use tessera_model::input::Warning;
use tessera_model::sentence::Advice;

use crate::chart::MAX_LINES;
use crate::document::{Chart, Column, Document, Figure, Frame, Line, Lines, Section, Table};
use crate::text::{NAME, plain};

/// Most rows of one table.
const MAX_ROWS: usize = 2_000;
/// What is said of names in letters that a device may lack.
const LETTERS: &str = "Names stand in the letters of the reader's own device in the HTML form; the PDF carries its own \
                       letters and lists the characters that it lacks.";
/// Most warnings that are shown.
const MAX_WARNINGS: usize = 20;

/// What a report is made for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// Of which round.
    pub round: Option<&'a str>,
    /// Whether to show the corrected order under a red light too.
    pub even_if_red: bool,
    /// Version of the program, for the last part.
    pub version: &'a str,
}

/// Makes a report from the inputs of the workbench or of a programme.
///
/// # Errors
/// [`ComputeError`], as of `totals`, `agreement` and `calibration`.
pub fn document(inputs: &Inputs, asked: &Asked<'_>) -> Result<Document, Box<ComputeError>> {
    let agreement = compute::agreement(inputs, asked.round).map_err(Box::new)?;
    let calibration = compute::calibration(inputs, asked.round, asked.even_if_red).map_err(Box::new)?;
    let totals = compute::totals(inputs, asked.round).map_err(Box::new)?;
    let programme = inputs.programme.as_ref();
    let name = programme.and_then(|programme| programme.name.as_ref());
    let title = name.map_or_else(
        || "How the scores were given".to_owned(),
        |name| format!("{}: how the scores were given", name.in_language("en")),
    );
    let round = asked.round.map_or_else(String::new, |round| format!(" · round {round}"));
    let subtitle = format!(
        "{} applications, {} reviewers, {} reviews{round}. For those who decide: it advises, people decide.",
        calibration.rows.len(),
        calibration.beside.reviewers.len().max(readers::count(inputs)),
        inputs.scores.reviews().len(),
    );
    let mut warnings: Vec<Warning> = Vec::new();
    for warning in totals.warnings.iter().chain(&agreement.warnings).chain(&calibration.warnings) {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
    let sections = vec![
        in_short(&agreement.beside, &calibration, &warnings),
        distribution::section(inputs, &totals.rows),
        severity(&calibration.beside),
        corrected(&calibration.beside, &calibration.rows),
        self::agreement(&agreement.rows),
        readers::section(inputs, &totals.rows),
        made(inputs, asked, &calibration),
    ];
    let (title, subtitle) = (plain(&title, 200), plain(&subtitle, 400));
    Ok(Document { title, subtitle, frame: Frame::default(), sections })
}

fn in_short(
    agreement: &Advice,
    calibration: &Outcome<CalibrationRow, Calibration>,
    warnings: &[Warning],
) -> Section {
    let light = match calibration.beside.light {
        Light::Green => "green: the order corrected for severity found more of the best than raw means did",
        Light::Amber => "amber: the corrected order may help, and may as well not",
        Light::Red => "red: do not correct these scores",
    };
    let mut text = Vec::new();
    for advice in [agreement, &calibration.beside.advice] {
        text.push(format!("{} {}", advice.sentence.text(), advice.act.text()));
    }
    text.push(format!("The light for correcting severity is {light}."));
    for warning in warnings.iter().take(MAX_WARNINGS) {
        let row = warning.row().map_or_else(String::new, |row| format!("row {row}: "));
        text.push(format!("Note: {row}{}.", warning.message().trim_end_matches('.')));
    }
    if warnings.len() > MAX_WARNINGS {
        text.push(format!("Note: and {} more of these.", warnings.len() - MAX_WARNINGS));
    }
    let text = text.iter().map(|text| plain(text, 600)).collect();
    section("short", "In short", text, Vec::new())
}

fn severity(found: &Calibration) -> Section {
    let mut rows: Vec<_> = found.reviewers.iter().collect();
    rows.sort_by(|a, b| {
        let (a_effect, b_effect) = (a.effect.unwrap_or(0.0), b.effect.unwrap_or(0.0));
        b_effect.total_cmp(&a_effect).then_with(|| a.reviewer.cmp(&b.reviewer))
    });
    let ends = |effect: Option<f64>, sd: Option<f64>| Some((effect? - 1.96 * sd?, effect? + 1.96 * sd?));
    let lines = rows
        .iter()
        .filter(|row| row.effect.is_some())
        .map(|row| Line {
            name: plain(&row.reviewer, NAME),
            span: ends(row.effect, row.sd),
            circle: row.effect,
            ..Line::default()
        })
        .collect();
    let cells = rows.iter().map(|row| {
        let (low, high) = ends(row.effect, row.sd).unzip();
        vec![plain(&row.reviewer, NAME), row.n.to_string(), figure(row.effect), figure(low), figure(high)]
    });
    let columns =
        [words("Reviewer"), number("Reviews"), number("Effect"), number("Lowest"), number("Highest")];
    let table = table("Effect of each reviewer, in points, with the ends of its interval", &columns, cells);
    let known = rows.iter().any(|row| row.effect.is_some());
    let says = if known {
        "How many points each reviewer gives above (right) or below (left) a typical reader of the same applications, with \
         the interval that holds the true figure 95 times in 100; it does not show who is right, and an interval across 0 \
         says that the reviewer may well be typical."
    } else {
        "Severity cannot be told from these scores, so there is no chart; the table shows how many reviews each reviewer \
         gave."
    };
    let chart =
        lined(lines, "points above or below a typical reader", vec![(0.0, "typical".to_owned())], None);
    let mut text = Vec::new();
    if found.reviewers.len() > MAX_LINES && known {
        text.push(ends_only(found.reviewers.len()));
    }
    section(
        "severity",
        "How severe reviewers are",
        text,
        vec![Figure { says: says.to_owned(), chart: chart.filter(|_| known), table }],
    )
}

fn corrected(found: &Calibration, rows: &[CalibrationRow]) -> Section {
    let mut rows: Vec<&CalibrationRow> = rows.iter().collect();
    rows.sort_by_key(|row| (row.raw_rank.is_none(), row.raw_rank, row.application.clone()));
    let shown = rows.iter().any(|row| row.calibrated.is_some());
    let mut text = vec![format!(
        "In {} simulated programmes of this shape, raw means found {} of those who are truly best, the corrected order {}.",
        found.made.simulations,
        share(found.recall_raw),
        share(found.recall_model),
    )];
    if !shown {
        text.push(
            "The corrected order is withheld, because it could do harm here: only raw means are shown."
                .to_owned(),
        );
    }
    if rows.len() > MAX_LINES {
        text.push(format!("The chart shows the first {MAX_LINES} by raw mean; the table goes on."));
    }
    let lines = rows
        .iter()
        .filter(|row| row.raw.is_some())
        .take(MAX_LINES)
        .map(|row| Line {
            name: plain(&row.application, NAME),
            circle: row.raw,
            cross: row.calibrated,
            ..Line::default()
        })
        .collect();
    let legend = Some(("raw mean", shown.then_some("corrected")));
    let chart = lined(lines, "points", Vec::new(), legend);
    let place = |rank: Option<usize>| rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string());
    let cells = rows.iter().map(|row| {
        vec![
            plain(&row.application, NAME),
            row.n.to_string(),
            figure(row.raw),
            place(row.raw_rank),
            figure(row.calibrated),
            place(row.rank),
            figure(row.sd),
            figure(row.p_seat),
        ]
    });
    let columns = [
        words("Application"),
        number("Reviews"),
        number("Raw mean"),
        number("Place"),
        number("Corrected"),
        number("Place"),
        number("± sd"),
        number("Chance of a seat"),
    ];
    let caption = "Raw mean and corrected figure of each application, in the order of raw means";
    let says = if shown {
        "The mean of each application's reviews (circle) beside the figure corrected for the severity of its readers \
         (cross), best raw mean first; it is no decision, and where the two lie close together they do not contradict \
         each other."
    } else {
        "The mean of each application's reviews, best first; it is no decision, and it does not say how far severe or \
         generous readers moved it."
    };
    let table = table(caption, &columns, cells);
    section(
        "corrected",
        "Raw means beside corrected ones",
        text,
        vec![Figure { says: says.to_owned(), chart, table }],
    )
}

fn agreement(rows: &[AgreementRow]) -> Section {
    let name = |row: &AgreementRow| {
        if row.criterion == TOTAL { "all together".to_owned() } else { row.criterion.clone() }
    };
    let lines = rows
        .iter()
        .filter(|row| row.metric == Metric::Ordinal && row.alpha.is_some())
        .map(|row| Line {
            name: plain(&name(row), NAME),
            span: row.low.zip(row.high),
            circle: row.alpha,
            ..Line::default()
        })
        .collect();
    let marked = vec![(0.667, "0.667".to_owned()), (0.8, "0.8".to_owned())];
    let chart = lined(lines, "ordinal alpha: 1 is full agreement, 0 is chance", marked, None);
    let cells = rows.iter().map(|row| {
        vec![
            plain(&name(row), NAME),
            row.metric.name().to_owned(),
            figure(row.alpha),
            figure(row.low),
            figure(row.high),
            row.units.to_string(),
            row.values.to_string(),
            row.reason.map_or_else(String::new, |reason| reason.code().replace('-', " ")),
        ]
    });
    let columns = [
        words("Criterion"),
        words("Scale read as"),
        number("Alpha"),
        number("Lowest"),
        number("Highest"),
        number("Applications"),
        number("Scores"),
        words("Note"),
    ];
    let alpha = table("Krippendorff's alpha with its 95 % interval", &columns, cells);
    let once = rows.iter().filter(|row| row.metric == Metric::Ordinal);
    let cells = once.map(|row| {
        vec![
            plain(&name(row), NAME),
            figure(row.icc1),
            figure(row.icc1_low),
            figure(row.icc1_high),
            figure(row.icck),
            figure(row.icck_low),
            figure(row.icck_high),
            figure(row.k0),
        ]
    });
    let columns = [
        words("Criterion"),
        number("One reader"),
        number("Lowest"),
        number("Highest"),
        number("Mean of readers"),
        number("Lowest"),
        number("Highest"),
        number("Readers"),
    ];
    let icc = table("Intraclass correlation with its 95 % interval", &columns, cells);
    let text = rows
        .iter()
        .filter(|row| row.metric == Metric::Ordinal)
        .map(|row| plain(&format!("{} {}", row.advice.sentence.text(), row.advice.act.text()), 600))
        .collect();
    section("agreement", "How far reviewers agree", text, vec![
            Figure {
                says: "How far readers of the same application gave the same scores, criterion by criterion, with the \
                       interval of the estimate: from 0.8 on agreement is good, below 0.667 it is too weak to build on; it \
                       does not show whether they are right."
                    .to_owned(),
                chart,
                table: alpha,
            },
            Figure {
                says: "How much of the spread of scores lies between applications and not between their readers: the share \
                       that one reader's score, and the mean of all readers, has; it does not correct anybody's severity."
                    .to_owned(),
                chart: None,
                table: icc,
            },
        ])
}

fn made(inputs: &Inputs, asked: &Asked<'_>, calibration: &Outcome<CalibrationRow, Calibration>) -> Section {
    let made = &calibration.beside.made;
    let rules = &calibration.method.rules;
    let variance = &calibration.beside.variance;
    let weights: Vec<String> = rules.weights.iter().map(|(key, weight)| format!("{key} {weight}")).collect();
    let facts = [
        ("Inputs, SHA-256", inputs.input_sha256.clone()),
        ("Version of the program", asked.version.to_owned()),
        ("Seed of draws", inputs.seed.to_string()),
        ("Weights of criteria", weights.join(", ")),
        ("Variances estimated by", made.variances.to_owned()),
        ("Variance of applications", figure(variance.application)),
        ("Variance of reviewers", figure(variance.reviewer)),
        ("Variance of what is left", figure(variance.residual)),
        ("Mean", figure(calibration.beside.mu)),
        ("Simulated programmes", made.simulations.to_string()),
        ("The best that are looked for", made.top.to_string()),
        ("Readers grouped by", made.groups.to_owned()),
        ("Parts of the graph of who read what", calibration.beside.components.to_string()),
    ];
    let rows = facts.into_iter().map(|(fact, value)| vec![fact.to_owned(), plain(&value, 2_000)]);
    let table = table("How this was calculated", &[words("Fact"), words("Value")], rows);
    let says =
        "Whoever has the same inputs and the same program gets the same document, byte for byte.".to_owned();
    let figures = vec![Figure { says, chart: None, table }];
    section("made", "How this was made", vec![LETTERS.to_owned()], figures)
}

/// Makes a part without anything that people wrote.
fn section(id: &'static str, title: &'static str, text: Vec<String>, figures: Vec<Figure>) -> Section {
    Section { id: id.into(), title: title.into(), text, figures, blocks: Vec::new() }
}

/// Makes a chart of lines: of too many the first and the last.
fn lined(
    mut lines: Vec<Line>,
    axis: &str,
    marked: Vec<(f64, String)>,
    legend: Option<(&'static str, Option<&'static str>)>,
) -> Option<Chart> {
    if lines.is_empty() {
        return None;
    }
    if lines.len() > MAX_LINES {
        let last = lines.split_off(lines.len() - MAX_LINES / 2);
        lines.truncate(MAX_LINES - MAX_LINES / 2);
        lines.extend(last);
    }
    Some(Chart::Lines(Lines { lines, axis: axis.to_owned(), marked, legend }))
}

fn ends_only(all: usize) -> String {
    let half = MAX_LINES / 2;
    format!("The chart shows the first and the last {half} of {all}; the table has all.")
}

fn words(title: &'static str) -> Column {
    Column { title: title.into(), number: false }
}

fn number(title: &'static str) -> Column {
    Column { title: title.into(), number: true }
}

fn table(caption: &str, columns: &[Column], rows: impl Iterator<Item = Vec<String>>) -> Table {
    let mut all: Vec<Vec<String>> = rows.collect();
    let left_out = all.len().saturating_sub(MAX_ROWS);
    all.truncate(MAX_ROWS);
    Table { caption: caption.to_owned(), columns: columns.to_vec(), rows: all, left_out }
}

/// Writes a figure with three decimals; unknown is a dash.
fn figure(value: Option<f64>) -> String {
    value.map_or_else(
        || "–".to_owned(),
        |x| {
            let text = format!("{x:.3}");
            let text = text.trim_end_matches('0').trim_end_matches('.');
            if text == "-0" { "0".to_owned() } else { text.replace('-', "−") }
        },
    )
}

fn share(value: Option<f64>) -> String {
    value.map_or_else(|| "an unknown share".to_owned(), |x| format!("{:.1} %", 100.0 * x))
}
