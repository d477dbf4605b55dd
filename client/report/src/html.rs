//! A report as one HTML file: no network, no script, no fonts but the reader's own. Not what it says.

use plotters::prelude::SVGBackend;

use crate::ReportError;
use crate::chart::{draw, size};
use crate::document::{Block, Chart, Document, Figure, Section, Table};

const STYLE: &str = "\
:root{color-scheme:light}\
body{font:1rem/1.5 system-ui,'Noto Sans',sans-serif;color:#1a1a1a;background:#fff;max-width:46rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}\
h1{font-size:1.7rem;line-height:1.25;margin:.5rem 0}h2{font-size:1.3rem;margin:2.5rem 0 .5rem;border-top:2px solid #1f4e79;padding-top:.75rem}\
.sub{color:#444;margin-top:0}nav ul{padding-left:1.2rem}a{color:#1f4e79}\
figure{margin:1.5rem 0;break-inside:avoid-page}figcaption{margin-bottom:.5rem}\
svg{display:block;width:100%;min-width:26rem;max-width:40rem;height:auto}\
.scroll{overflow-x:auto;margin:.25rem 0 .75rem;overflow-wrap:normal}.chart{border:1px solid #ccc;max-width:40rem}\
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;min-width:50%}\
figure .cap{font-weight:600;margin:.75rem 0 0}\
th,td{border-bottom:1px solid #ccc;padding:.25rem .6rem;text-align:start;vertical-align:top;max-width:24rem;overflow-wrap:break-word}\
th{border-bottom:2px solid #666}.n{text-align:end;white-space:nowrap}td:first-child{min-width:6rem}\
h3{font-size:1.1rem;margin:1.75rem 0 .25rem}h4{font-size:.9rem;font-weight:400;color:#444;margin:1rem 0 .15rem}\
.written{margin:.15rem 0 .5rem}.written+.written{margin-top:0}td bdi{white-space:pre-line}\
.more{font-size:.9rem;color:#444}";

/// Writes the whole.
pub(crate) fn write(document: &Document) -> Result<String, ReportError> {
    let title = escaped(&document.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\" dir=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1 dir=\"auto\">{title}</h1>\n\
         <p class=\"sub\" dir=\"auto\">{}</p>\n</header>\n",
        escaped(&document.frame.language),
        if document.frame.right_to_left { "rtl" } else { "ltr" },
        escaped(&document.subtitle)
    );
    out.push_str(&format!("<nav aria-label=\"{}\">\n<ul>\n", escaped(&document.frame.contents)));
    for section in &document.sections {
        out.push_str(&format!(
            "<li><a href=\"#{}\" dir=\"auto\">{}</a></li>\n",
            escaped(&section.id),
            escaped(&section.title)
        ));
    }
    out.push_str("</ul>\n</nav>\n<main>\n");
    for section in &document.sections {
        self::section(section, &mut out)?;
    }
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(out)
}

fn section(section: &Section, out: &mut String) -> Result<(), ReportError> {
    out.push_str(&format!(
        "<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\" dir=\"auto\">{1}</h2>\n",
        escaped(&section.id),
        escaped(&section.title)
    ));
    for paragraph in &section.text {
        out.push_str(&format!("<p>{}</p>\n", escaped(paragraph)));
    }
    for figure in &section.figures {
        self::figure(figure, out)?;
    }
    for block in &section.blocks {
        self::block(block, out);
    }
    out.push_str("</section>\n");
    Ok(())
}

fn block(block: &Block, out: &mut String) {
    match block {
        Block::Title(text) => out.push_str(&format!("<h3 dir=\"auto\">{}</h3>\n", escaped(text))),
        Block::Asked(text) => out.push_str(&format!("<h4 dir=\"auto\">{}</h4>\n", escaped(text))),
        Block::Written(paragraphs) => {
            for paragraph in paragraphs {
                out.push_str(&format!("<p class=\"written\" dir=\"auto\">{}</p>\n", escaped(paragraph)));
            }
        }
        Block::Table(table) => self::table(table, out),
    }
}

fn figure(figure: &Figure, out: &mut String) -> Result<(), ReportError> {
    out.push_str(&format!("<figure>\n<figcaption>{}</figcaption>\n", escaped(&figure.says)));
    if let Some(chart) = &figure.chart {
        out.push_str(&svg(chart)?);
    }
    table(&figure.table, out);
    out.push_str("</figure>\n");
    Ok(())
}

fn svg(chart: &Chart) -> Result<String, ReportError> {
    let mut svg = String::new();
    draw(chart, SVGBackend::with_string(&mut svg, size(chart)))?;
    let named = format!("<svg role=\"img\" aria-label=\"{}\" ", escaped(&chart.in_words()));
    let svg = svg.replacen("<svg ", &named, 1);
    Ok(format!("<div class=\"scroll chart\" tabindex=\"0\">\n{svg}</div>\n"))
}

fn table(table: &Table, out: &mut String) {
    // What scrolls can be reached by keyboard.
    out.push_str(&format!(
        "<p class=\"cap\">{0}</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">\n\
         <table aria-label=\"{0}\">\n<thead><tr>",
        escaped(&table.caption)
    ));
    for column in &table.columns {
        out.push_str(&format!("<th scope=\"col\"{}>{}</th>", class(column.number), escaped(&column.title)));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (cell, column) in row.iter().zip(&table.columns) {
            out.push_str(&format!("<td{}><bdi>{}</bdi></td>", class(column.number), escaped(cell)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    if let Some(more) = table.more() {
        out.push_str(&format!("<p class=\"more\">{}</p>\n", escaped(&more)));
    }
}

fn class(number: bool) -> &'static str {
    if number { " class=\"n\"" } else { "" }
}

/// Escapes text for elements and for attributes in double quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
