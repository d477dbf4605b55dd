//! One pack of the `public` stream with its body read.

use crate::charter::Link;
use crate::codec::Wire;
use crate::device::Device;
use crate::header::{Header, PackKind};
use crate::ids::PackId;
use crate::pack::Pack;
use crate::signature::Verified;
use crate::statement::Statement;

/// What a public pack says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// One signature under a charter link.
    Link(Link),
    /// A statement.
    Statement(Statement),
    /// A kind of pack that this version does not know.
    Unknown,
    /// A body that does not decode, or a sealed kind that has no place here.
    Malformed,
}

/// A pack of the `public` stream, its signature checked, its body read. Small enough to keep all of them
/// in memory and to derive from them again after every new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicPack {
    /// The pack.
    pub id: PackId,
    /// Its header.
    pub header: Header,
    /// What it says.
    pub act: Act,
}

impl PublicPack {
    /// Reads the body of a checked pack.
    #[must_use]
    pub fn read(pack: &Verified<Pack>) -> Self {
        Self::decode(pack)
    }

    /// Reads the body of a pack whose signature is still to be checked.
    pub(super) fn decode(pack: &Pack) -> Self {
        let header = pack.header().clone();
        let act = match header.kind {
            PackKind::Link => Link::from_bytes(pack.body()).map_or(Act::Malformed, Act::Link),
            PackKind::Statement => Statement::from_bytes(pack.body()).map_or(Act::Malformed, Act::Statement),
            PackKind::Unknown(_) => Act::Unknown,
            PackKind::Items | PackKind::Welcome | PackKind::Archive => Act::Malformed,
        };
        Self { id: pack.id(), header, act }
    }

    /// The devices that the body names with their keys.
    pub(super) fn devices(&self) -> Vec<&Device> {
        use crate::charter::Change;
        match &self.act {
            Act::Link(link) => link
                .changes
                .iter()
                .flat_map(|change| match change {
                    Change::Add { devices, .. } => devices.iter().collect(),
                    Change::AddDevice { device, .. } => vec![device],
                    _ => Vec::new(),
                })
                .collect(),
            Act::Statement(Statement::Admit { device, .. } | Statement::AddDevice { device, .. }) => {
                vec![device]
            }
            _ => Vec::new(),
        }
    }
}
