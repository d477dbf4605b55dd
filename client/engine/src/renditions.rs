//! What readers of a rendition get of an application, as a coordinator looks at it before they do: answers, card, and files by the
//! names that they have there. Not reading it as a reader does ([`crate::reading`]).

use tessera_model::documents::split::{BLIND, Leak, find_leaks, rendered_files};
use tessera_model::documents::{Card, Dossier, Identity, Manifest, Row, Subject, split_form};
use tessera_model::programme::Programme;
use tessera_protocol::ids::ApplicationId;
use tessera_vault::ids::Audience;

use crate::engine::Acts;
use crate::error::EngineError;
use crate::intake::take::key_column;
use crate::programme::renditions;

/// What readers of one rendition get of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Which rendition.
    pub rendition: u8,
    /// The answers, and what its readers call the application.
    pub dossier: Dossier,
    /// What they see before they declare on conflicts of interest.
    pub card: Card,
    /// The files, by the names that they have there.
    pub files: Manifest,
    /// Words of a blind rendition that may name the applicant.
    pub leaks: Vec<Leak>,
}

impl Acts<'_> {
    /// What readers get of an application, in each rendition that a round reads: answers and files as they are written there, and
    /// where nothing is yet, as they would be. The card is worked out from the answers that are here.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`] where this is no coordinator's home, [`EngineError::NotFound`].
    pub fn rendered(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
    ) -> Result<Vec<Rendered>, EngineError> {
        // Only looked at: a programme that may not be changed is looked at all the same.
        if !self.parts().0.is_coordinator() {
            return Err(EngineError::NotPermitted("a coordinator"));
        }
        let identity = self.read::<Identity>(&Audience::File(application), &application.0)?;
        let key = identity.ok_or_else(|| EngineError::NotFound("the application".into()))?.value.key;
        let fields = self.answers(programme, application)?;
        let files = self.files(application)?;
        let row = Row { key_column: key_column(&key, &fields), key, fields };
        let mut all = Vec::new();
        for rendition in renditions(programme) {
            let mut split = split_form(programme, &application.0, &row);
            let audience = Audience::Dossier(application, rendition);
            let subject = Subject::Rendition(application.0, rendition).to_bytes();
            let is_blind = rendition == BLIND;
            let (dossier, card) = match is_blind {
                true => (&mut split.blind, split.blind_card.clone()),
                false => (&mut split.open, split.open_card.clone()),
            };
            let mut files = rendered_files(programme, &files, rendition);
            if let Some(written) = self.read::<Dossier>(&audience, &subject)? {
                *dossier = written.value;
                let written = self.read::<Manifest>(&audience, &subject)?;
                files = written.map(|read| read.value).unwrap_or_default();
            }
            let dossier = dossier.clone();
            let leaks = if is_blind { find_leaks(&split) } else { Vec::new() };
            all.push(Rendered { rendition, dossier, card, files, leaks });
        }
        Ok(all)
    }
}
