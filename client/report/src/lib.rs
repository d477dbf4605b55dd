//! Documents that a board can read, on a screen or on paper: the report, which says what scores, agreement and calibration
//! say, and whatever else is made of [`document`]'s parts, such as dossiers. It calculates nothing
//! (`tessera_model::compute` does), decides nothing, and knows no home, network or clock: the same inputs give the same bytes.
//!
//! How to read it: [`document`] is what a document consists of, whatever it is written as; `sections` fills the report from
//! results; `chart` draws one chart on any canvas; `html` and `pdf` write the whole. Each chart has its table, so that nothing
//! is told by shape or colour alone. Text of strangers goes through [`plain`] or [`written`] first.

mod chart;
pub mod document;
mod html;
mod pdf;
mod sections;
mod text;

pub use self::document::Document;
pub use self::sections::{Asked, document};
pub use self::text::{plain, written};

/// Why a report could not be written: a defect of ours, never of its inputs.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A chart could not be drawn.
    #[error("a chart could not be drawn: {0}")]
    Chart(String),
    /// A font of this crate could not be read.
    #[error("a font could not be read")]
    Font,
    /// The PDF could not be put together.
    #[error("the PDF could not be put together: {0}")]
    Pdf(String),
}

impl Document {
    /// Writes it as one HTML file that needs no network and no script.
    ///
    /// # Errors
    /// [`ReportError`].
    pub fn to_html(&self) -> Result<String, ReportError> {
        html::write(self)
    }

    /// Writes it as a PDF with real text, bookmarks and page numbers. Characters that its fonts lack are written as their
    /// codes and listed on its last page.
    ///
    /// # Errors
    /// [`ReportError`].
    pub fn to_pdf(&self) -> Result<Vec<u8>, ReportError> {
        pdf::write(self)
    }
}
