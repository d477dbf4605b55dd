//! `tessera review edit`: reading and scoring in a terminal. Every answer is saved as soon as it is given, so that a power
//! cut costs at most the one in entry. The rules of what may be submitted are the model's.

use std::io::{IsTerminal as _, Write as _};
use std::process::{Command, Stdio};

use dialoguer::{Confirm, Input, Select};
use tessera_driver::session::Session;
use tessera_engine::reading::{Submission, Task};
use tessera_model::decimal::Decimal;
use tessera_model::documents::{Answer, Conflict, Declaration, Draft};
use tessera_model::policy::{Policy, Range};
use tessera_model::programme::Programme;
use tessera_model::programme::scoring::Criterion;

use super::dossier::{self, criteria_of, dossier_text, label_of, safe, scorecard, words};
use super::{find, programme, round_key};
use crate::context::{Context, has_terminal};
use crate::failure::{Exit, Failure};
use crate::output::print;

/// Runs `review edit`.
pub(super) fn run(meant: &str, round: Option<&str>, context: &Context) -> Result<(), Failure> {
    if !has_terminal() || !std::io::stdout().is_terminal() {
        return Err(Failure::new(Exit::Usage, "no-terminal", "reading and scoring needs a terminal").hint(
            "`tessera review show` prints a dossier; `tessera review import` takes a table of scores",
        ));
    }
    let mut session = context.session()?;
    let programme = programme(&mut session)?;
    let (task, _) = find(&mut session, &programme, meant, round)?;
    let mut desk = Desk { session, programme, task };
    if !desk.declare()? {
        return Ok(());
    }
    desk.read()?;
    desk.score(context)
}

/// One reading in a terminal.
struct Desk {
    session: Session,
    programme: Programme,
    task: Task,
}

/// What a person chose of the scorecard's menu.
enum Choice {
    Criterion(usize),
    Overall,
    Confidence,
    Read,
    Submit,
    Close,
}

impl Desk {
    /// Reads the task again after something was written.
    fn refresh(&mut self) -> Result<(), Failure> {
        let (application, round) = (self.task.application, self.task.round);
        if let Some(task) = self.session.together(|acts| acts.task(application, round))? {
            self.task = task;
        }
        Ok(())
    }

    /// Asks about a conflict of interest before anything of the dossier is shown; false where reading ends here.
    fn declare(&mut self) -> Result<bool, Failure> {
        if self.task.is_open() {
            return Ok(true);
        }
        print(&dossier_text(&self.programme, &self.task, None))?;
        if self.task.conflict.is_some() {
            return Ok(false);
        }
        let items = [
            "No conflict of interest: open the dossier",
            "There is a conflict of interest: I do not read it",
            "I am not sure: a coordinator decides",
            "Close",
        ];
        let declaration = match choose("Is there a conflict of interest?", &items, 3)? {
            Some(0) => Declaration::None,
            Some(1) => Declaration::Conflict,
            Some(2) => Declaration::Unsure,
            _ => return Ok(false),
        };
        let note = if declaration == Declaration::None {
            String::new()
        } else {
            line("What should a coordinator know? (empty: nothing)", "")?
        };
        let conflict = Conflict { declaration: Some(declaration), note, ..Conflict::default() };
        let application = self.task.application;
        self.session.together(|acts| {
            acts.declare(application, &conflict)?;
            acts.hand_over()
        })?;
        self.refresh()?;
        Ok(declaration == Declaration::None)
    }

    /// Shows the dossier, through a pager where there is one.
    fn read(&mut self) -> Result<(), Failure> {
        let dossier = dossier::read(&mut self.session, &self.task)?;
        let text = dossier_text(&self.programme, &self.task, dossier.as_ref());
        if !paged(&text) {
            print(&text)?;
        }
        Ok(())
    }

    fn score(&mut self, context: &Context) -> Result<(), Failure> {
        loop {
            let round = round_key(&self.programme, &self.task);
            let criteria: Vec<Criterion> =
                criteria_of(&self.programme, &round).into_iter().cloned().collect();
            match self.menu(&criteria)? {
                Choice::Criterion(at) => self.answer(&criteria[at], &round)?,
                Choice::Overall => self.overall()?,
                Choice::Confidence => self.confidence()?,
                Choice::Read => self.read()?,
                Choice::Submit => {
                    if self.submit(&round, context)? {
                        return Ok(());
                    }
                }
                Choice::Close => {
                    print(&scorecard(&self.programme, &self.task))?;
                    return Ok(());
                }
            }
        }
    }

    fn draft(&self) -> Draft {
        self.task.draft.clone().map(|read| read.value).unwrap_or_default()
    }

    /// Saves what was just answered.
    fn save(&mut self, change: impl FnOnce(&mut Draft)) -> Result<(), Failure> {
        let mut draft = self.draft();
        change(&mut draft);
        let (application, round) = (self.task.application, self.task.round);
        self.session.together(|acts| acts.save_draft(application, round, &draft))?;
        self.refresh()
    }

