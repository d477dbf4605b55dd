//! The one window: what it may load, where it may go, and where files of applicants come from. Nothing remote, nothing new,
//! no trace in a web folder.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use percent_encoding::percent_decode_str;
use tauri::http::{Request, Response, StatusCode};
use tauri::{
    AppHandle, DragDropEvent, Manager, RunEvent, UriSchemeContext, UriSchemeResponder, WebviewUrl,
    WebviewWindowBuilder, WindowEvent, Wry,
};
use tauri_specta::Event as _;
use tessera_driver::pages::PAGES;

use crate::bindings;
use crate::commands::{ClosingEvent, Dropped, DroppedEvent, LockedEvent, for_intake, path_of};
use crate::desk::{Desk, off_the_window};
use crate::pages;
use crate::preferences::Preferences;
use crate::single::{self, Start};

/// The name of the one window.
const MAIN: &str = "main";
/// How often is looked whether a person is still here.
const WATCH: Duration = Duration::from_secs(10);
/// So often within [`PRESSING`] closes the window whatever the page does.
const PRESSES: usize = 4;
const PRESSING: Duration = Duration::from_secs(10);

/// Where this device keeps its homes.
pub(crate) struct Root(pub(crate) PathBuf);

/// The invitations, or paths, with which the program was started before its page asked for them; none afterwards.
pub(crate) struct GivenAtStart(Mutex<Option<Vec<String>>>);

impl GivenAtStart {
    /// Gives them, once; what comes later is told at once.
    pub(crate) fn take(&self) -> Vec<String> {
        self.lock().take().unwrap_or_default()
    }

    /// Keeps one for a page that has not asked yet; false where it has.
    fn keep(&self, given: &str) -> bool {
        self.lock().as_mut().map(|waiting| waiting.push(given.to_owned())).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When the window was to be closed, the last times: the page is asked each time, saves, and says whether it stays open. A page that
/// does not answer is closed by whoever goes on pressing.
#[derive(Default)]
struct Pressed(Mutex<Vec<Instant>>);

impl Pressed {
    /// Notes one more time; whether the page is asked.
    fn asks(&self, now: Instant) -> bool {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.retain(|time| now.duration_since(*time) < PRESSING);
        times.push(now);
        times.len() < PRESSES
    }
}

/// The folder of homes: `$TESSERA_SHELF`, else `tessera` in the user's data folder.
fn root() -> anyhow::Result<PathBuf> {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(shelf) = named("TESSERA_SHELF") {
        return Ok(shelf);
    }
    let data = named("XDG_DATA_HOME").or_else(|| Some(std::env::home_dir()?.join(".local").join("share")));
    Ok(data.context("no folder is known for this user")?.join("tessera-desktop"))
}

/// True in a build for testing that a test drives.
fn is_driven() -> bool {
    cfg!(debug_assertions) && std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some()
}

/// True in a build for testing of which pictures are taken: the driver of tests waits for ever for one that no graphics draw.
fn is_pictured() -> bool {
    is_driven() && std::env::var_os("TESSERA_PICTURES").is_some()
}

/// Opens the window, and returns when it is closed; at once where it is open already.
pub(crate) fn run(given: Option<String>) -> anyhow::Result<()> {
    let root = root()?;
    let Start::First(held) = single::start(&root, given.as_deref())? else { return Ok(()) };
    let commands = bindings::builder();
    let invoke = commands.invoke_handler();
    let desk = Desk::new(root.clone());
    let app = tauri::Builder::default()
        .manage(desk)
        .manage(Root(root.clone()))
        .manage(GivenAtStart(Mutex::new(Some(given.into_iter().collect()))))
        .manage(Pressed::default())
        .invoke_handler(invoke)
        .register_asynchronous_uri_scheme_protocol("page", page)
        .setup(move |app| {
            commands.mount_events(app);
            app.state::<Desk>().tell(app.handle().clone());
            open(app.handle())?;
            let handle = app.handle().clone();
            held.hear(move |given| handed(&handle, &given));
            watch(app.handle().clone(), root);
            Ok(())
        })
        .on_window_event(|window, event| match event {
            WindowEvent::DragDrop(event) => drop_on(window.app_handle(), event),
            WindowEvent::CloseRequested { api, .. } => {
                let app = window.app_handle();
                // What could not be saved outlasts a lock, in the page: it is asked whatever is open.
                if app.state::<Pressed>().asks(Instant::now()) && ClosingEvent.emit(app).is_ok() {
                    api.prevent_close();
                }
            }
            _ => {}
        })
        .build(tauri::generate_context!())?;
    app.run(|app, event| {
        if let RunEvent::Exit = event {
            single::leave(&app.state::<Root>().0);
            app.state::<Desk>().close();
        }
    });
    Ok(())
}

fn drop_on(app: &AppHandle, event: &DragDropEvent) {
    // A window that is gone hears nothing.
    let say = |app: &AppHandle, dropped| drop(DroppedEvent(dropped).emit(app));
    match event {
        DragDropEvent::Enter { .. } => say(app, Dropped::Over),
        DragDropEvent::Leave => say(app, Dropped::Left),
        DragDropEvent::Drop { paths, .. } => {
            app.state::<Desk>().drop_on(for_intake(paths));
            say(app, Dropped::Left);
            // What is in a file takes time to see.
            let (app, paths) = (app.clone(), paths.clone());
            std::thread::spawn(move || say(&app, Dropped::of(&paths)));
        }
        _ => {}
    }
}

/// A second start gave this: the window comes to the front, and takes it as if it had been dropped on it.
fn handed(app: &AppHandle, given: &str) {
    if let Some(window) = app.get_webview_window(MAIN) {
        // A window manager may refuse: the page says what came all the same.
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
    if given.is_empty() || app.state::<GivenAtStart>().keep(given) {
        return;
    }
    app.state::<Desk>().drop_on(for_intake(&[path_of(given)]));
    // What is in a file takes time to see, and others may come.
    let (app, given) = (app.clone(), given.to_owned());
    std::thread::spawn(move || {
        // A window that is gone hears nothing.
        let _ = DroppedEvent(Dropped::given(&given)).emit(&app);
    });
}

/// Closes the window without asking the page again.
pub(crate) fn leave(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        // A window that cannot be closed is gone already.
        let _ = window.destroy();
    }
}

fn open(app: &AppHandle) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Tessera")
        .inner_size(1280.0, 800.0)
        .min_inner_size(480.0, 480.0)
        // Nothing of what was shown stays in a web folder; a driver of tests knows no such windows.
        .incognito(!is_driven())
        .on_navigation(|url| {
            matches!(
                (url.scheme(), url.host_str()),
                ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost"))
            )
        })
        .on_new_window(|_, _| tauri::webview::NewWindowResponse::Deny)
        .build()?;
    #[cfg(target_os = "linux")]
    window.with_webview(|webview| {
        use webkit2gtk::{
            CacheModel, HardwareAccelerationPolicy, SettingsExt as _, WebContextExt as _, WebViewExt as _,
        };
        // One page that never changes: nothing is worth keeping but what it shows.
        if let Some(context) = webview.inner().context() {
            context.set_cache_model(CacheModel::DocumentViewer);
        }
        if let Some(settings) = webview.inner().settings() {
            // Text and still pictures: a graphics driver brings more memory and more bugs than it saves time.
            if !is_pictured() {
                settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
            }
            // What a page writes to its console is heard in builds for testing.
            if cfg!(debug_assertions) {
                settings.set_enable_write_console_messages_to_stdout(true);
            }
        }
    })?;
    #[cfg(not(target_os = "linux"))]
    drop(window);
    Ok(())
}

/// Locks the home where nobody was here for as long as the person chose, but never what is under way: the time counts from its
/// end.
fn watch(app: AppHandle, root: PathBuf) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(WATCH);
            let desk = app.state::<Desk>();
            let minutes = Preferences::read(&root).idle_lock_minutes;
            let patience = Duration::from_secs(u64::from(minutes) * 60);
            if desk.is_busy() {
                desk.touch();
            } else if minutes > 0 && desk.folder().is_some() && desk.idle() >= patience {
                desk.close();
                // A window that is gone hears nothing.
                let _ = LockedEvent.emit(&app);
            }
        }
    });
}

