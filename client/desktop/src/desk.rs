//! The open home and who works with it. Work runs on threads of its own, one piece at a time; an exchange gives the home back
//! while it waits for the network, so that what a person types is saved meanwhile.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError, Weak};
use std::time::{Duration, Instant};

use tauri::AppHandle;
use tauri::async_runtime::spawn_blocking;
use tauri_specta::Event as _;
use tessera_driver::relay::Lend;
use tessera_driver::worker::ChildWorker;
use tessera_engine::Engine;
use tessera_engine::home::{Home, HomeError};
use tessera_engine::store::SqlcipherStore;
use tessera_views::board::{self, Whole};
use tessera_views::intake::Chosen;
use tessera_views::queue;
use tessera_views::shelf::Shelf;
use tessera_views::{Failure, Session};

use crate::commands::ChangedEvent;
use crate::preparing;

/// How long a home that was taken off the desk is waited for, step by step: a piece of work may be letting go of it.
const PATIENCE_STEPS: u32 = 200;
const STEP: Duration = Duration::from_millis(50);

/// What is open, and where homes are kept.
pub(crate) struct Desk {
    /// The homes of this device.
    pub(crate) shelf: Shelf,
    open: Mutex<Option<Open>>,
    /// How often a home was put here or taken away.
    turn: AtomicU64,
    language: Mutex<String>,
    cancelled: Arc<AtomicBool>,
    /// Ends the writing or taking in of bundles that is under way.
    carrying: Mutex<Arc<AtomicBool>>,
    /// The search for an assignment.
    searching: Latest,
    /// The search that says why a pair is, or is not.
    asking: Latest,
    /// The calculation of severity.
    calculating: Latest,
    /// Held while an exchange runs, or is planned.
    exchanging: Arc<Mutex<()>>,
    /// True while a home is away for a backup, and comes back after it.
    away: AtomicBool,
    /// Held while a child draws a page, so that a file of many pages takes one core and the memory of one.
    drawing: tauri::async_runtime::Mutex<()>,
    /// True while one is planned.
    planning: Arc<AtomicBool>,
    used: Mutex<Instant>,
    /// True while whoever prepares files has the home: nobody waits for that.
    quiet: AtomicBool,
    /// Wakes whoever prepares files.
    wake: OnceLock<Sender<()>>,
    /// The files that a person chose for an import.
    chosen: Mutex<Chosen>,
    /// The last ones that were dropped on the window.
    dropped: Mutex<Chosen>,
    /// The tables that a person chose beside those.
    tables: Mutex<Tables>,
    /// Hears of changes.
    app: OnceLock<AppHandle>,
}

/// Tables that a person chose, each for the desk that takes such ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    /// Of verdicts on conditions.
    pub(crate) verdicts: Option<PathBuf>,
    /// Of scores.
    pub(crate) scores: Option<PathBuf>,
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

/// Takes a lock that nobody holds; none where somebody does.
fn free<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(held) => Some(held),
        Err(TryLockError::Poisoned(left)) => Some(left.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// What ends the last piece of work of its kind: the next one does, and whoever has enough.
#[derive(Default)]
struct Latest(Mutex<Arc<AtomicBool>>);

impl Latest {
    fn begin(&self) -> Arc<AtomicBool> {
        let mut ends = lock(&self.0);
        ends.store(true, Ordering::Relaxed);
        *ends = Arc::default();
        Arc::clone(&ends)
    }
}

/// Work that nobody asked for, until this goes.
struct Quiet<'a>(&'a AtomicBool);

