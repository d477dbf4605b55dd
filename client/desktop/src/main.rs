//! The window of Tessera: a thin shell around [`tessera_views`]. A command takes what a screen says, lets a view or an act run
//! off the window's thread, and gives back what came of it. No rule, no SQL and no cryptography is here.
//!
//! One program, three lives: the window ([`window`]); `worker`, in which changes of other people are tried; `pages`, in
//! which files of applicants become pictures ([`tessera_driver::pages`]). The last two are started by the first.
//!
//! Reading order: [`desk`] (the open home), [`commands`], [`bindings`] (what the interface is told of them), [`window`],
//! [`single`], [`pages`], [`preparing`], [`dialogs`], [`keychain`].
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod bindings;
mod commands;
mod desk;
mod dialogs;
mod keychain;
mod pages;
mod preferences;
mod preparing;
mod single;
mod surroundings;
mod window;

use std::process::ExitCode;

fn main() -> ExitCode {
    let first = std::env::args_os().nth(1);
    let life = first.as_ref().and_then(|argument| argument.to_str());
    let is_window = !matches!(life, Some(tessera_driver::worker::COMMAND | tessera_driver::pages::COMMAND));
    if is_window && !surroundings::are_right() {
        match surroundings::start_again() {
            Ok(code) => return code,
            Err(error) => say(&error.context("this program cannot start itself again")),
        }
        // More memory is no reason to stay away; a door for others is.
        if surroundings::are_open() {
            return ExitCode::FAILURE;
        }
    }
    let result = match life {
        Some(tessera_driver::worker::COMMAND) => tessera_driver::worker::serve().map_err(anyhow::Error::from),
        Some(tessera_driver::pages::COMMAND) => {
            let question: Vec<String> = std::env::args().skip(2).take(3).collect();
            tessera_driver::pages::child::serve(&question).map_err(anyhow::Error::from)
        }
        given => window::run(given.map(str::to_owned)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

fn say(error: &anyhow::Error) {
    use std::io::Write as _;
    // Nothing is left to tell anyone where stderr itself is gone.
    let _ = writeln!(std::io::stderr().lock(), "tessera: {error:#}");
}
