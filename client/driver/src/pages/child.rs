//! The child process: limits first, then one file, one answer, and its end.

use std::io::{self, Read, Write};

use rlimit::Resource;

use super::render;
use super::{Info, PAGES};
use crate::worker::address_space;

/// The longest file, in bytes.
const FILE_BYTES: u64 = 256 << 20;
/// Address space beyond what the program takes by itself, in bytes.
const MEMORY_BYTES: u64 = 1 << 30;
/// Computing time, in seconds.
const CPU_SECONDS: u64 = 10;
/// Standard input, output and error, and what a panic opens.
const DESCRIPTORS: u64 = 16;

/// Reads a file from standard input, and answers on standard output what the words after the command ask.
///
/// # Errors
/// Where a limit cannot be set, and where the file cannot be read.
pub fn serve(question: &[String]) -> io::Result<()> {
    limit()?;
    let mut bytes = Vec::new();
    io::stdin().lock().take(FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let words: Vec<&str> = question.iter().map(String::as_str).collect();
    let answer = answer(&words, bytes)?;
    let mut out = io::stdout().lock();
    out.write_all(&answer)?;
    out.flush()
}

fn answer(words: &[&str], bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    match words {
        ["pdf", "info"] => json(&render::pdf_info(bytes, PAGES)?),
        ["image", "info"] => json(&render::image_info(&bytes)?),
        ["image", "1"] => render::image(&bytes),
        ["image", "light-1"] => render::light_image(&bytes)?.to_answer(),
        ["image", "square"] => Ok(render::square(&bytes)?.into_bytes()),
        ["pdf", page] => match page.strip_prefix("light-") {
            Some(page) => render::light_page(bytes, number(page)?)?.to_answer(),
            None => render::pdf_page(bytes, number(page)?),
        },
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

fn number(page: &str) -> io::Result<usize> {
    page.parse().map_err(io::Error::other)
}

fn json(info: &Info) -> io::Result<Vec<u8>> {
    serde_json::to_vec(info).map_err(io::Error::other)
}

/// Binds this process before a byte of anybody's is read.
fn limit() -> io::Result<()> {
    Resource::CORE.set(0, 0)?;
    Resource::FSIZE.set(0, 0)?;
    Resource::NOFILE.set(DESCRIPTORS, DESCRIPTORS)?;
    let memory = address_space()?.saturating_add(MEMORY_BYTES);
    Resource::AS.set(memory, memory)?;
    Resource::CPU.set(CPU_SECONDS, CPU_SECONDS)
}
