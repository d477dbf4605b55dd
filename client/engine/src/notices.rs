//! Notices: what a person should see and what nothing else records. A notice changes nothing.

use tessera_protocol::codec::{Bytes, DecodeError, Problem, Reader, Wire, Writer};
use tessera_protocol::frontier::Chain;
use tessera_protocol::hash::hash;
use tessera_protocol::header::Header;
use tessera_protocol::ids::{DeviceId, PackId, RelayKey, StreamId};
use tessera_protocol::pack::Pack;

use crate::chains;
use crate::error::EngineError;
use crate::records::{all, get, put};
use crate::store::{Table, Transaction};

/// Something to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A pack was not taken.
    Refused {
        /// The pack.
        pack: PackId,
        /// Who signed it, as it says.
        device: DeviceId,
        /// Why: a kebab-case code.
        code: String,
    },
    /// Two packs of one device follow the same one: a copied or restored laptop. One should be enrolled anew.
    Forked {
        /// The device.
        device: DeviceId,
        /// Where.
        stream: StreamId,
    },
    /// One start of a device gave one number twice: proof that it is not honest, or was copied while it ran.
    Doubled {
        /// The device.
        device: DeviceId,
        /// Where.
        stream: StreamId,
    },
    /// A relay showed two logs under one incarnation.
    RelayLied {
        /// The relay.
        relay: RelayKey,
    },
    /// A relay was restored or lost, and filled again.
    RelayRestored {
        /// The relay.
        relay: RelayKey,
    },
}

impl Wire for Notice {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Refused { pack, device, code } => {
                1_u8.write(to);
                pack.write(to);
                device.write(to);
                let code =
                    Bytes::<64>::try_from(code.as_bytes().iter().copied().take(64).collect::<Vec<_>>());
                code.expect("at most 64 bytes were taken").write(to);
            }
            Self::Forked { device, stream } => {
                2_u8.write(to);
                device.write(to);
                stream.write(to);
            }
            Self::Doubled { device, stream } => {
                3_u8.write(to);
                device.write(to);
                stream.write(to);
            }
            Self::RelayLied { relay } => {
                4_u8.write(to);
                relay.write(to);
            }
            Self::RelayRestored { relay } => {
                5_u8.write(to);
                relay.write(to);
            }
        }
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match u8::read(from)? {
            1 => {
                let (pack, device) = (Wire::read(from)?, Wire::read(from)?);
                let code = Bytes::<64>::read(from)?.into_vec();
                let code = String::from_utf8(code).map_err(|_| from.error(Problem::Invalid("code")))?;
                Self::Refused { pack, device, code }
            }
            2 => Self::Forked { device: Wire::read(from)?, stream: Wire::read(from)? },
            3 => Self::Doubled { device: Wire::read(from)?, stream: Wire::read(from)? },
            4 => Self::RelayLied { relay: Wire::read(from)? },
            5 => Self::RelayRestored { relay: Wire::read(from)? },
            _ => return Err(from.error(Problem::Invalid("notice"))),
        })
    }
}

/// Notices that are kept; later ones of a full list are counted nowhere.
const NOTICES: u64 = 10_000;

impl Notice {
    /// Keeps a notice; the same one twice is one. False where there are too many.
    pub(crate) fn keep(&self, tx: &mut dyn Transaction) -> Result<bool, EngineError> {
        let key = hash("notice", &[&self.to_bytes()]).0;
        let room = tx.count(Table::Notices, &[])? < NOTICES;
        if room {
            put(tx, Table::Notices, &key, self)?;
        }
        Ok(room)
    }
}

/// All notices.
pub(crate) fn list(tx: &dyn Transaction) -> Result<Vec<Notice>, EngineError> {
    Ok(all::<Notice>(tx, Table::Notices, &[])?.into_iter().map(|(_, notice)| notice).collect())
}

/// True where a pack that was just stored makes a second branch of its chain. Keeps the proof where one
/// incarnation gave one number twice.
pub(crate) fn forked(tx: &mut dyn Transaction, header: &Header) -> Result<bool, EngineError> {
    let chain: Chain = (header.stream, header.device);
    let id = header.id();
    let mut forked = false;
    for other in chains::numbered(tx, chain, header.number)? {
        if other == id {
            continue;
        }
        forked = true;
        if let Some(pack) = get::<Pack>(tx, Table::Packs, &other.0)?
            && pack.header().incarnation == header.incarnation
        {
            Notice::Doubled { device: header.device, stream: header.stream }.keep(tx)?;
        }
    }
    Ok(forked)
}
