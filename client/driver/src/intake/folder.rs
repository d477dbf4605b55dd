//! The files of one application: what each is, and what is worth saying. Whose they are was sorted before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tessera_engine::intake::files::{HEAD_BYTES, TAIL_BYTES, fits};
use tessera_engine::intake::{
    FileProblem, Incoming, Looked, NewFile, Received, Refused, Remark, Slot, UNASKED, look,
};
use tessera_model::documents::Sha256Bytes;
use tessera_model::input::{Place, Warning};
use tessera_model::programme::Programme;
use tessera_model::programme::form::Attachment;
use tessera_model::sentence::Parameter;

use super::filed::{Fate, Filed};
use super::listing::composed;
use super::sorting::{Entry, Own};
use super::{Found, Report};

/// Most files of one application.
const MAX_FILES: u32 = 200;
/// How much of a file is read at a time, in bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// One application's files while they are looked at.
struct Looking<'a> {
    programme: &'a Programme,
    incoming: &'a Incoming,
    table: &'a Place,
    report: &'a mut Report,
    found: Found,
}

/// Looks at the files of an application; none where nothing was found for it.
pub(super) fn look_at(
    own: Option<Own>,
    programme: &Programme,
    incoming: &Incoming,
    table: &Place,
    report: &mut Report,
) -> Option<Found> {
    let found = Found { received: Received::default(), paths: BTreeMap::new() };
    let mut looking = Looking { programme, incoming, table, report, found };
    let mut here = BTreeSet::new();
    let somewhere = own.is_some();
    if let Some(own) = own {
        looking.found.received.beside = !own.whole;
        looking.found.received.refused = own.refused;
        looking.found.received.replaced = own.left_out;
        for (number, entry) in (0..).zip(&own.entries) {
            here.insert(composed(&entry.name));
            match number < MAX_FILES {
                true => looking.take(entry),
                false => looking.refuse(entry, &FileProblem::TooMany { most: MAX_FILES }),
            }
        }
    }
    looking.named(&here);
    looking.count();
    // Where nothing was found, nothing is known of the files that there were.
    somewhere.then_some(looking.found)
}

impl Looking<'_> {
    fn take(&mut self, entry: &Entry) {
        let slot = match &entry.slot {
            Some(Slot::Asked(slot)) => slot.as_str(),
            _ => UNASKED,
        };
        let key = &self.incoming.row.key;
        let asked = self.programme.attachments.iter().find(|asked| asked.key.as_str() == slot);
        match examine(&entry.path, &entry.name, asked) {
            Err(problem) => self.refuse(entry, &problem),
            Ok((looked, contents, size_bytes)) => {
                self.report.remarks.extend(looked.remarks(Some(self.incoming.number), key, &entry.name));
                if entry.slot.is_none() {
                    let unasked = Warning::new(
                        "attachment-unasked",
                        "{application}, `{file}`: not asked for; coordinators alone will see it",
                    );
                    self.warn(&entry.name, unasked.with("file", entry.name.as_str()));
                }
                self.found.paths.insert(contents, entry.path.clone());
                self.found.received.files.push(NewFile {
                    slot: slot.to_owned(),
                    contents,
                    name: entry.name.clone(),
                    media_type: looked.media_type.to_owned(),
                    size_bytes,
                });
                let fate = if entry.slot.is_none() { Fate::Unasked } else { Fate::Taken };
                self.tell(entry, Some(slot.to_owned()), fate);
            }
        }
    }

    /// Names in cells for which there is no file.
    fn named(&mut self, here: &BTreeSet<String>) {
        for named in self.incoming.named.clone() {
            if here.contains(&composed(&named.name)) {
                continue;
            }
            let leads_out = named.name.contains(['/', '\\', '\0']) || named.name == "..";
            let problem = if leads_out { FileProblem::Outside } else { FileProblem::Missing };
            self.report.refused.push(Refused {
                application: Some(self.incoming.row.key.clone()),
                file: self.table.file.clone(),
                row: Some(self.incoming.number),
                column: Some(named.column.clone()),
                value: named.name.clone(),
                code: problem.code(),
                message: format!("`{}`: {problem}", named.name),
            });
        }
    }

    /// More files than the programme asks for are taken and named.
    fn count(&mut self) {
        for asked in &self.programme.attachments {
            let files = self.found.received.files.iter();
            let count = files.filter(|file| file.slot == asked.key.as_str()).count();
            if let Some(most) = asked.max.filter(|most| count > *most as usize) {
                let more = Warning::new(
                    "attachment-more-than-asked",
                    "{application}: {count} files for `{attachment}`, {most} are asked for",
                );
                let most = Parameter::Count(most.into());
                let more = more.with("count", count).with("attachment", asked.key.as_str());
                self.warn(asked.key.as_str(), more.with("most", most));
            }
        }
    }

    fn refuse(&mut self, entry: &Entry, problem: &FileProblem) {
        self.found.received.refused.insert(entry.name.clone());
        self.report.refuse_file(Some(self.incoming), &entry.path, &entry.name, problem);
        self.tell(entry, None, Fate::Refused);
    }

    fn tell(&mut self, entry: &Entry, slot: Option<String>, fate: Fate) {
        self.report.files.push(Filed {
            at: entry.at.clone(),
            folder: entry.folder.clone(),
            application: Some(self.incoming.row.key.clone()),
            slot,
            how: Some(entry.how),
            fate,
        });
    }

    fn warn(&mut self, about: &str, warning: Warning) {
        let key = &self.incoming.row.key;
        let remark = Remark::new(warning.with("application", key.as_str()), vec![about.to_owned()]);
        self.report.remarks.push(remark.of(Some(self.incoming.number), key));
    }
}

/// Looks at one file: its kind, its hash, its size.
pub(super) fn examine(
    path: &Path,
    name: &str,
    asked: Option<&Attachment>,
) -> Result<(Looked, Sha256Bytes, u64), FileProblem> {
    let unreadable = |error: io::Error| FileProblem::Unreadable(error.kind().to_string());
    let about = fs::symlink_metadata(path).map_err(unreadable)?;
    if !about.is_file() {
        return Err(FileProblem::NoFile);
    }
    fits(asked, about.len())?;
    let mut file = File::open(path).map_err(unreadable)?.take(about.len() + 1);
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    let mut hash = Sha256::new();
    let mut size_bytes = 0;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = file.read(&mut piece).map_err(unreadable)?;
        if count == 0 {
            break;
        }
        let piece = &piece[..count];
        size_bytes += count as u64;
        hash.update(piece);
        head.extend(&piece[..count.min(HEAD_BYTES - head.len())]);
        tail.extend(piece);
        let spare = tail.len().saturating_sub(TAIL_BYTES);
        tail.drain(..spare);
    }
    fits(asked, size_bytes)?;
    Ok((look(name, asked, &head, &tail)?, hash.finalize().into(), size_bytes))
}
