//! A report as HTML and as PDF: what it must hold whatever people are called.

#![expect(clippy::unwrap_used, reason = "a test stops where something unexpected happens")]

use tessera_model::compute::{File, Inputs, Request};
use tessera_report::document::{Block, Column, Frame, Section, Table};
use tessera_report::{Asked, Document, document, written};

const PROGRAMME: &str = "name = \"Seminar <b>&\"\nlanguages = [\"en\"]\n[scale]\nmin = 1\nmax = 5\nstep = 1\n\
    [[criterion]]\nkey = \"merit\"\nlabel = \"Merit\"\n[[criterion]]\nkey = \"need\"\nlabel = \"Need\"\n[seats]\nn = 6\n";

const NAMES: [&str; 8] = [
    "Anna Škoda",
    "محمد عبد الله 7",
    "王小明",
    "<script>alert(1)</script>",
    "महिमा शर्मा",
    "דוד בן־גוריון",
    "\u{202e}evil\u{0} \u{1f469}\u{200d}\u{2696}",
    "Ωμέγα Нгуен Nguyễn",
];

/// Scores of 24 applications by 8 readers, six each, one of them severe.
fn scores() -> String {
    let mut csv = "application,reviewer,merit,need\n".to_owned();
    for a in 0..24_usize {
        for (r, name) in NAMES.iter().enumerate().filter(|(r, _)| (a + r) % 4 != 0) {
            let merit = (1 + (a * 7 + a / 5) % 4 + usize::from((a * 5 + r * 3) % 7 > 3))
                .saturating_sub(usize::from(r == 2))
                .max(1);
            let need =
                if (a + 2 * r) % 11 == 0 { "N/A".to_owned() } else { (1 + (a * 3 + r) % 5).to_string() };
            csv.push_str(&format!("A{a:02},\"{}\",{merit},{need}\n", name.replace('\u{0}', "")));
        }
    }
    csv
}

fn made(scores: &str, programme: Option<&str>) -> Document {
    let file = |name, text: &'static str| File { name, bytes: text.as_bytes() };
    let programme = programme.map(|text| file("p.toml", text.to_owned().leak()));
    let request = Request {
        scores: File { name: "s.csv", bytes: scores.as_bytes() },
        programme,
        applications: None,
        reviewers: None,
        round: None,
        seed: None,
    };
    let asked = Asked { version: "0.0.0", even_if_red: true, ..Asked::default() };
    document(&Inputs::read(&request).unwrap(), &asked).unwrap()
}

/// Writes what a person wants to look at, where asked to.
fn keep(name: &str, bytes: &[u8]) {
    if let Some(folder) = std::env::var_os("TESSERA_KEEP_REPORTS") {
        std::fs::write(std::path::Path::new(&folder).join(name), bytes).unwrap();
    }
}

#[test]
fn html_needs_nothing_and_runs_nothing() {
    let document = made(&scores(), Some(PROGRAMME));
    let html = document.to_html().unwrap();
    keep("report.html", html.as_bytes());
    assert_eq!(html, document.to_html().unwrap(), "the same bytes");
    assert!(html.starts_with("<!DOCTYPE html>"));
    for none in ["<script", "src=", "@import", "url(", "javascript:", "<link", "<img", "\u{202e}"] {
        assert!(!html.contains(none), "{none}");
    }
    // The only addresses are names of namespaces.
    assert_eq!(
        html.matches("http").count(),
        html.matches("http://www.w3.org/2000/svg").count() + html.matches("http-equiv").count()
    );
    for name in [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "محمد عبد الله 7",
        "王小明",
        "[U+202E]evil",
        "Seminar &lt;b&gt;&amp;",
    ] {
        assert!(html.contains(name), "{name}");
    }
    // A table for each chart, one sentence above.
    let charts = html.matches("<svg role=\"img\" aria-label=").count();
    assert_eq!(charts, html.matches("<svg ").count());
    assert!(charts >= 6, "{charts}");
    for section in &document.sections {
        for figure in &section.figures {
            assert!(
                figure.says.ends_with('.') && !figure.says.trim_end_matches('.').contains(". "),
                "{}",
                figure.says
            );
            assert!(!figure.table.rows.is_empty() && !figure.table.columns.is_empty(), "{}", figure.says);
            assert!(figure.table.rows.iter().all(|row| row.len() == figure.table.columns.len()));
        }
    }
}

