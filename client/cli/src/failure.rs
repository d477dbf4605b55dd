//! Errors as scripts and people see them: every error of the libraries becomes a code, an exit status and what to do next,
//! here and nowhere else.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::Value;
use tessera_driver::relay::RelayError;
use tessera_driver::session::SessionError;
use tessera_driver::session::error::{enrol_code, home_code, identity_code, store_code};
use tessera_engine::EngineError;
use tessera_engine::home::HomeError;
use tessera_engine::proposals::ProposalBar;
use tessera_engine::store::StoreError;
use tessera_model::input::InputError;
use tessera_vault::enrol::EnrolError;
use tessera_vault::identity::IdentityError;

use crate::commands::programme::text;
use crate::output::shown;

const UPDATE: &str = "install the newest version of Tessera";
const RECOVER: &str =
    "keep the folder as it is; `tessera home restore` takes a backup, or enrol anew and sync";

/// Exit statuses, a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Ok = 0,
    Bug = 1,
    Usage = 2,
    BadInput = 3,
    NotFound = 4,
    NotPermitted = 5,
    Locked = 6,
    Network = 7,
    NeedsPerson = 8,
    Damaged = 9,
    Newer = 10,
    Disk = 11,
}

impl Exit {
    /// Of several failures the one with the greatest is told last and ends the command: a bug, then the later codes.
    pub(crate) fn severity(self) -> u8 {
        match self {
            Self::Bug => u8::MAX,
            other => other as u8,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command that failed: what scripts and people are told.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) body: Box<FailureBody>,
}

/// The `error` object.
#[derive(Debug, Default, Serialize)]
pub(crate) struct FailureBody {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) row: Option<u64>,
    /// The name of a table's column; the number of a character in a text file.
    pub(crate) column: Option<Value>,
}

impl Failure {
    /// Makes a failure of a code and a message.
    pub(crate) fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        let body = FailureBody { code: code.to_owned(), message: message.into(), ..FailureBody::default() };
        Self { exit, body: Box::new(body) }
    }

    /// Adds what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.body.hint = Some(hint.into());
        self
    }

    fn hint_unless_empty(self, hint: &str) -> Self {
        if hint.is_empty() { self } else { self.hint(hint) }
    }

    /// Adds the place in an input file.
    pub(crate) fn at(mut self, file: &str, row: Option<u64>, column: Option<&str>) -> Self {
        self.body.file = Some(file.to_owned());
        self.body.row = row;
        self.body.column = column.map(Value::from);
        self
    }

    /// Names the file that it is about.
    fn of_file(mut self, path: &Path) -> Self {
        self.body.file = Some(path.display().to_string());
        self
    }

    /// Adds the line and the character of a text file, both from 1.
    pub(crate) fn at_character(mut self, file: &str, line: u32, column: u32) -> Self {
        self.body.file = Some(file.to_owned());
        self.body.row = Some(u64::from(line));
        self.body.column = Some(Value::from(column));
        self
    }

    /// Writes the failure to stderr.
    pub(crate) fn report(&self, json: bool) {
        #[derive(Serialize)]
        struct Envelope<'a> {
            error: &'a FailureBody,
        }
        let mut said = String::new();
        if json {
            said = serde_json::to_string(&Envelope { error: self.body.as_ref() }).unwrap_or_default();
        } else {
            let place = [
                self.body.file.clone(),
                self.body.row.map(|row| format!("row {row}")),
                self.body.column.as_ref().map(|column| format!("column {}", text(column))),
            ];
            let place: Vec<String> = place.into_iter().flatten().collect();
            let place = if place.is_empty() { String::new() } else { format!("{}: ", place.join(", ")) };
            said.push_str(&shown(&format!("tessera: {place}{}", self.body.message)));
            if let Some(hint) = &self.body.hint {
                said.push_str(&shown(&format!("\n  {hint}")));
            }
        }
        // Nothing is left to tell anyone when stderr itself is gone.
        let _ = writeln!(io::stderr().lock(), "{said}");
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let code = error.code();
        let (exit, hint) = match &error {
            SessionError::Paper(_) => {
                (Exit::BadInput, "compare with the sheet word by word; four letters of each are enough")
            }
            SessionError::Envelope(_) => {
                (Exit::Locked, "these words belong to another device or to an older sheet")
            }
            SessionError::NoEnvelope => {
                (Exit::NotFound, "`tessera recovery sheet` makes one, as long as the passphrase is known")
            }
            SessionError::NoSuchPaper => (
                Exit::NotFound,
                "check the words against the sheet, and that it is the sheet of this programme",
            ),
            SessionError::NoPassphrase | SessionError::WeakPassphrase { .. } => (
                Exit::BadInput,
                "six words drawn at random have 77 bits; in a terminal, without a file, six are proposed",
            ),
            SessionError::OtherHome => (Exit::BadInput, "choose another folder with --home"),
            _ => {
                return match error {
                    SessionError::Home(error) => error.into(),
                    SessionError::Identity(error) => error.into(),
                    SessionError::Engine(error) => error.into(),
                    SessionError::Enrol(error) => error.into(),
                    SessionError::Relay(error) => (*error).into(),
                    other => Self::new(Exit::Bug, code, other.to_string()),
                };
            }
        };
        Self::new(exit, code, error.to_string()).hint(hint)
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        let (exit, hint) = match &error {
            HomeError::NotAHome => (
                Exit::NotFound,
                "name the folder with --home; `tessera programme create` or `tessera enrol` makes one",
            ),
            HomeError::Exists => (Exit::BadInput, "choose another folder with --home"),
            HomeError::InUse => (Exit::Locked, "close the other window or wait for the other command"),
            HomeError::LogLeft => {
                (Exit::Disk, "copy the whole folder to a disk that can be written, and back up that copy")
            }
            HomeError::Newer { .. } => (Exit::Newer, UPDATE),
            HomeError::Damaged(_) => (Exit::Damaged, RECOVER),
            HomeError::TooLarge { .. } => (Exit::BadInput, ""),
            HomeError::Full => (Exit::Disk, "make room and run the command again; nothing was lost"),
            HomeError::ReadOnly(_) => (Exit::Disk, "check who owns the folder"),
            HomeError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => (Exit::NotFound, ""),
            HomeError::Io { .. } => (Exit::Disk, ""),
            HomeError::Store(error) => return store(error),
        };
        let failure = |message: String| Self::new(exit, home_code(&error), message).hint_unless_empty(hint);
        // The place names the file; the message does not once more.
        match &error {
            HomeError::Io { path, source } => {
                failure(format!("could not be read or written: {source}")).of_file(path)
            }
            HomeError::ReadOnly(path) => failure("this can only be read".to_owned()).of_file(path),
            HomeError::TooLarge { path, limit_bytes } => {
                failure(format!("this is larger than {limit_bytes} bytes")).of_file(path)
            }
            _ => failure(error.to_string()),
        }
    }
}

