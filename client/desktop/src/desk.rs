//! The open home and who works with it. Work runs on threads of its own, one piece at a time; an exchange gives the home back
//! while it waits for the network, so that what a person types is saved meanwhile.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tauri::AppHandle;
use tauri::async_runtime::spawn_blocking;
use tauri_specta::Event as _;
use tessera_driver::relay::Lend;
use tessera_driver::worker::ChildWorker;
use tessera_engine::Engine;
use tessera_engine::store::SqlcipherStore;
use tessera_views::board::{self, Whole};
use tessera_views::intake::Chosen;
use tessera_views::queue;
use tessera_views::shelf::Shelf;
use tessera_views::{Failure, Session};

use crate::commands::ChangedEvent;

/// What is open, and where homes are kept.
pub(crate) struct Desk {
    /// The homes of this device.
    pub(crate) shelf: Shelf,
    open: Mutex<Option<Open>>,
    language: Mutex<String>,
    cancelled: Arc<AtomicBool>,
    /// Ends the search for an assignment that is under way.
    searching: Mutex<Arc<AtomicBool>>,
    /// Held while an exchange runs, or is planned.
    exchanging: Arc<Mutex<()>>,
    /// True while one is planned.
    planning: Arc<AtomicBool>,
    used: Mutex<Instant>,
    /// The files that a person chose for an import.
    chosen: Mutex<Chosen>,
    /// The last ones that were dropped on the window.
    dropped: Mutex<Chosen>,
    /// Hears of changes.
    app: OnceLock<AppHandle>,
}

/// An open home.
#[derive(Clone)]
struct Open {
    folder: String,
    session: Arc<Mutex<Session>>,
    board: Arc<Board>,
}

/// The board as it was read last, and how many questions waited then.
#[derive(Default)]
struct Board {
    whole: Mutex<Option<Arc<Whole>>>,
    waiting: Mutex<Option<(Arc<Whole>, u32)>>,
}

/// Takes a lock; a panic in a piece of work lost no more than that piece.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A home that is lent to an exchange, step by step.
pub(crate) struct Lent(Arc<Mutex<Session>>);

impl Lend for Lent {
    type Store = SqlcipherStore;

    fn lend<T>(&mut self, step: impl FnOnce(&mut Engine<SqlcipherStore>) -> T) -> T {
        step(lock(&self.0).engine())
    }
}

