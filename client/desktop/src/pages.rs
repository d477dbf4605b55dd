//! Files of applicants as pictures: a child process of this program draws them ([`tessera_driver::pages`]); here is what of them
//! crosses to the interface.

use serde::Serialize;
use specta::Type;
use tessera_driver::pages::{Drawer, Info, Kind, PageError};
use tessera_views::files;
use tessera_views::{Failure, Session};

/// The pages of a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Type)]
pub(crate) struct PageInfo {
    /// In their order.
    pages: Vec<PageLine>,
}

/// A page, before it is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub(crate) struct PageLine {
    /// Width by height, so that there is room for it.
    shape: f32,
    /// What is written on it; empty where it is a picture.
    text: String,
}

impl From<Info> for PageInfo {
    fn from(info: Info) -> Self {
        let pages = info.pages.into_iter().map(|line| PageLine { shape: line.shape, text: line.text });
        Self { pages: pages.collect() }
    }
}

/// Finds a file that is shown as pages, and opens it in memory.
pub(crate) fn read(session: &mut Session, handle: &str) -> Result<(Kind, Vec<u8>), Failure> {
    let found = files::lookup(session, handle)?;
    let kind = found.kind().ok_or_else(|| Failure::bad_input("the file"))?;
    Ok((kind, files::contents(session, &found)?))
}

/// Asks how many pages a file has, and what is written on them.
pub(crate) fn info(kind: Kind, bytes: Vec<u8>) -> Result<Info, Failure> {
    Ok(Drawer::own()?.info(kind, bytes)?)
}

/// Draws a page, from 1, as PNG.
pub(crate) fn draw(kind: Kind, page: usize, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    Ok(Drawer::own()?.draw(kind, page, bytes)?)
}

/// Reads what the square in a picture says, such as a photograph of an invitation on a screen.
pub(crate) fn square(bytes: Vec<u8>) -> Result<String, Failure> {
    let read: Result<String, PageError> = Drawer::own().and_then(|drawer| drawer.square(bytes));
    read.map_err(|_| Failure::new("no-square", "no square that can be read is in this picture"))
}
