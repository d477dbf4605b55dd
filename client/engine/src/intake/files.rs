//! What a file is: by its contents, never by its name. Whether the name says the same, whether the programme takes it,
//! and what is worth a warning. Nothing is decoded here: a picture's size is read from its header, an archive's kind
//! from the names in it.

use tessera_model::input::Warning;
use tessera_model::programme::form::Attachment;
use tessera_protocol::limits;

use super::Remark;

/// How much of a file's beginning is looked at, in bytes.
pub const HEAD_BYTES: usize = 64 * 1024;
/// How much of its end, in bytes.
pub const TAIL_BYTES: usize = 64 * 1024;
/// Largest picture, in pixels: what a viewer can show with little memory.
const MAX_PIXELS: u64 = 100_000_000;
/// Endings that are taken where the programme names none.
const FORMATS: &[&str] =
    &["pdf", "docx", "odt", "rtf", "jpg", "png", "tif", "gif", "webp", "txt", "html", "eml"];

/// A file's media type, and what is worth saying of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// What its contents are.
    pub media_type: &'static str,
    /// What is worth saying: code and English template, with the parameters `application` and `file`.
    pub warnings: Vec<(&'static str, &'static str)>,
}

impl Looked {
    /// Returns what is worth saying about a file of this application.
    pub fn remarks<'a>(
        &'a self,
        row: Option<u64>,
        application: &'a str,
        name: &'a str,
    ) -> impl Iterator<Item = Remark> + 'a {
        self.warnings.iter().map(move |(code, template)| {
            let warning = Warning::new(code, template).with("application", application).with("file", name);
            Remark::new(warning, vec![name.to_owned()]).of(row, application)
        })
    }
}

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what the variant is")]
pub enum FileProblem {
    #[error("the file is empty")]
    Empty,
    #[error("{size_bytes} bytes are more than the {most} that are allowed")]
    TooLarge { size_bytes: u64, most: u64 },
    #[error("the name ends in .{ending}, but it is {is}")]
    Mismatch { ending: String, is: &'static str },
    #[error("a file of this kind is not asked for: {allowed}")]
    Format { allowed: String },
    #[error("the picture has {pixels} pixels")]
    Picture { pixels: u64 },
    #[error("there is no such file")]
    Missing,
    #[error("the name leads out of the application's folder")]
    Outside,
    #[error("neither a file nor a folder of one attachment")]
    NoFile,
    #[error("the name is not UTF-8 or too long")]
    Name,
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("more than the {most} that are asked for")]
    TooMany { most: u32 },
}

impl FileProblem {
    /// Returns the code that scripts see.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "attachment-empty",
            Self::TooLarge { .. } => "attachment-too-large",
            Self::Mismatch { .. } => "attachment-not-what-it-says",
            Self::Format { .. } => "attachment-format",
            Self::Picture { .. } => "attachment-picture-too-large",
            Self::Missing => "attachment-missing",
            Self::Outside => "attachment-outside",
            Self::NoFile => "attachment-no-file",
            Self::Name => "attachment-name",
            Self::Unreadable(_) => "attachment-unreadable",
            Self::TooMany { .. } => "attachment-too-many",
        }
    }
}

/// Looks at a file before it is read: only its size. `asked` is what the programme asks for, where it does.
///
/// # Errors
/// [`FileProblem::Empty`], [`FileProblem::TooLarge`].
pub fn fits(asked: Option<&Attachment>, size_bytes: u64) -> Result<(), FileProblem> {
    let most = asked.and_then(|asked| asked.max_mb).map_or(u64::MAX, |mb| u64::from(mb) * 1_000_000);
    // What is stored is padded by at most an eighth, and sealed.
    let most = most.min(limits::ATTACHMENT_BYTES / 9 * 8);
    match size_bytes {
        0 => Err(FileProblem::Empty),
        size_bytes if size_bytes > most => Err(FileProblem::TooLarge { size_bytes, most }),
        _ => Ok(()),
    }
}