impl Desk {
    /// A desk with nothing on it.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            shelf: Shelf::new(root),
            open: Mutex::default(),
            language: Mutex::new("en".to_owned()),
            cancelled: Arc::default(),
            searching: Mutex::default(),
            exchanging: Arc::default(),
            planning: Arc::default(),
            used: Mutex::new(Instant::now()),
            chosen: Mutex::default(),
            dropped: Mutex::default(),
            app: OnceLock::new(),
        }
    }

    /// Tells a window of every change from here on.
    pub(crate) fn tell(&self, app: AppHandle) {
        // There is one window.
        let _ = self.app.set(app);
    }

    fn changed(&self) {
        if let Some(app) = self.app.get() {
            // A window that is gone hears nothing.
            let _ = ChangedEvent.emit(app);
        }
    }

    /// Puts a home on the desk. Changes of other people are tried in a process of their own from here on.
    pub(crate) fn put(&self, folder: String, mut session: Session) -> Result<(), Failure> {
        let worker = ChildWorker::start().map_err(|error| Failure::new("no-worker", error.to_string()))?;
        session.engine().set_worker(Box::new(worker));
        let open = Open { folder, session: Arc::new(Mutex::new(session)), board: Arc::default() };
        self.touch();
        *lock(&self.open) = Some(open);
        Ok(())
    }

    /// Takes the home off the desk: its keys leave memory once no piece of work holds it, which this waits for.
    pub(crate) fn close(&self) {
        let open = lock(&self.open).take();
        self.choose(|chosen| *chosen = Chosen::default());
        self.cancel();
        drop(self.search());
        drop(lock(&self.exchanging));
        if let Some(open) = open {
            let mut session = lock(&open.session);
            if let Some(whole) = lock(&open.board.whole).take()
                && session.engine().take_touched().is_empty()
            {
                // What is not kept is read anew the next time.
                drop(board::keep(&mut session, &whole));
            }
        }
    }

    /// The folder of the home on the desk.
    pub(crate) fn folder(&self) -> Option<String> {
        lock(&self.open).as_ref().map(|open| open.folder.clone())
    }

    fn open(&self) -> Result<Open, Failure> {
        self.touch();
        lock(&self.open).clone().ok_or_else(Failure::locked)
    }

    /// Notes that a person is here.
    pub(crate) fn touch(&self) {
        *lock(&self.used) = Instant::now();
    }

    /// How long nobody was here.
    pub(crate) fn idle(&self) -> Duration {
        lock(&self.used).elapsed()
    }

    /// The language of labels.
    pub(crate) fn language(&self) -> String {
        lock(&self.language).clone()
    }

    /// Sets the language of labels.
    pub(crate) fn set_language(&self, language: String) {
        *lock(&self.language) = language;
    }

    /// The files that a person chose for an import.
    pub(crate) fn chosen(&self) -> Chosen {
        lock(&self.chosen).clone()
    }

    /// Notes what a person chose for an import.
    pub(crate) fn choose(&self, choice: impl FnOnce(&mut Chosen)) {
        choice(&mut lock(&self.chosen));
    }

    /// The last files for an import that were dropped on the window.
    pub(crate) fn dropped(&self) -> Chosen {
        lock(&self.dropped).clone()
    }

    /// Notes what was dropped on the window.
    pub(crate) fn drop_on(&self, files: Chosen) {
        *lock(&self.dropped) = files;
    }

    /// Ends the exchange under way.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Begins a search, which ends the one before; gives what ends this one.
    pub(crate) fn search(&self) -> Arc<AtomicBool> {
        let mut searching = lock(&self.searching);
        searching.store(true, Ordering::Relaxed);
        *searching = Arc::default();
        Arc::clone(&searching)
    }

    /// Reads something of the home.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Session, &str) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let open = self.open()?;
        let language = self.language();
        off_the_window(move || work(&mut lock(&open.session), &language)).await
    }

    /// Does something with the home.
    pub(crate) async fn act<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Session) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let open = self.open()?;
        let result = off_the_window(move || work(&mut lock(&open.session))).await;
        self.changed();
        result
    }

    /// Exchanges: `work` is given the home step by step, and asks whether a person had enough. A plan that is being made
    /// makes way.
    pub(crate) async fn exchange<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Mutex<Session>, &mut Lent, &dyn Fn() -> ControlFlow<()>) -> Result<T, Failure>
        + Send
        + 'static,
    ) -> Result<T, Failure> {
        let open = self.open()?;
        let (cancelled, exchanging) = (Arc::clone(&self.cancelled), Arc::clone(&self.exchanging));
        let planning = Arc::clone(&self.planning);
        let result = off_the_window(move || {
            let one = match planning.load(Ordering::Relaxed) {
                true => {
                    cancelled.store(true, Ordering::Relaxed);
                    Some(lock(&exchanging))
                }
                false => exchanging.try_lock().ok(),
            };
            let Some(_one) = one else { return Err(under_way()) };
            let result = talk(&open, &cancelled, work);
            // What the exchange taught of keys is kept outside the store too.
            let kept = lock(&open.session).work(|_| Ok(()));
            let result = result?;
            kept?;
            Ok(result)
        })
        .await;
        self.changed();
        result
    }

    /// Asks what an exchange would move; nothing changes.
    pub(crate) async fn plan<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Mutex<Session>, &mut Lent, &dyn Fn() -> ControlFlow<()>) -> Result<T, Failure>
        + Send
        + 'static,
    ) -> Result<T, Failure> {
        let open = self.open()?;
        let (cancelled, exchanging) = (Arc::clone(&self.cancelled), Arc::clone(&self.exchanging));
        let planning = Arc::clone(&self.planning);
        off_the_window(move || {
            let Ok(_one) = exchanging.try_lock() else { return Err(under_way()) };
            planning.store(true, Ordering::Relaxed);
            let result = talk(&open, &cancelled, work);
            planning.store(false, Ordering::Relaxed);
            result
        })
        .await
    }

    /// How many questions wait, worked out once after each change.
    pub(crate) async fn waiting(&self) -> Result<u32, Failure> {
        let whole = self.board().await?;
        if let Some(waiting) = whole.waiting {
            return Ok(waiting);
        }
        let open = self.open()?;
        off_the_window(move || {
            let mut known = lock(&open.board.waiting);
            if let Some((of, waiting)) = known.as_ref()
                && Arc::ptr_eq(of, &whole)
            {
                return Ok(*waiting);
            }
            let waiting = queue::size(&mut lock(&open.session))?;
            *known = Some((whole, waiting));
            Ok(waiting)
        })
        .await
    }

    /// The board and its rows.
    pub(crate) async fn board(&self) -> Result<Arc<Whole>, Failure> {
        let open = self.open()?;
        let language = self.language();
        off_the_window(move || {
            let mut read = lock(&open.board.whole);
            // What is not put back is read anew the next time.
            let before = read.take();
            let board = board::whole(&mut lock(&open.session), before, &language)?;
            *read = Some(Arc::clone(&board));
            Ok(board)
        })
        .await
    }
}

fn under_way() -> Failure {
    Failure::new("exchange-under-way", "an exchange is under way")
}

/// Lends the home to an exchange that can be cancelled.
fn talk<T>(
    open: &Open,
    cancelled: &AtomicBool,
    work: impl FnOnce(&Mutex<Session>, &mut Lent, &dyn Fn() -> ControlFlow<()>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    cancelled.store(false, Ordering::Relaxed);
    let go_on = || match cancelled.load(Ordering::Relaxed) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    work(&open.session, &mut Lent(Arc::clone(&open.session)), &go_on)
}

/// Runs a piece of work off the window's thread.
pub(crate) async fn off_the_window<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Failure::new("bug", error.to_string())))
}
