//! Files of applicants as pictures and as text: a PDF's pages and images are read in a child process with little memory and
//! little time. What a file does to its child, it does to nobody else: the page cannot be shown, with what to do.
//!
//! ```text
//! PROGRAM pages pdf|image info       file on stdin → {"pages":[{"shape":W/H,"text":…}…]} on stdout
//! PROGRAM pages pdf|image N          file on stdin → page N, from 1, as PNG on stdout
//! PROGRAM pages pdf|image light-N    file on stdin → page N, grey and small, with its text ([`light`])
//! PROGRAM pages image square         picture on stdin → what the square (QR code) in it says on stdout
//! ```

pub mod child;
pub mod light;
mod render;
mod text;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The hidden command under which a program is the child.
pub const COMMAND: &str = "pages";
/// How long a page may take, on a slow laptop that does other things too.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest answer of a child, in bytes.
const ANSWER_BYTES: u64 = 64 << 20;
/// The most pages that are read of a file.
pub const PAGES: usize = 2000;

/// What can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A PDF.
    Pdf,
    /// A picture, which is one page.
    Image,
}

impl Kind {
    /// What a file of this media type is drawn as; none where it is not.
    #[must_use]
    pub fn of(media_type: &str) -> Option<Self> {
        match media_type {
            "application/pdf" => Some(Self::Pdf),
            "image/png" | "image/jpeg" | "image/webp" | "image/gif" | "image/bmp" | "image/tiff" => {
                Some(Self::Image)
            }
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Image => "image",
        }
    }
}

/// The pages of a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Info {
    /// In their order.
    pub pages: Vec<Line>,
}

/// A page, before it is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Width by height, so that there is room for it.
    pub shape: f32,
    /// What is written on it; empty where it is a picture.
    pub text: String,
}

/// Why a file gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The file cannot be read, or took too much.
    #[error("this file cannot be shown here; save it to read it in another program")]
    Unshowable,
    /// No child can be started.
    #[error("{0}")]
    NoWorker(#[source] io::Error),
}

/// Whoever draws: a program that calls [`child::serve`], started once for each question.
#[derive(Debug, Clone)]
pub struct Drawer {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl Drawer {
    /// This program with the command [`COMMAND`].
    ///
    /// # Errors
    /// [`PageError::NoWorker`] where this program cannot be found.
    pub fn own() -> Result<Self, PageError> {
        let program = std::env::current_exe().map_err(PageError::NoWorker)?;
        Ok(Self { program, arguments: vec![COMMAND.into()] })
    }

    /// Asks how many pages a file has, and what is written on them.
    ///
    /// # Errors
    /// [`PageError`].
    pub fn info(&self, kind: Kind, bytes: Vec<u8>) -> Result<Info, PageError> {
        let answer = self.ask(kind, "info", bytes)?;
        let info: Info = serde_json::from_slice(&answer).map_err(|_| PageError::Unshowable)?;
        if info.pages.len() > PAGES { Err(PageError::Unshowable) } else { Ok(info) }
    }

    /// Draws a page, from 1, as PNG.
    ///
    /// # Errors
    /// [`PageError`].
    pub fn draw(&self, kind: Kind, page: usize, bytes: Vec<u8>) -> Result<Vec<u8>, PageError> {
        self.ask(kind, &page.to_string(), bytes)
    }

    /// Draws a page, from 1, for a light copy.
    ///
    /// # Errors
    /// [`PageError`].
    pub fn draw_light(&self, kind: Kind, page: usize, bytes: Vec<u8>) -> Result<light::Page, PageError> {
        let answer = self.ask(kind, &format!("light-{page}"), bytes)?;
        light::Page::from_answer(&answer).ok_or(PageError::Unshowable)
    }

    /// Reads what the square in a picture says, such as a photograph of an invitation on a screen.
    ///
    /// # Errors
    /// [`PageError`].
    pub fn square(&self, bytes: Vec<u8>) -> Result<String, PageError> {
        let said = self.ask(Kind::Image, "square", bytes)?;
        String::from_utf8(said).map_err(|_| PageError::Unshowable)
    }

    /// Runs a child for one question.
    fn ask(&self, kind: Kind, what: &str, bytes: Vec<u8>) -> Result<Vec<u8>, PageError> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .args([kind.word(), what])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(PageError::NoWorker)?;
        let (Some(mut to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(PageError::Unshowable);
        };
        // Pipes know no time-out: threads wait in them, and end with the child.
        std::thread::spawn(move || {
            // A child that ends early reads no more, and its exit says so.
            let _ = to.write_all(&bytes);
        });
        let (answered, answer) = channel();
        std::thread::spawn(move || {
            let mut read = Vec::new();
            let result = from.take(ANSWER_BYTES).read_to_end(&mut read).map(|_| read);
            // Nobody waits any more where the time was up.
            let _ = answered.send(result);
        });
        let read = answer.recv_timeout(PATIENCE);
        if read.is_err() {
            // It may have ended by itself; then there is nothing to end.
            drop(child.kill());
        }
        let ended = child.wait().map_err(PageError::NoWorker)?;
        match read {
            Ok(Ok(read)) if ended.success() && !read.is_empty() => Ok(read),
            _ => Err(PageError::Unshowable),
        }
    }
}
