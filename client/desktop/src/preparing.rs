//! Files are prepared while a person works: their text for search, light copies of heavy ones. One thread waits until something
//! may have come; it takes the home for a moment at a time, lets whoever reads have their pages first, and ends with the home.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use tauri::{AppHandle, Manager as _};
use tessera_driver::pages::Drawer;
use tessera_driver::preparing::{Preparing, Wanted};
use tessera_views::Session;

use crate::desk::Desk;

/// How long things are left to settle before files are looked at: the first screen comes first.
const SETTLE: Duration = Duration::from_secs(3);
/// The pause between two steps, in which whoever waits for the home gets it.
const PAUSE: Duration = Duration::from_millis(20);
/// The shortest time between two words of new light copies: every list that is shown is read again for each.
const NEWS: Duration = Duration::from_secs(5);

/// Starts the thread; gives what wakes it.
pub(crate) fn start(app: AppHandle) -> Sender<()> {
    let (wake, woken) = channel();
    std::thread::spawn(move || serve(&app, &woken));
    wake
}

fn serve(app: &AppHandle, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        std::thread::sleep(SETTLE);
        while woken.try_recv().is_ok() {}
        let desk = app.state::<Desk>();
        let (Ok(drawer), Some(home)) = (Drawer::own(), desk.home()) else { continue };
        let mut news = News::default();
        // Whatever stops it, such as a full disk, is told where a person acts; another wake tries again.
        let _ = prepare(&desk, &home, &drawer, &mut news);
        if news.waits {
            desk.changed();
        }
    }
}

/// New light copies of which nobody heard yet.
#[derive(Default)]
struct News {
    waits: bool,
    told: Option<Instant>,
}

impl News {
    /// Notes whether there are more; true where they are to be told at this moment.
    fn note(&mut self, more: bool, now: Instant) -> bool {
        self.waits |= more;
        let due = self.waits && self.told.is_none_or(|told| now.duration_since(told) >= NEWS);
        if due {
            *self = Self { waits: false, told: Some(now) };
        }
        due
    }
}

/// Prepares what lacks something; none where the home left the desk, or something failed.
fn prepare(desk: &Desk, home: &Weak<Mutex<Session>>, drawer: &Drawer, news: &mut News) -> Option<()> {
    let mut preparing = Preparing::new(Wanted::Everything);
    while !preparing.has_ended() {
        let opened = desk.quietly(home, |session| preparing.next(session))?.ok()?;
        if let Some(opened) = opened {
            let go_on = || {
                desk.let_draw();
                desk.is_here(home)
            };
            let made = opened.make(drawer, &go_on)?;
            let prepared = desk.quietly(home, |session| made.keep(session))?.ok()?;
            if news.note(prepared.light > 0, Instant::now()) {
                desk.changed();
            }
        }
        std::thread::sleep(PAUSE);
    }
    Some(())
}

/// True where two handles are of one home.
pub(crate) fn same(open: &Arc<Mutex<Session>>, home: &Weak<Mutex<Session>>) -> bool {
    std::ptr::eq(Arc::as_ptr(open), home.as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_light_copies_are_told_now_and_then() {
        let (mut news, begin) = (News::default(), Instant::now());
        assert!(!news.note(false, begin), "nothing is no news");
        assert!(news.note(true, begin), "the first is told at once");
        let soon = (1..50).filter(|at| news.note(true, begin + NEWS * *at / 50)).count();
        assert_eq!((soon, news.waits), (0, true));
        assert!(news.note(false, begin + NEWS) && !news.waits, "what waits is told once it is time");
    }
}