#[test]
fn a_pdf_is_the_same_every_time_and_says_what_it_cannot_show() {
    let document = made(&scores(), Some(PROGRAMME));
    let pdf = document.to_pdf().unwrap();
    keep("report.pdf", &pdf);
    assert_eq!(pdf, document.to_pdf().unwrap(), "the same bytes");
    assert!(pdf.starts_with(b"%PDF-"));
    let has = |text: &[u8]| pdf.windows(text.len()).any(|window| window == text);
    assert!(has(b"/Outlines") && has(b"/ToUnicode"), "bookmarks, and text that can be taken out");
    assert!(!has(b"/JavaScript") && !has(b"/CreationDate"));
}

#[test]
fn scores_that_say_little_still_make_a_report() {
    let long = "x".repeat(120);
    for scores in [
        "application,reviewer,merit\n".to_owned(),
        "application,reviewer,merit\nA,r,1\n".to_owned(),
        "application,reviewer,merit\nA,r,\nA,s,N/A\n".to_owned(),
        "application,reviewer,merit\nA,r,3\nA,s,3\nB,r,3\nB,s,3\n".to_owned(),
        format!("application,reviewer,merit\n{long},{long},-1.5\n{long},王,1000000\nB,王,0.001\n"),
    ] {
        let document = made(&scores, None);
        let html = document.to_html().unwrap();
        assert!(html.contains("How reviewers agree") || html.contains("How far reviewers agree"));
        assert!(!html.contains("NaN") && !html.contains("inf"), "{scores}");
        assert!(document.to_pdf().unwrap().starts_with(b"%PDF-"));
    }
}

#[test]
fn many_readers_and_applications_stay_bounded() {
    let mut csv = "application,reviewer,merit\n".to_owned();
    for a in 0..2_100_usize {
        for r in 0..2_usize {
            csv.push_str(&format!("A{a:05},R{:03},{}.{}\n", (a * 2 + r) % 90, (a + r) % 10, a % 10));
        }
    }
    let document = made(&csv, None);
    let corrected = document.sections.iter().find(|section| section.id == "corrected").unwrap();
    assert_eq!((corrected.figures[0].table.rows.len(), corrected.figures[0].table.left_out), (2_000, 100));
    let html = document.to_html().unwrap();
    assert!(html.contains("And 100 more rows"));
    let pdf = document.to_pdf().unwrap();
    keep("long.pdf", &pdf);
    keep("long.html", html.as_bytes());
    assert!(pdf.len() < 4_000_000, "{}", pdf.len());
}

/// A document of what strangers wrote, in this direction.
fn dossier(text: &str, right_to_left: bool) -> Document {
    let table = Table {
        caption: "Files".into(),
        columns: vec![
            Column { title: "Name".into(), number: false },
            Column { title: "Size (kB)".into(), number: true },
        ],
        rows: vec![vec!["سيرة ذاتية.pdf".into(), "12".into()], vec![written(text).join("\n"), "1".into()]],
        left_out: 0,
    };
    let section = |id: &'static str| Section {
        id: id.into(),
        title: "A1".into(),
        text: Vec::new(),
        figures: Vec::new(),
        blocks: vec![
            Block::Title("Answers".into()),
            Block::Asked("Why do you apply?".into()),
            Block::Written(written(text)),
            Block::Table(table.clone()),
        ],
    };
    Document {
        title: "Seminar".into(),
        subtitle: String::new(),
        frame: Frame { language: "ar".into(), right_to_left, ..Frame::default() },
        sections: vec![section("a-1"), section("a-2")],
    }
}

#[test]
fn what_strangers_wrote_stays_whole_however_long_and_steers_nothing() {
    let text = "كتبتُ رسالةً طويلة (12) عن Tunis.\n王小明在山上写了一封信。<script>\u{202e}x\u{0}\u{1200}";
    for right_to_left in [false, true] {
        let document = dossier(text, right_to_left);
        let pdf = document.to_pdf().unwrap();
        keep(if right_to_left { "rtl.pdf" } else { "ltr.pdf" }, &pdf);
        assert_eq!(pdf, document.to_pdf().unwrap(), "the same bytes");
        let html = document.to_html().unwrap();
        let begins = format!("<html lang=\"ar\" dir=\"{}\">", if right_to_left { "rtl" } else { "ltr" });
        assert!(html.contains(&begins), "{}", &html[..80]);
        assert!(!html.contains("<script") && !html.contains('\u{202e}'));
        assert!(html.contains("[U+202E]x[U+0000]") && html.contains("王小明在山上写了一封信。"));
        assert!(html.contains("<p class=\"written\" dir=\"auto\">كتبتُ"));
    }
    let pages = |text: &str| {
        let pdf = dossier(text, false).to_pdf().unwrap();
        pdf.windows(9).filter(|window| window == b"/MediaBox").count()
    };
    // A cell that is longer than a page goes on on the next ones.
    assert!(pages(&"word ".repeat(9_000)) > pages("word") + 20);
}
