//! The same programme in the window, as a coordinator and as a reader: opened where there is a display, else it is said how.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use super::Play;
use crate::person::Person;

pub(crate) fn play(play: &mut Play) -> Result<()> {
    play.story.chapter("The same in the window")?;
    let program = play.stage.program("tessera-desktop");
    let display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let opens = display && program.is_file();
    let people = [play.coordinators.first(), play.reviewers.last()];
    for person in people.into_iter().flatten() {
        let passphrase = std::fs::read_to_string(&person.passphrase)?;
        let told = format!("{}, passphrase: {}", person.name, passphrase.trim());
        let shelf = shelf(person)?;
        if opens {
            open(&program, shelf)?;
            play.story.tell(&format!("A window is open as {told}"))?;
        } else {
            play.story.tell(&format!("As {told}"))?;
        }
        play.story.show(&format!("TESSERA_SHELF={} {}", shelf.display(), program.display()))?;
    }
    if !opens {
        play.story.tell("There is no display here; with one these two lines open it.")?;
    }
    Ok(())
}

/// The folder of a person's homes.
fn shelf(person: &Person) -> Result<&Path> {
    person.home.parent().and_then(Path::parent).context("a laptop without a folder")
}

/// Opens the window and leaves it to whoever sits there.
fn open(program: &Path, shelf: &Path) -> Result<()> {
    let mut window = Command::new(program);
    window.env("TESSERA_SHELF", shelf).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    window.spawn().with_context(|| format!("opening {}", program.display()))?;
    Ok(())
}
