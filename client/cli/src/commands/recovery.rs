//! `tessera recovery`: the paper that opens a home when a passphrase is forgotten or a laptop is lost. The sheet is shown
//! once; it counts when its words were typed back.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, Subcommand};
use qrcode::render::{svg, unicode};
use qrcode::{EcLevel, QrCode};
use serde_json::json;
use tessera_driver::relay::{Options, Progress};
use tessera_driver::session::{RecoverFrom, Session, SessionError};
use tessera_driver::sheet::Sheet;
use tessera_driver::worker::ChildWorker;
use tessera_engine::EngineError;
use tessera_engine::core::Worker;
use tessera_protocol::ids::{MemberId, ProgrammeId};
use tessera_vault::recovery::Paper;
use zeroize::Zeroizing;

use super::programme::{relay, text};
use crate::context::{Context, ask, has_terminal};
use crate::failure::{Exit, Failure};
use crate::files;
use crate::output::{Answer, print};

/// The longest file with words, in bytes.
const WORDS_BYTES: usize = 4096;
/// The largest bundle that a home is made of, in bytes.
const BUNDLE_BYTES: usize = 1 << 30;

/// Arguments of `recovery`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show a new sheet once: 24 words to write down, and the same as a QR code
    Sheet(Drawn),
    /// Type the words back: from then on the sheet counts
    Test(Words),
    /// Open this home, or make it again on another computer, with the words
    Restore(Restore),
}

#[derive(Debug, Args)]
struct Drawn {
    /// Write a page to be printed (SVG with the QR code) instead of showing it; delete it afterwards
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Words {
    /// File with the words, or with the code under the QR; asked for where nothing is said
    #[arg(long, value_name = "F")]
    words_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").args(["from", "relay"])))]
struct Restore {
    #[command(flatten)]
    words: Words,
    /// File with the new passphrase
    #[arg(long, value_name = "F")]
    new_passphrase_file: Option<PathBuf>,
    /// The laptop is lost: a bundle that a coordinator exported for you
    #[arg(long, value_name = "BUNDLE")]
    from: Option<PathBuf>,
    /// The laptop is lost: the relay's address, as on the sheet
    #[arg(long, value_name = "URL", requires = "relay_key", requires = "programme", requires = "member")]
    relay: Option<String>,
    /// The relay's key, as on the sheet
    #[arg(long, value_name = "HEX", requires = "relay")]
    relay_key: Option<String>,
    /// The programme, as on the sheet
    #[arg(long, value_name = "ID", requires = "relay")]
    programme: Option<String>,
    /// You, as on the sheet
    #[arg(long, value_name = "ID", requires = "relay")]
    member: Option<String>,
}

/// Runs `recovery`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::Sheet(sheet) => self::sheet(sheet, context),
        What::Test(words) => test(words, context),
        What::Restore(restore) => self::restore(restore, context),
    }
}

fn sheet(sheet: &Drawn, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let about = Sheet::of(&mut session)?.lines();
    let paper = session.together(|acts| acts.draw_paper())?;
    if let Some(out) = &sheet.out {
        files::write(out, page(&about, &paper)?.as_bytes())?;
        let row = json!({ "sheet": out.display().to_string() });
        Answer::new("recovery-sheet", vec![row])
            .show(context, &["sheet"], |row| vec![text(&row["sheet"])])?;
    } else {
        let words = paper.words();
        let row = json!({ "words": &*words, "code": &*paper.code(), "about": about });
        Answer::new("recovery-sheet", vec![row]).show_as(context, |_| print(&shown(&about, &paper)?))?;
    }
    context.hint(
        "Whoever has these words can read all that you can. Write them down; they are not shown again.\nnext: `tessera recovery test`, typing them back; until then the sheet is worth nothing",
    );
    Ok(())
}

/// The sheet in a terminal.
fn shown(about: &[String], paper: &Paper) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(about.join("\n"));
    text.push_str("\n\n");
    for (number, word) in (1..).zip(paper.words().split(' ')) {
        let end = if number % 4 == 0 { '\n' } else { ' ' };
        let _ = write!(text, "{number:>2} {word:<9}{end}");
    }
    let code = paper.code();
    let drawn = Zeroizing::new(qr(&code)?.render::<unicode::Dense1x2>().quiet_zone(true).build());
    let _ = write!(text, "\n{}\n{}\n", &*drawn, &*code);
    Ok(text)
}