    fn menu(&self, criteria: &[Criterion]) -> Result<Choice, Failure> {
        let draft = self.draft();
        let differs = |key: &str| {
            let place = format!("criteria/{key}/");
            let mut conflicts = self.task.draft.iter().flat_map(|read| &read.conflicts);
            conflicts.any(|conflict| conflict.field.starts_with(&place))
        };
        let mut items: Vec<String> = Vec::new();
        let mut next = criteria.len() + 3;
        for (at, criterion) in criteria.iter().enumerate() {
            let key = criterion.key.as_str();
            let answer = draft.answers.get(key);
            if answer.is_none() {
                next = next.min(at);
            }
            let note = if differs(key) { "  ! two laptops differ: answer it again" } else { "" };
            items.push(format!("{}: {}{note}", label_of(criterion), words(answer)));
        }
        let overall = if draft.overall.is_empty() { "–".to_owned() } else { safe(&short(&draft.overall)) };
        items.push(format!("Comment on the whole: {overall}"));
        let confidence = draft.confidence.map_or_else(|| "–".to_owned(), |value| value.to_string());
        items.push(format!("How sure you are: {confidence}"));
        items.push("Read the dossier".to_owned());
        items.push("Submit".to_owned());
        items.push("Close; everything is saved".to_owned());
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        let chosen = choose("Scorecard", &items, next)?.unwrap_or(items.len() - 1);
        Ok(match chosen.checked_sub(criteria.len()) {
            None => Choice::Criterion(chosen),
            Some(0) => Choice::Overall,
            Some(1) => Choice::Confidence,
            Some(2) => Choice::Read,
            Some(3) => Choice::Submit,
            Some(_) => Choice::Close,
        })
    }

    /// Asks for the answer to one criterion, with its anchored levels, then for a comment.
    fn answer(&mut self, criterion: &Criterion, round: &str) -> Result<(), Failure> {
        let language = self.programme.languages.first().map(ToString::to_string).unwrap_or_default();
        let mut text = format!("\n{}\n", label_of(criterion));
        if let Some(help) = &criterion.help {
            text.push_str(&format!("{}\n", safe(help.in_language(&language))));
        }
        for level in &criterion.levels {
            let label = level.label.as_ref().map(|label| format!(" {}", safe(label.in_language(&language))));
            let meaning = safe(level.text.in_language(&language));
            text.push_str(&format!("  {}{}: {meaning}\n", level.value, label.unwrap_or_default()));
        }
        print(&text)?;
        let policy = Policy::of_round(&self.programme, round).map(|policy| policy.criteria);
        let rule = policy.unwrap_or_default().into_iter().find(|rule| rule.key == criterion.key.as_str());
        let range = rule.map(|rule| rule.range).unwrap_or_default();
        let Some(answer) = self.ask(criterion, &range)? else { return Ok(()) };
        let key = criterion.key.to_string();
        self.save(|draft| drop(draft.answers.insert(key.clone(), answer)))?;
        let before = self.draft().comments.get(&key).cloned().unwrap_or_default();
        if before.contains('\n') {
            return print("The comment has several lines and is kept as it is.\n");
        }
        let comment = line("Comment (may be empty)", &before)?;
        self.save(|draft| drop(draft.comments.insert(key, comment)))
    }

    fn ask(&self, criterion: &Criterion, range: &Range) -> Result<Option<Answer>, Failure> {
        let before = self.draft().answers.get(criterion.key.as_str()).cloned();
        let scores = range.scores();
        if scores.is_empty() {
            return typed(range);
        }
        let mut items: Vec<String> = scores.iter().map(ToString::to_string).collect();
        items.push("N/A: it does not apply".to_owned());
        items.push("Not now".to_owned());
        let at = match &before {
            Some(Answer::Score(score)) => scores.iter().position(|one| one == score),
            Some(Answer::NotApplicable { .. }) => Some(scores.len()),
            None => None,
        };
        let names: Vec<&str> = items.iter().map(String::as_str).collect();
        let chosen = choose("Score", &names, at.unwrap_or(0))?;
        match chosen {
            Some(at) if at < scores.len() => Ok(Some(Answer::Score(scores[at]))),
            Some(at) if at == scores.len() => not_applicable(before.as_ref()),
            _ => Ok(None),
        }
    }

    fn overall(&mut self) -> Result<(), Failure> {
        let before = self.draft().overall;
        if before.contains('\n') {
            return print("The comment has several lines and is kept as it is.\n");
        }
        let text = line("Comment on the whole", &before)?;
        self.save(|draft| draft.overall = text)
    }