fn store(error: &StoreError) -> Failure {
    let (exit, hint) = match error {
        StoreError::Full => (Exit::Disk, "make room and run the command again; nothing was lost"),
        StoreError::ReadOnly => (Exit::Disk, "check who owns the folder"),
        StoreError::Damaged | StoreError::WrongKey | StoreError::Missing => (Exit::Damaged, RECOVER),
        StoreError::Newer { .. } => (Exit::Newer, UPDATE),
        StoreError::Exists => (Exit::BadInput, "choose another folder with --home"),
        StoreError::AlreadyOpen => (Exit::Locked, "close the other window or wait for the other command"),
        _ => (Exit::Disk, ""),
    };
    Failure::new(exit, store_code(error), error.to_string()).hint_unless_empty(hint)
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let (exit, hint) = match &error {
            EngineError::Store(error) => return store(error),
            EngineError::Damaged(_) => (Exit::Damaged, RECOVER),
            EngineError::TooMany(_) | EngineError::BadInput(_) => (Exit::BadInput, ""),
            EngineError::TooLong => {
                (Exit::BadInput, "a page may have 32 KiB of text, and all of a file 256 KiB")
            }
            EngineError::TextNotHere => (Exit::NotFound, "`tessera sync` brings it, or a bundle does"),
            EngineError::NotFound(_) => (Exit::NotFound, ""),
            EngineError::NotPermitted(_) => (Exit::NotPermitted, "ask an admin or a coordinator"),
            EngineError::NotAMember => (
                Exit::NotPermitted,
                "the admission has to come first: `tessera sync`, or `tessera bundle import`",
            ),
            EngineError::ReadOnly | EngineError::Newer => (Exit::Newer, UPDATE),
            EngineError::NoKey(_) => (
                Exit::NotPermitted,
                "it comes with the next exchange with a coordinator, once access was given",
            ),
            EngineError::Unreachable(_) => (Exit::BadInput, ""),
            EngineError::Unchecked(_) => (
                Exit::NeedsPerson,
                "compare the check words and record it: `tessera member check M --words \"…\"`, or --in-person",
            ),
            EngineError::Forged(_) => (Exit::Damaged, "nothing of it was taken; ask for it again"),
            EngineError::OtherProgramme => (Exit::Damaged, "check which home the file belongs to"),
            EngineError::NoWorker(_) => {
                (Exit::Bug, "close other programs and run `tessera sync`; what came is here and is read then")
            }
            EngineError::Document(_) => (Exit::Damaged, "`tessera verify` shows what is wrong"),
            EngineError::DamagedAttachment(_) => {
                (Exit::Damaged, "run `tessera sync`, or import a bundle that brings it")
            }
            EngineError::Unreadable | EngineError::Unwritable => {
                (Exit::Disk, "check the disk and who owns the folder")
            }
            EngineError::NeedsPerson(_) => (Exit::NeedsPerson, ""),
            EngineError::Barred(ProposalBar::Proposed) => (
                Exit::NeedsPerson,
                "`tessera charter show` lists what is proposed; other admins sign it with `tessera charter sign`",
            ),
            EngineError::Barred(_) => (Exit::BadInput, "nothing was proposed"),
            EngineError::Withdrawn => (Exit::BadInput, "invite this person anew: `tessera member invite`"),
            _ => (Exit::Bug, ""),
        };
        Self::new(exit, error.code(), error.to_string()).hint_unless_empty(hint)
    }
}

