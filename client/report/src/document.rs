//! What a document consists of: sections, figures, charts and tables, and what people wrote, in words that are ready to be
//! read. Not how it is written down.

use std::borrow::Cow;

/// A whole document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// What stands below the title.
    pub subtitle: String,
    /// The words around it, and which way it is read.
    pub frame: Frame,
    /// Its parts.
    pub sections: Vec<Section>,
}

/// What writers of documents say by themselves, in the document's language; English where nothing else is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The language, as a tag.
    pub language: Cow<'static, str>,
    /// Whether it is read from right to left.
    pub right_to_left: bool,
    /// Title of the list of parts.
    pub contents: Cow<'static, str>,
    /// Title of the list of characters that a PDF lacks.
    pub lacking: Cow<'static, str>,
    /// What stands below that title.
    pub lacking_text: Cow<'static, str>,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            language: "en".into(),
            right_to_left: false,
            contents: "Contents".into(),
            lacking: "Characters that this document cannot show".into(),
            lacking_text: "Some names hold characters for which this document has no letters. They stand as their codes in \
                           square brackets; the HTML form of the same report shows them with the reader's own fonts."
                .into(),
        }
    }
}

/// One part.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its name in links.
    pub id: Cow<'static, str>,
    /// Its title.
    pub title: Cow<'static, str>,
    /// Paragraphs before the figures.
    pub text: Vec<String>,
    /// Charts and tables.
    pub figures: Vec<Figure>,
    /// What people wrote and decided, after the figures. A section with such begins on a page of its own.
    pub blocks: Vec<Block>,
}

/// A piece of what people wrote and decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// The title of what follows.
    Title(String),
    /// What somebody was asked, above what they answered.
    Asked(String),
    /// What somebody wrote, paragraph by paragraph ([`crate::written`]); each is read in its own direction.
    Written(Vec<String>),
    /// A table; a line break in a cell stands.
    Table(Table),
}

/// A chart with its table, or a table alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// One sentence: what is shown, and what is not.
    pub says: String,
    /// The chart.
    pub chart: Option<Chart>,
    /// The same in numbers.
    pub table: Table,
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What is in it.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its cells, row by row.
    pub rows: Vec<Vec<String>>,
    /// How many rows it should have beyond these.
    pub left_out: usize,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its title.
    pub title: Cow<'static, str>,
    /// Whether it holds numbers, which stand at its end.
    pub number: bool,
}

/// A chart.
#[derive(Clone, Debug, PartialEq)]
pub enum Chart {
    /// How many of each.
    Columns(Columns),
    /// A line for each name.
    Lines(Lines),
}

/// Upright bars.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// Names and heights.
    pub bars: Vec<(String, usize)>,
    /// What the names are.
    pub axis: String,
}

/// Names from top to bottom with what lies along one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// Names with their marks.
    pub lines: Vec<Line>,
    /// What the axis is.
    pub axis: String,
    /// Figures that an upright line marks, with their names.
    pub marked: Vec<(f64, String)>,
    /// What a circle and what a cross is, where marks need a name.
    pub legend: Option<(&'static str, Option<&'static str>)>,
}

/// One name of [`Lines`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The name.
    pub name: String,
    /// A bar from 0.
    pub bar: Option<f64>,
    /// From where to where.
    pub span: Option<(f64, f64)>,
    /// A circle.
    pub circle: Option<f64>,
    /// A cross.
    pub cross: Option<f64>,
}

impl Chart {
    /// Says in words what kind of chart it is, for those who do not see it.
    pub fn in_words(&self) -> String {
        match self {
            Self::Columns(columns) => {
                format!("Bar chart, {}; the table below has its numbers.", columns.axis)
            }
            Self::Lines(lines) => {
                format!("Chart with one line for each name, {}; the table below has its numbers.", lines.axis)
            }
        }
    }
}

impl Table {
    /// Says how many rows are left out, and where they are.
    pub fn more(&self) -> Option<String> {
        (self.left_out > 0)
            .then(|| format!("And {} more rows, which the command of this part prints whole.", self.left_out))
    }
}