/// Looks at a file's first and last bytes ([`HEAD_BYTES`], [`TAIL_BYTES`]; they overlap where it is short).
///
/// # Errors
/// [`FileProblem`].
pub fn look(name: &str, asked: Option<&Attachment>, head: &[u8], tail: &[u8]) -> Result<Looked, FileProblem> {
    let media_type = media_type(head, tail);
    let ending = ending(name);
    if let Some(ending) = &ending
        && !may_be(ending, media_type)
    {
        return Err(FileProblem::Mismatch { ending: ending.clone(), is: in_words(media_type) });
    }
    let own = ending.as_deref().map_or_else(|| usual_ending(media_type), plain_ending);
    let named: Vec<&str> =
        asked.map(|asked| asked.formats.iter().map(|f| f.as_str()).collect()).unwrap_or_default();
    let allowed = if named.is_empty() { FORMATS } else { &named };
    if !allowed.iter().any(|format| plain_ending(format) == own) {
        return Err(FileProblem::Format { allowed: allowed.join(", ") });
    }
    if let Some(pixels) = pixels(media_type, head).filter(|pixels| *pixels > MAX_PIXELS) {
        return Err(FileProblem::Picture { pixels });
    }
    let mut warnings = Vec::new();
    if media_type == "application/pdf" && !contains(&tail[tail.len().saturating_sub(2048)..], b"%%EOF") {
        warnings.push((
            "attachment-perhaps-cut",
            "{application}, `{file}`: the end of the PDF is missing; ask for it again",
        ));
    }
    if media_type == "text/plain" && std::str::from_utf8(trim_partial(head)).is_err() {
        warnings.push((
            "attachment-not-utf8",
            "{application}, `{file}`: a text in another encoding than UTF-8; some letters may be shown wrong",
        ));
    }
    if media_type == "image/jpeg" && has_place(head) {
        warnings.push((
            "attachment-has-place",
            "{application}, `{file}`: the photograph says where it was taken, and readers can see that",
        ));
    }
    Ok(Looked { media_type, warnings })
}

/// The ending of a name, in lower case; none where there is no point, or what follows is no ending.
fn ending(name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    let fits = !stem.is_empty()
        && (1..=5).contains(&ending.len())
        && ending.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| ending.to_ascii_lowercase())
}

fn plain_ending(ending: &str) -> &str {
    match ending {
        "jpeg" | "jpe" => "jpg",
        "htm" => "html",
        "tiff" => "tif",
        other => other,
    }
}

/// Says whether a name may end so. An ending that this program does not know may be anything; the programme's list
/// of formats decides.
fn may_be(ending: &str, media_type: &str) -> bool {
    let text = media_type.starts_with("text/") || media_type == "message/rfc822";
    match plain_ending(ending) {
        "txt" | "eml" | "html" | "csv" | "md" => text,
        known => match known_type(known) {
            Some(expected) => expected == media_type,
            None => true,
        },
    }
}

fn known_type(ending: &str) -> Option<&'static str> {
    Some(match ending {
        "pdf" => "application/pdf",
        "docx" => DOCX,
        "xlsx" => XLSX,
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt" => "application/vnd.oasis.opendocument.text",
        "rtf" => "application/rtf",
        "doc" => "application/msword",
        "jpg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "tif" => "image/tiff",
        "zip" => "application/zip",
        _ => return None,
    })
}

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const OTHER: &str = "application/octet-stream";

fn usual_ending(media_type: &str) -> &'static str {
    match media_type {
        "text/plain" => "txt",
        "text/html" => "html",
        "message/rfc822" => "eml",
        other => {
            let known = [
                "pdf", "docx", "xlsx", "pptx", "odt", "rtf", "doc", "jpg", "png", "gif", "webp", "tif", "zip",
            ];
            known.into_iter().find(|ending| known_type(ending) == Some(other)).unwrap_or("bin")
        }
    }
}

fn in_words(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => "a PDF",
        "text/plain" => "plain text",
        "text/html" => "a web page",
        "message/rfc822" => "a mail",
        "application/zip" => "an archive",
        "application/x-executable" => "a program",
        other if other.starts_with("image/") => "a picture",
        other if other.starts_with("application/vnd.") => "an office document",
        _ => "something else",
    }
}

/// What the contents are.
fn media_type(head: &[u8], tail: &[u8]) -> &'static str {
    if head.starts_with(b"PK\x03\x04") {
        return archive(head, tail);
    }
    if contains(&head[..head.len().min(1024)], b"%PDF-") {
        return "application/pdf";
    }
    if let Some(found) = infer::get(head) {
        let known = ["pdf", "rtf", "doc", "jpg", "png", "gif", "webp", "tif"];
        let known = known.into_iter().filter_map(known_type).find(|known| *known == found.mime_type());
        // Two letters make no program of a text.
        return match (known, text(head)) {
            (Some(known), _) => known,
            (None, OTHER) if found.matcher_type() == infer::MatcherType::App => "application/x-executable",
            (None, text) => text,
        };
    }
    text(head)
}

