//! What every command in a home is given: where the home is, how its passphrase comes, and how it speaks to a person.
//! Nothing asks where nobody can answer: without a terminal a missing passphrase is an error.

use std::cell::Cell;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use tessera_driver::session::{Session, os_random};
use tessera_engine::home::{Continuity, read_bounded};
use tessera_vault::passphrase::{Passphrase, Strength};
use zeroize::Zeroizing;

use crate::failure::{Exit, Failure};
use crate::output::shown;

/// The longest passphrase file, in bytes.
const PASSPHRASE_FILE_BYTES: u64 = 4096;

/// The surroundings of a command.
#[derive(Debug)]
pub(crate) struct Context {
    /// Whether results and errors are JSON.
    pub(crate) json: bool,
    home: Option<PathBuf>,
    passphrase_file: Option<PathBuf>,
    demo: Cell<bool>,
}

impl Context {
    /// Takes what the command line says, else the environment; an empty variable is none.
    pub(crate) fn new(json: bool, home: Option<PathBuf>, passphrase_file: Option<PathBuf>) -> Self {
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            json,
            home: home.or_else(|| named("TESSERA_HOME")),
            passphrase_file: passphrase_file.or_else(|| named("TESSERA_PASSPHRASE_FILE")),
            demo: Cell::new(false),
        }
    }

    /// The home's folder: `--home`, `$TESSERA_HOME`, or `tessera` in the user's data folder.
    pub(crate) fn home(&self) -> Result<PathBuf, Failure> {
        if let Some(home) = self.home.as_ref().filter(|home| !home.as_os_str().is_empty()) {
            return Ok(home.clone());
        }
        let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let data = data.or_else(|| Some(std::env::home_dir()?.join(".local").join("share")));
        data.map(|data| data.join("tessera")).ok_or_else(|| {
            Failure::new(Exit::Usage, "no-home", "no folder is known for this user")
                .hint("name one with --home")
        })
    }

    /// Opens the home, and tells the person what is to be known about it.
    pub(crate) fn session(&self) -> Result<Session, Failure> {
        let folder = self.home()?;
        if !folder.join("identity.age").is_file() {
            return Err(tessera_engine::home::HomeError::NotAHome.into())
                .map_err(|failure: Failure| failure.at(&folder.display().to_string(), None, None));
        }
        self.session_with(&self.passphrase()?)
    }

    /// Opens the home with a passphrase that is at hand.
    pub(crate) fn session_with(&self, passphrase: &Passphrase) -> Result<Session, Failure> {
        let mut session = Session::open(&self.home()?, passphrase)?;
        self.opened(&session);
        if session.engine().has_unread()? {
            self.tell("warning: some of what came is not read yet; `tessera sync` reads it, or says why not");
        }
        Ok(session)
    }

    /// Tells a person what is to be known about a home that was just opened or made.
    pub(crate) fn opened(&self, session: &Session) {
        self.demo.set(session.is_demo());
        if session.is_demo() && !self.json {
            self.tell("DEMONSTRATION: this programme is for trying out; its keys are cheap to guess");
        }
        let told = match session.continuity() {
            Continuity::First | Continuity::Continues => return,
            Continuity::RolledBack { starts } => format!(
                "this home was replaced by an older copy ({starts} starts older); work goes on, and what it lacks comes with the next exchange"
            ),
            Continuity::Replaced => {
                "this home and another copy of it were both used; enrol one of the two laptops anew"
                    .to_owned()
            }
            Continuity::AnchorBehind => {
                "part of this home was restored from a backup; work goes on".to_owned()
            }
            Continuity::NoAnchor => {
                "the file `anchor` of this home is missing; whether the home is the newest cannot be told"
                    .to_owned()
            }
        };
        self.tell(&format!("warning: {told}"));
    }

    /// True once a home of a demonstration was opened.
    pub(crate) fn is_demo(&self) -> bool {
        self.demo.get()
    }

    /// The passphrase of an existing home.
    pub(crate) fn passphrase(&self) -> Result<Passphrase, Failure> {
        match &self.passphrase_file {
            Some(file) => read_passphrase(file),
            None => {
                must_have_terminal("--passphrase-file F, or $TESSERA_PASSPHRASE_FILE, gives the passphrase")?;
                ask("Passphrase: ").map(|typed| Passphrase::new(&typed))
            }
        }
    }

    /// The passphrase of a home to be made: from `file`, else from the file that every command takes, else a person
    /// chooses one. A weak one is only warned of in a demonstration; `demo` is none where it is not known yet.
    pub(crate) fn new_passphrase(
        &self,
        file: Option<&Path>,
        demo: Option<bool>,
    ) -> Result<Passphrase, Failure> {
        match file.or(self.passphrase_file.as_deref()) {
            Some(file) => self.judged(read_passphrase(file)?),
            None => choose_passphrase(demo),
        }
    }

    /// The passphrase to change to: from `file`, else a person chooses one.
    pub(crate) fn changed_passphrase(&self, file: Option<&Path>, demo: bool) -> Result<Passphrase, Failure> {
        match file {
            Some(file) => self.judged(read_passphrase(file)?),
            None => {
                must_have_terminal("--new-passphrase-file F gives the new passphrase")?;
                choose_passphrase(Some(demo))
            }
        }
    }

    /// Warns of a weak passphrase from a file; a real programme refuses it where it is set.
    fn judged(&self, passphrase: Passphrase) -> Result<Passphrase, Failure> {
        let strength = passphrase.strength(&[]);
        if !strength.is_good() {
            self.hint(&format!("warning: this passphrase is weak: {}", weakness(strength)));
        }
        Ok(passphrase)
    }

    /// Tells a person what to do next; scripts are not told.
    pub(crate) fn hint(&self, text: &str) {
        if !self.json {
            self.tell(text);
        }
    }

    /// Says something on stderr.
    #[expect(clippy::unused_self, reason = "where it goes is the context's business")]
    pub(crate) fn tell(&self, text: &str) {
        // Nothing is left to tell anyone when stderr itself is gone.
        let _ = writeln!(std::io::stderr().lock(), "{}", shown(text));
    }
}

