//! Files of applicants as pictures: a PDF's pages and images are drawn in a child process with little memory and little
//! time, and come back as PNG. What a file does to its child, it does to nobody else: the page is grey, with what to do.
//!
//! ```text
//! tessera-desktop pages pdf|image info      file on stdin → {"pages":[{"shape":W/H,"text":…}…]} on stdout
//! tessera-desktop pages pdf|image N         file on stdin → page N, from 1, as PNG on stdout
//! tessera-desktop pages image square        picture on stdin → what the square (QR code) in it says on stdout
//! ```

pub(crate) mod child;
mod render;
mod text;

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_views::files::{self, Shown};
use tessera_views::{Failure, Session};

/// The command of the child.
pub(crate) const COMMAND: &str = "pages";
/// How long a page may take, on a slow laptop that does other things too.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest answer of a child, in bytes.
const ANSWER_BYTES: u64 = 64 << 20;
/// The most pages that are shown.
pub(crate) const PAGES: usize = 2000;

/// The pages of a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
pub(crate) struct PageInfo {
    /// In their order.
    pages: Vec<PageLine>,
}

/// A page, before it is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub(crate) struct PageLine {
    /// Width by height, so that there is room for it.
    shape: f32,
    /// What is written on it; empty where it is a picture.
    text: String,
}

/// Finds a file that is shown as pages, and opens it in memory.
pub(crate) fn read(session: &mut Session, handle: &str) -> Result<(Shown, Vec<u8>), Failure> {
    let found = files::lookup(session, handle)?;
    match found.shown {
        Shown::Pages | Shown::Image => Ok((found.shown, files::contents(session, &found)?)),
        Shown::Text | Shown::Described => Err(Failure::bad_input("the file")),
    }
}

/// Asks how many pages a file has, and what is written on them.
pub(crate) fn info(shown: Shown, bytes: Vec<u8>) -> Result<PageInfo, Failure> {
    let answer = ask(shown, "info", bytes)?;
    serde_json::from_slice(&answer).map_err(|_| cannot_be_shown())
}

/// Draws a page, from 1, as PNG.
pub(crate) fn draw(shown: Shown, page: usize, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    ask(shown, &page.to_string(), bytes)
}

/// Reads what the square in a picture says, such as a photograph of an invitation on a screen.
pub(crate) fn square(bytes: Vec<u8>) -> Result<String, Failure> {
    let read = ask(Shown::Image, "square", bytes).ok().and_then(|said| String::from_utf8(said).ok());
    read.ok_or_else(|| Failure::new("no-square", "no square that can be read is in this picture"))
}

fn cannot_be_shown() -> Failure {
    Failure::new("page-unshowable", "this file cannot be shown here; save it to read it in another program")
}

/// Runs a child for one question.
fn ask(shown: Shown, what: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let kind = if shown == Shown::Image { "image" } else { "pdf" };
    let bug = |error: std::io::Error| Failure::new("no-worker", error.to_string());
    let mut child = Command::new(std::env::current_exe().map_err(bug)?)
        .args([COMMAND, kind, what])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(bug)?;
    let (Some(mut to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(cannot_be_shown());
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
    let ended = child.wait().map_err(bug)?;
    match read {
        Ok(Ok(read)) if ended.success() && !read.is_empty() => Ok(read),
        _ => Err(cannot_be_shown()),
    }
}
