//! What the audience sees: numbered chapters, what happens in them, how long each took and how many bytes travelled.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;

/// Tells the story on stdout.
pub(crate) struct Story {
    start: Instant,
    chapter: Option<(String, Instant)>,
    number: usize,
    bytes: u64,
    times: Vec<(String, Duration, u64)>,
}

impl Story {
    pub(crate) fn begin(title: &str) -> Result<Self> {
        let story = Self { start: Instant::now(), chapter: None, number: 0, bytes: 0, times: Vec::new() };
        story.line(&format!("{title}\n{}", "=".repeat(title.chars().count())))?;
        Ok(story)
    }

    /// Ends a chapter and opens the next.
    pub(crate) fn chapter(&mut self, title: &str) -> Result<()> {
        self.end_chapter()?;
        self.number += 1;
        self.line(&format!("\n{}. {title}", self.number))?;
        self.chapter = Some((title.to_owned(), Instant::now()));
        Ok(())
    }

    /// Says what happened.
    pub(crate) fn tell(&self, what: &str) -> Result<()> {
        for (index, line) in wrap(what, 104).iter().enumerate() {
            self.line(&format!("{}{line}", if index == 0 { "   - " } else { "     " }))?;
        }
        Ok(())
    }

    /// Shows lines as they are.
    pub(crate) fn show(&self, lines: &str) -> Result<()> {
        for line in lines.lines() {
            self.line(&format!("     {line}"))?;
        }
        Ok(())
    }

    /// Counts bytes that travelled in this chapter.
    pub(crate) fn travelled(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// Ends the story with a table of its chapters.
    pub(crate) fn end(mut self) -> Result<()> {
        self.end_chapter()?;
        self.line("\nTime and bytes of each step")?;
        for (title, took, bytes) in &self.times {
            self.line(&format!("   {:>6.1} s  {:>9}  {title}", took.as_secs_f64(), size(*bytes)))?;
        }
        let total: u64 = self.times.iter().map(|(.., bytes)| bytes).sum();
        self.line(&format!("   {:>6.1} s  {:>9}  all of it", self.start.elapsed().as_secs_f64(), size(total)))
    }

    fn end_chapter(&mut self) -> Result<()> {
        let Some((title, begun)) = self.chapter.take() else { return Ok(()) };
        let (took, bytes) = (begun.elapsed(), std::mem::take(&mut self.bytes));
        let sent = if bytes == 0 { String::new() } else { format!(", {} travelled", size(bytes)) };
        self.line(&format!("   ({:.1} s{sent})", took.as_secs_f64()))?;
        self.times.push((title, took, bytes));
        Ok(())
    }

    fn line(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }
}

/// A number of bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0 => "-".to_owned(),
        1..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is always a line");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}
