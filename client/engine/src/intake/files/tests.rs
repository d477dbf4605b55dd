use tessera_model::programme::Programme;

use super::*;

const SEMINAR: &str = include_str!("../../../../../shared/model/programmes/seminar.toml");

fn verdict(slot: &str, name: &str, bytes: &[u8]) -> Result<Looked, FileProblem> {
    let programme = Programme::parse(SEMINAR).unwrap();
    let asked = programme.attachments.iter().find(|asked| asked.key.as_str() == slot);
    fits(asked, bytes.len() as u64)?;
    look(name, asked, bytes, bytes)
}

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\nendobj\nstartxref\n0\n%%EOF\n";

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 0, 0, 0, 0]);
    bytes
}

#[test]
fn a_file_is_what_its_contents_are() {
    fn check(name: &str, bytes: &[u8], expected: Result<&str, &str>) {
        let found = look(name, None, bytes, bytes);
        let found = found.as_ref().map(|looked| looked.media_type).map_err(FileProblem::code);
        assert_eq!(found, expected, "{name}");
    }
    check("cv.pdf", PDF, Ok("application/pdf"));
    check("CV.PDF", PDF, Ok("application/pdf"));
    check("cv", PDF, Ok("application/pdf"));
    check("cv.docx", PDF, Err("attachment-not-what-it-says"));
    check("certificate.pdf", b"<!doctype html>\n<title>x</title>\n", Err("attachment-not-what-it-says"));
    check("page.html", b"<!doctype html>\n<title>x</title>\n", Ok("text/html"));
    check("page.txt", b"<html><body>x", Ok("text/html"));
    check("letter.eml", b"From: a\r\nTo: b\r\nSubject: c\r\n\r\ntext", Ok("message/rfc822"));
    check("letter.txt", "Sehr geehrte, \u{201e}Größe\u{201c}".as_bytes(), Ok("text/plain"));
    check("note", b"One line of text.\n", Ok("text/plain"));
    check("seal.png", &png(1, 1), Ok("image/png"));
    check("seal.jpg", &png(1, 1), Err("attachment-not-what-it-says"));
    check("cv.docx", b"PK\x03\x04....[Content_Types].xml...word/document.xml", Ok(DOCX));
    check("cv.docx", b"PK\x03\x04....something else", Err("attachment-not-what-it-says"));
    check("cv.pdf", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0", Err("attachment-not-what-it-says"));
    check("tool.exe", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0", Err("attachment-format"));
    check("pic.svg", b"<svg xmlns=\"x\"></svg>", Err("attachment-format"));
    check("archive.zip", b"PK\x03\x04....", Err("attachment-format"));
}

#[test]
fn the_programme_says_what_it_takes() {
    fn check(slot: &str, name: &str, bytes: &[u8], expected: &str) {
        let found = verdict(slot, name, bytes);
        assert_eq!(found.as_ref().map_or_else(FileProblem::code, |_| "taken"), expected, "{slot} {name}");
    }
    check("cv", "cv.pdf", PDF, "taken");
    check("cv", "cv.pdf", b"", "attachment-empty");
    check("cv", "cv.png", &png(1, 1), "attachment-format");
    check("letters", "letters-1.txt", b"Dear committee", "attachment-format");
    let mut large = PDF.to_vec();
    large.resize(5_000_001, b'x');
    check("cv", "cv.pdf", &large, "attachment-too-large");
    check("media", "media-1.jpeg", b"\xff\xd8\xff\xe0\0\x04ab", "taken");
}

#[test]
fn h19_a_picture_that_fills_the_memory_is_refused_by_its_header() {
    assert_eq!(
        look("a.png", None, &png(65_000, 65_000), &[]).unwrap_err().code(),
        "attachment-picture-too-large"
    );
    let mut jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08".to_vec();
    jpeg.extend([0xfd, 0xe8, 0xfd, 0xe8, 1, 0, 0, 0]);
    assert_eq!(look("a.jpg", None, &jpeg, &[]).unwrap_err().code(), "attachment-picture-too-large");
}

#[test]
fn h19_a_photograph_that_tells_a_place_is_warned_of() {
    fn check(entry: [u8; 2], expected: bool) {
        let mut notes = b"Exif\0\0II*\0\x08\0\0\0\x01\0".to_vec();
        notes.extend(entry);
        notes.extend([4, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        let mut jpeg = b"\xff\xd8\xff\xe1\0".to_vec();
        jpeg.push(u8::try_from(notes.len() + 2).unwrap());
        jpeg.extend(notes);
        let looked = look("a.jpg", None, &jpeg, &[]).unwrap();
        assert_eq!(looked.warnings.iter().any(|(code, _)| *code == "attachment-has-place"), expected);
    }
    check([0x25, 0x88], true);
    check([0x12, 0x01], false);
}

#[test]
fn what_may_be_damaged_is_taken_with_a_warning() {
    let cut = verdict("cv", "cv.pdf", &PDF[..20]).unwrap();
    assert_eq!(cut.warnings[0].0, "attachment-perhaps-cut");
    assert_eq!(verdict("cv", "cv.pdf", PDF).unwrap().warnings, []);
    let latin = look("a.txt", None, b"Gr\xf6\xdfe", &[]).unwrap();
    assert_eq!(latin.warnings[0].0, "attachment-not-utf8");
}

#[test]
fn any_bytes_get_an_answer() {
    let mut state = 7_u32;
    let mut bytes = Vec::new();
    for round in 0..2_000 {
        bytes.clear();
        let starts: [&[u8]; 5] = [b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"GIF89a", b""];
        bytes.extend(starts[round % starts.len()]);
        for _ in 0..round % 61 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            bytes.push(state.to_be_bytes()[0]);
        }
        for name in ["a.jpg", "a.png", "a", "a.docx"] {
            drop(look(name, None, &bytes, &bytes));
        }
    }
}
