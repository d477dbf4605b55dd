//! How far a long command is, on stderr: one line that is written over on a terminal, a line for each step elsewhere,
//! nothing for scripts that want JSON.

use std::io::{IsTerminal as _, Write as _};
use std::ops::ControlFlow;
use std::time::Duration;

use tessera_driver::relay::{Phase, Progress};

use crate::context::Context;

/// Steps that move less are not worth a line in a log.
const WORTH_A_LINE_BYTES: u64 = 16 * 1024;

/// What shows progress.
pub(crate) struct Display {
    mode: Mode,
    phase: Option<(Phase, u64, u64)>,
    written: usize,
}

enum Mode {
    Silent,
    Lines,
    Terminal,
}

impl Display {
    /// Makes a display that fits what stderr is.
    pub(crate) fn new(context: &Context) -> Self {
        let mode = match (context.json, std::io::stderr().is_terminal()) {
            (true, _) => Mode::Silent,
            (false, true) => Mode::Terminal,
            (false, false) => Mode::Lines,
        };
        Self { mode, phase: None, written: 0 }
    }

    /// Shows how far an exchange is.
    pub(crate) fn tell(&mut self, progress: &Progress) -> ControlFlow<()> {
        let step = (progress.phase, progress.to_send, progress.announced);
        let new = self.phase.replace(step) != Some(step);
        match self.mode {
            Mode::Silent => {}
            Mode::Terminal => self.overwrite(&sentence(progress)),
            Mode::Lines => {
                if new && progress.to_send + progress.announced >= WORTH_A_LINE_BYTES {
                    let _ = writeln!(std::io::stderr().lock(), "{}", sentence(progress));
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn overwrite(&mut self, line: &str) {
        let width = line.chars().count();
        let blank = " ".repeat(self.written.saturating_sub(width));
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "\r{line}{blank}");
        let _ = err.flush();
        self.written = width;
    }

    /// Clears the line before anything else is said.
    pub(crate) fn end(&mut self) {
        if self.written > 0 {
            self.overwrite("");
            let _ = write!(std::io::stderr().lock(), "\r");
            self.written = 0;
        }
    }
}

fn sentence(progress: &Progress) -> String {
    let (what, done, total) = match progress.phase {
        Phase::Connecting => return "connecting".to_owned(),
        Phase::Waiting => return "the connection was lost; trying again".to_owned(),
        Phase::Reading => return "reading what came".to_owned(),
        Phase::Sending => ("sending", progress.sent, progress.to_send),
        Phase::Receiving => ("receiving", progress.received, progress.announced),
        Phase::Attachments => {
            ("attachments", progress.sent + progress.received, progress.to_send + progress.announced)
        }
    };
    let left = progress.left.map_or_else(String::new, |left| format!(", about {} left", duration(left)));
    format!("{what} {} of {}{left}", bytes(done.min(total)), bytes(total))
}

/// A number of bytes for people: `812 B`, `34 kB`, `1.2 MB`.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..999_500 => format!("{} kB", (count + 500) / 1_000),
        _ => format!("{}.{} MB", (count + 50_000) / 1_000_000, (count + 50_000) / 100_000 % 10),
    }
}

fn duration(left: Duration) -> String {
    match left.as_secs() {
        seconds @ 0..90 => format!("{} s", seconds.max(1)),
        seconds @ 90..5_400 => format!("{} min", (seconds + 30) / 60),
        seconds => format!("{} h", (seconds + 1_800) / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_for_people() {
        for (count, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_499, "1 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (1_249_999, "1.2 MB"),
            (1_950_000, "2.0 MB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
        for (seconds, expected) in
            [(0, "1 s"), (40, "40 s"), (90, "2 min"), (3_600, "60 min"), (7_200, "2 h")]
        {
            assert_eq!(duration(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn a_step_says_what_is_left() {
        let progress = Progress {
            phase: Phase::Receiving,
            received: 300_000,
            announced: 1_200_000,
            left: Some(Duration::from_secs(40)),
            ..Progress::default()
        };
        assert_eq!(sentence(&progress), "receiving 300 kB of 1.2 MB, about 40 s left");
    }
}