/// The sheet as a page to print.
fn page(about: &[String], paper: &Paper) -> Result<Zeroizing<String>, Failure> {
    let code = paper.code();
    let drawn = Zeroizing::new(qr(&code)?.render::<svg::Color<'_>>().min_dimensions(260, 260).build());
    let inner = drawn.split_once("?>").map_or(drawn.as_str(), |(_, rest)| rest);
    let mut lines = Zeroizing::new(String::new());
    let mut y = 40;
    let mut line = |size: u32, text: &str| {
        let _ = writeln!(
            lines,
            "<text x=\"40\" y=\"{y}\" font-family=\"monospace\" font-size=\"{size}\">{}</text>",
            text.replace('&', "&amp;").replace('<', "&lt;")
        );
        y += size + 8;
    };
    for text in about {
        line(12, text);
    }
    let words = paper.words();
    let words: Vec<&str> = words.split(' ').collect();
    for (row, four) in words.chunks(4).enumerate() {
        let numbered =
            four.iter().enumerate().map(|(at, word)| format!("{:>2} {word:<10}", row * 4 + at + 1));
        let numbered = Zeroizing::new(numbered.collect::<Vec<_>>().join(" "));
        line(16, &numbered);
    }
    line(9, &code);
    let mut page = Zeroizing::new(String::new());
    let _ = writeln!(page, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"760\">");
    let _ = writeln!(page, "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
    page.push_str(&lines);
    let _ = writeln!(page, "<g transform=\"translate(40 {y})\">{inner}</g></svg>");
    Ok(page)
}

fn qr(code: &str) -> Result<QrCode, Failure> {
    QrCode::with_error_correction_level(code.as_bytes(), EcLevel::M)
        .map_err(|error| Failure::new(Exit::Bug, "qr", error.to_string()))
}

fn test(words: &Words, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let paper = words.read()?;
    let rehearsed = session.together(|acts| {
        let rehearsed = acts.rehearse(&paper)?;
        acts.hand_over()?;
        Ok(rehearsed)
    })?;
    session.keep_envelope(&paper)?;
    let row = json!({ "paper": rehearsed.paper.to_string(), "opens_this_home": true, "device_of_yours": rehearsed.welcomed });
    Answer::new("recovery-test", vec![row]).show(
        context,
        &["paper", "opens this home", "sets up another computer"],
        |row| {
            let there = if row["device_of_yours"] == true { "yes" } else { "not yet" };
            vec![text(&row["paper"])[..8].to_owned(), "yes".to_owned(), there.to_owned()]
        },
    )?;
    context.hint(if rehearsed.welcomed {
        "the sheet works. Keep it away from this laptop"
    } else {
        "the sheet opens this laptop's home; for another computer the papers of admins and coordinators need an admin's word (`tessera charter sign`)"
    });
    Ok(())
}

fn restore(restore: &Restore, context: &Context) -> Result<(), Failure> {
    let folder = context.home()?;
    let here = folder.join("identity.age").is_file();
    let elsewhere = restore.from.is_some() || restore.relay.is_some();
    if here && elsewhere {
        return Err(tessera_engine::home::HomeError::Exists.into());
    }
    if !here && !elsewhere {
        return Err(Failure::from(tessera_engine::home::HomeError::NotAHome).hint(
            "on another computer: --from BUNDLE, or --relay URL --relay-key HEX --programme ID --member ID from the sheet",
        ));
    }
    let paper = restore.words.read()?;
    let passphrase = context.new_passphrase(restore.new_passphrase_file.as_deref(), None)?;
    let mut session = if here {
        Session::recover(&folder, &paper, &passphrase)?
    } else {
        restore.recover_elsewhere(&folder, &paper, &passphrase)?
    };
    context.opened(&session);
    let engine = session.engine();
    let row = json!({
        "programme": engine.programme().to_string(),
        "member": engine.member().to_string(),
        "device": engine.device().to_string(),
        "active": engine.is_active(),
    });
    Answer::new("recovery-restore", vec![row]).show(context, &["member", "device", "active"], |row| {
        let active = if row["active"] == true { "yes" } else { "not yet" };
        vec![text(&row["member"])[..8].to_owned(), text(&row["device"])[..8].to_owned(), active.to_owned()]
    })?;
    context.hint(if here {
        "the home is open again, under the new passphrase"
    } else {
        "next: `tessera sync`, so that others hear of this computer; then `tessera device list`, and remove the lost one"
    });
    Ok(())
}

impl Restore {
    fn recover_elsewhere(
        &self,
        folder: &Path,
        paper: &Paper,
        passphrase: &tessera_vault::passphrase::Passphrase,
    ) -> Result<Session, Failure> {
        if let Some(bundle) = &self.from {
            let bytes = files::read(bundle, BUNDLE_BYTES)?;
            return Ok(Session::recover_from(
                folder,
                paper,
                passphrase,
                &RecoverFrom::Bundle(&bytes),
                workers()?,
                &mut |_| ControlFlow::Continue(()),
            )?);
        }
        let missing =
            || Failure::new(Exit::Usage, "usage", "--relay needs --relay-key, --programme and --member");
        let (Some(url), Some(key)) = (&self.relay, &self.relay_key) else { return Err(missing()) };
        let (Some(programme), Some(member)) = (&self.programme, &self.member) else { return Err(missing()) };
        let bad = |what: &str| {
            Failure::new(Exit::Usage, "bad-id", format!("the {what} is written as 32 hexadecimal digits"))
        };
        let programme: ProgrammeId = programme.trim().parse().map_err(|_| bad("programme"))?;
        let member: MemberId = member.trim().parse().map_err(|_| bad("member"))?;
        let options = Options::new(vec![relay(url, key)?]);
        let from = RecoverFrom::Relay { programme, member, options: &options };
        let mut silent = |_: &Progress| ControlFlow::Continue(());
        Ok(Session::recover_from(folder, paper, passphrase, &from, workers()?, &mut silent)?)
    }
}

/// Where changes of other people are tried: processes of their own.
fn workers() -> Result<[Box<dyn Worker>; 2], Failure> {
    Ok(ChildWorker::two().map_err(EngineError::NoWorker)?)
}

impl Words {
    /// Reads the words, or the code, from the file or from a person.
    fn read(&self) -> Result<Paper, Failure> {
        let typed = match &self.words_file {
            Some(file) => Zeroizing::new(files::read_text(file, WORDS_BYTES)?),
            None if has_terminal() => ask("The 24 words, four letters of each are enough: ")?,
            None => {
                return Err(Failure::new(
                    Exit::Locked,
                    "words-needed",
                    "the recovery words are needed, and there is no terminal to ask on",
                )
                .hint("--words-file F gives them"));
            }
        };
        let trimmed = typed.trim();
        let paper = if trimmed.split_whitespace().count() == 1 {
            Paper::from_code(trimmed)
        } else {
            Paper::from_words(trimmed)
        };
        Ok(paper.map_err(SessionError::from)?)
    }
}
