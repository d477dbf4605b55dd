//! The acts that take applications in: what is here already, what a row would change, and the writing of it. The
//! same row twice changes nothing; a row never takes back what its file has no column for.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::documents::form::Route;
use tessera_model::documents::split::rendered_files;
use tessera_model::documents::{
    Dossier, File, Identity, Manifest, Read, Record, Row, Sha256Bytes, Split, Subject, split_form,
};
use tessera_model::programme::Programme;
use tessera_protocol::ids::ApplicationId;
use tessera_vault::ids::Audience;

use crate::engine::Acts;
use crate::error::EngineError;
use crate::programme::{Taken, renditions};

/// A file that was looked at and is still to be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// The attachment that it is; what the programme does not ask for is seen by coordinators only.
    pub slot: String,
    /// SHA-256 of its contents.
    pub contents: Sha256Bytes,
    /// What it is called: data.
    pub name: String,
    /// What its contents are.
    pub media_type: String,
    /// Length, in bytes.
    pub size_bytes: u64,
}

/// The files of an application as an import found them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// All files that can be taken.
    pub files: Vec<NewFile>,
    /// Names of files that were refused: an earlier file of that name stays.
    pub refused: BTreeSet<String>,
    /// True where these are files beside the earlier ones, which stay.
    pub beside: bool,
    /// Names of earlier files that do not stay beside these.
    pub replaced: BTreeSet<String>,
}

impl Received {
    /// What the application's manifest becomes; handles of files that are still to be sealed are empty.
    #[must_use]
    fn manifest(&self, before: &Manifest) -> Manifest {
        let renewed = |(slot, contents): &(String, Sha256Bytes), file: &File| {
            let same = |new: &NewFile| new.slot == *slot || new.contents == *contents;
            self.files.iter().any(|new| new.name == file.name && same(new))
        };
        let stays = |key: &(String, Sha256Bytes), file: &File| {
            let beside = self.beside && !self.replaced.contains(&file.name) && !renewed(key, file);
            self.refused.contains(&file.name) || beside
        };
        let kept = before.files.iter().filter(|(key, file)| file.of.is_none() && stays(key, file));
        let mut manifest = Manifest { files: kept.map(|(key, file)| (key.clone(), file.clone())).collect() };
        for new in &self.files {
            let key = (new.slot.clone(), new.contents);
            let known = before.files.get(&key);
            let file = File {
                name: new.name.clone(),
                media_type: new.media_type.clone(),
                size_bytes: new.size_bytes,
                referee: known.and_then(|file| file.referee.clone()),
                light: known.is_some_and(|file| file.light),
                of: known.and_then(|file| file.of),
                handle: known.map(|file| file.handle.clone()).unwrap_or_default(),
            };
            manifest.files.insert(key, file);
        }
        // A light copy stays as long as its file does, and so does what was typed, which goes with the file to another slot.
        for ((slot, contents), file) in &before.files {
            let Some(of) = file.of else { continue };
            if manifest.files.contains_key(&(slot.clone(), of)) {
                if file.is_typed() || manifest.light_copy(slot, &of).is_none() {
                    manifest.files.insert((slot.clone(), *contents), file.clone());
                }
            } else if file.is_typed() {
                let mut places = self.files.iter().filter(|new| new.contents == of);
                if let (Some(new), None) = (places.next(), places.next()) {
                    manifest.files.insert((new.slot.clone(), *contents), file.clone());
                }
            }
        }
        manifest
    }

    /// Names of files that an application has and would not have any more: neither in their place under their name nor with
    /// their contents.
    #[must_use]
    pub fn gone(&self, before: &Manifest) -> Vec<String> {
        let after = self.manifest(before);
        let here = |(slot, contents): &(String, Sha256Bytes), name: &str| {
            let mut files = after.files.iter();
            files.any(|((place, other), file)| other == contents || (place == slot && file.name == name))
        };
        let gone = before.originals().filter(|(key, file)| !here(key, &file.name));
        gone.map(|(_, file)| file.name.clone()).collect()
    }
}

