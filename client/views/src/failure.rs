//! What a screen is told when something did not go: a code from a closed list, which picks the words in the reader's
//! language, and the same in English. Nothing secret is in it.

use serde::Serialize;
use specta::Type;
use tessera_driver::pages::PageError;
use tessera_driver::relay::RelayError;
use tessera_driver::relay::typed::TypedError;
use tessera_driver::session::SessionError;
use tessera_driver::session::error::{enrol_code, home_code, identity_code};
use tessera_engine::EngineError;
use tessera_engine::home::HomeError;
use tessera_model::compute::ComputeError;
use tessera_model::input::InputError;
use tessera_vault::enrol::EnrolError;
use tessera_vault::identity::IdentityError;

/// An act that was not done, or a view that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Which one; kebab-case, never reused for something else.
    pub code: String,
    /// The same in English.
    pub message: String,
    /// What to do next, in English, where the code alone does not say it.
    pub hint: Option<String>,
    /// The file or field that it is about.
    pub at: Option<String>,
    /// The row of the file.
    pub row: Option<u32>,
    /// The column of the file.
    pub column: Option<Box<str>>,
}

impl Failure {
    /// Makes a failure of a code and a message.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), hint: None, at: None, row: None, column: None }
    }

    /// Adds what it is about.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.at = Some(place.into());
        self
    }

    /// Nothing is unlocked.
    #[must_use]
    pub fn locked() -> Self {
        Self::new("locked", "no programme is unlocked")
    }

    /// What was named is not here.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new("not-found", format!("{what} is not here"))
    }

    /// An id, a number or a word that is none.
    #[must_use]
    pub fn bad_input(what: &str) -> Self {
        Self::new("bad-input", format!("{what} is not valid"))
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<PageError> for Failure {
    fn from(error: PageError) -> Self {
        let code = match error {
            PageError::Unshowable => "page-unshowable",
            PageError::NoWorker(_) => "no-worker",
        };
        Self::new(code, error.to_string())
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<RelayError> for Failure {
    fn from(error: RelayError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<TypedError> for Failure {
    fn from(error: TypedError) -> Self {
        let field = match error {
            TypedError::Address(_) => "address",
            TypedError::Key => "key",
        };
        Self::new(error.code(), error.to_string()).at(field)
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        Self::new(home_code(&error), error.to_string())
    }
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        Self::new(identity_code(&error), error.to_string())
    }
}

impl From<EnrolError> for Failure {
    fn from(error: EnrolError) -> Self {
        Self::new(enrol_code(&error), error.to_string())
    }
}

impl From<ComputeError> for Failure {
    fn from(error: ComputeError) -> Self {
        match error {
            ComputeError::Programme { file, error } => Self::new(error.code.as_str(), error.message).at(file),
            ComputeError::Policy { file, error } => Self::new(error.code(), error.to_string()).at(file),
            ComputeError::Input(error) => error.into(),
        }
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        let InputError { kind, place } = error;
        let failure = Self::new(kind.code(), kind.to_string()).at(place.file);
        let row = place.row.map(|row| u32::try_from(row).unwrap_or(u32::MAX));
        Self {
            hint: Some(kind.hint().to_owned()),
            row,
            column: place.column.map(String::into_boxed_str),
            ..failure
        }
    }
}

#[cfg(test)]
mod tests {
    use tessera_model::input::{InputErrorKind, Place};

    use super::*;

    #[test]
    fn a_refused_input_says_its_place_in_parts() {
        let place = Place::file("scores.csv").row(4).column("merit");
        let failure = Failure::from(place.error(InputErrorKind::EmptyCell));
        assert_eq!((failure.code.as_str(), failure.at.as_deref()), ("cell-empty", Some("scores.csv")));
        assert_eq!((failure.row, failure.column.as_deref()), (Some(4), Some("merit")));
        assert_eq!((Failure::locked().row, Failure::locked().column), (None, None));
    }
}
