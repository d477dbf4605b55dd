//! Looks for needles in every file of a folder, in the forms in which a leak would most likely stand: UTF-8, UTF-16
//! of both orders, base64 at all three alignments (both alphabets), hexadecimal in both cases, JSON's escapes.
//! Names of files and folders are searched too. It cannot see through compression or encryption, nor through base64
//! that is broken into lines: finding nothing is evidence, not proof.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::needle::Needle;

/// Shortest pattern searched for, in bytes: six random bytes agree once in 2^48 places.
const PATTERN_MIN_BYTES: usize = 6;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// Deepest folder that is entered.
const MAX_DEPTH: usize = 32;

/// How a needle is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// As it is.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Base64 of the UTF-8, starting at any byte of a group of three.
    Base64,
    /// Hexadecimal digits of the UTF-8, small letters.
    HexLower,
    /// Hexadecimal digits of the UTF-8, capitals.
    HexUpper,
    /// As inside a JSON string: quotes escaped, what is beyond ASCII as it is or in `\u` escapes.
    JsonEscape,
}

/// One place where a needle stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Hit {
    /// Index into the needles given.
    pub needle: usize,
    /// How it is written there.
    pub form: Form,
    /// File or folder, relative to the folder searched.
    pub path: PathBuf,
    /// First byte in the file; none where the needle stands in the name.
    pub offset: Option<u64>,
}

/// What a search found: for each needle, form and file the first place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Hits {
    /// How many needles were looked for.
    pub needles: usize,
    /// How many of them are too short to be looked for in any form.
    pub too_short: usize,
    /// Files read.
    pub files: usize,
    /// Bytes read.
    pub bytes: u64,
    /// Places, by needle.
    pub hits: Vec<Hit>,
}

impl Hits {
    /// Returns how many different needles were found.
    #[must_use]
    pub fn found(&self) -> usize {
        self.hits.iter().map(|h| h.needle).collect::<HashSet<_>>().len()
    }

    /// Adds what was found for the same needles in another folder.
    pub fn merge(&mut self, other: Self) {
        self.needles = self.needles.max(other.needles);
        self.too_short = self.too_short.max(other.too_short);
        self.files += other.files;
        self.bytes += other.bytes;
        self.hits.extend(other.hits);
        self.hits.sort();
    }
}

impl fmt::Display for Hits {
    /// Writes `0 of 380`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.found(), self.needles)
    }
}

/// Searches all files below `dir`, symbolic links excepted.
///
/// # Errors
/// Returns the first file or folder that cannot be read: a search that skipped one would prove nothing.
pub fn search(dir: &Path, needles: &[Needle]) -> io::Result<Hits> {
    let (patterns, meanings) = patterns(needles);
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .build(&patterns)
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
    let searchable: HashSet<usize> = meanings.iter().map(|(needle, _)| *needle).collect();
    let mut search = Search {
        root: dir,
        automaton,
        meanings,
        overlap: patterns.iter().map(Vec::len).max().unwrap_or(1) - 1,
        seen: HashSet::new(),
        hits: Hits { needles: needles.len(), too_short: needles.len() - searchable.len(), ..Hits::default() },
    };
    search.folder(dir, 0)?;
    search.hits.hits.sort();
    Ok(search.hits)
}

struct Search<'a> {
    root: &'a Path,
    automaton: AhoCorasick,
    meanings: Vec<(usize, Form)>,
    overlap: usize,
    seen: HashSet<(usize, Form, PathBuf)>,
    hits: Hits,
}

