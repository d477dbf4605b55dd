//! The limits that the child sets on itself. They bind it before a byte of anybody's is read, and cannot be
//! taken back by what it reads.

use std::io::{self, Read};

use rlimit::Resource;

/// Address space beyond what the program takes by itself, the stack of its worker thread included, in bytes.
pub const MEMORY_BYTES: u64 = 256 << 20;
/// Computing time for one document, in seconds.
pub const CPU_SECONDS: u64 = 10;

/// Standard input, output and error, what a panic or the clock of the process opens, and no more.
const DESCRIPTORS: u64 = 16;

/// Sets every limit.
pub(super) fn set_all() -> io::Result<()> {
    Resource::CORE.set(0, 0)?;
    Resource::FSIZE.set(0, 0)?;
    Resource::NOFILE.set(DESCRIPTORS, DESCRIPTORS)?;
    let memory = address_space()?.saturating_add(MEMORY_BYTES);
    Resource::AS.set(memory, memory)?;
    allow_time()
}

/// Gives the process its time for the next document: what it used so far, and [`CPU_SECONDS`].
fn allow_time() -> io::Result<()> {
    let (_, hard) = Resource::CPU.get()?;
    Resource::CPU.set((used_seconds()? + CPU_SECONDS).min(hard), hard)
}

/// The address space of this process, in bytes.
///
/// # Errors
/// Where the system does not tell.
#[cfg(target_os = "linux")]
pub fn address_space() -> io::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    size_in(&text).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(target_os = "linux")]
fn size_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

/// The computing time of this process, in whole seconds, rounded up.
#[cfg(target_os = "linux")]
fn used_seconds() -> io::Result<u64> {
    /// `USER_HZ`, the same on every Linux.
    const TICKS: u64 = 100;
    let text = std::fs::read_to_string("/proc/self/stat")?;
    used_ticks(&text).map(|ticks| ticks.div_ceil(TICKS)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Fields 14 and 15, after the name in brackets, which may hold anything.
#[cfg(target_os = "linux")]
fn used_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

/// The address space of a process, in bytes: nothing tells it cheaply here, so room for the program itself.
///
/// # Errors
/// Never.
#[cfg(not(target_os = "linux"))]
pub fn address_space() -> io::Result<u64> {
    Ok(1 << 30)
}

// Time for a whole life.
#[cfg(not(target_os = "linux"))]
fn used_seconds() -> io::Result<u64> {
    Ok(3600)
}

/// A reader with new time for whatever is asked next.
pub(super) struct Renewed<R> {
    inner: R,
}

impl<R: Read> Renewed<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner }
    }
}

impl<R: Read> Read for Renewed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        allow_time()?;
        self.inner.read(buffer)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_read_behind_any_name() {
        let check = |stat: &str, expected: Option<u64>| assert_eq!(used_ticks(stat), expected, "{stat}");
        check("7 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14", Some(23));
        check("7 (a) b) (c) S 1 2 3 4 5 6 7 8 9 10 40 2 13 14", Some(42));
        check("7 (a) S 1 2", None);
        check("", None);
        assert_eq!(size_in("Name:\tx\nVmSize:\t   12 kB\nVmRSS:\t 1 kB\n"), Some(12 << 10));
        assert_eq!(size_in("VmSize: 12 pages"), None);
        assert!(address_space().unwrap() > 1 << 20);
        assert!(used_seconds().is_ok());
    }
}
