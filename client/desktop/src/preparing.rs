//! Files are prepared while a person works: their text for search, light copies of heavy ones. One thread waits until something
//! may have come; it takes the home for a moment at a time, lets whoever reads have their pages first, and ends with the home.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tauri::{AppHandle, Manager as _};
use tessera_driver::pages::Drawer;
use tessera_driver::preparing::{Preparing, Wanted};
use tessera_views::Session;

use crate::desk::Desk;

/// How long things are left to settle before files are looked at: the first screen comes first.
const SETTLE: Duration = Duration::from_secs(3);
/// The pause between two steps, in which whoever waits for the home gets it.
const PAUSE: Duration = Duration::from_millis(20);

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
        // Whatever stops it, such as a full disk, is told where a person acts; another wake tries again.
        let _ = prepare(&desk, &home, &drawer);
    }
}

/// Prepares what lacks something; none where the home left the desk, or something failed.
fn prepare(desk: &Desk, home: &Weak<Mutex<Session>>, drawer: &Drawer) -> Option<()> {
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
            if prepared.light > 0 {
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