/// `page://localhost/APPLICATION/ROUND/SHA256/NUMBER`: a page of a file, from 1, as PNG.
fn page(context: UriSchemeContext<'_, Wry>, request: Request<Vec<u8>>, responder: UriSchemeResponder) {
    let app = context.app_handle().clone();
    if context.webview_label() != MAIN {
        responder.respond(answer(StatusCode::FORBIDDEN, Vec::new()));
        return;
    }
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
    tauri::async_runtime::spawn(async move {
        let drawn = draw(&app, &path).await;
        responder.respond(match drawn {
            Some(png) => answer(StatusCode::OK, png),
            None => answer(StatusCode::NOT_FOUND, Vec::new()),
        });
    });
}

async fn draw(app: &AppHandle, path: &str) -> Option<Vec<u8>> {
    let (handle, number) = path.trim_start_matches('/').rsplit_once('/')?;
    let number: usize = number.parse().ok().filter(|number| *number <= PAGES)?;
    let handle = handle.to_owned();
    let desk = app.state::<Desk>();
    let _one = desk.drawing().await;
    let read = desk.look(move |session, _| pages::read(session, &handle)).await;
    let (kind, bytes) = read.ok()?;
    off_the_window(move || pages::draw(kind, number, bytes)).await.ok()
}

fn answer(status: StatusCode, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = [
        ("content-type", "image/png"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, tauri::http::HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_close_asks_the_page_and_pressing_on_closes_one_that_does_not_answer() {
        let (pressed, start) = (Pressed::default(), Instant::now());
        let asks = |secs: u64| pressed.asks(start + Duration::from_secs(secs));
        assert_eq!([0, 60, 120, 180, 240].map(asks), [true; 5]);
        assert_eq!([300, 301, 302, 303].map(asks), [true, true, true, false]);
        assert!(asks(400));
    }
}