impl Search<'_> {
    fn folder(&mut self, dir: &Path, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{} is too deep", dir.display()),
            ));
        }
        let mut entries =
            std::fs::read_dir(dir).map_err(|e| named(dir, &e))?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let kind = entry.file_type().map_err(|e| named(&path, &e))?;
            let name = entry.file_name();
            self.bytes(name.as_encoded_bytes(), 0, &path, None);
            if kind.is_dir() {
                self.folder(&path, depth + 1)?;
            } else if kind.is_file() {
                self.file(&path).map_err(|e| named(&path, &e))?;
            }
        }
        Ok(())
    }

    /// Reads a file in chunks; each keeps the end of the one before it, so that no needle is cut.
    fn file(&mut self, path: &Path) -> io::Result<()> {
        let mut file = File::open(path)?;
        let mut buffer: Vec<u8> = Vec::with_capacity(CHUNK_BYTES + self.overlap);
        let (mut kept, mut start) = (0, 0_u64);
        self.hits.files += 1;
        loop {
            let read = file.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut buffer)?;
            if read == 0 {
                return Ok(());
            }
            self.hits.bytes += read as u64;
            self.bytes(&buffer, kept, path, Some(start));
            let keep = buffer.len().min(self.overlap);
            let cut = buffer.len() - keep;
            buffer.drain(..cut);
            start += cut as u64;
            kept = keep;
        }
    }

    /// Records the patterns that end behind the first `kept` bytes, which were searched before.
    fn bytes(&mut self, bytes: &[u8], kept: usize, path: &Path, start: Option<u64>) {
        for found in self.automaton.find_overlapping_iter(bytes) {
            if found.end() <= kept {
                continue;
            }
            let (needle, form) = self.meanings[found.pattern().as_usize()];
            let path = path.strip_prefix(self.root).unwrap_or(path).to_path_buf();
            if self.seen.insert((needle, form, path.clone())) {
                let offset = start.map(|start| start + found.start() as u64);
                self.hits.hits.push(Hit { needle, form, path, offset });
            }
        }
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Writes every needle in every form; beside each pattern, which needle and form it is.
fn patterns(needles: &[Needle]) -> (Vec<Vec<u8>>, Vec<(usize, Form)>) {
    let (mut patterns, mut meanings) = (Vec::new(), Vec::new());
    for (index, needle) in needles.iter().enumerate() {
        for (form, pattern) in forms(&needle.text) {
            if pattern.len() >= PATTERN_MIN_BYTES {
                patterns.push(pattern);
                meanings.push((index, form));
            }
        }
    }
    (patterns, meanings)
}

/// Returns a text in all its forms.
#[must_use]
pub fn forms(text: &str) -> Vec<(Form, Vec<u8>)> {
    let hex = |upper: bool| -> Vec<u8> {
        let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
        text.bytes().flat_map(|b| [digits[usize::from(b >> 4)], digits[usize::from(b & 15)]]).collect()
    };
    let mut out = vec![
        (Form::Utf8, text.as_bytes().to_vec()),
        (Form::Utf16Le, text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        (Form::Utf16Be, text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        (Form::HexLower, hex(false)),
        (Form::HexUpper, hex(true)),
    ];
    for shift in 0..3 {
        let standard = base64_core(text.as_bytes(), shift, &STANDARD_NO_PAD);
        let url_safe = base64_core(text.as_bytes(), shift, &URL_SAFE_NO_PAD);
        if url_safe != standard {
            out.push((Form::Base64, url_safe));
        }
        out.push((Form::Base64, standard));
    }
    for escaped in [json_escape(text, Some(false)), json_escape(text, Some(true)), json_escape(text, None)] {
        if escaped != text.as_bytes() {
            out.push((Form::JsonEscape, escaped));
        }
    }
    out
}

/// Returns the base64 characters that the bytes alone decide when they begin at byte `shift` of a group of three.
fn base64_core(bytes: &[u8], shift: usize, engine: &impl Engine) -> Vec<u8> {
    let mut shifted = vec![0; shift];
    shifted.extend_from_slice(bytes);
    let encoded = engine.encode(&shifted).into_bytes();
    let first = (shift * 8).div_ceil(6);
    let end = shifted.len() * 8 / 6;
    encoded[first.min(end)..end].to_vec()
}

/// Writes a text as inside a JSON string; what is beyond ASCII with `\u` escapes where `upper` says in which case.
fn json_escape(text: &str, upper: Option<bool>) -> Vec<u8> {
    let mut out = String::new();
    let mut units = [0; 2];
    for c in text.chars() {
        match (c, upper) {
            ('"' | '\\', _) => out.extend(['\\', c]),
            ('\n', _) => out.push_str("\\n"),
            ('\t', _) => out.push_str("\\t"),
            (_, Some(upper)) if !c.is_ascii() => {
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
                }
            }
            _ => out.push(c),
        }
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::generate::generate;
    use crate::needle::{NeedleKind, needles};

    fn needle(text: &str) -> Needle {
        Needle { kind: NeedleKind::Name, text: text.to_owned() }
    }

    #[test]
    fn finds_every_planted_form() {
        let text = "Ерлан Қасымбеков>>>???";
        for shift in 0..3 {
            let planted = [vec![b'x'; shift], text.as_bytes().to_vec(), b"tail".to_vec()].concat();
            let cases = [
                (Form::Utf8, planted.clone()),
                (Form::Utf16Le, text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
                (Form::Utf16Be, text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
                (Form::Base64, STANDARD_NO_PAD.encode(&planted).into_bytes()),
                (Form::Base64, URL_SAFE_NO_PAD.encode(&planted).into_bytes()),
                (Form::HexLower, planted.iter().flat_map(|b| format!("{b:02x}").into_bytes()).collect()),
                (Form::HexUpper, planted.iter().flat_map(|b| format!("{b:02X}").into_bytes()).collect()),
                (
                    Form::JsonEscape,
                    text.chars()
                        .map(
                            |c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) },
                        )
                        .collect::<String>()
                        .into_bytes(),
                ),
            ];
            for (form, bytes) in cases {
                let dir = tempfile::tempdir().unwrap();
                fs::create_dir(dir.path().join("sub")).unwrap();
                // Behind the first chunk and across its border.
                for before in [0, 1, CHUNK_BYTES - 7, CHUNK_BYTES + 9] {
                    let body = [vec![0xa5; before], bytes.clone(), vec![0x5a; 11]].concat();
                    fs::write(dir.path().join("sub/file.bin"), body).unwrap();
                    let hits = search(dir.path(), &[needle("nobody at all"), needle(text)]).unwrap();
                    assert_eq!(hits.to_string(), "1 of 2", "{form:?} {shift} {before}");
                    assert_eq!((hits.hits[0].needle, hits.hits[0].form), (1, form));
                    let at = hits.hits[0].offset.unwrap();
                    assert!(at >= before as u64 && at <= before as u64 + 8, "{at} {before}");
                }
            }
        }
    }

    #[test]
    fn one_needle_inside_another_and_names_of_files_are_found() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("about Amina Barakoye.txt"), "mail amina.barakoye@panel.example today")
            .unwrap();
        let all = ["Amina Barakoye", "amina.barakoye@panel.example", "barakoye@panel"].map(needle);
        let hits = search(dir.path(), &all).unwrap();
        assert_eq!(hits.to_string(), "3 of 3");
        assert_eq!(hits.hits.iter().find(|h| h.needle == 0).unwrap().offset, None);
    }

    #[test]
    fn nothing_in_nothing_and_short_needles_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("empty"), "").unwrap();
        let hits = search(dir.path(), &[needle("")]).unwrap();
        assert_eq!((hits.to_string().as_str(), hits.too_short, hits.files), ("0 of 1", 1, 1));
        assert!(search(&dir.path().join("absent"), &[]).is_err());
    }

    #[test]
    fn the_sample_itself_is_full_of_needles() {
        let sample = generate(8, 60);
        let dir = tempfile::tempdir().unwrap();
        let options = crate::write::WriteOptions::default();
        crate::write::write_sample(&sample, dir.path(), &options).unwrap();
        let needles = needles(&sample);
        let hits = search(dir.path(), &needles).unwrap();
        assert_eq!(hits.found(), needles.len());
        assert_eq!(hits.too_short, 0);
    }
}