impl From<InputError> for Failure {
    fn from(InputError { kind, place }: InputError) -> Self {
        let exit = if kind.needs_person() { Exit::NeedsPerson } else { Exit::BadInput };
        let failure = Self::new(exit, kind.code(), kind.to_string()).hint(kind.hint());
        failure.at(&place.file, place.row, place.column.as_deref())
    }
}

impl From<RelayError> for Failure {
    fn from(error: RelayError) -> Self {
        let error = match error {
            RelayError::Engine(error) => return error.into(),
            other => other,
        };
        let (exit, hint) = match &error {
            RelayError::NoRelay => (
                Exit::NotFound,
                "a bundle goes by any other way: `tessera bundle export`; where there is a relay, `tessera sync --relay URL` says where",
            ),
            RelayError::Address { .. } | RelayError::Roots(_) => (Exit::BadInput, ""),
            RelayError::CaptivePortal => {
                (Exit::Network, "open any web page, log in to this network, and run the command again")
            }
            RelayError::Certificate(_) => (
                Exit::Network,
                "somebody may be listening on this network; another network helps, or `--certificates` names the authority of your own relay",
            ),
            RelayError::Clock => (Exit::Network, "set the clock of this device, or use another network"),
            RelayError::Forged => {
                (Exit::Damaged, "nothing of it was taken; tell an admin, and use another network or a bundle")
            }
            RelayError::NotAdmitted => (
                Exit::NotPermitted,
                "the admission has to reach the relay first: ask whoever invited you to run `tessera sync`",
            ),
            RelayError::OtherProgramme => (Exit::NotPermitted, "ask an admin for the relay's address"),
            RelayError::Full => {
                (Exit::Network, "nothing is lost; tell whoever runs the relay, or use a bundle")
            }
            RelayError::Refused { .. } => (Exit::Network, "nothing is lost; tell whoever runs the relay"),
            RelayError::Machine(_) => (Exit::Bug, ""),
            _ => (
                Exit::Network,
                "nothing is lost; run the command again, or use a bundle; where the relay moved, `tessera sync --relay URL`",
            ),
        };
        Self::new(exit, error.code(), error.to_string()).hint_unless_empty(hint)
    }
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        let (exit, hint) = match error {
            IdentityError::WrongPassphrase => {
                (Exit::Locked, "forgotten? `tessera recovery restore` opens it with the words")
            }
            IdentityError::Damaged => (Exit::Damaged, RECOVER),
            IdentityError::Newer => (Exit::Newer, UPDATE),
            IdentityError::TooCheap { .. } => {
                (Exit::Damaged, "somebody changed the identity file: this programme is no demonstration")
            }
            IdentityError::TooCostly { .. } => (Exit::Damaged, ""),
        };
        Self::new(exit, identity_code(&error), error.to_string()).hint_unless_empty(hint)
    }
}

impl From<EnrolError> for Failure {
    fn from(error: EnrolError) -> Self {
        let exit = match error {
            EnrolError::Newer => Exit::Newer,
            EnrolError::NoInvitation
            | EnrolError::NoAnswer
            | EnrolError::OtherInvitation
            | EnrolError::UnsoundDevice
            | EnrolError::TooLarge => Exit::BadInput,
            EnrolError::NotAuthentic | EnrolError::NoPossession | EnrolError::OtherNonce => Exit::Damaged,
            EnrolError::NotForThisDevice => Exit::NotPermitted,
        };
        Self::new(exit, enrol_code(&error), error.to_string())
    }
}

/// Turns a refused command line into a failure.
pub(crate) fn usage(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let message = lines.next().unwrap_or("usage").trim_start_matches("error: ").to_owned();
    let hint: Vec<&str> = lines.collect();
    Failure::new(Exit::Usage, "usage", message).hint(hint.join("\n  "))
}
