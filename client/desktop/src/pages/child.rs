//! The child process: limits first, then one file, one answer, and its end.

use std::io::{self, Read, Write};

use rlimit::Resource;

use super::render;
use super::{PAGES, PageInfo};

/// The longest file, in bytes.
const FILE_BYTES: u64 = 256 << 20;
/// Address space beyond what the program takes by itself, in bytes.
const MEMORY_BYTES: u64 = 1 << 30;
/// Computing time, in seconds.
const CPU_SECONDS: u64 = 10;
/// Standard input, output and error, and what a panic opens.
const DESCRIPTORS: u64 = 16;

/// Reads a file from standard input, and answers on standard output.
pub(crate) fn serve() -> io::Result<()> {
    limit()?;
    let arguments: Vec<String> = std::env::args().skip(2).take(3).collect();
    let mut bytes = Vec::new();
    io::stdin().lock().take(FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = match words[..] {
        ["pdf", "info"] => json(&render::pdf_info(bytes, PAGES)?)?,
        ["image", "info"] => json(&render::image_info(&bytes)?)?,
        ["pdf", page] => render::pdf_page(bytes, page.parse().map_err(io::Error::other)?)?,
        ["image", "1"] => render::image(&bytes)?,
        ["image", "square"] => render::square(&bytes)?.into_bytes(),
        _ => return Err(io::ErrorKind::InvalidInput.into()),
    };
    let mut out = io::stdout().lock();
    out.write_all(&answer)?;
    out.flush()
}

fn json(info: &PageInfo) -> io::Result<Vec<u8>> {
    serde_json::to_vec(info).map_err(io::Error::other)
}

/// Binds this process before a byte of anybody's is read.
fn limit() -> io::Result<()> {
    Resource::CORE.set(0, 0)?;
    Resource::FSIZE.set(0, 0)?;
    Resource::NOFILE.set(DESCRIPTORS, DESCRIPTORS)?;
    let memory = tessera_driver::worker::address_space()?.saturating_add(MEMORY_BYTES);
    Resource::AS.set(memory, memory)?;
    Resource::CPU.set(CPU_SECONDS, CPU_SECONDS)
}