impl<'a> Quiet<'a> {
    fn begin(quiet: &'a AtomicBool) -> Self {
        quiet.store(true, Ordering::Relaxed);
        Self(quiet)
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
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
            turn: AtomicU64::default(),
            language: Mutex::new("en".to_owned()),
            cancelled: Arc::default(),
            carrying: Mutex::default(),
            searching: Latest::default(),
            asking: Latest::default(),
            calculating: Latest::default(),
            exchanging: Arc::default(),
            away: AtomicBool::new(false),
            drawing: tauri::async_runtime::Mutex::default(),
            planning: Arc::default(),
            used: Mutex::new(Instant::now()),
            quiet: AtomicBool::new(false),
            wake: OnceLock::new(),
            chosen: Mutex::default(),
            dropped: Mutex::default(),
            tables: Mutex::default(),
            app: OnceLock::new(),
        }
    }

    /// Tells a window of every change from here on, and prepares files.
    pub(crate) fn tell(&self, app: AppHandle) {
        // There is one window.
        let _ = self.wake.set(preparing::start(app.clone()));
        let _ = self.app.set(app);
    }

    /// Says that files may have come, or may be read from here on.
    pub(crate) fn prepare(&self) {
        if let Some(wake) = self.wake.get() {
            // Whoever prepares goes with the window.
            let _ = wake.send(());
        }
    }

    /// The home on the desk, for whoever does not keep it there.
    pub(crate) fn home(&self) -> Option<Weak<Mutex<Session>>> {
        lock(&self.open).as_ref().map(|open| Arc::downgrade(&open.session))
    }

    /// True while this home is on the desk.
    pub(crate) fn is_here(&self, home: &Weak<Mutex<Session>>) -> bool {
        lock(&self.open).as_ref().is_some_and(|open| preparing::same(&open.session, home))
    }

    /// Works with a home without anybody having asked; none where it left the desk.
    pub(crate) fn quietly<T>(
        &self,
        home: &Weak<Mutex<Session>>,
        work: impl FnOnce(&mut Session) -> T,
    ) -> Option<T> {
        let session = home.upgrade().filter(|_| self.is_here(home))?;
        let mut session = lock(&session);
        let _quiet = Quiet::begin(&self.quiet);
        Some(work(&mut session))
    }

    /// Waits until no page is being drawn for a person.
    pub(crate) fn let_draw(&self) {
        drop(tauri::async_runtime::block_on(self.drawing.lock()));
    }

    pub(crate) fn changed(&self) {
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
        self.turn.fetch_add(1, Ordering::Relaxed);
        *lock(&self.open) = Some(open);
        self.prepare();
        Ok(())
    }

    /// Takes the home off the desk: its keys leave memory once no piece of work holds it, which this waits for. One that is
    /// away for a while does not come back.
    pub(crate) fn close(&self) {
        self.away.store(false, Ordering::Relaxed);
        self.clear();
    }

    fn clear(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
        let open = lock(&self.open).take();
        self.choose(|chosen| *chosen = Chosen::default());
        self.choose_table(|tables| *tables = Tables::default());
        self.cancel();
        self.stop_carrying();
        for work in [&self.searching, &self.asking, &self.calculating] {
            drop(work.begin());
        }
        drop(lock(&self.exchanging));
        if let Some(open) = open {
            // In this order the board is read too.
            let whole = lock(&open.board.whole).take();
            let mut session = lock(&open.session);
            if let Some(whole) = whole
                && session.engine().take_touched().is_empty()
            {
                // What is not kept is read anew the next time.
                drop(board::keep(&mut session, &whole));
            }
        }
    }

    /// Takes the home off the desk and takes hold of it closed, once no piece of work has it any more; gives its folder too.
    pub(crate) async fn put_away(&self) -> Result<(String, Home), Failure> {
        let folder = self.folder().ok_or_else(Failure::locked)?;
        let exchanging = free(&self.exchanging).is_none();
        if exchanging && !self.planning.load(Ordering::Relaxed) {
            return Err(under_way());
        }
        let home = self.shelf.home(&folder)?;
        // In this order: whoever locks meanwhile is heard.
        self.away.store(true, Ordering::Relaxed);
        self.clear();
        let held = off_the_window(move || hold(&home)).await;
        match held {
            Ok(held) => Ok((folder, held)),
            Err(error) => {
                self.close();
                self.changed();
                Err(error)
            }
        }
    }

    /// Ends what a home was away for; says whether somebody still waits for it, and did not lock meanwhile.
    pub(crate) fn is_awaited(&self) -> bool {
        self.away.swap(false, Ordering::Relaxed)
    }

    /// Changes whenever a home is put here or taken away.
    pub(crate) fn turn(&self) -> u64 {
        self.turn.load(Ordering::Relaxed)
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

    /// The tables that a person chose beside those of the intake desk.
    pub(crate) fn tables(&self) -> Tables {
        lock(&self.tables).clone()
    }

    /// Notes which table a person chose.
    pub(crate) fn choose_table(&self, choice: impl FnOnce(&mut Tables)) {
        choice(&mut lock(&self.tables));
    }

    /// Waits for the turn to have a page drawn.
    pub(crate) async fn drawing(&self) -> impl Drop + '_ {
        self.drawing.lock().await
    }

    /// True while an exchange or another act is under way.
    pub(crate) fn is_busy(&self) -> bool {
        let open = lock(&self.open).clone();
        self.away.load(Ordering::Relaxed)
            || free(&self.exchanging).is_none()
            || open.is_some_and(|open| free(&open.session).is_none() && !self.quiet.load(Ordering::Relaxed))
    }

    /// Begins something long for which no home is open yet; gives what ends it.
    pub(crate) fn begin(&self) -> Arc<AtomicBool> {
        self.cancelled.store(false, Ordering::Relaxed);
        Arc::clone(&self.cancelled)
    }

    /// Ends the exchange under way.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Begins a search for an assignment, which ends the one before; gives what ends this one.
    pub(crate) fn search(&self) -> Arc<AtomicBool> {
        self.searching.begin()
    }

    /// The same of the search that says why a pair is, or is not; a search for an assignment goes on beside it.
    pub(crate) fn ask(&self) -> Arc<AtomicBool> {
        self.asking.begin()
    }

    /// The same of the calculation of severity.
    pub(crate) fn calculate(&self) -> Arc<AtomicBool> {
        self.calculating.begin()
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

    /// Carries work in files: as [`Desk::act`], and `work` asks whether a person had enough.
    pub(crate) async fn carry<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Session, &dyn Fn() -> ControlFlow<()>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let stopped = Arc::<AtomicBool>::default();
        *lock(&self.carrying) = Arc::clone(&stopped);
        self.act(move |session| work(session, &|| unless(&stopped))).await
    }

    /// Ends the writing or taking in of bundles that is under way.
    pub(crate) fn stop_carrying(&self) {
        lock(&self.carrying).store(true, Ordering::Relaxed);
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
                false => free(&exchanging),
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
        self.prepare();
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
            let Some(_one) = free(&exchanging) else { return Err(under_way()) };
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

/// Takes hold of a home that a piece of work may still be letting go of.
fn hold(home: &Path) -> Result<Home, Failure> {
    for _ in 0..PATIENCE_STEPS {
        match Home::lock(home) {
            Err(HomeError::InUse) => std::thread::sleep(STEP),
            held => return Ok(held?),
        }
    }
    Ok(Home::lock(home)?)
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
    work(&open.session, &mut Lent(Arc::clone(&open.session)), &|| unless(cancelled))
}

/// Goes on unless a person had enough.
fn unless(ended: &AtomicBool) -> ControlFlow<()> {
    match ended.load(Ordering::Relaxed) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

/// Runs a piece of work off the window's thread.
pub(crate) async fn off_the_window<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Failure::new("bug", error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(work: &Arc<AtomicBool>) -> bool {
        work.load(Ordering::Relaxed)
    }

    #[test]
    fn each_kind_of_work_ends_its_own_alone_and_a_lock_ends_all() {
        let desk = Desk::new(PathBuf::new());
        let (search, question, calculation) = (desk.search(), desk.ask(), desk.calculate());
        assert!(!ended(&search) && !ended(&question) && !ended(&calculation));
        let (another, once_more) = (desk.ask(), desk.calculate());
        assert!(ended(&question) && ended(&calculation));
        assert!(!ended(&search) && !ended(&another) && !ended(&once_more));
        desk.close();
        assert!(ended(&search) && ended(&another) && ended(&once_more));
    }
}