/// What seals a file's bytes and gives the handle that finds and opens them.
pub type SealFile<'s> = dyn FnMut(&mut Acts<'_>, &NewFile) -> Result<Vec<u8>, EngineError> + 's;

/// What a row would become.
struct Planned {
    application: ApplicationId,
    split: Split,
    taken: Taken,
    files: Manifest,
}

impl Acts<'_> {
    /// What taking a row in would do; nothing is written.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn preview(
        &mut self,
        programme: &Programme,
        row: &Row,
        received: Option<&Received>,
    ) -> Result<Taken, EngineError> {
        self.must_coordinate()?;
        Ok(self.plan_row(programme, row, received, None)?.taken)
    }

    /// Takes a row in, with its files; without `received` the application's files stay as they are. By which way an
    /// application came stays as it was noted first.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::BadInput`].
    pub fn take_row(
        &mut self,
        programme: &Programme,
        row: &Row,
        received: Option<&Received>,
        seal: &mut SealFile<'_>,
    ) -> Result<(ApplicationId, Taken), EngineError> {
        self.must_coordinate()?;
        let plan = self.plan_row(programme, row, received, None)?;
        self.write_planned(programme, plan, received, seal)
    }

    /// Takes in what a coordinator typed for an applicant, and notes by which way it came.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::BadInput`].
    pub fn take_on_behalf(
        &mut self,
        programme: &Programme,
        row: &Row,
        route: Route,
    ) -> Result<(ApplicationId, Taken), EngineError> {
        self.must_coordinate()?;
        let plan = self.plan_row(programme, row, None, Some(route))?;
        self.write_planned(programme, plan, None, &mut |_, _| Err(EngineError::NotFound("the file".into())))
    }

    fn write_planned(
        &mut self,
        programme: &Programme,
        mut plan: Planned,
        received: Option<&Received>,
        seal: &mut SealFile<'_>,
    ) -> Result<(ApplicationId, Taken), EngineError> {
        if plan.taken == Taken::Same {
            return Ok((plan.application, Taken::Same));
        }
        for new in received.iter().flat_map(|received| &received.files) {
            let Some(file) = plan.files.files.get_mut(&(new.slot.clone(), new.contents)) else { continue };
            if file.handle.is_empty() {
                file.handle = seal(self, new)?;
            }
        }
        self.write_application(programme, plan.application, &plan.split, &plan.files)?;
        Ok((plan.application, plan.taken))
    }

    fn plan_row(
        &mut self,
        programme: &Programme,
        row: &Row,
        received: Option<&Received>,
        on_behalf: Option<Route>,
    ) -> Result<Planned, EngineError> {
        let application = self.application(&row.key)?;
        let known = self.known_application(programme, application)?;
        let mut whole = row.clone();
        let mut clean = true;
        let mut before = Manifest::default();
        if let Some(known) = &known {
            for (key, value) in known.fields() {
                whole.fields.entry(key.clone()).or_insert_with(|| value.clone());
            }
            clean = known.is_clean();
            before = known.files.as_ref().map(|read| read.value.clone()).unwrap_or_default();
        }
        if whole.key_column.is_empty() {
            whole.key_column = key_column(&whole.key, &whole.fields);
        }
        let files = received.map_or_else(|| before.clone(), |received| received.manifest(&before));
        let mut split = split_form(programme, &application.0, &whole);
        let noted = known.as_ref().map(|known| &known.identity.value);
        match (on_behalf, noted.filter(|noted| noted.route.is_some())) {
            (Some(route), _) => {
                split.identity.route = Some(route);
                split.identity.on_behalf = true;
            }
            (None, Some(noted)) => {
                split.identity.route = noted.route;
                split.identity.on_behalf = noted.on_behalf;
            }
            (None, None) => {}
        }
        let taken = match &known {
            None => Taken::New,
            Some(known) if clean && known.is(programme, &split, &files, &before) => Taken::Same,
            Some(_) => Taken::Changed,
        };
        Ok(Planned { application, split, taken, files })
    }

    fn known_application(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
    ) -> Result<Option<Known>, EngineError> {
        let file = Audience::File(application);
        let Some(identity) = self.read::<Identity>(&file, &application.0)? else { return Ok(None) };
        let files = self.read::<Manifest>(&file, &application.0)?;
        let mut dossiers = BTreeMap::new();
        for rendition in renditions(programme) {
            let subject = Subject::Rendition(application.0, rendition).to_bytes();
            let audience = Audience::Dossier(application, rendition);
            let dossier = self.read::<Dossier>(&audience, &subject)?;
            let shown = self.read::<Manifest>(&audience, &subject)?;
            dossiers.insert(rendition, (dossier, shown));
        }
        Ok(Some(Known { identity, files, dossiers }))
    }

    /// Adds files to an application that is here; those that it has stay.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::NotFound`].
    pub fn add_files(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
        files: Vec<NewFile>,
        seal: &mut SealFile<'_>,
    ) -> Result<Taken, EngineError> {
        self.must_coordinate()?;
        let identity = self.read::<Identity>(&Audience::File(application), &application.0)?;
        let identity = identity.ok_or_else(|| EngineError::NotFound("the application".into()))?.value;
        let row = Row { key: identity.key, ..Row::default() };
        let received = Received { files, beside: true, ..Received::default() };
        let plan = self.plan_row(programme, &row, Some(&received), None)?;
        Ok(self.write_planned(programme, plan, Some(&received), seal)?.1)
    }

    /// The files of an application: all of them, as coordinators see them.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn files(&mut self, application: ApplicationId) -> Result<Manifest, EngineError> {
        let read = self.read::<Manifest>(&Audience::File(application), &application.0)?;
        Ok(read.map(|read| read.value).unwrap_or_default())
    }
}