    fn confidence(&mut self) -> Result<(), Failure> {
        let before = self.draft().confidence.map(|value| value.to_string()).unwrap_or_default();
        let text = line("How sure you are, as a number (empty: not said)", &before)?;
        match text.trim() {
            "" => self.save(|draft| draft.confidence = None),
            text => match text.parse::<Decimal>() {
                Ok(value) => self.save(|draft| draft.confidence = Some(value)),
                Err(why) => print(&format!("That is {why}; nothing was changed.\n")),
            },
        }
    }

    /// Submits after the attestation; what is missing is named, and false is given back.
    fn submit(&mut self, round: &str, context: &Context) -> Result<bool, Failure> {
        print(&scorecard(&self.programme, &self.task))?;
        let attested = Confirm::new()
            .with_prompt("I read this application myself, and these scores are my own")
            .default(false)
            .interact()
            .map_err(terminal)?;
        if !attested {
            return Ok(false);
        }
        self.save(|draft| draft.attested = true)?;
        let amends = self.task.review.as_ref().is_some_and(|read| read.value.revision > 0);
        let reason = if amends { line("Why is it amended?", "")? } else { String::new() };
        let (programme, application) = (&self.programme, self.task.application);
        let submission = self.session.together(|acts| {
            let submission = acts.submit(
                programme,
                application,
                round,
                Some(&reason).filter(|r| !r.is_empty()).map(|r| r.as_str()),
            )?;
            acts.hand_over()?;
            Ok(submission)
        })?;
        match submission {
            Submission::Submitted { revision } => {
                print(&format!("Submitted as revision {revision}: sealed, in the outbox.\n"))?;
                context.hint("next: `tessera sync`, or `tessera bundle export`");
                Ok(true)
            }
            Submission::Same { revision } => {
                print(&format!("This is what was submitted as revision {revision}; nothing was changed.\n"))?;
                Ok(true)
            }
            Submission::NeedsReason => {
                print("An amendment needs a reason; nothing was submitted.\n")?;
                Ok(false)
            }
            Submission::Missing(missing) => {
                print("Not submitted. Missing:\n")?;
                for one in missing {
                    print(&format!("  - {}\n", safe(&one.to_string())))?;
                }
                Ok(false)
            }
        }
    }
}

fn typed(range: &Range) -> Result<Option<Answer>, Failure> {
    let prompt = format!("Score ({}), N/A, or empty for not now", range.in_words());
    loop {
        let text = line(&prompt, "")?;
        match text.trim() {
            "" => return Ok(None),
            text if text.eq_ignore_ascii_case("n/a") => return not_applicable(None),
            text => match text.parse::<Decimal>() {
                Ok(score) if range.allows(score) => return Ok(Some(Answer::Score(score))),
                _ => print(&format!("A score is {}.\n", range.in_words()))?,
            },
        }
    }
}

/// Asks why a criterion does not apply; without a reason nothing is answered.
fn not_applicable(before: Option<&Answer>) -> Result<Option<Answer>, Failure> {
    let reason = match before {
        Some(Answer::NotApplicable { reason }) => reason.as_str(),
        _ => "",
    };
    let reason = line("Why does it not apply?", reason)?;
    if reason.trim().is_empty() {
        print("N/A needs a reason; nothing was changed.\n")?;
        return Ok(None);
    }
    Ok(Some(Answer::NotApplicable { reason }))
}

fn choose(prompt: &str, items: &[&str], default: usize) -> Result<Option<usize>, Failure> {
    Select::new().with_prompt(prompt).items(items).default(default).interact_opt().map_err(terminal)
}

fn line(prompt: &str, before: &str) -> Result<String, Failure> {
    Input::<String>::new()
        .with_prompt(prompt)
        .allow_empty(true)
        .with_initial_text(before)
        .interact_text()
        .map_err(terminal)
}

fn terminal(error: dialoguer::Error) -> Failure {
    Failure::new(Exit::Usage, "no-terminal", format!("the terminal went away: {error}"))
        .hint("everything that was answered is saved")
}

fn short(text: &str) -> String {
    let line: String = text.lines().next().unwrap_or_default().chars().take(60).collect();
    if line.len() < text.len() { format!("{line}…") } else { line }
}

/// Shows a text through `$PAGER`, else `less`; false where neither could be started. The text is safe to show, and a
/// pager that could start other programs is asked not to.
fn paged(text: &str) -> bool {
    let pager = std::env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let pager = pager.unwrap_or_else(|| "less".to_owned());
    let mut words = pager.split_whitespace();
    let Some(program) = words.next() else { return false };
    let child = Command::new(program)
        .args(words)
        .env("LESSSECURE", "1")
        .env("LESS", "FX")
        .env_remove("TESSERA_PASSPHRASE_FILE")
        .stdin(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else { return false };
    if let Some(mut stdin) = child.stdin.take() {
        // A person who closes the pager early has read enough.
        let _ = stdin.write_all(text.as_bytes());
    }
    child.wait().is_ok_and(|status| status.success())
}
