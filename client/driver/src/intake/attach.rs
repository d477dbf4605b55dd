//! Files that come for one application outside of a table: a letter by mail, a certificate that was missing. The same rules
//! as for files of an import.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tessera_engine::EngineError;
use tessera_engine::intake::{FileProblem, NewFile, Remark, UNASKED};
use tessera_engine::programme::Taken;
use tessera_model::documents::Sha256Bytes;
use tessera_model::documents::manifest::MAX_NAME_BYTES;
use tessera_model::programme::Programme;
use tessera_protocol::ids::ApplicationId;

use super::folder::examine;
use super::seal_file;
use crate::session::{Session, SessionError};

/// What became of files that were added.
#[derive(Debug)]
pub struct Attached {
    /// True where the application was changed; false where it had them all.
    pub changed: bool,
    /// Files that are in now.
    pub taken: Vec<String>,
    /// Files that were not taken, and why.
    pub refused: Vec<(String, FileProblem)>,
    /// What is worth saying.
    pub remarks: Vec<Remark>,
}

/// Adds files to an application, as one attachment of the form or as something that nobody asked for.
///
/// # Errors
/// [`SessionError`]; a file that is not taken is no error of the whole.
pub fn attach(
    session: &mut Session,
    application: ApplicationId,
    key: &str,
    slot: Option<&str>,
    paths: &[PathBuf],
) -> Result<Attached, SessionError> {
    let (_, programme) = session.together(|acts| acts.programme())?;
    let mut attached =
        Attached { changed: false, taken: Vec::new(), refused: Vec::new(), remarks: Vec::new() };
    let mut at: BTreeMap<Sha256Bytes, PathBuf> = BTreeMap::new();
    let mut files = Vec::new();
    for path in paths {
        match look(&programme, key, slot, path, &mut attached.remarks) {
            Ok(file) => {
                at.insert(file.contents, path.clone());
                attached.taken.push(file.name.clone());
                files.push(file);
            }
            Err((name, problem)) => attached.refused.push((name, problem)),
        }
    }
    if files.is_empty() {
        return Ok(attached);
    }
    let taken = session.together(|acts| {
        let taken = acts.add_files(&programme, application, files, &mut |acts, new| {
            let path = at.get(&new.contents).ok_or_else(|| EngineError::NotFound("the file".into()))?;
            seal_file(acts, new, path)
        })?;
        acts.hand_over()?;
        Ok(taken)
    })?;
    attached.changed = taken != Taken::Same;
    Ok(attached)
}

fn look(
    programme: &Programme,
    key: &str,
    slot: Option<&str>,
    path: &Path,
    remarks: &mut Vec<Remark>,
) -> Result<NewFile, (String, FileProblem)> {
    let name = path.file_name().and_then(|name| name.to_str()).filter(|name| name.len() <= MAX_NAME_BYTES);
    let name = name.ok_or_else(|| (path.display().to_string(), FileProblem::Name))?.to_owned();
    let asked = programme.attachments.iter().find(|asked| Some(asked.key.as_str()) == slot);
    let (looked, contents, size_bytes) =
        examine(path, &name, asked).map_err(|problem| (name.clone(), problem))?;
    remarks.extend(looked.remarks(None, key, &name));
    let slot = asked.map_or(UNASKED, |asked| asked.key.as_str()).to_owned();
    Ok(NewFile { slot, contents, name, media_type: looked.media_type.to_owned(), size_bytes })
}
