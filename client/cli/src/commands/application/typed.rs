//! `tessera application text`: what a person typed from a file that has no text of its own, such as a scan. Read, typed in
//! from a file, or taken back.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tessera_driver::pages::Kind;
use tessera_engine::EngineError;
use tessera_engine::typed::{FILE_BYTES, pages};
use tessera_model::documents::{File, Manifest, Sha256Bytes};

use super::must_coordinate;
use crate::applications::{Applications, SHORTEST};
use crate::commands::programme::{hex, text};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::names::Names;
use crate::output::{Answer, print, shown};

#[derive(Debug, Args)]
pub(super) struct Typed {
    /// Key of the application, or the beginning of its id
    application: String,
    /// The file: its name, or the beginning of the SHA-256 of its contents; `SLOT/` before it, where it is in two slots
    #[arg(value_name = "FILE")]
    file: String,
    /// Text in UTF-8 that says what the file says, with a form feed between pages; in place of what was typed before
    #[arg(long, value_name = "TEXT", conflicts_with = "clear")]
    from: Option<PathBuf>,
    /// Take back what was typed
    #[arg(long)]
    clear: bool,
}

pub(super) fn run(arguments: &Typed, context: &Context) -> Result<(), Failure> {
    let typed = match (&arguments.from, arguments.clear) {
        (Some(path), _) => Some(pages(&files::read_text(path, FILE_BYTES)?)),
        (None, true) => Some(Vec::new()),
        (None, false) => None,
    };
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let applications = Applications::of(&mut session)?;
    let id = applications.find(&arguments.application)?;
    let mut manifest = session.together(|acts| acts.files(id))?;
    let ((slot, contents), file) = find(&manifest, &arguments.file)?;
    let mut changed = false;
    if let Some(typed) = typed {
        must_have_pages(&file)?;
        let shown: BTreeSet<Sha256Bytes> = manifest.typed(&slot, &contents).map(|(key, _)| *key).collect();
        changed = session.together(|acts| acts.type_text(id, &file.handle, &shown, &typed))?.changed;
        manifest = session.together(|acts| acts.files(id))?;
    }
    let pages = session.engine().typed_pages(&manifest, &slot, &contents)?;
    let pages = pages.ok_or(EngineError::TextNotHere)?;
    let by = session.together(|acts| acts.typed_by(id, &slot, &contents))?;
    let names = Names::of(&mut session)?;
    let by: Vec<String> = by.into_iter().map(|member| names.name(member)).collect();
    let nothing = pages.is_empty();
    let row = json!({
        "application": applications.label(id), "attachment": slot, "name": file.name, "sha256": hex(&contents),
        "pages": pages, "by": by, "changed": changed,
    });
    Answer::new("application-text", vec![row])
        .show_as(context, |answer| print(&answer.rows().iter().map(said).collect::<String>()))?;
    if nothing && !arguments.clear {
        context.hint(
            "next: `tessera application text APPLICATION FILE --from TEXT` takes in what somebody typed",
        );
    }
    Ok(())
}

/// The file that is meant: as it is called, or by six or more of the first digits of its SHA-256; in one slot, where that is
/// written before it.
fn find(files: &Manifest, meant: &str) -> Result<((String, Sha256Bytes), File), Failure> {
    let begins = |contents: &Sha256Bytes, digits: &str| {
        digits.len() >= SHORTEST && hex(contents).starts_with(&digits.to_ascii_lowercase())
    };
    let within = |slot: &str| meant.strip_prefix(slot).and_then(|rest| rest.strip_prefix('/'));
    let mut found: Vec<_> = files.originals().filter(|(_, file)| file.name == meant).collect();
    if found.is_empty() {
        found = files.originals().filter(|((_, contents), _)| begins(contents, meant)).collect();
    }
    if found.is_empty() {
        let in_slot = |slot: &str, contents: &Sha256Bytes, file: &File| {
            within(slot).is_some_and(|rest| file.name == rest || begins(contents, rest))
        };
        found = files.originals().filter(|((slot, of), file)| in_slot(slot, of, file)).collect();
    }
    match found[..] {
        [(key, file)] => Ok((key.clone(), file.clone())),
        [] => {
            let message = format!("the application has no file called `{meant}`");
            Err(Failure::new(Exit::NotFound, "file-unknown", message)
                .hint("`tessera application show APPLICATION` lists its files"))
        }
        _ => {
            let message = format!("{} files are called `{meant}`", found.len());
            Err(Failure::new(Exit::BadInput, "file-ambiguous", message).hint(
                "write SLOT/NAME, or the beginning of the SHA-256: `tessera application show APPLICATION --json`",
            ))
        }
    }
}

fn must_have_pages(file: &File) -> Result<(), Failure> {
    if Kind::of(&file.media_type).is_some() {
        return Ok(());
    }
    let message = format!("`{}` has no pages that anybody sees: it is {}", file.name, file.media_type);
    Err(Failure::new(Exit::BadInput, "file-without-pages", message)
        .hint("only a PDF or a picture is typed from"))
}

/// What was typed, page by page.
fn said(row: &Value) -> String {
    let mut said = format!("{}\n", shown(&text(&row["name"])));
    let pages = row["pages"].as_array();
    if pages.is_none_or(Vec::is_empty) {
        said.push_str("nothing is typed from it\n");
        return said;
    }
    said.push_str(&shown(&format!("typed by {}, not recognised\n", text(&row["by"]))));
    for (number, page) in (1..).zip(pages.into_iter().flatten()) {
        let page = shown(&text(page).replace('\t', "    "));
        said.push_str(&format!("\npage {number}\n{page}\n"));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_in_two_slots_is_named_with_its_slot() {
        let file = File {
            name: "letter.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            size_bytes: 1,
            referee: None,
            light: false,
            of: None,
            handle: Vec::new(),
        };
        let in_slot = |slot: &str| ((slot.to_owned(), [0xab; 32]), file.clone());
        let files = Manifest { files: [in_slot("cv"), in_slot("letters")].into() };
        let check = |meant: &str, expected: Result<&str, &str>| {
            let found = find(&files, meant);
            let found = found.as_ref().map(|((slot, _), _)| slot.as_str());
            assert_eq!(found.map_err(|failure| failure.body.code.as_str()), expected, "{meant}");
        };
        check("letter.pdf", Err("file-ambiguous"));
        check("abababab", Err("file-ambiguous"));
        check("letters/letter.pdf", Ok("letters"));
        check("cv/ABABAB", Ok("cv"));
        check("cv/other.pdf", Err("file-unknown"));
    }
}
