//! The recovery paper: a device that is kept as words. What was printed is only remembered; nothing is
//! welcomed and nothing can be opened with it before a person typed the words back.

use tessera_protocol::codec::Wire as _;
use tessera_protocol::device::{Device, Form};
use tessera_protocol::ids::DeviceId;
use tessera_vault::recovery::{EnvelopeError, Paper, seal_envelope};

use crate::engine::{Acts, Engine};
use crate::error::EngineError;
use crate::store::Store;

const PRINTED: &str = "paper-printed";
const REHEARSED: &str = "recovery-rehearsed";

/// What a rehearsal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rehearsed {
    /// The paper, as a device.
    pub paper: DeviceId,
    /// True where the paper is a device of this member: another computer can be set up with it. Of a
    /// coordinator's paper an admin has to add it; of an admin's, as many admins as the charter asks.
    pub welcomed: bool,
}

impl Acts<'_> {
    /// Draws a paper and remembers its public half. The secret is given to the person alone.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn draw_paper(&mut self) -> Result<Paper, EngineError> {
        let (core, _) = self.parts();
        core.must_write()?;
        let paper = Paper::generate(&mut core.rng);
        self.set(PRINTED, &paper.device_secret().device().to_bytes())?;
        Ok(paper)
    }

    /// Takes words that were typed back: they must be those of the newest sheet, or of one in use. The paper
    /// becomes a device of this member, where this device may say so.
    ///
    /// # Errors
    /// [`EngineError::BadInput`] for the words of another sheet.
    pub fn rehearse(&mut self, paper: &Paper) -> Result<Rehearsed, EngineError> {
        let device = paper.device_secret().device();
        let id = device.id();
        let printed = self.setting(PRINTED)?.map(|bytes| Device::from_bytes(&bytes)).transpose()?;
        let own = self.papers().contains(&id);
        if printed.as_ref() != Some(&device) && !own {
            return Err(EngineError::BadInput("these are words of another sheet, or of another home".into()));
        }
        let member = self.member();
        if !own && self.may_add_device(member).is_ok() {
            self.add_device(member, device)?;
        }
        self.set(REHEARSED, &id.0)?;
        Ok(Rehearsed { paper: id, welcomed: self.papers().contains(&id) })
    }

    /// True where somebody typed the words of a paper of this home back.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn is_rehearsed(&mut self) -> Result<bool, EngineError> {
        Ok(self.setting(REHEARSED)?.is_some())
    }

    /// The papers that are devices of this member.
    #[must_use]
    pub fn papers(&self) -> Vec<DeviceId> {
        let state = self.permission().members.get(&self.member());
        let devices = state.into_iter().flat_map(|state| &state.devices);
        devices.filter(|(_, d)| d.active && d.device.form == Form::Paper).map(|(id, _)| *id).collect()
    }
}

impl<S: Store> Engine<S> {
    /// Encrypts this device's secrets to a paper, so that its words open this home.
    ///
    /// # Errors
    /// [`EnvelopeError::Recipient`].
    pub fn seal_envelope(&self, paper: &Paper) -> Result<Vec<u8>, EnvelopeError> {
        seal_envelope(&self.core.secret, &paper.device_secret().device())
    }
}