/// What an archive is: its list of names stands at its end, and the first names at its beginning.
fn archive(head: &[u8], tail: &[u8]) -> &'static str {
    let has = |name: &[u8]| contains(head, name) || contains(tail, name);
    if contains(&head[..head.len().min(200)], b"mimetypeapplication/vnd.oasis.opendocument.text") {
        "application/vnd.oasis.opendocument.text"
    } else if has(b"word/document.xml") {
        DOCX
    } else if has(b"xl/workbook.xml") {
        XLSX
    } else if has(b"ppt/presentation.xml") {
        "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    } else {
        "application/zip"
    }
}

fn text(head: &[u8]) -> &'static str {
    let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    if head.iter().any(control) {
        return OTHER;
    }
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let start = start[..start.len().min(1024)].to_ascii_lowercase();
    let pages: [&[u8]; 5] = [b"<!doctype html", b"<html", b"<head", b"<title", b"<body"];
    if pages.iter().any(|page| start.starts_with(page)) || contains(&start, b"<html") {
        return "text/html";
    }
    if start.starts_with(b"<svg") || contains(&start, b"<svg ") {
        return "image/svg+xml";
    }
    if is_mail(&start) { "message/rfc822" } else { "text/plain" }
}

/// Says whether a text begins with the headers of a mail: two known ones before the first empty line.
fn is_mail(start: &[u8]) -> bool {
    const HEADERS: [&[u8]; 9] = [
        b"from:",
        b"to:",
        b"subject:",
        b"date:",
        b"received:",
        b"return-path:",
        b"mime-version:",
        b"message-id:",
        b"delivered-to:",
    ];
    let lines = start.split(|byte| *byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    lines.filter(|line| HEADERS.iter().any(|header| line.starts_with(header))).count() >= 2
}

/// The number of pixels that a picture's header states.
fn pixels(media_type: &str, head: &[u8]) -> Option<u64> {
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    match media_type {
        "image/png" => Some(number(head.get(16..20)?) * number(head.get(20..24)?)),
        "image/jpeg" => segments(head).find_map(|(marker, body)| {
            let sizes = matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
            sizes.then(|| Some(number(body.get(1..3)?) * number(body.get(3..5)?)))?
        }),
        "image/gif" => {
            let side = |at: usize| Some(u64::from(u16::from_le_bytes([*head.get(at)?, *head.get(at + 1)?])));
            Some(side(6)? * side(8)?)
        }
        _ => None,
    }
}

/// The segments of a JPEG before its picture: marker and body.
fn segments(head: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = head.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        let [0xff, marker, high, low, ..] = *rest else { return None };
        if marker == 0xda {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        let body = rest.get(4..2 + length.max(2))?;
        rest = &rest[2 + length.max(2)..];
        Some((marker, body))
    })
}

/// Says whether a JPEG's first directory of notes points to a place on earth.
fn has_place(head: &[u8]) -> bool {
    const PLACE: u16 = 0x8825;
    segments(head).filter(|(marker, _)| *marker == 0xe1).any(|(_, body)| {
        let Some(notes) = body.strip_prefix(b"Exif\0\0") else { return false };
        let little = notes.starts_with(b"II");
        let short = |at: usize| -> Option<u16> {
            let bytes = [*notes.get(at)?, *notes.get(at + 1)?];
            Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
        };
        let directory = || {
            let (one, other) = (short(4)?, short(6)?);
            let (low, high) = if little { (one, other) } else { (other, one) };
            (high == 0).then_some(usize::from(low))
        };
        let Some(at) = directory() else { return false };
        let count = short(at).unwrap_or_default();
        (0..usize::from(count)).any(|entry| short(at + 2 + entry * 12) == Some(PLACE))
    })
}

/// Leaves out a character that the end of the piece cuts in two.
fn trim_partial(head: &[u8]) -> &[u8] {
    match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_none() => &head[..error.valid_up_to()],
        _ => head,
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests;