/// The answer that an application's key is too: it may name the applicant, however short it is. Empty where there is none.
pub(crate) fn key_column(key: &str, answers: &BTreeMap<String, String>) -> String {
    let same = answers.iter().find(|(_, answer)| answer.trim() == key);
    same.map(|(field, _)| field.clone()).unwrap_or_default()
}

/// A rendition as it is here: its answers and its files.
type Rendered = (Option<Read<Dossier>>, Option<Read<Manifest>>);

/// What of an application is here.
struct Known {
    identity: Read<Identity>,
    files: Option<Read<Manifest>>,
    dossiers: BTreeMap<u8, Rendered>,
}

impl Known {
    fn fields(&self) -> impl Iterator<Item = (&String, &String)> {
        let dossiers = self.dossiers.values().filter_map(|(dossier, _)| dossier.as_ref());
        self.identity.value.fields.iter().chain(dossiers.flat_map(|read| &read.value.fields))
    }

    fn is_clean(&self) -> bool {
        let dossiers = self.dossiers.values().all(|(dossier, shown)| is_clean(dossier) && is_clean(shown));
        self.identity.is_clean() && is_clean(&self.files) && dossiers
    }

    /// Says whether writing this would change nothing.
    fn is(&self, programme: &Programme, split: &Split, files: &Manifest, before: &Manifest) -> bool {
        let sealed = files.files.values().all(|file| !file.handle.is_empty());
        sealed
            && files == before
            && self.identity.value == split.identity
            && self.dossiers.iter().all(|(rendition, (dossier, shown))| {
                let wanted = if *rendition == tessera_model::documents::split::BLIND {
                    &split.blind
                } else {
                    &split.open
                };
                dossier.as_ref().is_some_and(|read| read.value == *wanted)
                    && value(shown) == rendered_files(programme, files, *rendition)
            })
    }
}

fn is_clean<T>(read: &Option<Read<T>>) -> bool {
    read.as_ref().is_none_or(Read::is_clean)
}

fn value<T: Record + Default + Clone>(read: &Option<Read<T>>) -> T {
    read.as_ref().map(|read| read.value.clone()).unwrap_or_default()
}
