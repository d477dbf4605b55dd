//! One window for a shelf: a second start hands what it was given to the window that is there, and ends. Who holds the lock is
//! first, also after a crash, as the system lets go of it; what is handed over travels by a socket in a folder that is its
//! owner's alone. Elsewhere than on Unix a second window opens, and finds the homes of the first in use.
//!
//! Why not the plugin that does this over D-Bus: it knows programs and no shelves, wants a bus, and brings one.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Where the lock and the socket are, in the shelf.
const FOLDER: &str = ".window";
/// The longest that can be handed over, in bytes: a link, or where a file is.
const GIVEN_BYTES: u64 = 64 * 1024;

/// How long a window that is there may take to begin or to end, and between two tries.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(100);

/// Whether this start is the first.
pub(crate) enum Start {
    /// It is; the lock is held for as long as this lives.
    First(Held),
    /// It is not, and the window that is there has taken what was given.
    Handed,
}

/// The one window of a shelf.
pub(crate) struct Held {
    _lock: File,
    door: door::Door,
}

impl Held {
    /// Hears what later starts were given; empty where they were given nothing.
    pub(crate) fn hear(self, hear: impl Fn(String) + Send + 'static) {
        std::thread::spawn(move || {
            // All of it moves in here: the lock as well as the door.
            let held = self;
            door::hear(&held.door, hear);
            // Without a door the lock is held all the same.
            loop {
                std::thread::park();
            }
        });
    }
}

/// Is the window of a shelf, or hands over what was given.
///
/// # Errors
/// The folder cannot be written, or the window that is there does not answer.
pub(crate) fn start(root: &Path, given: Option<&str>) -> anyhow::Result<Start> {
    let folder = folder(root).with_context(|| format!("cannot write in {}", root.display()))?;
    let lock =
        File::create(folder.join("lock")).with_context(|| format!("cannot write in {}", folder.display()))?;
    let given = given.map(absolute).unwrap_or_default();
    let begun = Instant::now();
    while let Err(TryLockError::WouldBlock) = lock.try_lock() {
        match door::hand(&folder, &given) {
            Ok(true) => return Ok(Start::Handed),
            Ok(false) => break,
            // The window that is there begins, or is about to end.
            Err(_) if begun.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            Err(error) => return Err(error).context("Tessera is open already, and does not answer"),
        }
    }
    // Where the file system knows no locks a second window opens, and finds the homes of the first in use.
    Ok(Start::First(Held { _lock: lock, door: door::open(&folder) }))
}

/// Closes the door: this window is about to end, and a later start is to be the first.
pub(crate) fn leave(root: &Path) {
    door::close(&root.join(FOLDER));
}

fn folder(root: &Path) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(root)?;
    let folder = root.join(FOLDER);
    let mut make = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
    make.recursive(true).create(&folder)?;
    Ok(folder)
}

/// A file is named from where the second start was; a link stays as it is.
fn absolute(given: &str) -> String {
    let path = Path::new(given);
    let whole = path.exists().then(|| std::path::absolute(path).ok()).flatten();
    whole.map_or_else(|| given.to_owned(), |path| path.display().to_string())
}

#[cfg(unix)]
mod door {
    use std::io::{ErrorKind, Read as _, Write as _};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use super::GIVEN_BYTES;

    /// None where the folder's name is too long for a socket: a second start then says that the window is open.
    pub(super) type Door = Option<UnixListener>;

    /// How long the other side may take.
    const PATIENCE: Duration = Duration::from_secs(5);

    fn at(folder: &Path) -> PathBuf {
        folder.join("door")
    }

    /// Opens the door; what is there was left by a window that ended.
    pub(super) fn open(folder: &Path) -> Door {
        let _ = std::fs::remove_file(at(folder));
        UnixListener::bind(at(folder)).ok()
    }

    pub(super) fn close(folder: &Path) {
        // Where there is none nobody comes.
        let _ = std::fs::remove_file(at(folder));
    }

    pub(super) fn hear(door: &Door, hear: impl Fn(String)) {
        for stream in door.iter().flat_map(UnixListener::incoming) {
            // Who hands over nothing that can be read is not heard.
            if let Some(given) = stream.ok().and_then(|stream| read(stream).ok()) {
                hear(given);
            }
        }
    }

    fn read(mut stream: UnixStream) -> std::io::Result<String> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut given = String::new();
        (&stream).take(GIVEN_BYTES).read_to_string(&mut given)?;
        stream.write_all(b"heard")?;
        Ok(given)
    }

    /// Hands over, and waits until it was heard.
    pub(super) fn hand(folder: &Path, given: &str) -> std::io::Result<bool> {
        let mut stream = UnixStream::connect(at(folder))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(given.as_bytes())?;
        stream.shutdown(std::net::Shutdown::Write)?;
        let mut heard = Vec::new();
        stream.take(GIVEN_BYTES).read_to_end(&mut heard)?;
        if heard == b"heard" { Ok(true) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }
}

#[cfg(not(unix))]
mod door {
    use std::path::Path;

    pub(super) type Door = ();

    pub(super) fn open(_: &Path) -> Door {}

    pub(super) fn close(_: &Path) {}

    pub(super) fn hear(_: &Door, _: impl Fn(String)) {}

    pub(super) fn hand(_: &Path, _: &str) -> std::io::Result<bool> {
        Ok(false)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_second_start_hands_over_and_a_third_after_the_end_is_first() {
        let shelf = tempfile::tempdir().unwrap();
        let Start::First(held) = start(shelf.path(), None).unwrap() else { panic!("not the first") };
        let (say, heard) = mpsc::channel();
        held.hear(move |given| say.send(given).unwrap());
        let link = "tessera://invitation/AAAA";
        assert!(matches!(start(shelf.path(), Some(link)).unwrap(), Start::Handed));
        assert_eq!(heard.recv().unwrap(), link);
        assert!(matches!(start(shelf.path(), None).unwrap(), Start::Handed));
        assert_eq!(heard.recv().unwrap(), "");
        let other = tempfile::tempdir().unwrap();
        assert!(matches!(start(other.path(), None).unwrap(), Start::First(_)));
        assert!(
            matches!(start(other.path(), Some(link)).unwrap(), Start::First(_)),
            "the lock went with its holder"
        );
    }

    #[test]
    fn a_file_is_named_from_where_the_second_start_was() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().display().to_string();
        assert_eq!(absolute(&path), path);
        assert!(Path::new(&absolute("Cargo.toml")).is_absolute());
        assert_eq!(absolute("tessera://invitation/AAAA"), "tessera://invitation/AAAA");
    }
}