/// True where a person can be asked.
pub(crate) fn has_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn must_have_terminal(hint: &str) -> Result<(), Failure> {
    if has_terminal() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Locked,
        "passphrase-needed",
        "a passphrase is needed, and there is no terminal to ask on",
    )
    .hint(hint))
}

/// Asks without showing what is typed.
pub(crate) fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let typed = rpassword::prompt_password(prompt);
    typed.map(Zeroizing::new).map_err(|error| Failure::new(Exit::Locked, "no-terminal", error.to_string()))
}

fn read_passphrase(file: &Path) -> Result<Passphrase, Failure> {
    let name = file.display().to_string();
    let bytes = read_bounded(file, PASSPHRASE_FILE_BYTES)
        .map_err(|error| Failure::from(error).at(&name, None, None))?;
    let bytes = Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Failure::new(Exit::BadInput, "passphrase-file", "this is not a text file").at(&name, None, None)
    })?;
    let line = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        return Err(
            Failure::new(Exit::BadInput, "passphrase-file", "the first line is empty").at(&name, None, None)
        );
    }
    Ok(Passphrase::new(line))
}

fn weakness(strength: Strength) -> String {
    format!(
        "about {:.0} bits; a real programme asks for {:.0}, six words drawn at random have 77",
        strength.bits,
        Strength::GOOD_BITS
    )
}

/// Lets a person take a generated passphrase or bring one, typed twice either way.
fn choose_passphrase(demo: Option<bool>) -> Result<Passphrase, Failure> {
    must_have_terminal(
        "--passphrase-file F, or $TESSERA_PASSPHRASE_FILE, gives the passphrase of the new home",
    )?;
    let generated = Passphrase::generate(&mut os_random());
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "A passphrase for this home. Write these six words down, or bring your own:\n");
    let _ = writeln!(err, "    {}\n", generated.expose());
    drop(err);
    loop {
        let first = Passphrase::new(&ask("Type the six words, or a passphrase of your own: ")?);
        if first.expose().is_empty() {
            continue;
        }
        if first.expose() != generated.expose() {
            let strength = first.strength(&[]);
            if !strength.is_good() {
                let _ = writeln!(std::io::stderr().lock(), "This one is weak: {}.", weakness(strength));
                if demo == Some(false) {
                    continue;
                }
            }
            if Passphrase::new(&ask("Once more: ")?).expose() != first.expose() {
                let _ = writeln!(std::io::stderr().lock(), "The two are not the same.");
                continue;
            }
        }
        return Ok(first);
    }
}
